"""The broker under test: `python -m ottla serve` in a process of its own."""

import sys

from tests.support.process import BrokerProcess


class OttlaBroker(BrokerProcess):
    kind = "ottla"

    def command(self) -> list[str]:
        settings = {"listeners": f"PLAINTEXT://{self.bootstrap}", **self.settings}
        options = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
        return [sys.executable, "-m", "ottla", "serve", "--data", str(self.data), *options]
