"""The results as one table, and as data."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from tests.support.apache import REPOSITORY

from benchmarks.peers import APACHE, Peer
from benchmarks.rows import ROWS, Figure, Measured, Row


@dataclass
class Results:
    """Row → peer → figure → values by round, and what failed, in words."""

    cells: dict[str, dict[str, dict[str, list[float]]]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def add(self, row: str, peer: str, figures: Mapping[str, float]) -> None:
        cell = self.cells.setdefault(row, {}).setdefault(peer, {})
        for name, value in figures.items():
            cell.setdefault(name, []).append(value)

    def cell(self, row: Row, peer: str) -> Measured:
        return self.cells.get(row.key, {}).get(peer, {})


def _verdict(results: Results, row: Row, figure: Figure) -> str:
    own = results.cell(row, row.judged).get(figure.name)
    if not own:
        return "-"
    peer = results.cell(row, APACHE).get(figure.name)
    met = figure.met(median(own), median(peer) if peer else None)
    return "-" if met is None else "yes" if met else "NO"


def table(results: Results, peers: Sequence[Peer]) -> str:
    """Markdown: one line per figure; medians, with the least and most of the rounds."""
    heads = ["figure", "unit", *(peer.title for peer in peers), "aim", "met"]
    lines = [heads, ["---"] * len(heads)]
    for row in ROWS:
        if row.key not in results.cells:
            continue
        for figure in row.figures:
            cells = [figure.cell(results.cell(row, peer.key)) for peer in peers]
            lines.append([row.title, figure.unit, *cells, figure.aim, _verdict(results, row, figure)])
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    lines[1] = ["-" * width for width in widths]
    padded = (
        " | ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)) for line in lines
    )
    return "\n".join(f"| {line} |" for line in padded)


def machine() -> dict[str, str]:
    """What the figures were taken on."""
    from benchmarks.librdkafka import version

    cpus = Path("/proc/cpuinfo").read_text().splitlines()
    named = (line.partition(":")[2].strip() for line in cpus if "model name" in line)
    model = next(named, platform.processor())
    cores = len(
        [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("processor")]
    )
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{cores} cores, {model}, {platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "client": f"librdkafka {version()}",
    }


def write(path: Path, results: Results, peers: Sequence[Peer], run: str) -> None:
    """`path`.json and `path`.md. `run` says how long and how often was measured."""
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = machine() | {"run": run}
    data = {**facts, "results": results.cells, "failures": results.failures}
    path.with_suffix(".json").write_text(json.dumps(data, indent=1) + "\n")
    words = "".join(f"- {name}: {value}\n" for name, value in facts.items())
    failed = "".join(f"- {failure}\n" for failure in results.failures)
    missing = f"\nNot measured:\n\n{failed}" if failed else ""
    path.with_suffix(".md").write_text(f"{words}\n{table(results, peers)}\n{missing}")


DEFAULT_OUTPUT = REPOSITORY / "build" / "bench" / "results"
