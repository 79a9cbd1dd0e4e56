"""The proof of tiers: stays neither overlap nor leave a hole, and are what evaluation makes of history.

History is evaluated again as far as that can be decided: each stay that a policy began is found anew by the same pure
function, from what the activities before it measured, under the ladders of the version of the program that began it.
Not decided are stays that somebody set or a reversal led to, ladders that ask for balances, stays of program versions
whose ladders are not given, and rises that did not happen of members who have no stay at all.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from attrs import define, field
from sqlalchemy import Row, func, select

from corekit.activities.tables import activity as _activity
from corekit.clock import day_number, local_day
from corekit.db.reader import Reader, any_of
from corekit.members.tables import member as _member
from corekit.tiers import review
from corekit.tiers.figures import Figures
from corekit.tiers.ladder import Ladder
from corekit.tiers.policy import BALANCE
from corekit.tiers.review import Change, Stay
from corekit.tiers.shifted import shifts
from corekit.tiers.tables import assignment as _stay

CHUNK = 1_000
DECIDED = frozenset(
    {review.QUALIFIED, review.REQUESTED, review.RENEWED, review.REQUALIFIED, review.GRACE, review.DOWNGRADED}
)
"""The reasons of stays that a policy began."""

SEARCHES = (
    (
        "16",
        "member ladder valid_from",
        """SELECT member_id AS member, ladder, valid_from FROM (SELECT member_id, ladder, valid_from, valid_to,
            lead(valid_from) OVER (PARTITION BY member_id, ladder ORDER BY valid_from, id) AS following
            FROM core_tier_assignment) t
        WHERE valid_to <= valid_from OR valid_to <> following OR (valid_to IS NULL) <> (following IS NULL)""",
    ),
    (
        "16",
        "stay activity",
        """SELECT t.id AS stay, t.activity_id AS activity FROM core_tier_assignment t
        LEFT JOIN core_activity a ON a.id = t.activity_id LEFT JOIN core_activity u ON u.id = t.undone_by
        WHERE a.id IS NULL OR a.state <> 'settled' OR a.member_id <> t.member_id OR a.recorded_at <> t.valid_from
            OR (t.undone_by IS NOT NULL AND (u.reverses IS NULL OR u.reverses <> t.activity_id))""",
    ),
    (
        "16",
        "activity ladder tier",
        """SELECT activity, ladder, tier FROM (
            SELECT t.activity_id AS activity, t.ladder, t.tier, 1 AS n FROM core_tier_assignment t
            JOIN core_activity a ON a.id = t.activity_id WHERE a.reverses IS NULL
            UNION ALL SELECT e.activity_id, e.data ->> 'ladder', e.data ->> 'tier', -1 FROM core_effect e
            WHERE e.kind IN ('SetTier', 'PlaceInTier') AND e.state = 'applied' AND e.undoes IS NULL) sides
        GROUP BY activity, ladder, tier HAVING sum(n) <> 0""",
    ),
)
"""Invariant, columns to show, and the select of the rows that break it."""


@define
class _Past:
    """What a member had done up to some activity."""

    joined_at: int
    zone: ZoneInfo
    steps: list[tuple[int, int, Mapping[str, int]]]
    """(seq, day, measures), in the order in which they were recorded."""
    done: int = 0
    totals: dict[str, int] = field(factory=dict[str, int])
    days: dict[str, dict[int, int]] = field(factory=dict[str, dict[int, int]])

    def until(self, seq: int) -> Figures:
        """Return the figures once the activity of that number had settled; numbers may only rise."""
        while self.done < len(self.steps) and self.steps[self.done][0] <= seq:
            _, day, measures = self.steps[self.done]
            for name, value in measures.items():
                self.totals[name] = self.totals.get(name, 0) + value
                of_day = self.days.setdefault(name, {})
                of_day[day] = of_day.get(day, 0) + value
            self.done += 1
        return Figures(self.joined_at, self.zone, self.totals, self.days)


def contradictions(
    read: Reader, zone: ZoneInfo, ladders: Mapping[int, Sequence[Ladder]], most: int
) -> list[dict[str, Any]]:
    """Return the first stays that are not what evaluation makes of history; ``ladders`` are those of each version."""
    found: list[dict[str, Any]] = []
    for member_ids in _members(read):
        for row in _judged(read, zone, ladders, member_ids):
            found.append(row)
            if len(found) == most:
                return found
    return found


def _members(read: Reader) -> Iterator[list[str]]:
    after = ""
    while True:
        chosen = select(_stay.c.member_id).distinct().order_by(_stay.c.member_id).limit(CHUNK)
        ids = [row.member_id for row in read.all(chosen.where(_stay.c.member_id > after) if after else chosen)]
        if not ids:
            return
        yield ids
        after = ids[-1]


def _judged(
    read: Reader, zone: ZoneInfo, ladders: Mapping[int, Sequence[Ladder]], ids: list[str]
) -> Iterator[dict[str, Any]]:
    pasts = _pasts(read, zone, ids)
    parent = _activity.alias("parent")
    stays = read.all(
        select(
            _stay,
            _activity.c.seq,
            _activity.c.occurred_at,
            parent.c.seq.label("cause_seq"),
            parent.c.recorded_at.label("cause_at"),
            parent.c.type.label("cause"),
        )
        .join(_activity, _activity.c.id == _stay.c.activity_id)
        .outerjoin(parent, parent.c.id == _activity.c.parent_id)
        .where(any_of(_stay.c.member_id, ids))
        .order_by(_stay.c.member_id, _activity.c.seq, _stay.c.ladder)
    )
    for member, rows in groupby(stays, key=lambda row: str(row.member_id)):
        before: dict[str, tuple[Row[Any], Row[Any] | None]] = {}
        # A figure is only ever summed up further, so the stays go by when they were decided.
        for row in sorted(rows, key=lambda row: (_decided(row), row.seq)):
            ladder = next((each for each in ladders.get(row.program, ()) if each.code == row.ladder), None)
            figures = pasts[member].until(_decided(row))
            if ladder is not None and _is_decided(ladder, row):
                stay = _previous(ladder, before.get(row.ladder), figures)
                found = _again(ladder, stay, figures, row)
                if found is None or not _agrees(found, row):
                    yield {"member": member, "ladder": row.ladder, "valid_from": row.valid_from, "reason": row.reason}
            before[row.ladder] = row, before.get(row.ladder, (None, None))[0]


def _decided(row: Row[Any]) -> int:
    """Return the number of the last activity that was known when a stay was decided."""
    return int(row.seq - 1 if row.cause_seq is None else row.cause_seq)


def _is_decided(ladder: Ladder, row: Row[Any]) -> bool:
    return row.reason in DECIDED and not any(name.startswith(BALANCE) for name in ladder.metrics)


def _previous(ladder: Ladder, rows: tuple[Row[Any], Row[Any] | None] | None, figures: Figures) -> Stay:
    """Return the stay of the last row, which follows upon that of the row before it."""
    first = review.joined(ladder, figures)
    if rows is None:
        return first
    row, earlier = rows
    begun = review.since(row.valid_from, first.expires_at if earlier is None else earlier.expires_at)
    return Stay(ladder.tier(row.tier), begun, row.expires_at, row.reason, row.locked_until)


def _again(ladder: Ladder, stay: Stay, figures: Figures, row: Row[Any]) -> Change | None:
    if row.cause is None:
        verdict = review.evaluate(ladder, stay, figures, row.occurred_at)
        return verdict if isinstance(verdict, Change) else None
    ask = review.requested if row.reason == review.REQUESTED else review.settled
    return ask(ladder, stay, figures, row.cause_at)


def _agrees(found: Change, row: Row[Any]) -> bool:
    same = (found.tier.code, found.reason, found.expires_at) == (row.tier, row.reason, row.expires_at)
    return same and dict(found.measured) == dict(row.measured)


def _pasts(read: Reader, zone: ZoneInfo, ids: list[str]) -> dict[str, _Past]:
    target = _activity.alias("target")
    done = (
        select(
            _activity.c.member_id,
            _activity.c.seq,
            _activity.c.measures,
            func.coalesce(target.c.occurred_at, _activity.c.occurred_at).label("instant"),
        )
        .outerjoin(target, target.c.id == _activity.c.reverses)
        .where(any_of(_activity.c.member_id, ids), _activity.c.state == "settled", _activity.c.measures.is_not(None))
        .order_by(_activity.c.member_id, _activity.c.seq)
    )
    steps: dict[str, list[tuple[int, int, Mapping[str, int]]]] = defaultdict(list)
    for row in read.all(done):
        steps[row.member_id].append((row.seq, day_number(local_day(row.instant, zone)), row.measures or {}))
    for shift in shifts(read, ids):
        insort(steps[shift.member], (shift.seq, shift.day, shift.values), key=lambda step: step[0])
    members = read.all(select(_member.c.id, _member.c.joined_at).where(any_of(_member.c.id, ids)))
    return {row.id: _Past(row.joined_at, zone, steps[row.id]) for row in members}
