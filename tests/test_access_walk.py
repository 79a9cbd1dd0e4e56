"""The whole schema, asked by those who may not: each root field answers as the table says, and nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, cast

import httpx
import pytest
from attrs import frozen
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_composite_type,
    is_introspection_type,
    is_required_argument,
    is_required_input_field,
)
from sqlalchemy import MetaData, select

from corekit import Activity, Kit
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_access.granting import Grantor, create_key, issue_token, set_staff
from corekit_schema import assemble_for, build_app, global_id
from corekit_schema.testing import serving

OPERATOR = Grantor("cli", None)
SIGNING = [{"id": "one", "secret": "a secret of more than thirty-two characters"}]
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
        "jobRuns": "jobs.read",
        "jobs": "jobs.read",
        "member": OWN,
        "memberData": "members.export",
        "members": "members.read",
        "node": HIDDEN,
        "nodes": HIDDEN,
        "pointsCurrencies": PUBLIC,
        "pointsReports": HIDDEN,
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
        "joinGroup": "members.change",
        "lapse": "members.change",
        "leaveGroup": "members.change",
        "mergeMembers": "members.merge",
        "placeHold": "accounts.hold",
        "planProgram": "program.read",
        "pointsAdjust": "points.adjust",
        "pointsCancel": "points.cancel",
        "pointsTransfer": "points.transfer",
        "recordActivity": "activities.record",
        "register": "members.register",
        "reject": "members.change",
        "releaseHold": "accounts.hold",
        "renew": "members.change",
        "requestTier": "tiers.use",
        "restore": "members.change",
        "retryDeliveries": "outbox.deliver",
        "reverseActivity": "activities.reverse",
        "runJob": "jobs.run",
        "setConsent": "members.change",
        "setTier": "tiers.set",
        "simulateActivity": "activities.simulate",
        "skipDeliveries": "outbox.deliver",
        "tagMember": "members.change",
        "unfreeze": "members.change",
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
    """A kit behind a server, somebody about whom is asked, and those who ask."""

    kit: Kit
    client: httpx.Client
    member: str
    activity: str
    bearers: dict[str, str | None]

    def ask(self, operation: str, bearer: str | None) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {bearer}"} if bearer is not None else {}
        answer: dict[str, Any] = self.client.post("/graphql", json={"query": operation}, headers=headers).json()
        return answer

    def operation(self, root: str, name: str, field: Any) -> str:
        """Ask for a root field, about somebody else, with just what it requires."""
        given = [(arg, self.literal(each.type, name)) for arg, each in field.args.items() if is_required_argument(each)]
        arguments = f"({', '.join(f'{arg}: {text}' for arg, text in given)})" if given else ""
        below = " { __typename }" if is_composite_type(get_named_type(field.type)) else ""
        return f"{root.lower()} {{ {name}{arguments}{below} }}"

    def literal(self, type_: Any, name: str) -> str:
        """Write a value of a type."""
        if isinstance(type_, GraphQLNonNull):
            return self.literal(cast("Any", type_).of_type, name)
        if isinstance(type_, GraphQLList):
            return f"[{self.literal(cast('Any', type_).of_type, name)}]"
        if isinstance(type_, GraphQLEnumType):
            return next(iter(type_.values))
        if isinstance(type_, GraphQLInputObjectType):
            needed = {key: each for key, each in type_.fields.items() if is_required_input_field(each)}
            return "{" + ", ".join(f"{key}: {self.literal(each.type, name)}" for key, each in needed.items()) + "}"
        texts = {"Int": "1", "Boolean": "true", "Digits": '"1"', "JSON": "{}", "DateTime": '"2026-01-01T00:00:00Z"'}
        if type_.name == "ID":
            return f'"{self.activity if name == "activity" else self.member}"'
        return texts.get(type_.name, '"x"')

    def rows(self) -> dict[str, list[Any]]:
        """Return everything that is stored; when a key was used last is apart."""
        found = dict[str, list[Any]]()
        with self.kit.database.connect() as connection:
            metadata = MetaData()
            metadata.reflect(connection)
            for table in metadata.sorted_tables:
                columns = [column for column in table.columns if column.name != "last_used_at"]
                found[table.name] = sorted(map(str, connection.execute(select(*columns)).all()))
        return found


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
        yield World(kit, client, *ids, bearers)


def roots(kit: Kit) -> dict[str, dict[str, Any]]:
    schema = assemble_for(kit).graphql
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    return {"Query": schema.query_type.fields, "Mutation": schema.mutation_type.fields}


def outcome(answer: dict[str, Any], name: str) -> str:
    if errors := answer.get("errors"):
        code: str = errors[0]["extensions"]["code"]
        return code
    value = answer["data"][name]
    return "null" if value is None or value == [None] else "answered"


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
        before = world.rows()
        for root, rows in TABLE.items():
            for name, asks in rows.items():
                answer = world.ask(world.operation(root, name, fields[root][name]), world.bearers[viewer])
                said, expected = outcome(answer, name), verdict(asks, viewer)
                counted[said] += 1
                if said != expected:
                    wrong.append(f"{viewer} asks {name}: {said}, not {expected}: {answer}")
        if world.rows() != before:
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
        operation = world.operation(root, name, fields[root][name])
        if outcome(world.ask(operation, without_one[asks]), name) != "FORBIDDEN":
            let_in.append(name)
        if outcome(world.ask(operation, with_one[asks]), name) in {"FORBIDDEN", "UNAUTHENTICATED"}:
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
