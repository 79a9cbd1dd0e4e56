"""Who is asking: keys and tokens over real HTTP, good ones and bad ones."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from structlog.testing import capture_logs

from corekit import Activity, Invalid, Kit
from corekit.testing.clock import SettableClock
from corekit_access import store, tokens
from corekit_access.granting import Grantor, create_key, issue_token, revoke_key, set_role, set_staff
from corekit_schema.http.on_loop import OnLoop

OLD, NEW = ({"id": name, "secret": f"{name} secret of more than thirty-two characters"} for name in ("old", "new"))
OPERATOR = Grantor("cli", None)
HOUR = timedelta(hours=1)
VIEWER = "{ viewer { kind name memberId permissions } }"
Ask = Callable[..., httpx.Response]


def seen(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]["viewer"]
    return found


def refused(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")


def mira(kit: Kit) -> str:
    """Return a token of somebody of staff who may read members."""
    set_role(kit, OPERATOR, "clerk", ["members.read", "audit.read"])
    set_staff(kit, OPERATOR, "mira", ["clerk"])
    return issue_token(kit, OPERATOR, HOUR, staff="mira")


@pytest.mark.row("X2", way="python")
def test_a_token_of_staff_says_who_and_has_what_their_roles_allow_now(kit: Kit, ask: Ask) -> None:
    token = mira(kit)
    found = seen(ask(kit, VIEWER, token))
    assert (found["kind"], found["name"]) == ("STAFF", "mira")
    assert found["permissions"] == ["audit.read", "members.read"]
    set_role(kit, OPERATOR, "clerk", ["members.read"])
    assert seen(ask(kit, VIEWER, token))["permissions"] == ["members.read"]
    set_staff(kit, OPERATOR, "mira", [])
    assert seen(ask(kit, VIEWER, token))["permissions"] == []
    set_staff(kit, OPERATOR, "mira", ["clerk"], active=False)
    assert refused(ask(kit, VIEWER, token))


def test_a_token_of_a_member_is_theirs_alone(kit: Kit, ask: Ask) -> None:
    one, other = (kit.record(Activity(type="member.registered")).member for _ in range(2))
    found = seen(ask(kit, VIEWER, issue_token(kit, OPERATOR, HOUR, member=one)))
    assert (found["kind"], found["permissions"]) == ("MEMBER", [])
    mine = "query ($id: ID!) { member(id: $id) { id } }"
    theirs = seen(ask(kit, VIEWER, issue_token(kit, OPERATOR, HOUR, member=other)))["memberId"]
    token = issue_token(kit, OPERATOR, HOUR, member=one)
    assert ask(kit, mine, token, id=found["memberId"]).json()["data"]["member"] == {"id": found["memberId"]}
    assert ask(kit, mine, token, id=theirs).json()["data"]["member"] is None


def test_a_key_of_a_service_opens_what_it_is_scoped_to_until_it_expires_or_is_revoked(
    kit: Kit, ask: Ask, clock: SettableClock
) -> None:
    key, text = create_key(kit, OPERATOR, "till", ["members.register"], kit.now() + HOUR)
    found = seen(ask(kit, VIEWER, text))
    assert (found["kind"], found["name"], found["permissions"]) == ("SERVICE", "till", ["members.register"])
    assert ask(kit, "{ jobs { name } }", text).json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    clock.advance(minutes=59)
    assert seen(ask(kit, VIEWER, text))["name"] == "till"
    clock.advance(minutes=1)
    assert refused(ask(kit, VIEWER, text)), "the instant it expires at is the first at which it opens nothing"
    lasting, other = create_key(kit, OPERATOR, "till", [])
    assert seen(ask(kit, VIEWER, other))["permissions"] == []
    revoke_key(kit, OPERATOR, lasting.prefix)
    assert refused(ask(kit, VIEWER, other))
    assert key.prefix in text


def test_when_a_key_was_used_last_is_known_to_the_minute(kit: Kit, ask: Ask, clock: SettableClock) -> None:
    def used() -> Any:
        with kit.read() as read:
            return store.keys(read)[0].last_used_at

    _, text = create_key(kit, OPERATOR, "till", [])
    assert used() is None
    ask(kit, VIEWER, text[:-1])
    assert used() is None, "trying is not using"
    ask(kit, VIEWER, text)
    first = kit.now()
    assert used() == first
    clock.advance(seconds=59)
    ask(kit, VIEWER, text)
    assert used() == first
    clock.advance(seconds=1)
    ask(kit, VIEWER, text)
    assert used() == first + timedelta(minutes=1)


@pytest.mark.row("X2", way="bad_input")
def test_a_key_that_is_none_of_ours_opens_nothing(kit: Kit, ask: Ask) -> None:
    _, text = create_key(kit, OPERATOR, "till", ["members.read"])
    mark, prefix, secret = text.split("_", 2)
    for wrong in (
        f"{mark}_{prefix}_{secret[:-1]}",
        f"{mark}_{prefix}_{secret}x",
        f"{mark}_{prefix}_",
        f"{mark}_{prefix[::-1]}x_{secret}",
        f"xx_{prefix}_{secret}",
        mark,
    ):
        assert refused(ask(kit, VIEWER, wrong)), wrong


def test_keys_rotate_while_tokens_of_the_old_one_are_still_good(make: Any, ask: Ask) -> None:
    before = make(OLD)
    token = mira(before)
    during = make(NEW, OLD, database=before.settings.database)
    assert seen(ask(during, VIEWER, token))["name"] == "mira"
    fresh = issue_token(during, OPERATOR, HOUR, staff="mira")
    assert refused(ask(before, VIEWER, fresh))
    after = make(NEW, database=before.settings.database)
    assert refused(ask(after, VIEWER, token))
    assert seen(ask(after, VIEWER, fresh))["name"] == "mira"


def test_a_token_is_over_when_it_says(kit: Kit, ask: Ask, clock: SettableClock) -> None:
    token = mira(kit)
    clock.advance(minutes=59)
    assert seen(ask(kit, VIEWER, token))["name"] == "mira"
    clock.advance(minutes=2)
    assert refused(ask(kit, VIEWER, token))


def test_forged_tokens_and_tokens_for_somebody_else_are_refused(make: Any, ask: Ask) -> None:
    kit = make(OLD)
    good = mira(kit)
    now = int(kit.now().timestamp())
    with kit.read() as read:
        (somebody,) = store.everybody(read)
    claims = {"iss": tokens.ISSUER, "aud": "corekit", "sub": somebody.id, "kind": "staff", "exp": now + 60}

    def signed(secret: str = OLD["secret"], header: Any = None, **changed: Any) -> str:
        kept = {name: value for name, value in (claims | changed).items() if value is not None}
        return jwt.encode({"alg": "HS256", "kid": "old", **(header or {})}, kept, OctKey.import_key(secret))

    def bare(header: dict[str, Any]) -> str:
        parts = (json.dumps(part).encode() for part in (header, claims))
        return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."

    assert seen(ask(kit, VIEWER, signed()))["name"] == "mira", "what is changed below is what makes it bad"
    head, body, signature = good.split(".")
    wrong = {
        "another secret": signed(NEW["secret"]),
        "another key's name": signed(header={"kid": "new"}),
        "no key's name": bare({"alg": "HS256"}),
        "no algorithm": bare({"alg": "none", "kid": "old"}),
        "another algorithm": jwt.encode(
            {"alg": "HS512", "kid": "old"}, claims, OctKey.import_key(OLD["secret"]), algorithms=["HS512"]
        ),
        "another issuer": signed(iss="somebody"),
        "another audience": signed(aud="shop"),
        "no audience": signed(aud=None),
        "no end": signed(exp=None),
        "another kind": signed(kind="service"),
        "nobody": signed(sub="0" * 32),
        "no id": signed(sub="mira"),
        "a changed body": f"{head}.{body[:-2]}{'AA' if body[-2:] != 'AA' else 'BB'}.{signature}",
        "no signature": f"{head}.{body}.",
        "no token": "a.b.c",
        "a number": "1",
    }
    let_in = [name for name, token in wrong.items() if not refused(ask(kit, VIEWER, token))]
    assert let_in == []


def test_without_a_token_nobody_asks_and_other_schemes_are_not_ours(kit: Kit, ask: Ask) -> None:
    assert seen(ask(kit, VIEWER))["kind"] == "ANONYMOUS"


def test_without_a_signing_key_no_token_is_issued(make_kit: Any) -> None:
    kit = make_kit(["access"])
    set_staff(kit, OPERATOR, "mira", [])
    with pytest.raises(Invalid) as caught:
        issue_token(kit, OPERATOR, HOUR, staff="mira")
    assert caught.value.code == "ACCESS_NO_SIGNING_KEY"


def test_no_secret_is_in_the_log_the_trail_or_the_database(kit: Kit, ask: Ask) -> None:
    with capture_logs() as logs:
        token = mira(kit)
        _, text = create_key(kit, OPERATOR, "till", ["members.read"])
        for bearer in (token, text, text[:-1], token[:-1]):
            ask(kit, VIEWER, bearer)
    secret = text.split("_", 2)[2]
    kept = [str(logs)]
    with kit.database.connect() as connection:
        tables = ("core_audit", "access_key", "access_staff", "access_role")
        kept += [str(connection.exec_driver_sql(f"SELECT * FROM {table}").all()) for table in tables]
    for hidden in (secret, secret[:-1], token, token.split(".")[2], OLD["secret"]):
        assert not any(hidden in told for told in kept)
    assert OLD["secret"] not in repr(kit.plugins)


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
@pytest.mark.parametrize("who", ["staff", "member", "service"])
def test_who_is_asking_is_found_out_on_the_event_loop_as_well(
    kit: Kit, ask: Ask, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    answered: list[bool] = []
    run = OnLoop.run

    async def noting(self: OnLoop, work: Any) -> float | None:
        seconds = await run(self, work)
        answered.append(seconds is not None)
        return seconds

    monkeypatch.setattr(OnLoop, "run", noting)
    member = kit.record(Activity(type="member.registered")).member
    tokens_ = {
        "staff": mira(kit),
        "member": issue_token(kit, OPERATOR, HOUR, member=member),
        "service": create_key(kit, OPERATOR, "till", [])[1],
    }
    found = [seen(ask(kit, VIEWER, tokens_[who])) for _ in range(5)]
    assert {each["kind"] for each in found} == {who.upper()}
    assert answered[-1]
