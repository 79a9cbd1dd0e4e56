"""Points on the command line."""

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

[[points.calendars]]
id = "wednesdays"
multiplier = 2
weekdays = ["wednesday"]

[[points.rules]]
id = "base"
rate = 1
calendars = ["wednesdays"]
caps = {order = 30}

[[points.rules]]
id = "grow"
currency = "growth"
rate = 1
minimum = "5.00"

[points.currencies.growth]
expiry = {months = 6, end_of = "month"}
"""
Run = Callable[..., Any]


@pytest.fixture
def run(make_kit: MakeKit, tmp_path: Path) -> Run:
    """Run a command on a database of its own, and give its answer and exit code."""
    kit = make_kit(["points"])
    config = tmp_path / "corekit.toml"
    config.write_text(
        f"""
        [corekit]
        database = "{kit.settings.database}"
        plugins = ["points"]
        [corekit.sources.till]
        historical = true
        """,
        encoding="utf-8",
    )

    def command(*words: str, input: Any = None) -> tuple[int, Any]:  # noqa: A002
        text = None if input is None else json.dumps(input)
        done = CliRunner().invoke(app, ["--config", str(config), "--json", *words], input=text)
        return done.exit_code, json.loads(done.stdout or done.stderr)

    return command


@pytest.fixture
def member(run: Run, tmp_path: Path) -> str:
    (tmp_path / "program.toml").write_text(PROGRAM, encoding="utf-8")
    assert run("program", "apply", str(tmp_path / "program.toml"))[0] == 0
    code, joined = run(
        "activities", "record", "-",
        input={"type": "member.registered", "source": "till", "occurred_at": "2017-01-01T12:00:00+00:00"},
    )  # fmt: skip
    assert code == 0
    return str(joined["member"])


def purchase(member: str, amount: int, day: str) -> dict[str, Any]:
    occurred = f"{day}T12:00:00+00:00"
    return {"type": "purchase", "member": member, "amount": amount, "occurred_at": occurred, "source": "till"}


@pytest.mark.row("P1", way="cli")
@pytest.mark.row("P2", way="cli")
@pytest.mark.row("P3", way="cli")
@pytest.mark.parametrize(
    ("amount", "day", "earned"),
    [
        (10_99, "2017-06-13", [("base@1", 10), ("grow@1", 10)]),
        (10_99, "2017-06-14", [("base@1", 21), ("grow@1", 10)]),  # a Wednesday
        (20_00, "2017-06-14", [("base@1", 30), ("grow@1", 20)]),
        (4_00, "2017-06-13", [("base@1", 4)]),
    ],
)
def test_a_purchase_says_what_it_would_earn_and_earns_it(
    run: Run, member: str, amount: int, day: str, earned: list[tuple[str, int]]
) -> None:
    for step in ("simulate", "record"):
        code, answer = run("activities", step, "-", input=purchase(member, amount, day))
        assert (code, [(each["rule"], each["amount"]) for each in answer["effects"]]) == (0, earned)


@pytest.mark.row("P7", way="cli")
def test_what_lapsed_is_taken_out_by_the_sweep(run: Run, member: str) -> None:
    _, bought = run("activities", "record", "-", input=purchase(member, 10_00, "2017-06-13"))
    code, _ = run("jobs", "run", "expiry")
    assert code == 0
    code, listed = run("activities", "list", member)
    assert code == 0, listed
    assert [each["type"] for each in listed["items"]] == ["points.growth.expired", "purchase", "member.registered"]
    assert run("activities", "why", bought["activity_id"])[0] == 0


@pytest.mark.row("P1", way="cli")
def test_points_are_given_by_hand(run: Run, member: str) -> None:
    given = {
        "type": "points.adjustment",
        "member": member,
        "amount": 5,
        "unit": "points",
        "payload": {"reason": "sorry"},
    }
    assert run("activities", "record", "-", input=given)[0] == 0
    code, refused = run("activities", "record", "-", input={**given, "amount": -6})
    assert (code, refused["code"]) == (1, "INSUFFICIENT")
