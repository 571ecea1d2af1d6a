"""kafka-python's and aiokafka's record code: their bytes are ours, and each reads what the other wrote."""

from aiokafka.record.default_records import DefaultRecordBatch as AiokafkaBatch
from aiokafka.record.default_records import DefaultRecordBatchBuilder as AiokafkaBuilder
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka.record.default_records import DefaultRecordBatch as KafkaPythonBatch
from kafka.record.default_records import DefaultRecordBatchBuilder as KafkaPythonBuilder

from ottla.records.batch import Batch
from ottla.records.builder import BatchBuilder
from ottla.records.compression import Codec
from ottla.records.reader import read_records

Records = list[tuple[int, bytes | None, bytes | None, list[tuple[str, bytes]]]]

NULLABLE = st.one_of(st.none(), st.binary(max_size=150))
HEADERS = st.lists(st.tuples(st.text(max_size=10), st.binary(max_size=50)), max_size=3)
RECORDS = st.lists(st.tuples(st.integers(0, 2**45), NULLABLE, NULLABLE, HEADERS), min_size=1, max_size=15)
CODECS = st.sampled_from(list(Codec))


def ours(records: Records, codec: Codec, *, is_transactional: bool = True) -> bytes:
    builder = BatchBuilder(
        codec, producer_id=99, producer_epoch=4, base_sequence=17, is_transactional=is_transactional
    )
    for record in records:
        builder.append(*record)
    return builder.build()


def kafka_python(records: Records, codec: Codec) -> bytes:
    builder = KafkaPythonBuilder(2, int(codec), True, 99, 4, 17, 1 << 20)
    for offset, (timestamp, key, value, headers) in enumerate(records):
        assert builder.append(offset, timestamp, key, value, headers) is not None
    return bytes(builder.build())


def aiokafka(records: Records, codec: Codec) -> bytes:
    builder = AiokafkaBuilder(2, int(codec), True, 99, 4, 17, 1 << 20)
    for offset, (timestamp, key, value, headers) in enumerate(records):
        assert builder.append(offset, timestamp, key, value, headers) is not None
    return bytes(builder.build())


def without_leader_epoch(raw: bytes) -> bytes:
    """The producer's word for «none» is -1 or 0, depending on the client; the broker writes it anyway."""
    return raw[:12] + raw[16:]


@settings(deadline=None)
@given(RECORDS)
def test_uncompressed_bytes_are_the_same(records: Records) -> None:
    mine = without_leader_epoch(ours(records, Codec.NONE))
    assert mine == without_leader_epoch(kafka_python(records, Codec.NONE))
    assert mine == without_leader_epoch(aiokafka(records, Codec.NONE))


@settings(deadline=None)
@given(RECORDS, CODECS)
def test_we_read_what_they_write(records: Records, codec: Codec) -> None:
    for raw in (kafka_python(records, codec), aiokafka(records, codec)):
        batch = Batch(raw)
        assert batch.crc_is_valid()
        assert [
            (found.timestamp, found.key, found.value, list(found.headers)) for found in read_records(batch)
        ] == records
        assert (batch.producer_id, batch.producer_epoch, batch.base_sequence) == (99, 4, 17)


@settings(deadline=None)
@given(RECORDS, CODECS)
def test_they_read_what_we_write(records: Records, codec: Codec) -> None:
    raw = ours(records, codec)
    for kind in (KafkaPythonBatch, AiokafkaBatch):
        batch = kind(raw)
        assert batch.validate_crc()
        found = [
            (record.timestamp, record.key, record.value, [(name, value) for name, value in record.headers])
            for record in batch
        ]
        assert found == records
