"""Whatever is appended comes back, in every codec and after every rewrite."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ottla.records.batch import Batch
from ottla.records.builder import BatchBuilder
from ottla.records.compression import Codec, compress, decompress
from ottla.records.reader import read_records
from ottla.records.rewrite import recompressed
from ottla.records.spans import record_spans
from ottla.records.validate import validate_records
from ottla.records.varint import decode, encode

INT64 = st.integers(-(2**63), 2**63 - 1)
TIMESTAMPS = st.one_of(st.integers(-1, 300_000), st.integers(-1, 2**63 - 1))
NULLABLE = st.one_of(st.none(), st.binary(max_size=200), st.binary(min_size=2000, max_size=2100))
HEADERS = st.lists(
    st.tuples(st.text(max_size=20), st.one_of(st.none(), st.binary(max_size=100))), max_size=4
).map(tuple)
RECORDS = st.lists(st.tuples(TIMESTAMPS, NULLABLE, NULLABLE, HEADERS), min_size=1, max_size=20)
FIELDS = st.fixed_dictionaries(
    {
        "producer_id": INT64,
        "producer_epoch": st.integers(-(2**15), 2**15 - 1),
        "base_sequence": st.integers(-1, 2**31 - 1),
        "is_transactional": st.booleans(),
        "is_control": st.booleans(),
        "partition_leader_epoch": st.integers(-1, 2**31 - 1),
    }
)


@settings(deadline=None, max_examples=200)
@given(RECORDS, FIELDS, st.integers(0, 2**63 - 100), st.sampled_from(Codec), st.sampled_from(Codec))
def test_records_come_back(records: list, fields: dict, base: int, codec: Codec, other: Codec) -> None:
    builder = BatchBuilder(codec, **fields)
    for record in records:
        builder.append(*record)
    batch = Batch(builder.build(base))
    assert batch.crc_is_valid()
    assert (batch.base_offset, batch.records_count, batch.last_offset_delta) == (
        base,
        len(records),
        len(records) - 1,
    )
    assert batch.max_timestamp == max(record[0] for record in records)
    for name, value in fields.items():
        assert getattr(batch, name) == value
    found = list(read_records(batch))
    assert [(record.timestamp, record.key, record.value, record.headers) for record in found] == records
    assert [record.offset for record in found] == list(range(base, base + len(records)))
    assert list(read_records(Batch(recompressed(batch, other)))) == found
    assert validate_records(batch) == []


@settings(deadline=None)
@given(RECORDS)
def test_spans_are_the_records(records: list) -> None:
    builder = BatchBuilder()
    for record in records:
        builder.append(*record)
    batch = Batch(builder.build())
    body = bytes(batch.payload)
    spans = list(record_spans(body, batch.records_count))
    assert b"".join(body[start:end] for start, end, *_ in spans) == body
    assert [(key, has_value) for *_, key, has_value in spans] == [
        (key, value is not None) for _, key, value, _ in records
    ]
    assert [offset_delta for _, _, _, offset_delta, _, _ in spans] == list(range(len(records)))


@settings(deadline=None)
@given(st.binary(max_size=5000), st.integers(1, 60), st.sampled_from(Codec))
def test_codecs(data: bytes, times: int, codec: Codec) -> None:
    assert decompress(codec, bytes(compress(codec, data * times)), len(data) * times) == data * times


@given(INT64)
def test_varints(value: int) -> None:
    encoded = encode(value)
    assert decode(encoded, 0, 10) == (value, len(encoded))
    assert len(encoded) <= 10
    if -(2**31) <= value < 2**31:
        assert decode(encoded, 0) == (value, len(encoded))
        assert len(encoded) <= 5
