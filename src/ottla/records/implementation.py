"""Which implementation of the hot paths is in use: "compiled" where it was built, else "pure".

The environment variable OTTLA_RECORDS asks for one of them by name. Both have the same names and answers.
"""

import os
from typing import Literal

Implementation = Literal["compiled", "pure"]


def choose(wanted: str) -> Implementation:
    """The one that is `wanted`, or with "" the faster one. Raises ImportError when that is not here."""
    if wanted not in ("", "compiled", "pure"):
        raise ImportError(f"OTTLA_RECORDS is {wanted!r}; it may be «compiled» or «pure»")
    if wanted == "pure":
        return "pure"
    try:
        import ottla.records._native  # noqa: F401
    except ImportError as error:
        if wanted == "compiled":
            raise ImportError(
                f"OTTLA_RECORDS is «compiled», but the compiled module cannot be had ({error}): "
                "install Ottla where a C compiler and Python's headers are, or unset OTTLA_RECORDS"
            ) from error
        return "pure"
    return "compiled"


IMPLEMENTATION: Implementation = choose(os.environ.get("OTTLA_RECORDS", ""))
