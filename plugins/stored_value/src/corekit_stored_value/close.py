"""The daily close: opening + in - out = closing, by account kind, store and channel, kept for good.

A day is one of the program's calendar, and a movement belongs to the day on which it was recorded. What is recorded for
a day that is closed already (a source that tells history, a member who was slow to commit) falls into the next one that
is closed, and stands there as ``late``: a closed day never changes. Which activities a day has follows from the outbox,
in which each activity takes one place for ever: those recorded before the end of the day that no earlier day has.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from attrs import Factory, define, field, frozen
from sqlalchemy import ColumnElement, and_, func, insert, select

from corekit import Invalid, Job, Kit, Problem, Reader, Work, micros, moment
from corekit.tables import outbox, posting
from corekit_stored_value import tables
from corekit_stored_value.booked import Booked, booked
from corekit_stored_value.declared_reports import DAY_NOT_OVER

Place = tuple[str, str, str]
"""Account kind, store and channel."""
_day, _line = tables.closed_day, tables.close


@define
class Line:
    """One line of a close, in minor units: what members had, what came and went on the day, and what they have.

    ``store`` and ``channel`` are "" for what names none. ``late`` is what of ``ins`` less ``outs`` was recorded for
    days that had been closed before. ``types`` has ins and outs by activity type.
    """

    kind: str
    store: str
    channel: str
    opening: int = 0
    ins: int = 0
    outs: int = 0
    late: int = 0
    types: dict[str, tuple[int, int]] = Factory(dict[str, tuple[int, int]])

    @property
    def closing(self) -> int:
        """What members have at the end of the day."""
        return self.opening + self.ins - self.outs

    @property
    def figures(self) -> tuple[int, int, int, int, int]:
        """Opening, ins, outs, what of them came late, and closing."""
        return self.opening, self.ins, self.outs, self.late, self.closing

    def add(self, type_: str, amount: int, *, late: bool) -> None:
        """Enter a movement."""
        came, went = max(amount, 0), max(-amount, 0)
        self.ins += came
        self.outs += went
        self.late += amount if late else 0
        before = self.types.get(type_, (0, 0))
        self.types[type_] = (before[0] + came, before[1] + went)


@frozen(kw_only=True)
class ClosedDay:
    """A business day that is closed. ``upto`` is how far the outbox was when it was, ``resume`` what no day has yet."""

    day: date
    begins: datetime
    ends: datetime
    closed_at: datetime
    upto: int = field(repr=False)
    resume: int = field(repr=False)
    lines: tuple[Line, ...] = ()

    @property
    def closing(self) -> Mapping[Place, int]:
        """What members have at its end, by account kind, store and channel."""
        return {(line.kind, line.store, line.channel): line.closing for line in self.lines}


def close(kit: Kit, day: date | None = None) -> list[ClosedDay]:
    """Close the days up to and including ``day`` (None: yesterday) that are not closed yet; return them.

    Where no day was ever closed it is that day alone, and what was before is its opening. A fixed number of statements
    for each day, whatever happened on it. Raises :class:`~corekit.Invalid` (``STORED_VALUE_DAY_NOT_OVER``) for a day
    that is not over, and :class:`~corekit.Unavailable` where others do not end what they began.
    """
    zone, now = kit.zone, kit.now()
    yesterday = now.astimezone(zone).date() - timedelta(days=1)
    wanted = day or yesterday
    if wanted > yesterday:
        said = DAY_NOT_OVER.en.format(day=wanted)
        raise Invalid([Problem(code=DAY_NOT_OVER.code, path=("day",), message=said, parameters={"day": str(wanted)})])
    made: list[ClosedDay] = []
    while (found := _next(kit, wanted, now)) is not None:
        made.append(found)
    return made


def closed(read: Reader, day: date) -> ClosedDay | None:
    """Return a closed day, or None where it is not closed. Two statements."""
    found = closed_days(read, day, day)
    return found[0] if found else None


def closed_days(read: Reader, since: date, until: date) -> list[ClosedDay]:
    """Return the closed days from one to another, both included, the oldest first. Two statements."""
    between = (since.isoformat(), until.isoformat())
    heads = read.all(select(_day).where(_day.c.day.between(*between)).order_by(_day.c.day))
    order = (_line.c.day, _line.c.kind, _line.c.store, _line.c.channel)
    lines: dict[str, list[Line]] = {head.day: [] for head in heads}
    for row in read.all(select(_line).where(_line.c.day.between(*between)).order_by(*order)):
        lines[row.day].append(_read(row))
    return [_closed(head, tuple(lines[head.day])) for head in heads]


def last_closed(read: Reader) -> date | None:
    """Return the last day that was closed."""
    newest = read.scalar(select(func.max(_day.c.day)))
    return None if newest is None else date.fromisoformat(newest)


def unequal(read: Reader, day: ClosedDay) -> list[tuple[Place, int, int]]:
    """Return the lines of a closed day that are not what all postings until then sum up to: place, kept, summed.

    It passes through the whole books once: the proof of a close, which itself adds one day to the day before.
    """
    sums: dict[Place, int] = {}
    for each in booked(read, _until(day.ends, day.upto)):
        place = (each.kind, each.store, each.channel)
        sums[place] = sums.get(place, 0) + each.amount
    kept = day.closing
    places = sorted({*sums, *kept})
    return [(each, kept.get(each, 0), sums.get(each, 0)) for each in places if kept.get(each, 0) != sums.get(each, 0)]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a day on the program's clock."""
    return datetime.combine(day, time.min, zone)


def _next(kit: Kit, wanted: date, now: datetime) -> ClosedDay | None:
    """Close the next day up to one; None where that is closed."""
    upto = kit.outbox.final()
    with kit.read() as read:
        newest = last_closed(read)
        if newest is not None and newest >= wanted:
            return None
        before = closed(read, newest) if newest is not None else None
        day = wanted if newest is None else newest + timedelta(days=1)
        made = _sum_up(read, day, before, upto, kit.zone, now)
    with kit.database.write() as connection:
        if kit.database.dialect == "postgresql":
            connection.exec_driver_sql("LOCK TABLE stored_value_closed_day IN SHARE ROW EXCLUSIVE MODE")
        again = Reader(connection)
        if last_closed(again) == newest:
            connection.execute(insert(_day), _head(made))
            if made.lines:
                connection.execute(insert(_line), [_row(made.day, line) for line in made.lines])
            return made
        theirs = closed(again, day)
    return theirs or _next(kit, wanted, now)  # somebody else closed a day at the same time


def _sum_up(read: Reader, day: date, before: ClosedDay | None, upto: int, zone: ZoneInfo, now: datetime) -> ClosedDay:
    """Add what a day has to what there was before."""
    begins, ends = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    resume, known = (0, 0) if before is None else (before.resume, before.upto)
    place, recorded_at = outbox.c.position, outbox.c.recorded_at
    is_open = (place > resume, place <= upto)
    lines = {(each.kind, each.store, each.channel): each for each in _carried(before)}

    def line_of(each: Booked) -> Line:
        return lines.setdefault((each.kind, each.store, each.channel), Line(each.kind, each.store, each.channel))

    # Postings have no index by time, but one by activity: all that is open comes after the first activity of these.
    oldest = read.scalar(select(outbox.c.activity_id).where(*is_open).order_by(outbox.c.activity_id).limit(1))
    if oldest is not None:
        is_new = and_(posting.c.activity_id >= oldest, posting.c.recorded_at >= micros(begins), _until(ends, upto))
        for each in booked(read, is_new):
            line_of(each).add(each.type, each.amount, late=False)
    is_late = (place > known, place <= upto, recorded_at < micros(begins))
    # What is recorded for later days already has to be found again.
    first = func.min(place).filter(recorded_at >= micros(ends))
    others = read.one(select(first.label("first"), func.min(place).filter(*is_late).label("late")).where(*is_open))
    if others is not None and others.late is not None:
        older = select(outbox.c.activity_id).where(*is_late)
        for each in booked(read, posting.c.activity_id.in_(older)):
            if before is None:
                line_of(each).opening += each.amount
            else:
                line_of(each).add(each.type, each.amount, late=True)
    return ClosedDay(
        day=day,
        begins=begins,
        ends=ends,
        closed_at=now,
        upto=upto,
        resume=upto if others is None or others.first is None else others.first - 1,
        lines=tuple(lines[key] for key in sorted(lines)),
    )


def _until(ends: datetime, upto: int) -> ColumnElement[bool]:
    """Choose what was recorded before an instant, and stands in the outbox up to a place."""
    beyond = select(outbox.c.activity_id).where(outbox.c.position > upto, outbox.c.recorded_at < micros(ends))
    return and_(posting.c.recorded_at < micros(ends), posting.c.activity_id.not_in(beyond))


def _carried(before: ClosedDay | None) -> list[Line]:
    lines = before.lines if before is not None else ()
    return [Line(each.kind, each.store, each.channel, opening=each.closing) for each in lines]


def _head(made: ClosedDay) -> dict[str, Any]:
    instants = {name: micros(getattr(made, name)) for name in ("begins", "ends", "closed_at")}
    return {"day": made.day.isoformat(), "upto": made.upto, "resume": made.resume, **instants}


def _row(day: date, line: Line) -> dict[str, Any]:
    names = ("kind", "store", "channel", "opening", "ins", "outs", "late", "closing", "types")
    return {"day": day.isoformat(), **{name: getattr(line, name) for name in names}}


def _closed(head: Any, lines: tuple[Line, ...]) -> ClosedDay:
    return ClosedDay(
        day=date.fromisoformat(head.day),
        begins=moment(head.begins),
        ends=moment(head.ends),
        closed_at=moment(head.closed_at),
        upto=head.upto,
        resume=head.resume,
        lines=lines,
    )


def _read(row: Any) -> Line:
    types = {name: (ins, outs) for name, (ins, outs) in row.types.items()}
    return Line(row.kind, row.store, row.channel, row.opening, row.ins, row.outs, row.late, types)


def _run(work: Work) -> Mapping[str, Any]:
    """Close what is over as of the instant of the run."""
    day = work.at.astimezone(work.kit.zone).date() - timedelta(days=1)
    return {"closed": [each.day.isoformat() for each in close(work.kit, day)]}


CLOSE = Job(
    name="stored_value.close",
    run=_run,
    description="Closes the business days of stored value that are over.",
    schedule="15 0 * * *",
)
