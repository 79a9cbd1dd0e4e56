"""Tokens of an identity provider, whose keys a real server on this machine shows."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
from attrs import Factory, define
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from corekit import Activity, Kit, SettingsError
from corekit.testing.clock import SettableClock
from corekit_access.granting import Grantor, set_role, set_staff
from corekit_access.jwks import FRESH, PAUSE, STALE, PublicKeys

ISSUER, SHOP = "https://login.example.com", "https://customers.example.com"
ROOT = Grantor("cli", None)
VIEWER = "{ viewer { kind name permissions } }"
Ask = Callable[..., httpx.Response]
ONE, TWO = RSAKey.generate_key(2048, {"kid": "one"}), RSAKey.generate_key(2048, {"kid": "two"})
CURVE = ECKey.generate_key("P-256", {"kid": "curve"})


@define
class Login:
    """The provider: which keys it shows, how often it was asked, and whether it answers at all."""

    address: str = ""
    shown: list[Any] = Factory(lambda: [ONE, CURVE])
    asked: int = 0
    status: int = 200

    def body(self) -> bytes:
        shown: list[Any] = [each.as_dict(private=False) if hasattr(each, "as_dict") else each for each in self.shown]
        return json.dumps({"keys": shown}).encode()


@pytest.fixture
def login() -> Iterator[Login]:
    there = Login()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            there.asked += 1
            self.send_response(there.status)
            if there.status == 302:
                self.send_header("location", f"{there.address}/elsewhere")
                there.status = 200
            self.end_headers()
            self.wfile.write(there.body())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there.address = f"http://127.0.0.1:{server.server_address[1]}/jwks"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield there
    server.shutdown()
    thread.join()
    server.server_close()


def section(login: Login) -> dict[str, Any]:
    staff = {"issuer": ISSUER, "audience": "backoffice", "jwks": login.address, "for": "staff", "claim": "email"}
    members = {"issuer": SHOP, "audience": "app", "jwks": login.address, "for": "member", "source": "shop"}
    return {"providers": [{**staff, "algorithms": ["RS256", "ES256"]}, members]}


@pytest.fixture
def kit(make_kit: Any, login: Login) -> Kit:
    kit: Kit = make_kit(["access"], sections={"access": section(login)})
    set_role(kit, ROOT, "clerk", ["members.read"])
    set_staff(kit, ROOT, "mira@example.com", ["clerk"])
    return kit


@pytest.fixture
def token(kit: Kit) -> Callable[..., str]:
    """Sign a token of staff as the provider does, or with something else about it."""

    def signed(key: Any = ONE, algorithm: str = "RS256", header: Any = None, **changed: Any) -> str:
        now = int(kit.now().timestamp())
        said = {"iss": ISSUER, "aud": "backoffice", "sub": "42", "exp": now + 3600, "email": "mira@example.com"}
        claims = {name: value for name, value in (said | changed).items() if value is not None}
        head: dict[str, Any] = {"alg": algorithm, "kid": key.kid} | (header or {})
        return jwt.encode({n: v for n, v in head.items() if v is not None}, claims, key, algorithms=[algorithm])

    return signed


def name_of(answer: httpx.Response) -> str | None:
    """Return who it is; None where nobody."""
    if answer.status_code == 401:
        return None
    name: str = answer.json()["data"]["viewer"]["name"]
    return name


def test_staff_of_a_provider_are_those_of_that_name_here_with_their_roles_here(kit: Kit, ask: Ask, token: Any) -> None:
    for key, algorithm in ((ONE, "RS256"), (CURVE, "ES256")):
        found = ask(kit, VIEWER, token(key, algorithm)).json()["data"]["viewer"]
        assert found == {"kind": "STAFF", "name": "mira@example.com", "permissions": ["members.read"]}
    assert name_of(ask(kit, VIEWER, token(email="nobody@example.com"))) is None
    set_staff(kit, ROOT, "mira@example.com", ["clerk"], active=False)
    assert name_of(ask(kit, VIEWER, token())) is None


def test_members_of_a_provider_are_those_with_that_external_id(kit: Kit, ask: Ask, token: Any) -> None:
    made = kit.record(Activity(type="member.registered", payload={"external_ids": {"shop": "c-7"}}))
    assert made.settled
    mine = token(iss=SHOP, aud="app", sub="c-7")
    found = ask(kit, "{ viewer { kind memberId permissions } }", mine).json()["data"]["viewer"]
    assert (found["kind"], found["permissions"]) == ("MEMBER", [])
    member = ask(kit, "query ($id: ID!) { member(id: $id) { id } }", mine, id=found["memberId"]).json()
    assert member["data"]["member"] == {"id": found["memberId"]}
    assert name_of(ask(kit, VIEWER, token(iss=SHOP, aud="app", sub="c-8"))) is None


@pytest.mark.row("X2", way="bad_input")
def test_bad_tokens_of_a_provider_are_refused(kit: Kit, ask: Ask, token: Any, login: Login) -> None:
    now = int(kit.now().timestamp())
    claims = {"iss": ISSUER, "aud": "backoffice", "sub": "42", "exp": now + 60, "email": "mira@example.com"}

    def bare(header: dict[str, Any], signature: str = "") -> str:
        parts = (json.dumps(part).encode() for part in (header, claims))
        return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), signature])

    def shared(kid: str, secret: bytes) -> str:
        """Sign by hand: no library lends itself to this."""
        unsigned = bare({"alg": "HS256", "kid": kid}).removesuffix(".")
        made = hmac.digest(secret, unsigned.encode(), "sha256")
        return f"{unsigned}.{base64.urlsafe_b64encode(made).decode().rstrip('=')}"

    login.shown.append({"kty": "oct", "kid": "shared", "k": base64.urlsafe_b64encode(b"x" * 40).decode()})
    good = token()
    assert name_of(ask(kit, VIEWER, good)) is not None, "what is changed below is what makes it bad"
    wrong = {
        "no algorithm": bare({"alg": "none", "kid": "one"}),
        "no algorithm, signed": bare({"alg": "none", "kid": "one"}, good.rsplit(".", 1)[1]),
        "HMAC with the public key": shared("one", ONE.as_pem(private=False)),
        "HMAC with a key that is shown": shared("shared", b"x" * 40),
        "an algorithm not allowed": token(ONE, "RS512"),
        "an algorithm of the other provider": token(CURVE, "ES256", iss=SHOP, aud="app"),
        "another key of that name": token(RSAKey.generate_key(2048, {"kid": "one"})),
        "a key that is not shown": token(TWO),
        "no key's name": token(header={"kid": None}),
        "another issuer": token(iss="https://evil.example.com"),
        "another audience": token(aud="app"),
        "the audience of the other provider": token(iss=SHOP),
        "no audience": token(aud=None),
        "no end": token(exp=None),
        "over": token(exp=now - 31),
        "not yet": token(nbf=now + 31),
        "no claim": token(email=None),
        "a claim that is no name": token(email=["mira@example.com"]),
        "a changed body": ".".join([good.split(".")[0], bare({}).split(".")[1], good.split(".")[2]]),
    }
    let_in = [name for name, text in wrong.items() if name_of(ask(kit, VIEWER, text)) is not None]
    assert let_in == []


def test_clocks_may_differ_by_the_leeway(kit: Kit, ask: Ask, token: Any) -> None:
    now = int(kit.now().timestamp())
    assert name_of(ask(kit, VIEWER, token(exp=now - 29, nbf=now + 29))) == "mira@example.com"


def test_keys_are_fetched_once_an_hour_and_where_a_new_one_signs(
    kit: Kit, ask: Ask, token: Any, login: Login, clock: SettableClock
) -> None:
    assert login.asked == 0, "nobody asks before a token does"
    for _ in range(3):
        assert name_of(ask(kit, VIEWER, token())) is not None
    assert login.asked == 1
    clock.advance(seconds=PAUSE.total_seconds())
    login.shown = [TWO]
    assert name_of(ask(kit, VIEWER, token(TWO))) is not None
    assert login.asked == 2
    assert name_of(ask(kit, VIEWER, token(ONE))) is None, "what is withdrawn opens nothing once it is known"
    clock.advance(seconds=FRESH.total_seconds())
    assert name_of(ask(kit, VIEWER, token(TWO))) is not None
    assert login.asked == 3


def test_made_up_names_of_keys_let_nobody_ask_more_than_once_a_minute(
    kit: Kit, ask: Ask, token: Any, login: Login, clock: SettableClock
) -> None:
    for number in range(5):
        assert name_of(ask(kit, VIEWER, token(header={"kid": f"made up {number}"}))) is None
    assert login.asked == 1
    clock.advance(seconds=PAUSE.total_seconds())
    ask(kit, VIEWER, token(header={"kid": "made up"}))
    assert login.asked == 2


def test_a_provider_that_does_not_answer_is_believed_for_a_day(
    kit: Kit, ask: Ask, token: Any, login: Login, clock: SettableClock
) -> None:
    login.status = 500
    assert name_of(ask(kit, VIEWER, token())) is None
    login.status = 200
    clock.advance(seconds=PAUSE.total_seconds())
    assert name_of(ask(kit, VIEWER, token())) is not None
    login.status = 500
    clock.advance(seconds=STALE.total_seconds() - 1)
    assert name_of(ask(kit, VIEWER, token())) is not None
    clock.advance(seconds=1)
    assert name_of(ask(kit, VIEWER, token())) is None


def test_no_redirect_is_followed_and_what_is_no_set_of_keys_is_none(
    kit: Kit, ask: Ask, token: Any, login: Login, clock: SettableClock
) -> None:
    login.status = 302
    assert name_of(ask(kit, VIEWER, token())) is None
    assert login.asked == 1
    clock.advance(seconds=PAUSE.total_seconds())
    login.shown = [{"kty": "RSA", "kid": "one", "n": "!", "e": "AQAB"}, {"kid": "one"}]
    assert name_of(ask(kit, VIEWER, token())) is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"algorithms": ["HS256"]}, "algorithms"),
        ({"algorithms": ["none"]}, "algorithms"),
        ({"algorithms": []}, "algorithms"),
        ({"jwks": "http://login.example.com/jwks"}, "jwks"),
        ({"jwks": "file:///keys"}, "jwks"),
        ({"leeway": 301}, "leeway"),
        ({"source": "shop"}, "source"),
        ({"for": "member"}, "source"),
        ({"for": "anybody"}, "for"),
        ({"issuer": SHOP}, "providers"),
    ],
)
def test_settings_that_would_let_in_too_much_are_refused(
    make_kit: Any, login: Login, changed: dict[str, Any], said: str
) -> None:
    wrong = section(login)
    wrong["providers"][0] |= changed
    with pytest.raises(SettingsError, match=said):
        make_kit(["access"], sections={"access": wrong})


def test_a_key_that_is_withdrawn_while_it_is_looked_up_is_no_error(login: Login, clock: SettableClock) -> None:
    keys = PublicKeys(login.address)
    assert keys.key("one", clock.now) is not None

    class Withdrawn(dict[str, Any]):
        """Keys that somebody fetches anew, for another one, as soon as one of them is looked up."""

        def _looked_up(self, found: Any) -> Any:
            login.shown = [CURVE]
            keys._fetch(clock.now)
            return found

        def __contains__(self, kid: object) -> bool:
            return bool(self._looked_up(super().__contains__(kid)))

        def get(self, kid: str, default: Any = None) -> Any:
            return self._looked_up(super().get(kid, default))

    keys._keys = Withdrawn(keys._keys)
    assert keys.key("one", clock.now) is not None
    assert keys.key("one", clock.now) is None
