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
transfers = true

[[activities]]
name = "check_in"

[[activities]]
name = "deposit"
amount = "money"

[[points.tasks]]
id = "daily"
activity = "check_in"
points = 5
limits = {day = 1}

[[points.rules]]
id = "deposits"
activity = "deposit"
rate = 1
pending_days = 14
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


def skipped(answer: Any) -> list[tuple[str, str]]:
    return [(each["rule"], each["code"]) for each in answer["skipped"]]


@pytest.mark.row("P2", way="cli")
@pytest.mark.row("P4", way="cli")
def test_what_a_rule_skips_is_said_by_simulate_record_and_why(run: Run, member: str) -> None:
    did = {"type": "check_in", "member": member, "source": "till", "occurred_at": "2017-06-13T12:00:00+00:00"}
    code, first = run("activities", "record", "-", input=did)
    assert (code, [(each["rule"], each["amount"]) for each in first["effects"]]) == (0, [("daily@1", 5)])
    _, told = run("activities", "simulate", "-", input=did)
    _, second = run("activities", "record", "-", input=did)
    assert skipped(told) == skipped(second) == [("daily@1", "POINTS_LIMIT")]
    _, why = run("activities", "why", second["activity_id"])
    assert skipped(why["activity"]) == [("daily@1", "POINTS_LIMIT")]


@pytest.mark.row("P5", way="cli")
def test_a_late_claim_says_by_how_much(run: Run, member: str) -> None:
    code, late = run("activities", "record", "-", input={**purchase(member, 10_00, "2017-06-13"), "source": "desk"})
    assert (code, late["effects"]) == (0, [])
    assert {each["code"] for each in late["skipped"]} == {"POINTS_CLAIM_TOO_LATE"}
    assert all(each["parameters"]["seconds"] > 0 for each in late["skipped"])


@pytest.mark.row("P6", way="cli")
def test_pending_points_are_shown_and_cannot_be_spent(run: Run, member: str) -> None:
    assert run("activities", "record", "-", input={"type": "deposit", "member": member, "amount": 10_00})[0] == 0
    code, found = run("members", "show", member)
    (points,) = [each for each in found["balances"] if each["kind"] == "points"]
    assert (code, points["balance"], points["awaited"]) == (0, 10, 10)
    code, refused = run("points", "adjust", member, "--reason", "x", "--", "-1")
    assert (code, refused["code"]) == (1, "INSUFFICIENT")


@pytest.mark.row("P11", way="cli")
def test_points_are_given_and_cancelled_by_hand(run: Run, member: str) -> None:
    code, given = run("points", "adjust", member, "9", "--reason", "sorry", "--key", "k")
    assert (code, given["effects"][0]["amount"]) == (0, 9)
    code, part = run("points", "cancel", member, given["activity_id"], "--reason", "a circle", "--amount", "4")
    assert (code, [(each["kind"], each["amount"]) for each in part["effects"]]) == (0, [("TakeBack", 4)])
    code, rest = run("points", "cancel", member, given["activity_id"], "--reason", "a circle")
    assert (code, rest["effects"][0]["amount"]) == (0, 5)
    code, refused = run("points", "cancel", member, given["activity_id"], "--reason", "a circle")
    assert (code, refused["code"]) == (1, "TAKE_BACK_TOO_MUCH")


@pytest.mark.row("P12", way="cli")
def test_points_for_another_member_are_refused(run: Run, member: str) -> None:
    code, other = run("members", "register")
    assert code == 0
    code, refused = run("points", "transfer", member, other["member"], "1", "--reason", "a gift")
    assert (code, refused["code"]) == (1, "POINTS_TRANSFER_NOT_ALLOWED")


@pytest.mark.row("P12", way="cli")
def test_growth_is_given_to_another_member_as_the_program_allows(run: Run, member: str) -> None:
    _, other = run("members", "register")
    assert run("points", "adjust", member, "5", "--reason", "sorry", "--currency", "points.growth")[0] == 0
    told = ("points", "transfer", member, other["member"], "3", "--reason", "a gift", "--currency", "points.growth")
    code, given = run(*told, "--key", "k")
    assert (code, [(each["kind"], each["amount"]) for each in given["effects"]]) == (0, [("Transfer", 3)])
    _, again = run(*told, "--key", "k")
    assert again["activity_id"] == given["activity_id"]
    _, found = run("members", "show", other["member"])
    assert [(each["kind"], each["balance"]) for each in found["balances"]] == [("points.growth", 3)]


@pytest.mark.row("P13", way="cli")
def test_the_liability_is_a_table_a_file_and_a_chart(run: Run, member: str, tmp_path: Path) -> None:
    run("points", "adjust", member, "9", "--reason", "sorry")
    table, chart = tmp_path / "owed.csv", tmp_path / "owed.svg"
    code, found = run("points", "liability", "--months", "3", "--csv", str(table), "--svg", str(chart))
    points = next(each for each in found if each["currency"] == "points")
    assert (code, points["outstanding"], points["months"][-1]["issued"]) == (0, 9, 9)
    assert points["forecast"] == [{"month": None, "amount": 9}]
    assert table.read_text(encoding="utf-8").startswith("currency,what,month,issued")
    assert chart.read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.row("P13", way="bad_input")
def test_a_report_of_no_months_is_refused(run: Run, member: str) -> None:
    assert member
    code, answer = run("points", "liability", "--months", "0")
    assert (code, answer["error"]["problems"][0]["code"]) == (1, "RANGE")
