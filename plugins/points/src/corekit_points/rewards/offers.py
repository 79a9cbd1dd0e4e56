"""What members can have now, and what stands against the rest of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import frozen
from sqlalchemy import select

from corekit import MemberNow, Offer, Program, Reader, Refusal, Tier, any_of, balances
from corekit.tables import assignment
from corekit_points.rewards import redeeming, stock
from corekit_points.rewards.catalogue import Reward, Why
from corekit_points.rewards.reasons import Standing, reasons

if TYPE_CHECKING:
    from corekit_points.rules import Book

KIND = "points.reward"
"""What a reward is among all that members can have."""


@frozen(kw_only=True)
class Somebody:
    """What of a member decides: its tiers by ladder, in their order, and what it may spend, by account kind."""

    tiers: Mapping[str, Tier]
    available: Mapping[str, int]


@frozen
class Judged:
    """A reward, and everything that speaks against a member's having it now."""

    reward: Reward
    reasons: tuple[Why, ...]

    @property
    def can_have(self) -> bool:
        """Whether nothing does."""
        return not self.reasons


def judged(read: Reader, book: Book, members: Mapping[str, Somebody], at: datetime) -> Mapping[str, Sequence[Judged]]:
    """Return for each member the whole catalogue in its order: two statements at most."""
    rewards = list(book.rewards.values())
    limited = [each.id for each in rewards if each.limits]
    had = redeeming.had(read, members, limited) if limited else {}
    left = stock.left(read, (each.id for each in rewards if each.stocked))
    day = at.astimezone(book.zone).date()
    return {
        member: [
            Judged(
                each,
                tuple(
                    reasons(
                        each,
                        Standing(
                            day=day,
                            tier=who.tiers.get(each.ladder or next(iter(who.tiers), "")),
                            available=who.available.get(each.price.account, 0),
                            had=had.get(member, {}).get(each.id, {}),
                            left=left.get(each.id) if each.stocked else None,
                        ),
                    )
                ),
            )
            for each in rewards
        ]
        for member, who in members.items()
    }


def offered(read: Reader, book: Book, members: Sequence[MemberNow], at: datetime) -> Iterator[Offer]:
    """Yield the catalogue for each member, as it stands beside what other plugins offer: with the first reason."""
    if not book.rewards:
        return
    people = {each.id: Somebody(tiers=each.tiers, available=each.available) for each in members}
    for member, catalogue in judged(read, book, people, at).items():
        for each in catalogue:
            price = each.reward.price
            reason = next(iter(each.reasons), None)
            yield Offer(
                member=member,
                kind=KIND,
                code=each.reward.id,
                title={language: words.name for language, words in each.reward.words.items()},
                price={price.account: price.points, **({price.money_unit: price.money} if price.money else {})},
                reason=Refusal(reason[0], **reason[1]) if reason is not None else None,
            )


def people(read: Reader, program: Program, members: Sequence[str], now: datetime) -> Mapping[str, Somebody]:
    """Return what decides of members: two statements."""
    tiers = _tiers(read, program, members)
    held = balances(read, members, now)
    return {
        member: Somebody(
            tiers={ladder.code: tiers.get((member, ladder.code), ladder.tiers[0]) for ladder in program.ladders},
            available={each.kind: each.available for each in held[member]},
        )
        for member in members
    }


def _tiers(read: Reader, program: Program, members: Sequence[str]) -> Mapping[tuple[str, str], Tier]:
    """Return in which tiers members stand, by member and ladder; who was never judged is left out."""
    known = {(ladder.code, tier.code): tier for ladder in program.ladders for tier in ladder.tiers}
    if not known:
        return {}
    now: Any = assignment.c.valid_to.is_(None)
    standing = select(assignment.c.member_id, assignment.c.ladder, assignment.c.tier).where(
        any_of(assignment.c.member_id, members), now
    )
    found = {(row.member_id, row.ladder): known.get((row.ladder, row.tier)) for row in read.all(standing)}
    return {key: tier for key, tier in found.items() if tier is not None}
