"""The text that Prometheus reads: names, labels, escapes, recent quantiles, buckets of all time."""

import math
import re

from ottla.broker.exposition import Exposition
from ottla.core.metrics import Registry

_LINE = re.compile(
    r'^[a-z_][a-z0-9_]*(\{[a-z_]+="(?:[^"\\\n]|\\.)*"(,[a-z_]+="(?:[^"\\\n]|\\.)*")*\})? \S+\n$'
)


def rendered(registry: Registry, now_s: float = 0.0) -> list[str]:
    return list(Exposition(registry).lines(now_s))


def test_counters_and_gauges() -> None:
    registry = Registry()
    registry.counter(
        "kafka_server_brokertopicmetrics_messagesin_total", "Messages taken", topic="orders"
    ).add(7)
    registry.gauge("kafka_log_log_size", "Bytes", lambda: 1.5, topic="orders", partition="0")
    owner = {"count": 3}
    registry.counted("seen_total", "Seen", lambda: owner["count"])
    assert rendered(registry) == [
        "# HELP kafka_log_log_size Bytes\n",
        "# TYPE kafka_log_log_size gauge\n",
        'kafka_log_log_size{partition="0",topic="orders"} 1.5\n',
        "# HELP kafka_server_brokertopicmetrics_messagesin_total Messages taken\n",
        "# TYPE kafka_server_brokertopicmetrics_messagesin_total counter\n",
        'kafka_server_brokertopicmetrics_messagesin_total{topic="orders"} 7\n',
        "# HELP seen_total Seen\n",
        "# TYPE seen_total counter\n",
        "seen_total 3\n",
    ]


def test_computed_samples_are_asked_for_each_time() -> None:
    registry = Registry()
    sizes = {"0": 10.0}
    registry.computed("size", "Bytes", lambda: [({"partition": p}, size) for p, size in sizes.items()])
    assert rendered(registry)[2:] == ['size{partition="0"} 10\n']
    sizes["1"] = math.inf
    sizes["0"] = math.nan
    assert rendered(registry)[2:] == ['size{partition="0"} NaN\n', 'size{partition="1"} +Inf\n']


def test_what_would_break_the_text_is_escaped() -> None:
    registry = Registry()
    registry.counter("a_total", "one\ntwo \\ three", client='a"b\\c\nd')
    assert rendered(registry) == [
        "# HELP a_total one\\ntwo \\\\ three\n",
        "# TYPE a_total counter\n",
        'a_total{client="a\\"b\\\\c\\nd"} 0\n',
    ]


def test_a_histogram_has_the_quantiles_of_jmx_boards_and_the_buckets_of_prometheus() -> None:
    registry = Registry()
    name = "kafka_network_requestmetrics_totaltimems"
    histogram = registry.histogram(name, "Time", request="Produce")
    for _ in range(100):
        histogram.observe(4.0)
    lines = rendered(registry)
    assert f"# TYPE {name} summary\n" in lines
    quantiles = [line for line in lines if line.startswith(name + '{request="Produce",quantile=')]
    assert [line.split('quantile="')[1].split('"')[0] for line in quantiles] == [
        "0.50", "0.75", "0.95", "0.98", "0.99", "0.999",
    ]  # fmt: skip
    assert all(3 < float(line.split()[-1]) <= 4 for line in quantiles)
    assert f'{name}_sum{{request="Produce"}} 400\n' in lines
    assert f'{name}_count{{request="Produce"}} 100\n' in lines
    assert f'{name}_histogram_bucket{{request="Produce",le="2"}} 0\n' in lines
    assert f'{name}_histogram_bucket{{request="Produce",le="4"}} 100\n' in lines
    assert f'{name}_histogram_bucket{{request="Produce",le="+Inf"}} 100\n' in lines
    assert all(_LINE.match(line) for line in lines if not line.startswith("#"))


def test_buckets_never_fall() -> None:
    registry = Registry()
    histogram = registry.histogram("a_ms", "A")
    for value in range(1_000):
        histogram.observe(value**2 / 7)
    buckets = [
        float(line.split()[-1]) for line in rendered(registry) if line.startswith("a_ms_histogram_bucket")
    ]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 1_000


def test_quantiles_forget_what_is_older_than_two_windows() -> None:
    registry = Registry()
    histogram = registry.histogram("a_ms", "A")
    exposition = Exposition(registry)

    def median(now_s: float) -> float:
        return float(next(line for line in exposition.lines(now_s) if 'quantile="0.50"' in line).split()[-1])

    assert math.isnan(median(0))
    histogram.observe(1_000)
    assert median(59) > 800
    assert median(61) > 800  # the window goes back to 0
    histogram.observe(1)
    histogram.observe(1)
    histogram.observe(1)
    assert median(122) < 2  # and now to 61
    assert math.isnan(median(300))
    assert f"a_ms_count {histogram.count}\n" in list(exposition.lines(301))
