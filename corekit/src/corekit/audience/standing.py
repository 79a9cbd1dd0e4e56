"""Who a member is when it asks for something: a few statements, however many members."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from sqlalchemy import func, or_, select

from corekit.activities.tables import activity as _activity
from corekit.activities.tables import line as _line
from corekit.audience.rules import Measured, OneOf, Rule, Who, parts
from corekit.db.reader import Reader, any_of
from corekit.members.offering import members_now
from corekit.members.tables import group_member as _group
from corekit.tiers.read import measured

if TYPE_CHECKING:
    from corekit.kit import Kit
    from corekit.metrics import Window
    from corekit.tiers.ladder import Measure, Tier

BOUGHT = "purchase"
"""The activity type whose lines say what somebody bought."""
_MERGED = "merged"


@frozen
class Gathered:
    """What was read of members besides what everybody knows of them: what some rules ask for."""

    groups: Mapping[str, frozenset[str]] = field(factory=dict[str, frozenset[str]])
    bought: Mapping[str, frozenset[str]] = field(factory=dict[str, frozenset[str]])
    measures: Mapping[str, Measure] = field(factory=dict[str, "Measure"])

    def who(self, member: str, kind: str, tags: frozenset[str], tiers: Mapping[str, Tier]) -> Who:
        """Return what of a member decides."""
        return Who(
            kind=kind,
            tags=tags,
            tiers=tiers,
            groups=self.groups.get(member, frozenset()),
            bought=self.bought.get(member, frozenset()),
            measure=self.measures.get(member, _nothing),
        )


def gathered(read: Reader, members: Collection[str], now: datetime, rules: Iterable[Rule]) -> Gathered:
    """Return what some rules ask for of members at ``now``, which is on the program's clock; no statement for no rule.

    Three statements at most, and two more where metrics are asked for over windows.
    """
    asked = [each for rule in rules for each in parts(rule)]
    metrics: set[tuple[str, Window]] = {(each.metric, each.window) for each in asked if isinstance(each, Measured)}
    goods = {name for each in asked if isinstance(each, OneOf) and each.what == "bought" for name in each.names}
    grouped = any(isinstance(each, OneOf) and each.what == "group" for each in asked)
    zone: Any = now.tzinfo
    return Gathered(
        groups=_groups(read, members) if grouped else {},
        bought=_bought(read, members, goods) if goods else {},
        measures=measured(read, members, metrics, now.date(), zone) if metrics else {},
    )


def people(
    read: Reader, kit: Kit, members: Collection[str], now: datetime, rules: Iterable[Rule]
) -> dict[str, tuple[str, Who]]:
    """Return the state of each member and what of it decides by some rules.

    Who does not exist, or is a part of another member now, is left out.
    """
    found = gathered(read, members, now.astimezone(kit.zone), rules)
    return {
        each.id: (each.state, found.who(each.id, each.kind, each.tags, each.tiers))
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
