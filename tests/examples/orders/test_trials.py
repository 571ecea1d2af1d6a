"""The three systems run, are broken, and are right in the end; each a few seconds with processes of its own."""

import asyncio
import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ottla import Consumer, Producer, TopicPartition
from ottla.cli.main import main
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
    return [what for finding in outcome.findings for what in finding.broken] + [
        str(death) for death in outcome.deaths
    ]


async def test_after_kills_everything_is_right(tmp_path: Path) -> None:
    outcome = await run(plan("event-driven", "kill"), tmp_path, print)
    assert broken(outcome) == []
    assert len(outcome.books.orders) >= len(outcome.books.accepted) > 0
    assert outcome.books.shipments
    calls = {(service, peer) for service, traffic in outcome.traffic.items() for peer in traffic.called}
    assert calls == {("shipping", "customers"), ("email", "customers")}


async def look(port: int) -> dict[str, Any]:
    """What the page shows as soon as it has heard of everything."""
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        while True:
            try:
                assert "<title>Orders</title>" in (await http.get("/")).text
                assert {
                    (await http.get(f"/{name}")).status_code for name in ("page.js", "map.js", "page.css")
                } == {200}
                assert (await http.get("/watch.py")).status_code == 404
                assert (await http.put("/faults/fire")).status_code == 404
                assert (await http.post("/faults/kill")).status_code == 405  # as another site's page might
                async with http.stream("GET", "/stream") as stream:
                    async for line in stream.aiter_lines():
                        if line.startswith("data: ") and is_complete(seen := json.loads(line[6:])):
                            return dict(seen)
            except httpx2.HTTPError:
                await asyncio.sleep(0.1)


def is_complete(seen: dict[str, Any]) -> bool:
    return bool(seen["journeys"] and seen["heard"]["lag"] and seen["heard"]["products"])


async def test_with_repricing_and_a_page_everything_is_right_after_kills(tmp_path: Path) -> None:
    [port] = free_ports(1)
    what = replace(plan("fully-event-driven", "kill"), repricing=True, page_port=port)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(run(what, tmp_path, print))
        looking = group.create_task(look(port))
    outcome = running.result()
    seen = looking.result()
    assert seen["architecture"] == "fully-event-driven"
    assert "repricing" in seen["heard"]["lag"]
    assert {process["name"] for process in seen["processes"]} >= {"repricing", "broker"}
    assert sum(seen["heard"]["totals"].values()) > 0
    assert broken(outcome) == []
    assert outcome.books.shipments
    assert not [service for service, traffic in outcome.traffic.items() if traffic.called]
    assert "repricing -.->" in draw(outcome.traffic)


async def test_who_must_be_called_must_be_there(tmp_path: Path) -> None:
    outcome = await run(plan("request-driven", "shipping-down"), tmp_path, print)
    [window] = outcome.windows
    during = [each for each in outcome.purchases if window.from_s + 0.5 < each.at_s < window.to_s]
    assert seen_by_buyers(during).success_rate < 1.0
    assert outcome.deaths == []
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


def wrong(*options: str) -> int:
    try:
        return main(["demo", "orders", *options])
    except SystemExit as exit_:
        return int(str(exit_.code))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("--seconds 0", "'0' is no number above 0"),
        ("--seconds nan", "'nan' is no number above 0"),
        ("--rate inf", "'inf' is no number above 0"),
        ("--rate 100000", "more than 500"),
        ("--faults fire", "there is no fault 'fire'; there are shipping-down"),
        ("--faults kill,kill", "twice"),
        ("--page-port 65536", "'65536' is no port"),
        ("--architecture request-driven --repricing", "has none"),
        ("--write somewhere", "--write is for what --compare finds"),
        ("--compare --check", "without --check"),
        ("--compare --architecture event-driven", "without --architecture"),
    ],
)
def test_what_is_asked_for_wrongly_is_refused_in_words(
    options: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert wrong(*options.split()) == 2
    said = capsys.readouterr()
    assert why in said.err
    assert said.out == ""


def test_a_port_that_somebody_has_is_said_before_anything_is_started(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert wrong("--page-port", str(port)) == 1
    said = capsys.readouterr()
    assert f"the page cannot have port {port} (Address already in use)" in said.err
    assert said.out == ""


def test_the_command_line_knows_every_architecture() -> None:
    from ottla.cli import demo_orders
    from ottla_examples.orders.trial.faults import FAULTS

    assert tuple(ARCHITECTURES) == demo_orders.ARCHITECTURES
    assert tuple(FAULTS) == demo_orders.FAULTS
