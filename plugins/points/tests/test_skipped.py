"""Rules that do not fire say why; the basis, what is added, birthdays, and who a rule is for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from corekit import Activity, Line

Shop = Callable[..., Any]
Earned = Callable[..., list[tuple[str, int]]]
RULES = """
[[points.calendars]]
id = "june"
dates = [{from = "2017-06-01", to = "2017-06-30"}]
[[points.rules]]
id = "fruit"
rate = 1
exclude = {categories = ["fuel"]}
[[points.rules]]
id = "big"
rate = 1
minimum = 100
[[points.rules]]
id = "small"
rate = "0.001"
[[points.rules]]
id = "capped"
rate = 1
caps = {day = 4}
[[points.rules]]
id = "summer"
rate = 1
during = ["june"]
[[points.rules]]
id = "golden"
rate = 1
min_tier = "gold"
[[points.rules]]
id = "outlet"
rate = 1
include = {stores = ["outlet"]}
[[ladders]]
code = "status"
name = "Status"
tiers = [
  {code = "ordinary", name = "Ordinary"},
  {code = "gold", name = "Gold", criteria = [{metric = "spend", at_least = 100}]},
]
"""


@pytest.mark.row("P2", way="python")
@pytest.mark.row("P3", way="python")
def test_every_rule_that_gives_nothing_says_why_now_and_afterwards(shop: Shop) -> None:
    house = shop(RULES)
    basket = [Line(1, 10_00, category="fuel")]
    told = house.kit.simulate(house.purchase(basket, "2017-07-01T12:00"))
    done = house.buy(basket, "2017-07-01T12:00")
    assert done.skipped == told.skipped == house.kit.why(done.activity_id).activity.skipped
    assert [(each.owner, each.rule, each.code, dict(each.parameters)) for each in done.skipped] == [
        ("points", "big@1", "POINTS_BELOW_MINIMUM", {"counted": "1000", "minimum": "10000"}),
        ("points", "capped@1", "POINTS_CAP", {"cap": "day", "cut": "6"}),
        ("points", "fruit@1", "POINTS_NOTHING_COUNTS", {}),
        ("points", "golden@1", "POINTS_TIER_TOO_LOW", {"tier": "ordinary", "needed": "gold"}),
        ("points", "outlet@1", "POINTS_STORE", {"store": None}),
        ("points", "small@1", "POINTS_FRACTION", {}),
        ("points", "summer@1", "POINTS_OUTSIDE_CALENDAR", {"calendars": "june"}),
    ]
    assert [(effect.rule, effect.amount) for effect in done.effects] == [("capped@1", 4)]


@pytest.mark.row("P2", way="python")
def test_a_rule_for_a_season_and_a_tier_fires_there(shop: Shop) -> None:
    house = shop(RULES)
    house.buy(100_00, "2017-06-01T12:00")
    assert {"summer@1", "golden@1"} <= {rule for rule, _ in house.bought(10_00, "2017-06-30T23:59")}


BASKET = [Line(1, 60_00, category="fruit"), Line(2, 40_00, category="fuel")]


@pytest.mark.row("P2", way="python")
@pytest.mark.parametrize(
    ("basis", "points"),
    [
        ("", 100),
        ("basis = {tax = false}", 93),
        ("basis = {discount = true}", 110),
        ("basis = {points_paid = false}", 75),
        ("basis = {tax = false, discount = true, points_paid = false}", 78),
        ('basis = {points_paid = false}\nexclude = {categories = ["fuel"]}', 45),
        ("basis = {points_paid = false}\nminimum = 76", 0),
    ],
)
def test_the_basis_is_what_the_rule_says(earned: Earned, basis: str, points: int) -> None:
    payload = {"tax": 7_00, "discount": 10_00, "points_paid": 25_00}
    for what in (BASKET, *([100_00] if "exclude" not in basis else [])):
        found = earned(f'[[rules]]\nid = "base"\nrate = 1\n{basis}', what, payload=payload)
        assert found == ([("base@1", points)] if points else [])


@pytest.mark.row("P2", way="bad_input")
def test_more_tax_than_was_charged_leaves_nothing_to_earn(earned: Earned) -> None:
    for what in (BASKET, 100_00):
        assert earned('[[rules]]\nid = "base"\nrate = 1\nbasis = {tax = false}', what, payload={"tax": 200_00}) == []


@pytest.mark.row("P2", way="python")
def test_what_is_added_is_multiplied_and_rounded_with_the_rest(earned: Earned) -> None:
    rules = """
        [[calendars]]
        id = "may"
        dates = [{from = "2017-05-01", to = "2017-05-31"}]
        add = 3
        multiplier = "1.5"
        [[rules]]
        id = "base"
        rate = "0.5"
        add = 2
        calendars = ["may"]
        [[rules]]
        id = "grow"
        currency = "miles"
        rate = 1
        calendars = ["may"]
        [currencies.miles]
        scale = 2
    """
    assert earned(rules, 1_50, "2017-05-05T12:00") == [("base@1", 8), ("grow@1", 6_75)]  # (0.75 + 5) x 1.5 = 8.625
    assert earned(rules, 1_50, "2017-06-05T12:00") == [("base@1", 2), ("grow@1", 1_50)]


BIRTHDAY = """
[[calendars]]
id = "born"
multiplier = 2
birthday = "{span}"
[[rules]]
id = "b"
rate = 1
calendars = ["born"]
"""


@pytest.mark.row("P3", way="python")
@pytest.mark.parametrize(
    ("span", "born", "when", "double"),
    [
        ("day", "1980-06-14", "2017-06-14T00:00", True),
        ("day", "1980-06-14", "2017-06-14T23:59:59", True),
        ("day", "1980-06-14", "2017-06-15T00:00", False),
        ("day", "1980-02-29", "2016-02-29T12:00", True),
        ("day", "1980-02-29", "2016-02-28T12:00", False),
        ("day", "1980-02-29", "2017-02-28T12:00", True),
        ("day", "1980-02-29", "2017-03-01T00:00", False),
        ("week", "1980-06-14", "2017-06-12T00:00", True),
        ("week", "1980-06-14", "2017-06-18T23:59", True),
        ("week", "1980-06-14", "2017-06-19T00:00", False),
        ("week", "1980-01-01", "2016-12-26T00:00", True),
        ("week", "1980-12-31", "2015-01-01T12:00", True),
        ("month", "1980-06-14", "2017-06-30T23:59", True),
        ("month", "1980-06-14", "2017-07-01T00:00", False),
        ("month", "1980-02-29", "2017-02-01T00:00", True),
        ("day", "1980-03-12", "2017-03-12T23:59", True),  # the day has 23 hours
        ("day", "1980-03-12", "2017-03-13T00:00", False),
        ("day", "1980-11-05", "2017-11-05T00:00", True),  # and 25
        ("day", "1980-11-05", "2017-11-05T23:59", True),
        ("day", None, "2017-06-14T12:00", False),
    ],
)
def test_a_birthday(earned: Earned, span: str, born: str | None, when: str, double: bool) -> None:  # noqa: FBT001
    birthday = date.fromisoformat(born) if born is not None else None
    found = earned(BIRTHDAY.format(span=span), 1_00, when, born=birthday)
    assert found == [("b@1", 2 if double else 1)]


@pytest.mark.row("P3", way="python")
def test_the_birthday_is_that_of_the_profile(shop: Shop) -> None:
    house = shop(BIRTHDAY.format(span="day").replace("[[", "[[points."))
    payload = {"birthday": "1980-06-14"}
    joined = datetime(2016, 6, 14, tzinfo=UTC)
    registered = Activity(type="member.registered", member="", occurred_at=joined, source="till", payload=payload)
    other = house.kit.record(registered).member
    assert house.bought(1_00, "2017-06-14T12:00", member=other) == [("b@1", 2)]
    assert house.bought(1_00, "2017-06-14T12:00") == [("b@1", 1)]
