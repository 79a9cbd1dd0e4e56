"""Count the lines of the core, which stays readable in an afternoon: `python -m tools.budget [FOLDER]`."""

from __future__ import annotations

import sys
from pathlib import Path

CORE = Path(__file__).resolve().parent.parent / "corekit/src/corekit"
BUDGET = 5_000
APART = {"migrations", "testing"}


def count(core: Path) -> dict[str, int]:
    """Count the lines per room of the core; what stands in no room counts as the hall."""
    rooms: dict[str, int] = {}
    for path in sorted(core.rglob("*.py")):
        folders = path.relative_to(core).parts[:-1]
        if not APART.intersection(folders):
            room = folders[0] if folders else "(hall)"
            rooms[room] = rooms.get(room, 0) + len(path.read_text().splitlines())
    return rooms


def main(arguments: list[str]) -> None:
    """Print the count and fail above the budget."""
    rooms = count(Path(arguments[0]) if arguments else CORE)
    total = sum(rooms.values())
    for room, lines in sorted(rooms.items()):
        print(f"{room:14}{lines:6,}")
    print(f"{'corekit':14}{total:6,} of {BUDGET:,}")
    if total > BUDGET:
        sys.exit(f"The core is {total - BUDGET:,} lines over its budget: what can be a plugin is one.")


if __name__ == "__main__":
    main(sys.argv[1:])
