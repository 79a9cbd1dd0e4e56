"""``corekit activities reverse`` by line and amount, and ``corekit holds``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from corekit import Kit
from corekit.cli import app


@pytest.fixture
def corekit(world: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The command line over the kit of a world."""

    def give(_: Any) -> Kit:
        kit: Kit = world.kit
        return kit

    for module in ("activities", "holds", "lives"):
        monkeypatch.setattr(f"corekit.cli.{module}.open_kit", give)
    return lambda *words: CliRunner().invoke(app, list(words))


@pytest.mark.row("A4", way="cli")
def test_a_part_comes_back(world: Any, corekit: Callable[..., Any], basket: Any) -> None:
    member = world.member()
    bought = world.does(member, "purchase", **basket(1000, 500)).activity_id
    assert corekit("activities", "reverse", bought, "--line", "1=400", "--line", "2=500").exit_code == 0
    assert world.balances(member) == {"toy": 6}
    assert corekit("activities", "reverse", bought, "--amount", "100").exit_code == 0
    assert world.balances(member) == {"toy": 5}
    over = corekit("activities", "reverse", bought, "--amount", "501")
    assert (over.exit_code, "OVER_RETURN" in over.output) == (1, True)
    assert corekit("activities", "reverse", bought, "--line", "one").exit_code == 2
    assert corekit("activities", "reverse", bought).exit_code == 0
    assert world.balances(member) == {"toy": 0}


@pytest.mark.row("A7", way="cli")
def test_value_is_held_captured_and_released(world: Any, corekit: Callable[..., Any]) -> None:
    member = world.member()
    world.does(member, "toy.earn", 100)
    assert corekit("holds", "place", member, "toy", "60", "--seconds", "60").exit_code == 0
    (hold,) = json.loads(corekit("holds", "list", member, "--json").stdout)
    assert (hold["kind"], hold["amount"]) == ("toy", 60)
    assert corekit("holds", "capture", member, hold["id"], "--amount", "25").exit_code == 0
    assert world.balances(member) == {"toy": 75}
    assert corekit("holds", "list", member).stdout == "nothing is held\n"
    again = corekit("holds", "release", member, hold["id"])
    assert (again.exit_code, "HOLD_RESOLVED" in again.output) == (1, True)
    assert corekit("holds", "place", member, "toy", "75").exit_code == 0
    (hold,) = json.loads(corekit("holds", "list", member, "--json").stdout)
    assert corekit("holds", "release", member, "--activity", hold["activity"]).exit_code == 0
    assert world.balances(member) == {"toy": 75}
    assert world.is_proved()


@pytest.mark.row("A11", way="cli")
def test_opening_balances_come_from_a_file(world: Any, corekit: Callable[..., Any], tmp_path: Path) -> None:
    member = world.member()
    told = {"account": "toy", "lots": [{"amount": 40}]}
    one = {"type": "opening.balance", "member": member, "source": "old", "external_id": "1", "payload": told}
    file = tmp_path / "opening.jsonl"
    file.write_text(json.dumps(one))
    assert corekit("activities", "record", str(file)).exit_code == 0
    assert corekit("activities", "record", str(file)).exit_code == 0
    assert world.balances(member) == {"toy": 40}
