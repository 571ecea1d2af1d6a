"""Every code has its row: a number of its own, a sentence, and Kafka's word on whether to try again."""

import copy
import pickle
from collections import Counter

import pytest

from ottla.core import errors
from ottla.core.errors import CLASSES, ErrorCode, FatalError, KafkaError, RetriableError, error_of
from ottla.net.errors import KafkaConnectionError


def test_the_numbers_are_kafkas_without_a_gap() -> None:
    assert [int(code) for code in ErrorCode] == list(range(-1, 134))


@pytest.mark.parametrize("code", ErrorCode, ids=lambda code: code.name)
def test_every_code_has_one_sentence_of_its_own(code: ErrorCode) -> None:
    assert code.message.endswith(".")
    assert "\n" not in code.message
    assert [other for other in ErrorCode if other.message == code.message] == [code]


def test_a_code_is_found_by_its_number() -> None:
    assert ErrorCode(6) is ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert ErrorCode.NOT_LEADER_OR_FOLLOWER == 6


def test_a_number_from_a_newer_broker_is_an_unknown_error() -> None:
    assert ErrorCode(32_000) is ErrorCode.UNKNOWN_SERVER_ERROR
    with pytest.raises(ValueError, match="'6'"):
        ErrorCode("6")


def test_retriable_codes() -> None:
    retriable = {code.name for code in ErrorCode if code.retriable}
    assert len(retriable) == 32
    assert {"NOT_LEADER_OR_FOLLOWER", "REQUEST_TIMED_OUT", "CORRUPT_MESSAGE"} <= retriable
    assert not retriable & {"NONE", "UNKNOWN_SERVER_ERROR", "MESSAGE_TOO_LARGE", "INVALID_TOPIC_EXCEPTION"}


def test_an_error_says_what_its_code_means_when_nothing_better_is_known() -> None:
    assert str(KafkaError(ErrorCode.INVALID_PARTITIONS)) == (
        "INVALID_PARTITIONS: The number of partitions is not possible."
    )
    assert str(KafkaError(ErrorCode.INVALID_PARTITIONS, "-3 partitions")) == "-3 partitions"
    assert KafkaError(ErrorCode.REQUEST_TIMED_OUT).retriable
    assert not KafkaError(ErrorCode.INVALID_PARTITIONS).retriable


def test_every_code_belongs_to_exactly_one_class() -> None:
    times = Counter(code for codes in CLASSES.values() for code in codes)
    assert set(ErrorCode) - set(times) == {ErrorCode.NONE}
    assert [code for code, count in times.items() if count > 1] == []


def test_every_class_of_the_tree_has_codes() -> None:
    named = {
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, KafkaError)
    }
    assert named - set(CLASSES) == {KafkaError}


@pytest.mark.parametrize("code", ErrorCode, ids=lambda code: code.name)
def test_a_code_makes_the_exception_it_belongs_to(code: ErrorCode) -> None:
    error = error_of(int(code), "why")
    assert type(error) is next((kind for kind, codes in CLASSES.items() if code in codes), KafkaError)
    assert (error.code, error.message, error.retriable) == (code, "why", isinstance(error, RetriableError))


def test_a_subclass_that_is_named_stays_what_it_is() -> None:
    error = FatalError(ErrorCode.NETWORK_EXCEPTION, "the certificate is wrong")
    assert type(error) is FatalError
    assert not error.retriable


@pytest.mark.parametrize(
    "error",
    [
        error_of(ErrorCode.NOT_CONTROLLER, "topic t", broker=3, api="CreateTopics", advice="wait"),
        KafkaConnectionError("b:1", "refused"),
    ],
    ids=["by code", "with arguments of its own"],
)
def test_an_error_goes_to_another_process_and_back(error: KafkaError) -> None:
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is type(error)
        assert (str(other), vars(other)) == (str(error), vars(error))


def test_an_error_says_who_what_and_what_to_do() -> None:
    error = error_of(41, "topic t", broker=3, api="CreateTopics", advice="ask broker 2")
    assert (error.broker, error.api, error.advice) == (3, "CreateTopics", "ask broker 2")
    assert str(error) == "topic t; ask broker 2"
    assert str(KafkaError(ErrorCode.NOT_CONTROLLER, advice="wait")).endswith("not the controller.; wait")
