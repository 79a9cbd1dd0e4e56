"""The whole schema, asked once by those who may: each root field gives what it is there for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, cast

import pytest
from attrs import field, frozen
from corekit_attempts.asking import House, roots
from corekit_attempts.attempts import Target
from corekit_attempts.people import PROGRAM, Life, make_house
from corekit_attempts.selecting import Selecting

from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_access.granting import Grantor, create_key, issue_token
from corekit_schema import assemble_for, build_app, global_id
from corekit_schema.execution.resolvers import field_guard
from corekit_schema.testing import serving

OPERATOR = Grantor("cli", None)
PROFILE = {"name": "Ann Miller", "birthday": "1990-02-28", "channel": "web"}
LATER = "2027-01-01T00:00:00+00:00"


@frozen
class Town:
    """A life that makes whoever is needed, and what each root field is asked about."""

    life: Life
    made: dict[str, str] = field(factory=dict[str, str])

    def joined(self, *steps: str) -> str:
        """Return the id of a new member who is approved, and has taken these steps."""
        member = self.applied()
        for type_ in ("member.approved", *steps):
            self.life.does(type_, member)
        return global_id("Member", member)

    def applied(self) -> str:
        return str(self.life.does("member.registered", payload=PROFILE).member)

    def rich(self) -> tuple[str, str]:
        """Return the local ids of a new member with points, and of the purchase."""
        member = self.applied()
        self.life.does("member.approved", member)
        bought = self.life.does("purchase", member, amount=50_000, payload={"store": "Ulm"})
        self.life.clock.advance(seconds=1)  # the tier that this brings holds after it
        return member, str(bought.activity_id)

    def rich_id(self) -> str:
        return global_id("Member", self.rich()[0])

    def bought(self) -> dict[str, str]:
        member, activity = self.rich()
        return {"memberId": global_id("Member", member), "activityId": global_id("Activity", activity)}

    def held(self) -> dict[str, str]:
        """Return a member, and a hold on its points."""
        member, _ = self.rich()
        told: dict[str, Any] = {"amount": 10, "unit": "points", "payload": {"account": "points"}}
        (effect,) = self.life.kit.why(self.life.does("hold.placed", member, **told).activity_id).effects
        return {"memberId": global_id("Member", member), "holdId": effect.effect.id}

    def redeemed(self) -> dict[str, str]:
        """Return a redemption that nobody has fetched."""
        member, _ = self.rich()
        done = self.life.does("points.redeemed", member, payload={"reward": "mug"})
        return {"redemptionId": global_id("PointsRedemption", str(done.activity_id))}

    def family(self) -> dict[str, str]:
        """Return a primary member with points, and a supplementary one of its family."""
        (primary, _), other = self.rich(), self.applied()
        self.life.does("member.approved", other)
        for role, member in (("primary", primary), ("supplementary", other)):
            self.life.does("member.joined_group", member, payload={"group": f"f{primary}", "role": role})
        return {"memberId": global_id("Member", primary), "receiverId": global_id("Member", other)}


def of(member: Callable[[Town], str], **more: Any) -> Callable[[Town], dict[str, Any]]:
    """Return what makes the input of a mutation about a member."""
    return lambda town: {"memberId": member(town), **more}


STATUS = {"ladder": "status"}
MUTATIONS: Mapping[str, Callable[[Town], dict[str, Any]]] = {
    "accessCreateKey": lambda _: {"name": "till", "permissions": []},
    "accessIssueToken": of(Town.joined),
    "accessRevokeKey": lambda town: {"prefix": create_key(town.life.kit, OPERATOR, "old", [])[0].prefix},
    "accessSetRole": lambda _: {"name": "guest", "permissions": []},
    "accessSetStaff": lambda _: {"name": "mira", "roles": ["guest"]},
    "applyProgram": lambda _: {"content": PROGRAM.replace("Corner", "Street"), "validFrom": LATER},
    "approve": of(lambda town: global_id("Member", town.applied())),
    "cancel": of(Town.joined),
    "captureHold": Town.held,
    "claimBenefit": of(Town.rich_id, benefit="wash", **STATUS),
    "eraseMember": of(Town.joined),
    "freeze": of(Town.joined),
    "freezeAccount": of(Town.rich_id, account="points"),
    "joinGroup": of(Town.joined, group="smiths"),
    "lapse": of(Town.joined),
    "leaveGroup": lambda town: {"memberId": in_group(town), "group": "millers"},
    "mergeMembers": lambda town: {"memberId": town.joined(), "otherId": town.joined()},
    "placeHold": of(Town.rich_id, account="points", amount="10"),
    "planProgram": lambda _: {"content": PROGRAM.replace("Corner", "Main street")},
    "pointsAdjust": of(Town.joined, amount="5", reason="sorry"),
    "pointsCancel": lambda town: {**town.bought(), "reason": "cheated"},
    "pointsCancelRedemption": Town.redeemed,
    "pointsDraw": of(Town.rich_id, draw="wheel"),
    "pointsFulfilRedemption": Town.redeemed,
    "pointsRedeemReward": of(Town.rich_id, reward="mug"),
    "pointsRestockReward": lambda _: {"reward": "cup", "amount": 12, "reason": "a delivery"},
    "pointsShare": lambda town: {**town.family(), "amount": "5"},
    "pointsTransfer": lambda town: {
        "memberId": town.rich_id(),
        "receiverId": town.joined(),
        "amount": "5",
        "reason": "a gift",
    },
    "recordActivity": of(Town.joined, type="purchase", amount="1000"),
    "register": lambda _: PROFILE,
    "reject": of(lambda town: global_id("Member", town.applied()), reason="too young"),
    "releaseHold": Town.held,
    "renew": of(Town.joined),
    "requestTier": of(lambda town: global_id("Member", lowered(town)), **STATUS),
    "restore": of(lambda town: town.joined("member.cancelled")),
    "resumePlugin": lambda _: {"name": "sulky"},
    "retryDeliveries": lambda _: {"plugin": "sulky"},
    "reverseActivity": lambda town: {"activityId": town.bought()["activityId"]},
    "runJob": lambda _: {"name": "expiry"},
    "setConsent": of(Town.joined, purpose="marketing", granted=True),
    "setTier": of(Town.joined, tier="silver", reason="a friend", **STATUS),
    "simulateActivity": of(Town.joined, type="purchase", amount="1000"),
    "skipDeliveries": lambda _: {"plugin": "sulky"},
    "suspendPlugin": lambda _: {"name": "sulky", "reason": "it sulks"},
    "tagMember": of(Town.joined, add=["vip"]),
    "unfreeze": of(lambda town: town.joined("member.frozen")),
    "unfreezeAccount": of(lambda town: global_id("Member", rested(town)), account="points"),
    "updateMember": of(Town.joined, name="Anne Miller"),
}
"""What each mutation is asked to do, so that it does it."""


def in_group(town: Town) -> str:
    member = town.applied()
    town.life.does("member.approved", member)
    town.life.does("member.joined_group", member, payload={"group": "millers"})
    return global_id("Member", member)


def lowered(town: Town) -> str:
    """Return somebody who stands below the tier for which it qualifies."""
    member, _ = town.rich()
    town.life.does("tier.set", member, payload={"tier": "base", "reason": "rude", **STATUS})
    return member


def rested(town: Town) -> str:
    """Return somebody whose points are frozen."""
    member, _ = town.rich()
    town.life.does("account.frozen", member, payload={"account": "points"})
    return member


QUERIES: Mapping[str, Callable[[Town], dict[str, Any]]] = {
    "activity": lambda town: {"id": town.made["activity"]},
    "greeting": lambda town: {"known": town.made["member"]},
    "member": lambda town: {"id": town.made["member"]},
    "memberData": lambda town: {"id": town.made["member"]},
    "node": lambda town: {"id": town.made["activity"]},
    "nodes": lambda town: {"ids": [town.made["member"], town.made["activity"]]},
}
"""What queries are asked about; the others need not be told, and find what the mutations did."""
OPENED = {"pointsReports": "points.report"}
"""What those need who are to see an object that is null to others."""


def failures(answer: dict[str, Any], name: str) -> list[Any]:
    """Return what kept a root field from giving what it is there for."""
    if "errors" in answer:
        return [answer["errors"]]
    value: Any = answer["data"][name]
    if not value:
        return ["nothing"]
    told = cast("dict[str, Any]", value if isinstance(value, dict) else {})
    return [*told.get("userErrors", ()), *({told.get("outcome", "SETTLED")} - {"SETTLED"})]


@pytest.mark.row("X2", way="graphql")
def test_each_root_field_works_once_with_the_right_viewer(
    make_kit: MakeKit, clock: SettableClock, capsys: pytest.CaptureFixture[str]
) -> None:
    kit = make_house(make_kit, members={"validity_months": 12, "enrolment": {"approval": "manual"}})
    kit.jobs.run("points.draws")
    town = Town(Life(kit, clock))
    member, activity = town.rich()
    lowered(town)
    town.life.does("sulky.smiled", member)
    kit.deliver()
    town.made.update(member=global_id("Member", member), activity=global_id("Activity", activity))
    selecting = Selecting(assemble_for(kit).graphql, town.made["member"], town.made["activity"])
    fields = roots(kit)
    assert set(MUTATIONS) == set(fields["Mutation"])
    wrong, viewers = dict[str, Any](), list[str]()
    with serving(build_app(kit)) as client:
        house = House(kit=kit, client=client, member=town.made["member"], activity=town.made["activity"])
        for root in ("Mutation", "Query"):
            for name, each in fields[root].items():
                asks = OPENED.get(name) or needed(each)
                viewers.append("a service with one permission" if asks else "the owner" if each.args else "anybody")
                own = issue_token(kit, OPERATOR, timedelta(hours=1), member=member) if each.args else None
                bearer = create_key(kit, OPERATOR, name, [asks])[1] if asks else own
                document = Target(root.lower(), root, name, each).document(selecting, 1)
                given = {"input": MUTATIONS[name](town)} if root == "Mutation" else QUERIES.get(name, no_words)(town)
                if why := failures(house.ask(document, bearer, given), name):
                    wrong[name] = why
    assert wrong == {}
    with capsys.disabled():
        print(f"\n{len(viewers)} root fields work: {dict(Counter(viewers))}")  # noqa: T201


def no_words(_town: Town) -> dict[str, Any]:
    return {}


def needed(each: Any) -> str | None:
    """Return the permission that a root field asks for; None where somebody's own token, or none, will do."""
    guard = field_guard(each)
    return guard.policy.permission if guard is not None and guard.policy.kind == "permission" else None
