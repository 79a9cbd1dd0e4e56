"""Who a member is when it asks for a document: a few statements, however many members."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from corekit import Reader, any_of, measured, members_now
from corekit.tables import activity as _activity
from corekit.tables import group_member as _group
from corekit.tables import line as _line
from corekit_documents.rules import Measured, OneOf, Rule, Who, parts

if TYPE_CHECKING:
    from corekit import Kit, Window

BOUGHT = "purchase"
"""The activity type whose lines say what somebody bought."""
_MERGED = "merged"


def people(
    read: Reader, kit: Kit, members: Collection[str], now: datetime, rules: Iterable[Rule | None]
) -> dict[str, tuple[str, Who]]:
    """Return the state of each member and what of it decides by some rules.

    Who does not exist, or is a part of another member now, is left out.
    """
    asked = [each for rule in rules for each in parts(rule)]
    metrics: set[tuple[str, Window]] = {(each.metric, each.window) for each in asked if isinstance(each, Measured)}
    goods = {name for each in asked if isinstance(each, OneOf) and each.what == "bought" for name in each.names}
    grouped = any(isinstance(each, OneOf) and each.what == "group" for each in asked)
    groups: Mapping[str, frozenset[str]] = _groups(read, members) if grouped else {}
    bought: Mapping[str, frozenset[str]] = _bought(read, members, goods) if goods else {}
    day = now.astimezone(kit.zone).date()
    measures = measured(read, members, metrics, day, kit.zone) if metrics else {}
    return {
        each.id: (
            each.state,
            Who(
                kind=each.kind,
                tags=each.tags,
                tiers=each.tiers,
                groups=groups.get(each.id, frozenset()),
                bought=bought.get(each.id, frozenset()),
                measure=measures.get(each.id, _nothing),
            ),
        )
        for each in members_now(read, kit, members, now)
        if each.state != _MERGED
    }


def _nothing(_metric: str, _window: Window) -> int:
    return 0


def _groups(read: Reader, members: Collection[str]) -> Mapping[str, frozenset[str]]:
    theirs = select(_group.c.member_id, _group.c.code).where(any_of(_group.c.member_id, members))
    return _gathered(read.all(theirs))


def _bought(read: Reader, members: Collection[str], goods: Collection[str]) -> Mapping[str, frozenset[str]]:
    """Return which of some goods members bought, and did not bring back wholly."""
    back, returned = _activity.alias(), _line.alias()
    came_back = (
        select(func.coalesce(func.sum(returned.c.amount), 0))
        .select_from(back.join(returned, returned.c.activity_id == back.c.id))
        .where(back.c.reverses == _activity.c.id, back.c.state == "settled", returned.c.no == _line.c.no)
        .scalar_subquery()
    )
    undone = select(back.c.id).where(back.c.reverses == _activity.c.id, back.c.state == "settled").exists()
    theirs = (
        select(_activity.c.member_id, _line.c.sku)
        .select_from(_activity.join(_line, _line.c.activity_id == _activity.c.id))
        .where(
            any_of(_activity.c.member_id, members),
            _activity.c.type == BOUGHT,
            _activity.c.state == "settled",
            any_of(_line.c.sku, sorted(goods)),
            or_(~undone, came_back < _line.c.amount),
        )
        .distinct()
    )
    return _gathered(read.all(theirs))


def _gathered(rows: Iterable[Any]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for member, name in rows:
        found.setdefault(member, set()).add(name)
    return {member: frozenset(names) for member, names in found.items()}
