"""Stored value on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from corekit.cli import app
from corekit.testing.plugin import MakeKit

PROGRAM = """
[program]
name = "Corner shop"

[stored_value.approval]
adjustment = "10"

[[stored_value.bonus]]
id = "big"
from = "500"
give = "50"
"""
Run = Callable[..., Any]


@pytest.fixture
def run(make_kit: MakeKit, tmp_path: Path) -> Run:
    """Run a command on a database of its own, and give its answer and exit code."""
    kit = make_kit(["stored_value"], program=PROGRAM)
    config = tmp_path / "corekit.toml"
    text = f'[corekit]\ndatabase = "{kit.settings.database}"\nplugins = ["stored_value"]\n'
    config.write_text(text, encoding="utf-8")

    def command(*words: str) -> tuple[int, Any]:
        done = CliRunner().invoke(app, ["--config", str(config), "--json", *words])
        return done.exit_code, json.loads(done.stdout or done.stderr)

    return command


@pytest.mark.row("V1", way="cli")
@pytest.mark.row("V2", way="cli")
@pytest.mark.row("V3", way="cli")
@pytest.mark.row("V4", way="cli")
def test_money_comes_in_and_goes_out(run: Run) -> None:
    member = run("members", "register")[1]["member"]

    def does(*words: str, good: bool = True) -> Any:
        code, answer = run("stored-value", words[0], member, *words[1:])
        assert code == (0 if good else 1), answer
        return answer

    does("top-up", "50000", "--channel", "cash", "--store", "north")
    does("spend", "11000", "--order-no", "7")
    placed = does("authorise", "5500")["activity_id"]
    assert run("holds", "release", member, "--activity", placed)[0] == 0
    asked = does("request", "2000", "--channel", "wechat")["activity_id"]
    event = ("pay", asked, "2000", "--provider", "wechat-pay", "--event", "e-1", "--channel", "wechat")
    assert [does(*event)["replayed"] for _ in range(2)] == [False, True]
    other = does("request", "2000", "--channel", "wechat")["activity_id"]
    does("cancel", other)
    missing = does("adjust", "bonus", "1001", "--reason", "the wait", "--by", "ada", good=False)
    does("approve", missing["parameters"]["hash"], "--by", "bob")
    adjusted = does("adjust", "bonus", "1001", "--reason", "the wait", "--by", "ada")
    shown = does("show")
    assert {name: shown[name] for name in ("principal", "bonus", "held", "debt")} == {
        "principal": 42000,
        "bonus": 5001,
        "held": 0,
        "debt": 0,
    }
    assert len(shown["groups"]) == 3
    quote = does("quote")
    assert quote["payable"] == 42000
    assert does("withdraw", "42000", quote["hash"], "--channel", "cash")["outcome"] == "settled"
    assert does("charge-back", adjusted["activity_id"], good=False)["code"] == "STORED_VALUE_NO_TOP_UP"


def test_it_is_told_to_people_as_well(make_kit: MakeKit, tmp_path: Path) -> None:
    kit = make_kit(["stored_value"], program=PROGRAM)
    config = tmp_path / "corekit.toml"
    text = f'[corekit]\ndatabase = "{kit.settings.database}"\nplugins = ["stored_value"]\n'
    config.write_text(text, encoding="utf-8")

    def says(*words: str) -> str:
        return CliRunner().invoke(app, ["--config", str(config), *words]).output

    member = json.loads(says("--json", "members", "register"))["member"]
    says("stored-value", "top-up", member, "50000", "--channel", "cash")
    assert "bonus                 5000" in says("stored-value", "show", member)
    assert "payable              50000" in says("stored-value", "quote", member)
    assert "There is no currency GBP" in says("stored-value", "quote", member, "--currency", "GBP")
