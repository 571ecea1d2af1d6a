"""All stories, by name. A story asks; what the answers should be is Apache Kafka's to say (`apache.txt`)."""

from collections.abc import Callable

from tests.compat.same_answers.asker import Asker

Story = Callable[[Asker], None]
STORIES: dict[str, Story] = {}


def story(function: Story) -> Story:
    """Enter a story in the table."""
    assert function.__name__ not in STORIES, function.__name__
    STORIES[function.__name__] = function
    return function
