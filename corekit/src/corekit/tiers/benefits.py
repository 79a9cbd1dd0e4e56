"""Benefits of the tiers in which members stand, and how much of a quota is left."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from attrs import frozen

from corekit.db.reader import Reader
from corekit.metrics import Window
from corekit.tiers.ladder import Ladder, Tier, claims
from corekit.tiers.read import measured, standing

if TYPE_CHECKING:
    from corekit.program.program import Program


@frozen(kw_only=True)
class Benefit:
    """A benefit of the tier in which a member stands: its name, and what the program says of it (``content``).

    Of one that can be claimed, ``used`` is how often it was in the ``window``, and ``left`` how often it still can be
    (None: as often as one likes).
    """

    ladder: str
    tier: str
    name: str
    content: Any
    claimable: bool
    limit: int | None = None
    window: Window | None = None
    used: int = 0

    @property
    def left(self) -> int | None:
        """How often it can be claimed still; None is as often as one likes."""
        return None if self.limit is None else max(0, self.limit - self.used)


def benefits(
    program: Program, read: Reader, member_ids: Iterable[str], now: datetime, zone: ZoneInfo
) -> dict[str, list[Benefit]]:
    """Return for each member the benefits of its tiers, by ladder; ``zone`` is the program's."""
    ids = list(member_ids)
    tiers: dict[str, list[tuple[Ladder, Tier]]] = {}
    for key, standings in standing(read, ids).items():
        codes = {each.ladder: each.tier for each in standings}
        tiers[key] = [(ladder, ladder.tier(codes.get(ladder.code))) for ladder in program.ladders]
    wanted = {
        (claims(ladder.code, name), quota.window)
        for found in tiers.values()
        for ladder, tier in found
        for name, quota in tier.quotas.items()
    }
    day = now.astimezone(zone).date()
    measures = measured(read, ids, wanted, day, zone)
    return {
        key: [_benefit(ladder, tier, name, measures[key]) for ladder, tier in found for name in tier.benefits]
        for key, found in tiers.items()
    }


def _benefit(ladder: Ladder, tier: Tier, name: str, measure: Any) -> Benefit:
    quota = tier.quotas.get(name)
    return Benefit(
        ladder=ladder.code,
        tier=tier.code,
        name=name,
        content=tier.benefits[name],
        claimable=quota is not None,
        limit=None if quota is None else quota.limit,
        window=None if quota is None else quota.window,
        used=0 if quota is None else measure(claims(ladder.code, name), quota.window),
    )
