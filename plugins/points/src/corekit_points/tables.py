"""What rules have granted of budgets that stop them. The tables of rewards are in :mod:`corekit_points.rewards`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, MetaData, Text

from corekit import NAMING, Instant, Whole, table

metadata = MetaData(naming_convention=NAMING)

budget = table(
    "points_budget",
    Column("rule", Text, primary_key=True),
    # The window, such as 2017-06.
    Column("span", Text, primary_key=True),
    # From when in the window on the budget stops its rule; 0 where it did before the window began.
    Column("since", Instant, primary_key=True),
    # What came back has a row of its own, so that no two units lock the same rows in different orders.
    Column("what", Text, CheckConstraint("what IN ('granted', 'returned')", name="what"), primary_key=True),
    Column("amount", Whole, CheckConstraint("amount >= 0", name="amount"), nullable=False),
    sqlite_with_rowid=False,
    meta=metadata,
)
