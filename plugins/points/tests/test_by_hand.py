"""Points taken back because they were gained against the rules, and points for another member."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit import Activity, Invalid

Shop = Callable[..., Any]
RULES = """
[[points.rules]]
id = "base"
rate = 1
[[points.rules]]
id = "extra"
rate = "0.5"
"""


def cancel(house: Any, activity: str, amount: int = 0, unit: str = "points", **given: Any) -> Any:
    payload = {"activity": activity, "reason": "bought and sold in a circle"}
    whose = given.pop("member", house.member)
    return house.kit.record(
        Activity(type="points.cancelled", member=whose, amount=amount, unit=unit, payload=payload, **given)
    )


@pytest.mark.row("P11", way="python")
def test_all_of_an_earning_is_taken_back_and_says_why(shop: Shop) -> None:
    house = shop(RULES)
    bought, other = (house.buy(10_00, f"2017-06-0{day}T12:00") for day in (1, 2))
    done = cancel(house, bought.activity_id, actor="staff:mira")
    assert [(each.kind, each.rule, each.amount) for each in done.effects] == [
        ("TakeBack", "cancelled@1", 10),
        ("TakeBack", "cancelled@1", 5),
    ]
    assert house.has() == 15
    told = house.kit.why(done.activity_id)
    assert (told.activity.actor, told.activity.payload["reason"]) == ("staff:mira", "bought and sold in a circle")
    undone = [each.undone_by[0].activity for each in house.kit.why(bought.activity_id).effects]
    assert undone == [done.activity_id] * 2
    assert not house.kit.why(other.activity_id).effects[0].undone_by
    assert house.clean()


@pytest.mark.row("P11", way="python")
@pytest.mark.row("P11", way="reversal")
def test_a_part_is_taken_back_and_a_return_takes_the_rest(shop: Shop) -> None:
    house = shop(RULES)
    bought = house.buy(10_00, "2017-06-01T12:00")
    assert cancel(house, bought.activity_id, 4).settled
    assert cancel(house, bought.activity_id, 7).settled
    assert house.has() == 4
    assert house.kit.reverse(bought.activity_id).settled
    assert (house.has(), house.has(debt=True), house.clean()) == (0, 0, True)


@pytest.mark.row("P11", way="reversal")
def test_after_a_part_is_taken_back_a_return_in_parts_takes_no_more_than_is_left(shop: Shop) -> None:
    house = shop(RULES)
    bought = house.buy(10_00, "2017-06-01T12:00")
    assert cancel(house, bought.activity_id, 12).settled
    assert house.kit.reverse(bought.activity_id, amount=5_00).settled
    assert (house.has(), house.clean()) == (1, True)
    assert house.kit.reverse(bought.activity_id, amount=5_00).settled
    assert (house.has(), house.has(debt=True), house.clean()) == (0, 0, True)


@pytest.mark.row("P11", way="python")
def test_what_was_spent_meanwhile_becomes_a_debt(shop: Shop) -> None:
    house = shop(RULES)
    bought = house.buy(10_00, "2017-06-01T12:00")
    house.adjust(-12)
    assert cancel(house, bought.activity_id, 10).settled
    assert (house.has(), house.has(debt=True), house.clean()) == (0, 7, True)


@pytest.mark.row("P11", way="python")
def test_it_works_at_any_time_also_after_they_lapsed(shop: Shop) -> None:
    house = shop("[points.currencies.points]\nexpiry = {months = 1}\n" + RULES)
    bought = house.buy(10_00, "2017-06-01T12:00")
    assert house.kit.sweep("expiry").settled == 1
    assert cancel(house, bought.activity_id).settled
    assert (house.has(), house.has(debt=True), house.clean()) == (0, 0, True)


@pytest.mark.row("P11", way="bad_input")
def test_more_than_is_left_is_refused_and_stays_so(shop: Shop) -> None:
    house = shop(RULES)
    bought = house.buy(10_00, "2017-06-01T12:00")
    refused = [cancel(house, bought.activity_id, 16, external_id="much") for _ in range(2)]
    assert [(each.code, dict(each.parameters), each.replayed) for each in refused] == [
        ("TAKE_BACK_TOO_MUCH", {"account": "points", "left": "15", "asked": "16"}, again) for again in (False, True)
    ]
    assert cancel(house, bought.activity_id).settled
    assert cancel(house, bought.activity_id).code == "TAKE_BACK_TOO_MUCH"
    assert house.clean()


@pytest.mark.row("P11", way="bad_input")
def test_what_cannot_be_cancelled_is_refused(shop: Shop) -> None:
    house = shop(RULES)
    bought = house.buy(10_00, "2017-06-01T12:00")
    assert cancel(house, "0" * 32).code == "REVERSAL_UNKNOWN"
    assert cancel(house, bought.activity_id, member=house.join()).code == "REVERSAL_UNKNOWN"
    done = cancel(house, bought.activity_id, 1)
    assert house.kit.reverse(done.activity_id).code == "REVERSAL_OF_REVERSAL"
    back = house.kit.reverse(bought.activity_id)
    assert cancel(house, back.activity_id).code == "REVERSAL_OF_REVERSAL"
    assert house.clean()


@pytest.mark.row("P11", way="bad_input")
@pytest.mark.parametrize(
    ("given", "path", "code"),
    [
        ({"activity": "nothing"}, ("payload", "activity"), "PATTERN"),
        ({"activity": "0" * 32, "amount": -1}, ("amount",), "AMOUNT_RANGE"),
        ({"activity": "0" * 32, "unit": "USD"}, ("unit",), "UNIT_WRONG"),
    ],
)
def test_what_is_no_cancellation_is_invalid(shop: Shop, given: Any, path: tuple[str, ...], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        cancel(shop(""), **given)
    assert [(problem.path, problem.code) for problem in refused.value.problems] == [(path, code)]


@pytest.mark.row("P11", way="python")
@pytest.mark.parametrize("chunk", [1, 500])
def test_it_waits_for_the_earning_that_comes_with_it(shop: Shop, chunk: int) -> None:
    house = shop(RULES)
    bought = house.purchase(10_00, "2017-06-01T12:00")
    payload = {"activity": bought.id, "reason": "x"}
    given: Any = {"member": house.member, "unit": "points", "payload": payload, "source": "till"}
    later = [
        Activity(type="points.cancelled", amount=5, occurred_at=bought.occurred_at, external_id=f"c{number}", **given)
        for number in range(3)
    ]
    outcomes = list(house.kit.record_many([bought, *later], chunk=chunk))
    assert [each.outcome for each in outcomes] == ["settled"] * 4
    assert (house.has(), house.clean()) == (0, True)


def give(house: Any, *others: str, amount: int = 1) -> Any:
    given: Any = {"member": house.member, "members": others, "unit": "points", "payload": {"reason": "a gift"}}
    return house.kit.record(Activity(type="points.transferred", amount=amount, **given))


@pytest.mark.row("P12", way="python")
@pytest.mark.row("P12", way="bad_input")
def test_no_points_go_to_another_member_unless_the_program_allows_it(shop: Shop) -> None:
    house = shop("")
    house.adjust(5)
    refused = give(house, house.join())
    assert (refused.code, refused.parameters) == ("POINTS_TRANSFER_NOT_ALLOWED", {"account": "points"})
    assert house.has() == 5


TRANSFERS = "[points.currencies.points]\ntransfers = true\n"


@pytest.mark.row("P12", way="python")
@pytest.mark.row("P12", way="reversal")
def test_where_the_program_allows_it_they_arrive_and_can_be_taken_back(shop: Shop) -> None:
    house = shop(TRANSFERS)
    house.adjust(5)
    giver, other = house.member, house.join()
    given = give(house, other, amount=3)
    assert [(each.rule, each.amount) for each in given.effects] == [("transferred@1", 3)]
    assert house.has() == 2
    house.member = other
    assert house.has() == 3
    house.kit.reverse(given.activity_id)
    assert house.has() == 0
    house.member = giver
    assert (house.has(), house.clean()) == (5, True)


@pytest.mark.row("P12", way="bad_input")
def test_a_transfer_of_more_than_there_is_or_to_not_exactly_one_is_refused(shop: Shop) -> None:
    house = shop(TRANSFERS)
    house.adjust(5)
    other = house.join()
    refused = [give(house, other, amount=6), give(house), give(house, other, house.join())]
    assert [each.code for each in refused] == ["INSUFFICIENT", "POINTS_RECEIVER", "POINTS_RECEIVER"]
    assert (house.has(), house.clean()) == (5, True)
