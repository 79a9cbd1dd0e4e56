"""The rules of tiers as the documentation states them, for two ladders that are evaluated at once."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Any

from attrs import define

DAY = 86_400_000_000
FIRST = date(1970, 1, 1)

PROGRAM = """
[program]
name = "Model"

[[ladders]]
code = "status"
name = "Status"
validity = {months = 1}
downgrade = "one_step"
grace_days = 10

[[ladders.tiers]]
code = "base"
name = "Base"

[[ladders.tiers]]
code = "silver"
name = "Silver"
criteria = [{metric = "spend", window = "rolling 60 days", at_least = 20}]

[[ladders.tiers]]
code = "gold"
name = "Gold"
criteria = [{metric = "spend", window = "rolling 60 days", at_least = 60}]

[[ladders]]
code = "loyal"
name = "Loyal"

[[ladders.tiers]]
code = "new"
name = "New"

[[ladders.tiers]]
code = "known"
name = "Known"
criteria = [{metric = "visits", at_least = 2}]

[[ladders.tiers]]
code = "friend"
name = "Friend"
criteria = [{metric = "visits", at_least = 4}]
"""


@define
class Ladder:
    """Tiers by what they ask of a metric: over the last so many days, or ever; and for how long a stay is valid."""

    code: str
    metric: str
    days: int | None
    tiers: list[tuple[str, int]]
    months: int | None = None
    grace: int = 0


LADDERS = (
    Ladder("status", "spend", 60, [("base", 0), ("silver", 2_000), ("gold", 6_000)], months=1, grace=10),
    Ladder("loyal", "visits", None, [("new", 0), ("known", 2), ("friend", 4)]),
)


@define(eq=False)
class Stay:
    """A member's time in a tier: why it began, until when it is valid, and whether its cause was taken back."""

    tier: int
    reason: str
    until: int | None
    cause: Any = None
    is_undone: bool = False


class Standing:
    """One member on one ladder."""

    def __init__(self, ladder: Ladder, joined: int) -> None:
        self.ladder = ladder
        self.stays = [Stay(0, "joined", None)]
        self.measured: dict[int, int] = {}

    @property
    def now(self) -> Stay:
        return self.stays[-1]

    @property
    def tier(self) -> str:
        return self.ladder.tiers[self.now.tier][0]

    def measure(self, day: int, spend: int, visits: int) -> None:
        self.measured[day] = self.measured.get(day, 0) + (spend if self.ladder.metric == "spend" else visits)

    def qualifies(self, day: int) -> int:
        """The highest tier whose criterion holds as seen from a day."""
        days = self.ladder.days
        value = sum(part for on, part in self.measured.items() if days is None or day - days < on <= day)
        return max(rank for rank, (_, at_least) in enumerate(self.ladder.tiers) if rank == 0 or value >= at_least)

    def valid(self, tier: int, day: int) -> int | None:
        """So many whole months, to the end of their last day; nobody falls below the first tier."""
        if self.ladder.months is None or tier == 0:
            return None
        first = FIRST + timedelta(days=day)
        index = first.month - 1 + self.ladder.months
        year, month = first.year + index // 12, index % 12 + 1
        after = date(year, month, min(first.day, monthrange(year, month)[1]))
        last = max(first, after - timedelta(days=1))
        return ((last - FIRST).days + 1) * DAY

    def looks(self, deed: Any, now: int, *, is_reversal: bool) -> bool:
        """What was measured only lifts, and ends a grace; a reversal also lowers who rests on what was taken back."""
        return self._rises(now) or (is_reversal and self._falls(now))

    def _rises(self, now: int) -> bool:
        tier = self.qualifies(now // DAY)
        if tier == self.now.tier and self.now.reason == "grace":
            return self._begins(tier, "requalified", now // DAY)
        return tier > self.now.tier and self._begins(tier, "qualified", now // DAY)

    def _falls(self, now: int) -> bool:
        """Who stands where a reversal led, or on what was taken back, falls as deep as nothing holds it any more."""
        if self.now.reason != "reversal" and not self.now.is_undone:
            return False
        best, back = self.qualifies(now // DAY), self._last_standing()
        if max(best, back.tier) >= self.now.tier:
            return False
        return self._back_to(best, back, now)

    def _back_to(self, best: int, back: Stay, now: int) -> bool:
        """To the last stay that stands, with its validity; but no deeper than it qualifies for."""
        until = self.valid(best, now // DAY) if best > back.tier else back.until
        self.stays.append(Stay(max(best, back.tier), "reversal", until))
        return True

    def _last_standing(self) -> Stay:
        return next(s for s in self.stays[-2::-1] if s is self.stays[0] or not (s.is_undone or s.reason == "reversal"))

    def withdraw(self, cause: Any, now: int) -> None:
        """The cause of a stay is taken back: it is withdrawn if the member no longer qualifies for it."""
        begun = next(stay for stay in self.stays if stay.cause is cause)
        begun.is_undone = True
        if begun is not self.now:
            self._falls(now)
        elif self.qualifies(now // DAY) < begun.tier:
            self._back_to(self.qualifies(now // DAY), self._last_standing(), now)

    def rate(self, now: int) -> None:
        """Judge each stay that is over as of its last day, however late; then lift who qualifies."""
        while self.now.until is not None and self.now.until <= now:
            self._over(self.now.until, now)
        self._rises(now)

    def _over(self, end: int, now: int) -> None:
        last, day = end // DAY - 1, end // DAY
        tier = max(self.qualifies(last), self.qualifies(now // DAY))  # what was reached since counts at once
        if tier >= self.now.tier:
            self._begins(tier, "qualified" if tier > self.now.tier else "renewed", day)
        elif self.ladder.grace and self.now.reason != "grace":
            self.stays.append(Stay(self.now.tier, "grace", (day + self.ladder.grace) * DAY))
        else:
            self._begins(self.now.tier - 1, "downgraded", day)

    def _begins(self, tier: int, reason: str, day: int) -> bool:
        self.stays.append(Stay(tier, reason, self.valid(tier, day)))
        return True
