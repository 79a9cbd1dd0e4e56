"""What members can have now, and what stands against the rest of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from attrs import frozen
from sqlalchemy import select

from corekit import Program, Reader, Tier, any_of, balances
from corekit.tables import assignment
from corekit_points.rewards import redeeming, stock
from corekit_points.rewards.catalogue import Reward, Why
from corekit_points.rewards.reasons import Standing, reasons

if TYPE_CHECKING:
    from corekit_points.rules import Book


@frozen
class Offer:
    """A reward, and everything that speaks against a member's having it now."""

    reward: Reward
    reasons: tuple[Why, ...]

    @property
    def can_have(self) -> bool:
        """Whether nothing does."""
        return not self.reasons


def offers(
    read: Reader, program: Program, members: Sequence[str], now: datetime, zone: ZoneInfo
) -> Mapping[str, Sequence[Offer]]:
    """Return for each member the whole catalogue of the program in its order: four statements at most."""
    book: Book = program.sections["points"]
    rewards = list(book.rewards.values())
    limited = [each.id for each in rewards if each.limits]
    had = redeeming.had(read, members, limited) if limited else {}
    left = stock.left(read, (each.id for each in rewards if each.stocked))
    tiers = _tiers(read, program, members) if any(each.least_tier for each in rewards) else {}
    held = balances(read, members, now) if rewards else {}
    available = {(member, each.kind): each.available for member, kinds in held.items() for each in kinds}
    first = program.ladders[0].code if program.ladders else ""
    day = now.astimezone(zone).date()
    return {
        member: [
            Offer(
                each,
                tuple(
                    reasons(
                        each,
                        Standing(
                            day=day,
                            tier=tiers.get((member, each.ladder or first)),
                            available=available.get((member, each.price.account), 0),
                            had=had.get(member, {}).get(each.id, {}),
                            left=left.get(each.id) if each.stocked else None,
                        ),
                    )
                ),
            )
            for each in rewards
        ]
        for member in members
    }


def _tiers(read: Reader, program: Program, members: Sequence[str]) -> Mapping[tuple[str, str], Tier]:
    """Return in which tier each member stands, by member and ladder: one statement. Everybody begins in the lowest."""
    known = {(ladder.code, tier.code): tier for ladder in program.ladders for tier in ladder.tiers}
    now: Any = assignment.c.valid_to.is_(None)
    standing = select(assignment.c.member_id, assignment.c.ladder, assignment.c.tier).where(
        any_of(assignment.c.member_id, members), now
    )
    begun = {(member, ladder.code): ladder.tiers[0] for member in members for ladder in program.ladders}
    found = {(row.member_id, row.ladder): known.get((row.ladder, row.tier)) for row in read.all(standing)}
    return begun | {key: tier for key, tier in found.items() if tier is not None}
