"""How far budgets are spent: the report, the job that warns, GraphQL and the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from corekit import Activity, Invalid
from corekit.cli import app
from corekit.program.change import apply_text, plan_text
from corekit.program.store import numbered
from corekit.testing.plugin import MakeKit
from corekit_points.budget_report import Spending, budgets
from corekit_schema import Viewer, global_id

Shop = Callable[..., Any]
BUDGET = """
[[points.rules]]
id = "base"
rate = 1
budget = {points = 310, per = "month", warn_at = "0.5"}
"""


@pytest.fixture
def house(shop: Shop) -> Any:
    return shop(BUDGET)


def report(house: Any, now: str) -> Spending:
    house.clock.set(f"{now}+00:00")
    with house.kit.read() as read:
        (found,) = budgets(read, house.kit.program.sections["points"], house.kit.zone, house.kit.now())
    return found


@pytest.mark.row("P13", way="python")
@pytest.mark.parametrize(
    ("spent", "state", "left", "percent"),
    [
        (0, "open", 310, 0),
        (154, "open", 156, 49),
        (155, "warning", 155, 50),
        (310, "spent", 0, 100),
        (400, "spent", -90, 129),
    ],
)
def test_the_share_that_is_granted_tells_the_state(house: Any, spent: int, state: str, left: int, percent: int) -> None:
    if spent:
        house.buy(spent * 100, "2017-08-02T12:00")
    found = report(house, "2017-08-20T12:00:00")
    assert (found.granted, found.state, found.left, found.percent) == (spent, state, left, percent)


@pytest.mark.row("P13", way="python")
def test_the_pace_so_far_tells_what_will_be_granted_and_when_it_is_spent(house: Any) -> None:
    house.buy(200_00, "2017-08-02T12:00")
    # 11 of the 31 days are over, at midnight of the program's clock
    found = report(house, "2017-08-12T04:00:00")
    assert (found.span, found.expected) == ("2017-08", 200 * 31 // 11)
    assert found.begins == datetime(2017, 8, 1, 4, tzinfo=UTC)
    assert found.spent_by == datetime(2017, 8, 18, 5, 12, tzinfo=UTC), "11 days times 310 / 200"
    slow = report(house, "2017-08-31T12:00:00")
    assert (slow.expected, slow.spent_by) == (200 * 31 * 24 // (30 * 24 + 8), None), "not before the month is over"
    assert report(house, "2017-09-02T12:00:00").granted == 0


@pytest.mark.row("P13", way="python")
def test_one_in_total_goes_by_the_pace_since_the_first_grant(shop: Shop) -> None:
    house = shop(BUDGET.replace("month", "total"))
    idle = report(house, "2017-08-01T12:00:00")
    assert (idle.begins, idle.expected, idle.spent_by) == (None, None, None)
    house.clock.set("2017-08-02T16:00:00+00:00")
    house.buy(31_00, "2017-08-01T12:00")
    found = report(house, "2017-08-02T16:00:00")
    assert (found.span, found.granted, found.expected, found.ends) == ("total", 31, None, None)
    assert found.begins == datetime(2017, 8, 1, 16, tzinfo=UTC)
    assert found.spent_by == datetime(2017, 8, 11, 16, tzinfo=UTC)


@pytest.mark.row("P13", way="python")
def test_it_takes_one_statement_however_many_there_are(shop: Shop) -> None:
    house = shop(BUDGET + BUDGET.replace("base", "more") + BUDGET.replace("base", "bas").replace("month", "total"))
    house.buy(20_00, "2017-08-02T12:00")
    house.clock.set("2017-08-20T12:00:00+00:00")
    with house.kit.read() as read:
        found = budgets(read, house.kit.program.sections["points"], house.kit.zone, house.kit.now())
        assert read.statements == 1
    assert [(each.rule, each.granted) for each in found] == [("bas", 20), ("base", 20), ("more", 20)]


@pytest.mark.row("P13", way="python")
def test_the_job_warns_once_when_it_is_worth_one_and_once_when_it_is_spent(house: Any) -> None:
    def told(now: str) -> list[tuple[Any, ...]]:
        house.clock.set(f"{now}+00:00")
        with capture_logs() as logs:
            house.kit.jobs.run("points.budgets")
        warned = [each for each in logs if each["event"] == "points budget"]
        assert all(each["log_level"] == "warning" for each in warned)
        return [(each["rule"], each["span"], each["state"], each["percent"]) for each in warned]

    assert told("2017-08-01T12:00:00") == []
    house.buy(160_00, "2017-08-01T07:00")
    assert told("2017-08-03T12:00:00") == [("base", "2017-08", "warning", 51)]
    assert told("2017-08-04T12:00:00") == []
    house.buy(160_00, "2017-08-04T07:00")
    assert told("2017-08-06T12:00:00") == [("base", "2017-08", "spent", 103)]
    assert told("2017-08-07T12:00:00") == []
    house.clock.set("2017-09-02T12:00:00+00:00")
    house.buy(310_00, "2017-09-01T12:00")
    assert told("2017-09-02T12:00:00") == [("base", "2017-09", "spent", 100)]


ASK = """
{ pointsReports { budgets {
  rule window begins ends state stops percent spentBy currency { code }
  budget { digits } granted { digits } left { digits } expected { digits }
} } }
"""


@pytest.mark.row("P13", way="graphql")
def test_graphql_says_the_same(house: Any, asking: Any) -> None:
    house.buy(200_00, "2017-08-02T12:00")
    house.clock.set("2017-08-12T04:00:00+00:00")
    (found,) = asking(house.kit)(ASK)["data"]["pointsReports"]["budgets"]
    assert found == {
        "rule": "base",
        "window": "2017-08",
        "begins": "2017-08-01T04:00:00+00:00",
        "ends": "2017-09-01T04:00:00+00:00",
        "state": "WARNING",
        "stops": False,
        "percent": 64,
        "spentBy": "2017-08-18T05:12:00+00:00",
        "currency": {"code": "points"},
        "budget": {"digits": "310"},
        "granted": {"digits": "200"},
        "left": {"digits": "110"},
        "expected": {"digits": "563"},
    }


@pytest.mark.row("P13", way="graphql")
def test_only_who_may_see_reports_sees_it(house: Any, asking: Any) -> None:
    clerk = Viewer(kind="staff", name="clerk", permissions=frozenset({"members.read"}))
    assert asking(house.kit)(ASK, clerk)["data"] == {"pointsReports": None}


EFFECTS = """
mutation ($input: RecordActivityInput!) {
  recordActivity(input: $input) {
    effects { rule kind state code amount { digits } } skipped { rule code message parameters }
  }
}
"""


@pytest.mark.row("P13", way="graphql")
def test_who_records_a_purchase_is_told_that_the_budget_is_not_enough(shop: Shop, asking: Any) -> None:
    house = shop(BUDGET.replace('"0.5"', '"0.5", when_spent = "stop"'))
    ask = asking(house.kit)
    told = {"type": "purchase", "memberId": global_id("Member", house.member)}
    first = ask(EFFECTS, input={**told, "amount": "31000"})["data"]["recordActivity"]
    assert [(each["kind"], each["state"]) for each in first["effects"]] == [
        ("points.grant", "APPLIED"),
        ("Credit", "APPLIED"),
    ]
    second = ask(EFFECTS, input={**told, "amount": "100"})["data"]["recordActivity"]
    assert [(each["rule"], each["code"]) for each in second["skipped"]] == [("base@1", "POINTS_BUDGET")]
    assert second["skipped"][0]["parameters"] == {"span": "2017-12", "left": "0", "wanted": "1"}


RULE = '[[points.rules]]\nid = "base"\nrate = 1\n'


@pytest.mark.row("P13", way="bad_input")
@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        (RULE.replace("points.", "") + 'budget = {points = -1, per = "month"}', "rules.0.budget.points", "RANGE"),
        (RULE.replace("points.", "") + 'budget = {points = 0, per = "month"}', "rules.0.budget.points", "RANGE"),
        (RULE.replace("points.", "") + 'budget = {points = "0.5", per = "month"}', "rules.0.budget.points", "TOO_FINE"),
        (RULE.replace("points.", "") + 'budget = {points = 0.5, per = "month"}', "rules.0.budget.points", "NOT_EXACT"),
        (RULE.replace("points.", "") + 'budget = {per = "month"}', "rules.0.budget.points", "REQUIRED"),
        (RULE.replace("points.", "") + "budget = {points = 5}", "rules.0.budget.per", "REQUIRED"),
        (RULE.replace("points.", "") + 'budget = {points = 5, per = "week"}', "rules.0.budget.per", "NOT_ONE_OF"),
        (
            RULE.replace("points.", "") + 'budget = {points = 5, per = "day", warn_at = "1.1"}',
            "rules.0.budget.warn_at",
            "RANGE",
        ),
        (
            RULE.replace("points.", "") + 'budget = {points = 5, per = "day", warn_at = 0}',
            "rules.0.budget.warn_at",
            "RANGE",
        ),
        (
            RULE.replace("points.", "") + 'budget = {points = 5, per = "day", when_spent = "end"}',
            "rules.0.budget.when_spent",
            "NOT_ONE_OF",
        ),
        (
            RULE.replace("points.", "") + 'budget = {points = 5, per = "day", stop = true}',
            "rules.0.budget.stop",
            "UNKNOWN_FIELD",
        ),
        (RULE.replace("points.", "") + "budget = 5", "rules.0.budget", "TYPE"),
        (
            RULE.replace("points.", "") + 'currency = "gold"\nbudget = {points = 5, per = "day"}',
            "rules.0.currency",
            "UNKNOWN_CURRENCY",
        ),
        (
            '[[tasks]]\nid = "t"\nactivity = "refund"\ndeduct = 5\nbudget = {points = 5, per = "day"}',
            "tasks.0",
            "CONTRADICTION",
        ),
    ],
)
def test_a_budget_that_cannot_be_is_refused_at_its_place(book: Any, text: str, path: str, code: str) -> None:
    with pytest.raises(Invalid) as error:
        book(text)
    assert [(".".join(map(str, each.path)), each.code) for each in error.value.problems] == [(f"points.{path}", code)]


HEAD = '[program]\nname = "Corner shop"\n'


@pytest.mark.row("P13", way="python")
def test_the_plan_names_what_changes_of_it_and_the_export_holds_it(house: Any) -> None:
    planned = plan_text(house.kit, HEAD + BUDGET.replace("310", "500"))
    assert [".".join(map(str, each.path)) for each in planned.changes] == ["points.rules.base.budget.points"]
    assert not plan_text(house.kit, HEAD + BUDGET.replace("}", "}  # a month")).changes
    apply_text(house.kit, HEAD + BUDGET.replace("310", "500"))
    with house.kit.read() as read:
        assert "budget = {points = 500" in numbered(read, 2).content


@pytest.mark.row("P13", way="cli")
def test_the_command_shows_them_and_can_fail_where_one_is_worth_a_warning(make_kit: MakeKit, tmp_path: Path) -> None:
    kit = make_kit(["points"], program=HEAD + BUDGET)
    member = kit.record(Activity(type="member.registered", member="")).member
    config = tmp_path / "corekit.toml"
    config.write_text(f'[corekit]\ndatabase = "{kit.settings.database}"\nplugins = ["points"]\n', encoding="utf-8")

    def run(*words: str, told: str | None = None) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["--config", str(config), *words], input=told)
        return done.exit_code, done.stdout

    code, text = run("--json", "points", "budgets", "--check")
    (found,) = json.loads(text)
    assert (code, found["granted"], found["state"], found["stops"]) == (0, 0, "open", False)
    bought = json.dumps({"type": "purchase", "member": member, "amount": 200_00})
    assert run("activities", "record", "-", told=bought)[0] == 0
    code, text = run("points", "budgets")
    _, line = text.splitlines()
    assert (code, line.split()[2:7]) == (0, ["200", "310", "110", "64%", "warning"])
    assert run("points", "budgets", "--check")[0] == 1


@pytest.mark.row("P13", way="python")
def test_a_budget_counts_in_the_currency_of_its_rule(shop: Shop) -> None:
    growth = 'currency = "growth"\nbudget = {points = "0.50", per = "day"}\n[points.currencies.growth]\nscale = 2\n'
    house = shop(RULE + growth)
    house.buy(1_00, "2017-08-01T12:00")
    found = report(house, "2017-08-01T20:00:00")
    assert (found.currency.code, found.most, found.granted, found.state) == ("growth", 50, 100, "spent")
