"""Statistics say of each question who saw it, who answered, and what; few answers are withheld."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from corekit import Invalid
from corekit_surveys import catalogue, importing, statistics
from corekit_surveys.statistics_figures import Figures, decimal

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
        assert read.statements <= 4
    return found


def question(group: statistics.Group, name: str) -> Figures:
    return next(each for each in group.questions if each.name == name)


def taken(figures: Any) -> dict[Any, tuple[int, str]]:
    return {each.value: (each.count, decimal(each.share)) for each in figures.choices}


def test_each_kind_of_question_is_counted_of_those_who_saw_it(canteen: Open, tmp_path: Path) -> None:
    shop = canteen(smallest_group=1)
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
    assert taken(figures["again"]) == {each: (int(each in (6, 10)), "0.5" if each in (6, 10) else "0") for each in range(11)}
    promoters, again = figures["again"].promoters, figures["again"].numbers
    assert promoters and (promoters.promoters, promoters.passives, promoters.detractors, promoters.score) == (1, 0, 1, 0)
    assert again and (again.mean, again.median) == (8, 6)
    weight = figures["weight"].numbers
    assert weight and (weight.count, weight.least, weight.most) == (3, 0.1, 7)
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
    shop = canteen(smallest_group=1)
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
        "boat": 1, 2: 0, "shop": 1, "other": 0
    }
    (group,) = told(shop, version=2).groups
    assert question(group, "way").saw == group.respondents == 2
