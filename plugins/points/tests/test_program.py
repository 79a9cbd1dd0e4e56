"""The section ``[points]``: what follows from it, and what it is told where it cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit import Expiry, Invalid, Unit
from corekit_points.derived import accounts, metrics
from corekit_points.rules import Book

BookOf = Callable[..., Book]
RULE = '[[rules]]\nid = "base"\nrate = 1\n'
CALENDAR = '[[calendars]]\nid = "double"\nmultiplier = 2\n'


@pytest.mark.row("P1", way="python")
def test_without_a_section_there_is_the_currency_points_which_never_lapses(book: BookOf) -> None:
    (kind,) = accounts(book(""))
    assert (kind.code, kind.unit, kind.lots, kind.expiry, kind.clawback) == (
        "points",
        Unit("points", 0),
        True,
        None,
        "debt",
    )


@pytest.mark.row("P1", way="python")
def test_each_currency_is_an_account_kind_with_a_unit_of_its_own(book: BookOf) -> None:
    kinds = accounts(book('[currencies.growth]\nname = "Growth value"\nscale = 2\nclawback = "write_off"\ngrace = 30'))
    assert [(kind.code, kind.unit.code, kind.unit.scale, kind.name) for kind in kinds] == [
        ("points", "points", 0, "Points"),
        ("points.growth", "points.growth", 2, "Growth value"),
    ]
    assert (kinds[1].clawback, kinds[1].grace) == ("write_off", 30)


@pytest.mark.row("P7", way="python")
@pytest.mark.parametrize(
    ("written", "expiry"),
    [
        ('"never"', None),
        ("{months = 12}", Expiry(12)),
        ('{months = 6, end_of = "month"}', Expiry(6, "month")),
        ('{months = 12, end_of = "year"}', Expiry(12, "year")),
        ('{months = 0, end_of = "day"}', Expiry(0, "day")),
    ],
)
def test_a_currency_lapses_as_it_says(book: BookOf, written: str, expiry: Expiry | None) -> None:
    assert accounts(book(f"currencies.points.expiry = {written}"))[0].expiry == expiry


def test_what_each_currency_earned_is_a_metric(book: BookOf) -> None:
    assert [(metric.name, metric.credits, metric.rule) for metric in metrics(book("currencies.growth = {}"))] == [
        ("points.earned", "points", None),
        ("points.earned.growth", "points.growth", None),
    ]


def test_a_rule_whose_caps_look_back_is_measured_over_their_windows(book: BookOf) -> None:
    read = book(
        RULE
        + "caps = {order = 1, day = 2, month = 3, total = 4}\n"
        + RULE.replace("base", "other")
        + "caps = {order = 5}"
    )
    capped = [metric for metric in metrics(read) if metric.rule]
    assert [(metric.name, metric.credits, metric.rule, metric.windows) for metric in capped] == [
        ("points.earned/base", "points", "base", ("day", "month"))
    ]


@pytest.mark.row("P2", way="bad_input")
@pytest.mark.parametrize(
    ("text", "path", "code", "said"),
    [
        ('[[rules]]\nid = "base"', "rules.0.rate", "REQUIRED", ""),
        (RULE + "rat = 2", "rules.0.rat", "UNKNOWN_FIELD", "did you mean 'rate'?"),
        (RULE + "caps = {days = 2}", "rules.0.caps.days", "UNKNOWN_FIELD", "did you mean 'day'?"),
        (RULE + "exclude = {category = []}", "rules.0.exclude.category", "UNKNOWN_FIELD", "did you mean 'categories'?"),
        (RULE.replace("1", "-1"), "rules.0.rate", "RANGE", "-1 is less than 0."),
        (RULE.replace("1", '"a lot"'), "rules.0.rate", "NOT_EXACT", "'a lot' is no exact number"),
        (RULE.replace("1", "{points = 1, per = 0}"), "rules.0.rate.per", "RANGE", "more than 0"),
        (RULE.replace("1", '{points = 1, per = "0.001"}'), "rules.0.rate.per", "TOO_FINE", "at most 2 decimal places"),
        (RULE.replace("1", '{points = "0.5", per = 1}'), "rules.0.rate.points", "TOO_FINE", "no decimal places"),
        (RULE + 'minimum = "1.999"', "rules.0.minimum", "TOO_FINE", "at most 2 decimal places"),
        (RULE + 'caps = {day = "0.5"}', "rules.0.caps.day", "TOO_FINE", "no decimal places"),
        (RULE + 'currency = "point"', "rules.0.currency", "UNKNOWN_CURRENCY", "(did you mean 'points'?)"),
        (RULE + 'activity = "purchases"', "rules.0.activity", "UNKNOWN_ACTIVITY", "(did you mean 'purchase'?)"),
        (RULE + 'activity = "check_in"', "rules.0.activity", "INVALID", "'check_in' is nothing that money is spent on"),
        (RULE + 'activity = "refund"', "rules.0.activity", "INVALID", "'refund' is nothing that money is spent on"),
        (RULE + 'ladder = "statis"', "rules.0.ladder", "UNKNOWN_LADDER", "(did you mean 'status'?)"),
        (RULE + "tiers = {golden = 2}", "rules.0.tiers.golden", "UNKNOWN_TIER", "(did you mean 'gold'?)"),
        (RULE + "tiers = {gold = 1001}", "rules.0.tiers.gold", "RANGE", "more than 1000"),
        (RULE + 'tiers = "all"', "rules.0.tiers", "NOT_ONE_OF", ""),
        (
            RULE + 'calendars = ["dubble"]\n' + CALENDAR + 'weekdays = ["monday"]',
            "rules.0.calendars",
            "UNKNOWN_CALENDAR",
            "(did you mean 'double'?)",
        ),
        (RULE + 'stacking = "sum"', "rules.0.stacking", "NOT_ONE_OF", ""),
        (RULE.replace("base", "Base rule"), "rules.0.id", "PATTERN", ""),
        (RULE + "version = 0", "rules.0.version", "RANGE", ""),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_its_path(
    book: BookOf, text: str, path: str, code: str, said: str
) -> None:
    found = problems(book, text)
    assert found[path][0] == code
    assert said in found[path][1]


@pytest.mark.row("P3", way="bad_input")
@pytest.mark.parametrize(
    ("text", "path", "code", "said"),
    [
        (CALENDAR, "calendars.0", "INVALID", "'double' says never when it holds"),
        (CALENDAR + 'weekdays = ["wednesdays"]', "calendars.0.weekdays.0", "NOT_ONE_OF", ""),
        (CALENDAR + 'dates = ["2017-02-29"]', "calendars.0.dates.0", "DATE", "2017-02-29 is no date"),
        (CALENDAR + 'dates = ["24.12.2017"]', "calendars.0.dates.0", "DATE", "write for example 2017-12-24"),
        (CALENDAR + "dates = [2017-06-14T12:00:00]", "calendars.0.dates.0", "DATE", ""),
        (
            CALENDAR + 'hours = {from = "25:00", to = "26:00"}',
            "calendars.0.hours.from",
            "TIME",
            "25:00 is no time of day",
        ),
        (CALENDAR + 'hours = {from = "12:00:30", to = "13:00"}', "calendars.0.hours.from", "TIME", "to the minute"),
        (CALENDAR + 'hours = {from = "12:00"}', "calendars.0.hours.to", "REQUIRED", ""),
        (CALENDAR + 'holidays = "Atlantis"', "calendars.0.holidays", "UNKNOWN_COUNTRY", "country 'Atlantis'"),
        (
            CALENDAR + 'holidays = {country = "US", subdivision = "XX"}',
            "calendars.0.holidays",
            "UNKNOWN_COUNTRY",
            "the part 'XX' of 'US'",
        ),
        (CALENDAR + 'anniversary = "year"', "calendars.0.anniversary", "NOT_ONE_OF", ""),
        (CALENDAR.replace("2", "-1") + 'weekdays = ["monday"]', "calendars.0.multiplier", "RANGE", ""),
    ],
)
def test_a_calendar_that_cannot_be_is_refused_with_its_path(
    book: BookOf, text: str, path: str, code: str, said: str
) -> None:
    found = problems(book, text)
    assert found[path][0] == code
    assert said in found[path][1]


@pytest.mark.row("P1", way="bad_input")
@pytest.mark.row("P7", way="bad_input")
@pytest.mark.parametrize(
    ("text", "path", "code", "said"),
    [
        ("currencies.miles.scale = 7", "currencies.miles.scale", "RANGE", ""),
        ("currencies.points.scale = 2", "currencies.points.scale", "RESERVED", "points counts whole points"),
        ('currencies.points.expiry = "soon"', "currencies.points.expiry", "INVALID", 'Write "never" or {months = 12}.'),
        (
            "currencies.points.expiry = {month = 6}",
            "currencies.points.expiry.month",
            "UNKNOWN_FIELD",
            "did you mean 'months'?",
        ),
        ("currencies.points.expiry = {months = -1}", "currencies.points.expiry.months", "RANGE", ""),
        (
            "currencies.points.expiry = {months = 0}",
            "currencies.points.expiry",
            "INVALID",
            "at the moment it is earned",
        ),
        (
            'currencies.points.expiry = {months = 1, end_of = "week"}',
            "currencies.points.expiry.end_of",
            "NOT_ONE_OF",
            "",
        ),
        ('currencies.points.clawback = "forgive"', "currencies.points.clawback", "NOT_ONE_OF", ""),
        ("currencies.Points = {}", "currencies.Points", "PATTERN", ""),
        ("currencies.issued = {}", "currencies.issued", "RESERVED", "points.issued is an account of the house"),
    ],
)
def test_a_currency_that_cannot_be_is_refused_with_its_path(
    book: BookOf, text: str, path: str, code: str, said: str
) -> None:
    found = problems(book, text)
    assert found[path][0] == code
    assert said in found[path][1]


@pytest.mark.row("P2", way="bad_input")
@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        (RULE + RULE, "rules.1.id", "rules.0 and rules.1 both have the id 'base'."),
        (
            CALENDAR + 'weekdays = ["monday"]\n' + CALENDAR + 'weekdays = ["monday"]',
            "calendars.1.id",
            "calendars.0 and calendars.1 both have the id 'double'.",
        ),
        (
            RULE + 'include = {categories = ["fuel"]}\nexclude = {categories = ["fuel"]}',
            "rules.0.exclude.categories",
            "'fuel' stands in include.categories and in exclude.categories.",
        ),
        (
            RULE + 'include = {stores = ["31"]}\nexclude = {stores = ["31"]}',
            "rules.0.exclude.stores",
            "'31' stands in include.stores and in exclude.stores.",
        ),
        (
            RULE + "caps = {day = 100, month = 50}",
            "rules.0.caps.day",
            "day = 100 can never be reached, because month = 50 is less.",
        ),
        (
            RULE + "caps = {order = 100, total = 50}",
            "rules.0.caps.order",
            "order = 100 can never be reached, because total = 50 is less.",
        ),
        (
            CALENDAR + "dates = [{from = 2017-12-24, to = 2017-12-01}]",
            "calendars.0.dates.0",
            "from 2017-12-24 is after to 2017-12-01.",
        ),
        (
            CALENDAR + 'hours = {from = "12:00", to = "12:00"}',
            "calendars.0.hours",
            "from and to are the same time: leave hours out to mean the whole day.",
        ),
        (
            "currencies.miles = {}\n"
            + RULE
            + 'group = "g"\n'
            + RULE.replace("base", "miles")
            + 'currency = "miles"\ngroup = "g"',
            "",
            "Rules of a group earn one currency, but in 'g' 'base' earns points and 'miles' earns miles.",
        ),
    ],
)
def test_what_contradicts_itself_is_refused_and_both_sides_are_named(
    book: BookOf, text: str, path: str, said: str
) -> None:
    assert problems(book, text)[path] == ("CONTRADICTION", said)


def test_everything_that_is_wrong_is_said_at_once(book: BookOf) -> None:
    text = CALENDAR + CALENDAR + RULE + 'currency = "miles"\n' + RULE + 'minimum = "0.001"\ncaps = {day = 2, month = 1}'
    assert set(problems(book, text)) == {
        "calendars.0",
        "calendars.1",
        "calendars.1.id",
        "rules.0.currency",
        "rules.1.id",
        "rules.1.minimum",
        "rules.1.caps.day",
    }


@pytest.mark.row("P2", way="bad_input")
@pytest.mark.parametrize(
    ("benefits", "path", "code", "said"),
    [
        (
            {"points_multiplyer": 2},
            "",
            "UNKNOWN_BENEFIT",
            "Tier 'gold' of ladder 'status' has an unknown benefit 'points_multiplyer' (did you mean",
        ),
        ({"points_multiplier_miles": 2}, "", "UNKNOWN_BENEFIT", "'points_multiplier_miles'"),
        (
            {"points_multiplier": "double"},
            "rules.0.tiers",
            "NOT_EXACT",
            "Benefit 'points_multiplier' of tier 'gold': 'double' is no exact number",
        ),
    ],
)
def test_a_benefit_of_a_tier_that_means_nothing_is_refused(
    book: BookOf, benefits: Any, path: str, code: str, said: str
) -> None:
    found = problems(book, RULE, ladders={"status": {"ordinary": {}, "gold": benefits}})
    assert found[path][0] == code
    assert said in found[path][1]


def problems(book: BookOf, text: str, **options: Any) -> dict[str, tuple[str, str]]:
    """Read a section that is refused, and give code and message by path."""
    with pytest.raises(Invalid) as refused:
        book(text, **options)
    assert all(problem.path[0] == "points" for problem in refused.value.problems)
    return {".".join(map(str, problem.path[1:])): (problem.code, problem.message) for problem in refused.value.problems}
