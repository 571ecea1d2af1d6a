"""Questions about groups, good and bad, to a served broker: the codes, epochs and states that Apache Kafka gave."""

import ast
from collections.abc import Callable

import pytest
from tests.compat.test_group_answers import ApacheTalker
from tests.support.group_questions import ANSWERS, DIFFERENCES, QUESTIONS, Answers

pytestmark = [pytest.mark.compat, pytest.mark.timeout(300)]

EXPECTED: dict[str, Answers] = ast.literal_eval(ANSWERS.read_text())


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answers]:
    """All questions once and in order: some depend on those before."""
    kind = request.getfixturevalue("broker_kind")
    with kind(tmp_path_factory.mktemp("questions")).start() as broker:
        talker = ApacheTalker(broker.port)
        return {question.__name__: question(talker) for question in QUESTIONS}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.__name__)
def test_the_kept_answers(
    request: pytest.FixtureRequest, served: dict[str, Answers], question: Callable[..., Answers]
) -> None:
    name = question.__name__
    differs = DIFFERENCES if request.config.getoption("--broker") == "ottla" else set()
    for place, (answer, wanted) in enumerate(zip(served[name], EXPECTED[name], strict=True)):
        assert (answer != wanted) == ((name, place) in differs), (place, answer, wanted)
