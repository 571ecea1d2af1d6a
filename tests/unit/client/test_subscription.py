"""What a consumer is to read, and who evaluates its pattern."""

import re

import pytest

from ottla.client.brokers.metadata import Metadata, TopicMetadata
from ottla.client.config.options import OptionError
from ottla.client.consuming.subscription import Hooks, Subscription
from ottla.client.membership.machine import Wanted
from ottla.client.topic import Topic
from ottla.core.errors import ErrorCode

RE2_ONLY = r"\pL+"


def metadata(*names: str) -> Metadata:
    def known(name: str) -> TopicMetadata:
        internal, error = name.startswith("__"), ErrorCode.NONE
        return TopicMetadata(name, name.encode().ljust(16), is_internal=internal, error=error, partitions={})

    return Metadata(topics={name: known(name) for name in names})


def test_topics_by_name_and_with_types() -> None:
    subscription = Subscription()
    assert subscription.is_empty
    subscription.to_topics(["a", Topic("b", value=int)])
    assert subscription.topics == {"a", "b"}
    assert subscription.wanted == Wanted(frozenset("ab"))
    subscription.to_nothing()
    assert subscription.is_empty
    with pytest.raises(TypeError, match=r"\['orders'\]"):
        subscription.to_topics("orders")


def test_a_text_is_the_brokers_where_it_can_and_pythons_where_it_must() -> None:
    subscription = Subscription()
    subscription.to_pattern(RE2_ONLY)
    assert not subscription.is_empty
    subscription.decide(broker_evaluates=True)
    assert subscription.pattern is None
    assert subscription.wanted == Wanted(frozenset(), RE2_ONLY)
    classic = Subscription()
    classic.to_pattern(RE2_ONLY)
    with pytest.raises(OptionError, match="no regular expression"):
        classic.decide(broker_evaluates=False)


def test_a_compiled_pattern_is_evaluated_here_against_whole_names() -> None:
    subscription = Subscription()
    subscription.decide(broker_evaluates=True)
    subscription.to_pattern(re.compile("a.|__.*"))
    assert subscription.resolve(metadata("a1", "a22", "b1", "__x"), exclude_internal=True)
    assert subscription.topics == {"a1"}
    assert not subscription.resolve(metadata("a1"), exclude_internal=True)
    assert subscription.resolve(metadata("a1", "__x"), exclude_internal=False)
    assert subscription.wanted == Wanted(frozenset({"a1", "__x"}))


async def test_hooks_are_awaited_in_turn_and_losses_told_to_who_hears_of_revocations() -> None:
    hooks, heard = Hooks(), []

    async def slowly(partitions: object) -> None:
        heard.append("slowly")

    hooks.revoked += [slowly, lambda partitions: heard.append("at once")]
    await hooks.call(hooks.when_lost, frozenset())
    assert heard == ["slowly", "at once"]
    hooks.lost.append(lambda partitions: heard.append("lost"))
    await hooks.call(hooks.when_lost, frozenset())
    assert heard[2:] == ["lost"]
