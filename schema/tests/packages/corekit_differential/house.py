"""A house with every plugin and some history, the requests of its people, and what they may ask about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any

from attrs import define, field
from graphql import GraphQLSchema

from corekit import Activity, Kit, Line
from corekit.activities.read import activities_of
from corekit.members.read import MemberFilter, member_page
from corekit.testing.clock import SettableClock
from corekit_schema import Context, Viewer, assemble_for, global_id
from corekit_schema.assembly.schema import AssembledSchema
from corekit_schema.execution.resolvers import field_guard
from corekit_schema.viewer import permissions_of

PLUGINS = ["points"]
PROGRAM = """
[program]
name = "Corner shop"

[[ladders]]
code = "status"
name = "Status"
validity = {months = 12, until = "year"}

[[ladders.tiers]]
code = "base"
name = "Base"

[[ladders.tiers]]
code = "silver"
name = "Silver"
criteria = [{metric = "spend", at_least = 100}]
benefits = {wash = {kind = "service", quota = 2, per = "month"}, lounge = true}

[[ladders]]
code = "visits"
name = "Visits"

[[ladders.tiers]]
code = "guest"
name = "Guest"

[[ladders.tiers]]
code = "regular"
name = "Regular"
criteria = [{metric = "visits", window = "year", at_least = 2}]

[points.currencies.points]
name = "Points"
expiry = {months = 6, end_of = "month"}

[points.currencies.growth]
name = "Growth value"
scale = 2

[[points.rules]]
id = "base"
rate = 1

[[points.rules]]
id = "grow"
currency = "growth"
rate = 1
"""
_TEXTS = {
    "kind": ["points", "growth", "tea"],
    "currency": ["points", "growth", "tea"],
    "ladder": ["status", "visits", "golf"],
    "tier": ["silver", "base", "regular"],
    "metric": ["spend", "visits", "golf"],
    "window": ["lifetime", "year", "rolling 12 months", "never"],
    "type": ["purchase", "member.registered", "refund"],
    "category": ["tea", "cake"],
    "channel": ["web", "unknown"],
    "name": ["Ann", "B"],
    "externalId": ["c-0", "c-9"],
    "tag": ["vip"],
    "job": ["core.expire"],
    "month": ["2026-01", "never"],
}


@define
class House:
    """The house; ``viewer`` is who asks: somebody of the staff, or the first member."""

    kit: Kit
    viewer: Viewer
    assembled: AssembledSchema
    members: list[str]
    activities: list[str]
    cursors: list[str]
    instants: list[str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        now = self.kit.now()
        self.instants = [(now - timedelta(days=days)).isoformat() for days in (-40, 0, 3, 20, 400)] + ["soon"]

    @classmethod
    def of(cls, kit: Kit, clock: SettableClock, *, is_staff: bool) -> House:
        """Let something happen to the members of a kit."""
        members = _live(kit, clock)
        staff = Viewer(kind="staff", name="mira", permissions=permissions_of(kit))
        viewer = staff if is_staff else Viewer(kind="member", member=members[0])
        with kit.read() as read:
            page = member_page(read, MemberFilter())
            pages = activities_of(read, members)
        activities = [activity.id for each in pages.values() for activity in each.items]
        cursors = [*page.cursors, *(each.cursors[0] for each in pages.values() if each.cursors), "nowhere"]
        return cls(kit, viewer, assemble_for(kit), members, activities, cursors)

    @property
    def schema(self) -> GraphQLSchema:
        """The schema with everything that plugins add."""
        return self.assembled.graphql

    def context(self) -> Context:
        """Return a request."""
        return Context(self.kit, self.viewer, self.assembled.nodes)

    def asks(self) -> list[str]:
        """Return the root fields that the viewer may ask for, those that lead to members several times.

        To a denial the executor answers before anything runs, which graphql-core does not.
        """
        query = self.schema.query_type
        assert query is not None
        guards = {name: field_guard(found) for name, found in query.fields.items()}
        may = [name for name, guard in guards.items() if guard is None or guard.policy.verdict(self.viewer) != "no"]
        return may + 4 * [name for name in ("member", "members", "node", "nodes") if name in may]

    def value(self, dice: Random, type_name: str, place: str) -> Any:
        """Make up a value of a scalar, mostly one that finds something."""
        if type_name == "ID" or place in {"id", "ids"}:
            return self._id(dice)
        choices: Mapping[str, Sequence[Any]] = {
            "Int": [1, 2, 3, 30, 0, -1],
            "Boolean": [True, False],
            "DateTime": self.instants,
            "Digits": ["0", "100", "20000", "x"],
        }
        texts = self.cursors if place in {"after", "before"} else _TEXTS.get(place, ["tea", "x"])
        return dice.choice(choices.get(type_name, texts))

    def _id(self, dice: Random) -> str:
        type_name = dice.choice(["Member", "Member", "Activity"])
        if dice.random() < 0.1:
            return dice.choice(["nothing", global_id(type_name, "0" * 32), global_id("Tier", "x")])
        return global_id(type_name, dice.choice(self.members if type_name == "Member" else self.activities))


def _live(kit: Kit, clock: SettableClock) -> list[str]:
    """Register members who buy, hold, pay, bring back, are tagged, frozen and merged; return their ids."""
    members: list[str] = []
    for number, name in enumerate(["Ann", "Bob", "Cem", "Dan"]):
        profile = {"name": name, "external_id": f"c-{number}", "channel": "web", "email": f"{name}@example.org"}
        members.append(_done(kit, type="member.registered", payload=profile).member)
    for day in range(3):
        clock.advance(days=9)
        for number, member in enumerate(members[:3]):
            lines = (Line(no=1, amount=4_000, category="tea"), Line(no=2, amount=2_000 * number, category="cake"))
            amount = sum(line.amount for line in lines)
            bought = _done(kit, type="purchase", member=member, amount=amount, lines=lines)
            if day == number:
                _done(kit, type="refund", member=member, reverses=bought.activity_id, amount=1_000)
    for member in members[:2]:
        _done(kit, type="hold.placed", member=member, amount=20, unit="points", payload={"account": "points"})
    _done(kit, type="member.tagged", member=members[0], payload={"add": ["vip"]})
    _done(kit, type="member.frozen", member=members[2], payload={"reason": "because"})
    return members


def _done(kit: Kit, **values: Any) -> Any:
    outcome = kit.record(Activity(**values))
    assert outcome.settled, outcome
    return outcome
