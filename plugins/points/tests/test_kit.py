"""Points from the door to the ledger and back, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest

from corekit import (
    Batch,
    Credit,
    Declares,
    Effect,
    Facts,
    Invalid,
    Kit,
    Line,
    Outcome,
    balances,
    expiring,
    hookimpl,
)
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit

BASE = '[[points.rules]]\nid = "base"\nrate = 1\n'
LADDER = """
[[ladders]]
code = "status"
name = "Status"
tiers = [
  {code = "ordinary", name = "Ordinary"},
  {code = "gold", name = "Gold", criteria = [{metric = "spend", at_least = 100}], benefits = {points_multiplier = 2}},
]
"""

Shop = Callable[..., Any]
Open = Callable[[Kit], Any]


def given_by(outcome: Outcome) -> list[tuple[str, str | None, int]]:
    return [(effect.rule, effect.account, effect.amount) for effect in outcome.effects]


@pytest.mark.row("P2", way="python")
def test_a_purchase_earns_and_says_why_by_line(shop: Shop) -> None:
    house = shop(BASE + 'exclude = {categories = ["fuel"]}')
    basket = [Line(1, 7_50, category="fruit"), Line(2, 30_00, category="fuel"), Line(3, 2_50), Line(4, 0)]
    bought = house.buy(basket, "2017-06-14T12:00")
    assert given_by(bought) == [("base@1", "points", 10)]
    assert house.has() == 10
    assert bought.activity_id is not None
    (told,) = house.kit.why(bought.activity_id).effects
    assert (told.effect.rule, told.effect.owner, told.effect.shares) == ("base@1", "points", {1: 8, 3: 2})
    assert [(move.debit, move.credit, move.amount) for move in told.postings] == [("points.issued", "points", 10)]


@pytest.mark.row("P1", way="python")
def test_two_currencies_are_two_accounts(shop: Shop) -> None:
    house = shop(
        BASE
        + '[[points.rules]]\nid = "grow"\ncurrency = "growth"\nrate = "0.25"\n[points.currencies.growth]\nscale = 2'
    )
    bought = house.buy(10_10, "2017-06-14T12:00")
    assert given_by(bought) == [("base@1", "points", 10), ("grow@1", "points.growth", 2_52)]
    assert (house.has(), house.has("points.growth")) == (10, 2_52)


def test_without_a_program_there_are_points_that_never_lapse(
    make_kit: MakeKit, open_house: Open, clock: SettableClock
) -> None:
    house = open_house(make_kit(["points"], sources={"till": {"historical": True}}))
    assert house.adjust(100).settled
    clock.set("2099-01-01T00:00:00+00:00")
    assert house.has() == 100


@pytest.mark.row("P2", way="python")
def test_the_purchase_that_lifts_a_tier_earns_at_the_tier_before_it(shop: Shop) -> None:
    house = shop(LADDER + BASE)
    first = house.buy(100_00, "2017-06-14T12:00")
    assert [follow.type for follow in first.follow_ons] == ["tier.changed"]
    second = house.buy(10_00, "2017-06-15T12:00")
    assert (given_by(first), given_by(second)) == ([("base@1", "points", 100)], [("base@1", "points", 20)])


CAPPED = [
    # per day 50, per month 80; the day ends at midnight in New York
    (30_00, "2017-06-14T09:00", 30),
    (30_00, "2017-06-14T18:00", 20),
    (30_00, "2017-06-14T23:59", 0),
    (30_00, "2017-06-15T00:00", 30),
    (30_00, "2017-06-20T12:00", 0),
    (90_00, "2017-07-01T00:00", 50),
]


@pytest.mark.row("P2", way="python")
@pytest.mark.parametrize("chunk", [1, 2, 500])
def test_caps_hold_across_activities_in_one_chunk_or_in_many(shop: Shop, chunk: int) -> None:
    house = shop(BASE + "caps = {day = 50, month = 80}")
    bought = [house.purchase([Line(1, spent // 3), Line(2, spent - spent // 3)], when) for spent, when, _ in CAPPED]
    outcomes = list(house.kit.record_many(bought, chunk=chunk))
    assert [sum(effect.amount for effect in outcome.effects) for outcome in outcomes] == [p for _, _, p in CAPPED]
    assert house.has() == sum(points for _, _, points in CAPPED)


@pytest.mark.row("P2", way="reversal")
def test_what_is_reversed_leaves_room_under_the_cap_again(shop: Shop) -> None:
    house = shop(BASE + "caps = {day = 50, total = 1000}")
    first = house.buy(40_00, "2017-06-14T09:00")
    assert given_by(house.buy(40_00, "2017-06-14T10:00")) == [("base@1", "points", 10)]
    assert first.activity_id is not None
    assert house.kit.reverse(first.activity_id).settled
    assert given_by(house.buy(90_00, "2017-06-14T11:00")) == [("base@1", "points", 40)]
    assert house.has() == 50


@pytest.mark.row("P3", way="python")
def test_a_holiday_earns_double_by_the_clock_of_the_program(shop: Shop) -> None:
    house = shop(
        '[[points.calendars]]\nid = "feasts"\nmultiplier = 2\nholidays = "US"\n' + BASE + 'calendars = ["feasts"]'
    )
    assert given_by(house.buy(10_00, "2017-07-03T23:59")) == [("base@1", "points", 10)]
    assert given_by(house.buy(10_00, "2017-07-04T00:00")) == [("base@1", "points", 20)]


@pytest.mark.row("P3", way="python")
def test_the_anniversary_of_joining_earns_double(shop: Shop) -> None:
    house = shop(
        '[[points.calendars]]\nid = "years"\nmultiplier = 2\nanniversary = "day"\n' + BASE + 'calendars = ["years"]'
    )
    house.clock.set("2018-06-01T12:00:00+00:00")
    assert given_by(house.buy(10_00, "2017-01-02T12:00")) == [("base@1", "points", 10)]
    assert given_by(house.buy(10_00, "2018-01-01T12:00")) == [("base@1", "points", 20)]


@pytest.mark.row("P3", way="reversal")
def test_what_a_calendar_multiplied_comes_back_as_it_was_given(shop: Shop) -> None:
    house = shop(
        '[[points.calendars]]\nid = "day"\nmultiplier = 3\ndates = [2017-06-14]\n' + BASE + 'calendars = ["day"]'
    )
    bought = house.buy(10_00, "2017-06-14T12:00")
    assert bought.activity_id is not None
    house.buy(10_00, "2017-06-15T12:00")
    house.kit.reverse(bought.activity_id)
    assert house.has() == 10


LAPSING = '[points.currencies.points]\nexpiry = {months = 6, end_of = "month"}\n' + BASE


@pytest.mark.row("P7", way="python")
def test_points_lapse_at_the_end_of_the_sixth_month(shop: Shop) -> None:
    house = shop(LAPSING)
    house.buy(10_00, "2017-06-30T23:59")
    house.buy(7_00, "2017-07-01T00:00")
    house.clock.set("2018-01-01T04:59:59+00:00")
    assert house.has() == 17
    house.clock.set("2018-01-01T05:00:00+00:00")  # midnight in New York
    assert house.has() == 7


@pytest.mark.row("P7", way="python")
def test_a_sweep_takes_what_is_due_out_of_the_books_and_says_why(shop: Shop) -> None:
    house = shop(LAPSING)
    house.buy(10_00, "2017-06-14T12:00")
    house.clock.set("2018-02-01T12:00:00+00:00")
    swept = house.kit.sweep("expiry")
    assert (swept.found, swept.settled) == (1, 1)
    assert house.kit.sweep("expiry").settled == 0
    with house.kit.read() as read:
        (balance,) = balances(read, [house.member], house.kit.now())[house.member]
    assert (balance.balance, balance.due, balance.available) == (0, 0, 0)


@pytest.mark.row("P7", way="python")
def test_what_lapses_first_is_spent_first(shop: Shop) -> None:
    house = shop(LAPSING)
    house.buy(5_00, "2017-09-14T12:00")
    house.buy(10_00, "2017-08-14T12:00")
    assert house.adjust(-8).settled
    with house.kit.read() as read:
        found = expiring(read, [house.member], "points", datetime(2019, 1, 1, tzinfo=UTC), house.kit.now())
    assert [(lot.at.isoformat(), lot.amount) for lot in found[house.member]] == [
        ("2018-03-01T05:00:00+00:00", 2),
        ("2018-04-01T04:00:00+00:00", 5),
    ]


@pytest.mark.row("P7", way="reversal")
def test_what_lapsed_is_taken_back_from_where_it_went(shop: Shop) -> None:
    house = shop(LAPSING)
    bought = house.buy(10_00, "2017-06-14T12:00")
    house.clock.set("2018-02-01T12:00:00+00:00")
    house.kit.sweep("expiry")
    assert bought.activity_id is not None
    assert house.kit.reverse(bought.activity_id).settled
    assert (house.has(), house.has(debt=True)) == (0, 0)


@pytest.mark.row("P1", way="reversal")
@pytest.mark.row("P2", way="reversal")
def test_what_was_spent_and_is_taken_back_becomes_a_debt_that_the_next_points_pay(shop: Shop) -> None:
    house = shop(BASE)
    bought = house.buy(10_00, "2017-06-14T12:00")
    house.adjust(-8)
    assert bought.activity_id is not None
    assert house.kit.reverse(bought.activity_id).settled
    assert (house.has(), house.has(debt=True)) == (0, 8)
    house.buy(10_00, "2017-12-31T07:00")
    assert (house.has(), house.has(debt=True)) == (2, 0)


@pytest.mark.row("P2", way="python")
def test_simulating_says_the_same_and_keeps_nothing(shop: Shop) -> None:
    house = shop(LADDER + BASE + "caps = {day = 150}")
    told = house.kit.simulate(house.purchase(200_00, "2017-06-14T12:00"))
    assert house.has() == 0
    done = house.buy(200_00, "2017-06-14T12:00")
    assert given_by(told) == given_by(done) == [("base@1", "points", 150)]
    assert [follow.type for follow in told.follow_ons] == [follow.type for follow in done.follow_ons]


class TestAdjustments:
    """Points given and taken by hand."""

    def test_they_say_why(self, shop: Shop) -> None:
        house = shop("")
        given = house.adjust(100, actor="staff:mira", payload={"reason": "sorry"})
        assert given.activity_id is not None
        told = house.kit.why(given.activity_id)
        assert (told.activity.actor, told.activity.payload) == ("staff:mira", {"reason": "sorry"})
        assert given_by(given) == [("adjustment@1", "points", 100)]

    @pytest.mark.row("P1", way="bad_input")
    def test_more_than_there_is_is_refused_and_stays_so(self, shop: Shop) -> None:
        house = shop("")
        house.adjust(5)
        refused = [house.adjust(-6, external_id="take") for _ in range(2)]
        assert [(each.outcome, each.code, each.replayed) for each in refused] == [
            ("refused", "INSUFFICIENT", False),
            ("refused", "INSUFFICIENT", True),
        ]
        assert house.has() == 5

    def test_the_same_key_gives_once(self, shop: Shop) -> None:
        house = shop("")
        assert [house.adjust(5, external_id="give").replayed for _ in range(2)] == [False, True]
        assert house.has() == 5

    @pytest.mark.row("P1", way="bad_input")
    @pytest.mark.parametrize(
        ("amount", "given", "path", "code"),
        [
            (0, {}, ("amount",), "AMOUNT_ZERO"),
            (2**63, {}, ("amount",), "AMOUNT_RANGE"),
            (1, {"unit": None}, ("unit",), "UNIT_WRONG"),
            (1, {"unit": "USD"}, ("unit",), "UNIT_WRONG"),
            (1, {"unit": "points.miles"}, ("unit",), "UNIT_WRONG"),
            (1, {"payload": {}}, ("payload", "reason"), "REQUIRED"),
            (1, {"payload": {"reason": ""}}, ("payload", "reason"), "LENGTH"),
            (1, {"payload": {"reason": "x", "why": "y"}}, ("payload", "why"), "UNKNOWN_FIELD"),
        ],
    )
    def test_what_is_no_adjustment_is_invalid(
        self, shop: Shop, amount: int, given: dict[str, Any], path: tuple[str, ...], code: str
    ) -> None:
        house = shop("")
        with pytest.raises(Invalid) as refused:
            house.adjust(amount, **given)
        assert [(problem.path, problem.code) for problem in refused.value.problems] == [(path, code)]
        assert house.has() == 0


def test_off_and_on_again_keeps_every_row(shop: Shop, make_kit: MakeKit) -> None:
    house = shop(LAPSING)
    house.buy(10_00, "2017-08-14T12:00")
    given: Any = {"time_zone": "America/New_York", "sources": {"till": {"historical": True}}}
    off = make_kit([], database=house.kit.settings.database, **given)
    bought = off.record(house.purchase(10_00, "2017-09-14T12:00"))
    assert (bought.outcome, bought.effects) == ("settled", ())
    assert house.has() == 10
    on = make_kit(["points"], database=house.kit.settings.database, **given)
    assert given_by(on.record(house.purchase(5_00, "2017-10-14T12:00"))) == [("base@1", "points", 5)]
    assert house.has() == 15


def test_another_plugin_may_credit_points(make_kit: MakeKit, open_house: Open) -> None:
    welcome = ModuleType("welcome")

    @hookimpl
    def corekit_declare() -> Declares:
        return Declares(requires=["points"])

    @hookimpl
    def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
        for activity in batch.of("member.registered"):
            yield Credit(activity, account="points", amount=200, rule="welcome@1")

    vars(welcome).update(corekit_declare=corekit_declare, corekit_react=corekit_react)
    house = open_house(make_kit(["points"], modules={"welcome": welcome}, sources={"till": {"historical": True}}))
    assert house.has() == 200
