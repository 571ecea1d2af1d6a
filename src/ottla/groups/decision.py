"""The decisions of group machines."""

from ottla.core.decision import Decision
from ottla.core.errors import KafkaError
from ottla.groups.records.codec import GroupRecord
from ottla.wire.schema import Message

Reply = Message | KafkaError
"""A response, or an error that whoever holds the request turns into one (`ottla.groups.refusals`)."""

GroupDecision = Decision[GroupRecord, Reply]
