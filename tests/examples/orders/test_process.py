"""A service as a process: it answers without a broker, tells when there is one, and ends with whoever started it."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import msgspec

from ottla.testing.process import BrokerProcess
from ottla_examples.orders.architectures import ARCHITECTURES
from ottla_examples.orders.process import Setting
from ottla_examples.orders.trial.ports import free_ports
from ottla_examples.orders.trial.service_process import ServiceProcess

BASKET = {"customer_id": 1, "product_id": 1, "quantity": 1}
STARTS_ONE_AND_SAYS_ITS_PID = """
import asyncio, sys, msgspec
from ottla_examples.orders.process import Setting
from ottla_examples.orders.trial.service_process import ServiceProcess

async def main():
    service = ServiceProcess(msgspec.json.decode(sys.argv[1], type=Setting))
    await service.start()
    print(service._process.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def setting_of(service: str, architecture: str, directory: Path, broker_port: int = 0) -> Setting:
    [part] = [part for part in ARCHITECTURES[architecture].parts if part.service == service]
    ports = dict(zip((service, *part.calls), free_ports(9), strict=False))
    return Setting(part, str(directory), ports, f"127.0.0.1:{broker_port}")


async def outbox(http: httpx2.AsyncClient) -> int:
    return int((await http.get("/health")).json()["outbox"])


async def test_orders_are_taken_without_a_broker_and_told_when_there_is_one(tmp_path: Path) -> None:
    [broker_port] = free_ports(1)
    setting = setting_of("orders", "fully-event-driven", tmp_path, broker_port)
    service = ServiceProcess(setting)
    await service.start()
    try:
        url = f"http://127.0.0.1:{setting.ports['orders']}"
        async with httpx2.AsyncClient(base_url=url, trust_env=False) as http:
            assert (await http.post("/orders", json=BASKET)).status_code == 202
            assert await outbox(http) == 1
            async with BrokerProcess(tmp_path / "broker", port=broker_port), asyncio.timeout(30):
                while await outbox(http):  # noqa: ASYNC110 - of another process
                    await asyncio.sleep(0.1)
    finally:
        await service.kill()


async def test_what_cannot_be_bought_is_refused_in_words(tmp_path: Path) -> None:
    setting = setting_of("orders", "request-driven", tmp_path)
    service = ServiceProcess(setting)
    await service.start()
    try:
        url = f"http://127.0.0.1:{setting.ports['orders']}"
        async with httpx2.AsyncClient(base_url=url, trust_env=False) as http:
            for wrong in ({"product_id": 99}, {"quantity": 0}, {"quantity": 10**30}, {"customer_id": "me"}):
                response = await http.post("/orders", json=BASKET | wrong)
                assert response.status_code == 400
                assert response.json()["error"]
            assert (await http.get("/orders/unknown?wait=1")).status_code == 404
            assert (await http.get("/orders/unknown?wait=soon")).status_code == 400
            assert (await http.get("/totals")).json() == {}
    finally:
        await service.stop()
    assert service.exit_status == 0


async def test_a_service_ends_with_whoever_started_it_even_after_kill_9(tmp_path: Path) -> None:
    setting = msgspec.json.encode(setting_of("fraud", "request-driven", tmp_path)).decode()
    command = [sys.executable, "-c", STARTS_ONE_AND_SAYS_ITS_PID, setting]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        pid = int(await asyncio.to_thread(starter.stdout.readline))
        assert runs(pid)
        starter.send_signal(signal.SIGKILL)
    async with asyncio.timeout(10):
        while runs(pid):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
