"""The decisions of group machines."""

from collections.abc import Callable
from functools import partial

from ottla.core.decision import Decision, Ticket
from ottla.core.errors import KafkaError
from ottla.groups.records.codec import GroupRecord
from ottla.wire.schema import Message

Reply = Message | KafkaError
"""A response, or an error that whoever holds the request turns into one (`ottla.groups.refusals`)."""

GroupDecision = Decision[GroupRecord, Reply]


def decided(ticket: Ticket, decide: Callable[[], GroupDecision]) -> GroupDecision:
    """The decision, or the request's refusal; also for what is decided later on the request's behalf."""
    try:
        decision = decide()
    except KafkaError as error:
        return GroupDecision(replies=[(ticket, error)])
    if decision.then is not None:
        decision.then = partial(decided, ticket, decision.then)
    return decision
