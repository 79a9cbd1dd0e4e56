"""Lists of rows by falling sequence number, one per owner: a member's activities, an account's entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, cast

from attrs import frozen
from sqlalchemy import ColumnElement, Row, Select, Table, and_, bindparam, func, literal, select

from corekit.db.prepared import Prepared, prepared
from corekit.db.reader import Reader, any_of
from corekit.db.types import Whole
from corekit.paging import MOST, Form, Key, Page, Span

Choose = Callable[[Sequence[str], frozenset[str]], tuple[Select[Any], Sequence[ColumnElement[bool]]]]
"""Given the names of conditions, and of columns to leave out, returns a select and these conditions, whose parameters
have their names."""


@frozen(eq=False)
class Newest:
    """Lists of rows by falling sequence number, one per owner: a member's activities, an account's entries.

    The rows of ``table`` are numbered by ``seq`` without gaps per ``owner`` (a column of it), and the owner's
    row in ``top`` knows the last number. ``choose`` selects from ``table``; its rows have the owner as ``by``, and are
    ``filtered`` where it always has a condition. Rows are ``of`` a class of named tuples, where one is given.
    """

    table: Table
    owner: ColumnElement[Any]
    top: Table
    by: str
    choose: Choose
    filtered: bool = False
    of: Callable[..., Any] | None = None

    def pages(
        self,
        read: Reader,
        owners: Iterable[str],
        span: Span,
        left_out: frozenset[str] = frozenset(),
        **where: Any,
    ) -> dict[str, Page[Any]]:
        """Return the page of each owner, in one statement; columns that are ``left_out`` are None.

        ``where`` are the conditions by name; what is None is none. Without a condition a page is a range of numbers
        below the owner's last: on both databases the index yields just these rows. With one the rows of one owner are
        read until enough are found; of many they are ranked.
        """
        wanted = list(dict.fromkeys(owners))
        known = {name: value for name, value in where.items() if value is not None}
        names, values = tuple(sorted(known)), span.values | known
        near = not (names or self.filtered)
        counts_down = near and not span.backward
        if counts_down:  # what is numbered without gaps need not be read one too far to be known of
            values["most"] = span.size
        if near:
            found = read.all(_near(self, left_out, span.form), owners=wanted, **values)
        elif len(wanted) == 1:
            found = read.all(_of_one(self, names, left_out, span.form), owner=wanted[0], **values)
        else:
            found = read.all(_ranked(self, names, left_out, span.form), owners=wanted, **values)
        rows: dict[str, list[Row[Any]]] = {key: [] for key in wanted}
        for owner, row in zip(map(attrgetter(self.by), found), found, strict=True):
            rows[owner].append(row)
        totals = self._totals(read, wanted, names, known) if span.counted else {}
        if not counts_down:
            return {key: span.page(rows_, _SEQ, totals.get(key)) for key, rows_ in rows.items()}
        last = 1 if span.before is None else span.before[0] + 1
        return {
            key: span.page(rows_, _SEQ, totals.get(key), more=bool(rows_) and rows_[-1].seq > last)
            for key, rows_ in rows.items()
        }

    def _totals(self, read: Reader, owners: list[str], names: tuple[str, ...], known: dict[str, Any]) -> dict[str, int]:
        found = read.all(_counted(self, names), owners=owners, **known)
        return dict.fromkeys(owners, 0) | {row.owner: row.number for row in found}


def _SEQ(row: Row[Any]) -> Key:  # noqa: N802 - the key of a row
    return (row.seq,)


@prepared
def _near(newest: Newest, left_out: frozenset[str], form: Form) -> Prepared:
    """Keep the numbers of a span: from the highest downward, or from the lowest upward."""
    statement, _ = newest.choose((), left_out)
    seq, top = newest.table.c.seq, newest.top.c
    # Asked of the table that owns, so that it leads and each owner is one look into the index.
    statement = statement.join(newest.top, top.id == newest.owner).where(any_of(top.id, bindparam("owners")))
    statement = statement.where(*_between(newest, form))
    if form.backward:
        near = seq <= (bindparam("before_0", type_=Whole) if form.before else literal(0, Whole)) + MOST
    else:
        near = seq >= (bindparam("after_0", type_=Whole) if form.after else top.seq + 1) - MOST
    return Prepared(statement.where(near).order_by(newest.owner, _order(newest, form)), newest.of)


@prepared
def _of_one(newest: Newest, names: tuple[str, ...], left_out: frozenset[str], form: Form) -> Prepared:
    statement, where = newest.choose(names, left_out)
    keys = select(newest.table.c.seq.label("seq")).where(newest.owner == bindparam("owner"), *where)
    chosen = keys.where(*_between(newest, form)).order_by(_order(newest, form)).limit(MOST)
    found = chosen.subquery()
    statement = statement.join(found, and_(newest.owner == bindparam("owner"), found.c.seq == newest.table.c.seq))
    return Prepared(statement.order_by(_order(newest, form)), newest.of)


@prepared
def _ranked(newest: Newest, names: tuple[str, ...], left_out: frozenset[str], form: Form) -> Prepared:
    statement, where = newest.choose(names, left_out)
    seq, owner, order = newest.table.c.seq, newest.owner, _order(newest, form)
    rank = func.row_number().over(partition_by=owner, order_by=order).label("rank")
    keys = select(owner.label("owner"), seq.label("seq"), rank).where(any_of(owner, bindparam("owners")), *where)
    ranked = keys.where(*_between(newest, form)).subquery()
    chosen = select(ranked.c.owner, ranked.c.seq).where(ranked.c.rank <= MOST).subquery()
    statement = statement.join(chosen, and_(chosen.c.owner == owner, chosen.c.seq == seq))
    return Prepared(statement.order_by(owner, order), newest.of)


@prepared
def _counted(newest: Newest, names: tuple[str, ...]) -> Select[Any]:
    """Select how many rows each owner has: its last number, or as many as are counted where there is a condition."""
    if not (names or newest.filtered):
        top = newest.top.c
        last = select(top.id.label("owner"), top.seq.label("number"))
        return cast("Select[Any]", last.where(any_of(top.id, bindparam("owners"))))
    _, where = newest.choose(names, frozenset())
    statement = select(newest.owner.label("owner"), func.count().label("number"))
    statement = statement.where(any_of(newest.owner, bindparam("owners")), newest.table.c.seq > 0, *where)
    return cast("Select[Any]", statement.group_by(newest.owner))


def _between(newest: Newest, form: Form) -> list[ColumnElement[bool]]:
    seq = newest.table.c.seq
    above = seq > (bindparam("before_0", type_=Whole) if form.before else 0)
    return [above, seq < bindparam("after_0", type_=Whole)] if form.after else [above]


def _order(newest: Newest, form: Form) -> ColumnElement[Any]:
    seq = newest.table.c.seq
    return seq if form.backward else seq.desc()
