"""The liability report as CSV and as a chart."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from xml.sax.saxutils import escape

from corekit_points.liability import Liability, Month

_HEAD = ("currency", "what", "month", "issued", "taken_back", "spent", "expired", "outstanding", "lapses")
_WIDTH, _HEIGHT, _LEFT, _TOP = 960, 260, 90, 40
_LINE = "#333333"
_SERIES = (("issued", "#2b7a4b"), ("spent", "#2f5d9b"), ("expired", "#b5562b"))


def whole(minor: int, scale: int) -> str:
    """Return minor units in whole ones, exactly."""
    if not scale:
        return str(minor)
    units, rest = divmod(abs(minor), 10**scale)
    return f"{'-' if minor < 0 else ''}{units}.{rest:0{scale}}"


def as_csv(reports: Sequence[Liability]) -> str:
    """Return the report as CSV, amounts in whole units."""
    out = StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(_HEAD)
    for report in reports:
        code, scale = report.currency.code, report.currency.scale
        for month in report.months:
            amounts = (month.issued, month.taken_back, month.spent, month.expired, month.outstanding)
            rows.writerow([code, "month", f"{month.first:%Y-%m}", *(whole(each, scale) for each in amounts), ""])
        for coming in report.forecast:
            first = "never" if coming.first is None else f"{coming.first:%Y-%m}"
            rows.writerow([code, "forecast", first, "", "", "", "", "", whole(coming.amount, scale)])
    return out.getvalue()


def as_svg(reports: Sequence[Liability]) -> str:
    """Return a chart of each currency: bars of what was issued, spent and lapsed, a line of what is outstanding."""
    height = _HEIGHT * max(1, len(reports))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" '
    parts = [head + 'font-size="12">', f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>']
    for number, report in enumerate(reports):
        parts += [f'<g transform="translate(0 {number * _HEIGHT})">', *_chart(report), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _chart(report: Liability) -> list[str]:
    scale = report.currency.scale
    tall, wide = _HEIGHT - 2 * _TOP, _WIDTH - _LEFT - 20
    values = [value for month in report.months for value in _values(month)]
    top, low = max(1, *values), min(0, *values)

    def y(value: int) -> str:
        return f"{_TOP + tall * (top - value) / (top - low):.1f}"

    step = wide / len(report.months)
    bar = step / (len(_SERIES) + 1)
    shown = (*_SERIES, ("outstanding", _LINE))
    legend = " ".join(f'<tspan fill="{color}">{name}</tspan>' for name, color in shown)
    parts = [
        f'<text x="{_LEFT}" y="20" font-weight="bold">{escape(report.currency.name)} {legend}</text>',
        f'<line x1="{_LEFT}" x2="{_WIDTH - 20}" y1="{y(0)}" y2="{y(0)}" stroke="#999999"/>',
        *(
            f'<text x="{_LEFT - 8}" y="{y(value)}" text-anchor="end">{whole(value, scale)}</text>'
            for value in sorted({low, 0, top})
        ),
    ]
    line: list[str] = []
    for number, month in enumerate(report.months):
        left = _LEFT + number * step
        for place, (name, color) in enumerate(_SERIES):
            value: int = getattr(month, name)
            high, deep = max(value, 0), min(value, 0)
            tallness = float(y(deep)) - float(y(high))
            parts.append(
                f'<rect x="{left + place * bar:.1f}" y="{y(high)}" width="{bar * 0.9:.1f}" height="{tallness:.1f}" '
                f'fill="{color}"><title>{month.first:%Y-%m} {name} {whole(value, scale)}</title></rect>'
            )
        line.append(f"{left + step / 2:.1f},{y(month.outstanding)}")
        parts.append(f'<text x="{left:.1f}" y="{_HEIGHT - 12}">{month.first:%Y-%m}</text>')
    return [*parts, f'<polyline points="{" ".join(line)}" fill="none" stroke="{_LINE}" stroke-width="2"/>']


def _values(month: Month) -> tuple[int, ...]:
    return month.issued, month.spent, month.expired, month.outstanding
