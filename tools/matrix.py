"""Hold the rows of docs/features.toml against the tests that prove them: `python -m tools.matrix`.

A row lists the ways in which it is proved and, for each way left out, the reason. A test proves one way of
a row:

    @pytest.mark.row("P5", way="graphql")
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

ROOT = Path(__file__).resolve().parent.parent
WAYS = ("python", "graphql", "cli", "reversal", "bad_input")


@attrs.frozen
class Row:
    """A row of the catalogue: what it is, in which ways it is proved, and why not in the others."""

    id: str
    title: str
    ways: tuple[str, ...]
    without: dict[str, str]


@attrs.frozen
class Proof:
    """What one mark on one test says, before it is judged."""

    test: str
    arguments: list[str]
    options: dict[str, str]
    runs: bool = True


def read_rows(text: str) -> list[Row]:
    """Read the rows of the catalogue."""
    return [
        Row(name, row.get("title", ""), tuple(row.get("ways", ())), row.get("without", {}))
        for name, row in tomllib.loads(text).items()
    ]


def row_faults(row: Row) -> Iterator[str]:
    """Say what is wrong with a row: each way is either listed or left out for a reason."""
    if not row.title:
        yield f"{row.id} has no title"
    for way in [*row.ways, *row.without]:
        if way not in WAYS:
            yield f"{row.id}: {way} is no way; the ways are {', '.join(WAYS)}"
    for way in WAYS:
        listed, excused = way in row.ways, way in row.without
        if listed and excused:
            yield f"{row.id}: {way} is both listed and left out"
        if not listed and not excused:
            yield f"{row.id}: {way} is neither listed nor left out for a reason"
        if excused and not row.without[way].strip():
            yield f"{row.id}: {way} is left out without a reason"


def proof_faults(proof: Proof, rows: dict[str, Row]) -> Iterator[str]:
    """Say what is wrong with a mark: it names one listed row and one listed way."""
    if len(proof.arguments) != 1 or set(proof.options) != {"way"}:
        yield f'{proof.test}: write row("M1", way="python")'
        return
    row, way = rows.get(proof.arguments[0]), proof.options["way"]
    if row is None:
        yield f"{proof.test}: docs/features.toml lists no row {proof.arguments[0]}"
    elif way not in WAYS:
        yield f"{proof.test}: {way} is no way; the ways are {', '.join(WAYS)}"
    elif way not in row.ways:
        yield f"{proof.test}: docs/features.toml does not list {way} for {row.id}"


def count(proofs: list[Proof]) -> Counter[tuple[str, str]]:
    """Count the tests that are run, per row and way."""
    return Counter((p.arguments[0], p.options["way"]) for p in proofs if p.runs)


def judge(rows: list[Row], proofs: list[Proof]) -> list[str]:
    """Say everything that is wrong with rows and tests."""
    known = {row.id: row for row in rows}
    faults = [fault for row in rows for fault in row_faults(row)]
    wrong = [fault for proof in proofs for fault in proof_faults(proof, known)]
    if faults or wrong:
        return faults + wrong
    counts = count(proofs)
    unproved = {row.id: [way for way in row.ways if not counts[row.id, way]] for row in rows}
    return [f"{row}: no test proves {', '.join(ways)}" for row, ways in unproved.items() if ways]


def table(rows: list[Row], proofs: list[Proof]) -> str:
    """Print how many tests prove each way of each row; a dash where a way is left out."""
    counts = count([proof for proof in proofs if proof.arguments and "way" in proof.options])
    lines = ["row   " + "".join(f"{way:>10}" for way in WAYS) + "   title"]
    for row in rows:
        cells = [str(counts[row.id, way] or "MISSING") if way in row.ways else "-" for way in WAYS]
        lines.append(f"{row.id:6}" + "".join(f"{cell:>10}" for cell in cells) + f"   {row.title}")
    return "\n".join(lines)


def collect(root: Path) -> list[Proof]:
    """Ask pytest which tests there are and what they prove."""
    with tempfile.TemporaryDirectory(prefix="rows-") as folder:
        path = Path(folder, "rows.json")
        options = ("--collect-only", "--quiet", "--no-header", "-p", "tools.rows", "--rows", str(path))
        command = [sys.executable, "-m", "pytest", *options]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"pytest cannot collect the tests:\n{done.stdout[-8000:]}{done.stderr[-8000:]}")
        found: list[dict[str, Any]] = json.loads(path.read_text())
    return [Proof(**proof) for proof in found]


def main() -> None:
    """Print the matrix and everything that is wrong with it."""
    rows = read_rows((ROOT / "docs/features.toml").read_text())
    proofs = collect(ROOT)
    print(table(rows, proofs))
    if faults := judge(rows, proofs):
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
