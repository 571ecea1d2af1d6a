"""What became of the records that `ottla produce` sent."""

from typing import TYPE_CHECKING

from ottla.cli.errors import CommandError
from ottla.cli.output import print_json, print_text

if TYPE_CHECKING:
    from ottla.client.producing.delivery import Delivery


class Deliveries:
    """Counts what was saved; remembers the first failure."""

    def __init__(self, *, print_offsets: bool, json: bool) -> None:
        self.failure: BaseException | None = None
        self._sent = 0
        self._saved = 0
        self._print_offsets = print_offsets
        self._json = json

    def add(self, delivery: "Delivery") -> None:
        self._sent += 1
        delivery.add_done_callback(self._done)

    def check(self) -> None:
        """Raises CommandError unless everything was saved."""
        if isinstance(self.failure, OSError):
            raise self.failure
        if self.failure is not None:
            raise CommandError(
                f"{self._sent - self._saved} of {self._sent} records not saved; {self.failure}"
            )

    def _done(self, delivery: "Delivery") -> None:
        error = delivery.exception()
        if error is not None:
            self.failure = self.failure or error
            return
        self._saved += 1
        if self._print_offsets:
            try:
                self._print(*delivery.result())
            except OSError as closed:
                self.failure = self.failure or closed

    def _print(self, topic: str, partition: int, offset: int, timestamp_ms: int) -> None:
        if self._json:
            print_json({"topic": topic, "partition": partition, "offset": offset, "timestamp": timestamp_ms})
        else:
            print_text(f"{topic} {partition} {offset}")
