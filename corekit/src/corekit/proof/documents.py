"""Searches that spread documents into rows: shares of lines (15), and what activities measured (metrics)."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, literal_column, select, text

from corekit.clock import moment
from corekit.db.reader import Reader
from corekit.ledger.chart import DAY
from corekit.proof.scope import Scope
from corekit.proof.search import Search

_SHARES = """SELECT e.id AS effect, e.activity_id AS activity FROM {{effect}} e WHERE e.shares IS NOT NULL AND (
    SELECT sum(CAST(each.value AS bigint)) <> e.amount OR min(CAST(each.value AS bigint)) < 0
        OR count(l.no) <> count(*)
    FROM {each} LEFT JOIN core_line l ON l.activity_id = e.activity_id AND l.no = CAST(each.key AS bigint))"""

# A reversal measures on the day of what it takes back.
_METRICS = """SELECT member, metric, day FROM (
    SELECT member_id AS member, metric, day, value FROM {{metric_day}} d
    UNION ALL SELECT member, metric, {day}, -value FROM (
        SELECT a.member_id AS member, each.key AS metric, CAST(each.value AS bigint) AS value,
            coalesce((SELECT t.occurred_at FROM core_activity t WHERE t.id = a.reverses), a.occurred_at) AS instant
        FROM {{activity}} a CROSS JOIN {each}) measured
    UNION ALL SELECT a.member_id, each.key, CAST(of_day.key AS bigint),
        CASE WHEN e.undoes IS NULL THEN -1 ELSE 1 END * CAST(each.value AS bigint)
    FROM {{effect}} e JOIN core_activity a ON a.id = e.activity_id CROSS JOIN {days} CROSS JOIN {shifted}
    WHERE e.kind = 'ShiftMetrics' AND e.state = 'applied') sides
    GROUP BY member, metric, day HAVING sum(value) <> 0
UNION ALL SELECT member, metric, NULL FROM (
    SELECT member_id AS member, metric, value FROM {{metric}} m
    UNION ALL SELECT member_id, metric, -value FROM {{metric_day}} d) sides
    GROUP BY member, metric HAVING sum(value) <> 0"""


def searches(read: Reader, scope: Scope, zone: ZoneInfo) -> Iterator[Search]:
    """Yield the searches in the dialect of a database, on the calendar of a zone."""
    texts, documents = ("jsonb_each_text", "jsonb_each") if read.dialect == "postgresql" else ("json_each", "json_each")
    each = f"{texts}({{}}) AS each"
    yield Search("15", "effect activity", _SHARES.format(each=each.format("e.shares")))
    day = _day(zone, *_span(read, scope))
    measured = {
        "each": each.format("a.measures"),
        "days": f"{documents}(e.data -> 'days') AS of_day",
        "shifted": each.format("of_day.value"),
    }
    yield Search("metrics", "member metric day", _METRICS.format(**measured, day=day))


def _span(read: Reader, scope: Scope) -> tuple[int, int]:
    """Return the first and the last instant at which anything occurred."""
    occurred: ColumnElement[int] = literal_column("occurred_at")
    activities = text(f"{scope.relations['activity']} AS a")
    (row,) = read.all(select(func.min(occurred), func.max(occurred)).select_from(activities))
    return row[0] or 0, row[1] or 0


def _day(zone: ZoneInfo, first: int, last: int) -> str:
    """Return SQL that turns ``instant`` into its day number on a calendar: the offset changes a few times a year."""
    changes: list[str] = []
    at, offset = first, _offset(zone, first)
    while at < last:
        following = min(at + DAY, last)
        if _offset(zone, following) != offset:
            before, after = at, following
            while after - before > 1:
                middle = (before + after) // 2
                before, after = (middle, after) if _offset(zone, middle) == offset else (before, middle)
            changes.append(f"WHEN instant < {after} THEN {offset}")
            offset = _offset(zone, following)
        at = following
    shift = f"CASE {' '.join(changes)} ELSE {offset} END" if changes else str(offset)
    # Division rounds towards zero: one day more keeps the first day of all positive.
    return f"(instant + {shift} + {DAY}) / {DAY} - 1"


def _offset(zone: ZoneInfo, instant: int) -> int:
    """Return how far a zone's clock is ahead of UTC at an instant, in microseconds."""
    ahead = moment(instant).astimezone(zone).utcoffset()
    return int(ahead.total_seconds() * 1_000_000) if ahead is not None else 0
