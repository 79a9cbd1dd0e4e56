"""Rewards on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from corekit import Activity
from corekit.cli import app
from corekit.testing.plugin import MakeKit

PROGRAM = """
[program]
name = "Corner shop"

[[points.rewards]]
id = "mug"
points = 100
stocked = true
texts = {en = {name = "Mug"}}

[[points.rewards]]
id = "set"
points = 10
money = "9.90"
texts = {en = {name = "Tea set"}}

[points.pay]
points = 100
money = 1
max_share = "0.5"
"""
Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def shop(make_kit: MakeKit, tmp_path: Path) -> tuple[Run, str]:
    """Return what runs a command on a database of its own, and a member with points."""
    secret = "a secret of the tests, long enough"
    kit = make_kit(["points"], program=PROGRAM, sections={"points": {"code_secret": secret}})
    member = kit.record(Activity(type="member.registered")).member
    given = {"reason": "to begin with"}
    kit.record(Activity(type="points.adjustment", member=member, amount=250, unit="points", payload=given))
    config = tmp_path / "corekit.toml"
    config.write_text(
        f"""
        [corekit]
        database = "{kit.settings.database}"
        plugins = ["points"]
        [plugins.points]
        code_secret = "{secret}"
        """,
        encoding="utf-8",
    )

    def run(*words: str, plain: bool = False) -> tuple[int, Any]:
        form = [] if plain else ["--json"]
        result = CliRunner().invoke(app, ["--config", str(config), *form, "points", *words])
        return result.exit_code, result.output if plain else json.loads(result.output)

    return run, member


@pytest.mark.row("P8", way="cli")
def test_a_reward_is_shown_taken_fetched_and_cancelled(shop: tuple[Run, str], tmp_path: Path) -> None:
    run, member = shop
    assert run("restock", "mug", "2", "--reason", "delivered", "--key", "a") == (0, {"reward": "mug", "left": 2})
    _, (mug, tea) = run("rewards", "--member", member)
    assert (mug["left"], mug["can_have"], tea["left"], tea["can_have"]) == (2, True, None, True)
    code, text = run("rewards", "--member", member, plain=True)
    assert (code, text.splitlines()[0].split()) == (0, ["mug", "100", "points", "2", "left", "yes"])
    for key in "bc":
        assert run("redeem", member, "mug", "--store", "main", "--key", key)[0] == 0
    _, (last, first) = run("redemptions", member)
    assert (last["state"], first["state"], first["store"]) == ("reserved", "reserved", "main")
    svg = tmp_path / "code.svg"
    assert run("code", first["redemption"], "--svg", str(svg)) == (0, {"code": first["code"]})
    assert svg.read_text().startswith("<svg")
    assert run("fulfil", first["code"].lower(), "--store", "till 3")[0] == 0
    code, told = run("fulfil", first["redemption"])
    assert (code, told["code"]) == (1, "POINTS_REDEMPTION_FULFILLED")
    assert run("cancel-redemption", last["redemption"], "--reason", "another colour")[0] == 0
    _, text = run("redemptions", member, plain=True)
    assert [line.split()[1:3] for line in text.splitlines()] == [["mug", "cancelled"], ["mug", "fulfilled"]]
    _, told = run("rewards", "--member", member)
    assert told[0]["left"] == 1


@pytest.mark.row("P8", way="bad_input")
def test_what_cannot_be_done_is_said_with_its_code(shop: tuple[Run, str]) -> None:
    run, member = shop
    refused: list[tuple[tuple[str, ...], str]] = [
        (("redeem", member, "mug"), "POINTS_REWARD_SOLD_OUT"),
        (("redeem", member, "set"), "POINTS_REWARD_PRICE"),
    ]
    for words, code in refused:
        status, told = run(*words)
        assert (status, told["code"]) == (1, code)
    wrong: list[tuple[tuple[str, ...], str]] = [
        (("restock", "--reason", "gone", "mug", "--", "-1"), "POINTS_STOCK_SHORT"),
        (("fulfil", "AAAAA"), "NOT_FOUND"),
        (("code", "0" * 32), "NOT_FOUND"),
    ]
    for words, code in wrong:
        status, told = run(*words)
        assert (status, told["error"]["code"]) == (1, code)


@pytest.mark.row("P9", way="cli")
def test_what_points_pay_is_shown_and_paid_as_a_tender(shop: tuple[Run, str]) -> None:
    run, member = shop
    assert run("pay", member, "600") == (0, {"account": "points", "money": 250, "points": 250})
    assert run("pay", member, "300", plain=True) == (0, "150 for 150 points\n")
    status, told = run("redeem", member, "set", "--money", "990", "--tender", "points=200")
    debits = [each["amount"] for each in told["effects"] if each["kind"] == "Debit"]
    assert (status, debits) == (0, [10, 200])
    assert run("pay", member, "600")[1]["points"] == 40
    assert run("redeem", member, "set", "--tender", "points", plain=True)[0] == 2
