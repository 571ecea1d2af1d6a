"""Every story told to one broker."""

from tests.compat.same_answers import locating, producing, reading
from tests.compat.same_answers.asker import Asker
from tests.compat.same_answers.stories import STORIES

__all__ = ["STORIES", "locating", "producing", "reading", "told"]


def told(name: str, port: int) -> list[str]:
    """The transcript of one story, told to the broker on this port."""
    with Asker(port) as asker:
        STORIES[name](asker)
        return asker.lines
