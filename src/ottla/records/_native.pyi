from collections.abc import Iterator, Sequence
from typing import Generic, final, overload

from ottla.records.batch import Batch
from ottla.records.body import Span
from ottla.records.compression import Codec
from ottla.records.pure.builder import Headers
from ottla.records.source import K, RecordHeaders, Source, V
from ottla.records.timestamp_type import TimestampType
from ottla.wire.types import Buffer

@final
class Record(Generic[K, V]):
    def __init__(
        self,
        offset: int,
        timestamp: int,
        timestamp_type: TimestampType,
        key: bytes | None,
        value: bytes | None,
        headers: RecordHeaders = (),
        source: Source[K, V] = ...,
    ) -> None: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def timestamp_type(self) -> TimestampType: ...
    @property
    def raw_key(self) -> bytes | None: ...
    @property
    def raw_value(self) -> bytes | None: ...
    @property
    def headers(self) -> RecordHeaders: ...
    @property
    def source(self) -> Source[K, V]: ...
    @property
    def key(self) -> K: ...
    @property
    def value(self) -> V: ...
    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def leader_epoch(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class BatchBuilder:
    codec: Codec
    compression_level: int | None
    producer_id: int
    producer_epoch: int
    base_sequence: int
    partition_leader_epoch: int
    attributes: int
    @property
    def records_count(self) -> int: ...
    @property
    def max_timestamp(self) -> int: ...
    @property
    def size_in_bytes(self) -> int: ...
    def __init__(
        self,
        codec: Codec = ...,
        compression_level: int | None = None,
        *,
        producer_id: int = -1,
        producer_epoch: int = -1,
        base_sequence: int = -1,
        is_transactional: bool = False,
        is_control: bool = False,
        timestamp_type: TimestampType = ...,
        partition_leader_epoch: int = -1,
        base_timestamp: int | None = None,
    ) -> None: ...
    def append(
        self, timestamp_ms: int, key: Buffer | None, value: Buffer | None, headers: Headers = ()
    ) -> int: ...
    def append_many(
        self,
        timestamp_ms: int,
        values: Sequence[Buffer | None],
        keys: Sequence[Buffer | None] | None = None,
        start: int = 0,
        limit_bytes: int = ...,
    ) -> int: ...
    def build_parts(self, base_offset: int = 0) -> tuple[bytes, Buffer]: ...
    def build(self, base_offset: int = 0) -> bytes: ...

def crc32c(buffer: Buffer, seed: int = 0) -> int: ...
def read_records(
    batch: Batch, max_decompressed_bytes: int = ...
) -> Iterator[Record[bytes | None, bytes | None]]: ...
@overload
def read_batch(batch: Batch, from_offset: int = 0) -> list[Record[bytes | None, bytes | None]]: ...
@overload
def read_batch(
    batch: Batch, from_offset: int, source: Source[K, V], max_decompressed_bytes: int = ...
) -> list[Record[K, V]]: ...
def read_values(
    batch: Batch, from_offset: int = 0, max_decompressed_bytes: int = ...
) -> list[bytes | None]: ...
def record_spans(body: bytes, count: int) -> Iterator[Span]: ...
