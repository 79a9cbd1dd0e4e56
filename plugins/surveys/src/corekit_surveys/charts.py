"""Charts as SVG: bars, a line over time, and a net promoter score.

Each is a picture of its own, without scripts, styles or anything from elsewhere, that says in words what it shows. It
knows nothing of surveys but their figures, and escapes every text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from fractions import Fraction
from html import escape

from attrs import frozen

from corekit_surveys.statistics_figures import Promoters, decimal

WIDTH = 640
_LEFT, _RIGHT, _TOP, _BAR, _STEP = 200, 90, 48, 18, 28
_LONGEST = 26
"""Half the width of a Chinese character is one of them."""
_INK, _PALE, _BLUE, _RED, _GREY, _GREEN = "#1f2937", "#e5e7eb", "#1d4ed8", "#b91c1c", "#9ca3af", "#15803d"
_FONT = "system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
_HEIGHT = 180


@frozen
class Bar:
    """A bar: what it is called, how long it is, as a part of the longest there can be, and what stands at its end."""

    label: str
    length: Fraction
    text: str


@frozen
class Point:
    """A point in time, what was found there, None for nothing, and how that is written."""

    label: str
    value: Fraction | None
    text: str


def bars(title: str, told: Sequence[Bar]) -> str:
    """Return bars below each other."""
    wide = WIDTH - _LEFT - _RIGHT
    drawn: list[str] = []
    for at, each in enumerate(told):
        y = _TOP + at * _STEP
        length = float(each.length) * wide
        whole = f"<title>{_safe(f'{each.label}: {each.text}')}</title>"
        parts = (
            _text(_LEFT - 8, y + 14, _short(each.label), anchor="end"),
            _box(_LEFT, y, wide, _BAR, _PALE),
            _box(_LEFT, y, length, _BAR, _BLUE),
            _text(_LEFT + wide + 8, y + 14, each.text),
        )
        drawn.append(f"<g>{whole}{''.join(parts)}</g>")
    said = "; ".join(f"{each.label}: {each.text}" for each in told)
    return _picture(title, said, _TOP + len(told) * _STEP + 8, drawn)


def trend(title: str, points: Sequence[Point]) -> str:
    """Return a line through points in time; it is broken where nothing was found."""
    known = [each.value for each in points if each.value is not None]
    most, least = max(known, default=Fraction(1)), min(known, default=Fraction(0))
    least = min(least, Fraction(0)) if least < most / 2 else least
    span = (most - least) or Fraction(1)
    left, wide = 60, WIDTH - 90
    runs: list[list[tuple[float, float, Point]]] = [[]]
    for at, each in enumerate(points):
        if each.value is None:
            runs.append([])
        else:
            y = _TOP + _HEIGHT * float((most - each.value) / span)
            runs[-1].append((left + wide * at / max(len(points) - 1, 1), y, each))
    drawn = [
        _line(left, _TOP + _HEIGHT, left + wide, _TOP + _HEIGHT),
        _text(left - 8, _TOP + 5, decimal(round(most, 2)), anchor="end"),
        _text(left - 8, _TOP + _HEIGHT + 5, decimal(round(least, 2)), anchor="end"),
    ]
    for run in runs:
        moves = " ".join(f"{'L' if at else 'M'}{x:.1f},{y:.1f}" for at, (x, y, _) in enumerate(run))
        drawn.append(f'<path d="{moves}" fill="none" stroke="{_BLUE}" stroke-width="2"/>')
        for x, y, each in run:
            name = f"<title>{_safe(f'{each.label}: {each.text}')}</title>"
            drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{_BLUE}">{name}</circle>')
    if points:
        drawn.append(_text(left, _TOP + _HEIGHT + 24, points[0].label))
        drawn.append(_text(left + wide, _TOP + _HEIGHT + 24, points[-1].label, anchor="end"))
    said = "; ".join(f"{each.label}: {each.text}" for each in points)
    return _picture(title, said, _TOP + _HEIGHT + 36, drawn)


def promoters(title: str, found: Promoters, words: tuple[str, str, str]) -> str:
    """Return a net promoter score over the shares it is made of; ``words`` name detractors, passives and promoters."""
    wide = WIDTH - 2 * 24
    numbers = (found.detractors, found.passives, found.promoters)
    total = sum(numbers)
    score = f"{round(found.score):+d}".replace("+0", "0")
    drawn = [_text(24, _TOP + 34, score, size=40)]
    x = 24.0
    for word, number, colour in zip(words, numbers, (_RED, _GREY, _GREEN), strict=True):
        part = wide * number / total
        share = f"{round(Fraction(100 * number, total))} %"
        name = f"<title>{_safe(f'{word}: {number} ({share})')}</title>"
        drawn.append(f"<g>{name}{_box(x, _TOP + 56, part, 24, colour)}</g>")
        x += part
    for at, (word, number) in enumerate(zip(words, numbers, strict=True)):
        place, anchor = ((24, "start"), (WIDTH / 2, "middle"), (WIDTH - 24, "end"))[at]
        drawn.append(_text(place, _TOP + 102, f"{word} {number}", anchor=anchor))
    said = "; ".join([score, *(f"{word}: {number}" for word, number in zip(words, numbers, strict=True))])
    return _picture(title, said, _TOP + 116, drawn)


def _picture(title: str, said: str, height: float, drawn: Iterable[str]) -> str:
    name = _safe(title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{name}" viewBox="0 0 {WIDTH} {height:g}" '
        f'width="{WIDTH}" height="{height:g}" font-family="{_FONT}" font-size="13" fill="{_INK}">'
        f"<title>{name}</title><desc>{_safe(said)}</desc>"
        f'<rect width="100%" height="100%" fill="#ffffff"/>'
        f"{_text(24, 28, _short(title, 2 * _LONGEST), size=16)}{''.join(drawn)}</svg>"
    )


def _box(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}" fill="{colour}"/>'


def _line(x: float, y: float, to_x: float, to_y: float) -> str:
    return f'<line x1="{x}" y1="{y}" x2="{to_x}" y2="{to_y}" stroke="{_GREY}"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 13) -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="{size}">{_safe(text)}</text>'


def _short(text: str, longest: int = _LONGEST) -> str:
    """Return as much of a text as there is room for."""
    wide = 0
    for at, character in enumerate(text):
        wide += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if wide > longest:
            return f"{text[: max(at - 1, 0)]}…"
    return text


def _safe(text: str) -> str:
    """Return a text as it may stand in XML, without what may stand there in no way."""
    return escape("".join(each if each.isprintable() else " " for each in text))
