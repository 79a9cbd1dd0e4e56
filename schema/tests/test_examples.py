"""The examples that GraphiQL lists: each is what the schema answers, and has a name that no other has."""

from __future__ import annotations

import json
import re
from typing import Any

import graphene
import pytest

from corekit import Activity, Kit
from corekit_schema import A_MEMBER, Example, Field, Graph, Object, SchemaConflict, assemble_for, global_id, public
from corekit_schema.assembly.examples import OwnedExample
from corekit_schema.assembly.schema import AssembledSchema, assemble

from .test_snapshot import PLUGINS

PROGRAM = """
[program]
name = "会员俱乐部"

[[ladders]]
code = "status"
name = "会员等级"

[[ladders.tiers]]
code = "basic"
name = "普通会员"

[points.currencies.points]
name = "积分"

[[points.rules]]
id = "spend"
rate = 1

[[points.rewards]]
id = "mug"
points = 20
texts = {en = {name = "Mug"}, zh = {name = "马克杯"}}

[[points.draws]]
id = "wheel"
prizes = [{id = "nothing", weight = 1}]

[[medals.definitions]]
id = "helper"
texts = {en = {name = "Helper"}, zh = {name = "热心会员"}}
when = {kind = "first", activity = "purchase"}

[[stored_value.fees]]
id = "delivery"
kind = "service"
amount = "4.00"
"""
SURVEY = """
mutation ($definition: JSON!) {
  surveysCreate(input: {code: "lunch", definition: $definition, most: 0}) { survey { code } }
  surveysOpen(input: {code: "lunch"}) { survey { state } }
}
"""
ASKED = {"pages": [{"name": "lunch", "elements": [{"type": "rating", "name": "stars"}]}]}
HAN = re.compile("[\u4e00-\u9fff]")
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


TOWN = graphene.Argument(graphene.String, description="In which town.")


class Root(Object):
    """The root."""

    shop = Field(graphene.String, policy=public, description="A shop.", town=TOWN)


class Change(Object):
    """Changes."""

    nothing = Field(graphene.Int, policy=public, description="Nothing.")


def example(text: str = "query StampsShop { shop }", **more: Any) -> Example:
    given: dict[str, Any] = {"en": "A shop", "zh": "门店", "text": text}
    return Example(**given | more)


def build(*examples: Example, core: tuple[Example, ...] = (), **graphs: Graph) -> AssembledSchema:
    graphs = {"stamps": Graph(examples=examples), **graphs}
    return assemble(graphs, query=Root, mutation=Change, permissions=(), codes={"OLD": "Too old."}, examples=core)


def refused(*examples: Example, **more: Any) -> list[str]:
    with pytest.raises(SchemaConflict) as caught:
        build(*examples, **more)
    return list(caught.value.problems)


def brought(kit: Kit) -> dict[str, list[OwnedExample]]:
    """Return the examples of a kit by who brings them."""
    found: dict[str, list[OwnedExample]] = {}
    for each in assemble_for(kit).examples:
        found.setdefault(each.owner, []).append(each)
    return found


@on_sqlite
@pytest.mark.parametrize("plugin", PLUGINS)
def test_the_examples_of_a_plugin_need_no_other_plugin(make_kit: Any, plugin: str) -> None:
    # Assembling refuses what the core and this plugin alone cannot answer.
    assert list(brought(make_kit([plugin]))) == ["core", plugin]


@on_sqlite
def test_each_example_has_a_title_in_both_languages_and_a_name_of_its_own(make_kit: Any) -> None:
    listed = assemble_for(make_kit(PLUGINS)).examples
    assert len({each.name for each in listed}) == len(listed)
    for each in listed:
        assert HAN.search(each.example.zh), each.name
        assert not HAN.search(each.example.en), each.name


def test_each_example_is_answered_over_and_over_without_a_complaint(make_kit: Any, door: Any) -> None:
    kit: Kit = make_kit(PLUGINS, program=PROGRAM)
    (joined,) = kit.record_many([Activity(type="member.registered", payload={"name": "李雷"})])
    kit.jobs.run("points.draws")
    asked = door(kit)
    assert asked.data(SURVEY, definition=ASKED)["surveysOpen"]["survey"]["state"] == "open"
    member = json.dumps(global_id("Member", joined.member))
    for each in assemble_for(kit).examples * 2:
        variables = json.loads(json.dumps(each.example.variables).replace(json.dumps(A_MEMBER), member))
        data = asked.data(each.example.text, **variables)
        assert None not in data.values(), each.name
        assert '"userErrors": [{' not in json.dumps(data), each.name
    found = asked.data('{ members(filter: { name: "李" }) { nodes { name } } }')["members"]["nodes"]
    assert [each["name"] for each in found] == ["李雷"] * 3


def test_examples_are_listed_by_owner_those_of_the_core_first() -> None:
    schema = build(example(), core=(example("query Shop { shop }"),))
    assert [(each.owner, each.name) for each in schema.examples] == [("core", "Shop"), ("stamps", "StampsShop")]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (example("query StampsShop { shop "), "Syntax Error: Expected Name, found <EOF>."),
        (example("{ shop }"), "it must be one operation, with a name"),
        (example("query StampsA { shop } query StampsB { shop }"), "it must be one operation, with a name"),
        (example("query StampsShop { shops }"), "Cannot query field 'shops' on type 'Root'. Did you mean 'shop'?"),
        (example("query StampsShop($town: Int) { shop(town: $town) }"), "Variable '$town' of type 'Int' used in"),
        (example("query StampsShop($town: String!) { shop(town: $town) }"), "Variable '$town' of required type"),
        (
            example("query StampsShop($town: String) { shop(town: $town) }", variables={"town": 7}),
            "Variable '$town' got invalid value 7",
        ),
        (example(variables={"town": "长沙"}), "there is no variable $town"),
        (example(en=" "), "it has no title in English"),
        (example(zh=""), "it has no title in Chinese"),
        (example("query Shop { shop }"), "the name of its operation, Shop, must begin with 'stamps'"),
        (example("query Stampsman { shop }"), "the name of its operation, Stampsman, must begin with 'stamps'"),
    ],
)
def test_an_example_that_does_not_hold_is_refused_at_start_up(wrong: Example, problem: str) -> None:
    (found,) = refused(wrong)
    assert found.startswith(f"example {wrong.en!r} of stamps: {problem}")


def test_a_name_is_given_once_and_the_second_is_told_who_has_it() -> None:
    assert refused(example(), example(en="Shops")) == [
        "example 'Shops' of stamps: StampsShop is the operation of an example of stamps already"
    ]
    assert refused(example(), core=(example(),)) == [
        "example 'A shop' of stamps: StampsShop is the operation of an example of core already"
    ]


def test_two_plugins_may_use_one_title_since_each_is_listed_under_its_owner() -> None:
    other = Graph(examples=(example("query CouponsShop { shop }"),))
    schema = build(example(), coupons=other)
    assert [each.name for each in schema.examples] == ["StampsShop", "CouponsShop"]


def test_all_that_is_wrong_with_examples_is_said_at_once() -> None:
    assert len(refused(example("query StampsShop { shops }"), example("{ shop }"))) == 2
