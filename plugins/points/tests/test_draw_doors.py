"""Prize draws over GraphQL and on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from typer.testing import CliRunner

from corekit import Activity, Kit
from corekit.cli import app
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_schema import ANONYMOUS, Viewer, global_id
from docs.examples import verify_draw

PROGRAM = """
[program]
name = "Corner shop"

[[points.draws]]
id = "wheel"
name = "Lucky wheel"
price = 10
guarantee = {class = "big", by = 3}
limits = {day = 5}

[[points.draws.prizes]]
id = "hundred"
weight = 1
points = 100
stock = 50
class = "big"

[[points.draws.prizes]]
id = "fifty"
weight = 1
points = 50
class = "big"

[[points.draws.prizes]]
id = "nothing"
weight = 8
"""
CLERK = Viewer(kind="staff", name="mira", permissions=frozenset({"members.read", "points.draw"}))
DRAWS = """
{ pointsDraws {
  id name per guaranteeClass guaranteeBy price { digits } limits { window most }
  prizes { id name weight points { digits } activity category stock left }
  seeds(first: 5) { period commitment seed results(first: 10) { ticket number prize } }
} }
"""
PULL = """
mutation ($input: PointsDrawInput!) { pointsDraw(input: $input) {
  outcome userErrors { code path }
  member { pointsDrawn(first: 1) { draw period number clientSeed weights { prize weight } guaranteed takenBack } }
} }
"""
RESULTS = """
query ($after: String) { pointsDraws { id seeds(first: 1) {
  results(first: 1, after: $after) { ticket number prize clientSeed weights { prize weight } }
} } }
"""
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def kit(make_kit: MakeKit) -> Kit:
    kit = make_kit(["points"], program=PROGRAM, entropy=Random(3).randbytes)
    kit.jobs.run("points.draws")
    return kit


@pytest.fixture
def member(kit: Kit) -> str:
    member = kit.record(Activity(type="member.registered")).member
    told = {"reason": "to begin with"}
    kit.record(Activity(type="points.adjustment", member=member, amount=500, unit="points", payload=told))
    return member


@pytest.mark.row("P10", way="graphql")
def test_everybody_sees_what_can_be_won_what_is_promised_and_what_was_drawn(
    kit: Kit, member: str, asking: Callable[[Kit], Ask], clock: SettableClock
) -> None:
    ask = asking(kit)
    pull = {"memberId": global_id("Member", member), "draw": "wheel", "pulls": 3, "clientSeed": "5eed"}
    done = ask(PULL, CLERK, input={**pull, "idempotencyKey": "k1"})["data"]["pointsDraw"]
    assert (done["outcome"], done["userErrors"]) == ("SETTLED", [])
    (last,) = done["member"]["pointsDrawn"]
    assert (last["number"], last["clientSeed"], last["period"]) == (3, "5eed", "2026-01-15")
    (draw,) = ask(DRAWS, ANONYMOUS)["data"]["pointsDraws"]
    assert (draw["name"], draw["price"], draw["guaranteeBy"]) == ("Lucky wheel", {"digits": "10"}, 3)
    assert draw["limits"] == [{"window": "day", "most": 5}]
    drawn = [each["prize"] for each in draw["seeds"][1]["results"]]
    assert [each["id"] for each in draw["prizes"]] == ["hundred", "fifty", "nothing"]
    assert draw["prizes"][0]["left"] == str(50 - drawn.count("hundred"))
    assert [(each["period"], each["seed"], len(each["results"])) for each in draw["seeds"]] == [
        ("2026-01-16", None, 0),
        ("2026-01-15", None, 3),
    ]
    clock.advance(days=1)
    kit.jobs.run("points.draws")
    (draw,) = ask(DRAWS, ANONYMOUS)["data"]["pointsDraws"]
    assert [len(each["seed"] or "") for each in draw["seeds"]] == [0, 0, 64]


def test_results_come_in_pages_by_ticket_and_number(kit: Kit, member: str, asking: Callable[[Kit], Ask]) -> None:
    kit.record(Activity(type="points.drawn", member=member, payload={"draw": "wheel", "pulls": 2}))
    kit.jobs.run("points.draws")
    ask = asking(kit)

    def page(after: str | None = None) -> list[tuple[str, int]]:
        (draw,) = ask(RESULTS.replace("first: 1)", "first: 2)", 1), ANONYMOUS, after=after)["data"]["pointsDraws"]
        return [(each["ticket"], each["number"]) for each in draw["seeds"][1]["results"]]

    ((ticket, first),) = page()
    assert (page(f"{ticket}:{first}"), page(f"{ticket}:2")) == ([(ticket, 2)], [])
    assert ask(RESULTS, ANONYMOUS, after="2")["codes"] == ["CURSOR"]


def test_who_may_not_pull_is_told_so(kit: Kit, member: str, asking: Callable[[Kit], Ask]) -> None:
    ask = asking(kit)
    pull = {"memberId": global_id("Member", member), "draw": "wheel", "idempotencyKey": "k1"}
    assert ask(PULL, input=pull)["codes"] == ["FORBIDDEN"]
    errors = ask(PULL, CLERK, input={**pull, "clientSeed": "my name"})["data"]["pointsDraw"]["userErrors"]
    assert [each["path"] for each in errors] == [["input", "clientSeed"]]
    errors = ask(PULL, CLERK, input={**pull, "pulls": 6})["data"]["pointsDraw"]["userErrors"]
    assert [each["code"] for each in errors] == ["POINTS_DRAW_LIMIT"]


@pytest.mark.row("P10", way="cli")
def test_the_command_line_draws_shows_and_proves(kit: Kit, member: str, tmp_path: Path) -> None:
    config = tmp_path / "corekit.toml"
    config.write_text(f'[corekit]\ndatabase = "{kit.settings.database}"\nplugins = ["points"]\n')

    def run(*arguments: str, code: int = 0) -> Any:
        done = CliRunner().invoke(app, ["--config", str(config), "--json", "points", *arguments])
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    assert set(run("reveal")) == {
        "promised",
        "revealed",
    }  # by the database's clock, on which the fixture's days are over
    run("draw", member, "wheel", "--pulls", "2", "--client-seed", "5eed")
    (shown,) = run("draws")
    told = run("results", "wheel", shown["seeds"][1]["period"])
    assert ([each["number"] for each in told["results"]], told["seed"]) == ([1, 2], None)
    assert verify_draw.wrong(run("results", "wheel", "2026-01-15")) == []
    assert run("results", "wheel", "1999-01-01", code=1) is None
    plain = CliRunner().invoke(app, ["--config", str(config), "points", "draws"])
    assert "Lucky wheel (wheel), 10 a pull" in plain.output
