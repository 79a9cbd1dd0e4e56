"""Tier and points of each household at each month end, as a CSV file that is written while the clock walks."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import IO

from sqlalchemy import and_, func, or_, select

from corekit import Kit, any_of, micros
from corekit.tables import account, assignment, entry, member
from corekit_demo.journey import member_id
from corekit_demo.summary import KIND

HEADER = ("month", "household", "tier", "points")


class MonthEnds:
    """Writes a row per household and month: the books as of the first instant of the next month.

    It is called after the sweep at that instant, so what lapses then is gone. A household is there from the month in
    which it joined. What is read is what the books said *then*, so a second run over a database that is loaded already
    writes the same file.
    """

    def __init__(self, kit: Kit, households: Sequence[int], file: IO[str]) -> None:
        """Write to an open text file, about these households."""
        self._kit = kit
        self._households = {member_id(household): household for household in households}
        self._file = file
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(HEADER)

    def __call__(self, end: datetime) -> None:
        """Write the rows of the month that ends at an instant."""
        month = (end - timedelta(seconds=1)).astimezone(self._kit.zone).strftime("%Y-%m")
        joined, tiers, points = self._read(micros(end))
        first = self._kit.program.ladders[0].tiers[0].code
        rows = sorted((self._households[each], tiers.get(each, first), points.get(each, 0)) for each in joined)
        self._writer.writerows((month, *row) for row in rows)
        self._file.flush()

    def _read(self, end: int) -> tuple[list[str], dict[str, str], dict[str, int]]:
        """Return who has joined, the tiers that are not the first, and the points, by member."""
        ids = list(self._households)
        latest = (
            select(entry.c.account_id, func.max(entry.c.seq).label("seq"))
            .where(entry.c.recorded_at <= end)
            .group_by(entry.c.account_id)
            .subquery()
        )
        balances = (
            select(account.c.member_id, entry.c.balance_after)
            .join_from(latest, entry, and_(entry.c.account_id == latest.c.account_id, entry.c.seq == latest.c.seq))
            .join(account, account.c.id == entry.c.account_id)
            .where(any_of(account.c.member_id, ids), account.c.kind == KIND)
        )
        standing = select(assignment.c.member_id, assignment.c.tier).where(
            any_of(assignment.c.member_id, ids),
            assignment.c.ladder == self._kit.program.ladders[0].code,
            assignment.c.valid_from <= end,
            or_(assignment.c.valid_to.is_(None), assignment.c.valid_to > end),
        )
        joined = select(member.c.id).where(any_of(member.c.id, ids), member.c.joined_at <= end)
        with self._kit.read() as read:
            return (
                [row.id for row in read.all(joined)],
                {row.member_id: row.tier for row in read.all(standing)},
                {row.member_id: row.balance_after for row in read.all(balances)},
            )
