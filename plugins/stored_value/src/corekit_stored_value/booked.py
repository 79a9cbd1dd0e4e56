"""What was booked on members' accounts of stored value, summed up by the database: by account, store and channel.

One statement, whatever the number of postings, with a row per kind of movement: so it takes the same memory for a
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
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
)

from corekit import Id, Reader
from corekit.tables import account, activity, effect, outbox, posting

OWN = "stored_value."
"""What all account kinds of the plugin begin with."""
_CAPTURED = "hold.captured"
# It may look at much, and nobody waits for it. The planner takes what activities say for ever different, and would sort
# all rows by it; in truth it makes a few hundred groups, which a table of hashes adds up as the rows come.
_SETTINGS = {"statement_timeout": "0", "enable_sort": "off"}


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


def type_of(source: FromClause) -> ColumnElement[Any]:
    """Return the type of activities, of those that take back another one that one's."""
    back = activity.alias()
    target = select(back.c.type).where(back.c.id == source.c.reverses).correlate(source).scalar_subquery()
    return case((source.c.reverses.is_not(None), target), else_=source.c.type)


def booked(
    read: Reader, *where: ColumnElement[bool], mark: ColumnElement[int] | None = None, by_store: bool = True
) -> Iterator[Booked]:
    """Sum up what was booked by the activities that the conditions on ``outbox`` choose, and mark them by another.

    A posting between two accounts of members comes as two movements.
    """
    if read.dialect == "postgresql":
        read.all(select(*(func.set_config(name, value, True) for name, value in _SETTINGS.items())))
    for row in read.all(_sums(where, literal(0) if mark is None else mark, by_store=by_store)):
        sides = (
            (1, row.credit, row.credit_is_members, row.debit),
            (-1, row.debit, row.debit_is_members, row.credit),
        )
        for sign, kind, is_members, other in sides:
            if is_members and kind.startswith(OWN):
                side = other.removeprefix(f"{kind}.")
                amount = sign * int(row.amount)
                yield Booked(kind, side, row.store, row.channel, row.type, int(row.mark), amount)


def _sums(where: tuple[ColumnElement[bool], ...], mark: ColumnElement[int], *, by_store: bool) -> Select[Any]:
    did, credit, debit = activity.alias("did"), account.alias("credit"), account.alias("debit")
    nowhere = literal("")
    found = (
        select(
            debit.c.kind.label("debit"),
            credit.c.kind.label("credit"),
            debit.c.member_id.is_not(None).label("debit_is_members"),
            credit.c.member_id.is_not(None).label("credit_is_members"),
            (store_of(did) if by_store else nowhere).label("store"),
            (store_of(did, "channel") if by_store else nowhere).label("channel"),
            (did.c.type if by_store else type_of(did)).label("type"),
            mark.label("mark"),
            posting.c.amount,
        )
        .select_from(_chosen(did, debit, credit))
        .where(*where, or_(_is_own(debit), _is_own(credit)))
        .subquery("found")
    )
    names = [column for column in found.c if column.name != "amount"]
    return select(*names, func.sum(found.c.amount).label("amount")).group_by(*names)


def _chosen(did: FromClause, debit: FromClause, credit: FromClause) -> FromClause:
    return (
        outbox.join(did, did.c.id == outbox.c.activity_id)
        .join(posting, posting.c.activity_id == did.c.id)
        .join(debit, debit.c.id == posting.c.debit_account_id)
        .join(credit, credit.c.id == posting.c.credit_account_id)
    )


def _is_own(side: FromClause) -> ColumnElement[bool]:
    return and_(side.c.member_id.is_not(None), side.c.kind.startswith(OWN, autoescape=True))


def _before(source: FromClause, name: str, steps: int) -> ColumnElement[Any]:
    """Return what the activity before says, or the one before that; only those that say nothing look it up."""
    before, placed = activity.alias(), effect.alias()
    says: ColumnElement[Any] = told(before, name)
    if steps > 1:
        says = func.coalesce(says, _before(before, name, steps - 1))
    of_hold = select(placed.c.activity_id).where(placed.c.id == cast(told(source, "hold"), Id))
    captured = func.coalesce(cast(told(source, "activity"), Id), of_hold.correlate(source).scalar_subquery())
    origin = func.coalesce(source.c.reverses, source.c.parent_id, case((source.c.type == _CAPTURED, captured)))
    return select(says).where(before.c.id == origin).correlate(source).scalar_subquery()
