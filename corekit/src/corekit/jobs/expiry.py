"""The core's own sweep: lots that are due lapse, so that the books show what can be spent."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sqlalchemy import SelectBase, Text, cast, func, literal, or_, select

from corekit.activities.terms import Terms, expired
from corekit.db.types import Whole
from corekit.jobs.bounds import Bounds
from corekit.jobs.declared import Limits, Sweep
from corekit.ledger.tables import account, lot

EXPIRY = "expiry"
DESCRIPTION = "Lets lots lapse that are due, so that the books show what can be spent."
SCHEDULE = "5 0 * * *"
"""Lots end with a day, a month or a year nearly always; reads leave out what is due in any case."""
LIMITS = Limits(value=50)


def expiry(terms: Terms) -> Iterator[Sweep]:
    """Yield the sweep of each account kind that has lots."""
    for code, book in sorted(terms.chart.books.items()):
        if book.lots:
            yield Sweep(
                name=EXPIRY,
                activity_type=expired(code),
                select=partial(
                    _due, code, idle=any(books[code].is_idle for books in terms.books.values() if code in books)
                ),
                effect="Expire",
                account=code,
                limits=LIMITS,
            )


def _due(kind: str, bounds: Bounds, *, idle: bool) -> SelectBase:
    """Select the members with due lots; the first of them and its count of movements name the expiry for ever.

    ``idle`` says that all that is left may lapse together, some time after the account's last entry.
    """
    open_ = lot.c.issued - lot.c.consumed - lot.c.held - lot.c.expired
    # Among the members of a part the lots are found by account; the index by expiry would find those of all members.
    due_at = lot.c.expires_at if bounds.whole else lot.c.expires_at + 0
    order = (lot.c.expires_at, lot.c.issued_at, lot.c.id)
    lots = (
        select(
            account.c.member_id,
            lot.c.id,
            lot.c.seq,
            func.row_number().over(partition_by=account.c.id, order_by=order).label("place"),
            func.sum(open_).over(partition_by=account.c.id).label("amount"),
        )
        .join(lot, lot.c.account_id == account.c.id)
        .where(
            account.c.kind == kind,
            bounds.within(account.c.member_id),
            lot.c.issued > lot.c.consumed + lot.c.held + lot.c.expired,
            or_(due_at <= bounds.at, account.c.lapses_at <= bounds.at) if idle else due_at <= bounds.at,
        )
        .subquery()
    )
    # On PostgreSQL an id is written with hyphens; elsewhere and in keys without.
    id_ = func.replace(cast(lots.c.id, Text), "-", "")
    return select(
        lots.c.member_id,
        id_.concat(":").concat(cast(lots.c.seq, Text)).label("key"),
        cast(lots.c.amount, Whole).label("amount"),
        literal("expiry@1").label("rule"),
    ).where(lots.c.place == 1)
