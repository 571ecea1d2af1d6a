"""Libraries that only some topics need."""

from importlib.util import find_spec


def require_extra(module: str, extra: str) -> None:
    """Raises ImportError with the command that installs it, when it is not here."""
    if not _is_here(module):
        advice = f"{module} is not installed; it comes with: pip install 'ottla[{extra}]'"
        raise ImportError(advice, name=module)


def _is_here(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package that it is in
        return False
