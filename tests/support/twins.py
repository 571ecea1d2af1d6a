"""Both implementations of the records floor's hot paths, side by side whichever one is in use."""

from importlib.util import find_spec
from types import ModuleType, SimpleNamespace

import pytest

from ottla.records import control, validate
from ottla.records.pure.builder import BatchBuilder
from ottla.records.pure.crc32c import crc32c
from ottla.records.pure.key_hash import indexes_by_partition, murmur2, partition_for_key
from ottla.records.pure.reader import read_batch, read_records, read_values
from ottla.records.pure.record import Record
from ottla.records.pure.spans import record_spans

PURE = SimpleNamespace(
    BatchBuilder=BatchBuilder,
    Record=Record,
    crc32c=crc32c,
    indexes_by_partition=indexes_by_partition,
    murmur2=murmur2,
    partition_for_key=partition_for_key,
    read_batch=read_batch,
    read_records=read_records,
    read_values=read_values,
    record_spans=record_spans,
)
NAMES = tuple(vars(PURE))
USERS = (control, validate)
"""Modules of the floor that work with whatever implementation they find."""


def compiled() -> ModuleType:
    """The compiled one; skips the test where it was not built."""
    return pytest.importorskip("ottla.records._native", reason="the compiled twin was not built")


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Run the test with each implementation, if its module works with any of the names."""
    if any(_is_twin(metafunc.module, name) for name in NAMES):
        metafunc.parametrize("implementation", ["pure", "compiled"], indirect=True)


@pytest.fixture(autouse=True)
def implementation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's module, and the floor's, have this one's names meanwhile."""
    wanted = getattr(request, "param", None)
    if wanted is None:
        return
    chosen = PURE if wanted == "pure" else compiled()
    for module in (request.module, *USERS):
        for name in NAMES:
            if _is_twin(module, name):
                monkeypatch.setattr(module, name, getattr(chosen, name))


def _is_twin(module: ModuleType, name: str) -> bool:
    known = [getattr(PURE, name)]
    if find_spec("ottla.records._native") is not None:
        known.append(getattr(compiled(), name))
    return getattr(module, name, None) in known
