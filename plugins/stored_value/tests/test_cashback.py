"""Cash-back: what of a purchase comes back as bonus, by tier and category, and goes again with what is returned."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corekit import Activity, Kit, Line, SettingsError, balances
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_stored_value.cashback import share

BONUS = "stored_value.bonus"
PROGRAM = """
[program]
name = "Corner shop"

[[ladders]]
code = "status"
name = "Status"
tiers = [
  {code = "plain", name = "Plain"},
  {code = "gold", name = "Gold", criteria = [{metric = "spend", at_least = 500}]},
]

[[stored_value.cashback]]
id = "fuel"
rate = "0.005"
categories = ["fuel"]

[[stored_value.cashback]]
id = "rest"
rate = "0.01"
tiers = {gold = "0.02"}
exclude = ["tobacco"]
minimum = "10"
most = "5.00"
"""


def bonus(kit: Kit, member: str) -> int:
    with kit.read() as read:
        return sum(each.available for each in balances(read, [member], kit.now())[member] if each.kind == BONUS)


def buys(kit: Kit, member: str, *lines: tuple[int, str], amount: int = 0) -> Activity:
    made = tuple(Line(no, part, category=category) for no, (part, category) in enumerate(lines, 1))
    bought = Activity(type="purchase", member=member, amount=amount or sum(part for part, _ in lines), lines=made)
    assert kit.record(bought).settled
    return bought


@pytest.mark.row("V5", way="python")
@pytest.mark.row("V5", way="reversal")
def test_each_line_earns_by_the_first_entry_that_takes_it_and_goes_with_its_part(
    make_kit: MakeKit, clock: SettableClock
) -> None:
    kit = make_kit(["stored_value"], program=PROGRAM)
    ann = kit.record(Activity(type="member.registered")).member
    bought = buys(kit, ann, (100_00, "fuel"), (33_33, "fruit"), (66_67, "fish"), (50_00, "tobacco"))
    (by_fuel, by_rest) = kit.why(bought.id).effects
    assert (by_fuel.effect.rule, by_fuel.effect.amount, by_fuel.effect.shares) == ("fuel@1", 50, {1: 50})
    assert (by_rest.effect.rule, by_rest.effect.amount, by_rest.effect.shares) == ("rest@1", 1_00, {2: 33, 3: 67})
    kit.reverse(bought.id, lines={3: 33_00})
    assert bonus(kit, ann) == 1_50 - 33
    kit.reverse(bought.id, lines={3: 33_67})
    assert bonus(kit, ann) == 1_50 - 67
    kit.reverse(bought.id)
    assert bonus(kit, ann) == 0
    buys(kit, ann, (9_99, "fruit"))  # below the minimum
    assert bonus(kit, ann) == 0
    buys(kit, ann, amount=600_00)  # of which nothing is known, and whose rate would be more than the most
    assert bonus(kit, ann) == 5_00
    clock.advance(seconds=1)
    buys(kit, ann, amount=100_00)  # as gold by now
    assert bonus(kit, ann) == 5_00 + 2_00
    assert kit.verify().clean


@pytest.mark.parametrize(
    ("leaves_out", "spend", "back"),
    [
        ("nothing", "pro_rata", 1_00),
        ("stored_value", "pro_rata", 40),  # 60 of 100 are paid with what is stored
        ("bonus", "bonus_first", 80),  # of which 20 are bonus
        ("bonus", "principal_first", 1_00),
        ("bonus", "pro_rata", 90),  # 20 of 120 are bonus, so 10 of 60
    ],
)
def test_what_was_paid_with_bonus_may_earn_nothing(make_kit: MakeKit, leaves_out: str, spend: str, back: int) -> None:
    program = f"""
[program]
name = "Corner shop"

[stored_value]
spend = "{spend}"

[[stored_value.bonus]]
id = "gift"
from = "100"
give = "20"

[[stored_value.cashback]]
id = "back"
rate = "0.01"
leaves_out = "{leaves_out}"
"""
    kit = make_kit(["stored_value"], program=program)
    ann = kit.record(Activity(type="member.registered")).member
    top_up = Activity(type="stored_value.topped_up", member=ann, amount=100_00, unit="USD", payload={"channel": "cash"})
    assert kit.record(top_up).settled
    told = {"tenders": {"stored_value": 60_00}}
    bought = kit.record(Activity(type="purchase", member=ann, amount=100_00, payload=told))
    assert [each.amount for each in bought.effects if each.rule == "back@1"] == [back]
    kit.reverse(bought.activity_id or "", amount=50_00)
    kit.reverse(bought.activity_id or "")
    assert bonus(kit, ann) == 20_00
    assert kit.verify().clean


@pytest.mark.row("V5", way="bad_input")
def test_a_tier_that_no_ladder_has_is_refused(make_kit: MakeKit) -> None:
    with pytest.raises(SettingsError, match=r"no tier 'gild' \(did you mean 'gold'\?\)"):
        make_kit(["stored_value"], program=PROGRAM.replace("{gold = ", "{gild = "))


@settings(derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10_000), st.lists(st.integers(1, 1_000), min_size=1, max_size=12))
def test_shares_sum_to_the_whole_and_none_is_a_unit_off(total: int, weights: list[int]) -> None:
    shares = share(total, list(enumerate(weights)))
    assert sum(shares.values()) == total
    for number, weight in enumerate(weights):
        assert abs(shares.get(number, 0) - Fraction(total * weight, sum(weights))) < 1
