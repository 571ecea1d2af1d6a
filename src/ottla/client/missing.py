"""Libraries that are needed for some topics only."""

from importlib.util import find_spec


def missing_library(module: str, extra: str) -> None:
    """Raises ImportError with the command that installs it, when it is not here."""
    if find_spec(module) is None:
        raise ImportError(
            f"{module} is not installed; it comes with: pip install 'ottla[{extra}]'", name=module
        )
