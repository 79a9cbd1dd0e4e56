"""Statistics in rows: as CSV, as JSON, and as they are shown on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from corekit_surveys.statistics import Statistics
from corekit_surveys.statistics_figures import Counted, Figures, Numbers, decimal
from corekit_surveys.tabular import line
from corekit_surveys.wording import Wording

HEADER = ("group", "question", "row", "value", "text", "count", "share", "saw", "answered", "mean", "median")


def as_csv(found: Statistics, wording: Wording) -> str:
    """Return a row for each choice, and one for each question or row of numbers; shares are of those who saw it."""
    return "".join(map(line, (HEADER, *_rows(found, wording))))


def as_text(found: Statistics, wording: Wording) -> str:
    """Return each group with its questions."""
    shown = [f"{found.survey}: {found.respondents} answers" + (f", {found.unnamed} of nobody" if found.unnamed else "")]
    for group in found.groups:
        number = (
            f"fewer than {found.least}, or not to be told apart" if group.respondents is None else group.respondents
        )
        shown += [f"\n{group.label or '(none)'}: {number}"] if found.by is not None else []
        if not group.questions:
            shown.append(f"withheld: fewer than {found.least} answered")
        shown += [it for each in group.questions for it in _shown(each, wording, found.least)]
    return "\n".join(shown)


def as_json(found: Statistics) -> dict[str, Any]:
    """Return all of it as JSON: numbers that may be broken are decimal digits."""
    names = ("survey", "by", "respondents", "unnamed", "least")
    groups = [
        {"label": each.label, "respondents": each.respondents, "questions": [_plain(it) for it in each.questions]}
        for each in found.groups
    ]
    return {name: getattr(found, name) for name in names} | {"groups": groups}


def _plain(each: Figures) -> dict[str, Any]:
    told: dict[str, Any] = {"name": each.name, "kind": each.kind, "saw": each.saw, "answered": each.answered}
    if each.choices:
        told["choices"] = _choices(each.choices)
    if each.numbers is not None:
        told["numbers"] = _numbers(each.numbers)
    if each.promoters is not None:
        names = ("promoters", "passives", "detractors")
        told["promoters"] = {name: getattr(each.promoters, name) for name in names}
        told["promoters"]["score"] = decimal(each.promoters.score)
    if each.days is not None:
        told["days"] = list(each.days)
    if each.rows:
        told["rows"] = [
            {"name": it.name, "answered": it.answered, "choices": _choices(it.choices)}
            | ({"numbers": _numbers(it.numbers)} if it.numbers is not None else {})
            for it in each.rows
        ]
    if each.places:
        told["places"] = [{"value": it.value, "first": it.first, "mean": decimal(it.mean)} for it in each.places]
    return told


def _choices(choices: Any) -> list[dict[str, Any]]:
    return [{"value": each.value, "count": each.count, "share": decimal(each.share)} for each in choices]


def _numbers(numbers: Numbers) -> dict[str, Any]:
    names = ("least", "most", "sum", "mean", "lower", "median", "upper")
    return {"count": numbers.count} | {name: decimal(getattr(numbers, name)) for name in names}


def _rows(found: Statistics, wording: Wording) -> Iterator[list[Any]]:
    for group in found.groups:
        for each in group.questions:
            head, tail = [group.label or "", each.name], [each.saw, each.answered]
            yield from _of_choices(head, "", each.choices, tail, wording)
            for row in each.rows:
                yield from _of_choices(head, row.name, row.choices, [each.saw, row.answered], wording)
                if row.numbers is not None:
                    yield [*head, row.name, *[""] * 4, each.saw, row.answered, *_mean(row.numbers)]
            for place in each.places:
                text = wording.choice(each.name, place.value)
                yield [*head, "", place.value, text, place.count, "", *tail, decimal(place.mean), ""]
            if each.numbers is not None or not (each.choices or each.rows or each.places):
                yield [*head, *[""] * 5, *tail, *_mean(each.numbers)]


def _of_choices(head: list[str], row: str, choices: Any, tail: list[Any], wording: Wording) -> Iterator[list[Any]]:
    for each in choices:
        text = wording.choice(head[1], each.value)
        yield [*head, row, _word(each), text, each.count, decimal(each.share), *tail, "", ""]


def _word(each: Counted) -> Any:
    return str(each.value).lower() if isinstance(each.value, bool) else each.value


def _mean(numbers: Numbers | None) -> list[str]:
    return ["", ""] if numbers is None else [decimal(numbers.mean), decimal(numbers.median)]


def _shown(each: Figures, wording: Wording, least: int) -> Iterator[str]:
    title = wording.question(each.name)
    if each.withheld:
        yield f"  {title}: withheld, fewer than {least} answered"
        return
    numbers = f", mean {decimal(each.numbers.mean)}, median {decimal(each.numbers.median)}" if each.numbers else ""
    score = f", net promoter score {decimal(each.promoters.score)}" if each.promoters else ""
    days = f", {each.days[0]} to {each.days[1]}" if each.days else ""
    yield f"  {title}: {each.answered} of {each.saw} answered{numbers}{score}{days}"
    for it in each.choices:
        yield f"    {it.count:>8}  {100 * float(it.share):5.1f} %  {wording.choice(each.name, it.value)}"
    for row in each.rows:
        mean = f", mean {decimal(row.numbers.mean)}" if row.numbers else ""
        yield f"    {wording.row(each.name, row.name)}: {row.answered} answered{mean}"
        for it in row.choices:
            yield f"      {it.count:>6}  {100 * float(it.share):5.1f} %  {wording.choice(each.name, it.value)}"
    for at, place in enumerate(each.places, 1):
        yield f"    {at}. {wording.choice(each.name, place.value)}: mean place {decimal(place.mean)}"
