"""Count the statements of the core, which stays readable in an afternoon: `python -m tools.budget [FOLDER]`.

Statements, as Python's grammar has them, are lines of code that no formatter can stretch. Imports, docstrings and the
`...` of a protocol do not count: what says where a name comes from and what it means must not compete with the code.
All lines are printed beside.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

CORE = Path(__file__).resolve().parent.parent / "corekit/src/corekit"
BUDGET = 5_000
APART = {"migrations", "testing"}


def statements(source: str) -> int:
    """Count the statements of a module that do something."""
    return sum(isinstance(node, ast.stmt) and not _is_free(node) for node in ast.walk(ast.parse(source)))


def _is_free(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and (isinstance(node.value.value, str) or node.value.value is ...)
    return isinstance(node, ast.Import | ast.ImportFrom)


def count(core: Path) -> dict[str, tuple[int, int]]:
    """Count statements and lines per room of the core; what stands in no room counts as the hall."""
    rooms: dict[str, tuple[int, int]] = {}
    for path in sorted(core.rglob("*.py")):
        folders = path.relative_to(core).parts[:-1]
        if not APART.intersection(folders):
            room = folders[0] if folders else "(hall)"
            before, lines = rooms.get(room, (0, 0))
            source = path.read_text()
            rooms[room] = before + statements(source), lines + len(source.splitlines())
    return rooms


def main(arguments: list[str]) -> None:
    """Print the count and fail above the budget."""
    rooms = count(Path(arguments[0]) if arguments else CORE)
    total = sum(number for number, _ in rooms.values())
    for room, (number, lines) in sorted(rooms.items()):
        print(f"{room:14}{number:6,} statements on {lines:6,} lines")
    print(f"{'corekit':14}{total:6,} of {BUDGET:,}, on {sum(lines for _, lines in rooms.values()):,} lines")
    if total > BUDGET:
        sys.exit(f"The core is {total - BUDGET:,} statements over its budget: what can be a plugin is one.")


if __name__ == "__main__":
    main(sys.argv[1:])
