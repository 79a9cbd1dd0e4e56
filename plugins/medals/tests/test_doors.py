"""Medals through GraphQL and on the command line: who may see and do what."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from corekit.cli import app
from corekit.program import apply_text
from corekit.testing import MakeKit
from corekit_medals.backfill import run
from corekit_schema import ANONYMOUS, Viewer, global_id, permissions_of

Asking = Callable[..., Callable[..., dict[str, Any]]]
STAFF = Viewer(kind="staff", name="mira")
CATALOGUE = '{ medals { code name(language: "zh") levels { number name holders perMille left picture } } }'
MINE = """query ($id: ID!) { member(id: $id) { medals {
  medal { code secret } level { number } held reason pinned percent steps { kind value needed } } } }"""
AWARD = """mutation ($input: MedalsAwardInput!) { medalsAward(input: $input) { outcome userErrors { code path } } }"""
REVOKE = (
    """mutation ($input: MedalsRevokeInput!) { medalsRevoke(input: $input) { outcome userErrors { code path } } }"""
)
ARRANGE = (
    """mutation ($input: MedalsArrangeInput!) { medalsArrange(input: $input) { outcome userErrors { code path } } }"""
)


def may(*names: str) -> Viewer:
    return Viewer(kind="staff", name="mira", permissions=frozenset(names))


@pytest.mark.row("G1", way="graphql")
@pytest.mark.row("G2", way="graphql")
@pytest.mark.row("G3", way="graphql")
@pytest.mark.row("G3", way="python")
@pytest.mark.row("G3", way="reversal")
def test_members_see_what_they_hold_and_what_is_near(shop: Any, asking: Asking) -> None:
    ann, bob = shop.joins(), shop.joins()
    ask = asking(shop.kit)
    shop.buys(ann, 30_00)
    shop.buys(ann, 700_00, category="BREAD")
    found = {each["code"]: each for each in ask(CATALOGUE, ANONYMOUS)["data"]["medals"]}
    assert found.keys() == {"regular", "spender", "first"}
    assert found["regular"]["name"] == "常客"
    bronze = {"number": 1, "name": "Bronze", "holders": 1, "perMille": 500, "left": None}
    assert found["regular"]["levels"][0] == {**bronze, "picture": "https://example.com/bronze.svg"}
    assert [(each["name"], each["left"]) for each in found["first"]["levels"]] == [("First", 0)]

    mine = ask(MINE, Viewer(kind="member", member=ann), id=global_id("Member", ann))["data"]["member"]["medals"]
    held = [(each["medal"]["code"], each["level"]["number"]) for each in mine if each["held"]]
    assert sorted(held) == [("first", 1), ("regular", 1), ("spender", 1)]
    (near,) = [each for each in mine if not each["held"]]
    assert (near["percent"], near["steps"]) == (50, [{"kind": "count", "value": "2", "needed": "4"}])
    for viewer in ANONYMOUS, Viewer(kind="member", member=bob), STAFF:
        seen = ask(MINE, viewer, id=global_id("Member", ann))
        assert seen["codes"] or seen["data"] == {"member": None}
    assert ask("{ medalsSecret { code } }", STAFF)["data"] == {"medalsSecret": [{"code": "hidden"}]}
    for viewer in ANONYMOUS, Viewer(kind="member", member=ann):
        assert ask("{ medalsSecret { code } }", viewer)["codes"]

    told = {"input": {"memberId": global_id("Member", ann), "pinned": ["spender"], "others": ["regular"]}}
    assert ask(ARRANGE, ANONYMOUS, **told)["codes"] == ["UNAUTHENTICATED"]
    for viewer in Viewer(kind="member", member=bob), STAFF:
        (error,) = ask(ARRANGE, viewer, **told)["data"]["medalsArrange"]["userErrors"]
        assert error["code"] == "MEDALS_NOT_YOURS"
    assert ask(ARRANGE, Viewer(kind="member", member=ann), **told)["data"]["medalsArrange"]["outcome"] == "SETTLED"
    shown = [(each.medal, bool(each.pinned)) for each in shop.awards(ann)]
    assert shown == [("spender", True), ("regular", False), ("first", False)]
    answer = shop.does("medals.arranged", ann, pinned=["first"])
    assert shop.awards(ann)[0].medal == "first"
    assert shop.kit.reverse(answer.activity_id).settled
    assert shown == [(each.medal, bool(each.pinned)) for each in shop.awards(ann)]
    assert ask(ARRANGE, may("medals.arrange"), **told)["data"]["medalsArrange"]["outcome"] == "SETTLED"


@pytest.mark.row("G4", way="graphql")
@pytest.mark.row("G5", way="graphql")
def test_staff_gives_and_takes_in_graphql(shop: Any, asking: Asking) -> None:
    ann = shop.joins()
    ask = asking(shop.kit)
    told = {"input": {"memberId": global_id("Member", ann), "medal": "regular", "level": 2, "reason": "for the help"}}
    for query, name, right in ((AWARD, "medalsAward", "medals.award"), (REVOKE, "medalsRevoke", "medals.revoke")):
        for viewer in ANONYMOUS, Viewer(kind="member", member=ann), STAFF:
            assert ask(query, viewer, **told)["codes"]
        assert ask(query, may(right), **told)["data"][name]["outcome"] == "SETTLED"
        (error,) = ask(query, may(right), **told)["data"][name]["userErrors"]
        assert error["code"] == ("MEDALS_HELD" if name == "medalsAward" else "MEDALS_NOT_HELD")
    preview = "{ medalsBackFill { medal level members } }"
    for viewer in ANONYMOUS, Viewer(kind="member", member=ann), STAFF:
        assert ask(preview, viewer)["codes"]
    everything = may(*permissions_of(shop.kit))
    assert {each["members"] for each in ask(preview, everything)["data"]["medalsBackFill"]} == {0}


@pytest.mark.row("G4", way="reversal")
def test_what_a_back_fill_awarded_can_be_taken_back(make_kit: MakeKit, shop: Any) -> None:
    kit = make_kit(["medals"], program='[program]\nname = "Corner shop"\n')
    late = type(shop)(kit)
    ann = late.joins()
    for _ in range(2):
        late.buys(ann, 10_00)
    apply_text(
        kit,
        '[program]\nname = "Corner shop"\n[[medals.definitions]]\nid = "two"\ntexts.en = {name = "Two"}\n'
        'when = {kind = "count", activity = "purchase", least = 2}\n',
    )
    assert run(kit) == 1
    (found,) = late.awards(ann)
    assert (found.reason, run(kit)) == ("found", 0)
    assert kit.reverse(found.activity_id).settled
    assert [each.end_reason for each in late.awards(ann)] == ["undone"]


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.row("G1", way="cli")
@pytest.mark.row("G2", way="cli")
@pytest.mark.row("G3", way="cli")
@pytest.mark.row("G4", way="cli")
@pytest.mark.row("G5", way="cli")
def test_the_command_line_does_the_same(shop: Any, tmp_path: Path) -> None:
    ann = shop.joins()
    config = tmp_path / "corekit.toml"
    config.write_text(f'[corekit]\ndatabase = "{shop.kit.settings.database}"\nplugins = ["medals"]\n')

    def does(*given: str) -> Any:
        done = CliRunner().invoke(app, ["--config", str(config), "--json", "medals", *given])
        assert done.exit_code in (0, 1), done.output
        return json.loads(done.stdout)

    shop.buys(ann, 10_00)
    shop.buys(ann, 10_00)
    assert {(each["medal"], each["level"]): each["holders"] for each in does("list")}["regular", 1] == 1
    assert does("award", ann, "spender", "--reason", "for the help")["outcome"] == "settled"
    assert does("arrange", ann, "--pin", "spender")["outcome"] == "settled"
    rows = does("show", ann)
    assert [each["medal"] for each in rows if each["held"]] == ["spender", "regular", "first"]
    assert does("revoke", ann, "spender", "--reason", "a slip")["outcome"] == "settled"
    assert does("revoke", ann, "spender", "--reason", "a slip")["code"] == "MEDALS_NOT_HELD"
    assert {each["members"] for each in does("backfill", "--preview")} == {0}
    assert does("backfill") == {"awarded": 0}
