"""The page of configs is the definitions'."""

from pathlib import Path

from ottla.broker.config.reference import reference

PAGE = Path(__file__).resolve().parents[4] / "docs" / "reference" / "configs.md"


def test_the_page_is_up_to_date() -> None:
    made = "python -m ottla.broker.config.reference > docs/reference/configs.md"
    assert PAGE.read_text() == reference(), f"run: {made}"
