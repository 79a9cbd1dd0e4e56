"""What was booked on members' accounts of stored value, summed up by the database: by account, store and channel.

One statement, whatever the number of postings, with a row per kind of movement: so it takes the same memory for a
thousand postings and for a million. A posting names its segment, which says under which store and channel it stands;
what knows of no store stands under ``""``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen
from sqlalchemy import ColumnElement, Text, func, literal, select

from corekit import Integrity, Reader
from corekit.tables import account, account_kind, posting, segment

OWN = "stored_value."
"""What all account kinds of the plugin begin with."""
# It may look at much, and nobody waits for it. The planner takes groups of ids for ever different, and would sort all
# rows; in truth there are a few hundred groups, which a table of hashes adds up as the rows come.
_SETTINGS = {"statement_timeout": "0", "enable_sort": "off"}
_debit, _credit = account.alias("debit"), account.alias("credit")


@frozen
class Booked:
    """What moved an account kind of members by activities of a type, in minor units; ``amount`` is negative where out.

    ``other`` is the account on the other side, without the kind's own name where it belongs to the kind: ``issued``,
    ``redeemed``, ``breakage``, ``debt``. ``undone`` is the type of what the activities took back. ``mark`` is what the
    caller marked the postings with.
    """

    kind: str
    other: str
    store: str
    channel: str
    type: str
    undone: str | None
    mark: int
    amount: int


def told(document: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    """Return a field of documents as text; null where there is none."""
    found: ColumnElement[Any] = document.op("->>", return_type=Text())(literal(name, Text()))
    return found


def dimension(name: str) -> ColumnElement[str]:
    """Return the store, or the channel, of a segment; "" for none."""
    return func.coalesce(told(segment.c.dimensions, name), "")


def booked(read: Reader, *where: ColumnElement[bool], mark: ColumnElement[int] | None = None) -> Iterator[Booked]:
    """Sum up the postings that the conditions on ``posting`` choose, and mark them by another.

    A posting between two accounts of members comes as two movements, and the same movement may come in two parts.
    Raises :class:`~corekit.Integrity` where one has no segment: an older version of corekit posted it meanwhile.
    """
    if read.dialect == "postgresql":
        read.all(select(*(func.set_config(name, value, True) for name, value in _SETTINGS.items())))
    for row in read.all(_sums(where, literal(0) if mark is None else mark)):
        sides = ((1, row.credit, row.credit_is_house, row.debit), (-1, row.debit, row.debit_is_house, row.credit))
        for sign, kind, is_house, other in sides:
            if kind.startswith(OWN) and not is_house:
                if row.type is None:
                    message = f"postings of {kind} have no segment; `corekit verify` names them"
                    raise Integrity(message, kind=kind)
                side, amount = other.removeprefix(f"{kind}."), sign * int(row.amount)
                yield Booked(kind, side, row.store, row.channel, row.type, row.undone, int(row.mark), amount)


def _sums(where: tuple[ColumnElement[bool], ...], mark: ColumnElement[int]) -> Any:
    """Return the statement: postings are added up by kinds and segment, and then it is looked up what these are."""
    found = (
        select(
            _debit.c.kind.label("debit"),
            _credit.c.kind.label("credit"),
            posting.c.segment_id,
            mark.label("mark"),
            posting.c.amount,
        )
        .select_from(posting)
        .join(_debit, _debit.c.id == posting.c.debit_account_id)
        .join(_credit, _credit.c.id == posting.c.credit_account_id)
        .where(*where)
        .subquery("found")
    )
    columns = [column for column in found.c if column.name != "amount"]
    sums = select(*columns, func.sum(found.c.amount).label("amount")).group_by(*columns).subquery("sums")
    debited, credited = account_kind.alias("debited"), account_kind.alias("credited")
    return (
        select(
            sums,
            debited.c.system.label("debit_is_house"),
            credited.c.system.label("credit_is_house"),
            dimension("store").label("store"),
            dimension("channel").label("channel"),
            segment.c.type,
            segment.c.undone,
        )
        .join(debited, debited.c.code == sums.c.debit)
        .join(credited, credited.c.code == sums.c.credit)
        .join(segment, segment.c.id == sums.c.segment_id, isouter=True)
    )
