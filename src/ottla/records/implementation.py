"""Which implementation of the hot paths is in use: "compiled" where it was built, else "pure".

The environment variable OTTLA_RECORDS asks for one of them by name. Both have the same names and answers.
"""

import os
from importlib.util import find_spec
from typing import Literal

Implementation = Literal["compiled", "pure"]


def _choose(wanted: str) -> Implementation:
    if wanted not in ("", "compiled", "pure"):
        raise ImportError(f"OTTLA_RECORDS is {wanted!r}; it may be «compiled» or «pure»")
    built = wanted != "pure" and find_spec("ottla.records._native") is not None
    if wanted == "compiled" and not built:
        raise ImportError(
            "OTTLA_RECORDS is «compiled», but ottla.records._native was not built: "
            "install Ottla where a C compiler is, or unset OTTLA_RECORDS"
        )
    return "compiled" if built else "pure"


IMPLEMENTATION: Implementation = _choose(os.environ.get("OTTLA_RECORDS", ""))
