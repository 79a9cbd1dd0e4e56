"""The registry: every name has one owner, and carries its name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import frozen
from marshmallow import Schema
from sqlalchemy import Column, Integer, MetaData, Table

from corekit.activities.effects import Effect
from corekit.db.lineage import Lineage
from corekit.declares import (
    AccountKind,
    ActivityType,
    Declares,
    EffectKind,
    ErrorText,
    MemberRows,
    Permission,
    Section,
    Unit,
)
from corekit.errors import PluginError
from corekit.metrics import Metric
from corekit.plugins import discover
from corekit.registry import Registry
from corekit.settings import Settings
from corekit.testing.modules import plugin_module

POINTS = Unit("points")
CORE = Declares(activities=[ActivityType(name="purchase")], metrics=[Metric(name="spend")])


@frozen
class Award(Effect):
    """A plugin's own effect."""


MakeRegistry = Callable[..., Registry]
Refuse = Callable[..., str]


def nothing(*_: object) -> None:
    return None


def kind(code: str, unit: Unit = POINTS) -> AccountKind:
    return AccountKind(code=code, unit=unit)


def effect(name: str) -> EffectKind:
    return EffectKind(name=name, effect=Award, apply=nothing, undo=nothing)


def lineage(owner: str, table: str) -> Lineage:
    metadata = MetaData()
    Table(table, metadata, Column("id", Integer, primary_key=True))
    return Lineage(owner=owner, package="corekit", metadata=metadata)


@pytest.fixture
def registry() -> MakeRegistry:
    def make(core: Declares = CORE, **declares: Declares) -> Registry:
        modules = {name: plugin_module(declared) for name, declared in declares.items()}
        return Registry.of(core, discover(Settings.of(), modules=modules))

    return make


@pytest.fixture
def refusal(registry: MakeRegistry) -> Refuse:
    def refuse(core: Declares = CORE, **declares: Declares) -> str:
        with pytest.raises(PluginError) as caught:
            registry(core, **declares)
        return str(caught.value)

    return refuse


def test_everything_is_found_by_its_name(registry: MakeRegistry) -> None:
    found = registry(
        laurels=Declares(
            accounts=[kind("laurels"), kind("laurels.gold", Unit("gold", 2))],
            activities=[ActivityType(name="laurels.won")],
            effects=[effect("laurels.award")],
            metrics=[Metric(name="laurels.count")],
            permissions=[Permission(name="laurels.give", description="Give laurels.")],
            errors=[ErrorText("LAURELS_GONE", "No laurel is left.", "奖章已发完。")],
            lineage=lineage("laurels", "laurels_award"),
        )
    )
    assert set(found.kinds) == {"laurels", "laurels.gold"}
    assert set(found.units) == {"points", "gold"}
    assert set(found.types) == {"purchase", "laurels.won"}
    assert found.effects["laurels.award"] is found.effect_classes[Award]
    assert set(found.metrics) == {"spend", "laurels.count"}
    assert set(found.permissions) == {"laurels.give"}
    assert set(found.errors) == {"LAURELS_GONE"}
    assert found.owner("type", "purchase") == "core"
    assert found.owner("type", "laurels.won") == "laurels"
    assert found.owner("table", "laurels_award") == "laurels"
    assert found.owner("type", "laurels.lost") is None


@pytest.mark.parametrize(
    ("declares", "said"),
    [
        (
            Declares(accounts=[kind("cups")]),
            "the account kind 'cups', which is not its own; begin it with 'laurels' or",
        ),
        (Declares(accounts=[kind("laurelsgold")]), "the account kind 'laurelsgold'"),
        (Declares(accounts=[kind("laurels.")]), "the account kind 'laurels.'"),
        (Declares(activities=[ActivityType(name="won")]), "the activity type 'won'"),
        (Declares(effects=[effect("award")]), "the effect kind 'award'"),
        (Declares(metrics=[Metric(name="count")]), "the metric 'count'"),
        (Declares(permissions=[Permission(name="give", description="")]), "the permission 'give'"),
        (
            Declares(errors=[ErrorText("GONE", "", "")]),
            "the error code 'GONE', which is not its own; begin it with 'LAURELS_'",
        ),
        (
            Declares(lineage=lineage("laurels", "award")),
            "the table 'award', which is not its own; begin it with 'laurels_'",
        ),
        (Declares(lineage=lineage("cups", "laurels_award")), "a lineage of 'cups'; call its owner 'laurels'"),
    ],
)
def test_a_name_without_its_owners_prefix(refusal: Refuse, declares: Declares, said: str) -> None:
    message = refusal(laurels=declares)
    assert message.startswith("plugin 'laurels' (module rogue) ")
    assert said in message


def test_a_name_of_the_core(refusal: Refuse) -> None:
    core = Declares(activities=[ActivityType(name="member.registered")])
    assert refusal(core, member=Declares(activities=[ActivityType(name="member.registered")])) == (
        "plugin 'member' (module rogue) declares the activity type 'member.registered', "
        "which corekit declares already; one of them must rename its own, or start with --without member"
    )


def test_two_owners_of_one_name(refusal: Refuse) -> None:
    gone = ErrorText("CUPS_GOLD_GONE", "", "")
    assert refusal(cups=Declares(errors=[gone]), cups_gold=Declares(errors=[gone])) == (
        "plugin 'cups_gold' (module rogue) declares the error code 'CUPS_GOLD_GONE', "
        "which plugin 'cups' (module rogue) declares already; "
        "one of them must rename its own, or start with --without cups_gold"
    )


def test_one_name_twice(refusal: Refuse) -> None:
    said = refusal(cups=Declares(accounts=[kind("cups"), kind("cups")]))
    assert (
        said
        == "plugin 'cups' (module rogue) declares the account kind 'cups' twice; drop one, or start with --without cups"
    )


def test_one_effect_under_two_names(refusal: Refuse) -> None:
    said = refusal(cups=Declares(effects=[effect("cups.a")]), laurels=Declares(effects=[effect("laurels.b")]))
    assert said == (
        "plugin 'laurels' (module rogue) declares the effect kind 'laurels.b' for the class Award, "
        "which plugin 'cups' (module rogue) has for 'cups.a'; use a class of its own, or start with --without laurels"
    )


def test_rows_of_members_are_the_plugins_own_and_known_by_an_id(registry: MakeRegistry, refusal: Refuse) -> None:
    own, others = lineage("cups", "cups_cup"), lineage("laurels", "laurels_leaf")
    said = refusal(cups=Declares(lineage=own, members=[MemberRows(others.metadata.tables["laurels_leaf"].c.id)]))
    assert "declares rows of members in laurels_leaf, which is no table of its own; add it" in said
    number = own.metadata.tables["cups_cup"].c.id
    said = refusal(cups=Declares(lineage=own, members=[MemberRows(number)]))
    assert "declares rows of members in cups_cup that pass, but by no column of type Id they are known" in said
    found = registry(cups=Declares(lineage=own, members=[MemberRows(number, merge="stay")]))
    assert not found.effects


def test_a_unit_may_be_shared_but_means_one_thing(registry: MakeRegistry, refusal: Refuse) -> None:
    money = Unit("USD", 2, "money")
    shared = registry(
        cups=Declares(accounts=[kind("cups", money)]), laurels=Declares(accounts=[kind("laurels", money)])
    )
    assert shared.owner("unit", "USD") == "cups"
    said = refusal(
        cups=Declares(accounts=[kind("cups", money)]), laurels=Declares(accounts=[kind("laurels", Unit("USD"))])
    )
    assert "plugin 'laurels' (module rogue) declares the unit 'USD' otherwise than plugin 'cups' (module rogue)" in said
    assert said.endswith("use another code, or start with --without laurels")


def test_all_clashes_are_told_at_once(refusal: Refuse) -> None:
    said = refusal(
        cups=Declares(accounts=[kind("a")], metrics=[Metric(name="b")]), laurels=Declares(accounts=[kind("c")])
    )
    assert said.count("which is not its own") == 3


class AnySchema(Schema):
    """Reads anything."""


def test_a_program_adds_account_kinds_and_metrics(registry: MakeRegistry) -> None:
    section = Section(
        schema=AnySchema,
        accounts=lambda names: [kind(f"cups.{name}") for name in names],
        metrics=lambda names: [Metric(name=f"cups.earned/{name}") for name in names],
    )
    found = registry(cups=Declares(accounts=[kind("cups")], program=section))
    more = found.with_program({"cups": ["gold", "tin"]})
    assert set(more.kinds) == {"cups", "cups.gold", "cups.tin"}
    assert set(more.metrics) == {"spend", "cups.earned/gold", "cups.earned/tin"}
    assert more.owner("kind", "cups.tin") == "cups"
    assert more.may_use("cups", "cups.tin")
    assert set(found.kinds) == {"cups"}


def test_a_program_cannot_add_what_is_not_the_plugins_own(registry: MakeRegistry) -> None:
    found = registry(cups=Declares(program=Section(schema=AnySchema, accounts=lambda _: [kind("laurels")])))
    with pytest.raises(
        PluginError, match=r"plugin 'cups' .* declares the account kind 'laurels', which is not its own"
    ):
        found.with_program({"cups": {}})


def test_a_plugin_may_use_its_own_and_that_of_those_it_requires(registry: MakeRegistry) -> None:
    found = registry(
        Declares(accounts=[kind("deposit")]),
        laurels=Declares(accounts=[kind("laurels")]),
        cups=Declares(accounts=[kind("cups")], requires=["laurels"]),
        shelf=Declares(requires=["cups"]),
    )
    assert found.may_use("cups", "cups")
    assert found.may_use("cups", "laurels")
    assert found.may_use("shelf", "laurels")
    assert found.may_use("shelf", "deposit")
    assert found.may_use("core", "laurels")
    assert not found.may_use("laurels", "cups")
    assert not found.may_use("laurels", "unheard_of")
    assert not found.may_use("unheard_of", "laurels")


def test_the_same_holds_for_effects(registry: MakeRegistry) -> None:
    found = registry(
        laurels=Declares(effects=[effect("laurels.award")]), cups=Declares(), shelf=Declares(requires=["laurels"])
    )
    assert found.may_use("shelf", "laurels.award", "effect")
    assert not found.may_use("cups", "laurels.award", "effect")
