"""Points that become available later, points that lapse after inactivity, and claims that come late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from corekit import Activity, expiring
from corekit.program import apply_text

Shop = Callable[..., Any]
BASE = '[[points.rules]]\nid = "base"\nrate = 1\n'
PENDING = BASE + "pending_days = 14\n"
IDLE = '[points.currencies.points]\nexpiry = {months = 12, after = "inactivity"}\n' + BASE
YEAR_END = '[points.currencies.points]\nexpiry = {months = 12, end_of = "year"}\n' + BASE


def parts(house: Any) -> tuple[int, int, int, int]:
    found = house.balance()
    return found.balance, found.awaited, found.due, found.available


class TestPending:
    """Available after the return window, by itself."""

    @pytest.mark.row("P6", way="python")
    @pytest.mark.parametrize(
        ("bought", "before", "after"),
        [
            ("2017-06-01T00:00", "2017-06-16T03:59:59.999999+00:00", "2017-06-16T04:00:00+00:00"),
            ("2017-06-01T23:59", "2017-06-16T03:59:59.999999+00:00", "2017-06-16T04:00:00+00:00"),
            ("2016-02-28T12:00", "2016-03-14T03:59:59+00:00", "2016-03-14T04:00:00+00:00"),  # the 29th, and the clock
            ("2017-10-25T12:00", "2017-11-09T04:59:59+00:00", "2017-11-09T05:00:00+00:00"),  # went back on the 5th
            ("2016-12-20T12:00", "2017-01-04T04:59:59+00:00", "2017-01-04T05:00:00+00:00"),
        ],
    )
    def test_they_become_available_at_midnight_after_so_many_days(
        self, shop: Shop, bought: str, before: str, after: str
    ) -> None:
        house = shop(PENDING)
        house.buy(10_00, bought)
        house.clock.set(before)
        assert parts(house) == (10, 10, 0, 0)
        assert house.balance().awaited_from == datetime.fromisoformat(after)
        house.clock.set(after)
        assert parts(house) == (10, 0, 0, 10)
        assert house.balance().awaited_from is None

    @pytest.mark.row("P6", way="bad_input")
    def test_nobody_spends_them_before(self, shop: Shop) -> None:
        house = shop(PENDING)
        house.adjust(3)
        house.clock.set("2017-12-31T20:00:00+00:00")
        house.buy(10_00, "2017-12-31T14:00")
        refused = house.adjust(-4)
        assert (refused.code, refused.parameters["available"], refused.parameters["needed"]) == (
            "INSUFFICIENT",
            "3",
            "4",
        )
        assert house.adjust(-3).settled
        house.clock.set("2018-01-15T05:00:00+00:00")
        assert house.adjust(-10).settled
        assert house.clean()

    @pytest.mark.row("P6", way="python")
    def test_what_is_available_is_spent_first_even_where_the_other_lapses_sooner(self, shop: Shop) -> None:
        house = shop(
            "[points.currencies.points]\nexpiry = {months = 1}\n" + PENDING + '[[points.rules]]\nid = "now"\nrate = 1\n'
        )
        house.buy(10_00, "2017-06-01T12:00")
        house.clock.set("2017-06-02T12:00:00+00:00")
        assert house.adjust(-7).settled
        assert parts(house) == (13, 10, 0, 3)
        assert house.clean()

    @pytest.mark.row("P6", way="reversal")
    @pytest.mark.parametrize("later", [timedelta(days=1), timedelta(days=30)])
    def test_a_return_takes_exactly_them_back(self, shop: Shop, later: timedelta) -> None:
        house = shop(PENDING)
        first, second = (house.buy(10_00, f"2017-06-0{day}T12:00") for day in (1, 2))
        house.clock.set((datetime(2017, 6, 3, tzinfo=UTC) + later).isoformat())
        assert house.kit.reverse(first.activity_id).settled
        assert house.balance().balance == 10
        assert house.kit.reverse(second.activity_id).settled
        assert parts(house) == (0, 0, 0, 0)
        assert house.clean()

    @pytest.mark.row("P6", way="reversal")
    def test_they_pay_a_debt_at_once(self, shop: Shop) -> None:
        house = shop(PENDING + '[[points.rules]]\nid = "now"\nrate = 1\nminimum = 20\n')
        bought = house.buy(20_00, "2017-06-01T12:00")
        house.clock.set("2017-06-02T12:00:00+00:00")
        assert house.adjust(-20).settled
        assert house.kit.reverse(bought.activity_id).settled
        assert (house.has(), house.has(debt=True)) == (0, 20)
        house.buy(15_00, "2017-06-02T07:00")
        assert (parts(house), house.has(debt=True)) == ((0, 0, 0, 0), 5)
        assert house.clean()

    @pytest.mark.row("P6", way="reversal")
    def test_who_comes_to_owe_pays_from_them_at_once(self, shop: Shop) -> None:
        house = shop(PENDING + '[[points.rules]]\nid = "now"\nrate = 1\nminimum = 20\n')
        bought = house.buy(20_00, "2017-06-01T12:00")
        house.buy(15_00, "2017-06-01T13:00")
        house.clock.set("2017-06-02T12:00:00+00:00")
        assert house.adjust(-20).settled
        assert house.kit.reverse(bought.activity_id).settled
        assert (parts(house), house.has(debt=True)) == ((0, 0, 0, 0), 5)
        house.clock.set("2017-06-16T04:00:00+00:00")
        assert house.clean()

    @pytest.mark.row("P6", way="python")
    def test_they_lapse_like_any_other(self, shop: Shop) -> None:
        house = shop("[points.currencies.points]\nexpiry = {months = 1}\n" + BASE + "pending_days = 60\n")
        house.buy(10_00, "2017-06-01T12:00")
        house.clock.set("2017-07-01T16:00:00+00:00")
        assert parts(house) == (10, 0, 10, 0)
        assert house.kit.sweep("expiry").settled == 1
        assert parts(house) == (0, 0, 0, 0)
        assert house.clean()


class TestInactivity:
    """All that is left lapses together, so many months after the last entry."""

    @pytest.mark.row("P7", way="python")
    def test_each_earning_and_spending_moves_it(self, shop: Shop) -> None:
        house = shop(IDLE)
        house.member = house.join(2013)
        house.buy(10_00, "2016-01-01T12:00")
        house.buy(7_00, "2016-12-31T12:00")
        house.clock.set("2017-12-31T16:59:59+00:00")
        assert parts(house) == (17, 0, 0, 17)
        assert house.adjust(-1).settled
        house.clock.set("2018-12-31T16:59:58+00:00")
        assert house.has() == 16
        house.clock.set("2018-12-31T16:59:59+00:00")
        assert parts(house) == (16, 0, 16, 0)
        assert house.clean()

    @pytest.mark.row("P7", way="python")
    @pytest.mark.parametrize(
        ("last", "gone"),
        [
            ("2016-02-29T12:00", "2017-02-28T17:00:00+00:00"),
            ("2015-02-28T12:00", "2016-02-28T17:00:00+00:00"),
            ("2016-03-13T03:30", "2017-03-13T07:30:00+00:00"),
            ("2016-11-06T12:00", "2017-11-06T17:00:00+00:00"),
            ("2016-12-31T23:59", "2018-01-01T04:59:00+00:00"),
        ],
    )
    def test_it_is_the_same_time_on_the_local_clock(self, shop: Shop, last: str, gone: str) -> None:
        house = shop(IDLE)
        house.member = house.join(2013)
        house.buy(10_00, last)
        at = datetime.fromisoformat(gone)
        house.clock.set((at - timedelta(microseconds=1)).isoformat())
        assert parts(house) == (10, 0, 0, 10)
        assert house.balance().next_at == at
        with house.kit.read() as read:
            (found,) = expiring(read, [house.member], "points", at, house.kit.now())[house.member]
        assert (found.at, found.amount) == (at, 10)
        house.clock.set(gone)
        assert parts(house) == (10, 0, 10, 0)

    @pytest.mark.row("P7", way="python")
    @pytest.mark.parametrize("chunk", [1, 500])
    def test_what_lay_idle_is_gone_before_the_next_purchase_counts(self, shop: Shop, chunk: int) -> None:
        house = shop(IDLE)
        house.member = house.join(2013)
        days = ("2014-01-01T12:00", "2014-12-01T12:00", "2015-12-02T12:00", "2016-06-01T12:00")
        list(house.kit.record_many([house.purchase(10_00, day) for day in days], chunk=chunk))
        house.clock.set("2016-06-02T12:00:00+00:00")
        assert parts(house) == (20, 0, 0, 20)
        assert house.clean()

    @pytest.mark.row("P7", way="python")
    def test_the_sweep_takes_it_out_of_the_books_once(self, shop: Shop) -> None:
        house = shop(IDLE)
        house.member = house.join(2013)
        house.buy(10_00, "2016-01-01T12:00")
        house.buy(5_00, "2016-02-01T12:00")
        house.clock.set("2017-02-01T17:00:00+00:00")
        swept = house.kit.sweep("expiry")
        assert (swept.found, swept.settled) == (1, 1)
        assert parts(house) == (0, 0, 0, 0)
        assert house.kit.sweep("expiry").settled == 0
        assert house.clean()

    @pytest.mark.row("P7", way="bad_input")
    def test_what_lay_idle_cannot_be_spent(self, shop: Shop) -> None:
        house = shop(IDLE)
        house.member = house.join(2013)
        house.buy(10_00, "2016-01-01T12:00")
        house.clock.set("2017-02-01T17:00:00+00:00")
        refused = house.adjust(-1)
        assert (refused.code, refused.parameters["available"]) == ("INSUFFICIENT", "0")

    @pytest.mark.row("P7", way="reversal")
    def test_a_refund_after_it_lapsed_leaves_nothing_owed(self, shop: Shop) -> None:
        house = shop(IDLE)
        house.member = house.join(2013)
        bought = house.buy(10_00, "2016-01-01T12:00")
        house.clock.set("2017-02-01T17:00:00+00:00")
        assert house.kit.reverse(bought.activity_id).settled
        assert (parts(house), house.has(debt=True)) == ((0, 0, 0, 0), 0)
        assert house.clean()

    @pytest.mark.row("P7", way="python")
    @pytest.mark.row("A10", way="python")
    @pytest.mark.parametrize("announced", ["{months = 24}", '{months = 24, after = "inactivity"}'])
    def test_a_version_that_is_announced_changes_nothing_before_it_holds(self, shop: Shop, announced: str) -> None:
        house = shop(IDLE)
        head = '[program]\nname = "Corner shop"\n[points.currencies.points]\n'
        apply_text(house.kit, f"{head}expiry = {announced}\n{BASE}", valid_from=datetime(2018, 7, 1, tzinfo=UTC))
        house.buy(10_00, "2017-06-01T12:00")
        house.clock.set("2018-06-01T15:59:59+00:00")
        assert house.has() == 10
        house.clock.set("2018-06-01T16:00:00+00:00")
        assert house.has() == 0, "twelve months after the last entry, as the version says that holds"
        house.clock.set("2018-07-02T12:00:00+00:00")
        house.buy(5_00, "2018-07-02T07:00")
        house.clock.set("2020-07-02T10:59:59+00:00")
        assert house.has() == 5, "and now as the other one says"
        house.clock.set("2020-07-02T12:00:00+00:00")
        assert house.has() == 0
        assert house.clean()


class TestYearEnd:
    """Earned in a year, usable to 31 December of the next, gone on 1 January 00:00 of the program's clock."""

    @pytest.mark.row("P7", way="python")
    @pytest.mark.parametrize(
        ("earned", "last", "gone"),
        [
            ("2015-01-01T00:00", "2017-01-01T04:59:59.999999+00:00", "2017-01-01T05:00:00+00:00"),
            ("2015-12-31T23:59:59.999999", "2017-01-01T04:59:59.999999+00:00", "2017-01-01T05:00:00+00:00"),
            ("2016-01-01T00:00", "2018-01-01T04:59:59.999999+00:00", "2018-01-01T05:00:00+00:00"),
            ("2016-02-29T12:00", "2018-01-01T04:59:59.999999+00:00", "2018-01-01T05:00:00+00:00"),
            ("2016-03-13T03:00", "2018-01-01T04:59:59.999999+00:00", "2018-01-01T05:00:00+00:00"),
            ("2016-11-06T01:30", "2018-01-01T04:59:59.999999+00:00", "2018-01-01T05:00:00+00:00"),
        ],
    )
    def test_the_boundaries(self, shop: Shop, earned: str, last: str, gone: str) -> None:
        house = shop(YEAR_END)
        house.buy(10_00, earned)
        house.clock.set(last)
        assert parts(house) == (10, 0, 0, 10)
        house.clock.set(gone)
        assert parts(house) == (10, 0, 10, 0)

    @pytest.mark.row("P7", way="reversal")
    def test_a_refund_after_the_zeroing_gives_back_what_had_lapsed_to_nobody(self, shop: Shop) -> None:
        house = shop(YEAR_END)
        bought = house.buy(10_00, "2016-06-01T12:00")
        kept = house.buy(4_00, "2017-06-01T12:00")
        house.clock.set("2018-01-01T05:00:00+00:00")
        house.kit.sweep("expiry")
        assert house.kit.reverse(bought.activity_id).settled
        assert (house.has(), house.has(debt=True)) == (4, 0)
        assert house.kit.reverse(kept.activity_id).settled
        assert (house.has(), house.has(debt=True), house.clean()) == (0, 0, True)


def claim(house: Any, occurred: str, told: str, **given: Any) -> Any:
    house.clock.set(told)
    at = datetime.fromisoformat(occurred)
    return house.kit.record(Activity(type="purchase", member=house.member, occurred_at=at, amount=10_00, **given))


class TestClaims:
    """What is reported too late is recorded, and earns nothing."""

    @pytest.mark.row("P5", way="python")
    @pytest.mark.row("P5", way="bad_input")
    @pytest.mark.parametrize(
        ("hours", "told", "seconds"),
        [
            ("", "2017-12-31T12:00:00+00:00", None),
            ("", "2017-12-31T12:00:00.000001+00:00", 0),
            ("", "2017-12-31T13:00:00+00:00", 3600),
            ("claim_hours = 48", "2018-01-01T12:00:00+00:00", None),
            ("claim_hours = 48", "2018-01-01T12:00:01+00:00", 1),
            ("claim_hours = 0", "2017-12-30T12:01:00+00:00", 60),
            ('claim_hours = "any"', "2018-12-31T12:00:00+00:00", None),
        ],
    )
    def test_the_boundary(self, shop: Shop, hours: str, told: str, seconds: int | None) -> None:
        house = shop(BASE + hours)
        outcome = claim(house, "2017-12-30T12:00:00+00:00", told)
        assert outcome.settled
        assert house.has() == (10 if seconds is None else 0)
        told_why = [(each.code, each.parameters) for each in outcome.skipped]
        within = 24 if not hours else int(hours.rsplit(maxsplit=1)[-1]) if hours[-1].isdigit() else 0
        late = {"hours": within, "seconds": seconds}
        assert told_why == ([] if seconds is None else [("POINTS_CLAIM_TOO_LATE", late)])
        assert house.kit.why(outcome.activity_id).activity.skipped == outcome.skipped

    @pytest.mark.row("P5", way="python")
    def test_across_the_year_it_counts_for_the_year_in_which_it_happened(self, shop: Shop) -> None:
        house = shop(YEAR_END + "caps = {month = 10}")
        claim(house, "2018-01-01T04:30:00+00:00", "2018-01-01T20:00:00+00:00")  # 31 December 2017 in New York
        claim(house, "2018-01-01T06:00:00+00:00", "2018-01-01T21:00:00+00:00")
        assert house.has() == 20
        house.clock.set("2019-01-01T05:00:00+00:00")
        assert house.has() == 10

    @pytest.mark.row("P5", way="python")
    def test_what_waits_for_a_worker_was_told_when_it_was_enqueued(self, shop: Shop) -> None:
        house = shop(BASE)
        house.clock.set("2017-12-31T11:00:00+00:00")
        at = datetime(2017, 12, 30, 12, tzinfo=UTC)
        house.kit.enqueue([Activity(type="purchase", member=house.member, occurred_at=at, amount=10_00)])
        house.clock.set("2018-01-05T12:00:00+00:00")
        assert house.kit.work() == 1
        assert house.has() == 10

    @pytest.mark.row("P5", way="reversal")
    def test_what_earned_nothing_comes_back_as_nothing(self, shop: Shop) -> None:
        house = shop(BASE)
        late = claim(house, "2017-12-20T12:00:00+00:00", "2017-12-31T12:00:00+00:00")
        assert house.kit.reverse(late.activity_id).settled
        assert (house.has(), house.has(debt=True), house.clean()) == (0, 0, True)


def test_what_a_hold_that_is_over_kept_lapsed_with_the_rest(shop: Shop) -> None:
    house = shop(IDLE)
    house.clock.set("2017-06-01T12:00:00+00:00")
    house.buy(10_00, "2017-06-01T06:00")
    year = 366 * 86_400
    held = Activity(type="hold.placed", member=house.member, amount=6, unit="points")
    assert house.kit.record(evolve(held, payload={"account": "points", "seconds": year})).settled
    house.clock.set("2018-06-03T00:00:00+00:00")
    assert parts(house) == (10, 0, 10, 0)
    assert house.adjust(-1).code == "INSUFFICIENT"
    assert house.clean()
