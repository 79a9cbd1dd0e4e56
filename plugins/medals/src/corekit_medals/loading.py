"""What is read of members before medals are judged, or shown: their history, and what they hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from attrs import define, field, frozen
from sqlalchemy import ARRAY, BigInteger, Integer, Select, and_, bindparam, cast, column, func, or_, select

from corekit import Activity, Batch, Facts, Id, Line, Reader, Whole, any_of, member, moment, prepared
from corekit.tables import activity as _activity
from corekit.tables import line as _line
from corekit_medals import declared
from corekit_medals.catalogue import Catalogue
from corekit_medals.counting import Happened
from corekit_medals.history import NOTHING, Event, History, Return, event, less
from corekit_medals.remembered import Draft, Known, new_known
from corekit_medals.tables import award as _award
from corekit_medals.tables import edition as _edition

Key = tuple[str, int]
"""A medal and a level of it."""
NO_FOLLOW_ONS = frozenset({"purchase", "member.registered"})
"""What is recorded by whoever tells it: most medals count it, and nothing need be read for what else happens."""
OWN = frozenset(each.name for each in declared.ACTIVITIES)
_MERGED = "member.merged"


@frozen(kw_only=True)
class Held:
    """An award that has not ended: whether somebody gave it by hand, and where it is shown."""

    given: bool
    place: int | None = None
    pinned: bool = False


@frozen(kw_only=True)
class Seen:
    """What was read for a member.

    What it did is in ``draft`` where it goes on from what is remembered, else in ``history``. ``held`` are its awards,
    ``taken`` the medals that were taken from it by hand: those come back by hand alone. ``given`` says how many of
    limited editions are out.
    """

    history: History = NOTHING
    draft: Draft | None = field(default=None, eq=False, repr=False)
    held: Mapping[Key, Held] = field(factory=dict[Key, Held])
    taken: frozenset[Key] = frozenset()
    given: Mapping[Key, int] = field(factory=dict[Key, int])


UNSEEN = Seen()


@define
class _Asked:
    """Of whom a batch needs what: to be judged, by what is remembered or ``afresh``, or only what they hold."""

    books: dict[int, Catalogue] = field(factory=dict[int, Catalogue])
    judged: set[str] = field(factory=set[str])
    afresh: set[str] = field(factory=set[str])
    concerned: set[str] = field(factory=set[str])
    returned: set[str] = field(factory=set[str])
    """What is taken back."""


def load(batch: Batch, read: Reader, facts: Facts) -> Mapping[str, Seen]:
    """Read what the activities of a batch need: a fixed number of statements, and none where nothing is touched."""
    asked = _asked(batch, facts)
    members = asked.judged | asked.afresh | asked.concerned
    if not members:
        return {}
    books = tuple(asked.books.values())
    book = books[0]
    given = editions(read, {medal for each in books for medal in each.limited})
    afresh = asked.afresh | _bereft(read, asked.returned)
    if len(books) > 1:
        afresh |= asked.judged
    found: dict[str, Seen] = {}
    if going_on := asked.judged - afresh:
        found = _remembered(read, book, going_on, given)
    rest = (afresh & members) | (asked.concerned - found.keys())
    if rest:
        histories_, _ = histories(read, afresh & members, books)
        held, taken = awards(read, rest)
        for each in rest:
            found[each] = Seen(
                history=histories_.get(each) or NOTHING,
                held=held.get(each, {}),
                taken=frozenset(taken.get(each, ())),
                given=given,
            )
        for each_book in books:
            each_book.memory.forget(rest)
    return found


def _asked(batch: Batch, facts: Facts) -> _Asked:
    asked = _Asked()
    for activity in batch:
        book: Catalogue = facts.program(activity)
        asked.books[id(book)] = book
        if activity.reverses is not None:
            asked.returned.add(activity.reverses)
        if activity.type in book.returns or activity.type == declared.REVIEWED.name:
            asked.afresh.add(activity.member)
        elif _may_be_judged(activity.type, book):
            asked.judged.add(activity.member)
        elif activity.type in OWN:
            asked.concerned.add(activity.member)
    return asked


def _may_be_judged(type_: str, book: Catalogue) -> bool:
    """Say whether an activity, or what follows from it in the same chunk, can touch a medal."""
    if type_ in book.touched:
        return True
    if type_ in OWN:
        return type_ == declared.AWARDED.name and declared.WON.name in book.touched
    return bool(book.touched.keys() - NO_FOLLOW_ONS)


def _bereft(read: Reader, returned: Iterable[str]) -> set[str]:
    """Return of whom something goes back with what is taken back: what followed from it may be somebody else's."""
    wanted = sorted(returned)
    return {row.member_id for row in read.all(_followed(), ids=wanted)} if wanted else set()


@prepared
def _followed() -> Select[*tuple[Any, ...]]:
    first = select(_activity.c.id, _activity.c.member_id).where(any_of(_activity.c.parent_id, bindparam("ids")))
    all_ = first.cte("followed", recursive=True)
    further = select(_activity.c.id, _activity.c.member_id).join(all_, _activity.c.parent_id == all_.c.id)
    all_ = all_.union_all(further)
    return select(all_.c.member_id).distinct()


# Going on from what is remembered


def _remembered(read: Reader, book: Catalogue, members: set[str], given: Mapping[Key, int]) -> dict[str, Seen]:
    """Return what is known of members: what is remembered with what came since, and of others all of it."""
    remembered = book.memory.find(members)
    since = _settled_since(read, remembered)
    known = {each: what for each, what in remembered.items() if not any(map(_unsettles, since.get(each, ())))}
    new = members - known.keys()
    afresh, ends = histories(read, new, (book,))
    held, taken = awards(read, new)  # after the rows: what is held must not be older than they are
    won = _won(read, [row.id for rows in since.values() for row in rows if row.awarded])
    _follow(read, book, known, since, won)
    found: dict[str, Seen] = {}
    entries = {each: what for each, (what, _) in known.items()}
    for each in new:
        history, (seq, is_alone) = afresh.get(each) or NOTHING, ends.get(each, (0, True))
        has, lost = held.get(each, {}), frozenset(taken.get(each, ()))
        if is_alone:
            entries[each] = new_known(book, history, seq, has, lost)
        else:  # what the other did may come back without a sign of it here
            book.memory.forget([each])
            found[each] = Seen(history=history, held=has, taken=lost, given=given)
    for each, what in entries.items():
        draft = book.memory.learn(book, each, what)
        found[each] = Seen(draft=draft, held=what.held, taken=what.taken, given=given)
    return found


_Remembered = Mapping[str, tuple[Known, "Draft | None"]]


def _settled_since(read: Reader, remembered: _Remembered) -> Mapping[str, Sequence[Any]]:
    """Return what came since by those who are remembered: one statement, and none for nobody."""
    since: dict[str, list[Any]] = {}
    if remembered:
        for row in read.all(_since(read.dialect), **_places(read.dialect, remembered)):
            since.setdefault(row.member_id, []).append(row)
    return since


def _follow(
    read: Reader,
    book: Catalogue,
    known: _Remembered,
    since: Mapping[str, Sequence[Any]],
    won: Mapping[str, Mapping[Key, Held]],
) -> None:
    """Go on to what came since, and was won; what the last plan did not foresee is read."""
    strange = [
        row.id
        for each, (_, draft) in known.items()
        for row in since.get(each, ())
        if row.type in book.types and (draft is None or row.id not in draft.events)
    ]
    told = _told(read, book, strange) if strange else {}
    for each, (what, draft) in known.items():
        if each in since:
            book.memory.follow(book, what, draft, since[each], told, won.get(each, {}))


def _won(read: Reader, activities: Sequence[str]) -> Mapping[str, Mapping[Key, Held]]:
    """Return what members were awarded by activities and hold: one statement, and none for no activity."""
    found: dict[str, dict[Key, Held]] = {}
    if activities:
        for row in read.all(_won_by(), ids=activities):
            found.setdefault(row.member_id, {})[row.medal, row.level] = Held(given=row.reason == "given")
    return found


@prepared
def _won_by() -> Select[*tuple[Any, ...]]:
    chosen = select(_award.c.member_id, _award.c.medal, _award.c.level, _award.c.reason)
    return chosen.where(any_of(_award.c.activity_id, bindparam("ids")), _award.c.ended_at.is_(None))


def _unsettles(row: Any) -> bool:
    """Say whether something may have changed what was before."""
    if row.reverses is not None:
        return True
    name: str = row.type
    is_own = name in OWN and name != declared.WON.name
    return is_own or (name.startswith("member.") and name != "member.registered")


def _places(dialect: str, known: Mapping[str, tuple[Known, Any]]) -> dict[str, Any]:
    ids, seqs = list(known), [what.seq for what, _ in known.values()]
    if dialect == "postgresql":
        return {"ids": ids, "seqs": seqs}
    return {"places": [list(each) for each in zip(ids, seqs, strict=True)]}


@prepared
def _since(dialect: str) -> Select[*tuple[Any, ...]]:
    """Select what members did since a place each in their order."""
    place: Any
    if dialect == "postgresql":
        given = func.unnest(bindparam("ids", type_=ARRAY(Id)), bindparam("seqs", type_=ARRAY(BigInteger)))
        place = given.table_valued(column("id", Id), column("seq", Whole), name="place").render_derived()
    else:
        each = func.json_each(bindparam("places")).table_valued("value", name="each")
        member_, seq = (func.json_extract(each.c.value, f"$[{at}]") for at in (0, 1))
        place = select(member_.label("id"), seq.label("seq")).subquery("place")
    awarded = select(_award.c.id).where(_award.c.activity_id == _activity.c.id).exists()
    columns = ("member_id", "seq", "id", "type", "reverses")
    chosen = select(*(_activity.c[name] for name in columns), cast(awarded, Integer).label("awarded"))
    chosen = chosen.join_from(
        place, _activity, and_(_activity.c.member_id == place.c.id, _activity.c.seq > place.c.seq)
    )
    return chosen.order_by(_activity.c.member_id, _activity.c.seq)


def _told(read: Reader, book: Catalogue, ids: Sequence[str]) -> dict[str, Happened]:
    """Return what happened, by id."""
    lines = _lines(read, ids)
    found = (_event(row, lines.get(row.id, ()), book.zone) for row in read.all(_some(), ids=ids))
    return {id_: what for id_, what in found if isinstance(what, Happened)}


@prepared
def _some() -> Select[*tuple[Any, ...]]:
    return select(*(_activity.c[name] for name in _COLUMNS)).where(any_of(_activity.c.id, bindparam("ids")))


# Reading all that members did


def histories(
    read: Reader, members: Iterable[str], books: Sequence[Catalogue]
) -> tuple[dict[str, History], dict[str, tuple[int, bool]]]:
    """Return what members did, and those that became a part of them: two statements.

    With it comes by which number it ends in the order of each member, and whether nobody became a part of it.
    """
    types = frozenset[str]().union(*(book.types for book in books))
    of_lines = frozenset(name for book in books for tally in book.tallies if tally.of_lines for name in tally.types)
    wanted = list(members)
    if not types or not wanted:
        return {}, {}
    rows = read.all(_happened(), ids=wanted, types=sorted(types | {_MERGED}))
    returned = {row.reverses for row in rows if row.reverses is not None}
    lines = _lines(
        read, [row.id for row in rows if row.reverses is not None or row.id in returned or row.type in of_lines]
    )
    found: dict[str, dict[str, Happened]] = {}
    ends: dict[str, tuple[int, bool]] = {}
    for row in rows:
        seq, alone = ends.get(row.owner, (0, True))
        is_own = row.member_id == row.owner
        ends[row.owner] = max(seq, row.seq if is_own else 0), alone and is_own and row.type != _MERGED
        if row.type not in types and row.reverses is None:
            continue
        theirs = found.setdefault(row.owner, {})
        id_, what = _event(row, lines.get(row.id, ()), books[0].zone)
        if isinstance(what, Return):
            if what.of in theirs:
                theirs[what.of] = less(theirs[what.of], what)
        else:
            theirs[id_] = what
    return {owner: History(theirs) for owner, theirs in found.items()}, ends


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


_COLUMNS = ("member_id", "seq", "id", "type", "occurred_at", "amount", "payload", "reverses")


@prepared
def _happened() -> Select[*tuple[Any, ...]]:
    """Select what members did, and those that became a part of them, in the order in which it was recorded."""
    whole = select(member.c.id, member.c.id.label("owner")).where(any_of(member.c.id, bindparam("ids")))
    family = whole.cte("family", recursive=True)
    family = family.union_all(select(member.c.id, family.c.owner).where(member.c.merged_into == family.c.id))
    return (
        select(family.c.owner, *(_activity.c[name] for name in _COLUMNS))
        .join_from(family, _activity, _activity.c.member_id == family.c.id)
        .where(
            _activity.c.state == "settled",
            or_(any_of(_activity.c.type, bindparam("types")), _activity.c.reverses.is_not(None)),
        )
        .order_by(family.c.owner, _activity.c.recorded_at, _activity.c.id)
    )


def _lines(read: Reader, activities: Sequence[str]) -> Mapping[str, list[Line]]:
    """Return the lines of activities: one statement, and none for no activity."""
    found: dict[str, list[Line]] = {}
    if activities:
        for row in read.all(_lines_of(), ids=activities):
            line = Line(row.no, row.amount, row.sku, row.category, row.quantity, None, tuple(row.flags or ()))
            found.setdefault(row.activity_id, []).append(line)
    return found


@prepared
def _lines_of() -> Select[*tuple[Any, ...]]:
    columns = ("activity_id", "no", "amount", "sku", "category", "quantity", "flags")
    chosen = select(*(_line.c[name] for name in columns)).where(any_of(_line.c.activity_id, bindparam("ids")))
    return chosen.order_by(_line.c.activity_id, _line.c.no)


def awards(read: Reader, members: Collection[str]) -> tuple[Mapping[str, Mapping[Key, Held]], Mapping[str, set[Key]]]:
    """Return what members hold, and what was taken from them by hand and not given back: one statement."""
    if not members:
        return {}, {}
    held: dict[str, dict[Key, Held]] = {}
    taken: dict[str, set[Key]] = {}
    for row in read.all(_awards(), ids=list(members)):
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


@prepared
def _awards() -> Select[*tuple[Any, ...]]:
    names = ("member_id", "medal", "level", "reason", "ended_at", "end_reason", "place", "pinned")
    chosen = select(*(_award.c[name] for name in names)).where(any_of(_award.c.member_id, bindparam("ids")))
    return chosen.order_by(_award.c.member_id, _award.c.awarded_at, _award.c.id)


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
