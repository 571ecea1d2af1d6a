"""What Apache Kafka 4.2 answered, kept in a file: our coordinator answers the same without a Kafka at hand.

tests/compat/test_transaction_answers.py keeps the file true, and makes it anew when it is gone.
"""

import ast
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.transaction_questions import (
    ANSWERS,
    DIFFERENCES,
    LONG_QUESTIONS,
    QUESTIONS,
    Answers,
    OurTalker,
    Talker,
)

WANTED: dict[str, list[Any]] = ast.literal_eval(ANSWERS.read_text())


def test_every_question_has_an_answer() -> None:
    assert list(WANTED) == [question.__name__ for question in (*QUESTIONS, *LONG_QUESTIONS)]


@pytest.mark.parametrize("question", [*QUESTIONS, *LONG_QUESTIONS], ids=lambda question: question.__name__)
def test_the_same_answers(question: Callable[[Talker], Answers]) -> None:
    name = question.__name__
    pairs = zip(question(OurTalker()), WANTED[name], strict=True)
    different = {place: (answer, wanted) for place, (answer, wanted) in enumerate(pairs) if answer != wanted}
    assert set(different) == {place for other, place in DIFFERENCES if other == name}, different
