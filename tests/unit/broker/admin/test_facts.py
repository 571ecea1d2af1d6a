"""The table of Apache Kafka's configs against a running Apache Kafka, and Ottla against what it shows."""

import pytest
from tests.support.admin import ApacheAdmin, new_admin
from tests.support.apache import SINGLE_BROKER
from tests.unit.broker.admin.test_configs import describe, new_topic
from tests.unit.broker.config.test_facts import BROKER_FACTS, NOT_DYNAMIC_HERE, TOPIC_FACTS

from ottla.broker.config.definitions import BROKER, TOPIC
from ottla.broker.config.entries import broker_entries, topic_entries
from ottla.core.errors import ErrorCode as E

BROKER_TYPE, TOPIC_TYPE = 4, 2
GIVEN = {"listeners", "log.dirs", "advertised.listeners", "broker.id", *SINGLE_BROKER}
"""Set differently for the two brokers."""


@pytest.mark.java
async def test_the_table_is_what_apache_kafka_shows(theirs: ApacheAdmin) -> None:
    code, shown = await describe(theirs, BROKER_TYPE, "1", include_synonyms=True)
    assert code is E.NONE
    assert {name for name, one in shown.items() if one.config_type} == BROKER_FACTS.keys()
    for name, fact in BROKER_FACTS.items():
        defaults = [one.value for one in shown[name].synonyms if (one.name, one.source) == (name, 5)]
        assert not defaults or defaults == [fact.default], name
        assert ("no" if shown[name].read_only else "yes") == fact.dynamic, name


@pytest.mark.java
async def test_every_shown_config_equals_apache_kafkas(theirs: ApacheAdmin) -> None:
    """Type, value, source, read-only flag and synonyms, for a broker and a topic with the same settings."""
    ours = await new_admin()
    await new_topic(theirs, "compared", retention_ms="9")
    await new_topic(ours, "compared", retention_ms="9")
    different = GIVEN | NOT_DYNAMIC_HERE | {"log.dir", "min.insync.replicas"}
    for kind, name, names in ((BROKER_TYPE, "1", BROKER_FACTS), (TOPIC_TYPE, "compared", TOPIC_FACTS)):
        _, expected = await describe(theirs, kind, name, include_synonyms=True)
        _, found = await describe(ours, kind, name, include_synonyms=True)
        for each in (found.keys() & names.keys()) - different:
            theirs_now, ours_now = expected[each], found[each]
            ours_now.documentation = theirs_now.documentation
            assert ours_now == theirs_now


def test_internal_and_hidden_configs_are_not_shown() -> None:
    from ottla.broker.config.broker_config import BrokerConfig

    config = BrokerConfig()
    public = {name for name, definition in BROKER.items() if not definition.internal}
    assert {one.definition.name for one in broker_entries(config)} == public
    shown = {one.definition.name for one in topic_entries(config, {"internal.segment.bytes": "1"})}
    assert shown == TOPIC.keys() - {"internal.segment.bytes"}
