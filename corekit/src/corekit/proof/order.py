"""The proof of the order of lots (11): each spend and each hold took the lots that it had to take.

The movements of an account are replayed as they were made, by the effects of its activities in turn, in one pass that
holds the lots of one account at a time. What an effect takes, it takes from the front: of what could be spent by then,
nothing is left in a lot that comes before the last one taken. A capture chooses among the lots that its hold had set
aside; where a clawback funds spends and debts anew, its own lot is empty by then. That, and what is given up by who
becomes a part of another or whose account is closed, takes also what can be spent only later, while holds are backed
anew by what can be spent. What is given back, lapses, or pays a debt with the lot that comes in is no choice. Within
one effect only what it leaves can be judged, not in which order it came to that.

Most accounts need no replay: where each lot was taken from only after all that come before it were empty for good,
nothing can have been passed over. The database leaves those out.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from operator import attrgetter
from typing import Any

from attrs import define, field
from sqlalchemy import SelectBase, literal_column, select, text

from corekit.activities.reverse import CLOSED, MERGED_INTO, PASSED_ON
from corekit.db.reader import AnyRow, Reader
from corekit.ledger.state import NEVER
from corekit.proof.scope import Scope
from corekit.proof.search import FEW, Found

_GIVES_ALL = frozenset({CLOSED, MERGED_INTO, PASSED_ON})
"""The activities by which a member gives up all it has, also what can be spent only later."""
_GROWS = frozenset({"issue", "restore", "unrepay", "unexpire", "release"})
"""The movements by which more of a lot is open; the others make it less."""
_COLUMNS = (
    *("account", "activity", "type", "effect", "acts", "at", "movement", "amount", "lot", "expires_at", "issued_at"),
    "available_from",
)
# The step of a movement: its effect among all effects of the member, whose number within the activity has 32 bits.
_STEPS = """SELECT m.lot_id, max(a.seq * 4294967296 + e.no) AS last,
    min(CASE WHEN m.kind IN ('consume', 'hold', 'repay') THEN a.seq * 4294967296 + e.no END) AS first_taken,
    max(CASE WHEN m.expiry_before IS NULL THEN 0 ELSE 1 END) AS changes
FROM {movement} m JOIN core_activity a ON a.id = m.activity_id JOIN core_effect e ON e.id = m.effect_id
WHERE m.kind <> 'issue' GROUP BY m.lot_id"""
# Few are in doubt, which is put so that PostgreSQL expects it: of an equation, not of what is greater than what.
_DOUBTFUL = f"""SELECT account_id FROM (SELECT l.account_id, s.first_taken,
        s.changes = 1 OR (s.first_taken IS NOT NULL AND l.available_from IS NOT NULL) AS varies,
        max(CASE WHEN l.issued > l.consumed + l.held + l.expired THEN 9223372036854775807 ELSE s.last END) OVER (
            PARTITION BY l.account_id ORDER BY coalesce(l.expires_at, {NEVER}), l.issued_at, l.id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS emptied
        FROM {{lot}} l LEFT JOIN ({_STEPS}) s ON s.lot_id = l.id) judged
    WHERE CASE WHEN emptied > first_taken OR varies THEN 1 ELSE 0 END = 1"""
# The expiry of a lot after a movement: what the next one that changes it found, or else what it is now.
_MOVEMENTS = f"""SELECT l.account_id AS account, a.seq, a.recorded_at AS at, a.id AS activity, a.type, e.no,
    e.id AS effect, e.kind AS acts, m.kind AS movement, m.amount, m.lot_id AS lot, m.seq AS lot_seq, l.issued_at,
    l.available_from,
    coalesce(min(m.expiry_before) OVER (PARTITION BY m.lot_id ORDER BY m.seq DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), l.expires_at) AS expires_at
FROM {{movement}} m JOIN {{lot}} l ON l.id = m.lot_id
    JOIN core_activity a ON a.id = m.activity_id JOIN core_effect e ON e.id = m.effect_id
WHERE l.account_id IN ({_DOUBTFUL})"""

_Place = tuple[int, int, str]
"""Where a lot stands in the order in which lots are spent: when it lapses, when it was issued, and its id."""


def contradictions(read: Reader, scope: Scope) -> list[Found]:
    """Return the first lots that should have been taken before others, or not yet; one statement."""
    movements = text(f"({_MOVEMENTS.format_map(scope.relations)}) AS moved")
    statement: SelectBase = (
        select(*map(literal_column, _COLUMNS))
        .select_from(movements)
        .order_by(*map(literal_column, ("account", "seq", "no", "lot", "lot_seq")))
    )
    stream = read.stream(statement)
    found = (each for _, rows in groupby(stream, attrgetter("account")) for each in _replayed(rows))
    return list(islice(found, FEW))


@define
class _Account:
    """The lots of an account while its movements are replayed; ``front`` are the open ones, in their order."""

    places: dict[str, _Place] = field(factory=dict[str, _Place])
    open: dict[str, int] = field(factory=dict[str, int])
    front: list[_Place] = field(factory=list[_Place])

    def move(self, row: AnyRow) -> None:
        """Let a movement change its lot."""
        lot = row.lot
        before, left = self.places.get(lot), self.open.get(lot, 0)
        due = NEVER if row.expires_at is None else row.expires_at
        place = self.places[lot] = (due, row.issued_at, lot)
        now = self.open[lot] = left + (row.amount if row.movement in _GROWS else -row.amount)
        if before is not None and left > 0 and (now <= 0 or place != before):
            del self.front[bisect_left(self.front, before)]
            left = 0
        if now > 0 and left <= 0:
            insort(self.front, place)


def _replayed(rows: Iterator[AnyRow]) -> Iterator[Found]:
    account = _Account()
    available: dict[str, int] = {}
    for _, moved in groupby(rows, attrgetter("effect")):
        moves = list(moved)
        for row in moves:
            account.move(row)
            if row.available_from is not None:
                available[row.lot] = row.available_from
        always: dict[str, int] = {}
        if any(row.movement == "clawback" for row in moves):
            choices = {("consume", "repay"): always, ("hold",): available}
        else:
            choices = {("consume", "hold"): always if moves[0].type in _GIVES_ALL else available}
        for movements, by_when in choices.items():
            if taken := [row.lot for row in moves if row.movement in movements]:
                yield from _passed_over(account, moves, taken, by_when)


def _passed_over(
    account: _Account, moves: Sequence[AnyRow], taken: list[str], available: dict[str, int]
) -> Iterator[dict[str, Any]]:
    """Yield the lots that an effect took too early, and those that it should have taken before the last one.

    ``available`` says from when lots can be spent; those it leaves out always can.
    """
    row = moves[0]
    told = {"effect": row.effect, "activity": row.activity, "account": row.account}
    among = {each.lot for each in moves} if row.acts == "Capture" else None
    yield from ({**told, "lot": lot} for lot in taken if available.get(lot, 0) > row.at)
    last = max(account.places[lot] for lot in taken)
    for place in account.front:
        if place >= last:
            return
        due, _, lot = place
        if due > row.at and available.get(lot, 0) <= row.at and (among is None or lot in among):
            yield {**told, "lot": lot}
