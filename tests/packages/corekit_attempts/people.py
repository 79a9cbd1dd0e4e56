"""Ann, who asks, and those who are none of her business, with something of them wherever members are stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import frozen
from marshmallow import Schema, fields

from corekit import Activity, ActivityType, Batch, Declares, Effect, Kit, Line
from corekit.members.read import members
from corekit.testing.clock import SettableClock
from corekit.testing.modules import plugin_module
from corekit.testing.plugin import MakeKit

PLUGINS = ["access", "points"]
SIGNING = [{"id": "one", "secret": "a secret of more than thirty-two characters"}]
MARK = "zq{name}"
"""Stands in every text that is written of somebody, and nowhere else."""
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

[points.currencies.points]
name = "Points"
transfers = true
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

[[points.rewards]]
id = "mug"
points = 20
texts = {en = {name = "Mug"}}

[[points.rewards]]
id = "cup"
points = 20
stocked = true
texts = {en = {name = "Cup"}}

[[points.draws]]
id = "wheel"
per = "year"
guarantee = {class = "big", by = 9}
prizes = [{id = "trip", weight = 1, class = "big"}, {id = "nothing", weight = 99}]

[points.pool]
group = "family"
"""


class _Sulk(Schema):
    note = fields.String(required=True)


def _react(batch: Batch) -> Iterable[Effect]:
    for activity in batch.of("sulky.sulked"):
        raise ValueError(activity.payload["note"])
    return ()


def _erase(member: str) -> None:
    raise ValueError(f"{member} stays: it sulks")


def _happened(event: Any) -> None:
    if event.type == "sulky.smiled":
        raise ValueError(f"{event.member} does not smile")


SULKY = plugin_module(
    Declares(
        activities=[ActivityType(name="sulky.sulked", schema=_Sulk), ActivityType(name="sulky.smiled")],
        reacts=["sulky.sulked"],
    ),
    "sulky",
    corekit_react=_react,
    corekit_erase=_erase,
    corekit_happened=_happened,
)
"""Fails at whatever it is asked, so that what failed, or waits, is stored as well."""


@frozen
class Person:
    """Somebody, by id, with their number and what is written of them alone."""

    name: str
    id: str
    number: str
    phone: str
    birthday: str
    purchase: str

    @property
    def mark(self) -> str:
        return MARK.format(name=self.name)


@frozen
class People:
    """``ann`` asks. ``bob`` is somebody else, with whom she has exchanged points, a family and an invitation.

    ``cem`` became a part of ann, and ``dan`` of bob. ``eve`` became a part of ann by mistake, which was mended.
    """

    ann: Person
    bob: Person
    cem: Person
    dan: Person
    eve: Person


@frozen
class Life:
    """Lets people live, so that no two things happen at one instant."""

    kit: Kit
    clock: SettableClock

    def does(self, type_: str, member: str = "", *, mark: str = "", **values: Any) -> Any:
        """Record an activity, which settles."""
        self.clock.advance(seconds=3_607)
        named: dict[str, Any] = (
            {"external_id": f"{mark}-{type_}-{self.clock.now:%d%H%M%S}", "source": "till"} if mark else {}
        )
        outcome = self.kit.record(Activity(type=type_, member=member, actor="staff:mira", **named, **values))
        assert outcome.settled, outcome
        return outcome

    def person(self, name: str, no: int, invited_by: str | None) -> Person:
        """Let somebody register, buy, bring back, be known for this and that."""
        mark = MARK.format(name=name)
        phone, birthday = f"+4973196{no}417{no}", f"19{no}1-0{no}-1{no}"
        profile = {
            "name": f"{mark} Miller",
            "external_id": f"{mark}-crm",
            "external_ids": {"shop": f"{mark}-shop"},
            "email": f"{mark}@example.org",
            "phone": phone,
            "birthday": birthday,
            "channel": "web",
            "attributes": {"nickname": f"{mark}y"},
            "identity": {"city": f"{mark} City", "address": f"1 {mark} Street"},
            "occupation": {"employer": f"{mark} Ltd"},
            "lifestyle": {"hobbies": [f"{mark} chess"]},
            "preferences": {"brands": [f"{mark} Tea"]},
            "reason": f"{mark} asked at the till",
            "invited_by": invited_by,
        }
        member = self.does("member.registered", mark=mark, payload=profile).member
        with self.kit.read() as read:
            number = members(read, [member])[member].number
        assert number is not None
        bought = self._bought(mark, member, no)
        self._known(mark, member)
        self._changed(mark, member, bought)
        return Person(name, member, number, phone, birthday, bought)

    def _bought(self, mark: str, member: str, no: int) -> str:
        amount = 1_000_000 * no + 31_013 * no
        line = Line(no=1, amount=amount, sku=f"{mark}-sku", category=f"{mark}-cat", flags=(f"{mark}-flag",))
        told = {"store": f"{mark} store", "order_no": f"{mark}-order", "tax": amount // 7}
        bought = self.does("purchase", member, mark=mark, amount=amount, lines=(line,), payload=told).activity_id
        back = {"reverses": bought, "amount": 110_017 * no, "payload": {"reason": f"{mark} did not fit"}}
        self.does("refund", member, mark=mark, **back)
        return str(bought)

    def _known(self, mark: str, member: str) -> None:
        self.does("member.tagged", member, mark=mark, payload={"add": [f"{mark}-tag"], "reason": f"{mark} likes it"})
        group = {"group": f"{mark}-family", "role": "primary", "reason": f"{mark} is the head"}
        self.does("member.joined_group", member, mark=mark, payload=group)
        word = {"purpose": "marketing", "channel": "email", "granted": True, "evidence": f"{mark} form 7"}
        self.does("member.consented", member, mark=mark, payload=word)
        change = {"name": f"{mark} Smith", "identity": {"city": f"{mark} Town"}, "reason": f"{mark} moved"}
        self.does("member.updated", member, mark=mark, payload=change)

    def _changed(self, mark: str, member: str, bought: str) -> None:
        told = {"ladder": "status", "tier": "base", "reason": f"{mark} was rude"}
        self.does("tier.set", member, mark=mark, payload=told)
        self.does("tier.set", member, mark=mark, payload={**told, "tier": "silver", "reason": f"{mark} is sorry"})
        claim = {"ladder": "status", "benefit": "wash"}
        self.does("tier.benefit_claimed", member, mark=mark, payload=claim)
        given = {"unit": "points", "mark": mark}
        self.does("points.adjustment", member, amount=20_000, payload={"reason": f"{mark} waited"}, **given)
        taken = {"activity": bought, "reason": f"{mark} cheated"}
        self.does("points.cancelled", member, amount=1_000, payload=taken, **given)

    def holds(self, who: Person, no: int) -> None:
        """Set points aside, twice."""
        for part in (1_003, 1_007):
            aside = {"amount": 10 * part + no, "unit": "points", "payload": {"account": "points"}}
            self.does("hold.placed", who.id, mark=who.mark, **aside)

    def wins(self, who: Person) -> None:
        """Let somebody redeem a reward, and draw."""
        self.does("points.redeemed", who.id, mark=who.mark, payload={"reward": "mug", "store": f"{who.mark} counter"})
        self.does("points.drawn", who.id, mark=who.mark, payload={"draw": "wheel"})

    def fails(self, who: Person) -> None:
        """Let something fail, something wait, something not be delivered, and an erasure stay open."""
        self.clock.advance(seconds=3_607)
        sulk = Activity(type="sulky.sulked", member=who.id, payload={"note": f"{who.mark} sulks"}, source=who.mark)
        assert self.kit.record(sulk).outcome == "failed"
        self.does("sulky.smiled", who.id, mark=who.mark)
        waits = {"store": f"{who.mark} corner", "order_no": f"{who.mark}-waits"}
        self.kit.enqueue([Activity(type="purchase", member=who.id, amount=77_777, payload=waits, source=who.mark)])
        assert self.kit.erase(who.id, reason=f"{who.mark} wants it").state == "open"


def people(kit: Kit, clock: SettableClock) -> People:
    """Let all of them live."""
    life = Life(kit, clock)
    kit.jobs.run("points.draws")
    bob = life.person("bob", 2, None)
    ann = life.person("ann", 3, bob.number)
    cem, dan, eve = (life.person(name, 4 + no, ann.number) for no, name in enumerate(("cem", "dan", "eve")))
    for role, who in (("primary", ann), ("supplementary", bob)):
        life.does("member.joined_group", who.id, payload={"group": "two-friends", "role": role})
    for giver, receiver, amount in ((ann, bob, 1_234), (bob, ann, 2_345)):
        told = {"members": (receiver.id,), "amount": amount, "unit": "points"}
        given = life.does("points.transferred", giver.id, mark=giver.mark, payload={"reason": giver.mark}, **told)
        if giver is bob:
            life.does("reversal", giver.id, mark=giver.mark, reverses=given.activity_id, amount=345)
    for survivor, part in ((ann, cem), (bob, dan), (ann, eve)):
        clock.advance(seconds=3_607)
        merged = kit.merge(survivor.id, part.id, reason="one person", actor="staff:mira")
        assert merged.settled, merged
        if part is eve:
            life.does("reversal", survivor.id, reverses=merged.activity_id, payload={"reason": "by mistake"})
    for no, who in enumerate((ann, bob)):
        life.holds(who, no)
        life.fails(who)
    for who in (ann, bob):  # after the erasure that stays open, in which what plugins keep of them was forgotten
        life.wins(who)
    life.clock.advance(seconds=3_607)
    kit.deliver()
    return People(ann, bob, cem, dan, eve)


def make_house(make_kit: MakeKit, **settings: Any) -> Kit:
    """Return a kit with every plugin, and no limit to what may be asked at once."""
    wide = {"depth": 1_000, "fields": 1_000_000, "cost": 1_000_000_000, "tokens": 1_000_000, "aliases": 1_000_000}
    return make_kit(
        PLUGINS,
        modules={"sulky": SULKY},
        program=PROGRAM,
        profile={"nickname": {"type": "string"}},
        graphql={"limits": {**wide, "repeats": 1_000_000, "root_fields": 10_000, "directives": 1_000_000}},
        sections={"access": {"signing_keys": SIGNING}},
        **settings,
    )
