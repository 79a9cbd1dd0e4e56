"""Criteria as statements: who met them, and when first, in the order in which things occurred.

What was taken back counts as if it had never been. Everything that a criterion counts becomes one row per activity;
sums over windows of these rows say how far each member was with each part of the criterion when the activity occurred.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    SelectBase,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    true,
    union_all,
)

from corekit import Bounds, Json, Whole, Window, member
from corekit.tables import activity as _activity
from corekit.tables import assignment as _stay
from corekit.tables import line as _line
from corekit_medals import counting, rules
from corekit_medals.catalogue import Catalogue, Level, Medal
from corekit_medals.counting import Tally
from corekit_medals.rules import All, AnyOf, Counted, Criterion, Holds, InTier, Leaf, NoneOf, Streak
from corekit_medals.spelling import Columns, JsonText, Mentions, local_day, number_of
from corekit_medals.tables import award as _award

_PLACE = ("member_id", "occurred_at", "recorded_at", "id", "day")
"""When something happened, in the order in which it counts."""


def met(bounds: Bounds, book: Catalogue) -> SelectBase:
    """Select the members who met criteria and hold no medal for it, as a sweep asks for it, with medal and level."""
    source = _Source(bounds, book)
    parts = [_award_of(source, medal, level) for medal in book.medals.values() for level in medal.levels]
    return union_all(*parts) if parts else _nobody()


def _nobody() -> Select[*tuple[Any, ...]]:
    columns = (literal("").label("key"), literal(0).label("amount"), literal("").label("rule"))
    return select(member.c.id.label("member_id"), *columns, cast(null(), Json).label("payload")).where(false())


def _award_of(source: _Source, medal: Medal, level: Level) -> Select[*tuple[Any, ...]]:
    first = first_met(source, level.when, medal.days).subquery()
    had = select(_award.c.id).where(
        _award.c.member_id == first.c.member_id,
        _award.c.medal == medal.id,
        _award.c.level == level.number,
        or_(_award.c.ended_at.is_(None), _award.c.end_reason == "taken"),
    )
    since = cast(first.c.since, Text)
    name = f"{medal.id}:{level.number}:"
    told = f'{{"medal": "{medal.id}", "level": {level.number}, "since": '
    return select(
        first.c.member_id,
        literal(name, Text)
        .concat(func.replace(cast(first.c.member_id, Text), "-", ""))
        .concat(literal(":", Text))
        .concat(since)
        .label("key"),
        literal(0).label("amount"),
        literal(medal.rule, Text).label("rule"),
        cast(literal(told, Text).concat(since).concat(literal("}", Text)), Json).label("payload"),
        literal(medal.id, Text).label("medal"),
        literal(level.number).label("level"),
    ).where(~had.exists())


def first_met(source: _Source, criterion: Criterion, season: rules.Days) -> Select[*tuple[Any, ...]]:
    """Select when each member met a criterion first: member_id and since."""
    leaves = list(dict.fromkeys(rules.leaves(criterion)))
    rows = [source.leaf(leaf, number, season) for number, leaf in enumerate(leaves, 1)]
    if _excludes(criterion):
        rows.append(source.all_of(rules.touching(criterion)))
    events = union_all(*rows).subquery() if len(rows) > 1 else rows[0].subquery()
    values = {leaf: _value(leaf, number, events) for number, leaf in enumerate(leaves, 1)}
    columns = [events.c[name] for name in ("member_id", "occurred_at", "day")]
    seen = select(*columns, *(each.label(f"v{number}") for number, each in enumerate(values.values(), 1))).subquery()
    known = {leaf: seen.c[f"v{number}"] for number, leaf in enumerate(leaves, 1)}
    return (
        select(seen.c.member_id, func.min(seen.c.occurred_at).label("since"))
        .where(_holds(criterion, known), _within(seen.c.day, season))
        .group_by(seen.c.member_id)
    )


def _excludes(criterion: Criterion) -> bool:
    if isinstance(criterion, NoneOf):
        return True
    return isinstance(criterion, All | AnyOf) and any(map(_excludes, criterion.of))


def _holds(criterion: Criterion, values: dict[Leaf, Any]) -> ColumnElement[bool]:
    if isinstance(criterion, All):
        return and_(true(), *(_holds(part, values) for part in criterion.of))
    if isinstance(criterion, AnyOf):
        return or_(false(), *(_holds(part, values) for part in criterion.of))
    if isinstance(criterion, NoneOf):
        return not_(or_(false(), *(_holds(part, values) for part in criterion.of)))
    value: ColumnElement[int] = values[criterion]
    return value >= rules.needed(criterion)


def _value(leaf: Leaf, number: int, events: Any) -> Columns:
    """Return how far a member was with a leaf at each event; events at the same place count together."""
    mine = case((events.c.leaf == number, events.c.n), else_=0)
    order = [events.c[name] for name in ("occurred_at", "recorded_at", "id")]
    whose, day = events.c.member_id, events.c.day
    if isinstance(leaf, Streak):
        return func.max(mine).over(partition_by=whose, order_by=order)
    if not isinstance(leaf, Counted) or leaf.window.bucket == "lifetime":
        return func.sum(mine).over(partition_by=whose, order_by=order)
    if leaf.window.rolling:
        # All of the last day are among the rows of its range: those that came later on it are taken off again.
        place, before = _rolling(leaf.window, day)
        span = func.sum(mine).over(partition_by=whose, order_by=place, range_=(-before, 0))
        of_day = func.sum(mine).over(partition_by=(whose, day))
        return span - of_day + func.sum(mine).over(partition_by=(whose, day), order_by=order)
    return func.sum(mine).over(partition_by=(whose, _bucket(leaf.window.bucket, day)), order_by=order)


def _rolling(window: Window, day: Columns) -> tuple[Columns, int]:
    """Return places of days in their order, and how many before the place of a day belong to a window seen from it.

    With 31 places for each month, those after the same place so many months before are those after the same day of that
    month, or after its last day if it is shorter.
    """
    if window.bucket == "day":
        return day, window.rolling - 1
    months = window.rolling * (12 if window.bucket == "year" else 1)
    return number_of(day, "month") * 31 + number_of(day, "day"), 31 * months - 1


def _bucket(bucket: str, day: Columns) -> Columns:
    """Return the number of the day, week, month, quarter or year that holds a day."""
    if bucket == "day":
        return day
    if bucket == "week":
        return (day + 3) // 7  # 1970-01-01 was a Thursday
    month = number_of(day, "month")
    return month if bucket == "month" else month // {"quarter": 3, "year": 12}[bucket]


def _within(day: Columns, season: rules.Days) -> ColumnElement[bool]:
    first, last = season
    return and_(true(), *([day >= first] if first is not None else []), *([day <= last] if last is not None else []))


class _Source:
    """Where the rows come from: settled activities, with what came back of them, by the member who has them now."""

    def __init__(self, bounds: Bounds, book: Catalogue) -> None:
        family = (
            select(member.c.id, member.c.id.label("owner"))
            .where(bounds.within(member.c.id), member.c.merged_into.is_(None))
            .cte("family", recursive=True)
        )
        self._family = family.union_all(select(member.c.id, family.c.owner).where(member.c.merged_into == family.c.id))
        self._day = local_day(bounds.zone, bounds.at)
        self._types = sorted(book.types)
        self._returned = self._returns()
        self._done = self._settled()
        self._lines_back = self._returned_lines()

    def _returns(self) -> CTE:
        taken = select(
            _activity.c.reverses.label("id"),
            func.count().label("parts"),
            cast(func.sum(_activity.c.amount), Whole).label("back"),
        ).join_from(self._family, _activity, _activity.c.member_id == self._family.c.id)
        taken = taken.where(_activity.c.reverses.is_not(None), _activity.c.state == "settled")
        return taken.group_by(_activity.c.reverses).cte("returned")

    def _settled(self) -> CTE:
        returned = self._returned
        of_lines = select(func.nullif(func.sum(_line.c.amount), 0)).where(_line.c.activity_id == _activity.c.id)
        weight = cast(func.coalesce(of_lines.scalar_subquery(), func.abs(_activity.c.amount)), Whole)
        back = func.coalesce(returned.c.back, 0)
        is_gone = case((returned.c.parts > 0, back == weight), else_=false())
        part = case((back > 0, (back * func.abs(_activity.c.amount)) // weight), else_=0)
        names = ("id", "type", "occurred_at", "recorded_at", "amount", "payload")
        return (
            select(
                self._family.c.owner.label("member_id"),
                *(_activity.c[name] for name in names),
                self._day(_activity.c.occurred_at).label("day"),
                case((_activity.c.amount >= 0, _activity.c.amount - part), else_=_activity.c.amount + part).label(
                    "left"
                ),
            )
            .join_from(self._family, _activity, _activity.c.member_id == self._family.c.id)
            .outerjoin(returned, returned.c.id == _activity.c.id)
            .where(_activity.c.state == "settled", _activity.c.type.in_(self._types or [""]), not_(is_gone))
            .cte("done")
        )

    def _returned_lines(self) -> CTE:
        return (
            select(
                _activity.c.reverses.label("id"),
                _line.c.no,
                cast(func.sum(_line.c.amount), Whole).label("amount"),
                cast(func.sum(_line.c.quantity), Whole).label("quantity"),
            )
            .join_from(self._family, _activity, _activity.c.member_id == self._family.c.id)
            .join(_line, _line.c.activity_id == _activity.c.id)
            .where(_activity.c.reverses.is_not(None), _activity.c.state == "settled")
            .group_by(_activity.c.reverses, _line.c.no)
            .cte("returned_lines")
        )

    # What becomes rows

    def all_of(self, types: frozenset[str]) -> Select[*tuple[Any, ...]]:
        """Select everything that touches a criterion, as rows that count nothing."""
        done = self._done
        chosen = select(*(done.c[name] for name in _PLACE), literal(0).label("leaf"), literal(0).label("n"))
        return chosen.where(done.c.type.in_(sorted(types)))

    def leaf(self, leaf: Leaf, number: int, season: rules.Days) -> Select[*tuple[Any, ...]]:
        """Select what a leaf counts: when, and how much."""
        if isinstance(leaf, InTier):
            return self._stays(leaf, number)
        if isinstance(leaf, Holds):
            return self._held(leaf, number)
        rows = self._tally(leaf.tally, season)
        return self._runs(leaf, number, rows) if isinstance(leaf, Streak) else self._counted(leaf, number, rows)

    def _counted(self, leaf: Counted, number: int, rows: Any) -> Select[*tuple[Any, ...]]:
        found = rows.subquery()
        place = [found.c[name] for name in _PLACE]
        if not leaf.distinct:
            return select(*place, literal(number).label("leaf"), found.c.n)
        whose = [found.c.member_id, found.c.value]
        if leaf.window.bucket != "lifetime":
            whose.append(_bucket(leaf.window.bucket, found.c.day))
        order = [found.c[name] for name in ("occurred_at", "recorded_at", "id")]
        nth = func.row_number().over(partition_by=whose, order_by=order)
        return select(*place, literal(number).label("leaf"), case((nth == 1, 1), else_=0).label("n"))

    def _runs(self, leaf: Streak, number: int, rows: Any) -> Select[*tuple[Any, ...]]:
        """Select the first of each day, week or month, with how many there are in a row by then."""
        found = rows.subquery()
        order = [found.c[name] for name in ("occurred_at", "recorded_at", "id")]
        unit = _bucket(leaf.unit, found.c.day)
        nth = func.row_number().over(partition_by=(found.c.member_id, unit), order_by=order)
        all_ = select(*(found.c[name] for name in _PLACE), unit.label("unit"), nth.label("nth")).subquery()
        first = select(all_).where(all_.c.nth == 1).subquery()
        so_far = func.row_number().over(partition_by=first.c.member_id, order_by=first.c.unit)
        row = (first.c.unit - so_far).label("row")
        rows_ = select(*(first.c[name] for name in (*_PLACE, "unit")), row).subquery()
        length = func.row_number().over(partition_by=(rows_.c.member_id, rows_.c.row), order_by=rows_.c.unit)
        return select(*(rows_.c[name] for name in _PLACE), literal(number).label("leaf"), length.label("n"))

    def _tally(self, tally: Tally, season: rules.Days) -> Select[*tuple[Any, ...]]:
        """Select what is counted of each activity: when, value and number."""
        done = self._done
        conditions: list[ColumnElement[bool]] = [done.c.type.in_(tally.types), _within(done.c.day, season)]
        conditions += [
            JsonText(done.c.payload, literal_column(_path(name))).in_(values) for name, values in tally.where
        ]
        if tally.minimum is not None:
            conditions.append(done.c.amount >= tally.minimum)
        place = [done.c[name] for name in _PLACE]
        if tally.of_lines:
            return self._of_lines(tally, place, conditions)
        value: Columns = literal("", Text)
        if tally.by is not None:
            value = JsonText(done.c.payload, literal_column(_path(tally.by)))
            conditions.append(func.substr(value, 1, 1).not_in(("n", "{", "[")))
        number: Columns = done.c.left if tally.measure == "amount" else literal(1)
        return select(*place, value.label("value"), number.label("n")).where(*conditions)

    def _of_lines(
        self, tally: Tally, place: Sequence[Any], conditions: Sequence[ColumnElement[bool]]
    ) -> Select[*tuple[Any, ...]]:
        done, back = self._done, self._lines_back
        amount = _line.c.amount - func.coalesce(back.c.amount, 0)
        has_left = or_(_line.c.amount == 0, amount != 0)
        value: Columns = literal("", Text)
        grouping: list[Any] = list(place)
        wanted = [*conditions, *_taken(tally)]
        number: Columns = literal(1)
        if tally.by is not None:
            value = _line.c[counting.BY_LINES[tally.by]] if tally.by in counting.BY_LINES else value
            grouping.append(value)
            wanted += [value.is_not(None), has_left]
        elif tally.measure == "count":
            wanted.append(has_left)
        else:
            left = amount if tally.measure == "amount" else _line.c.quantity - func.coalesce(back.c.quantity, 0)
            number = cast(func.sum(left), Whole)
        return (
            select(*place, value.label("value"), number.label("n"))
            .join_from(done, _line, _line.c.activity_id == done.c.id)
            .outerjoin(back, and_(back.c.id == done.c.id, back.c.no == _line.c.no))
            .where(*wanted)
            .group_by(*grouping)
        )

    def _stays(self, leaf: InTier, number: int) -> Select[*tuple[Any, ...]]:
        """Select when members came into one of the tiers, and when they left them."""
        within = case((_stay.c.tier.in_(leaf.tiers), 1), else_=0)
        before = func.coalesce(func.lag(within).over(partition_by=_stay.c.member_id, order_by=_stay.c.valid_from), 0)
        return (
            select(
                _stay.c.member_id,
                _activity.c.occurred_at,
                _activity.c.recorded_at,
                _activity.c.id,
                self._day(_activity.c.occurred_at).label("day"),
                literal(number).label("leaf"),
                (within - before).label("n"),
            )
            .join_from(_stay, self._family, self._family.c.id == _stay.c.member_id)
            .join(_activity, _activity.c.id == _stay.c.activity_id)
            .where(self._family.c.id == self._family.c.owner)
            .where(_stay.c.ladder == leaf.ladder, _stay.c.undone_by.is_(None))
        )

    def _held(self, leaf: Holds, number: int) -> Select[*tuple[Any, ...]]:
        """Select since when members hold another medal."""
        return (
            select(
                _award.c.member_id,
                _award.c.since.label("occurred_at"),
                _award.c.awarded_at.label("recorded_at"),
                _award.c.activity_id.label("id"),
                self._day(_award.c.since).label("day"),
                literal(number).label("leaf"),
                literal(1).label("n"),
            )
            .join_from(_award, self._family, self._family.c.id == _award.c.member_id)
            .where(self._family.c.id == self._family.c.owner)
            .where(_award.c.medal == leaf.medal, _award.c.level >= leaf.level, _award.c.ended_at.is_(None))
        )


Source = _Source


def _taken(tally: Tally) -> Iterator[ColumnElement[bool]]:
    """Yield what lines have to be to count."""
    wanted = tally.lines or counting.Lines()
    if wanted.skus:
        yield _line.c.sku.in_(sorted(wanted.skus))
    if wanted.categories:
        yield _line.c.category.in_(sorted(wanted.categories))
    if wanted.flags:
        yield or_(*(Mentions(_line.c.flags, literal(counting.as_json(flag), Text)) for flag in sorted(wanted.flags)))


def _path(name: str) -> str:
    """Return a name as a literal: it is one that a schema has, and the statement is the same for all rows."""
    return "'" + name.replace("'", "''") + "'"
