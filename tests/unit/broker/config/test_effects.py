"""No config is swallowed: each is read by the broker somewhere, or says that it has no effect."""

from pathlib import Path

import pytest

import ottla
from ottla.broker.config.definitions import BROKER, TOPIC
from ottla.broker.config.topic_config import FALLBACKS
from ottla.log.config import LogConfig

SOURCES = Path(ottla.__file__).parent
DEFINITIONS = SOURCES / "broker" / "config" / "definitions"
NAMED_ONLY = {DEFINITIONS, SOURCES / "broker" / "config" / "without_effect.py"}
CODE = "\n".join(path.read_text() for path in SOURCES.rglob("*.py") if not NAMED_ONLY & {path, path.parent})
BEHIND_TOPICS = {topic.synonym for topic in TOPIC.values() if not topic.no_effect} | {
    name for chain in FALLBACKS.values() for name, _ in chain
}
LEADERS_ELECTION = "unclean.leader.election.enable"
"""Has its effect without being read: with one replica there is nobody to elect."""


@pytest.mark.parametrize("name", BROKER)
def test_a_broker_config_is_read_or_says_that_it_has_no_effect(name: str) -> None:
    is_read = f'"{name}"' in CODE or name in BEHIND_TOPICS
    assert is_read == (BROKER[name].no_effect is None), "see definitions/not_yet.py"


@pytest.mark.parametrize("name", TOPIC)
def test_a_topic_config_is_read_or_says_that_it_has_no_effect(name: str) -> None:
    attribute = name.replace(".", "_")
    is_used = f".{attribute}" in CODE or f'"{attribute}"' in CODE
    obeyed_by_logs = attribute in LogConfig.__slots__ and is_used
    is_read = obeyed_by_logs or f'"{name}"' in CODE or name == LEADERS_ELECTION
    refused_when_set = name == "remote.storage.enable"
    assert (is_read and not refused_when_set) == (TOPIC[name].no_effect is None)
