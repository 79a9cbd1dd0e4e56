"""The proof of tiers: stays neither overlap nor leave a hole, and are what evaluation makes of history.

History is evaluated again as far as that can be decided: each stay that a policy began is found anew by the same pure
function, from what the activities before it measured, under the ladders of the version of the program that began it.
Not decided are stays that somebody set or a reversal led to, ladders that ask for balances, stays of program versions
whose ladders are not given, and rises that did not happen of members who have no stay at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from attrs import define, field
from sqlalchemy import Row, SelectBase, case, func, literal, select, union_all

from corekit.activities.tables import activity as _activity
from corekit.activities.tables import effect as _effect
from corekit.clock import day_number, local_day
from corekit.db.reader import Reader
from corekit.members.tables import member as _member
from corekit.proof.scope import Scope
from corekit.proof.search import Search
from corekit.tiers import review
from corekit.tiers.figures import Figures
from corekit.tiers.ladder import Ladder
from corekit.tiers.policy import BALANCE
from corekit.tiers.review import Change, Stay
from corekit.tiers.tables import assignment as _stay

Step = tuple[int, int, Mapping[str, int]]
"""The number of an activity, a day, and what counts on that day since: values by metric."""
_member_of = attrgetter("member_id")
DECIDED = frozenset(
    {review.QUALIFIED, review.REQUESTED, review.RENEWED, review.REQUALIFIED, review.GRACE, review.DOWNGRADED}
)
"""The reasons of stays that a policy began."""

SEARCHES = (
    Search(
        "16",
        "member ladder valid_from",
        """SELECT member_id AS member, ladder, valid_from FROM (SELECT member_id, ladder, valid_from, valid_to,
            lead(valid_from) OVER (PARTITION BY member_id, ladder ORDER BY valid_from, id) AS following
            FROM {stay}) t
        WHERE valid_to <= valid_from OR valid_to <> following OR (valid_to IS NULL) <> (following IS NULL)""",
    ),
    Search(
        "16",
        "stay activity",
        """SELECT t.id AS stay, t.activity_id AS activity FROM {stay} t
        LEFT JOIN {activity} a ON a.id = t.activity_id LEFT JOIN {activity} u ON u.id = t.undone_by
        WHERE a.id IS NULL OR a.state <> 'settled' OR a.member_id <> t.member_id OR a.recorded_at <> t.valid_from
            OR (t.undone_by IS NOT NULL AND (u.reverses IS NULL OR u.reverses <> t.activity_id))""",
    ),
    Search(
        "16",
        "activity ladder tier",
        """SELECT activity, ladder, tier FROM (
            SELECT t.activity_id AS activity, t.ladder, t.tier, 1 AS n FROM {stay} t
            JOIN {activity} a ON a.id = t.activity_id WHERE a.reverses IS NULL
            UNION ALL SELECT e.activity_id, e.data ->> 'ladder', e.data ->> 'tier', -1 FROM {effect} e
            WHERE e.kind IN ('SetTier', 'PlaceInTier') AND e.state = 'applied' AND e.undoes IS NULL) sides
        GROUP BY activity, ladder, tier HAVING sum(n) <> 0""",
    ),
)


@define
class _Past:
    """What a member had done up to some activity."""

    joined_at: int
    zone: ZoneInfo
    steps: Sequence[Step]
    """What was measured, in the order in which it was recorded."""
    done: int = 0
    totals: dict[str, int] = field(factory=dict[str, int])
    days: dict[str, dict[int, int]] = field(factory=dict[str, dict[int, int]])

    def until(self, seq: int) -> Figures:
        """Return the figures once the activity of that number had settled; numbers may only rise."""
        while self.done < len(self.steps) and self.steps[self.done][0] <= seq:
            _, day, values = self.steps[self.done]
            for name, value in values.items():
                self.totals[name] = self.totals.get(name, 0) + value
                of_day = self.days.setdefault(name, {})
                of_day[day] = of_day.get(day, 0) + value
            self.done += 1
        return Figures(self.joined_at, self.zone, self.totals, self.days)


def contradictions(
    read: Reader, scope: Scope, zone: ZoneInfo, ladders: Mapping[int, Sequence[Ladder]], most: int
) -> list[dict[str, Any]]:
    """Return the first stays that are not what evaluation makes of history; ``ladders`` are those of each version.

    Stays and history are read side by side in the order of members, one member in memory at a time: two statements.
    """
    found = (
        wrong
        for rows, steps in _by_member(read.stream(_stays(scope)), read.stream(_history(scope)))
        for wrong in _judged(rows, steps, zone, ladders)
    )
    return list(islice(found, most))


def _by_member(
    stays: Iterator[Row[Any]], history: Iterator[Row[Any]]
) -> Iterator[tuple[list[Row[Any]], list[Row[Any]]]]:
    """Yield the stays of each member with what it did; both come in the order of members."""
    done = groupby(history, _member_of)
    member, steps = next(done, (None, iter(())))
    for owner, rows in groupby(stays, _member_of):
        while member is not None and member < owner:
            member, steps = next(done, (None, iter(())))
        yield list(rows), list(steps) if member == owner else []


def _judged(
    rows: list[Row[Any]], done: list[Row[Any]], zone: ZoneInfo, ladders: Mapping[int, Sequence[Ladder]]
) -> Iterator[dict[str, Any]]:
    past = _Past(rows[0].joined_at, zone, list(_steps(done, zone)))
    before: dict[str, tuple[Row[Any], Row[Any] | None]] = {}
    # A figure is only ever summed up further, so the stays go by when they were decided.
    for row in sorted(rows, key=lambda row: (_decided(row), row.seq)):
        ladder = next((each for each in ladders.get(row.program, ()) if each.code == row.ladder), None)
        figures = past.until(_decided(row))
        if ladder is not None and _is_decided(ladder, row):
            stay = _previous(ladder, before.get(row.ladder), figures)
            found = _again(ladder, stay, figures, row)
            if found is None or not _agrees(found, row):
                member = row.member_id
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


def _stays(scope: Scope) -> SelectBase:
    parent = _activity.alias("parent")
    return (
        select(
            _stay,
            _activity.c.seq,
            _activity.c.occurred_at,
            parent.c.seq.label("cause_seq"),
            parent.c.recorded_at.label("cause_at"),
            parent.c.type.label("cause"),
            _member.c.joined_at,
        )
        .join(_activity, _activity.c.id == _stay.c.activity_id)
        .join(_member, _member.c.id == _stay.c.member_id)
        .outerjoin(parent, parent.c.id == _activity.c.parent_id)
        .where(scope.concerns("core_tier_assignment.member_id"))
        .order_by(_stay.c.member_id, _activity.c.seq, _stay.c.ladder)
    )


def _history(scope: Scope) -> SelectBase:
    """Return what was measured, on the day of what a reversal takes back, and (with a sign) what was shifted by day."""
    target = _activity.alias("target")
    taken_back = select(target.c.occurred_at).where(target.c.id == _activity.c.reverses).scalar_subquery()
    instant = func.coalesce(taken_back, _activity.c.occurred_at).label("instant")
    measured = select(
        _activity.c.member_id, _activity.c.seq, _activity.c.measures, instant, literal(0).label("sign")
    ).where(_activity.c.measures.is_not(None))
    shifted = (
        select(
            _activity.c.member_id,
            _activity.c.seq,
            _effect.c.data,
            _activity.c.occurred_at,
            case((_effect.c.undoes.is_(None), 1), else_=-1),
        )
        .join(_effect, _effect.c.activity_id == _activity.c.id)
        .where(_effect.c.kind == "ShiftMetrics", _effect.c.state == "applied")
    )
    concerned = (
        each.where(
            _activity.c.member_id.in_(select(_stay.c.member_id)),
            scope.concerns("core_activity.member_id"),
            _activity.c.state == "settled",
        )
        for each in (measured, shifted)
    )
    return union_all(*concerned).order_by("member_id", "seq")


def _steps(rows: Iterable[Row[Any]], zone: ZoneInfo) -> Iterator[Step]:
    for row in rows:
        if not row.sign:
            yield row.seq, day_number(local_day(row.instant, zone)), row.measures
        else:
            for day, values in row.measures["days"].items():
                yield row.seq, int(day), {name: row.sign * value for name, value in values.items()}
