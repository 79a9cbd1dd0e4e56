"""Whom a sweep of a ladder must look at: set-based selects that resume by key, on both databases.

Two passes. Stays whose validity is over, or about to be, are found in the order of an index on just that. Who may have
come to qualify is found range by range of members, since it is a matter of sums: the select finds at least everybody
for whom something changes, and :mod:`corekit.tiers.review` decides. Nobody else is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from attrs import frozen
from sqlalchemy import ColumnElement, Select, Subquery, Text, and_, case, cast, false, func, or_, select, tuple_

from corekit.activities.tables import metric as _total
from corekit.activities.tables import metric_day as _day
from corekit.activities.tables import request as _request
from corekit.clock import day_number, local_day
from corekit.db.reader import Reader, any_of
from corekit.ledger.tables import account as _account
from corekit.members.tables import member as _member
from corekit.metrics import LIFETIME, Window
from corekit.tiers.ladder import Criterion, Ladder, Tier
from corekit.tiers.policy import BALANCE, last_evaluation, start_of
from corekit.tiers.review import GRACE
from corekit.tiers.tables import assignment as _stay

CHUNK = 1_000
"""Members of one transaction."""
RANGE = 20_000
"""Members whose sums are compared by one statement."""
REVIEWED = ("active", "frozen")
"""The states of members who are looked at: time runs for who is frozen, too."""
EXPIRING = "tier.expiring"


@frozen
class Due:
    """Members of one transaction, and the earliest instant as of which one of them is judged."""

    members: tuple[str, ...]
    earliest: int


def notice_key(ladder: str, stay: str) -> str:
    """Return the key of the notice that a stay is about to end: there is one for each."""
    return f"{EXPIRING}:{ladder}:{stay}"


def ending(read: Reader, ladder: Ladder, at: int, zone: ZoneInfo, after: tuple[int, str]) -> list[tuple[int, str]]:
    """Return (expires_at, member) of the next stays that are over at an instant, or near that and not warned yet."""
    until = start_of(local_day(at, zone) + timedelta(days=ladder.warn_days + 1), zone)
    warned = (
        select(_request.c.key)
        .where(
            _request.c.scope == "core",
            _request.c.key == notice_key(ladder.code, "") + func.replace(cast(_stay.c.id, Text), "-", ""),
        )
        .exists()
    )
    near = and_(_stay.c.expires_at < until, ~warned) if ladder.warn_days else false()
    # The row comparison is what the index is walked by; what is near is looked at only beyond what is over.
    chosen = (
        select(_stay.c.expires_at, _stay.c.member_id)
        .join(_member, _member.c.id == _stay.c.member_id)
        .where(
            _stay.c.ladder == ladder.code,
            _stay.c.valid_to.is_(None),
            _stay.c.expires_at.is_not(None),
            tuple_(_stay.c.expires_at, _stay.c.member_id) > after,
            _stay.c.expires_at < max(until, at + 1),
            or_(_stay.c.expires_at <= at, near),
            or_(_stay.c.locked_until.is_(None), _stay.c.locked_until <= at),
            any_of(_member.c.state, REVIEWED),
        )
        .order_by(_stay.c.expires_at, _stay.c.member_id)
        .limit(CHUNK)
    )
    return [(row.expires_at, row.member_id) for row in read.all(chosen)]


def ranges(read: Reader, after: str) -> str | None:
    """Return the last member of the next range, None where there is nobody left."""
    beyond = select(_member.c.id).where(_member.c.id > after) if after else select(_member.c.id)
    last: str | None = read.scalar(beyond.order_by(_member.c.id).offset(RANGE - 1).limit(1))
    if last is None:
        last = read.scalar(beyond.order_by(_member.c.id.desc()).limit(1))
    return last


def rising(read: Reader, ladder: Ladder, at: int, zone: ZoneInfo, span: tuple[str, str]) -> list[str]:
    """Return the members of a range (after the first, up to the second) who may have come to qualify for more."""
    if ladder.evaluate == "on_request" or len(ladder.tiers) == 1:
        return []
    seen = at if ladder.evaluate == "at_once" else last_evaluation(ladder.every, at, zone) - 1
    return _members(read, _rising(ladder, at, local_day(seen, zone), span))


def unassigned(read: Reader, ladder: Ladder, at: int, zone: ZoneInfo, span: tuple[str, str]) -> list[str]:
    """Return the members of a range who never had an assignment and whose first validity is over, or near that."""
    joined = _joined_by(ladder, at, zone)
    if joined is None:
        return []
    chosen = (
        select(_member.c.id)
        .outerjoin(_stay, _current(ladder))
        .where(*_within(span), _stay.c.id.is_(None), _member.c.joined_at < joined)
    )
    return _members(read, chosen)


def chunks(members: Sequence[str]) -> Iterator[Sequence[str]]:
    """Split members into those of one transaction each."""
    for first in range(0, len(members), CHUNK):
        yield members[first : first + CHUNK]


def _members(read: Reader, chosen: Select[Any]) -> list[str]:
    return [row.id for row in read.all(chosen.order_by(_member.c.id))]


def _within(span: tuple[str, str]) -> list[ColumnElement[bool]]:
    after, last = span
    # Not the plain column: an index on it would be walked for all members, where the range of ids is meant.
    state: ColumnElement[Any] = func.coalesce(_member.c.state, "")
    found = [_member.c.id <= last, any_of(state, REVIEWED)]
    return [_member.c.id > after, *found] if after else found


def _current(ladder: Ladder) -> ColumnElement[bool]:
    return and_(_stay.c.member_id == _member.c.id, _stay.c.ladder == ladder.code, _stay.c.valid_to.is_(None))


def _joined_by(ladder: Ladder, at: int, zone: ZoneInfo) -> int | None:
    """Return the instant before which one must have joined for the first validity to be over (or near that)."""
    validity = ladder.validity
    if validity is None or ladder.termination is None:
        return None
    today = local_day(at, zone)
    until = start_of(today + timedelta(days=ladder.warn_days + 1), zone) - 1 if ladder.warn_days else at
    # A later day never ends earlier, so the last day that is over is found by halving.
    low, high = date(1970, 1, 1).toordinal() - 1, today.toordinal()
    while low < high:
        middle = (low + high + 1) // 2
        day = date.fromordinal(middle)
        low, high = (middle, high) if validity.expires(day, day, zone) <= until else (low, middle - 1)
    return start_of(date.fromordinal(low + 1), zone)


def _rising(ladder: Ladder, at: int, day: date, span: tuple[str, str]) -> Select[Any]:
    asked = {criterion.key: criterion for tier in ladder.tiers for criterion in tier.criteria}
    sources = [source for source in (_days(asked, day, span), _totals(asked, span), _balances(asked, span)) if source]
    values = {key: func.coalesce(column, 0) for _, columns in sources for key, column in columns.items()}
    standing = case({tier.code: tier.rank for tier in ladder.tiers}, value=_stay.c.tier, else_=0)
    grace = func.coalesce(_stay.c.reason, "") == GRACE
    rises = [
        and_(_holds(tier, values), or_(standing < tier.rank, and_(standing == tier.rank, grace)))
        for tier in ladder.tiers[1:]
    ]
    chosen = select(_member.c.id).outerjoin(_stay, _current(ladder))
    for source, _ in sources:
        chosen = chosen.outerjoin(source, source.c.member_id == _member.c.id)
    return chosen.where(
        *_within(span),
        or_(_stay.c.expires_at.is_(None), _stay.c.expires_at > at),
        or_(_stay.c.locked_until.is_(None), _stay.c.locked_until <= at),
        or_(*rises),
    )


def _holds(tier: Tier, values: dict[str, Any]) -> ColumnElement[bool]:
    met = [values[criterion.key] >= criterion.at_least for criterion in tier.criteria]
    return and_(*met) if tier.match == "all" else or_(*met)


_Source = tuple[Subquery, dict[str, ColumnElement[Any]]]


def _days(asked: dict[str, Criterion], day: date, span: tuple[str, str]) -> _Source | None:
    """Return the sums over windows of days; a membership year counts as every year that holds the day."""
    wanted = {key: it for key, it in asked.items() if it.window != LIFETIME and not it.metric.startswith(BALANCE)}
    if not wanted:
        return None
    edges = {key: _edges(it.window, day) for key, it in wanted.items()}
    low, high = min(first for first, _ in edges.values()), max(last for _, last in edges.values())
    sums = [
        func.sum(case((and_(_day.c.metric == it.metric, _day.c.day.between(*edges[key])), _day.c.value), else_=0))
        for key, it in wanted.items()
    ]
    metrics = sorted({it.metric for it in wanted.values()})
    rows = (
        select(_day.c.member_id, *(each.label(f"v{no}") for no, each in enumerate(sums)))
        .where(*_keys(_day.c.member_id, span), any_of(_day.c.metric, metrics), _day.c.day.between(low, high))
        .group_by(_day.c.member_id)
        .subquery("days")
    )
    return rows, {key: rows.c[f"v{no}"] for no, key in enumerate(wanted)}


def _totals(asked: dict[str, Criterion], span: tuple[str, str]) -> _Source | None:
    wanted = {key: it for key, it in asked.items() if it.window == LIFETIME and not it.metric.startswith(BALANCE)}
    if not wanted:
        return None
    sums = [func.sum(case((_total.c.metric == it.metric, _total.c.value), else_=0)) for it in wanted.values()]
    metrics = sorted({it.metric for it in wanted.values()})
    rows = (
        select(_total.c.member_id, *(each.label(f"v{no}") for no, each in enumerate(sums)))
        .where(*_keys(_total.c.member_id, span), any_of(_total.c.metric, metrics))
        .group_by(_total.c.member_id)
        .subquery("totals")
    )
    return rows, {key: rows.c[f"v{no}"] for no, key in enumerate(wanted)}


def _balances(asked: dict[str, Criterion], span: tuple[str, str]) -> _Source | None:
    wanted = {key: it.metric.removeprefix(BALANCE) for key, it in asked.items() if it.metric.startswith(BALANCE)}
    if not wanted:
        return None
    balance = _account.c.credits_posted - _account.c.debits_posted
    sums = [func.sum(case((_account.c.kind == kind, balance), else_=0)) for kind in wanted.values()]
    rows = (
        select(_account.c.member_id, *(each.label(f"v{no}") for no, each in enumerate(sums)))
        .where(*_keys(_account.c.member_id, span), any_of(_account.c.kind, sorted(set(wanted.values()))))
        .group_by(_account.c.member_id)
        .subquery("balances")
    )
    return rows, {key: rows.c[f"v{no}"] for no, key in enumerate(wanted)}


def _keys(column: ColumnElement[Any], span: tuple[str, str]) -> list[ColumnElement[bool]]:
    after, last = span
    return [column > after, column <= last] if after else [column <= last]


def _edges(window: Window, day: date) -> tuple[int, int]:
    first, last = window.days(day)
    return day_number(first), day_number(last)
