"""The pytest plugin, in pytest runs of their own."""

from importlib.metadata import entry_points

import pytest

from ottla.testing.broker_thread import BrokerThread

pytest_plugins = ["pytester"]

INSTALLED = any(point.name == "ottla" for point in entry_points(group="pytest11"))
ASYNCIO = [
    "-p",
    "pytest_asyncio.plugin",
    "-o",
    "asyncio_mode=auto",
    "-o",
    "asyncio_default_fixture_loop_scope=function",
]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugins that these tests name, no others; no broker of the environment."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", "ottla.testing.plugin", "-W", "error", *arguments, timeout=60)


def test_pytest_finds_it(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    if not INSTALLED:
        pytest.skip("ottla was installed before it had the plugin: pip install --editable . again")
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    result = pytester.runpytest_subprocess("--fixtures", "-p", "no:cacheprovider", timeout=60)
    result.stdout.fnmatch_lines(["kafka_broker*"])


def test_who_does_not_use_it_does_not_pay_for_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_imported():
            ours = {name for name in sys.modules if name.split(".")[0] == "ottla"}
            assert ours == {"ottla", "ottla.testing", "ottla.testing.plugin"}
            assert "asyncio" not in sys.modules
            assert "msgspec" not in sys.modules
        """
    )
    run(pytester).assert_outcomes(passed=1)


def test_a_broker_a_topic_and_clients_without_await(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from ottla import Topic

        def test_there_and_back(kafka_topic, kafka_sync_producer, kafka_sync_consumer):
            with kafka_sync_producer() as producer:
                producer.send(kafka_topic, b"v", key=b"k")
            with kafka_sync_consumer(kafka_topic) as consumer:
                assert consumer.getone().value == b"v"

        def test_with_types(kafka_topic, kafka_sync_producer, kafka_sync_consumer):
            numbers = Topic(kafka_topic, value=int)
            with kafka_sync_producer(acks=1) as producer, kafka_sync_consumer(numbers, group_id="g") as consumer:
                producer.send(numbers, 7)
                assert consumer.getone().value == 7
        """
    )
    run(pytester).assert_outcomes(passed=2)


def test_clients_with_await(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        async def test_there_and_back(kafka_topic, kafka_producer, kafka_consumer):
            async with kafka_producer() as producer:
                await producer.send(kafka_topic, b"v")
            async with kafka_consumer(kafka_topic) as consumer:
                assert (await consumer.getone()).value == b"v"
        """
    )
    run(pytester, *ASYNCIO).assert_outcomes(passed=1)


def test_each_test_has_a_topic_of_its_own_and_it_is_gone_afterwards(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from ottla.sync import Admin

        seen = []

        @pytest.mark.parametrize("number", [1, 2])
        def test_own(kafka_topic, kafka_bootstrap_servers, number):
            assert kafka_topic.startswith(f"test_own-{number}-")
            with Admin(kafka_bootstrap_servers) as admin:
                there = {topic.name for topic in admin.list_topics()}
            assert kafka_topic in there
            assert not there & set(seen)
            seen.append(kafka_topic)

        @pytest.mark.kafka_topic(partitions=3, configs={"cleanup.policy": "compact", "retention.ms": 5000})
        def test_marked(kafka_topic, kafka_bootstrap_servers):
            with Admin(kafka_bootstrap_servers) as admin:
                assert len(admin.describe_topics(kafka_topic).one(kafka_topic).partitions) == 3

        def test_deleted_by_the_test_itself(kafka_topic, kafka_bootstrap_servers):
            with Admin(kafka_bootstrap_servers) as admin:
                admin.delete_topic(kafka_topic)
        """
    )
    run(pytester, "--strict-markers").assert_outcomes(passed=4)


def test_the_environment_tells_the_program_under_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os

        def test_environment(kafka_environment, kafka_broker):
            assert kafka_environment == kafka_broker.bootstrap_servers
            assert os.environ["KAFKA_BOOTSTRAP_SERVERS"] == kafka_environment
            assert os.environ["OTTLA_BOOTSTRAP_SERVERS"] == kafka_environment

        def test_it_is_gone_after_the_test():
            assert "KAFKA_BOOTSTRAP_SERVERS" not in os.environ
        """
    )
    run(pytester).assert_outcomes(passed=2)


def test_configs_of_the_broker_stand_in_the_ini_file(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nkafka_configs =\n    num.partitions=5\n    auto.create.topics.enable=true\n")
    pytester.makepyfile(
        """
        def test_configs(kafka_sync_producer):
            with kafka_sync_producer() as producer:
                producer.send("made", b"v")
                assert len(producer.partitions_for("made")) == 5
        """
    )
    run(pytester).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("num.partitions", "kafka_configs: 'num.partitions' is not NAME=VALUE, such as num.partitions=3"),
        (
            "num.partitons=3",
            "num.partitons is unknown to Ottla and to Apache Kafka; did you mean num.partitions?",
        ),
    ],
)
def test_a_wrong_config_is_told(pytester: pytest.Pytester, line: str, problem: str) -> None:
    pytester.makeini(f"[pytest]\nkafka_configs = {line}\n")
    pytester.makepyfile("def test_broker(kafka_broker): ...")
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{problem}"])


@pytest.mark.parametrize("words", ["3", "partition=3"])
def test_a_wrong_marker_is_told(pytester: pytest.Pytester, words: str) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.kafka_topic({words})
        def test_topic(kafka_topic): ...
        """
    )
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*kafka_topic takes partitions=… and configs=… alone, not {words}"])


@pytest.mark.parametrize("how", ["option", "environment"])
def test_another_broker_is_used_when_one_is_named(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    pytester.makepyfile(
        """
        def test_it_leaves_a_trace(kafka_bootstrap_servers, kafka_sync_producer):
            with kafka_sync_producer() as producer:
                assert producer.send("trace", b"v").offset == 0
        """
    )
    with BrokerThread() as broker:
        if how == "option":
            result = run(pytester, "--kafka-bootstrap", broker.bootstrap_servers)
        else:
            monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", broker.bootstrap_servers)
            result = run(pytester)
        result.assert_outcomes(passed=1)
        assert any(path.name.startswith("trace-") for path in broker.directory.rglob("*"))


def test_workers_of_xdist_have_a_broker_each(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(4))
        def test_first(kafka_sync_producer, kafka_topic, number):
            with kafka_sync_producer() as producer:
                assert producer.send(kafka_topic, b"v").offset == 0
        """
    )
    run(pytester, "-p", "xdist.plugin", "-n", "2").assert_outcomes(passed=4)
