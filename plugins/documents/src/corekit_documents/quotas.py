"""How much members download: what they had within the windows of quotas."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, time
from typing import Any

from attrs import frozen
from sqlalchemy import select

from corekit import Reader, any_of, micros, moment
from corekit.audience import Why
from corekit_documents import declared
from corekit_documents.program import Quota
from corekit_documents.tables import document as _document
from corekit_documents.tables import link as _link

_EARLIEST = date(1970, 1, 2)
"""Nothing was downloaded before."""


@frozen
class Had:
    """A download: on which of the program's days, and of which category."""

    day: date
    category: str | None


def had(
    read: Reader, members: Collection[str], quotas: Collection[Quota], now: datetime
) -> dict[str, list[tuple[Quota, int]]]:
    """Return for each member how much it has of each quota on the day of ``now``, which is on the program's clock."""
    found = downloads(read, members, min(first(each, now.date()) for each in quotas), now.tzinfo)
    return {member: list(used(quotas, found.get(member, ()), now.date())) for member in members}


def downloads(read: Reader, members: Collection[str], since: date, zone: Any) -> dict[str, list[Had]]:
    """Return what members downloaded from a day on. One statement."""
    began = datetime.combine(max(since, _EARLIEST), time.min, zone)
    chosen = (
        select(_link.c.member_id, _link.c.downloaded_at, _document.c.category)
        .select_from(_link.join(_document, _document.c.code == _link.c.document))
        .where(any_of(_link.c.member_id, members), _link.c.downloaded_at >= micros(began))
    )
    found: dict[str, list[Had]] = {}
    for row in read.all(chosen):
        day = moment(row.downloaded_at).astimezone(zone).date()
        found.setdefault(row.member_id, []).append(Had(day, row.category))
    return found


def first(quota: Quota, day: date) -> date:
    """Return the first day that counts for a quota on a day."""
    return quota.window.days(day)[0]


def reasons(used: Iterable[tuple[Quota, int]], category: str | None) -> Iterator[Why]:
    """Yield of quotas, and how much of each is used, those that are used up for documents of a category."""
    for quota, number in used:
        if quota.category in (None, category) and number >= quota.most:
            yield declared.QUOTA.code, {"most": str(quota.most), "window": str(quota.window)}


def used(quotas: Iterable[Quota], found: Sequence[Had], day: date) -> Iterator[tuple[Quota, int]]:
    """Yield each quota with how much of it is used on a day."""
    for quota in quotas:
        begins, ends = quota.window.days(day)
        counted = (each for each in found if begins <= each.day <= ends and quota.category in (None, each.category))
        yield quota, sum(1 for _ in counted)
