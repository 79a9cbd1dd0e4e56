"""Giving and taking: nobody gives what they do not have, and each change is in the trail once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from corekit import Activity, Invalid, Kit
from corekit.audit.trail import AuditEntry, audit_page
from corekit_access import store
from corekit_access.granting import Grantor, create_key, issue_token, revoke_key, set_role, set_staff

HOUR = timedelta(hours=1)
ROOT = Grantor("cli", None)
LEAD = Grantor("staff:lead", frozenset({"access.manage", "access.issue", "members.read", "members.change"}))


def trail(kit: Kit) -> list[AuditEntry]:
    with kit.read() as read:
        return list(audit_page(read, first=1_000).items)


def everything(kit: Kit) -> tuple[Any, ...]:
    with kit.read() as read:
        return store.roles(read), store.everybody(read), store.keys(read), len(trail(kit))


@pytest.mark.row("X2", way="bad_input")
def test_nobody_gives_a_permission_that_they_do_not_have(kit: Kit) -> None:
    set_role(kit, ROOT, "mighty", ["members.erase"])
    set_role(kit, ROOT, "weak", ["members.read"])
    set_staff(kit, ROOT, "boss", ["mighty"])
    set_staff(kit, ROOT, "gone", ["mighty"], active=False)
    before = everything(kit)
    attempts: dict[str, Callable[[], object]] = {
        "a new role": lambda: set_role(kit, LEAD, "mine", ["members.read", "members.erase"]),
        "a known role": lambda: set_role(kit, LEAD, "weak", ["members.read", "members.erase"]),
        "somebody new": lambda: set_staff(kit, LEAD, "me", ["mighty"]),
        "a second role": lambda: set_staff(kit, LEAD, "me", ["weak", "mighty"]),
        "who left comes back": lambda: set_staff(kit, LEAD, "gone", ["mighty"]),
        "a key": lambda: create_key(kit, LEAD, "till", ["members.erase"]),
        "a token of who may more": lambda: issue_token(kit, LEAD, HOUR, staff="boss"),
    }
    codes = dict[str, str]()
    for name, attempt in attempts.items():
        with pytest.raises(Invalid) as caught:
            attempt()
        codes[name] = caught.value.code
        assert caught.value.parameters == {"permission": "members.erase"}
    assert codes == dict.fromkeys(attempts, "ACCESS_NOT_HELD")
    assert everything(kit) == before, "what is refused leaves nothing"


def test_what_one_has_one_gives_and_anything_may_be_taken(kit: Kit) -> None:
    set_role(kit, ROOT, "mighty", ["members.erase", "members.read"])
    set_staff(kit, ROOT, "boss", ["mighty"])
    assert set_role(kit, LEAD, "mighty", ["members.read"]).permissions == {"members.read"}
    assert set_role(kit, LEAD, "weak", ["members.change"]).permissions == {"members.change"}
    assert set_staff(kit, LEAD, "mira", ["weak"]).roles == {"weak"}
    assert issue_token(kit, LEAD, HOUR, staff="mira")
    assert create_key(kit, LEAD, "till", ["members.read"])[0].permissions == {"members.read"}
    assert set_staff(kit, LEAD, "boss", []).roles == frozenset()
    assert not set_staff(kit, LEAD, "boss", [], active=False).active


def test_what_there_is_not_is_refused_with_its_code_and_leaves_nothing(kit: Kit) -> None:
    set_staff(kit, ROOT, "gone", [], active=False)
    key, _ = create_key(kit, ROOT, "till", [])
    revoke_key(kit, ROOT, key.prefix)
    before = everything(kit)
    attempts: list[tuple[str, Callable[[], object]]] = [
        ("ACCESS_PERMISSION_UNKNOWN", lambda: set_role(kit, ROOT, "clerk", ["members.raed"])),
        ("ACCESS_PERMISSION_UNKNOWN", lambda: create_key(kit, ROOT, "till", ["*"])),
        ("ACCESS_ROLE_UNKNOWN", lambda: set_staff(kit, ROOT, "mira", ["clerk"])),
        ("ACCESS_KEY_UNKNOWN", lambda: revoke_key(kit, ROOT, "000000000000")),
        ("ACCESS_KEY_UNKNOWN", lambda: revoke_key(kit, ROOT, key.prefix)),
        ("ACCESS_EXPIRED", lambda: create_key(kit, ROOT, "till", [], kit.now())),
        ("ACCESS_STAFF_UNKNOWN", lambda: issue_token(kit, ROOT, HOUR, staff="mira")),
        ("ACCESS_STAFF_UNKNOWN", lambda: issue_token(kit, ROOT, HOUR, staff="gone")),
        ("NOT_FOUND", lambda: issue_token(kit, ROOT, HOUR, member="0" * 32)),
        ("NOT_FOUND", lambda: issue_token(kit, ROOT, HOUR, member="mira")),
    ]
    for code, attempt in attempts:
        with pytest.raises(Invalid) as caught:
            attempt()
        assert caught.value.code == code
    assert everything(kit) == before


def test_each_change_is_in_the_trail_once_and_the_same_again_is_none(kit: Kit) -> None:
    who = kit.record(Activity(type="member.registered")).member
    for _ in range(2):
        set_role(kit, LEAD, "clerk", ["members.read"])
        set_staff(kit, LEAD, "mira", ["clerk"])
    key, _ = create_key(kit, LEAD, "till", ["members.read"])
    revoke_key(kit, LEAD, key.prefix)
    issue_token(kit, LEAD, HOUR, staff="mira")
    issue_token(kit, LEAD, HOUR, member=who)
    found = [(it.actor, it.what, it.subject) for it in reversed(trail(kit))]
    assert sorted(found) == sorted(
        [
            ("staff:lead", "access.role_set", "clerk"),
            ("staff:lead", "access.staff_set", "mira"),
            ("staff:lead", "access.key_created", key.prefix),
            ("staff:lead", "access.key_revoked", key.prefix),
            ("staff:lead", "access.token_issued", "mira"),
            ("staff:lead", "access.token_issued", who),
        ]
    )


def test_of_two_who_enter_the_same_at_once_one_row_and_one_change_remain(kit: Kit) -> None:
    with ThreadPoolExecutor(4) as pool:
        staff = [pool.submit(set_staff, kit, ROOT, "mira", []) for _ in range(4)]
        roles = [pool.submit(set_role, kit, ROOT, "clerk", ["members.read"]) for _ in range(4)]
    assert len({each.result().id for each in staff}) == 1
    assert len({each.result() for each in roles}) == 1
    assert len(trail(kit)) == 2


def test_a_permission_whose_plugin_is_off_is_nobodys(kit: Kit, make_kit: Any) -> None:
    set_role(kit, ROOT, "clerk", ["access.read"])
    without = make_kit([], database=kit.settings.database)
    from corekit_schema.viewer import permissions_of  # noqa: PLC0415 - beside what it shows

    with kit.read() as read:
        assert not store.roles(read)["clerk"].permissions & permissions_of(without)
