"""Earn rules by example: what counts, at which rate, times what, rounded once, capped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit import Activity, Line
from corekit_points.earning import earnings, judge

pytestmark = pytest.mark.row("P2", way="python")

Earned = Callable[..., list[tuple[str, int]]]
RULE = '[[rules]]\nid = "base"\n'


def lines(*amounts: int, **of_all: Any) -> list[Line]:
    return [Line(no, amount, **of_all) for no, amount in enumerate(amounts, 1)]


@pytest.mark.parametrize(
    ("rate", "spent", "points"),
    [
        ('"1"', 0, 0),
        ('"1"', 99, 0),
        ('"1"', 1_00, 1),
        ('"1"', 1_99, 1),
        ("1", 10_99, 10),
        ('"0.5"', 1_99, 0),
        ('"0.5"', 2_00, 1),
        ('"0.1"', 9_99, 0),
        ('"0.1"', 10_00, 1),
        ("2", 50, 1),
        ('"1.5"', 1_99, 2),
        ('{points = 1, per = "10.00"}', 19_99, 1),
        ('{points = 1, per = "3.00"}', 2_99, 0),
        ('{points = 1, per = "3.00"}', 3_00, 1),
        ('{points = 5, per = "10.00"}', 15_00, 7),
        ('{points = 5, per = "10.00", whole_steps = true}', 15_00, 5),
        ('{points = 5, per = "10.00", whole_steps = true}', 9_99, 0),
        ('{points = 5, per = "10.00", whole_steps = true}', 20_00, 10),
    ],
)
def test_the_fraction_of_a_point_earns_nothing(earned: Earned, rate: str, spent: int, points: int) -> None:
    assert earned(f"{RULE}rate = {rate}", spent) == ([("base@1", points)] if points else [])


def test_rounding_is_of_the_whole_order_and_not_of_its_lines(earned: Earned) -> None:
    assert earned(f"{RULE}rate = 1", lines(99, 99, 99)) == [("base@1", 2)]


def test_rounding_comes_after_the_multipliers(earned: Earned) -> None:
    rules = f'{RULE}rate = "0.5"\ntiers = {{silver = "1.5"}}'
    assert earned(rules, 3_99, tiers={"status": "silver"}) == [("base@1", 2)]  # 1.9950 x 1.5 = 2.9925


def test_a_currency_with_decimal_places_earns_in_its_minor_unit(earned: Earned) -> None:
    rules = f'currencies.miles = {{scale = 2}}\n{RULE}currency = "miles"\nrate = "0.125"'
    assert earned(rules, 9_99) == [("base@1", 1_24)]


@pytest.mark.parametrize(
    ("selection", "points"),
    [
        ("", 60),
        ('include = {categories = ["fruit"]}', 10),
        ('include = {skus = ["s2"]}', 20),
        ('include = {categories = ["fruit"], skus = ["s2"]}', 30),
        ('exclude = {categories = ["fruit"]}', 50),
        ('exclude = {skus = ["s2"]}', 40),
        ('exclude = {flags = ["group_buy", "special_offer"]}', 30),
        ('include = {categories = ["fruit", "meat"]}\nexclude = {flags = ["special_offer"]}', 10),
        ('include = {categories = ["fish"]}', 0),
    ],
)
def test_only_what_is_included_and_not_excluded_counts(earned: Earned, selection: str, points: int) -> None:
    basket = [
        Line(1, 10_00, sku="s1", category="fruit"),
        Line(2, 20_00, sku="s2"),
        Line(3, 30_00, sku="s3", category="meat", flags=("special_offer",)),
    ]
    assert earned(f"{RULE}rate = 1\n{selection}", basket) == ([("base@1", points)] if points else [])


@pytest.mark.parametrize(
    ("selection", "points"),
    [('exclude = {categories = ["fruit"]}', 60), ('include = {categories = ["fruit"]}', 0)],
)
def test_without_lines_nothing_is_excluded_and_nothing_included(earned: Earned, selection: str, points: int) -> None:
    assert earned(f"{RULE}rate = 1\n{selection}", 60_00) == ([("base@1", points)] if points else [])


@pytest.mark.parametrize(
    ("selection", "store", "points"),
    [
        ('include = {stores = ["31"]}', "31", 5),
        ('include = {stores = ["31"]}', "32", 0),
        ('include = {stores = ["31"]}', None, 0),
        ('exclude = {stores = ["31"]}', "31", 0),
        ('exclude = {stores = ["31"]}', "32", 5),
        ('exclude = {stores = ["31"]}', None, 5),
    ],
)
def test_a_store_earns_or_not_as_a_whole(earned: Earned, selection: str, store: str | None, points: int) -> None:
    payload = {} if store is None else {"store": store}
    assert earned(f"{RULE}rate = 1\n{selection}", 5_00, payload=payload) == ([("base@1", points)] if points else [])


@pytest.mark.parametrize(("amounts", "points"), [((9_99,), 0), ((10_00,), 10), ((9_00, 5_00), 0), ((20_00, 5_00), 20)])
def test_the_minimum_is_of_what_counts(earned: Earned, amounts: tuple[int, ...], points: int) -> None:
    basket = [Line(no, amount, category="fruit" if no == 1 else "fuel") for no, amount in enumerate(amounts, 1)]
    rules = f'{RULE}rate = 1\nminimum = "10.00"\nexclude = {{categories = ["fuel"]}}'
    assert earned(rules, basket) == ([("base@1", points)] if points else [])


@pytest.mark.parametrize(
    ("caps", "before", "points"),
    [
        ("order = 40", {}, 40),
        ("order = 50", {}, 50),
        ("day = 60", {"day": 20}, 40),
        ("day = 60", {"day": 60}, 0),
        ("day = 60", {"day": 70}, 0),
        ("month = 100", {"month": 99}, 1),
        ("total = 100", {"lifetime": 30}, 50),
        ("total = 100", {"lifetime": 70}, 30),
        ("order = 45, day = 60, month = 100, total = 1000", {"day": 10, "month": 60, "lifetime": 990}, 10),
        ("order = 0", {}, 0),
    ],
)
def test_a_cap_leaves_what_room_there_is(earned: Earned, caps: str, before: dict[str, int], points: int) -> None:
    so_far = {("points.earned/base", window): amount for window, amount in before.items()}
    assert earned(f"{RULE}rate = 1\ncaps = {{{caps}}}", 50_00, earned=so_far) == (
        [("base@1", points)] if points else []
    )


def test_a_cap_comes_after_the_multipliers(earned: Earned) -> None:
    rules = f"{RULE}rate = 1\ntiers = {{silver = 3}}\ncaps = {{order = 100}}"
    assert earned(rules, 50_00, tiers={"status": "silver"}) == [("base@1", 100)]


def test_a_cap_is_given_in_whole_points(earned: Earned) -> None:
    rules = f'currencies.miles = {{scale = 2}}\n{RULE}currency = "miles"\nrate = 1\ncaps = {{order = "7.25"}}'
    assert earned(rules, 50_00) == [("base@1", 7_25)]


@pytest.mark.parametrize(
    ("tiers", "ladder", "standing", "points"),
    [
        ("", "", {}, 100),
        ("", "", {"status": "ordinary"}, 100),
        ("", "", {"status": "silver"}, 125),
        ("", "", {"status": "gold"}, 150),
        ('tiers = "benefits"', "", {"status": "gold"}, 150),
        ('tiers = "none"', "", {"status": "gold"}, 100),
        ('tiers = {gold = "1.1"}', "", {"status": "gold"}, 110),
        ('tiers = {gold = "1.1"}', "", {"status": "silver"}, 100),
        ("", 'ladder = "service"', {"status": "gold"}, 100),
        ("", 'ladder = "service"', {"status": "gold", "service": "plus"}, 300),
    ],
)
def test_the_tier_multiplies(earned: Earned, tiers: str, ladder: str, standing: dict[str, str], points: int) -> None:
    assert earned(f"{RULE}rate = 1\n{tiers}\n{ladder}", 100_00, tiers=standing) == [("base@1", points)]


@pytest.mark.row("P1", way="python")
def test_each_currency_has_a_benefit_of_its_own(earned: Earned) -> None:
    rules = f'currencies.growth = {{}}\n{RULE}rate = 1\n[[rules]]\nid = "grow"\ncurrency = "growth"\nrate = 1'
    ladders = {"status": {"ordinary": {}, "gold": {"points_multiplier": "1.5", "points_multiplier_growth": 2}}}
    standing = {"status": "gold"}
    assert earned(rules, 100_00, tiers=standing, ladders=ladders) == [("base@1", 150), ("grow@1", 200)]


@pytest.mark.parametrize(
    ("stacking", "points"),
    [("", 300), ('stacking = "multiply"', 300), ('stacking = "add"', 250), ('stacking = "best"', 200)],
)
def test_multipliers_stack_as_the_rule_says(earned: Earned, stacking: str, points: int) -> None:
    rules = f"""
        calendars = [{{id = "june", multiplier = 2, dates = [{{from = 2017-06-01, to = 2017-06-30}}]}}]
        {RULE}
        rate = 1
        calendars = ["june"]
        {stacking}
    """
    assert earned(rules, 100_00, tiers={"status": "gold"}) == [("base@1", points)]


@pytest.mark.parametrize(("stacking", "points"), [("multiply", []), ("add", []), ("best", [("base@1", 100)])])
def test_a_multiplier_of_zero_takes_everything_unless_the_best_counts(
    earned: Earned, stacking: str, points: Any
) -> None:
    rules = f"""
        [[calendars]]
        id = "wednesdays"
        multiplier = 0
        weekdays = ["wednesday"]
        [[calendars]]
        id = "always"
        multiplier = 0
        hours = {{from = "00:00", to = "24:00"}}
        {RULE}
        rate = 1
        calendars = ["wednesdays", "always"]
        stacking = "{stacking}"
        tiers = {{ordinary = 1}}
    """
    assert earned(rules, 100_00, tiers={"status": "ordinary"}) == points


def test_rules_stand_side_by_side(earned: Earned) -> None:
    rules = f'{RULE}rate = 1\n[[rules]]\nid = "extra"\nversion = 3\nrate = "0.5"'
    assert earned(rules, 10_00) == [("base@1", 10), ("extra@3", 5)]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("rate = 1", "rate = 2", [("b@1", 20)]),
        ("rate = 2", "rate = 1", [("a@1", 20)]),
        ("rate = 1", "rate = 1", [("a@1", 10)]),
        ("rate = 1\npriority = 1", "rate = 2", [("a@1", 10)]),
        ('rate = 1\npriority = 1\nminimum = "99.00"', "rate = 2", [("b@1", 20)]),
    ],
)
def test_of_a_group_the_first_by_priority_earns_and_of_equals_the_best(
    earned: Earned, first: str, second: str, expected: list[tuple[str, int]]
) -> None:
    rules = f'[[rules]]\nid = "a"\ngroup = "g"\n{first}\n[[rules]]\nid = "b"\ngroup = "g"\n{second}'
    assert earned(rules, 10_00) == expected


def test_a_rule_is_for_one_type_of_activity(book: Any, buy: Any, facts: Any) -> None:
    read = book('[[rules]]\nid = "top"\nactivity = "top_up"\nrate = 1')
    assert [found.amount for found in earnings(read, buy(5_00, kind="top_up"), facts(read))] == [5]
    assert earnings(read, buy(5_00), facts(read)) == []
    assert earnings(read, Activity(type="check_in", member="0" * 32), facts(read)) == []


@pytest.mark.parametrize(
    ("amounts", "rate", "shares"),
    [
        ([10_00, 10_00, 10_00], "1", {1: 10, 2: 10, 3: 10}),
        ([1_00, 1_00, 1_00], '"0.34"', {1: 1}),  # of equal remainders the lowest number
        ([1_00, 1_00, 1_00], '"0.67"', {1: 1, 2: 1}),
        ([0, 99, 99], "1", {2: 1}),
        ([1_50, 1_49, 1], "1", {1: 2, 2: 1}),  # 1.5 + 1.49 + 0.01: one left, and .50 is the largest remainder
        ([1, 9_99], "1", {2: 10}),
    ],
)
def test_lines_share_by_largest_remainder(
    book: Any, buy: Any, facts: Any, amounts: list[int], rate: str, shares: dict[int, int]
) -> None:
    read = book(f"{RULE}rate = {rate}")
    (found,) = earnings(read, buy(lines(*amounts)), facts(read))
    assert found.shares == shares


def test_shares_are_of_what_is_left_under_the_cap(book: Any, buy: Any, facts: Any) -> None:
    read = book(f'{RULE}rate = 1\ncaps = {{order = 10}}\nexclude = {{skus = ["x"]}}')
    basket = [Line(1, 75_00), Line(2, 25_00), Line(3, 50_00, sku="x")]
    (found,) = earnings(read, buy(basket), facts(read))
    assert (found.uncapped, found.amount, found.shares) == (100, 10, {1: 8, 2: 2})  # 7.5 and 2.5: the first line


def test_without_lines_there_are_no_shares(book: Any, buy: Any, facts: Any) -> None:
    read = book(f"{RULE}rate = 1")
    assert earnings(read, buy(5_00), facts(read))[0].shares is None


@pytest.mark.parametrize(
    ("rule", "what", "reason"),
    [
        ('exclude = {stores = ["31"]}', 5_00, "POINTS_STORE"),
        ('exclude = {categories = ["fuel"]}', lines(5_00, category="fuel"), "POINTS_NOTHING_COUNTS"),
        ("", lines(0, 0), "POINTS_NOTHING_COUNTS"),
        ("", 0, "POINTS_NOTHING_COUNTS"),
        ('minimum = "5.01"', 5_00, "POINTS_BELOW_MINIMUM"),
        ("", 99, "POINTS_FRACTION"),
        ("caps = {order = 4}", 5_00, "POINTS_CAP"),
        ("caps = {day = 4}", 5_00, "POINTS_CAP"),
        ("caps = {month = 4}", 5_00, "POINTS_CAP"),
        ("caps = {total = 4}", 5_00, "POINTS_CAP"),
        ("", 5_00, None),
    ],
)
def test_explain_says_why_a_rule_gives_nothing_or_less(
    book: Any, buy: Any, facts: Any, rule: str, what: Any, reason: str | None
) -> None:
    read = book(f"{RULE}rate = 1\n{rule}")
    (found,) = judge(read, buy(what, store="31"), facts(read))
    assert found.code == reason
    assert found.amount in ((4,) if reason and reason.startswith("POINTS_CAP") else (0,) if reason else (5,))


def test_explain_names_the_rule_of_a_group_that_gave_way(book: Any, buy: Any, facts: Any) -> None:
    read = book('[[rules]]\nid = "a"\ngroup = "g"\nrate = 1\n[[rules]]\nid = "b"\ngroup = "g"\nrate = 2')
    found = judge(read, buy(5_00), facts(read))
    assert [(each.rule.id, each.uncapped, each.amount, each.code) for each in found] == [
        ("a", 5, 0, "POINTS_GROUP"),
        ("b", 10, 10, None),
    ]
