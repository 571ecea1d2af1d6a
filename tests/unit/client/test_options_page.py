"""The page of options is the definitions'."""

from pathlib import Path

from tests.support.options_page import page

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "client-options.md"


def test_the_page_is_up_to_date() -> None:
    made = "python -m tests.support.options_page > docs/reference/client-options.md"
    assert PAGE.read_text() == page(), f"run: {made}"
