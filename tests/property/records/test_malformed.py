"""Cut, flipped and invented bytes: one clean error or a right answer, and never much memory."""

import random
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.batches import build_raw
from tests.unit.records.captured import CAPTURED

from ottla.records.batch import Batch, batches
from ottla.records.builder import BatchBuilder
from ottla.records.compression import Codec, compress, decompress
from ottla.records.control import read_end_transaction_marker
from ottla.records.errors import CorruptRecordError
from ottla.records.reader import read_records
from ottla.records.rewrite import recompressed, with_body
from ottla.records.spans import record_spans
from ottla.records.validate import validate_records

LIMIT = 1 << 20


def whole_batch(codec: Codec) -> bytes:
    builder = BatchBuilder(codec, is_control=codec is Codec.NONE)
    for number in range(30):
        builder.append(number * 37, b"k%d" % number, b"some value " * number, [("h", b"x"), ("n", None)])
    return builder.build(5)


WHOLE = [whole_batch(codec) for codec in Codec] + [
    raw for name, raw in CAPTURED.items() if "long" not in name
]


def use(raw: bytes | bytearray) -> int:
    """Everything a broker or a client does with a batch; how many of the steps accepted it."""
    accepted = 0
    steps = (
        lambda: [batch.crc_is_valid() for batch in batches(raw)],
        lambda: Batch(raw).codec,
        lambda: repr(Batch(raw)),
        lambda: list(read_records(Batch(raw), LIMIT)),
        lambda: validate_records(Batch(raw), needs_keys=True, max_decompressed_bytes=LIMIT),
        lambda: recompressed(Batch(raw), Codec.LZ4, max_decompressed_bytes=LIMIT),
        lambda: read_end_transaction_marker(Batch(raw)),
    )
    for step in steps:
        try:
            step()
            accepted += 1
        except CorruptRecordError:
            pass
    return accepted


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(WHOLE), st.data())
def test_truncated_batches(raw: bytes, data: st.DataObject) -> None:
    size = data.draw(st.integers(0, len(raw) - 1))
    assert use(raw[:size]) == 1  # only `batches` is content: it stops before a cut one


@settings(deadline=None, max_examples=1000)
@given(st.sampled_from(WHOLE), st.data())
def test_flipped_bytes(raw: bytes, data: st.DataObject) -> None:
    changed = bytearray(raw)
    flips = data.draw(
        st.lists(st.tuples(st.integers(0, len(raw) - 1), st.integers(1, 255)), min_size=1, max_size=4)
    )
    for position, mask in flips:
        changed[position] ^= mask
    use(changed)


@settings(deadline=None, max_examples=500)
@given(st.sampled_from(list(Codec)), st.binary(max_size=300))
def test_invented_payloads(codec: Codec, body: bytes) -> None:
    batch = Batch(whole_batch(Codec.NONE))
    use(with_body(batch, body, Codec.NONE))
    with suppress(CorruptRecordError):
        assert len(decompress(codec, body, LIMIT)) <= LIMIT


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=400))
def test_invented_batches(raw: bytes) -> None:
    use(raw)
    length = (len(raw) + 5).to_bytes(4, "big")
    use(bytes(8) + length + bytes(4) + b"\x02" + raw)


@settings(deadline=None, max_examples=500)
@given(st.binary(max_size=60), st.integers(-2, 6))
def test_reader_and_walk_refuse_the_same(body: bytes, count: int) -> None:
    """Two loops over the same layout: what one takes for records, so does the other."""
    batch = Batch(build_raw(body, count, 0, 0))
    assert _raises(lambda: list(read_records(batch))) == (
        count < 0 or _raises(lambda: list(record_spans(body, count)))
    )


def _raises(step: object) -> bool:
    try:
        step()  # type: ignore[operator]
    except CorruptRecordError:
        return True
    return False


def test_flips_inside_compressed_frames() -> None:
    """Many more flips than Hypothesis makes: the libraries' own checks must hold, whatever they are fed."""
    chance = random.Random(20)
    text = b"words that repeat, words that do not: " * 30 + chance.randbytes(300)
    for codec in (Codec.GZIP, Codec.SNAPPY, Codec.LZ4, Codec.ZSTD):
        whole = bytes(compress(codec, text))
        for _ in range(3000):
            changed = bytearray(whole)
            for _ in range(chance.randint(1, 3)):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            del changed[len(changed) - chance.choice((0, 0, 0, 1, 5)) :]
            with suppress(CorruptRecordError):
                assert len(decompress(codec, changed, LIMIT)) <= LIMIT
