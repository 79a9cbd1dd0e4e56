"""``corekit tiers`` and ``corekit jobs run tiers``: what they print, what they store, and how they end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from corekit import Activity
from corekit.cli import app

Run = Callable[..., Any]

PROGRAM = """
[program]
name = "Corner shop"

[[ladders]]
code = "status"
name = "Status"
evaluate = "on_request"
validity = {months = 1}
downgrade = "to_qualified"

[[ladders.tiers]]
code = "base"
name = "Base"

[[ladders.tiers]]
code = "silver"
name = "Silver"
criteria = [{metric = "spend", at_least = 100}]
benefits = {wash = {kind = "service", quota = 1, per = "year"}}
"""


@pytest.fixture
def run(make_kit: Any, tmp_path: Path) -> Run:
    kit = make_kit(program=PROGRAM)
    for name, amount in (("ann", 100_00), ("bob", 99_99)):
        member = kit.record(Activity(type="member.registered", payload={"external_id": name})).member
        assert kit.record(Activity(type="purchase", member=member, amount=amount)).settled
    config = tmp_path / "corekit.toml"
    config.write_text(f'[corekit]\ndatabase = "{kit.settings.database}"\nplugins = []\n', encoding="utf-8")

    def call(*words: str, code: int = 0) -> Any:
        result = CliRunner().invoke(app, ["--config", str(config), *words])
        assert result.exit_code == code, result.output
        return result

    return call


def said(result: Any) -> Any:
    return json.loads(result.stdout)


@pytest.mark.row("T3", way="cli")
def test_a_member_asks_for_its_tier(run: Run) -> None:
    assert "outcome: settled" in run("tiers", "request", "ann", "status").output
    assert "code: TIER_NOT_QUALIFIED" in run("tiers", "request", "bob", "status", code=1).output


@pytest.mark.row("T4", way="cli")
def test_a_tier_is_set_and_locked_and_refused_to_others(run: Run) -> None:
    words = ("tiers", "set", "ann", "status", "silver", "--reason", "a friend")
    run(*words, "--actor", "eve", "--lock-until", "2999-01-01")
    assert "code: TIER_LOCKED" in run(*words, "--actor", "mallory", code=1).output
    shown = said(run("--json", "tiers", "show", "ann"))
    assert shown["standing"][0]["reason"] == "manual"
    assert shown["standing"][0]["locked_until"].startswith("2999-01-01T00:00:00")


@pytest.mark.row("T5", way="cli")
def test_a_benefit_is_claimed_until_it_is_used_up(run: Run) -> None:
    run("tiers", "request", "ann", "status")
    assert "outcome: settled" in run("tiers", "claim", "ann", "status", "wash").output
    assert "code: BENEFIT_USED_UP" in run("tiers", "claim", "ann", "status", "wash", code=1).output
    (benefit,) = said(run("--json", "tiers", "show", "ann"))["benefits"]
    assert (benefit["name"], benefit["used"], benefit["limit"]) == ("wash", 1, 1)


@pytest.mark.row("T6", way="cli")
@pytest.mark.row("T7", way="cli")
def test_a_preview_says_what_the_sweep_then_does(run: Run) -> None:
    assert "nothing would change" in run("tiers", "preview").output
    run("tiers", "set", "bob", "status", "silver", "--reason", "a friend")
    look = run("tiers", "preview", "--at", "2999-01-01", "--ladder", "status").output
    assert "silver -> base  tier.changed (downgraded)" in look
    assert said(run("--json", "tiers", "preview", "--at", "2999-01-01", "--member", "ann")) == []
    assert "done; 1 found, 1 settled" in run("jobs", "run", "tiers", "--at", "2999-01-01").output
    assert [each["tier"] for each in said(run("--json", "tiers", "show", "bob"))["history"]] == ["silver", "base"]
    assert "[NOT_FOUND]" in run("tiers", "preview", "--ladder", "fame", code=1).stderr


@pytest.mark.row("T7", way="bad_input")
def test_a_sweep_that_is_none_is_named_with_the_nearest(run: Run) -> None:
    assert "did you mean 'tiers'?" in run("jobs", "run", "tier", code=1).stderr
