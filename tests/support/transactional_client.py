"""A transactional producer that does one thing at a time, in the version it is told: to stop wherever a test likes."""

import struct
import time
from typing import Any, Self

from ottla.core.errors import ErrorCode
from ottla.records.builder import BatchBuilder
from ottla.wire.header import decode_response_header, encode_request_header
from ottla.wire.messages.add_offsets_to_txn import AddOffsetsToTxnRequest
from ottla.wire.messages.add_partitions_to_txn import AddPartitionsToTxnRequest, AddPartitionsToTxnTopic
from ottla.wire.messages.describe_transactions import DescribeTransactionsRequest, TransactionState
from ottla.wire.messages.end_txn import EndTxnRequest
from ottla.wire.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from ottla.wire.messages.find_coordinator import FindCoordinatorRequest
from ottla.wire.messages.init_producer_id import InitProducerIdRequest
from ottla.wire.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from ottla.wire.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
)
from ottla.wire.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from ottla.wire.messages.txn_offset_commit import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitRequestPartition,
    TxnOffsetCommitRequestTopic,
)
from ottla.wire.registry import api_named
from ottla.wire.schema import Message
from tests.support.wire import RawConnection

GROUP, TRANSACTION = 0, 1
PATIENCE_S = 30.0
NOT_YET = {
    ErrorCode.CONCURRENT_TRANSACTIONS,
    ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    ErrorCode.NOT_COORDINATOR,
}


class TransactionalClient:
    """One connection, one transactional id. Errors are values."""

    def __init__(self, port: int, transactional_id: str = "t", timeout_ms: int = 60_000) -> None:
        self.port = port
        self.transactional_id = transactional_id
        self.timeout_ms = timeout_ms
        self.producer_id, self.epoch = -1, -1
        self.sequences: dict[tuple[str, int], int] = {}
        self.connection = RawConnection(port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def reconnect(self) -> Self:
        """After the broker's restart."""
        self.connection.close()
        self.connection = RawConnection(self.port)
        return self

    def ask(self, request: Message, version: int | None = None) -> Any:
        """The reply to any request, in its newest version unless told otherwise."""
        api = api_named(type(request).__name__.removesuffix("Request"))
        chosen = api.max_version if version is None else version
        frame = bytes(encode_request_header(api, chosen, 1, "test"))
        frame += b"".join(map(bytes, request.encode(chosen)))
        self.connection.socket.sendall(struct.pack(">i", len(frame)) + frame)
        reply = self.connection.receive()
        _, position = decode_response_header(api, chosen, reply)
        return api.response.decode(reply, chosen, position)[0]

    # The producer's part.

    def find(self, kind: int = TRANSACTION) -> None:
        request = FindCoordinatorRequest(key_type=kind, coordinator_keys=[self.transactional_id])
        found = self.ask(request).coordinators[0]
        assert found.error_code == 0, found

    def init(self, version: int = 5) -> ErrorCode:
        request = InitProducerIdRequest(
            transactional_id=self.transactional_id, transaction_timeout_ms=self.timeout_ms
        )
        reply = self.ask(request, version)
        if reply.error_code == 0:
            self.producer_id, self.epoch = reply.producer_id, reply.producer_epoch
            self.sequences.clear()
        return ErrorCode(reply.error_code)

    def begin(self) -> Self:
        """Find the coordinator and become the producer, as soon as that can be."""
        self.find()
        deadline = time.monotonic() + PATIENCE_S
        while (error := self.init()) in NOT_YET:
            assert time.monotonic() < deadline, error
            time.sleep(0.01)
        assert error == 0
        return self

    def add(self, topic: str, *partitions: int, version: int = 3) -> ErrorCode:
        """AddPartitionsToTxn; the last partition's code."""
        request = AddPartitionsToTxnRequest(
            v3_and_below_transactional_id=self.transactional_id,
            v3_and_below_producer_id=self.producer_id,
            v3_and_below_producer_epoch=self.epoch,
            v3_and_below_topics=[AddPartitionsToTxnTopic(name=topic, partitions=[*partitions])],
        )
        reply = self.ask(request, version)
        return ErrorCode(reply.results_by_topic_v3_and_below[0].results_by_partition[-1].partition_error_code)

    def produce(self, topic: str, partition: int, *values: str, version: int = 12) -> ErrorCode:
        sequence = self.sequences.get((topic, partition), 0)
        builder = BatchBuilder(
            producer_id=self.producer_id,
            producer_epoch=self.epoch,
            base_sequence=sequence,
            is_transactional=True,
        )
        now_ms = round(time.time() * 1000)
        for value in values:
            builder.append(now_ms, None, value.encode())
        data = PartitionProduceData(index=partition, records=builder.build())
        request = ProduceRequest(
            transactional_id=self.transactional_id,
            acks=-1,
            timeout_ms=10_000,
            topic_data=[TopicProduceData(name=topic, partition_data=[data])],
        )
        code = ErrorCode(self.ask(request, version).responses[0].partition_responses[0].error_code)
        if code is ErrorCode.NONE:
            self.sequences[topic, partition] = sequence + len(values)
        return code

    def add_group(self, group: str) -> ErrorCode:
        request = AddOffsetsToTxnRequest(
            transactional_id=self.transactional_id,
            producer_id=self.producer_id,
            producer_epoch=self.epoch,
            group_id=group,
        )
        return ErrorCode(self.ask(request).error_code)

    def commit_offset(
        self, group: str, topic: str, offset: int, version: int = 5, **member: object
    ) -> ErrorCode:
        row = TxnOffsetCommitRequestPartition(partition_index=0, committed_offset=offset)
        request = TxnOffsetCommitRequest(
            transactional_id=self.transactional_id,
            group_id=group,
            producer_id=self.producer_id,
            producer_epoch=self.epoch,
            topics=[TxnOffsetCommitRequestTopic(name=topic, partitions=[row])],
            **member,
        )
        return ErrorCode(self.ask(request, version).topics[0].partitions[0].error_code)

    def send_end(self, *, committed: bool, version: int = 5) -> None:
        """EndTxn, without a look at the answer."""
        api = api_named("EndTxn")
        frame = bytes(encode_request_header(api, version, 1, "test"))
        frame += b"".join(map(bytes, self._end(committed).encode(version)))
        self.connection.socket.sendall(struct.pack(">i", len(frame)) + frame)

    def end(self, *, committed: bool, version: int = 5) -> ErrorCode:
        reply = self.ask(self._end(committed), version)
        if reply.error_code == 0 and version >= 5:
            self.producer_id, self.epoch = reply.producer_id, reply.producer_epoch
            self.sequences.clear()
        return ErrorCode(reply.error_code)

    def _end(self, committed: bool) -> EndTxnRequest:
        return EndTxnRequest(
            transactional_id=self.transactional_id,
            producer_id=self.producer_id,
            producer_epoch=self.epoch,
            committed=committed,
        )

    # What others see.

    def state(self) -> TransactionState:
        request = DescribeTransactionsRequest(transactional_ids=[self.transactional_id])
        (state,) = self.ask(request).transaction_states
        assert isinstance(state, TransactionState)
        return state

    def settle(self) -> str:
        """The state once no end is under way."""
        deadline = time.monotonic() + PATIENCE_S
        while (state := self.state()).transaction_state.startswith("Prepare") or state.error_code in NOT_YET:
            assert time.monotonic() < deadline, state
            time.sleep(0.01)
        return state.transaction_state

    def committed_values(self, topic: str, partition: int = 0) -> list[str]:
        """What a read_committed consumer reads."""
        wanted = FetchPartition(partition=partition, fetch_offset=0, partition_max_bytes=1 << 20)
        request = FetchRequest(
            max_wait_ms=0,
            min_bytes=0,
            isolation_level=1,
            topics=[FetchTopic(topic=topic, partitions=[wanted])],
        )
        row = self.ask(request, 12).responses[0].partitions[0]
        assert row.error_code == 0, row
        return list(_committed(row))

    def end_offsets(self, topic: str, partition: int = 0) -> tuple[int, int]:
        """The last stable offset and the high watermark."""
        offsets = []
        for isolation_level in (1, 0):
            row = ListOffsetsPartition(partition_index=partition, timestamp=-1)
            request = ListOffsetsRequest(
                isolation_level=isolation_level, topics=[ListOffsetsTopic(name=topic, partitions=[row])]
            )
            offsets.append(self.ask(request, 7).topics[0].partitions[0].offset)
        return offsets[0], offsets[1]

    def group_offset(self, group: str, topic: str, *, require_stable: bool = True) -> tuple[int, ErrorCode]:
        topics = [OffsetFetchRequestTopics(name=topic, partition_indexes=[0])]
        request = OffsetFetchRequest(
            groups=[OffsetFetchRequestGroup(group_id=group, topics=topics)], require_stable=require_stable
        )
        row = self.ask(request, 9).groups[0].topics[0].partitions[0]
        return row.committed_offset, ErrorCode(row.error_code)


def _committed(row: Any) -> list[str]:
    """The data records of the fetched batches, without those of aborted transactions."""
    from ottla.records.batch import batches
    from ottla.records.reader import read_records

    aborted = sorted((each.first_offset, each.producer_id) for each in row.aborted_transactions or ())
    skipping: set[int] = set()
    values = []
    for batch in batches(row.records or b""):
        while aborted and aborted[0][0] <= batch.last_offset:
            skipping.add(aborted.pop(0)[1])
        if batch.is_control:
            skipping.discard(batch.producer_id)
        elif not (batch.is_transactional and batch.producer_id in skipping):
            values += [bytes(record.value or b"").decode() for record in read_records(batch)]
    return values
