"""The compiled twin and the one in Python: the same bytes, the same records, the same words of complaint."""

import random
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.batches import build_raw, varint
from tests.support.guarded import GuardedMemory
from tests.support.twins import PURE, compiled
from tests.unit.records.captured import CAPTURED

from ottla.records.batch import Batch, TimestampType
from ottla.records.compression import Codec
from ottla.records.errors import RecordsTooLargeError
from ottla.records.source import NOWHERE, Source

COMPILED = compiled()
LIMIT = 1 << 20

BUFFERS = st.one_of(
    st.none(),
    st.binary(max_size=150),
    st.binary(max_size=150).map(bytearray),
    st.binary(max_size=150).map(memoryview),
    st.sampled_from([bytes(2**7), bytes(2**13), b"x" * 2**14]),
)
TIMESTAMPS = st.one_of(st.integers(-1, 300_000), st.integers(-1, 2**63 - 1))
HEADERS = st.lists(st.tuples(st.text(max_size=20), BUFFERS), max_size=4)
RECORDS = st.lists(st.tuples(TIMESTAMPS, BUFFERS, BUFFERS, HEADERS), max_size=12)
FIELDS = st.fixed_dictionaries(
    {
        "codec": st.sampled_from(Codec),
        "producer_id": st.integers(-(2**63), 2**63 - 1),
        "producer_epoch": st.integers(-(2**15), 2**15 - 1),
        "base_sequence": st.integers(-(2**31), 2**31 - 1),
        "is_transactional": st.booleans(),
        "is_control": st.booleans(),
        "timestamp_type": st.sampled_from(TimestampType),
        "partition_leader_epoch": st.integers(-(2**31), 2**31 - 1),
        "base_timestamp": st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
    }
)


def outcome(step: Callable[[], Any]) -> object:
    """What came out, or the error's kind and words."""
    try:
        return step()
    except (ValueError, TypeError) as error:
        return type(error), str(error)


def state(builder: Any) -> tuple[object, ...]:
    return builder.size_in_bytes, builder.records_count, builder.max_timestamp, builder.attributes


def plain(record: Any) -> tuple[object, ...]:
    fields = (record.offset, record.timestamp, record.timestamp_type, record.raw_key, record.raw_value)
    return (*fields, record.key, record.value, record.headers, record.topic, record.partition, hash(record))


def drained(records: Iterable[Any]) -> list[object]:
    """Each record, then the error that ended it, if one did."""
    found: list[object] = []
    try:
        found.extend(plain(record) if hasattr(record, "raw_key") else record for record in records)
    except ValueError as error:
        found.append((type(error), str(error)))
    return found


def decoded(data: bytes | None, topic: str, headers: object) -> tuple[object, ...]:
    return data, topic, headers


def agree(raw: bytes | memoryview, from_offset: int = 0) -> int:
    """Read `raw` in every way with both; how many ways were refused."""
    batch = Batch(raw)
    source = Source("t", 3, 5, decoded, decoded)
    ways: tuple[Callable[[Any], Any], ...] = (
        lambda twin: drained(twin.read_records(batch, LIMIT)),
        lambda twin: outcome(lambda: list(map(plain, twin.read_batch(batch, from_offset, source, LIMIT)))),
        lambda twin: outcome(lambda: twin.read_values(batch, from_offset, LIMIT)),
        lambda twin: drained(twin.record_spans(bytes(batch.payload), batch.records_count)),
    )
    refused = 0
    for way in ways:
        mine = way(PURE)
        assert way(COMPILED) == mine
        refused += isinstance(mine, tuple)
    return refused


def built(records: list[Any], **fields: Any) -> bytes:
    builder = PURE.BatchBuilder(**fields)
    for record in records:
        builder.append(*record)
    return builder.build(7)


def some_batch(codec: Codec) -> bytes:
    records = [
        (n * 37, b"k%d" % n, b"some value " * n, [("h", b"x"), ("né", None)] if n % 3 else ())
        for n in range(30)
    ]
    return built(records, codec=codec, is_control=codec is Codec.NONE)


WHOLE = [some_batch(codec) for codec in Codec] + [raw for name, raw in CAPTURED.items() if "long" not in name]


@settings(deadline=None, max_examples=300)
@given(FIELDS, RECORDS, st.integers(-(2**63), 2**63 - 1))
def test_the_same_batch_to_the_byte(fields: dict[str, Any], records: list[Any], base_offset: int) -> None:
    mine, other = PURE.BatchBuilder(**fields), COMPILED.BatchBuilder(**fields)
    for record in records:
        assert mine.append(*record) == other.append(*record)
        assert state(mine) == state(other)
    assert outcome(lambda: mine.build(base_offset)) == outcome(lambda: other.build(base_offset))
    if records:
        assert b"".join(other.build_parts(base_offset)) == other.build(base_offset)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(BUFFERS, max_size=30),
    st.booleans(),
    st.booleans(),
    st.sampled_from([list, tuple]),
    st.integers(61, 3000),
    st.data(),
)
def test_many_at_once_stop_at_the_same_place(
    values: list[Any], with_keys: bool, with_headers: bool, kind: type, limit_bytes: int, data: st.DataObject
) -> None:
    keys = (
        kind(data.draw(st.lists(BUFFERS, min_size=len(values), max_size=len(values)))) if with_keys else None
    )
    headers = (
        kind(data.draw(st.lists(HEADERS, min_size=len(values), max_size=len(values))))
        if with_headers
        else None
    )
    mine, other = PURE.BatchBuilder(), COMPILED.BatchBuilder()
    start = 0
    for timestamp in (5, 900, 7):
        stop = mine.append_many(timestamp, kind(values), keys, start, limit_bytes, headers)
        assert other.append_many(timestamp, kind(values), keys, start, limit_bytes, headers) == stop
        assert state(mine) == state(other)
        start = data.draw(st.integers(0, stop))
    assert outcome(mine.build) == outcome(other.build)


@pytest.mark.parametrize(
    "arguments",
    [
        (-2, None, b"v"),
        (-(2**63) - 1, None, b"v"),
        (2**63, None, b"v"),
        (5.5, None, b"v"),
        (0, None, "text"),
        (0, "text", b"v"),
        (0, None, 5),
        (0, None, b"v", [("h", "text")]),
        (0, None, b"v", [("\ud800", b"v")]),
        (0, None, b"v", [("h",)]),
    ],
)
def test_what_is_refused_leaves_the_batch_as_it_was(arguments: tuple[Any, ...]) -> None:
    builders = PURE.BatchBuilder(), COMPILED.BatchBuilder()
    kinds = []
    for builder in builders:
        with pytest.raises((ValueError, TypeError, BufferError)) as caught:
            builder.append(*arguments)
        kinds.append(caught.type)
        builder.append(3, b"k", b"v")
    assert kinds[0] is kinds[1]
    assert builders[0].build(7) == builders[1].build(7) == built([(3, b"k", b"v")])


@pytest.mark.parametrize("raw", WHOLE)
def test_whole_batches_read_the_same(raw: bytes) -> None:
    for from_offset in (-5, 0, 7, 9, 2**40):
        assert agree(raw, from_offset) == 0


@settings(deadline=None, max_examples=300)
@given(RECORDS.filter(bool), FIELDS, st.integers(0, 12), st.integers(-(2**63), 2**63 - 1))
def test_any_records_read_the_same(
    records: list[Any], fields: dict[str, Any], skipped: int, base_offset: int
) -> None:
    builder = COMPILED.BatchBuilder(**fields)
    for record in records:
        builder.append(*record)
    assert agree(builder.build(base_offset), min(base_offset + skipped, 2**63 - 1)) == 0


@settings(deadline=None, max_examples=500)
@given(st.sampled_from(WHOLE), st.data())
def test_changed_bytes_read_the_same(raw: bytes, data: st.DataObject) -> None:
    changed = bytearray(raw)
    changes = st.tuples(st.integers(57, len(raw) - 1), st.integers(1, 255))
    for position, mask in data.draw(st.lists(changes, min_size=1, max_size=4)):
        changed[position] ^= mask
    agree(bytes(changed))


NUMBERS = st.one_of(
    st.integers(-3, 40).map(varint),
    st.sampled_from([2**31 - 1, -(2**31), 2**63 - 1, -(2**63), 63, 64, -65, 8191, 8192]).map(varint),
    st.sampled_from(
        [b"\xff" * 5, b"\xff" * 9 + b"\x01", b"\x80\x00", b"\x81\x00", b"\xff\xff\xff\xff\x1f", b""]
    ),
    st.binary(max_size=12),
)


@settings(deadline=None, max_examples=1000)
@given(
    st.lists(st.tuples(st.booleans(), st.lists(NUMBERS, max_size=9)), max_size=3),
    st.integers(-1, 4),
    st.sampled_from([0, 8]),
    st.sampled_from([0, 2**63 - 5]),
)
def test_invented_records_read_the_same(
    pieces: list[tuple[bool, list[bytes]]], count: int, attributes: int, base_timestamp: int
) -> None:
    """Made of numbers at the edges, each piece in front of its length or not."""
    body = b""
    for has_length, numbers in pieces:
        piece = b"\x00" + b"".join(numbers)
        body += (varint(len(piece)) if has_length else b"") + piece
    raw = build_raw(body, count, base_timestamp, 77, attributes=attributes)
    agree(raw)
    agree((2**63 - 2).to_bytes(8) + raw[8:])


@pytest.mark.parametrize("codec", [Codec.NONE, Codec.GZIP, Codec.ZSTD])
@pytest.mark.parametrize("limit", [1000, 10_010, 10_011, 10_012, 10_059, 10_060, 20_000])
def test_the_limit_of_decompression_is_the_same(codec: Codec, limit: int) -> None:
    batch = Batch(built([(0, None, bytes(10_000))], codec=codec))
    for twin in (PURE, COMPILED):
        for read in (
            lambda twin=twin: list(twin.read_records(batch, limit)),
            lambda twin=twin: twin.read_batch(batch, 0, NOWHERE, limit),
            lambda twin=twin: twin.read_values(batch, 0, limit),
        ):
            if limit >= 10_011:
                assert len(read()) == 1
            else:
                with pytest.raises(RecordsTooLargeError, match=f"more than {limit} bytes"):
                    read()


@given(st.binary(max_size=5000), st.integers(0, 2**32 - 1), st.integers(0, 20))
def test_checksums_are_the_same(data: bytes, seed: int, start: int) -> None:
    assert COMPILED.crc32c(memoryview(data)[start:], seed) == PURE.crc32c(data[start:], seed)


@settings(deadline=None)
@given(st.lists(BUFFERS, max_size=20), st.integers(1, 40))
def test_keys_go_to_the_same_partitions(keys: list[Any], partition_count: int) -> None:
    apart = PURE.indexes_by_partition(keys, partition_count)
    assert COMPILED.indexes_by_partition(keys, partition_count) == apart
    for index, key in enumerate(keys):
        if key is None:
            assert index in apart[partition_count]
        else:
            assert COMPILED.murmur2(key) == PURE.murmur2(key)
            assert COMPILED.partition_for_key(key, partition_count) == PURE.partition_for_key(
                key, partition_count
            )
            assert index in apart[PURE.partition_for_key(key, partition_count)]


def mutated(chance: random.Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        at = chance.randrange(len(changed))
        match chance.randrange(4):
            case 0:
                changed[at] = chance.choice((0, 1, 2, 3, 127, 128, 129, 254, 255))
            case 1:
                changed[at] ^= 1 << chance.randrange(8)
            case 2:
                del changed[at : at + chance.choice((1, 1, 2, 9))]
            case 3:
                changed[at:at] = chance.choice(
                    (b"\x00", b"\x01", b"\xff\xff\xff\xff\x0f", chance.randbytes(3))
                )
        if not changed:
            break
    return bytes(changed[: len(changed) - chance.choice((0, 0, 0, 0, 1, 2))])


def fuzz(times: int, seed: int) -> int:
    """Mutated bodies, each ending at a page that may not be read; how many of them were refused."""
    chance = random.Random(seed)
    memory = GuardedMemory(1 << 16)
    few = [
        built([(n, b"k", b"v" * n, [("h", b"x")] * (n % 2)) for n in range(3)])[61:],
        some_batch(Codec.NONE)[61:],
    ]
    refused = 0
    for number in range(times):
        body = mutated(chance, few[number % 10 == 0])
        count = chance.choice((30 if number % 10 == 0 else 3, 3, 2))
        refused += agree(memory.holding(build_raw(body, count, 1000, 77))) > 0
        spans = memory.holding(body)
        assert drained(COMPILED.record_spans(spans, count)) == drained(PURE.record_spans(body, count))
    return refused


def test_mutated_batches_at_the_end_of_memory() -> None:
    assert 500 < fuzz(2_000, seed=1) < 2_000


@pytest.mark.heavy
@pytest.mark.timeout(1800)
def test_a_hundred_thousand_mutated_batches_at_the_end_of_memory() -> None:
    assert 25_000 < fuzz(100_000, seed=20) < 100_000
