"""What a producer may not send inside a batch."""

import pytest
from tests.support.batches import build_raw
from tests.unit.records.test_reader import record

from ottla.records.batch import Batch
from ottla.records.builder import BatchBuilder
from ottla.records.compression import Codec
from ottla.records.validate import validate_records


def sample(codec: Codec) -> Batch:
    builder = BatchBuilder(codec)
    for number in range(200):
        builder.append(1000 + number, b"k" if number % 50 else None, b"v" * number, [("h", b"x")])
    return Batch(builder.build())


@pytest.mark.parametrize("codec", list(Codec))
def test_all_well(codec: Codec) -> None:
    assert validate_records(sample(codec)) == []


@pytest.mark.parametrize("codec", list(Codec))
def test_keyless_records_by_number(codec: Codec) -> None:
    problems = validate_records(sample(codec), needs_keys=True)
    assert [problem.index for problem in problems] == [0, 50, 100, 150]
    assert all("key" in problem.message for problem in problems)


def test_an_empty_key_is_a_key() -> None:
    builder = BatchBuilder()
    builder.append(0, b"", b"v")
    assert validate_records(Batch(builder.build()), needs_keys=True) == []


def test_timestamps_out_of_bounds() -> None:
    batch = sample(Codec.NONE)
    early = validate_records(batch, earliest_timestamp=1003)
    assert [problem.index for problem in early] == [0, 1, 2]
    late = validate_records(batch, latest_timestamp=1197)
    assert [problem.index for problem in late] == [198, 199]
    assert "1199" in late[1].message
    assert validate_records(batch, earliest_timestamp=1000, latest_timestamp=1199) == []


@pytest.mark.parametrize(
    ("deltas", "wrong"), [((0, 2, 1), [1, 2]), ((1, 2, 3), [0, 1, 2]), ((0, 0, 2), [1]), ((0, 1, -3), [2])]
)
def test_offsets_that_are_not_consecutive(deltas: tuple[int, ...], wrong: list[int]) -> None:
    body = b"".join(record(offset_delta=delta) for delta in deltas)
    problems = validate_records(Batch(build_raw(body, 3, 0, 0)))
    assert [problem.index for problem in problems] == wrong
    assert all("offset" in problem.message for problem in problems)
