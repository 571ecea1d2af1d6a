"""What Apache Kafka 4.2 answered, kept in a file: our coordinator answers the same without a Kafka at hand.

tests/compat/test_group_answers.py keeps the file true, and makes it anew when it is gone.
"""

import ast

import pytest
from tests.support.group_questions import ANSWERS, DIFFERENCES, QUESTIONS, OurTalker


@pytest.fixture(scope="module")
def talker() -> OurTalker:
    """The questions build upon each other, in order."""
    return OurTalker()


def test_the_same_answers(talker: OurTalker) -> None:
    wanted = ast.literal_eval(ANSWERS.read_text())
    assert list(wanted) == [question.__name__ for question in QUESTIONS]
    different = set()
    for question in QUESTIONS:
        for place, (answer, told) in enumerate(zip(question(talker), wanted[question.__name__], strict=True)):
            if answer != told:
                different.add((question.__name__, place))
    assert different == set(DIFFERENCES)
