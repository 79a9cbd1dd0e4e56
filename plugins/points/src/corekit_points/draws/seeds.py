"""Seeds: one for each draw and period, promised before the first pull and revealed when the period is over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from attrs import frozen
from sqlalchemy import Connection, delete, insert, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from corekit import Job, Kit, Work, micros
from corekit_points.calendar import midnight
from corekit_points.draws import tables
from corekit_points.draws.fairness import commitment
from corekit_points.draws.prizes import Draw, period_of
from corekit_points.rules import Book

_BYTES = 32


@frozen
class _Period:
    draw: str
    name: str
    begins: datetime
    ends: datetime


def _turn(work: Work) -> Mapping[str, Any]:
    """Reveal the seeds of periods that are over, and promise those of the present and the next period."""
    kit, now = (
        work.kit,
        min(work.at, work.kit.now()),
    )  # who runs it as of a later instant reveals nothing before its time
    with kit.database.write() as connection:
        revealed = _reveal(connection, micros(now))
        promised = _promise(connection, kit, now)
    return {"promised": promised, "revealed": revealed}


def _reveal(connection: Connection, now: int) -> int:
    seed, secret = tables.seed.c, tables.secret.c
    kept = select(secret.seed).where(secret.draw == seed.draw, secret.period == seed.period).scalar_subquery()
    over = update(tables.seed).where(seed.ends <= now, seed.revealed_at.is_(None))
    revealed = connection.execute(over.values(seed=kept, revealed_at=now)).rowcount
    known = select(seed.draw, seed.period).where(seed.revealed_at.is_not(None))
    connection.execute(delete(tables.secret).where(tuple_(secret.draw, secret.period).in_(known)))
    return revealed


def _promise(connection: Connection, kit: Kit, now: datetime) -> int:
    seeds = {period: kit.entropy(_BYTES) for period in _coming(_draws(kit), now, kit.zone)}
    if not seeds:
        return 0
    rows = [
        {
            "draw": period.draw,
            "period": period.name,
            "begins": micros(period.begins),
            "ends": micros(period.ends),
            "commitment": commitment(seed),
            "published_at": micros(now),
        }
        for period, seed in seeds.items()
    ]
    put: Any = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(tables.seed)
    put = put.values(rows).on_conflict_do_nothing().returning(tables.seed.c.draw, tables.seed.c.period)
    # Of a period that has its seed already, that one counts, and the one that was made here is forgotten.
    promised = {(row.draw, row.period) for row in connection.execute(put)}
    kept = [
        {"draw": period.draw, "period": period.name, "seed": seed.hex()}
        for period, seed in seeds.items()
        if (period.draw, period.name) in promised
    ]
    if kept:
        connection.execute(insert(tables.secret), kept)
    return len(kept)


def _draws(kit: Kit) -> list[Draw]:
    """Return the draws of the program that holds now, and of those that are announced."""
    terms = kit.terms()
    programs = [kit.program, *(edition.program for edition in terms.versions.after(micros(kit.now())))]
    books: list[Book] = [program.sections["points"] for program in programs if "points" in program.sections]
    return [draw for book in books for draw in book.draws.values()]


def _coming(draws: Iterable[Draw], now: datetime, zone: ZoneInfo) -> Iterator[_Period]:
    """Yield the period that holds now and the next one, of each draw."""
    known: set[tuple[str, str]] = set()
    today = now.astimezone(zone).date()
    for draw in draws:
        day: date = today
        for _ in range(2):
            name, first, after = period_of(draw.per, day)
            if (draw.id, name) not in known:
                known.add((draw.id, name))
                yield _Period(draw.id, name, midnight(first, zone), midnight(after, zone))
            day = after


DRAWS = Job(
    name="points.draws",
    run=_turn,
    description="Publishes what promises the seeds of prize draws, and reveals those of periods that are over.",
    schedule="20 * * * *",
)
