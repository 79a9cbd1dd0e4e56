"""The examples of the hook reference: each is a whole plugin, and does what its hook is for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table, insert

from corekit import Activity, Kit, balances
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_schema import build_app
from corekit_schema.testing import serving
from docs.examples.hooks import (
    corekit_declare,
    corekit_erase,
    corekit_export,
    corekit_graph,
    corekit_happened,
    corekit_may_enrol,
    corekit_offers,
    corekit_prepare,
    corekit_react,
    corekit_routes,
    corekit_viewer,
)
from tools.reference.pages import EXAMPLES, SPECS, specifications

ROOT = Path(__file__).resolve().parents[1]

on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


def joins(kit: Kit, **payload: str) -> str:
    outcome = kit.record(Activity(type="member.registered", payload=payload))
    assert outcome.settled
    return outcome.member


def buys(kit: Kit, member: str, amount: int) -> None:
    assert kit.record(Activity(type="purchase", member=member, amount=amount)).settled


def balance(kit: Kit, member: str) -> int:
    with kit.read() as read:
        return sum(each.available for each in balances(read, [member], kit.now())[member])


def invite(kit: Kit, guest: Table, member: str) -> None:
    with kit.database.write() as connection:
        connection.execute(insert(guest).values(member_id=member, note="Likes tea."))


def ask(kit: Kit, query: str, **headers: str) -> dict[str, object]:
    with serving(build_app(kit)) as client:
        answer: dict[str, object] = client.post("/graphql", json={"query": query}, headers=headers).json()
    del answer["extensions"]
    return answer


@on_sqlite
def test_corekit_declare(make_kit: MakeKit) -> None:
    kit = make_kit(modules={"coffee": corekit_declare})
    assert kit.declared.kinds["coffee"].lots
    assert kit.record(Activity(type="coffee.poured", member=joins(kit), amount=1)).settled


@on_sqlite
def test_corekit_prepare(make_kit: MakeKit) -> None:
    kit = make_kit(modules={"guests": corekit_prepare})
    member, other = joins(kit), joins(kit)
    invite(kit, corekit_prepare.guest, member)
    for each in (member, other, member):
        buys(kit, each, 500)
    assert (balance(kit, member), balance(kit, other)) == (2, 0)


@on_sqlite
def test_corekit_react(make_kit: MakeKit) -> None:
    kit = make_kit(modules={"stars": corekit_react})
    today = kit.now()
    member = joins(kit, birthday=f"1990-{today:%m-%d}")
    buys(kit, member, 2999)
    assert balance(kit, member) == 3
    assert kit.simulate(Activity(type="purchase", member=member, amount=999)).effects[0].rule == "birthday@1"


@on_sqlite
def test_corekit_happened(make_kit: MakeKit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    kit = make_kit(modules={"letters": corekit_happened})
    member = joins(kit)
    assert not list(tmp_path.glob("letters/*"))
    kit.deliver("letters")
    assert [letter.read_text() for letter in tmp_path.glob("letters/*")] == [f"Welcome, member {member}!\n"]


@on_sqlite
def test_corekit_may_enrol(make_kit: MakeKit, clock: SettableClock) -> None:
    kit = make_kit(modules={"adults": corekit_may_enrol})
    born = clock.now.date().replace(year=clock.now.year - 18)
    joins(kit, birthday=born.isoformat())
    young = Activity(type="member.registered", payload={"birthday": (born + timedelta(days=1)).isoformat()})
    refused = kit.record(young)
    assert [reason["message"] for reason in refused.parameters["reasons"]] == ["Members are 18 or older."]


@on_sqlite
def test_corekit_export(make_kit: MakeKit) -> None:
    kit = make_kit(modules={"guests": corekit_export})
    member, other = joins(kit), joins(kit)
    invite(kit, corekit_export.guest, member)
    assert kit.export(member)["plugins"] == {"guests": {"note": "Likes tea."}}
    assert kit.export(other)["plugins"] == {}


@on_sqlite
def test_corekit_offers(make_kit: MakeKit) -> None:
    kit = make_kit(modules={"card": corekit_offers})
    member = joins(kit)
    kit.record(Activity(type="card.filled", member=member, amount=7))
    (offer,) = kit.offers(member).offers
    assert (offer.title["en"], offer.price) == ("Coffee", {"card": 10})
    assert offer.reason is not None
    assert (offer.reason.code, offer.reason.parameters) == ("CARD_SHORT", {"missing": 3})
    kit.record(Activity(type="card.filled", member=member, amount=3))
    assert [each.reason for each in kit.offers(member).offers] == [None]


@on_sqlite
def test_corekit_erase(make_kit: MakeKit) -> None:
    kit = make_kit(modules={"guests": corekit_erase})
    member, other = joins(kit), joins(kit)
    for each in (member, other):
        invite(kit, corekit_erase.guest, each)
    kit.erase(member)
    with kit.read() as read:
        assert [row.member_id for row in read.all(corekit_erase.guest.select())] == [other]


@on_sqlite
def test_corekit_graph(make_kit: MakeKit) -> None:
    kit = make_kit(modules={"calendar": corekit_graph, "proxy": corekit_viewer})
    joins(kit, birthday="1990-02-28")
    joins(kit)
    answer = ask(kit, "{ members { nodes { calendarMonth } } }", **{"x-remote-user": "mira"})
    assert answer == {"data": {"members": {"nodes": [{"calendarMonth": 2}, {"calendarMonth": None}]}}}


@on_sqlite
def test_corekit_routes(make_kit: MakeKit) -> None:
    kit = make_kit(modules={"hall": corekit_routes})
    joins(kit)
    with serving(build_app(kit)) as client:
        assert client.get("/hall/members").text == "1 members\n"


@on_sqlite
def test_corekit_viewer(make_kit: MakeKit) -> None:
    kit = make_kit(modules={"proxy": corekit_viewer})
    query = "{ viewer { kind name permissions } }"
    told = {"kind": "STAFF", "name": "mira", "permissions": ["members.read"]}
    assert ask(kit, query, **{"x-remote-user": "mira"}) == {"data": {"viewer": told}}
    assert ask(kit, "{ viewer { kind } }") == {"data": {"viewer": {"kind": "ANONYMOUS"}}}


def test_every_hook_has_an_example_that_is_run_here() -> None:
    examples = sorted(path.stem for path in (ROOT / EXAMPLES).glob("*.py"))
    hooks = sorted(each.__name__ for specs in SPECS for each in specifications(specs))
    assert examples == hooks
    assert sorted(name.removeprefix("test_") for name in globals() if name.startswith("test_corekit_")) == hooks
