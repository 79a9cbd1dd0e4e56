"""An activity is judged by the version of the program that was valid when it occurred."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, fields
from sqlalchemy import select

from corekit import (
    Activity,
    Credit,
    Declares,
    Invalid,
    Kit,
    Outcome,
    Program,
    Section,
    SettingsError,
    balances,
    hookimpl,
)
from corekit.activities.tables import activity as activities
from corekit.clock import moment
from corekit.program import Edition, Versions, apply_text
from corekit.registry import Registry
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit.tiers.read import standing

HEAD = '[program]\nname = "Corner shop"\n'
ANY_TIME = '[points]\nclaim_hours = "any"\n'
RULE = '[[points.rules]]\nid = "base"\nrate = {rate}\n'
GROWTH = """
[points.currencies.growth]
expiry = {{months = {months}}}
[[points.rules]]
id = "growth"
currency = "growth"
rate = 1
"""
LADDER = """
[[ladders]]
code = "status"
name = "Status"
tiers = [
  {{code = "ordinary", name = "Ordinary"}},
  {{code = "{upper}", name = "Upper", benefits = {{points_multiplier = {benefit}}}, criteria = [
    {{metric = "spend", at_least = "{at_least}"}},
  ]}},
]
"""
BEFORE, CHANGE, AFTER = (datetime(2026, 3, day, 12, tzinfo=UTC) for day in (9, 10, 11))


def ladder(at_least: int, benefit: int = 1, upper: str = "gold") -> str:
    return LADDER.format(at_least=at_least, benefit=benefit, upper=upper)


class Shop:
    """A kit with one member and two versions of its program, the second valid from ``CHANGE`` on."""

    def __init__(self, kit: Kit, clock: SettableClock, first: str, second: str) -> None:
        self.kit, self.clock = kit, clock
        clock.set(datetime(2026, 1, 1, tzinfo=UTC))
        apply_text(kit, HEAD + ANY_TIME + first)
        self.member = kit.record(Activity(type="member.registered")).member
        clock.set(BEFORE)
        apply_text(kit, HEAD + ANY_TIME + second, valid_from=CHANGE)
        clock.set(AFTER + timedelta(days=1))

    def purchase(self, amount: int, at: datetime, **values: Any) -> Activity:
        return Activity(type="purchase", member=self.member, amount=amount, occurred_at=at, **values)

    def buy(self, amount: int, at: datetime, **values: Any) -> Outcome:
        outcome = self.kit.record(self.purchase(amount, at, **values))
        assert outcome.settled, outcome
        return outcome

    def has(self) -> dict[str, int]:
        with self.kit.read() as read:
            return {each.kind: each.available for each in balances(read, [self.member], self.kit.now())[self.member]}

    def judged_by(self, outcome: Outcome) -> int:
        with self.kit.read() as read:
            version: int = read.scalar(select(activities.c.program).where(activities.c.id == outcome.activity_id))
        return version

    def tier(self) -> str | None:
        with self.kit.read() as read:
            return next((each.tier for each in standing(read, [self.member])[self.member]), None)


Opens = Callable[[str, str], Shop]


@pytest.fixture
def shop(make_kit: MakeKit, clock: SettableClock) -> Opens:
    def opens(first: str, second: str) -> Shop:
        return Shop(make_kit(["points"]), clock, first, second)

    return opens


@pytest.mark.row("A10", way="python")
@pytest.mark.parametrize(
    ("at", "points", "version"),
    [
        (BEFORE, 10, 1),
        (CHANGE - timedelta(microseconds=1), 10, 1),
        (CHANGE, 20, 2),
        (AFTER, 20, 2),
    ],
)
def test_rules_are_those_of_the_time_when_it_occurred(shop: Opens, at: datetime, points: int, version: int) -> None:
    house = shop(RULE.format(rate=1), RULE.format(rate=2))
    outcome = house.buy(10_00, at)
    assert house.has() == {"points": points}
    assert house.judged_by(outcome) == version
    assert house.kit.verify().clean


def test_a_chunk_may_hold_activities_of_several_versions(shop: Opens) -> None:
    house = shop(RULE.format(rate=1), RULE.format(rate=2))
    coming = [house.purchase(10_00, at) for at in (AFTER, BEFORE, CHANGE, BEFORE)]
    outcomes = list(house.kit.record_many(coming))
    assert [house.judged_by(outcome) for outcome in outcomes] == [2, 1, 2, 1]
    assert [outcome.effects[0].amount for outcome in outcomes] == [20, 10, 20, 10]


def test_what_waits_is_judged_by_the_time_when_it_occurred(shop: Opens) -> None:
    house = shop(RULE.format(rate=1), RULE.format(rate=2))
    house.kit.enqueue([house.purchase(10_00, BEFORE), house.purchase(10_00, AFTER)])
    house.kit.work()
    assert house.has() == {"points": 30}


@pytest.mark.row("A10", way="reversal")
def test_a_purchase_of_an_earlier_version_is_taken_back_as_it_was_given(shop: Opens) -> None:
    house = shop(RULE.format(rate=3), RULE.format(rate=1))
    outcome = house.buy(10_00, BEFORE)
    house.kit.reverse(outcome.activity_id or "")
    assert house.has() == {"points": 0}
    assert house.kit.verify().clean


def test_a_currency_that_was_removed_stays_readable_and_its_lots_still_lapse(shop: Opens) -> None:
    house = shop(GROWTH.format(months=1), RULE.format(rate=1))
    house.buy(10_00, BEFORE)
    assert house.has() == {"points.growth": 10}
    house.buy(10_00, AFTER)
    assert house.has() == {"points.growth": 10, "points": 10}
    house.clock.set(BEFORE + timedelta(days=40))
    house.kit.sweep("expiry")
    assert house.has() == {"points.growth": 0, "points": 10}
    house.buy(5_00, BEFORE, source="late")
    assert house.kit.verify().clean


def test_value_lapses_by_the_rules_of_the_time_when_it_was_earned(shop: Opens) -> None:
    house = shop(GROWTH.format(months=12), GROWTH.format(months=1))
    house.buy(10_00, BEFORE)
    house.buy(20_00, AFTER)
    with house.kit.read() as read:
        balance = balances(read, [house.member], house.kit.now())[house.member][0]
    assert (balance.next_at, balance.next_amount) == (AFTER.replace(month=4), 20)
    house.clock.set(AFTER.replace(month=4))
    assert house.has() == {"points.growth": 10}


def test_a_late_purchase_reaches_a_tier_by_the_ladder_of_its_time(shop: Opens) -> None:
    house = shop(ladder(100), ladder(200))
    house.buy(100_00, AFTER)
    assert house.tier() is None
    house.buy(1_00, BEFORE)
    assert house.tier() == "gold"


def test_benefits_of_a_tier_are_those_of_the_time_when_it_occurred(shop: Opens) -> None:
    house = shop(RULE.format(rate=1) + ladder(10, benefit=2), RULE.format(rate=1) + ladder(10, benefit=5))
    house.clock.set(BEFORE - timedelta(days=1))
    house.buy(10_00, BEFORE - timedelta(days=1))
    assert house.tier() == "gold"
    house.clock.set(AFTER)
    before = house.buy(10_00, BEFORE)
    after = house.buy(10_00, AFTER)
    assert [each.effects[0].amount for each in (before, after)] == [20, 50]


def test_where_the_tiers_are_others_by_now_the_ladder_of_today_judges_a_late_purchase(shop: Opens) -> None:
    house = shop(ladder(10, upper="gold"), ladder(50, upper="star"))
    house.buy(49_00, BEFORE)
    assert house.tier() is None
    house.buy(1_00, BEFORE)
    assert house.tier() == "star"


@pytest.mark.row("T1", way="python")
def test_a_ladder_that_is_no_more_judges_nobody(shop: Opens) -> None:
    house = shop(ladder(10), "")
    house.buy(50_00, BEFORE)
    assert house.tier() is None


def test_before_the_first_version_is_valid_there_are_no_rules(make_kit: MakeKit, clock: SettableClock) -> None:
    kit = make_kit(["points"])
    apply_text(kit, HEAD + RULE.format(rate=1), valid_from=clock() + timedelta(days=1))
    member = kit.record(Activity(type="member.registered")).member
    assert kit.program.version == 0
    assert kit.record(Activity(type="purchase", member=member, amount=10_00)).effects == ()
    clock.advance(days=1)
    assert kit.program.version == 1
    assert kit.record(Activity(type="purchase", member=member, amount=10_00)).effects[0].amount == 10


def test_the_first_version_judges_what_occurred_before_it_was_applied(make_kit: MakeKit, clock: SettableClock) -> None:
    kit = make_kit(["points"])
    member = kit.record(Activity(type="member.registered")).member
    apply_text(kit, HEAD + ANY_TIME + RULE.format(rate=1))
    earlier = clock() - timedelta(days=300)
    assert kit.record(Activity(type="purchase", member=member, amount=10_00, occurred_at=earlier)).effects


class GreetingSchema(Schema):
    """How much a new member gets."""

    points = fields.Integer(strict=True, load_default=1)


def greeting() -> ModuleType:
    module = ModuleType("greeting")

    @hookimpl
    def corekit_declare() -> Declares:
        return Declares(requires=["points"], program=Section(schema=GreetingSchema))

    @hookimpl
    def corekit_react(batch: Any, facts: Any) -> Any:
        for each in batch.of("member.registered"):
            points = facts.program(each)["points"]
            yield Credit(each, account="points", amount=points, rule="greeting@1")

    vars(module).update(corekit_declare=corekit_declare, corekit_react=corekit_react)
    return module


def test_another_process_sees_a_new_version_also_where_it_knows_no_member(
    make_kit: MakeKit, clock: SettableClock
) -> None:
    modules = {"greeting": greeting()}
    server = make_kit(["points"], modules=modules, program=HEAD)
    assert server.record(Activity(type="member.registered")).effects[-1].amount == 1
    operator = make_kit(["points"], modules=modules, database=server.settings.database)
    clock.advance(seconds=1)
    apply_text(operator, HEAD + "[greeting]\npoints = 5\n")
    assert server.record(Activity(type="member.registered")).effects[-1].amount == 5


def test_a_version_that_needs_a_plugin_that_is_off_judges_nothing_and_stops_nobody(
    make_kit: MakeKit, clock: SettableClock
) -> None:
    by_points = 'criteria = [{metric = "points.earned", at_least = 1}]'
    ladder_of_points = f"""[[ladders]]
code = "status"
name = "Status"
[[ladders.tiers]]
code = "ordinary"
name = "Ordinary"
[[ladders.tiers]]
code = "star"
name = "Star"
{by_points}
"""
    kit = make_kit(["points"], program=HEAD + ladder_of_points)
    member = kit.record(Activity(type="member.registered")).member
    clock.advance(days=1)
    apply_text(kit, HEAD)
    without = make_kit([], database=kit.settings.database)
    assert without.record(Activity(type="purchase", member=member, amount=10_00)).settled
    yesterday = clock() - timedelta(days=1)
    with pytest.raises(Invalid) as refused:
        without.record(Activity(type="purchase", member=member, amount=10_00, occurred_at=yesterday))
    assert (refused.value.code, refused.value.parameters) == ("PROGRAM_UNREADABLE", {"version": 1})
    apply_text(kit, HEAD + ladder_of_points)
    with pytest.raises(SettingsError, match=r"version 3 of the program does not fit what is on now.*points\.earned"):
        make_kit([], database=kit.settings.database)


@given(starts=st.lists(st.integers(0, 20), max_size=8), at=st.integers(-1, 21))
def test_the_highest_number_of_those_that_are_valid_holds(starts: list[int], at: int) -> None:
    registry: Any = Registry
    later = [Edition(Program(number, valid_from=moment(start)), registry) for number, start in enumerate(starts, 1)]
    versions = Versions([Edition(Program(), registry), *later])
    valid = [0, *(number for number, start in enumerate(starts, 1) if start <= at)]
    assert versions.at(at).version == max(valid)
    assert [each.start for each in versions.holding] == sorted({each.start for each in versions.holding})


@pytest.mark.parametrize(("first", "later"), [("write_off", "debt"), ("write_off", "refuse"), ("debt", "write_off")])
def test_what_was_borne_under_one_policy_returns_to_who_bore_it_under_another(
    make_kit: MakeKit, clock: SettableClock, first: str, later: str
) -> None:
    kept = '[points.currencies.points]\nclawback = "{}"\n' + RULE.format(rate=1)
    kit = make_kit(["points"])
    clock.set(datetime(2026, 1, 1, tzinfo=UTC))
    apply_text(kit, HEAD + ANY_TIME + kept.format(first))
    member = kit.record(Activity(type="member.registered")).member
    bought = kit.record(Activity(type="purchase", member=member, amount=50_00))
    told = {"reason": "spent"}
    spent = kit.record(Activity(type="points.adjustment", member=member, amount=-50, unit="points", payload=told))
    assert kit.reverse(bought.activity_id or "").settled
    apply_text(kit, HEAD + ANY_TIME + kept.format(later), valid_from=CHANGE)
    clock.set(AFTER)
    again = kit.record(Activity(type="purchase", member=member, amount=50_00))
    assert kit.reverse(again.activity_id or "").settled
    assert kit.verify().clean
    assert kit.reverse(spent.activity_id or "").settled
    with kit.read() as read:
        (found,) = balances(read, [member], clock())[member]
    assert (found.balance, found.debt) == (0, 0)
    assert kit.verify().clean
