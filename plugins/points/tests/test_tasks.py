"""Task rewards: activities of the program itself, streaks, what is done once, limits, and deductions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit import Invalid, SettingsError

Shop = Callable[..., Any]
ACTIVITIES = """
[[activities]]
name = "check_in"
description = "Opened the app on a day."

[[activities]]
name = "bound"
fields = [{name = "kind", one_of = ["wechat", "alipay"], required = true}]

[[activities]]
name = "referred"
fields = [{name = "friend", required = true}, {name = "stars", type = "whole"}]
"""
CHECK_IN = """
[[points.tasks]]
id = "daily"
activity = "check_in"
points = 5
limits = {day = 1}
streak = {steps = [{days = 3, points = 10}, {days = 5, points = 50}], repeat = true}
"""


def earned(outcome: Any) -> list[tuple[str, int]]:
    assert outcome.settled, outcome
    return [(effect.rule, effect.amount) for effect in outcome.effects]


def why(outcome: Any) -> list[str]:
    return [skipped.code for skipped in outcome.skipped]


@pytest.mark.row("P4", way="python")
def test_days_in_a_row_bring_more_and_begin_anew_after_the_last_step(shop: Shop) -> None:
    house = shop(ACTIVITIES + CHECK_IN)
    days = [earned(house.does("check_in", f"2017-06-{day:02}T12:00")) for day in range(1, 9)]
    plain, third, fifth = [("daily@1", 5)], ("daily.streak3@1", 10), ("daily.streak5@1", 50)
    assert days == [plain, plain, [*plain, third], plain, [*plain, fifth], plain, plain, [*plain, third]]
    assert house.has() == 8 * 5 + 10 + 50 + 10
    assert house.clean()


@pytest.mark.row("P4", way="python")
def test_a_streak_that_does_not_repeat_pays_each_step_once(shop: Shop) -> None:
    house = shop(ACTIVITIES + CHECK_IN.replace(", repeat = true", ""))
    days = [len(earned(house.does("check_in", f"2017-06-{day:02}T12:00"))) for day in range(1, 14)]
    assert days == [1, 1, 2, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1]


@pytest.mark.row("P4", way="python")
def test_a_day_without_one_resets_the_streak(shop: Shop) -> None:
    house = shop(ACTIVITIES + CHECK_IN)
    assert [len(earned(house.does("check_in", f"2017-06-{day:02}T12:00"))) for day in (1, 2, 4, 5, 6)] == [
        1,
        1,
        1,
        1,
        2,
    ]


@pytest.mark.row("P4", way="python")
@pytest.mark.parametrize(
    "days",
    [
        # local days in New York: the clock goes forward on 12 March and back on 5 November
        ("2017-03-11T23:59", "2017-03-12T03:00", "2017-03-13T00:00"),
        ("2017-11-04T23:59", "2017-11-05T01:30", "2017-11-06T00:00"),
        ("2016-02-28T00:00", "2016-02-29T23:59", "2016-03-01T00:00"),
        ("2016-12-30T00:00", "2016-12-31T23:59", "2017-01-01T00:00"),
    ],
)
def test_days_are_those_of_the_programs_clock(shop: Shop, days: tuple[str, ...]) -> None:
    house = shop(ACTIVITIES + CHECK_IN)
    assert [len(earned(house.does("check_in", day))) for day in days] == [1, 1, 2]


@pytest.mark.row("P4", way="python")
def test_the_second_of_a_day_earns_nothing_and_says_so(shop: Shop) -> None:
    house = shop(ACTIVITIES + CHECK_IN)
    house.does("check_in", "2017-06-01T00:00")
    second = house.does("check_in", "2017-06-01T23:59")
    assert (earned(second), why(second)) == ([], ["POINTS_LIMIT"])
    assert second.skipped[0].parameters == {"limit": "day", "most": 1}
    assert house.kit.why(second.activity_id).activity.skipped == second.skipped


@pytest.mark.row("P4", way="reversal")
def test_a_check_in_that_is_taken_back_leaves_a_gap(shop: Shop) -> None:
    house = shop(ACTIVITIES + CHECK_IN)
    house.does("check_in", "2017-06-01T12:00")
    second = house.does("check_in", "2017-06-02T12:00")
    third = house.does("check_in", "2017-06-03T12:00")
    assert house.has() == 25
    assert house.kit.reverse(second.activity_id).settled
    assert house.has() == 20
    assert [len(earned(house.does("check_in", f"2017-06-{day:02}T12:00"))) for day in (4, 5)] == [1, 2]
    assert house.kit.reverse(third.activity_id).settled
    assert house.has() == 5 + 5 + 15
    assert house.clean()


@pytest.mark.row("P4", way="reversal")
def test_a_streak_whose_last_step_was_taken_back_can_reach_it_again(shop: Shop) -> None:
    house = shop(ACTIVITIES + CHECK_IN)
    done = [house.does("check_in", f"2017-06-{day:02}T12:00") for day in range(1, 6)]
    assert house.kit.reverse(done[-1].activity_id).settled
    assert earned(house.does("check_in", "2017-06-05T13:00")) == [("daily@1", 5), ("daily.streak5@1", 50)]


@pytest.mark.row("P4", way="python")
def test_binding_an_account_earns_once_per_kind(shop: Shop) -> None:
    task = '[[points.tasks]]\nid = "bind"\nactivity = "bound"\npoints = 20\nonce_per = "kind"\n'
    house = shop(ACTIVITIES + task)
    first, second = (house.does("bound", f"2017-06-0{day}T12:00", kind="wechat") for day in (1, 2))
    assert (earned(first), earned(second), why(second)) == ([("bind@1", 20)], [], ["POINTS_DONE_BEFORE"])
    assert second.skipped[0].parameters == {"field": "kind", "value": "wechat"}
    assert earned(house.does("bound", "2017-06-03T12:00", kind="alipay")) == [("bind@1", 20)]
    assert house.clean()


@pytest.mark.row("P4", way="python")
@pytest.mark.parametrize(
    ("limit", "days", "points"),
    [
        ("day = 2", ("2017-06-01", "2017-06-01", "2017-06-01", "2017-06-02"), 3),
        ("month = 1", ("2017-06-30", "2017-06-30", "2017-07-01"), 2),
        ("year = 1", ("2016-12-31", "2017-01-01", "2017-11-30"), 2),
        ("total = 1", ("2016-12-31", "2017-06-01", "2017-11-30"), 1),
    ],
)
def test_limits_count_by_the_calendar(shop: Shop, limit: str, days: tuple[str, ...], points: int) -> None:
    house = shop(f'{ACTIVITIES}[[points.tasks]]\nid = "t"\nactivity = "check_in"\npoints = 1\nlimits = {{{limit}}}\n')
    for day in days:
        house.does("check_in", f"{day}T12:00")
    assert house.has() == points


DEDUCT = """
[[activities]]
name = "order.refused"
[[points.tasks]]
id = "refused"
activity = "order.refused"
deduct = 30
[[points.tasks]]
id = "returned"
activity = "reversal"
deduct = 1
"""


@pytest.mark.row("P4", way="python")
def test_a_refused_order_costs_points_and_what_is_missing_is_said(shop: Shop) -> None:
    house = shop(DEDUCT)
    house.adjust(50)
    assert earned(house.does("order.refused", "2017-12-31T06:00")) == [("refused@1", 30)]
    second = house.does("order.refused", "2017-12-31T06:01")
    assert (earned(second), why(second)) == ([("refused@1", 20)], ["POINTS_SHORT"])
    assert second.skipped[0].parameters == {"missing": "10", "account": "points"}
    third = house.does("order.refused", "2017-12-31T06:02")
    assert (earned(third), why(third), house.has()) == ([], ["POINTS_SHORT"], 0)
    assert house.kit.reverse(second.activity_id).settled
    assert house.has() == 20  # there was nothing that the return could cost
    assert house.clean()


@pytest.mark.row("P4", way="python")
def test_what_is_returned_costs_points_beside_what_comes_back(shop: Shop) -> None:
    house = shop(DEDUCT + '[[points.rules]]\nid = "base"\nrate = 1\n')
    house.adjust(5)
    bought = house.buy(10_00, "2017-06-01T12:00")
    house.kit.reverse(bought.activity_id)
    assert house.has() == 4


@pytest.mark.row("P4", way="bad_input")
@pytest.mark.parametrize(
    ("what", "payload", "path", "code"),
    [
        ("bound", {}, ("payload", "kind"), "REQUIRED"),
        ("bound", {"kind": "fax"}, ("payload", "kind"), "NOT_ONE_OF"),
        ("bound", {"kind": "wechat", "more": 1}, ("payload", "more"), "UNKNOWN_FIELD"),
        ("referred", {"friend": "x", "stars": "many"}, ("payload", "stars"), "TYPE"),
        ("check_in", {"x": 1}, ("payload",), "UNKNOWN_FIELD"),
        ("check_out", {}, ("type",), "TYPE_UNKNOWN"),
    ],
)
def test_what_the_program_does_not_declare_is_invalid(
    shop: Shop, what: str, payload: dict[str, Any], path: tuple[str, ...], code: str
) -> None:
    house = shop(ACTIVITIES)
    with pytest.raises(Invalid) as refused:
        house.does(what, "2017-06-01T12:00", **payload)
    assert [(problem.path, problem.code) for problem in refused.value.problems] == [(path, code)]


TASK = '[[points.tasks]]\nid = "t"\n'


@pytest.mark.row("P4", way="bad_input")
@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        ('[[activities]]\nname = "purchase"', "activities.0.name", "CONTRADICTION"),
        ('[[activities]]\nname = "a"\n[[activities]]\nname = "a"', "activities.1.name", "CONTRADICTION"),
        ('[[activities]]\nname = "Check in"', "activities.0.name", "PATTERN"),
        ('[[activities]]\nname = "a"\nfields = [{name = "x"}, {name = "x"}]', "activities.0", "CONTRADICTION"),
        (
            '[[activities]]\nname = "a"\nfields = [{name = "x", typ = "text"}]',
            "activities.0.fields.0.typ",
            "UNKNOWN_FIELD",
        ),
        (TASK + 'activity = "check_on"\npoints = 1', "points.tasks.0.activity", "UNKNOWN_ACTIVITY"),
        (TASK + 'activity = "purchase"', "points.tasks.0", "CONTRADICTION"),
        (TASK + 'activity = "purchase"\npoints = 1\ndeduct = 1', "points.tasks.0", "CONTRADICTION"),
        (TASK + 'activity = "refund"\npoints = 1', "points.tasks.0.activity", "INVALID"),
        (TASK + 'activity = "purchase"\npoints = 1\nonce_per = "store"', "points.tasks.0.once_per", "UNKNOWN_FIELD"),
        (
            TASK
            + 'activity = "purchase"\npoints = 1\nstreak = {steps = [{days = 2, points = 1}, {days = 2, points = 2}]}',
            "points.tasks.0.streak.steps.1.days",
            "CONTRADICTION",
        ),
        (
            '[[points.rules]]\nid = "t"\nrate = 1\n' + TASK + 'activity = "purchase"\npoints = 1',
            "points.tasks.0.id",
            "CONTRADICTION",
        ),
    ],
)
def test_a_task_that_cannot_be_is_refused_at_its_place(shop: Shop, text: str, path: str, code: str) -> None:
    with pytest.raises(SettingsError) as refused:
        shop(text)
    found = [(".".join(map(str, each["path"])), each["code"]) for each in refused.value.parameters["problems"]]
    assert (path, code) in found


def test_sweeps_ask_the_tasks_for_their_activities_as_well(shop: Shop) -> None:
    """A sweep leaves an activity to workers only where somebody may react to its type."""
    house = shop(ACTIVITIES + CHECK_IN)
    assert house.kit.terms().reacts("points", "check_in")
    assert not house.kit.terms().reacts("points", "top_up")
