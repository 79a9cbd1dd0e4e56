"""What members can have now: every plugin says it, and one that cannot is left out and named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from typer.testing import CliRunner

from corekit import Declares, ErrorText, Kit, MemberNow, NotFound, Offer, Refusal, Window, measured, members_now
from corekit.testing.modules import plugin_module

ERRORS = [ErrorText("SHOP_SHORT", "{missing} missing.", "还差 {missing}。")]


def _reward(member: str, **told: Any) -> Offer:
    given: dict[str, Any] = {"kind": "shop.reward", "code": "mug", "title": {"en": "Mug"}, "price": {"toys": 30}}
    return Offer(member=member, **{**given, **told})


def _offers(**told: Any) -> Callable[[MemberNow], Offer]:
    """Make what offers a member something."""

    def make(member: MemberNow) -> Offer:
        return _reward(**{"member": member.id, **told})

    return make


def _raises(_: MemberNow) -> Offer:
    raise RuntimeError("secret of the bar")


def _says_tea(_: MemberNow) -> str:
    return "tea"


@pytest.fixture
def shop(make_world: Any, toy: Any) -> Any:
    """A world with a shop, and a bar beside it that says what ``shop.bar`` lists."""

    def offers(members: Sequence[MemberNow]) -> Iterator[Offer]:
        for member in members:
            missing = 30 - member.available.get("toy", 0)
            yield _reward(member.id, reason=Refusal("SHOP_SHORT", missing=missing) if missing > 0 else None)

    def bar(members: Sequence[MemberNow], program: Any, settings: Any) -> Iterator[Offer]:
        assert (program, settings) == (None, None)
        for make in said:
            yield make(members[0])

    said: list[Any] = []
    declares = Declares(requires=["toy"], errors=ERRORS)
    modules = {
        "toy": toy,
        "shop": plugin_module(declares, "shop", corekit_offers=offers),
        "bar": plugin_module(None, "bar", corekit_offers=bar),
    }
    world = make_world(modules=modules)
    return world, said


@pytest.mark.row("M13", way="python")
def test_each_plugin_says_what_a_member_can_have_and_why_not(shop: Any) -> None:
    world, said = shop
    member = world.member()
    world.does(member, "toy.earn", 20)
    said.append(_offers(kind="bar", code="tea", price={"USD": 150}))
    found = world.kit.offers(member)
    assert found.missing == ()
    assert [(each.kind, each.code, each.reason and each.reason.parameters) for each in found.offers] == [
        ("bar", "tea", None),
        ("shop.reward", "mug", {"missing": 10}),
    ]
    world.does(member, "toy.earn", 10)
    assert [each.reason for each in world.kit.offers(member).offers] == [None, None]
    world.does(member, "member.frozen")
    assert {each.reason.code for each in world.kit.offers(member).offers} == {"MEMBER_FROZEN"}


def test_a_plugin_reads_how_members_stand_as_it_is_told_of_them(shop: Any) -> None:
    world, _ = shop
    member = world.member()
    world.does(member, "toy.earn", 20)
    world.does(member, "member.tagged", payload={"add": ["tea"], "remove": []})
    kit: Kit = world.kit
    with kit.read() as read:
        (found,) = members_now(read, kit, [member, "0" * 32], kit.now())
        metrics = measured(read, [member], [("spend", Window("lifetime"))], kit.now().date(), kit.zone)
    assert (found.id, found.state, found.tags) == (member, "active", frozenset({"tea"}))
    assert metrics[member]("spend", Window("lifetime")) == 0


@pytest.mark.row("M13", way="bad_input")
@pytest.mark.parametrize(
    "make",
    [
        _raises,
        _says_tea,
        _offers(),
        _offers(kind="bar", member="0" * 32),
        _offers(kind="bar", price={"gold": 1}),
        _offers(kind="bar", title={"zh": "茶"}),
        _offers(kind="bar", reason=Refusal("BAR_SHUT")),
    ],
    ids=["raises", "no offer", "another's kind", "nobody", "no unit", "no title", "no code"],
)
def test_a_plugin_that_cannot_say_it_is_left_out_and_named(shop: Any, make: Any) -> None:
    world, said = shop
    member = world.member()
    said.append(make)
    found = world.kit.offers(member)
    assert ([each.code for each in found.offers], found.missing) == (["mug"], ("bar",))


def test_a_plugin_that_is_suspended_is_left_out_and_a_stranger_is_not_found(shop: Any) -> None:
    world, _ = shop
    member = world.member()
    world.kit.suspend("shop")
    assert world.kit.offers(member) == world.kit.offers(member)
    assert world.kit.offers(member).missing == ("shop",)
    with pytest.raises(NotFound):
        world.kit.offers("0" * 32)


@pytest.mark.row("M13", way="cli")
def test_the_command_line_greets_whoever_is_known(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from corekit.cli import app  # noqa: PLC0415

    world, _ = shop
    member = world.member(external_id="ann")
    world.does(member, "toy.earn", 20)

    def give(_: Any) -> Kit:
        kit: Kit = world.kit
        return kit

    monkeypatch.setattr("corekit.cli.greeting.open_kit", give)
    told = CliRunner().invoke(app, ["members", "greet", "ann", "--json"])
    assert told.exit_code == 0, told.output
    greeting = json.loads(told.stdout)
    assert greeting["member"]["id"] == member
    assert greeting["offers"][0]["reason"]["message"] == "10 missing."
    assert CliRunner().invoke(app, ["members", "greet", "bob"]).exit_code == 1
