"""What is read of members before medals are judged, or shown: their history, and what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from attrs import field, frozen
from sqlalchemy import Select, or_, select

from corekit import Activity, Batch, Facts, Line, Reader, any_of, member, moment
from corekit.tables import activity as _activity
from corekit.tables import line as _line
from corekit_medals import declared
from corekit_medals.catalogue import Catalogue
from corekit_medals.history import NOTHING, Event, History, Return, event, less
from corekit_medals.rules import Happened
from corekit_medals.tables import award as _award
from corekit_medals.tables import edition as _edition

Key = tuple[str, int]
"""A medal and a level of it."""
NO_FOLLOW_ONS = frozenset({"purchase", "member.registered"})
"""What is recorded by whoever tells it: most medals count it, and nothing need be read for what else happens."""
OWN = frozenset(each.name for each in declared.ACTIVITIES)


@frozen(kw_only=True)
class Held:
    """An award that has not ended: whether somebody gave it by hand, and where it is shown."""

    given: bool
    place: int | None = None
    pinned: bool = False


@frozen(kw_only=True)
class Seen:
    """What was read for a member.

    ``held`` are its awards, ``taken`` the medals that were taken from it by hand: those come back by hand alone.
    ``given`` says how many of limited editions are out.
    """

    history: History = NOTHING
    held: Mapping[Key, Held] = field(factory=dict[Key, Held])
    taken: frozenset[Key] = frozenset()
    given: Mapping[Key, int] = field(factory=dict[Key, int])


UNSEEN = Seen()


def load(batch: Batch, read: Reader, facts: Facts) -> Mapping[str, Seen]:
    """Read what the activities of a batch need: four statements at most, and none where nothing is touched."""
    judging: set[str] = set()
    concerned: set[str] = set()
    catalogues: dict[int, Catalogue] = {}
    for activity in batch:
        book: Catalogue = facts.program(activity)
        catalogues[id(book)] = book
        if _may_be_judged(activity.type, book):
            judging.add(activity.member)
        elif activity.type in OWN:
            concerned.add(activity.member)
    members = judging | concerned
    if not members:
        return {}
    books = tuple(catalogues.values())
    types = frozenset[str]().union(*(book.types for book in books))
    of_lines = frozenset(name for book in books for tally in book.tallies if tally.of_lines for name in tally.types)
    found = histories(read, judging, types, of_lines, books[0].zone) if types and judging else {}
    held, taken = awards(read, members)
    limited = {medal for book in books for medal in book.limited}
    given = editions(read, limited)
    return {
        each: Seen(
            history=found.get(each) or History(),
            held=held.get(each, {}),
            taken=frozenset(taken.get(each, ())),
            given=given,
        )
        for each in members
    }


def _may_be_judged(type_: str, book: Catalogue) -> bool:
    """Say whether an activity, or what follows from it in the same chunk, can touch a medal."""
    if type_ in book.touched or type_ in book.returns:
        return True
    if type_ in OWN:
        return type_ == declared.AWARDED.name and declared.WON.name in book.touched
    return bool(book.touched.keys() - NO_FOLLOW_ONS)


def histories(
    read: Reader, members: Iterable[str], types: frozenset[str], of_lines: frozenset[str], zone: tzinfo
) -> dict[str, History]:
    """Return what members did, and those that became a part of them: two statements."""
    rows = read.all(_happened(members, types))
    returned = {row.reverses for row in rows if row.reverses is not None}
    wanted = [row.id for row in rows if row.reverses is not None or row.id in returned or row.type in of_lines]
    lines = _lines(read, wanted)
    found: dict[str, dict[str, Happened]] = {}
    for row in rows:
        theirs = found.setdefault(row.owner, {})
        id_, what = _event(row, lines.get(row.id, ()), zone)
        if isinstance(what, Return):
            if what.of in theirs:
                theirs[what.of] = less(theirs[what.of], what)
        else:
            theirs[id_] = what
    return {owner: History(theirs) for owner, theirs in found.items()}


def _event(row: Any, lines: Sequence[Line], zone: tzinfo) -> Event:
    told = Activity(
        type=row.type,
        id=row.id,
        occurred_at=moment(row.occurred_at),
        amount=row.amount,
        payload=row.payload or {},
        lines=tuple(lines),
        reverses=row.reverses,
    )
    return event(told, zone)


def _happened(members: Iterable[str], types: frozenset[str]) -> Select[*tuple[Any, ...]]:
    """Select what members did, and those that became a part of them, in the order in which it was recorded."""
    whole = select(member.c.id, member.c.id.label("owner")).where(any_of(member.c.id, members))
    family = whole.cte("family", recursive=True)
    family = family.union_all(select(member.c.id, family.c.owner).where(member.c.merged_into == family.c.id))
    columns = ("id", "type", "occurred_at", "amount", "payload", "reverses")
    return (
        select(family.c.owner, *(_activity.c[name] for name in columns))
        .join_from(family, _activity, _activity.c.member_id == family.c.id)
        .where(_activity.c.state == "settled", or_(any_of(_activity.c.type, types), _activity.c.reverses.is_not(None)))
        .order_by(family.c.owner, _activity.c.recorded_at, _activity.c.id)
    )


def _lines(read: Reader, activities: Sequence[str]) -> Mapping[str, list[Line]]:
    """Return the lines of activities: one statement, and none for no activity."""
    found: dict[str, list[Line]] = {}
    if activities:
        columns = ("activity_id", "no", "amount", "sku", "category", "quantity", "flags")
        chosen = select(*(_line.c[name] for name in columns)).where(any_of(_line.c.activity_id, activities))
        for row in read.all(chosen.order_by(_line.c.activity_id, _line.c.no)):
            line = Line(row.no, row.amount, row.sku, row.category, row.quantity, None, tuple(row.flags or ()))
            found.setdefault(row.activity_id, []).append(line)
    return found


def awards(read: Reader, members: Iterable[str]) -> tuple[Mapping[str, Mapping[Key, Held]], Mapping[str, set[Key]]]:
    """Return what members hold, and what was taken from them by hand and not given back: one statement."""
    names = ("member_id", "medal", "level", "reason", "ended_at", "end_reason", "place", "pinned")
    chosen = select(*(_award.c[name] for name in names)).where(any_of(_award.c.member_id, members))
    held: dict[str, dict[Key, Held]] = {}
    taken: dict[str, set[Key]] = {}
    for row in read.all(chosen.order_by(_award.c.member_id, _award.c.awarded_at, _award.c.id)):
        key = (row.medal, row.level)
        theirs = taken.setdefault(row.member_id, set())
        theirs.discard(key)
        if row.ended_at is None:
            given = row.reason == "given"
            each = Held(given=given, place=row.place, pinned=bool(row.pinned))
            held.setdefault(row.member_id, {})[key] = each
        elif row.end_reason == "taken":
            theirs.add(key)
    return held, taken


def editions(read: Reader, medals: Iterable[str]) -> Mapping[Key, int]:
    """Return how many of limited medals are out: one statement, and none for no medal."""
    wanted = sorted(medals)
    if not wanted:
        return {}
    rows = read.all(select(_edition).where(any_of(_edition.c.medal, wanted)))
    return {(row.medal, row.level): int(row.given) for row in rows}


def now_day(at: datetime, zone: tzinfo) -> int:
    """Return the number of the day of an instant on the program's clock."""
    return (at.astimezone(zone).date() - datetime(1970, 1, 1).date()).days  # noqa: DTZ001 - a date has no zone
