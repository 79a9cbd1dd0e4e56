"""Statistics say of each question who saw it, who answered, and what; few answers are withheld."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from corekit import Activity, Invalid
from corekit_surveys import catalogue, importing, statistics, storing, tables
from corekit_surveys.statistics_figures import Figures, Promoters, decimal
from corekit_surveys.statistics_groups import withheld
from corekit_surveys.terms import Terms

Open = Callable[..., Any]
FEAST: dict[str, Any] = {
    "pages": [
        {
            "name": "first",
            "elements": [
                {"type": "radiogroup", "name": "way", "choices": ["shop", 2], "showOtherItem": True},
                {"type": "checkbox", "name": "dishes", "choices": ["fish", "egg"], "showNoneItem": True},
                {"type": "rating", "name": "again", "rateMin": 0, "rateMax": 10, "visibleIf": "{way} = 'shop'"},
                {"type": "boolean", "name": "alone"},
                {"type": "text", "name": "weight", "inputType": "number"},
                {"type": "text", "name": "born", "inputType": "date"},
                {"type": "matrix", "name": "grades", "rows": ["taste", "place"], "columns": [1, 2, "none of it"]},
                {"type": "ranking", "name": "order", "choices": ["a", "b"]},
                {"type": "comment", "name": "words"},
            ],
        }
    ]
}
GIVEN: list[dict[str, Any]] = [
    {"way": "shop", "again": 10, "dishes": ["egg", "fish"], "alone": True, "weight": 0.1, "born": "2001-02-03"},
    {"way": "shop", "again": 6, "dishes": ["none"], "alone": False, "weight": 0.2, "order": ["b", "a"]},
    {"way": 2, "weight": 7, "grades": {"taste": 1, "place": 2}, "order": ["b", "a"], "words": "好吃"},
    {"way": "other", "way-Comment": "by post", "grades": {"taste": 2}, "order": ["a", "b"], "born": "1999-12-31"},
    {"dishes": ["egg"], "words": "=1+1"},
]


def fill(shop: Any, folder: Path, survey: str, *lines: dict[str, Any]) -> int:
    """Bring in answers, each a line."""
    file = folder / "answers.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in lines))
    return importing.load(shop.kit, "staff:ada", survey, file)


def feast(shop: Any, folder: Path, *lines: dict[str, Any]) -> None:
    """Ask about a feast, and bring in what was answered."""
    catalogue.create(shop.kit, "staff:ada", "feast", FEAST)
    catalogue.move(shop.kit, "staff:ada", "feast", "open")
    assert fill(shop, folder, "feast", *lines) == len(lines)


def told(shop: Any, survey: str = "feast", **asked: Any) -> statistics.Statistics:
    with shop.kit.read() as read:
        found = statistics.of(shop.kit, read, survey, **asked)
        assert read.statements <= 5
    return found


def question(group: statistics.Group, name: str) -> Figures:
    return next(each for each in group.questions if each.name == name)


def taken(figures: Any) -> dict[Any, tuple[int, str]]:
    return {each.value: (each.count, decimal(each.share)) for each in figures.choices}


@pytest.mark.row("S4", way="python")
def test_each_kind_of_question_is_counted_of_those_who_saw_it(canteen: Open, tmp_path: Path) -> None:
    shop = canteen(sections={"surveys": {"least_shown": 1}})
    feast(shop, tmp_path, *({"answers": each} for each in GIVEN))
    found = told(shop)
    assert (found.respondents, found.unnamed, len(found.groups)) == (5, 0, 1)
    (group,) = found.groups
    figures = {each.name: each for each in group.questions}

    assert {name: (each.saw, each.answered) for name, each in figures.items()} == {
        "way": (5, 4),
        "dishes": (5, 3),
        "again": (2, 2),  # nobody else saw it
        "alone": (5, 2),
        "weight": (5, 3),
        "born": (5, 2),
        "grades": (5, 2),
        "order": (5, 3),
        "words": (5, 2),
    }
    assert taken(figures["way"]) == {"shop": (2, "0.4"), 2: (1, "0.2"), "other": (1, "0.2")}
    assert taken(figures["dishes"]) == {"fish": (1, "0.2"), "egg": (2, "0.4"), "none": (1, "0.2")}
    assert taken(figures["alone"]) == {True: (1, "0.2"), False: (1, "0.2")}
    assert taken(figures["again"]) == {
        each: (int(each in (6, 10)), "0.5" if each in (6, 10) else "0") for each in range(11)
    }
    promoters, again = figures["again"].promoters, figures["again"].numbers
    assert promoters is not None
    assert promoters == Promoters(1, 0, 1)
    assert promoters.score == 0
    assert again is not None
    assert (float(again.mean), again.median) == (8, 6)
    weight = figures["weight"].numbers
    assert weight is not None
    assert (weight.count, weight.least, weight.most) == (3, 0.1, 7)
    assert (weight.sum, weight.mean) == (Fraction("7.3"), Fraction("7.3") / 3)  # 0.1 + 0.2 is 0.3 here
    assert (weight.lower, weight.median, weight.upper) == (0.1, 0.2, 7)
    assert figures["born"].days == ("1999-12-31", "2001-02-03")
    taste, place = figures["grades"].rows
    assert (taste.answered, taken(taste)) == (2, {1: (1, "0.2"), 2: (1, "0.2"), "none of it": (0, "0")})
    assert (place.answered, place.numbers) == (1, None)  # a choice is a text
    assert [(each.value, each.count, each.first, each.mean) for each in figures["order"].places] == [
        ("b", 3, 2, Fraction(4, 3)),
        ("a", 3, 1, Fraction(5, 3)),
    ]
    assert not figures["words"].choices


def test_versions_count_together_what_they_ask_as_the_same_kind(canteen: Open, tmp_path: Path) -> None:
    shop = canteen(sections={"surveys": {"least_shown": 1}})
    feast(shop, tmp_path, {"answers": {"way": "shop", "alone": True, "words": "x"}})
    elements: list[dict[str, Any]] = [
        {"type": "radiogroup", "name": "way", "choices": ["boat", 2]},
        {"type": "rating", "name": "alone"},
    ]
    catalogue.revise(shop.kit, "staff:ada", "feast", {"pages": [{"name": "first", "elements": elements}]})
    assert fill(shop, tmp_path, "feast", {"answers": {"way": "boat", "alone": 5}}, {"answers": {}}) == 2
    (group,) = told(shop).groups
    assert [(each.name, each.kind, each.saw, each.answered) for each in group.questions][:4] == [
        ("way", "radiogroup", 3, 2),
        ("alone", "rating", 2, 1),
        ("dishes", "checkbox", 1, 0),
        ("again", "rating", 1, 0),
    ]
    assert {value: count for value, (count, _) in taken(group.questions[0]).items()} == {
        "boat": 1,
        2: 0,
        "shop": 1,
        "other": 0,
    }
    (group,) = told(shop, version=2).groups
    assert question(group, "way").saw == group.respondents == 2


# Groups


PROGRAM = """
[program]
name = "Canteen"

[[ladders]]
code = "status"
name = "Status"

[[ladders.tiers]]
code = "basic"
name = "Basic"

[[ladders.tiers]]
code = "gold"
name = "Gold"
criteria = [{metric = "spend", window = "lifetime", at_least = "100"}]
"""
PROFILE = {"city": {"type": "string"}}


def guests(shop: Any) -> None:
    """Let seven members answer: two of them tagged, three of them gold, one from Rome."""
    for at in range(7):
        payload = {"attributes": {"city": "Rome" if at == 0 else "Oslo"}} if at < 6 else {}
        member = shop.kit.record(Activity(type="member.registered", payload=payload)).member
        if at < 2:
            shop.kit.record(Activity(type="member.tagged", member=member, payload={"add": ["vip"], "remove": []}))
        if at < 3:
            shop.kit.record(Activity(type="purchase", member=member, amount=10_000))
        assert shop.answer(member, stars=at % 5 + 1, **({"why": "cold"} if at == 5 else {})).settled


def shares(found: statistics.Statistics) -> dict[str | None, tuple[int | None, int | None]]:
    """Return of each group how many there are, and how many of them gave stars."""
    return {
        each.label: (each.respondents, next((it.answered for it in each.questions if it.name == "stars"), None))
        for each in found.groups
    }


def test_groups_are_told_apart_by_what_their_members_are_now(canteen: Open, tmp_path: Path) -> None:
    shop = canteen(program=PROGRAM, profile=PROFILE, sections={"surveys": {"least_shown": 1}})
    guests(shop)
    fill(shop, tmp_path, "lunch", {"answers": {"stars": 5}})
    assert shares(told(shop, "lunch")) == {None: (8, 8)}
    tiers = told(shop, "lunch", by="tier")
    assert (tiers.respondents, tiers.unnamed) == (7, 1)  # what was imported is of nobody
    assert shares(tiers) == shares(told(shop, "lunch", by="tier:status")) == {"basic": (4, 4), "gold": (3, 3)}
    assert shares(told(shop, "lunch", by="tag:vip")) == {"with": (2, 2), "without": (5, 5)}
    assert shares(told(shop, "lunch", by="attribute:city")) == {"": (1, 1), "Oslo": (5, 5), "Rome": (1, 1)}
    assert shares(told(shop, "lunch", by="kind")) == {"consumer": (7, 7)}
    assert taken(question(tiers.groups[1], "stars")) == {
        1: (1, "0.333333"),
        2: (1, "0.333333"),
        3: (1, "0.333333"),
        4: (0, "0"),
        5: (0, "0"),
    }
    assert [question(each, "why").saw for each in tiers.groups] == [2, 2]  # whoever gave less than three stars


def test_anonymous_answers_count_once_they_are_stored(canteen: Open) -> None:
    keys = ["a key of the tests that is long enough for it"]
    shop = canteen(sections={"surveys": {"keys": keys, "smallest_group": 3, "least_shown": 3}})
    catalogue.change(shop.kit, "staff:ada", "lunch", Terms(anonymous=True))
    for stars in (1, 2, 5, 5):
        assert shop.answer(shop.join(), stars=stars).settled
    assert told(shop, "lunch").respondents == 0
    catalogue.move(shop.kit, "staff:ada", "lunch", "closed")
    assert storing.store(shop.kit, shop.rows(select(tables.survey.c.id))[0][0]) == 4
    (group,) = told(shop, "lunch").groups
    assert taken(question(group, "stars"))[5] == (2, "0.5")
    assert question(group, "why").saw == 2  # nobody wrote why
    kinds = told(shop, "lunch", by="kind")
    assert (kinds.respondents, kinds.unnamed, kinds.groups) == (0, 4, [])


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_few_answers_are_withheld_and_not_to_be_had_by_subtraction(canteen: Open) -> None:
    shop = canteen(program=PROGRAM, profile=PROFILE, sections={"surveys": {"least_shown": 3}})
    guests(shop)
    (whole,) = told(shop, "lunch").groups
    assert (whole.respondents, question(whole, "stars").answered) == (7, 7)
    assert question(whole, "why").withheld  # one answered
    assert shares(told(shop, "lunch", by="tier")) == {"basic": (4, 4), "gold": (3, 3)}
    # Two would be withheld, which is the whole less the other group: so that is withheld as well.
    assert shares(told(shop, "lunch", by="tag:vip")) == {"with": (None, None), "without": (None, None)}
    few = canteen(sections={"surveys": {"least_shown": 3}})
    few.answer(stars=1)
    assert [(each.respondents, each.questions) for each in told(few, "lunch").groups] == [(1, ())]


@pytest.mark.parametrize(
    ("sizes", "hidden", "found"),
    [
        ({"a": 5, "b": 9}, "", ""),
        ({"a": 4, "b": 9}, "", "ab"),
        ({"a": 4, "b": 9, "c": 6}, "", "ac"),
        ({"a": 2, "b": 3, "c": 6}, "", "ab"),
        ({"a": 2, "b": 2, "c": 6, "d": 6}, "", "abc"),
        ({"a": 0, "b": 9}, "", ""),
        ({"a": 4}, "", "a"),
        ({"a": 4, "b": 9, "c": 9}, "b", "ab"),
        ({"a": 0, "b": 9, "c": 9}, "a", "a"),
        ({"a": 4, "b": 9, "c": 9}, "a", "ab"),
    ],
)
def test_what_is_withheld_is_large_enough_together(sizes: dict[str, int], hidden: str, found: str) -> None:
    assert withheld(sizes, 5, hidden) == set(found)


def test_time_is_cut_where_enough_answered(canteen: Open, tmp_path: Path) -> None:
    shop = canteen(sections={"surveys": {"least_shown": 3}})
    days = ["2020-01-01"] * 3 + ["2020-01-05"] * 2 + ["2020-01-06"] * 2 + ["2020-02-01"] * 3 + ["2020-03-01"]
    fill(shop, tmp_path, "lunch", *({"answers": {"stars": at % 5 + 1}, "day": day} for at, day in enumerate(days)))
    # The fifth was a Sunday with too few: it counts to the day on which there were enough.
    assert shares(told(shop, "lunch", by="day")) == {"2020-01-01": (3, 3), "2020-01-06": (4, 4), "2020-03-01": (4, 4)}
    assert shares(told(shop, "lunch", by="week")) == {"2019-12-30": (3, 3), "2020-01-06": (4, 4), "2020-02-24": (4, 4)}
    assert shares(told(shop, "lunch", by="month")) == {"2020-01": (7, 7), "2020-03": (4, 4)}
    january = {"since": date(2020, 1, 1), "until": date(2020, 1, 31)}
    assert shares(told(shop, "lunch", **january)) == {None: (7, 7)}
    assert shares(told(shop, "lunch", since=date(2021, 1, 1))) == {}
    with pytest.raises(Invalid) as caught:
        told(shop, "lunch", until=date(2020, 1, 5))
    (problem,) = caught.value.problems
    assert (problem.code, problem.parameters) == (
        "SURVEYS_SELECTION_SMALL",
        {"since": "2020-01-05", "until": "2020-01-06"},
    )


@pytest.mark.row("S4", way="bad_input")
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize("by", ["", "tiers", "tier:x", "tier", "tag", "tag:", "attribute", 'attribute:a"b', "kind:x"])
def test_unknown_groups_are_refused(canteen: Open, by: str) -> None:
    shop = canteen()
    with pytest.raises(Invalid) as caught:
        told(shop, "lunch", by=by)
    assert [(each.code, each.path) for each in caught.value.problems] == [("SURVEYS_SPLIT_UNKNOWN", ("by",))]
    with pytest.raises(Invalid) as caught:
        told(shop, "dinner")
    assert [each.code for each in caught.value.problems] == ["SURVEYS_UNKNOWN"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(Fraction(1, 3), "0.333333"), (Fraction(-1, 2), "-0.5"), (Fraction(-1, 10**7), "0"), (0.1, "0.1"), (12, "12")],
)
def test_numbers_are_written_in_decimal_digits(value: Any, text: str) -> None:
    assert decimal(value) == text
