"""A member of a classic group."""

from dataclasses import dataclass

from ottla.groups.caller import Caller, Parked
from ottla.groups.records.classic import MemberMetadata
from ottla.wire.messages.join_group import JoinGroupRequest


@dataclass(slots=True)
class ClassicMember:
    """What the coordinator knows of a member; all but the last three fields survive a restart."""

    member_id: str
    group_instance_id: str | None
    client_id: str
    client_host: str
    rebalance_timeout_ms: int
    session_timeout_ms: int
    protocols: list[tuple[str, bytes]]
    """What it can speak, best first, with its metadata for each. After a restart, only the chosen one."""
    assignment: bytes = b""
    is_new: bool = False
    """It has not been told its id yet, so it cannot send heartbeats: the session is the JoinGroup's own."""
    join_call: Parked | None = None
    sync_call: Parked | None = None

    @classmethod
    def joining(cls, member_id: str, request: JoinGroupRequest, caller: Caller) -> "ClassicMember":
        """A member that is not in the group yet."""
        member = cls(member_id, request.group_instance_id, caller.client_id, caller.client_host, 0, 0, [])
        member.update(request)
        return member

    @classmethod
    def stored(cls, record: MemberMetadata, protocol_name: str | None) -> "ClassicMember":
        """The member as it was written down."""
        return cls(
            record.member_id,
            record.group_instance_id,
            record.client_id,
            record.client_host,
            record.rebalance_timeout if record.rebalance_timeout >= 0 else record.session_timeout,
            record.session_timeout,
            [] if protocol_name is None else [(protocol_name, record.subscription)],
            record.assignment,
        )

    def take_over(self, stored: "ClassicMember") -> None:
        """Become what was written down last, also in replay; what it speaks beside the chosen protocol stays."""
        chosen = dict(stored.protocols)
        if chosen.keys() <= dict(self.protocols).keys():
            self.protocols = [(name, chosen.get(name, metadata)) for name, metadata in self.protocols]
        else:
            self.protocols = stored.protocols
        self.rebalance_timeout_ms = stored.rebalance_timeout_ms
        self.session_timeout_ms = stored.session_timeout_ms
        self.assignment = stored.assignment

    def update(self, request: JoinGroupRequest) -> None:
        """Take over what the member says of itself; version 0 knows one timeout for both."""
        self.session_timeout_ms = request.session_timeout_ms
        self.rebalance_timeout_ms = (
            request.rebalance_timeout_ms if request.rebalance_timeout_ms >= 0 else request.session_timeout_ms
        )
        self.protocols = offered(request)

    def metadata(self, protocol_name: str | None) -> bytes:
        """What the member says under this protocol."""
        return next((metadata for name, metadata in self.protocols if name == protocol_name), b"")

    def record(self, protocol_name: str | None, assignment: bytes) -> MemberMetadata:
        """The member as it is written down."""
        return MemberMetadata(
            member_id=self.member_id,
            group_instance_id=self.group_instance_id,
            client_id=self.client_id,
            client_host=self.client_host,
            rebalance_timeout=self.rebalance_timeout_ms,
            session_timeout=self.session_timeout_ms,
            subscription=self.metadata(protocol_name),
            assignment=assignment,
        )

    @property
    def keeps_quiet(self) -> bool:
        """It waits for us, so that no heartbeat is due."""
        return not self.is_new and (self.join_call is not None or self.sync_call is not None)


def offered(request: JoinGroupRequest) -> list[tuple[str, bytes]]:
    """The protocols of a JoinGroup, best first."""
    return [(protocol.name, bytes(protocol.metadata)) for protocol in request.protocols]
