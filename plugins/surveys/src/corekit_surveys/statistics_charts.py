"""Which chart shows the figures of a question, and what stands in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from corekit_surveys import charts
from corekit_surveys.charts import Bar, Point
from corekit_surveys.statistics import Group
from corekit_surveys.statistics_figures import Counted, Figures, Numbers, decimal
from corekit_surveys.wording import Wording

_PROMOTERS: Mapping[str, tuple[str, str, str]] = {
    "en": ("Detractors", "Passives", "Promoters"),
    "zh": ("贬损者", "被动者", "推荐者"),
}
_RESPONDENTS = {"en": "Respondents", "zh": "作答人数"}


def chart(figures: Figures, wording: Wording) -> str | None:
    """Return what was answered to a question as SVG; None where it is withheld, or is texts, days or free numbers."""
    title = wording.question(figures.name)
    if figures.promoters is not None:
        return charts.promoters(title, figures.promoters, _PROMOTERS.get(wording.language[:2], _PROMOTERS["en"]))
    if figures.choices:
        return charts.bars(title, [_share(each, wording.choice(figures.name, each.value)) for each in figures.choices])
    if figures.places:
        return charts.bars(title, _places(figures, wording))
    if figures.rows:
        return charts.bars(title, _rows(figures, wording))
    return None


def trend(groups: Sequence[Group], question: str | None, wording: Wording) -> str:
    """Return over time the mean of a question of numbers, the net promoter score where it has one, else its answers.

    Without a question it is how many answered.
    """
    title = (
        _RESPONDENTS.get(wording.language[:2], _RESPONDENTS["en"]) if question is None else wording.question(question)
    )
    return charts.trend(title, [_point(each, question) for each in groups])


def _point(group: Group, question: str | None) -> Point:
    value = None if group.respondents is None else Fraction(group.respondents)
    if question is not None:
        value = _value(next((each for each in group.questions if each.name == question), None))
    return Point(group.label or "", value, "" if value is None else decimal(round(value, 2)))


def _value(figures: Figures | None) -> Fraction | None:
    if figures is None or figures.answered is None:
        return None
    if figures.promoters is not None:
        return figures.promoters.score
    return figures.numbers.mean if figures.numbers is not None else Fraction(figures.answered)


def _share(counted: Counted, label: str) -> Bar:
    return Bar(label, counted.share, f"{round(100 * counted.share)} % ({counted.count})")


def _places(figures: Figures, wording: Wording) -> list[Bar]:
    """Return a bar for each choice, the longer the better its mean place."""
    most = len(figures.places)
    return [
        Bar(
            wording.choice(figures.name, each.value), (most + 1 - each.mean) / most, f"⌀ {decimal(round(each.mean, 2))}"
        )
        for each in figures.places
    ]


def _rows(figures: Figures, wording: Wording) -> list[Bar]:
    """Return a bar for each row: its mean between the least and the greatest choice, or what was chosen most."""
    values = [each.value for row in figures.rows for each in row.choices if isinstance(each.value, int | float)]
    least, span = min(values, default=0), max(values, default=0) - min(values, default=0)
    place: Callable[[Numbers], Fraction] = lambda it: (it.mean - Fraction(str(least))) / (Fraction(str(span)) or 1)  # noqa: E731
    found: list[Bar] = []
    for row in figures.rows:
        label = wording.row(figures.name, row.name)
        if row.numbers is not None:
            found.append(Bar(label, place(row.numbers), f"⌀ {decimal(round(row.numbers.mean, 2))}"))
        elif row.choices:
            best = max(row.choices, key=lambda each: each.count)
            told = _share(best, label)
            found.append(Bar(label, told.length, f"{wording.choice(figures.name, best.value)} {told.text}"))
    return found
