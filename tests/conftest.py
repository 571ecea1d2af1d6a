"""Options and the broker processes that the suites share.

`--broker=apache` runs the compat, crash and bad-input suites against a real Apache Kafka: what they
ask of Ottla must hold there, or the test is wrong.
"""

import itertools
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.process import BrokerProcess

TOPIC_NUMBERS = itertools.count()
NewBroker = Callable[..., BrokerProcess]


def pytest_configure() -> None:
    """Started in the background by a shell, this process ignores Ctrl-C, and so would the programs under test."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--broker", choices=("ottla", "apache"), default="ottla", help="the broker under test")
    parser.addoption(
        "--seed", type=int, default=None, help="seed of the crash suite; a failure prints the one it had"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for Java says so with the marker; without the jars it is skipped with a word."""
    from tests.support import apache

    reason = apache.missing()
    if reason is not None:
        for item in items:
            if item.get_closest_marker("java"):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def broker_kind(pytestconfig: pytest.Config) -> type[BrokerProcess]:
    """The class of broker under test."""
    from tests.support import apache
    from tests.support.ottla import OttlaBroker

    if pytestconfig.getoption("--broker") == "ottla":
        return OttlaBroker
    reason = apache.missing()
    if reason is not None:
        pytest.skip(reason)
    return apache.ApacheBroker


@pytest.fixture
def new_broker(broker_kind: type[BrokerProcess], tmp_path: Path) -> Iterator[NewBroker]:
    """Makes brokers of the kind under test, not yet started: `new_broker(**{"key": "value"})`."""
    made: list[BrokerProcess] = []
    numbers = itertools.count()

    def make(directory: Path | None = None, **settings: str) -> BrokerProcess:
        made.append(broker_kind(directory or tmp_path / f"broker-{next(numbers)}", settings))
        return made[-1]

    yield make
    for broker in made:
        broker.close()


@pytest.fixture(scope="session")
def broker(
    broker_kind: type[BrokerProcess], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrokerProcess]:
    """One running broker for the tests that only need topics of their own."""
    process = broker_kind(tmp_path_factory.mktemp("broker"))
    with process.start():
        yield process


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    """A topic name that no other test has."""
    words = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in request.node.name)
    return f"{next(TOPIC_NUMBERS)}.{request.node.path.stem}.{words}"[:200]
