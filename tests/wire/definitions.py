"""Apache Kafka's own message definitions, where they are at hand: JSON with comments, beside ours."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).parents[3] / "shared" / "reference" / "messages" / "clients"

Definition = dict[str, Any]


@cache
def definition(name: str) -> Definition:
    """The definition of `ProduceRequest` and the like."""
    lines = (DIRECTORY / f"{name}.json").read_text().splitlines()
    uncommented = [re.sub(r"(^|(?<=[,\]}]))\s*//.*$", "", line) for line in lines]
    loaded: Definition = json.loads("\n".join(uncommented))
    return loaded


def versions(text: str | None, among: range) -> set[int]:
    """The versions that «3+», «0-7», «5» or «none» pick out of `among`."""
    if text is None or text == "none":
        return set()
    first, dash, last = text.rstrip("+").partition("-")
    stop = among.stop if text.endswith("+") else int(last if dash else first) + 1
    return {version for version in among if int(first) <= version < stop}


def valid_versions(loaded: Definition) -> range:
    first, _, last = loaded["validVersions"].partition("-")
    return range(int(first), int(last or first) + 1)


def snake_case(name: str) -> str:
    """`IsrNodes` → `isr_nodes`, `ResultsByTopicV3AndBelow` → `results_by_topic_v3_and_below`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def default(field: Definition) -> object:
    """The default that a field's definition spells out or implies."""
    given = field.get("default")
    kind = field["type"]
    if given == "null":
        return None
    if kind.startswith("[]"):
        return []
    if kind == "bool":
        return str(given).lower() == "true"
    if kind == "float64":
        return float(given or 0)
    if re.fullmatch(r"u?int\d+", kind):
        return int(str(given or 0), 0)
    return {"string": given or "", "bytes": b"", "uuid": bytes(16), "records": None}.get(kind, "a structure")


def structures(loaded: Definition) -> dict[str, list[Definition]]:
    """All structures of a message by name, itself included."""
    found = {loaded["name"]: loaded["fields"]}
    found.update((common["name"], common["fields"]) for common in loaded.get("commonStructs", []))
    for fields in list(found.values()):
        found.update(_nested(fields))
    return found


def _nested(fields: list[Definition]) -> Iterator[tuple[str, list[Definition]]]:
    for field in fields:
        if "fields" in field:
            yield field["type"].removeprefix("[]"), field["fields"]
            yield from _nested(field["fields"])
