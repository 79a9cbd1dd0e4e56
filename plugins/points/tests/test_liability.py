"""What the program owes, equal to the ledger's own sums."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from io import StringIO
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import func, select

from corekit import Invalid
from corekit.ledger.tables import account
from corekit_points.liability import Liability, liability
from corekit_points.report import as_csv, as_svg, whole

pytestmark = pytest.mark.row("P13", way="python")

Shop = Callable[..., Any]
PROGRAM = """
[points.currencies.points]
expiry = {months = 2, end_of = "month"}
[points.currencies.growth]
scale = 2
[[points.rules]]
id = "base"
rate = 1
[[points.rules]]
id = "grow"
currency = "growth"
rate = 1
pending_days = 400
"""


@pytest.fixture
def house(shop: Shop) -> Any:
    house = shop(PROGRAM)
    house.buy(100_00, "2017-08-31T23:59")  # 1 September in UTC
    house.clock.set("2017-09-15T12:00:00+00:00")
    house.adjust(-30)
    back = house.buy(7_00, "2017-09-14T12:00")
    house.clock.set("2017-10-02T12:00:00+00:00")
    house.kit.reverse(back.activity_id)
    spent = house.adjust(-20)
    house.clock.set("2017-11-02T12:00:00+00:00")
    house.kit.sweep("expiry")
    house.kit.reverse(spent.activity_id)
    house.buy(9_00, "2017-11-01T12:00")
    return house


def reports(house: Any, months: int = 4) -> dict[str, Liability]:
    with house.kit.read() as read:
        found = liability(read, house.kit.program.sections["points"], house.kit.zone, house.kit.now(), months)
    return {each.currency.code: each for each in found}


def test_each_month_says_what_happened_on_the_programs_calendar(house: Any) -> None:
    months = reports(house)["points"].months
    figures = [(each.issued, each.taken_back, each.spent, each.expired, each.outstanding) for each in months]
    assert [each.first for each in months] == [date(2017, month, 1) for month in (8, 9, 10, 11)]
    assert figures[:3] == [(100, 0, 0, 0, 100), (7, 0, 30, 0, 77), (0, 7, 20, 0, 50)]
    # the points of August that were spent and came back had lapsed meanwhile
    assert figures[3] == (9, 0, -20, 70, 9)


@pytest.mark.parametrize("months", [1, 2, 4, 12])
def test_what_is_outstanding_is_what_the_accounts_hold(house: Any, months: int) -> None:
    held = select(func.sum(account.c.credits_posted - account.c.debits_posted))
    for report in reports(house, months).values():
        with house.kit.read() as read:
            books = read.scalar(held.where(account.c.kind == report.currency.kind, account.c.member_id.is_not(None)))
        assert report.outstanding == int(books)
        assert sum(coming.amount for coming in report.forecast) == report.outstanding
        assert len(report.months) == months


def test_the_forecast_says_when_it_lapses_and_what_is_pending(house: Any) -> None:
    found = reports(house)
    assert [(each.first, each.amount) for each in found["points"].forecast][-1] == (date(2018, 2, 1), 9)
    growth = found["growth"]
    assert [(each.first, each.amount) for each in growth.forecast] == [(None, 109_00)]
    assert growth.awaited == 109_00


def test_a_debt_is_no_claim_of_a_member(shop: Shop) -> None:
    house = shop(PROGRAM)
    bought = house.buy(10_00, "2017-12-30T12:00")
    house.adjust(-10)
    house.kit.reverse(bought.activity_id)
    assert reports(house)["points"].outstanding == 0


@pytest.mark.row("P13", way="bad_input")
@pytest.mark.parametrize("months", [0, -1, 121])
def test_a_number_of_months_that_a_report_cannot_have_is_invalid(house: Any, months: int) -> None:
    with pytest.raises(Invalid) as refused:
        reports(house, months)
    assert [(problem.path, problem.code) for problem in refused.value.problems] == [(("months",), "RANGE")]


def test_the_file_holds_the_figures(house: Any) -> None:
    found = list(reports(house).values())
    rows = list(csv.DictReader(StringIO(as_csv(found))))
    month = next(row for row in rows if row["currency"] == "points" and row["month"] == "2017-09")
    assert (month["issued"], month["spent"], month["outstanding"]) == ("7", "30", "77")
    assert [row["lapses"] for row in rows if row["currency"] == "growth" and row["what"] == "forecast"] == ["109.00"]


def test_the_chart_is_a_picture_with_a_bar_for_each_figure(house: Any) -> None:
    drawn = ET.fromstring(as_svg(list(reports(house).values())))
    titles = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert "2017-09 spent 30" in titles
    assert "2017-11 issued 9.00" in titles
    assert len(titles) == 2 * 4 * 3


@pytest.mark.parametrize(
    ("minor", "scale", "text"), [(0, 0, "0"), (-5, 0, "-5"), (5, 2, "0.05"), (-105, 2, "-1.05"), (1, 6, "0.000001")]
)
def test_whole_units_are_exact(minor: int, scale: int, text: str) -> None:
    assert whole(minor, scale) == text
