"""What was booked on members' accounts of stored value, summed up by the database: by account, store and channel.

Two statements, whatever the number of postings, with a row per kind of movement: so it takes the same memory for a
thousand postings and for a million. A posting stands under the store and the channel that its activity names. Where it
names none, those of the activity that it takes back, follows from or captures count, or of that one's own; what knows
of no store at all stands under ``""``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Join,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
)

from corekit import Id, Reader
from corekit.tables import account, activity, effect, posting

OWN = "stored_value."
"""What all account kinds of the plugin begin with."""
_CAPTURED = "hold.captured"
# It may look at much, and nobody waits for it. The planner takes what activities say for ever different, and would sort
# all rows by it; in truth it makes a few hundred groups, which a table of hashes adds up as the rows come.
_SETTINGS = {"statement_timeout": "0", "enable_sort": "off"}
_debit, _credit = account.alias("debit"), account.alias("credit")


@frozen
class Booked:
    """What moved an account kind of members by activities of a type, in minor units; ``amount`` is negative where out.

    ``other`` is the account on the other side, without the kind's own name where it belongs to the kind: ``issued``,
    ``redeemed``, ``breakage``, ``debt``. ``mark`` is what the caller marked the activities with.
    """

    kind: str
    other: str
    store: str
    channel: str
    type: str
    mark: int
    amount: int


def told(source: Any, name: str) -> ColumnElement[Any]:
    """Return a field of the payload of activities as text; null where there is none."""
    field: ColumnElement[Any] = source.c.payload.op("->>", return_type=Text())(literal_column(f"'{name}'"))
    return field


def store_of(source: FromClause, name: str = "store") -> ColumnElement[Any]:
    """Return the store, or the channel, under which activities stand; "" for none."""
    return func.coalesce(told(source, name), _before(source, name, steps=2), "")


def booked(
    read: Reader, *where: ColumnElement[bool], mark: ColumnElement[int] | None = None, by_store: bool = True
) -> Iterator[Booked]:
    """Sum up the postings that the conditions on ``posting`` choose, and mark them by another.

    Without ``by_store`` what is taken back stands under the type of what it takes back. A posting between two accounts
    of members comes as two movements, and the same movement may come in two parts.
    """
    if read.dialect == "postgresql":
        read.all(select(*(func.set_config(name, value, True) for name, value in _SETTINGS.items())))
    for statement in _sums(where, literal(0) if mark is None else mark, by_store=by_store):
        for row in read.all(statement):
            sides = (
                (1, row.credit, row.credit_is_members, row.debit),
                (-1, row.debit, row.debit_is_members, row.credit),
            )
            for sign, kind, is_members, other in sides:
                if is_members and kind.startswith(OWN):
                    side = other.removeprefix(f"{kind}.")
                    amount = sign * int(row.amount)
                    yield Booked(kind, side, row.store, row.channel, row.type, int(row.mark), amount)


def _sums(where: tuple[ColumnElement[bool], ...], mark: ColumnElement[int], *, by_store: bool) -> Iterator[Select[Any]]:
    """Return two statements: what stands by itself, and what needs another activity to say where it belongs.

    In one, PostgreSQL would look up the other activity of every posting, and add up behind that in one process.
    """
    did, before = activity.alias("did"), activity.alias("before")
    plain = _books(did)
    if by_store:
        leads = and_(did.c.reverses.is_(None), did.c.parent_id.is_(None), did.c.type != _CAPTURED)
        own = (func.coalesce(told(did, "store"), ""), func.coalesce(told(did, "channel"), ""), did.c.type)
        yield _grouped(plain, (*where, leads), mark, own)
        found = (_followed(did, before, "store"), _followed(did, before, "channel"), did.c.type)
        yield _grouped(plain.outerjoin(before, before.c.id == _named(did)), (*where, not_(leads)), mark, found)
    else:
        nowhere = (literal(""), literal(""))
        yield _grouped(plain, (*where, did.c.reverses.is_(None)), mark, (*nowhere, did.c.type))
        yield _grouped(plain.join(before, before.c.id == did.c.reverses), where, mark, (*nowhere, before.c.type))


def _grouped(
    books: FromClause,
    where: tuple[ColumnElement[bool], ...],
    mark: ColumnElement[int],
    names: tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[Any]],
) -> Select[Any]:
    store, channel, type_ = names
    found = (
        select(
            _debit.c.kind.label("debit"),
            _credit.c.kind.label("credit"),
            _debit.c.member_id.is_not(None).label("debit_is_members"),
            _credit.c.member_id.is_not(None).label("credit_is_members"),
            store.label("store"),
            channel.label("channel"),
            type_.label("type"),
            mark.label("mark"),
            posting.c.amount,
        )
        .select_from(books)
        .where(*where, or_(_is_own(_debit), _is_own(_credit)))
        .subquery("found")
    )
    columns = [column for column in found.c if column.name != "amount"]
    return select(*columns, func.sum(found.c.amount).label("amount")).group_by(*columns)


def _books(did: FromClause) -> Join:
    return (
        posting.join(did, did.c.id == posting.c.activity_id)
        .join(_debit, _debit.c.id == posting.c.debit_account_id)
        .join(_credit, _credit.c.id == posting.c.credit_account_id)
    )


def _is_own(side: FromClause) -> ColumnElement[bool]:
    return and_(side.c.member_id.is_not(None), side.c.kind.startswith(OWN, autoescape=True))


def _followed(did: FromClause, before: FromClause, name: str) -> ColumnElement[Any]:
    """Return what activities say, or the one before that is joined to them, or one that has to be looked up."""
    by_hold = case((before.c.id.is_(None), _before(did, name, steps=2)))
    return func.coalesce(told(did, name), told(before, name), _before(before, name, steps=1), by_hold, "")


def _before(source: FromClause, name: str, steps: int) -> ColumnElement[Any]:
    """Return what the activity before says, or the one before that; only those that say nothing look it up."""
    before, placed = activity.alias(), effect.alias()
    says: ColumnElement[Any] = told(before, name)
    if steps > 1:
        says = func.coalesce(says, _before(before, name, steps - 1))
    of_hold = select(placed.c.activity_id).where(placed.c.id == cast(told(source, "hold"), Id))
    origin = func.coalesce(
        _named(source), case((source.c.type == _CAPTURED, of_hold.correlate(source).scalar_subquery()))
    )
    return select(says).where(before.c.id == origin).correlate(source).scalar_subquery()


def _named(source: FromClause) -> ColumnElement[Any]:
    """Return the activity before, where activities name it; a capture may name the hold instead."""
    captured = case((source.c.type == _CAPTURED, cast(told(source, "activity"), Id)))
    return func.coalesce(source.c.reverses, source.c.parent_id, captured)
