"""The import of members, to reading and checking the same rows and writing nothing."""

from __future__ import annotations

from collections.abc import Callable

from bench import people
from bench.compare import ratios, timed
from bench.servers import Servers
from corekit import Kit, Settings
from corekit.activities.activity import Activity
from corekit.activities.receiving import receive
from corekit.errors import Invalid
from corekit.members.importing import import_members, registrations

NUMBER = 6_000
"""Rows of a round: three chunks."""
ROUNDS = 9


def measure(servers: Servers, dialect: str) -> list[float]:
    """Return rows imported per second to rows checked per second, per round: each round has people of its own."""
    url = servers.empty(dialect, "import")
    kit = Kit(Settings.of(database=url))
    kit.upgrade()
    known = 0

    def importing(number: int) -> Callable[[], object]:
        nonlocal known
        first, known = known, known + number
        file = list(people.lines(number, first))
        return lambda: _import(kit, file, number)

    def checking(number: int) -> Callable[[], object]:
        file = list(people.lines(number, known))
        return lambda: check(kit, file)

    ways = timed(importing), timed(checking)
    for way in ways:
        way(NUMBER)
    found = ratios(*ways, numbers=(NUMBER, NUMBER), rounds=ROUNDS)
    kit.close()
    servers.drop(url)
    return found


def _import(kit: Kit, file: list[str], number: int) -> None:
    report = import_members(kit, file)
    if report.registered != number - number // people.EVERY:
        raise RuntimeError(f"{report} of {number} rows")


def check(kit: Kit, file: list[str]) -> int:
    """Read and check every row as an import does before it settles any; return how many are registrations."""
    terms, now, sound = kit.terms(), kit.now(), 0
    instant = int(now.timestamp() * 1_000_000)
    for _, row in registrations(kit, file):
        if isinstance(row, Activity):
            try:
                receive(row, terms, instant)
            except Invalid:
                continue
            sound += 1
    return sound
