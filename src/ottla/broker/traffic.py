"""What the broker counts per API and per topic, under the names that Apache Kafka's JMX exporter gives."""

from ottla.broker.partition import Partition
from ottla.cluster.delta import Delta
from ottla.core.metrics import Counter, Histogram, Registry

_TOPIC = "kafka_server_brokertopicmetrics"
_NETWORK = "kafka_network_requestmetrics"


class ApiTraffic:
    """One API's requests and how long each took from its decoding to its reply."""

    __slots__ = ("_milliseconds", "_requests")

    def __init__(self, requests: Counter, milliseconds: Histogram) -> None:
        self._requests = requests
        self._milliseconds = milliseconds

    def served(self, seconds: float) -> None:
        self._requests.value += 1
        self._milliseconds.observe(seconds * 1000)


class TopicTraffic:
    """What one topic took in and gave out."""

    __slots__ = ("bytes_in", "bytes_out", "messages_in")

    def __init__(self, messages_in: Counter, bytes_in: Counter, bytes_out: Counter) -> None:
        self.messages_in = messages_in
        self.bytes_in = bytes_in
        self.bytes_out = bytes_out


class Traffic:
    """The broker's counters. A topic's are made when it is first used and go with it."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._topics: dict[str, TopicTraffic] = {}

    def of_api(self, name: str) -> ApiTraffic:
        registry = self._registry
        return ApiTraffic(
            registry.counter(f"{_NETWORK}_requests_total", "Requests served", request=name),
            registry.histogram(f"{_NETWORK}_totaltimems", "Milliseconds from request to reply", request=name),
        )

    def of_topic(self, topic: str) -> TopicTraffic:
        known = self._topics.get(topic)
        if known is None:
            counter = self._registry.counter
            known = self._topics[topic] = TopicTraffic(
                counter(f"{_TOPIC}_messagesin_total", "Records appended", topic=topic),
                counter(f"{_TOPIC}_bytesin_total", "Bytes of batches appended", topic=topic),
                counter(f"{_TOPIC}_bytesout_total", "Bytes of batches sent to consumers", topic=topic),
            )
        return known

    def produced(self, partition: Partition, records: int, size: int) -> None:
        """One batch was appended."""
        topic = self._topics.get(partition.topic) or self.of_topic(partition.topic)
        topic.messages_in.value += records
        topic.bytes_in.value += size

    def fetched(self, topic: str, size: int) -> None:
        """So many bytes of a topic are on their way to a consumer."""
        (self._topics.get(topic) or self.of_topic(topic)).bytes_out.value += size

    def apply(self, delta: Delta) -> None:
        """Forget the topics that were deleted."""
        for topic in delta.deleted:
            if self._topics.pop(topic.name, None) is not None:
                self._registry.remove(topic=topic.name)
