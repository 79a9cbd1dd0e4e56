"""Keep the core small: `python -m tools.budget [FOLDER]` counts the lines of its rooms against their ceilings.

Lines as an editor numbers them, docstrings and blank lines too. A room that needs more raises its ceiling here, in the
same change, where whoever reads the change sees it and asks whether it should not rather be a plugin.
"""

from __future__ import annotations

import sys
from pathlib import Path

CORE = Path(__file__).resolve().parent.parent / "corekit/src/corekit"
HALL = "(hall)"
CEILINGS = {
    HALL: 4_360,
    "activities": 9_040,
    "audience": 440,
    "audit": 190,
    "cli": 2_335,
    "db": 2_345,
    "jobs": 2_105,
    "ledger": 3_325,
    "members": 2_660,
    "outbox": 715,
    "program": 1_600,
    "proof": 1_060,
    "removal": 530,
    "suspension": 130,
    "template": 150,
    "tiers": 2_000,
}
APART = {"migrations", "testing"}


def count(core: Path) -> dict[str, int]:
    """Count lines per room of the core; what stands in no room counts as the hall."""
    rooms: dict[str, int] = {}
    for path in sorted(core.rglob("*.py")):
        folders = path.relative_to(core).parts[:-1]
        if not APART.intersection(folders):
            room = folders[0] if folders else HALL
            rooms[room] = rooms.get(room, 0) + len(path.read_text().splitlines())
    return rooms


def main(arguments: list[str]) -> None:
    """Print the count and fail where a room is above its ceiling or has none."""
    rooms = count(Path(arguments[0]) if arguments else CORE)
    for room, lines in sorted(rooms.items()):
        print(f"{room:12}{lines:7,} of {CEILINGS.get(room, 0):6,} lines")
    print(f"{'corekit':12}{sum(rooms.values()):7,} of {sum(CEILINGS.values()):6,} lines")
    if over := [room for room, lines in rooms.items() if lines > CEILINGS.get(room, 0)]:
        sys.exit(f"Above the ceiling: {', '.join(over)}. What can be a plugin is one.")


if __name__ == "__main__":
    main(sys.argv[1:])
