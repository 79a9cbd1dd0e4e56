"""The whole schema, asked by those who may not: each root field answers as the table says, and nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from attrs import frozen
from corekit_attempts.asking import House, outcome, roots, stored
from corekit_attempts.people import SIGNING
from graphql import GraphQLObjectType, is_introspection_type

from corekit import Activity, Kit
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_access.granting import Grantor, create_key, issue_token, set_staff
from corekit_schema import assemble_for, build_app, global_id
from corekit_schema.testing import serving

OPERATOR = Grantor("cli", None)
PUBLIC, OWN, HIDDEN = "everybody", "the owner", "null to others"
"""What a root field asks for where it asks for no permission; ``HIDDEN`` is an object that others do not see."""

TABLE = {
    "Query": {
        "accessKeys": "access.read",
        "accessRoles": "access.read",
        "accessStaff": "access.read",
        "activity": OWN,
        "audit": "audit.read",
        "deliveries": "outbox.deliver",
        "duplicates": "members.read",
        "erasures": "members.erase",
        "greeting": "members.read",
        "jobRuns": "jobs.read",
        "jobs": "jobs.read",
        "member": OWN,
        "memberData": "members.export",
        "members": "members.read",
        "node": HIDDEN,
        "nodes": HIDDEN,
        "plugins": "plugins.read",
        "pointsCurrencies": PUBLIC,
        "pointsDraws": PUBLIC,
        "pointsReports": HIDDEN,
        "pointsRewards": PUBLIC,
        "program": PUBLIC,
        "programChanges": PUBLIC,
        "programVersions": "program.read",
        "tierPreview": "members.read",
        "viewer": PUBLIC,
    },
    "Mutation": {
        "accessCreateKey": "access.manage",
        "accessIssueToken": "access.issue",
        "accessRevokeKey": "access.manage",
        "accessSetRole": "access.manage",
        "accessSetStaff": "access.manage",
        "applyProgram": "program.apply",
        "approve": "members.change",
        "cancel": "members.change",
        "captureHold": "accounts.hold",
        "claimBenefit": "tiers.use",
        "eraseMember": "members.erase",
        "freeze": "members.change",
        "freezeAccount": "accounts.freeze",
        "joinGroup": "members.change",
        "lapse": "members.change",
        "leaveGroup": "members.change",
        "mergeMembers": "members.merge",
        "placeHold": "accounts.hold",
        "planProgram": "program.read",
        "pointsAdjust": "points.adjust",
        "pointsCancel": "points.cancel",
        "pointsCancelRedemption": "points.redeem",
        "pointsDraw": "points.draw",
        "pointsFulfilRedemption": "points.fulfil",
        "pointsRedeemReward": "points.redeem",
        "pointsRestockReward": "points.restock",
        "pointsShare": "points.share",
        "pointsTransfer": "points.transfer",
        "recordActivity": "activities.record",
        "register": "members.register",
        "reject": "members.change",
        "releaseHold": "accounts.hold",
        "renew": "members.change",
        "requestTier": "tiers.use",
        "restore": "members.change",
        "resumePlugin": "plugins.suspend",
        "retryDeliveries": "outbox.deliver",
        "reverseActivity": "activities.reverse",
        "runJob": "jobs.run",
        "setConsent": "members.change",
        "setTier": "tiers.set",
        "simulateActivity": "activities.simulate",
        "skipDeliveries": "outbox.deliver",
        "suspendPlugin": "plugins.suspend",
        "tagMember": "members.change",
        "unfreeze": "members.change",
        "unfreezeAccount": "accounts.freeze",
        "updateMember": "members.change",
    },
}
"""What each root field asks for, written by hand: another policy in the code is a change that somebody has to mean."""

VIEWERS = ("anonymous", "another member", "staff without", "service without", "frozen member", "expired token")


def verdict(asks: str, viewer: str) -> str:
    """Say what a viewer is answered who asks about somebody else."""
    if viewer == "expired token":
        return "UNAUTHENTICATED"
    if asks == PUBLIC:
        return "answered"
    if asks == HIDDEN or (asks == OWN and viewer.endswith("member")):
        return "null"
    return "UNAUTHENTICATED" if viewer == "anonymous" else "FORBIDDEN"


@frozen
class World:
    """A house, and those who ask about one of its people."""

    house: House
    bearers: dict[str, str | None]

    @property
    def kit(self) -> Kit:
        return self.house.kit


@pytest.fixture
def world(make_kit: MakeKit, clock: SettableClock) -> Iterator[World]:
    kit = make_kit(["access", "points"], sections={"access": {"signing_keys": SIGNING}})
    about = kit.record(Activity(type="member.registered"))
    other, frozen_one = (kit.record(Activity(type="member.registered")).member for _ in range(2))
    expired = issue_token(kit, OPERATOR, timedelta(minutes=1), member=about.member)
    clock.advance(minutes=2)
    assert kit.record(Activity(type="member.frozen", member=frozen_one, payload={"reason": "x"})).settled
    set_staff(kit, OPERATOR, "mira", [])
    hour = timedelta(hours=1)
    bearers = {
        "anonymous": None,
        "another member": issue_token(kit, OPERATOR, hour, member=other),
        "staff without": issue_token(kit, OPERATOR, hour, staff="mira"),
        "service without": create_key(kit, OPERATOR, "till", [])[1],
        "frozen member": issue_token(kit, OPERATOR, hour, member=frozen_one),
        "expired token": expired,
    }
    assert about.activity_id is not None
    ids = global_id("Member", about.member), global_id("Activity", about.activity_id)
    with serving(build_app(kit)) as client:
        yield World(House(kit=kit, client=client, member=ids[0], activity=ids[1]), bearers)


@pytest.mark.row("X2", way="graphql")
def test_each_root_field_answers_those_who_may_not_as_the_table_says_and_writes_nothing(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = roots(world.kit)
    assert {root: sorted(found) for root, found in fields.items()} == {
        root: sorted(rows) for root, rows in TABLE.items()
    }, "the table names each root field"
    wrong, counted = list[str](), Counter[str]()
    for viewer in VIEWERS:
        before = stored(world.kit)
        for root, rows in TABLE.items():
            for name, asks in rows.items():
                answer = world.house.ask(world.house.operation(root, name, fields[root][name]), world.bearers[viewer])
                said, expected = outcome(answer), verdict(asks, viewer)
                counted[said] += 1
                if said != expected:
                    wrong.append(f"{viewer} asks {name}: {said}, not {expected}: {answer}")
        if stored(world.kit) != before:
            wrong.append(f"{viewer} has changed something")
    assert wrong == []
    number = sum(map(len, TABLE.values()))
    assert sum(counted.values()) == number * len(VIEWERS)
    with capsys.disabled():
        print(f"\n{number} root fields x {len(VIEWERS)} viewers: {dict(sorted(counted.items()))}")  # noqa: T201


def test_the_permission_that_the_table_says_is_enough_and_no_other_is(world: World) -> None:
    fields = roots(world.kit)
    rows = [(root, name, asks) for root, rows in TABLE.items() for name, asks in rows.items() if "." in asks]
    every = sorted({asks for _, _, asks in rows})
    with_one = {asks: create_key(world.kit, OPERATOR, "one", [asks])[1] for asks in every}
    without_one = {asks: create_key(world.kit, OPERATOR, "rest", set(every) - {asks})[1] for asks in every}
    kept_out: list[str] = []
    let_in: list[str] = []
    for root, name, asks in rows:
        operation = world.house.operation(root, name, fields[root][name])
        if outcome(world.house.ask(operation, without_one[asks])) != "FORBIDDEN":
            let_in.append(name)
        if outcome(world.house.ask(operation, with_one[asks])) in {"FORBIDDEN", "UNAUTHENTICATED"}:
            kept_out.append(name)
    assert (kept_out, let_in) == ([], [])


def test_every_field_of_every_type_has_a_policy(kit_fields: Callable[[], Counter[str]]) -> None:
    counted = kit_fields()
    assert counted["without"] == 0
    assert counted["with"] > 300


@pytest.fixture
def kit_fields(make_kit: MakeKit) -> Callable[[], Counter[str]]:
    """Count the fields of all object types with a policy, and those without."""

    def count() -> Counter[str]:
        schema = assemble_for(make_kit(["access", "points"]))
        counted = Counter[str]()
        for type_ in schema.graphql.type_map.values():
            if isinstance(type_, GraphQLObjectType) and not is_introspection_type(type_):
                for name in type_.fields:
                    counted["with" if schema.policies.get((type_.name, name)) is not None else "without"] += 1
        return counted

    return count
