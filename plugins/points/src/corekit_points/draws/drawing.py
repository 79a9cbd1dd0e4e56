"""A pull: what is known before it, what follows from it, and what is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from attrs import evolve, field, frozen
from sqlalchemy import and_, func, select

from corekit import Activity, Batch, Credit, Debit, Effect, Facts, Follow, Reader, Refusal, Window, any_of
from corekit_points.draws import declared, tables
from corekit_points.draws.fairness import ticket_of, won
from corekit_points.draws.prizes import Draw, Prize, period_of
from corekit_points.earning import barred
from corekit_points.prepared import EMPTY, Prepared, prepared
from corekit_points.rules import Book


@frozen
class Pulls(Effect):
    """Pulls of a member in a draw: what each was decided by, and what it won.

    ``results`` hold ``prize``, ``weights``, ``guaranteed`` and ``hit`` of each; the first has the number ``first`` of
    those of the ticket. ``dry`` is how many there are since the last hit, these included. Of each prize in ``stock``
    there are so many.
    """

    draw: str = field(kw_only=True)
    period: str = field(kw_only=True)
    day: str = field(kw_only=True)
    ticket: str = field(kw_only=True)
    client_seed: str = field(kw_only=True)
    first: int = field(kw_only=True)
    dry: int = field(kw_only=True)
    results: list[dict[str, Any]] = field(kw_only=True)
    stock: dict[str, int] = field(kw_only=True)

    @property
    def taken(self) -> Counter[str]:
        """How many it takes of each prize of which there is a stock."""
        return Counter(each["prize"] for each in self.results if each["prize"] in self.stock)


@frozen(kw_only=True)
class Drawn:
    """What is known of draws before a member pulls.

    ``seeds`` are those of periods, None where one is revealed; ``numbers`` how many pulls each ticket had; ``dry`` how
    many there are since the last hit, by draw; ``days`` how many there were on a day, by draw; ``taken`` how many of a
    prize are gone, by draw and prize; ``gone`` the prizes of which somebody took the last one meanwhile.
    """

    seeds: Mapping[tuple[str, str], bytes | None]
    numbers: Mapping[str, int]
    dry: Mapping[str, int]
    days: Mapping[str, Mapping[str, int]]
    taken: Mapping[tuple[str, str], int]
    gone: frozenset[tuple[str, str]] = frozenset()

    def left(self, pulls: Pulls, prize: str) -> int:
        """Return how many there are of a prize."""
        return pulls.stock[prize] - self.taken.get((pulls.draw, prize), 0)


# What is read


@frozen
class _Asked:
    activity: Activity
    draw: Draw
    day: date
    period: str
    ticket: str


def _asked(batch: Batch, facts: Facts) -> Iterator[_Asked]:
    for activity in batch.of(declared.DRAWN.name):
        book: Book | None = facts.program(activity)
        draw = None if book is None else book.draws.get(activity.payload["draw"])
        if draw is not None:
            day = facts.local(activity).date()
            period, *_ = period_of(draw.per, day)
            yield _Asked(activity, draw, day, period, ticket_of(draw.id, period, activity.member))


def load(batch: Batch, read: Reader, facts: Facts) -> dict[str, Drawn]:
    """Return what is known before each member pulls: five statements at most, and none where nobody does."""
    asked = list(_asked(batch, facts))
    if not asked:
        return {}
    draws = {each.draw.id for each in asked}
    members = {each.activity.member for each in asked}
    seeds = read_seeds(read, draws, {each.period for each in asked})
    numbers = _numbers(read, draws, asked)
    taken = _taken(read, draws) if any(each.draw.stocked for each in asked) else {}
    days = _days(read, draws, members) if any(each.draw.limits for each in asked) else {}
    dry = _dry(read, draws, members)
    return {
        member: Drawn(seeds=seeds, numbers=numbers, dry=dry.get(member, {}), days=days.get(member, {}), taken=taken)
        for member in members
    }


def read_seeds(read: Reader, draws: Iterable[str], periods: Iterable[str]) -> dict[tuple[str, str], bytes | None]:
    """Return the seeds of periods, None where one is revealed; those that have none are left out."""
    seed, secret = tables.seed.c, tables.secret.c
    same = and_(secret.draw == seed.draw, secret.period == seed.period)
    wanted = (
        select(seed.draw, seed.period, secret.seed.label("secret"))
        .select_from(tables.seed.outerjoin(tables.secret, same))
        .where(any_of(seed.draw, draws), any_of(seed.period, periods))
    )
    return {
        (row.draw, row.period): None if row.secret is None else bytes.fromhex(row.secret) for row in read.all(wanted)
    }


def _numbers(read: Reader, draws: Iterable[str], asked: Iterable[_Asked]) -> dict[str, int]:
    result = tables.result.c
    counted = select(result.ticket, func.max(result.number).label("number")).where(
        any_of(result.draw, draws),
        any_of(result.period, {each.period for each in asked}),
        any_of(result.ticket, {each.ticket for each in asked}),
    )
    return {row.ticket: row.number for row in read.all(counted.group_by(result.ticket))}


def _taken(read: Reader, draws: Iterable[str]) -> dict[tuple[str, str], int]:
    stock = tables.stock
    return {(row.draw, row.prize): row.taken for row in read.all(select(stock).where(any_of(stock.c.draw, draws)))}


def _days(read: Reader, draws: Iterable[str], members: Iterable[str]) -> dict[str, dict[str, dict[str, int]]]:
    result = tables.result.c
    counted = (
        select(result.member_id, result.draw, result.day, func.count().label("pulls"))
        .where(any_of(result.member_id, members), any_of(result.draw, draws), ~result.taken_back)
        .group_by(result.member_id, result.draw, result.day)
    )
    found: dict[str, dict[str, dict[str, int]]] = {}
    for row in read.all(counted):
        found.setdefault(row.member_id, {}).setdefault(row.draw, {})[row.day] = row.pulls
    return found


def _dry(read: Reader, draws: Iterable[str], members: Iterable[str]) -> dict[str, dict[str, int]]:
    standing = tables.standing
    wanted = select(standing).where(any_of(standing.c.member_id, members), any_of(standing.c.draw, draws))
    found: dict[str, dict[str, int]] = {}
    for row in read.all(wanted):
        found.setdefault(row.member_id, {})[row.draw] = row.dry
    return found


# What follows


def pull(book: Book, activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Yield the price, the pulls, and what they win; raise the refusal where the member may not pull."""
    asked: Mapping[str, Any] = activity.payload
    draw = book.draws.get(asked["draw"])
    if draw is None:
        raise Refusal(declared.DRAW_UNKNOWN.code, draw=asked["draw"])
    if (reason := barred(draw.terms, activity, facts, timedelta(0))) is not None:
        raise Refusal(reason[0], **reason[1])
    known = _drawn(prepared(activity, facts))
    day = facts.local(activity).date()
    _check_limits(draw, asked["pulls"], day, known)
    pulls = _decided(draw, activity, day, known)
    if draw.price:
        yield Debit(activity, rule=draw.rule, account=draw.kind, amount=draw.price * asked["pulls"])
    yield pulls
    prizes = {prize.id: prize for prize in draw.prizes}
    for prize, times in Counter(each["prize"] for each in pulls.results).items():
        if prizes[prize].points:
            amount = prizes[prize].points * times
            yield Credit(activity, rule=draw.prize_rule(prizes[prize]), account=draw.kind, amount=amount)
    for at, each in enumerate(pulls.results):
        prize = prizes[each["prize"]]
        if prize.gives is not None:
            type_, payload = prize.gives
            name = f"{draw.id} {pulls.first + at}"
            yield Follow(activity, rule=draw.prize_rule(prize), type=type_, name=name, payload=payload)


def _check_limits(draw: Draw, pulls: int, day: date, known: Drawn) -> None:
    had = known.days.get(draw.id, {})
    for window, most in draw.limits:
        first, last = (each.isoformat() for each in Window.parse(window).days(day))
        left = most - sum(number for on, number in had.items() if first <= on <= last)
        if pulls > left:
            limit = "total" if window == "lifetime" else window
            raise Refusal(declared.DRAW_LIMIT.code, limit=limit, most=most, left=max(0, left))


def _decided(draw: Draw, activity: Activity, day: date, known: Drawn) -> Pulls:
    """Decide each pull by its number, the weights that are in force for it, and the seed of the period."""
    period, *_ = period_of(draw.per, day)
    if (draw.id, period) not in known.seeds:
        raise Refusal(declared.DRAW_UNSEEDED.code, draw=draw.id, period=period)
    seed = known.seeds[draw.id, period]
    if seed is None:
        raise Refusal(declared.DRAW_OVER.code, draw=draw.id, period=period)
    ticket = ticket_of(draw.id, period, activity.member)
    client_seed: str = activity.payload["client_seed"]
    first, dry = known.numbers.get(ticket, 0) + 1, known.dry.get(draw.id, 0)
    prizes: dict[str, Prize] = {prize.id: prize for prize in draw.prizes}
    left = {
        prize: 0 if (draw.id, prize) in known.gone else most - known.taken.get((draw.id, prize), 0)
        for prize, most in draw.stocked.items()
    }
    results: list[dict[str, Any]] = []
    for number in range(first, first + activity.payload["pulls"]):
        guaranteed = draw.is_due(dry)
        weights = draw.in_force([prize for prize, some in left.items() if some <= 0], dry)
        prize = prizes[
            won(
                seed=seed,
                draw=draw.id,
                period=period,
                ticket=ticket,
                number=number,
                client_seed=client_seed,
                weights=weights,
            )
        ]
        if prize.id in left:
            left[prize.id] -= 1
        hit = draw.hits(prize)
        dry = 0 if hit else dry + 1
        results.append({"prize": prize.id, "weights": weights, "guaranteed": guaranteed, "hit": hit})
    return Pulls(
        activity,
        rule=draw.rule,
        draw=draw.id,
        period=period,
        day=day.isoformat(),
        ticket=ticket,
        client_seed=client_seed,
        first=first,
        dry=dry,
        results=results,
        stock=dict(draw.stocked),
    )


# What is foreseen


def fold(before: Prepared | None, pulls: Pulls) -> Prepared:
    """Return what is known after pulls."""
    known = _drawn(before)
    had = known.days.get(pulls.draw, {})
    after = evolve(
        known,
        numbers={**known.numbers, pulls.ticket: pulls.first + len(pulls.results) - 1},
        dry={**known.dry, pulls.draw: pulls.dry},
        days={**known.days, pulls.draw: {**had, pulls.day: had.get(pulls.day, 0) + len(pulls.results)}},
        taken={
            **known.taken,
            **{
                (pulls.draw, prize): known.taken.get((pulls.draw, prize), 0) + number
                for prize, number in pulls.taken.items()
            },
        },
    )
    return evolve(before or EMPTY, draws=after)


def learn(before: Prepared | None, pulls: Pulls) -> Prepared:
    """Return what is known after a guard failed: of the scarcest prize that the pulls took, somebody took the last.

    Where by now less is known to be left than they took, that was it, and there is nothing more to learn.
    """
    known = _drawn(before)
    wanted = {prize: times for prize, times in pulls.taken.items() if (pulls.draw, prize) not in known.gone}
    if not wanted or any(known.left(pulls, prize) < times for prize, times in wanted.items()):
        return before or EMPTY
    scarcest = min(wanted, key=lambda prize: (known.left(pulls, prize), prize))
    return evolve(before or EMPTY, draws=evolve(known, gone=known.gone | {(pulls.draw, scarcest)}))


def _drawn(before: Prepared | None) -> Drawn:
    """Return what was read of draws, as it is for whoever pulls."""
    known = (before or EMPTY).draws
    assert known is not None
    return known
