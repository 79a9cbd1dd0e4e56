"""Reading draws: what was promised of seeds, what was drawn, and what is left; and what a person may ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import asdict, field, frozen
from sqlalchemy import Column, ColumnElement, Select, and_, func, select, tuple_

from corekit import Reader, Shape, any_of
from corekit_points.draws import tables


@frozen
class Seed:
    """The seed of a period of a draw: what was published of it, and it itself (hexadecimal) once that is over."""

    draw: str
    period: str
    begins: datetime
    ends: datetime
    commitment: str
    published_at: datetime
    seed: str | None
    revealed_at: datetime | None


@frozen
class Result:
    """What a pull won, and all that it follows from but the seed."""

    draw: str
    period: str
    ticket: str
    number: int
    client_seed: str
    weights: list[list[Any]]
    prize: str
    guaranteed: bool = field(converter=bool)
    taken_back: bool = field(converter=bool)
    drawn_at: datetime


_SEED = Shape(Seed, tables.seed)
_RESULT = Shape(Result, tables.result)


def seeds(read: Reader, draws: Iterable[str], most: int) -> dict[str, list[Seed]]:
    """Return the seeds of draws, the latest period first, at most so many of each: one statement."""
    seed = tables.seed.c
    place = func.row_number().over(partition_by=seed.draw, order_by=(seed.begins.desc(), seed.period)).label("place")
    numbered = select(*_SEED.columns, place).where(any_of(seed.draw, draws)).subquery()
    found: dict[str, list[Seed]] = {}
    for row in read.all(select(numbered).where(numbered.c.place <= most).order_by(numbered.c.place)):
        found.setdefault(row.draw, []).append(_SEED(row))
    return found


def taken(read: Reader, draws: Iterable[str]) -> dict[tuple[str, str], int]:
    """Return how many of each prize are gone, by draw and prize: one statement."""
    stock = tables.stock
    return {(row.draw, row.prize): row.taken for row in read.all(select(stock).where(any_of(stock.c.draw, draws)))}


def results_of(read: Reader, members: Iterable[str], most: int) -> dict[str, list[Result]]:
    """Return what each member drew, the latest first, at most so many: one statement."""
    result = tables.result.c
    order = (result.drawn_at.desc(), result.ticket, result.number.desc())
    theirs = any_of(result.member_id, members)
    found: dict[str, list[Result]] = {}
    for row in read.all(_first(most, theirs, (result.member_id,), order)):
        found.setdefault(row.its_member_id, []).append(_RESULT(row))
    return found


def results_in(
    read: Reader, periods: Iterable[tuple[str, str]], most: int, after: tuple[str, int] | None = None
) -> dict[tuple[str, str], list[Result]]:
    """Return what was drawn in periods of draws, by ticket and number, at most so many of each: one statement.

    ``after`` is the ticket and the number behind which it begins.
    """
    result, wanted = tables.result.c, set(periods)
    within = and_(
        any_of(result.draw, {draw for draw, _ in wanted}), any_of(result.period, {period for _, period in wanted})
    )
    if after is not None:
        within = and_(within, tuple_(result.ticket, result.number) > after)
    order = (result.ticket, result.number)
    found: dict[tuple[str, str], list[Result]] = {}
    for row in read.all(_first(most, within, (result.draw, result.period), order)):
        found.setdefault((row.its_draw, row.its_period), []).append(_RESULT(row))
    return found


def _first(
    most: int, within: ColumnElement[bool], each: Sequence[Column[Any]], order: Sequence[ColumnElement[Any]]
) -> Select[Any]:
    """Select results within something, the first so many of each, with what each is as ``its_...``."""
    place = func.row_number().over(partition_by=each, order_by=order).label("place")
    named = [column.label(f"its_{column.name}") for column in each]
    numbered = select(*_RESULT.columns, *named, place).where(within).subquery()
    return select(numbered).where(numbered.c.place <= most).order_by(numbered.c.place)


def proof(read: Reader, draw: str, period: str) -> dict[str, Any] | None:
    """Return what anybody needs to recompute a period of a draw, as JSON; None where it has no seed.

    The seed is null until it is revealed. What was taken back is in it as well.
    """
    seed, result = tables.seed.c, tables.result.c
    promised = read.one(select(seed.commitment, seed.seed).where(seed.draw == draw, seed.period == period))
    if promised is None:
        return None
    columns = (result.ticket, result.number, result.client_seed, result.weights, result.prize)
    drawn = select(*columns, result.guaranteed, result.taken_back)
    drawn = drawn.where(result.draw == draw, result.period == period).order_by(result.ticket, result.number)
    results = [
        {**row._asdict(), "guaranteed": bool(row.guaranteed), "taken_back": bool(row.taken_back)}
        for row in read.all(drawn)
    ]
    known = {"draw": draw, "period": period, "commitment": promised.commitment, "seed": promised.seed}
    return {**known, "results": results}


# What a person may ask for


def exported(member: str, read: Reader) -> Mapping[str, Any] | None:
    """Return what a member drew, as JSON."""
    result = tables.result.c
    theirs = select(*_RESULT.columns).where(result.member_id == member).order_by(result.drawn_at, result.number)
    drawn = [_RESULT(row) for row in read.all(theirs)]
    return {"draws": [{**asdict(each), "drawn_at": each.drawn_at.isoformat()} for each in drawn]} if drawn else None
