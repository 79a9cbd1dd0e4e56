"""What moved on members' accounts of stored value, entry by entry, filtered; and as CSV and JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen
from sqlalchemy import and_, case, func, select

from corekit import Reader, any_of, micros, moment
from corekit.tables import account, activity, effect, entry, posting, segment
from corekit_stored_value.booked import OWN, dimension
from corekit_stored_value.tabular import Scale, table, whole

HEAD = (
    "recorded_at",
    "member",
    "account",
    "type",
    "rule",
    "store",
    "channel",
    "amount",
    "balance_after",
    "activity",
    "source",
    "external_id",
)
_AMOUNTS = ("amount", "balance_after")


@frozen(kw_only=True)
class Filter:
    """Which entries: of a member, an account kind, an activity type, a store; those recorded in a time.

    ``since`` is included, ``until`` is not. What is None is not asked for.
    """

    member: str | None = None
    kind: str | None = None
    type: str | None = None
    store: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@frozen(kw_only=True)
class Movement:
    """An entry: ``amount`` (minor units) is positive for what came; ``balance_after`` is what was there then."""

    recorded_at: datetime
    member: str
    account: str
    type: str
    rule: str
    store: str
    channel: str
    amount: int
    balance_after: int
    activity: str
    source: str
    external_id: str


def movements(read: Reader, chosen: Filter) -> Iterator[Movement]:
    """Yield entries, those of a member from the oldest on, those of all by account; a few are in memory at a time."""
    for row in read.stream(_entries(chosen)):
        yield _movement(row)


def newest(read: Reader, members: Sequence[str], chosen: Filter, most: int) -> dict[str, list[Movement]]:
    """Return the newest entries of each member, so many at most, newest first. One statement for all members."""
    told = _entries(chosen).where(any_of(account.c.member_id, members)).order_by(None)
    falling = (entry.c.recorded_at.desc(), entry.c.account_id, entry.c.seq.desc())
    place = func.row_number().over(partition_by=account.c.member_id, order_by=falling)
    numbered = told.add_columns(place.label("place")).subquery("numbered")
    found: dict[str, list[Movement]] = {member: [] for member in members}
    order = (numbered.c.member, numbered.c.place)
    for row in read.all(select(numbered).where(numbered.c.place <= most).order_by(*order)):
        found[row.member].append(_movement(row))
    return found


def as_csv(found: Iterable[Movement], scale: Scale) -> Iterator[str]:
    """Yield the entries as lines of CSV, amounts in whole units.

    A text that a spreadsheet would take for a formula is written as it is: the file is for programs.
    """
    yield table(HEAD, ())
    for each in found:
        told, places = _told(each), scale(each.account)
        told |= {name: whole(told[name], places) for name in _AMOUNTS}
        yield table([str(told[name]) for name in HEAD], ())


def as_json_lines(found: Iterable[Movement]) -> Iterator[str]:
    """Yield the entries as JSON Lines, amounts in minor units as texts of digits."""
    for each in found:
        told = _told(each)
        told |= {name: str(told[name]) for name in _AMOUNTS}
        yield json.dumps(told, ensure_ascii=False) + "\n"


def _entries(chosen: Filter) -> Any:
    did = activity.alias("did")
    of_posting = and_(posting.c.activity_id == entry.c.activity_id, posting.c.id == entry.c.posting_id)
    order = (entry.c.account_id, entry.c.seq)
    statement = (
        select(
            entry.c.recorded_at,
            account.c.member_id.label("member"),
            account.c.kind.label("account"),
            did.c.type,
            effect.c.rule,
            dimension("store").label("store"),
            dimension("channel").label("channel"),
            case((entry.c.side == "credit", entry.c.amount), else_=-entry.c.amount).label("amount"),
            entry.c.balance_after,
            did.c.id.label("activity"),
            did.c.source,
            did.c.external_id,
        )
        .join_from(account, entry, entry.c.account_id == account.c.id)
        .join(posting, of_posting)
        .join(segment, segment.c.id == posting.c.segment_id, isouter=True)
        .join(did, did.c.id == entry.c.activity_id)
        .join(effect, effect.c.id == posting.c.effect_id)
        .where(account.c.kind.startswith(OWN, autoescape=True))
        .order_by(*order if chosen.member is None else (entry.c.recorded_at, *order))
    )
    if chosen.member is not None:
        statement = statement.where(any_of(account.c.member_id, [chosen.member]))
    if chosen.kind is not None:
        statement = statement.where(account.c.kind == chosen.kind)
    if chosen.type is not None:
        statement = statement.where(did.c.type == chosen.type)
    if chosen.store is not None:
        statement = statement.where(dimension("store") == chosen.store)
    if chosen.since is not None:
        statement = statement.where(entry.c.recorded_at >= micros(chosen.since))
    if chosen.until is not None:
        statement = statement.where(entry.c.recorded_at < micros(chosen.until))
    return statement


def _movement(row: Any) -> Movement:
    told: dict[str, Any] = {name: getattr(row, name) for name in HEAD}
    told["recorded_at"] = moment(row.recorded_at)
    return Movement(**told)


def _told(each: Movement) -> dict[str, Any]:
    return {name: getattr(each, name) for name in HEAD} | {"recorded_at": each.recorded_at.isoformat()}
