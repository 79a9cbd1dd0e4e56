"""The proof of the order of lots (11): each spend and each hold took the lots that it had to take.

The movements of accounts are replayed as they were made, by the effects of each member's activities in turn, in one
pass that holds the lots of one member at a time. What an effect takes, it takes from the front: of what could be spent
by then, nothing is left in a lot that comes before the last one taken. A capture chooses among the lots that its hold
had set aside; where a clawback funds spends and debts anew, its own lot is empty by then. That, and what is given up by
who becomes a part of another or whose account is closed, takes also what can be spent only later, while holds are
backed anew by what can be spent. What is given back, lapses, or pays a debt with the lot that comes in is no choice.
Within one effect only what it leaves can be judged, not in which order it came to that.

What is taken pro rata of several accounts has an order of its own, and no freedom: group by group, each in proportion
to what remains of it. So how much of each lot had to be taken is worked out anew from what stood there, and compared.

Most accounts need no replay: where each lot was taken from only after all that come before it were empty for good,
nothing can have been passed over. The database leaves those out.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from operator import attrgetter
from typing import Any

import orjson
from attrs import define, field
from sqlalchemy import SelectBase, literal_column, select, text

from corekit.activities.reverse import CLOSED, MERGED_INTO, PASSED_ON
from corekit.db.reader import AnyRow, Reader
from corekit.ledger.state import NEVER
from corekit.proof.scope import Scope
from corekit.proof.search import BEYOND_ACCOUNTS, FEW, Found

_GIVES_ALL = frozenset({CLOSED, MERGED_INTO, PASSED_ON})
"""The activities by which a member gives up all it has, also what can be spent only later."""
_GROWS = frozenset({"issue", "restore", "unrepay", "unexpire", "release"})
"""The movements by which more of a lot is open; the others make it less."""
_COLUMNS = (
    *(
        "member",
        "account",
        "kind",
        "activity",
        "type",
        "step",
        "effect",
        "acts",
        "accounts",
        "at",
        "movement",
        "amount",
    ),
    *("lot", "issuer", "expires_at", "issued_at", "available_from"),
)
# An effect that took pro rata, one of those that took together.
_PRO_RATA = "e.kind IN ('Debit', 'Hold') AND e.undoes IS NULL AND e.data ->> 'split' = 'pro_rata'"
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
    WHERE CASE WHEN emptied > first_taken OR varies THEN 1 ELSE 0 END = 1
UNION SELECT c.id FROM {{effect}} e JOIN core_activity a ON a.id = e.activity_id
    JOIN core_account c ON c.member_id = a.member_id AND e.data ->> 'accounts' LIKE '%"' || c.kind || '"%'
    WHERE {_PRO_RATA}"""
# The expiry of a lot after a movement: what the next one that changes it found, or else what it is now.
_MOVEMENTS = f"""SELECT a.member_id AS member, l.account_id AS account, c.kind, a.seq, a.recorded_at AS at,
    a.id AS activity, a.type, e.no, e.id AS effect, e.kind AS acts, m.kind AS movement, m.amount, m.lot_id AS lot,
    m.seq AS lot_seq, l.activity_id AS issuer, l.issued_at, l.available_from,
    CASE WHEN {_PRO_RATA} THEN e.data ->> 'across' ELSE CAST(e.id AS text) END AS step,
    CASE WHEN {_PRO_RATA} THEN e.data ->> 'accounts' END AS accounts,
    coalesce(min(m.expiry_before) OVER (PARTITION BY m.lot_id ORDER BY m.seq DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), l.expires_at) AS expires_at
FROM {{movement}} m JOIN {{lot}} l ON l.id = m.lot_id JOIN core_account c ON c.id = l.account_id
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
        .order_by(*map(literal_column, ("member", "seq", "no", "lot", "lot_seq")))
    )
    stream = read.stream(statement)
    # The others of an account that gave together with it may lie out of the scope.
    together = scope.reach in BEYOND_ACCOUNTS
    found = (each for _, rows in groupby(stream, attrgetter("member")) for each in _replayed(rows, together=together))
    return list(islice(found, FEW))


@define
class _Account:
    """The lots of an account while its movements are replayed; ``front`` are the open ones, in their order."""

    kind: str
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


@define
class _Books:
    """What is known of a member's lots while they are replayed: from when they can be spent, and who issued them."""

    accounts: dict[str, _Account] = field(factory=dict[str, _Account])
    available: dict[str, int] = field(factory=dict[str, int])
    issuers: dict[str, str] = field(factory=dict[str, str])

    def move(self, row: AnyRow) -> None:
        """Let a movement change its lot."""
        self.accounts.setdefault(row.account, _Account(row.kind)).move(row)
        self.issuers[row.lot] = row.issuer
        if row.available_from is not None:
            self.available[row.lot] = row.available_from

    def groups(self, kinds: Sequence[str], at: int) -> list[list[list[tuple[str, int]]]]:
        """Return what can be spent of accounts at an instant, (lot, open) per account, by groups in their order."""
        found: dict[str, list[list[_Place]]] = {}
        of_kind = {account.kind: account for account in self.accounts.values()}
        for number, kind in enumerate(kinds):
            for place in of_kind[kind].front if kind in of_kind else ():
                due, _, lot = place
                if due > at and self.available.get(lot, 0) <= at:
                    found.setdefault(self.issuers[lot], [[] for _ in kinds])[number].append(place)
        ordered = sorted(found.items(), key=lambda group: (*_earliest(group[1]), group[0]))
        return [
            [[(lot, of_kind[kind].open[lot]) for _, _, lot in lots] for kind, lots in zip(kinds, group, strict=True)]
            for _, group in ordered
        ]


def _earliest(group: Sequence[Sequence[_Place]]) -> tuple[int, int]:
    """Return when a group lapses first, and when the first lot of it was issued."""
    places = [place for lots in group for place in lots]
    return min(due for due, _, _ in places), min(issued_at for _, issued_at, _ in places)


def _replayed(rows: Iterator[AnyRow], *, together: bool) -> Iterator[Found]:
    books = _Books()
    for _, moved in groupby(rows, attrgetter("step")):
        moves = list(moved)
        if moves[0].accounts is not None:
            wanted = _in_proportion(books, moves) if together else None
            for row in moves:
                books.move(row)
            if wanted is not None:
                yield from _taken_otherwise(moves, wanted)
            continue
        for row in moves:
            books.move(row)
        always: dict[str, int] = {}
        if any(row.movement == "clawback" for row in moves):
            choices = {("consume", "repay"): always, ("hold",): books.available}
        else:
            choices = {("consume", "hold"): always if moves[0].type in _GIVES_ALL else books.available}
        for movements, by_when in choices.items():
            if taken := [row.lot for row in moves if row.movement in movements]:
                yield from _passed_over(books.accounts[moves[0].account], moves, taken, by_when)


def _in_proportion(books: _Books, moves: Sequence[AnyRow]) -> dict[str, int]:
    """Return how much of which lot is to be taken, by the accounts together, for what they gave together."""
    left = sum(row.amount for row in moves)
    wanted: dict[str, int] = {}
    for group in books.groups(orjson.loads(moves[0].accounts), moves[0].at):
        remaining = [sum(amount for _, amount in lots) for lots in group]
        rest = min(left, sum(remaining))
        left -= rest
        for number, lots in enumerate(group):
            of_account = rest * remaining[number] // max(1, sum(remaining[number:]))
            rest -= of_account
            for lot, amount in lots:
                if taken := min(amount, of_account):
                    wanted[lot] = taken
                    of_account -= taken
    return wanted


def _taken_otherwise(moves: Sequence[AnyRow], wanted: dict[str, int]) -> Iterator[Found]:
    """Yield the lots of which more, or less, was taken than is in proportion."""
    taken = {row.lot: row.amount for row in moves}
    row = moves[0]
    for lot in sorted(taken.keys() | wanted.keys()):
        if taken.get(lot, 0) != wanted.get(lot, 0):
            yield {"effect": row.effect, "activity": row.activity, "account": row.account, "lot": lot}


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
