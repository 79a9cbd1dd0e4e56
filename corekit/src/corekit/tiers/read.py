"""Reading tiers: where members stand or stood, and how far the next tier is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, bindparam, case, func, or_, select, true

from corekit.activities.tables import activity as _activity
from corekit.activities.tables import metric as _total
from corekit.activities.tables import metric_day as _day
from corekit.clock import micros
from corekit.db.prepared import Prepared, prepared
from corekit.db.reader import Reader, any_of
from corekit.db.shape import Shape, group
from corekit.db.types import Whole
from corekit.metrics import LIFETIME, MEMBERSHIP_YEAR, Window
from corekit.tiers.asof import people
from corekit.tiers.evaluate import Progress
from corekit.tiers.evaluate import progress as _progress
from corekit.tiers.ladder import Ladder, Measure, Tier
from corekit.tiers.policy import BALANCE
from corekit.tiers.tables import assignment as _assignment

if TYPE_CHECKING:
    from corekit.program.program import Program

By = Literal["recorded", "occurred"]
"""By which of its times something is asked for."""
_UTC = ZoneInfo("UTC")
_FIRST_DAY = date(1970, 1, 1).toordinal()


class Standing(NamedTuple):
    """A member's stay in a tier, from ``valid_from`` until ``valid_to`` (None: still), and why.

    ``measured`` are the values that decided, by metric and window.
    ``activity`` is the one that brought it about, ``program`` the version of the program that decided.
    ``expires_at`` is until when it is valid (None: for ever); until ``locked_until`` only ``locked_by`` changes it.
    """

    member: str
    ladder: str
    tier: str
    valid_from: datetime
    valid_to: datetime | None
    reason: str
    activity: str
    measured: Mapping[str, int]
    program: int
    expires_at: datetime | None = None
    locked_until: datetime | None = None
    locked_by: str | None = None


_STANDING = Shape(
    Standing,
    _assignment,
    always=("member", "ladder"),
    member=_assignment.c.member_id,
    activity=_assignment.c.activity_id,
)


def standing(
    read: Reader,
    member_ids: Iterable[str],
    at: datetime | None = None,
    *,
    by: Literal["recorded", "occurred"] = "recorded",
    only: Collection[str] | None = None,
) -> dict[str, list[Standing]]:
    """Return where each member stands now, or stood at an instant: one standing per ladder at most.

    By what was ``recorded`` until then; or by what had ``occurred``, as far as it is known by now. Where ``only`` some
    fields will be looked at, others may be None.
    """
    ids, left_out = list(member_ids), _STANDING.left_out(only)
    if at is None:
        return group(read.all(_standings("now", left_out), ids=ids), "member", ids)
    if by == "occurred":
        return _occurred(read, ids, micros(at))
    return group(read.all(_standings("then", left_out), ids=ids, at=micros(at)), "member", ids)


def _occurred(read: Reader, ids: list[str], instant: int) -> dict[str, list[Standing]]:
    """Return the last stay on each ladder whose cause had occurred; stays are in the order of being recorded."""
    statement = (
        select(*_STANDING.columns)
        .join(_activity, _activity.c.id == _assignment.c.activity_id)
        .where(any_of(_assignment.c.member_id, ids), _activity.c.occurred_at <= instant)
        .order_by(_assignment.c.member_id, _assignment.c.ladder, _assignment.c.valid_from)
    )
    last = {(found.member, found.ladder): found for found in map(_STANDING, read.all(statement))}
    return group(last.values(), "member", ids)


def history(read: Reader, member_ids: Iterable[str]) -> dict[str, list[Standing]]:
    """Return every stay of each member, by ladder, oldest first."""
    ids = list(member_ids)
    return group(read.all(_standings("ever"), ids=ids), "member", ids)


def progress(
    program: Program, read: Reader, member_ids: Iterable[str], now: datetime, zone: ZoneInfo
) -> dict[str, list[Progress]]:
    """Return for each member and ladder the tier it stands in, the next one, and what is missing.

    ``zone`` is the program's: its calendar says which days a window spans. At most three statements, and as many
    more where a ladder asks for membership years or balances.
    """
    ids = list(member_ids)
    criteria = [each for ladder in program.ladders for tier in ladder.tiers for each in tier.criteria]
    wanted = {(each.metric, each.window) for each in criteria}
    measures = measured(read, ids, wanted, now.astimezone(zone).date(), zone)
    found: dict[str, list[Progress]] = {}
    for key, standings in standing(read, ids).items():
        tiers = {each.ladder: each.tier for each in standings}
        found[key] = [
            _progress(ladder, _tier(ladder, tiers.get(ladder.code)), measures[key]) for ladder in program.ladders
        ]
    return found


def measured(
    read: Reader, member_ids: Iterable[str], wanted: Iterable[tuple[str, Window]], day: date, zone: ZoneInfo = _UTC
) -> dict[str, Measure]:
    """Return for each member a function that gives a wanted metric over a window as seen from ``day``.

    ``zone`` is the program's, in which a member joined on some day.
    """
    ids, pairs = list(member_ids), sorted(set(wanted), key=str)
    values: dict[str, dict[tuple[str, Window], int]] = {key: {} for key in ids}
    if own := [pair for pair in pairs if pair[1] == MEMBERSHIP_YEAR or pair[0].startswith(BALANCE)]:
        pairs = [pair for pair in pairs if pair not in own]
        for key, person in people(read, ids, own, zone, day).items():
            values[key] |= {pair: person.sum(*pair, day) for pair in own}
    if total := [metric for metric, window in pairs if window == LIFETIME]:
        statement = select(_total).where(any_of(_total.c.member_id, ids), any_of(_total.c.metric, total))
        for row in read.all(statement):
            values[row.member_id][row.metric, LIFETIME] = row.value
    if spans := [pair for pair in pairs if pair[1] != LIFETIME]:
        for row in read.all(_spanned(ids, spans, day)):
            of_metric = ((pair, row[index]) for index, pair in enumerate(spans, 2) if pair[0] == row.metric)
            values[row.member_id] |= {pair: int(value) for pair, value in of_metric}
    return {key: _measure(found) for key, found in values.items()}


def _spanned(ids: list[str], spans: list[tuple[str, Window]], day: date) -> Select[Any]:
    """Return the select of the sums over each window, a column each, by member and metric."""
    ranges = [[edge.toordinal() - _FIRST_DAY for edge in window.days(day)] for _, window in spans]
    within = [(_day.c.day >= low) & (_day.c.day <= high) for low, high in ranges]
    return (
        select(
            _day.c.member_id,
            _day.c.metric,
            *(func.sum(case((each, _day.c.value), else_=0)) for each in within),
        )
        .where(
            any_of(_day.c.member_id, ids),
            any_of(_day.c.metric, [metric for metric, _ in spans]),
            or_(*within),
        )
        .group_by(_day.c.member_id, _day.c.metric)
    )


def _measure(found: Mapping[tuple[str, Window], int]) -> Measure:
    return lambda metric, window: found.get((metric, window), 0)


def _tier(ladder: Ladder, code: str | None) -> Tier:
    """Return the tier of that code; where the program has no such tier any more, the first."""
    return next((tier for tier in ladder.tiers if tier.code == code), ladder.tiers[0])


@prepared
def _standings(of: Literal["now", "then", "ever"], left_out: frozenset[str] = frozenset()) -> Prepared:
    valid_from, valid_to = _assignment.c.valid_from, _assignment.c.valid_to
    at = bindparam("at", type_=Whole)
    where = {
        "now": valid_to.is_(None),
        "then": and_(valid_from <= at, or_(valid_to.is_(None), valid_to > at)),
        "ever": true(),
    }
    statement = select(*_STANDING.columns_but(left_out)).where(
        any_of(_assignment.c.member_id, bindparam("ids")), where[of]
    )
    return Prepared(statement.order_by(_assignment.c.member_id, _assignment.c.ladder, valid_from), Standing)
