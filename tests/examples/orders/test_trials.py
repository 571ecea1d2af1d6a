"""The three systems run, are broken, and are right in the end; each a few seconds with processes of its own."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ottla import Consumer, Producer, TopicPartition
from ottla.testing.broker import Broker
from ottla_examples.orders.architectures import ARCHITECTURES
from ottla_examples.orders.command import Wish, carry_out
from ottla_examples.orders.services.dead_letters import replay
from ottla_examples.orders.topics import DEAD_LETTERS, PARTITIONS
from ottla_examples.orders.trial.compare import table
from ottla_examples.orders.trial.drawing import draw
from ottla_examples.orders.trial.measure import seen_by_buyers
from ottla_examples.orders.trial.plot import plot
from ottla_examples.orders.trial.ports import free_ports
from ottla_examples.orders.trial.run import Outcome, Plan, run


def plan(architecture: str, *faults: str) -> Plan:
    return Plan(architecture=architecture, seconds=6, rate=8, faults=faults, settle_s=45)


def broken(outcome: Outcome) -> list[str]:
    return [what for finding in outcome.findings for what in finding.broken] + outcome.died


async def test_after_kills_everything_is_right(tmp_path: Path) -> None:
    outcome = await run(plan("event-driven", "kill"), tmp_path, print)
    assert broken(outcome) == []
    assert len(outcome.books.orders) >= len(outcome.books.accepted) > 0
    assert outcome.books.shipments
    calls = {(service, peer) for service, traffic in outcome.traffic.items() for peer in traffic.called}
    assert calls == {("shipping", "customers"), ("email", "customers")}


async def look(port: int) -> dict[str, Any]:
    """The first thing that the page is told about lag."""
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        while True:
            try:
                assert "<title>Orders</title>" in (await http.get("/")).text
                async with http.stream("GET", "/stream") as stream:
                    async for line in stream.aiter_lines():
                        if line.startswith("data: ") and "lag" in (seen := json.loads(line[6:])):
                            return dict(seen)
            except httpx2.HTTPError:
                await asyncio.sleep(0.1)


async def test_with_repricing_and_a_page_everything_is_right_after_kills(tmp_path: Path) -> None:
    [port] = free_ports(1)
    what = replace(plan("fully-event-driven", "kill"), repricing=True, page_port=port)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(run(what, tmp_path, print))
        looking = group.create_task(look(port))
    outcome = running.result()
    assert looking.result()["architecture"] == "fully-event-driven"
    assert "repricing" in looking.result()["lag"]
    assert broken(outcome) == []
    assert outcome.books.shipments
    assert not [service for service, traffic in outcome.traffic.items() if traffic.called]
    assert "repricing -.->" in draw(outcome.traffic)


async def test_who_must_be_called_must_be_there(tmp_path: Path) -> None:
    outcome = await run(plan("request-driven", "shipping-down"), tmp_path, print)
    [window] = outcome.windows
    during = [each for each in outcome.purchases if window.from_s + 0.5 < each.at_s < window.to_s]
    assert seen_by_buyers(during).success_rate < 1.0
    assert outcome.died == []
    findings = {finding.rule: finding for finding in outcome.findings}
    assert findings["what a buyer was told is accepted is known"].holds
    assert findings["no piece appeared or disappeared"].holds
    assert "request-driven" in table([outcome])
    assert plot([outcome]).startswith("<svg")


def test_the_command_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wish = Wish(architecture="request-driven", seconds=2, rate=8, check=True, data=tmp_path)
    assert carry_out(wish) == 0
    said = capsys.readouterr().out
    assert "look at http://127.0.0.1:" in said
    assert "BROKEN" not in said
    assert (tmp_path / "request-driven" / "orders.sqlite").exists()


async def test_dead_letters_go_back_to_where_they_came_from_once() -> None:
    async with Broker(num_partitions=PARTITIONS) as broker:
        servers = broker.bootstrap_servers
        headers = {"trace-id": b"t", "dead-letter.topic": b"orders", "dead-letter.message": b"no address"}
        async with Producer(servers) as producer:
            for number in range(5):
                await producer.send(DEAD_LETTERS, b"event", key=b"%d" % number, headers=headers)
        assert await replay(servers) == 5
        assert await replay(servers) == 0
        async with Consumer("orders", bootstrap_servers=servers, auto_offset_reset="earliest") as consumer:
            records = [await consumer.getone() for _ in range(5)]
            places = [TopicPartition("orders", number) for number in range(PARTITIONS)]
            assert sum((await consumer.end_offsets(places)).values()) == 5
        assert {record.raw_key for record in records} == {b"%d" % number for number in range(5)}
        assert {tuple(record.headers) for record in records} == {(("trace-id", b"t"),)}


def test_the_command_line_knows_every_architecture() -> None:
    from ottla.cli import demo_orders
    from ottla_examples.orders.trial.faults import FAULTS

    assert tuple(ARCHITECTURES) == demo_orders.ARCHITECTURES
    assert tuple(FAULTS) == demo_orders.FAULTS
