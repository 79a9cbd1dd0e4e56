"""Access through GraphQL and at the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from corekit import Activity, Kit
from corekit.audit.trail import audit_page
from corekit.cli import app
from corekit_access.granting import Grantor, create_key, issue_token, set_role, set_staff
from corekit_schema import global_id

ROOT = Grantor("cli", None)
HOUR = timedelta(hours=1)
Ask = Callable[..., httpx.Response]
ALL = ["access.read", "access.manage", "access.issue", "members.read"]
SET_ROLE = """mutation ($name: String!, $permissions: [String!]!) {
  accessSetRole(input: {name: $name, permissions: $permissions}) {
    role { name permissions } userErrors { path code parameters } } }"""
SET_STAFF = """mutation ($name: String!, $roles: [String!]!) {
  accessSetStaff(input: {name: $name, roles: $roles}) {
    staff { name active roles } userErrors { path code parameters } } }"""
CREATE = """mutation ($name: String!, $permissions: [String!]!, $at: DateTime) {
  accessCreateKey(input: {name: $name, permissions: $permissions, expiresAt: $at}) {
    key { prefix name permissions expiresAt } secret userErrors { path code parameters } } }"""
REVOKE = """mutation ($prefix: String!) {
  accessRevokeKey(input: {prefix: $prefix}) { key { revokedAt } userErrors { path code } } }"""
ISSUE = """mutation ($staff: String, $member: ID, $minutes: Int) {
  accessIssueToken(input: {staff: $staff, memberId: $member, minutes: $minutes}) {
    token userErrors { path code } } }"""
LISTS = """{ accessRoles { name permissions } accessStaff { name active roles }
  accessKeys { prefix name permissions lastUsedAt revokedAt } }"""


@pytest.fixture
def lead(kit: Kit) -> str:
    """A token of somebody who may manage access."""
    set_role(kit, ROOT, "lead", ALL)
    set_staff(kit, ROOT, "lead", ["lead"])
    return issue_token(kit, ROOT, HOUR, staff="lead")


def data(answer: httpx.Response) -> Any:
    found = answer.json()
    assert "errors" not in found, found
    (value,) = found["data"].values()
    return value


@pytest.mark.row("X2", way="graphql")
def test_staff_manage_roles_staff_keys_and_tokens(kit: Kit, ask: Ask, lead: str) -> None:
    assert data(ask(kit, SET_ROLE, lead, name="clerk", permissions=["members.read"])) == {
        "role": {"name": "clerk", "permissions": ["members.read"]}, "userErrors": [],
    }  # fmt: skip
    assert data(ask(kit, SET_STAFF, lead, name="mira", roles=["clerk"]))["staff"]["roles"] == ["clerk"]
    made = data(ask(kit, CREATE, lead, name="till", permissions=["members.read"]))
    token = data(ask(kit, ISSUE, lead, staff="mira"))["token"]
    who = kit.record(Activity(type="member.registered")).member
    theirs = data(ask(kit, ISSUE, lead, member=global_id("Member", who), minutes=5))["token"]
    kinds = [ask(kit, "{ viewer { kind } }", it).json()["data"]["viewer"]["kind"] for it in (token, theirs)]
    assert kinds == ["STAFF", "MEMBER"]
    assert ask(kit, "{ members { nodes { id } } }", made["secret"]).json()["data"]["members"]["nodes"]
    lists = ask(kit, LISTS, lead).json()["data"]
    assert [each["name"] for each in lists["accessRoles"]] == ["clerk", "lead"]
    assert [each["name"] for each in lists["accessStaff"]] == ["lead", "mira"]
    (key,) = lists["accessKeys"]
    assert (key["prefix"], key["revokedAt"]) == (made["key"]["prefix"], None)
    assert key["lastUsedAt"] is not None
    assert made["secret"].split("_", 2)[2] not in json.dumps(lists)
    assert data(ask(kit, REVOKE, lead, prefix=key["prefix"]))["key"]["revokedAt"] is not None
    with kit.read() as read:
        assert [it.actor for it in audit_page(read, actor="staff:lead").items] == ["staff:lead"] * 6


def test_what_is_refused_is_a_user_error_at_its_place(kit: Kit, ask: Ask, lead: str) -> None:
    wrong: list[tuple[str, dict[str, Any], str, str]] = [
        (SET_ROLE, {"name": "mine", "permissions": ["members.erase"]}, "ACCESS_NOT_HELD", "permissions"),
        (SET_ROLE, {"name": "mine", "permissions": ["all"]}, "ACCESS_PERMISSION_UNKNOWN", "permissions"),
        (SET_STAFF, {"name": "mira", "roles": ["none"]}, "ACCESS_ROLE_UNKNOWN", "roles"),
        (CREATE, {"name": "till", "permissions": [], "at": "2020-01-01T00:00:00Z"}, "ACCESS_EXPIRED", "expiresAt"),
        (REVOKE, {"prefix": "0"}, "ACCESS_KEY_UNKNOWN", "prefix"),
        (ISSUE, {"staff": "nobody"}, "ACCESS_STAFF_UNKNOWN", "staff"),
        (ISSUE, {"member": global_id("Member", "0" * 32)}, "NOT_FOUND", "memberId"),
        (ISSUE, {}, "INVALID", "staff"),
        (ISSUE, {"staff": "lead", "minutes": 1_441}, "RANGE", "minutes"),
    ]
    for text, values, code, place in wrong:
        (error,) = data(ask(kit, text, lead, **values))["userErrors"]
        assert (error["code"], error["path"]) == (code, ["input", place])


def test_who_lacks_the_permission_sees_and_changes_nothing(kit: Kit, ask: Ask, lead: str) -> None:
    _, key = create_key(kit, ROOT, "till", ["members.read"])
    who = issue_token(kit, ROOT, HOUR, member=kit.record(Activity(type="member.registered")).member)
    with kit.read() as read:
        before = len(audit_page(read).items)
    values: dict[str, Any] = {"name": "x", "permissions": [], "roles": [], "prefix": "0", "staff": "lead"}
    for bearer, code in ((None, "UNAUTHENTICATED"), (key, "FORBIDDEN"), (who, "FORBIDDEN")):
        for text in (SET_ROLE, SET_STAFF, CREATE, REVOKE, ISSUE, LISTS):
            errors = ask(kit, text, bearer, **{n: v for n, v in values.items() if f"${n}:" in text}).json()["errors"]
            assert {error["extensions"]["code"] for error in errors} == {code}
    with kit.read() as read:
        assert len(audit_page(read).items) == before


@pytest.mark.row("X2", way="cli")
def test_an_operator_sets_it_all_up_at_the_command_line(make: Any, ask: Ask, tmp_path: Path) -> None:
    kit = make(clock=lambda: datetime.now(UTC))  # commands take the time of the database

    def run(*words: str, exit_code: int = 0) -> str:
        done = CliRunner().invoke(app, ["--config", str(config), "access", *words])
        assert done.exit_code == exit_code, done.output
        return done.stdout.strip()

    config = tmp_path / "corekit.toml"
    section = (
        '[plugins.access]\nsigning_keys = [{id = "old", secret = "old secret of more than thirty-two characters"}]'
    )
    database = json.dumps(kit.settings.database)
    config.write_text(f'[corekit]\ndatabase = {database}\nplugins = ["access"]\n{section}\n')
    assert (run("roles"), run("staff"), run("keys")) == ("no roles", "nobody", "no keys")
    assert run("set-role", "clerk", "-p", "members.read") == "clerk  members.read"
    run("set-role", "clerk", "-p", "members.raed", exit_code=1)
    assert run("set-staff", "mira", "--role", "clerk") == "mira  clerk"
    token, key = run("token", "--staff", "mira"), run("create-key", "till", "-p", "members.read")
    for bearer in (token, key):
        assert ask(kit, "{ members { nodes { id } } }", bearer).json()["data"]["members"] == {"nodes": []}
    prefix = key.split("_")[1]
    assert "revoked" in run("revoke-key", prefix)
    assert (run("roles"), run("staff")) == ("clerk  members.read", "mira  clerk")
    shown = run("keys")
    assert "till  members.read  used" in shown
    assert key.split("_", 2)[2] not in shown
    assert run("set-staff", "mira", "--left") == "mira  nothing  (left)"
    run("token", "--staff", "mira", exit_code=1)
    run("token", exit_code=2)
    run("create-key", "till", "--expires", "2020-01-01", exit_code=1)
