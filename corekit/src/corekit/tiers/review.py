"""What becomes of a stay in a tier: a pure function of the ladder, the stay, the member's figures, and an instant.

Settlement asks it when something was measured, the sweep at its instants, a preview for any instant. It looks at
nothing else, so the same answer comes out wherever and however often it is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

from attrs import field, frozen

from corekit.metrics import LIFETIME
from corekit.tiers.evaluate import progress, qualified
from corekit.tiers.figures import Figures
from corekit.tiers.ladder import Ladder, Measure, Tier
from corekit.tiers.policy import last_evaluation, start_of

QUALIFIED = "qualified"
"""The criteria of a higher tier hold."""
REQUESTED = "requested"
"""They hold, and the member asked."""
RENEWED = "renewed"
"""At the end of its validity the tier was given anew."""
REQUALIFIED = "requalified"
"""The criteria hold again while the member was in grace."""
GRACE = "grace"
"""They no longer held at the end of the validity, and the member keeps the tier a while."""
DOWNGRADED = "downgraded"
"""They no longer held."""
REVERSAL = "reversal"
"""What gave the tier above was taken back."""
MANUAL = "manual"
"""Somebody said so."""
MERGED = "merged"
"""Another member that became a part of this one stood there."""
JOINED = "joined"
"""Everybody begins in the first tier."""

RERATED = frozenset({RENEWED, REQUALIFIED, DOWNGRADED})
"""The reasons with which a new rating begins, upon which the growth value is reset or reduced."""


@frozen
class Stay:
    """A member's stay in a tier: since when, until when it is valid, why, and until when nobody else may change it.

    Instants are UTC microseconds; ``expires_at`` None is for ever. One that follows upon a validity that was over
    counts ``since`` the end of that, however late it was given (:func:`since`).
    """

    tier: Tier
    since: int
    expires_at: int | None
    reason: str
    locked_until: int | None = None

    def is_locked(self, at: int) -> bool:
        """Say whether somebody has locked it at an instant."""
        return self.locked_until is not None and self.locked_until > at


@frozen
class Change:
    """Another stay is to begin: in which tier, why, until when it is valid, and what was measured to find it.

    ``growth`` is how much of the ladder's growth value the re-rating takes.
    """

    tier: Tier
    reason: str
    expires_at: int | None
    measured: Mapping[str, int] = field(factory=dict[str, int])
    growth: int = 0


@frozen
class Ending:
    """The membership is to end by the step ``activity``: nothing was consumed while the stay was valid."""

    activity: str
    first: date
    last: date


@frozen
class Notice:
    """The member is to be told that it will lose the tier at ``expires_at``, and how much is missing for what."""

    expires_at: int
    reason: Literal["not_qualified", "nothing_consumed"]
    missing: Mapping[str, int] = field(factory=dict[str, int])


Verdict = Change | Ending | Notice


def since(given: int, ended: int | None) -> int:
    """Return since when a stay counts that was given at an instant, after one that was valid until ``ended``."""
    return given if ended is None else min(given, ended)


def joined(ladder: Ladder, figures: Figures) -> Stay:
    """Return the stay of who has no assignment: in the first tier, since it joined."""
    at = figures.joined_at
    return Stay(ladder.tiers[0], at, expiry(ladder, ladder.tiers[0], figures.joined, figures), JOINED)


def expiry(ladder: Ladder, tier: Tier, first: date, figures: Figures) -> int | None:
    """Return until when a stay that begins on the day ``first`` is valid.

    Nobody falls below the first tier, so it ends only where the ladder ends the membership of who consumes nothing.
    """
    if ladder.validity is None or (tier.rank == 0 and ladder.termination is None):
        return None
    return ladder.validity.expires(first, figures.joined, figures.zone)


def evaluate(ladder: Ladder, stay: Stay, figures: Figures, at: int) -> Verdict | None:
    """Return what is to become of a stay at an instant, or None: the whole policy of a ladder.

    A stay whose validity is over is judged as of its last day, however late one looks; a scheduled evaluation as of the
    day before it. So what a late sweep finds is what a punctual one would have found.
    """
    if stay.is_locked(at):
        return None
    if stay.expires_at is not None and stay.expires_at <= at:
        return _over(ladder, stay, figures, at, stay.expires_at)
    found = None
    if ladder.evaluate == "at_once":
        found = upgrade(ladder, stay, figures, at, figures.seen(figures.day(at)))
    elif ladder.evaluate == "scheduled":
        instant = last_evaluation(ladder.every, at, figures.zone)
        if instant > stay.since:
            found = upgrade(ladder, stay, figures, at, figures.as_of(_before(figures, instant), ladder.growth))
    return found or _warning(ladder, stay, figures, at)


def settled(ladder: Ladder, stay: Stay, figures: Figures, at: int) -> Change | None:
    """Return what follows at once from what was measured just now: only ever a rise, or the end of a grace."""
    if ladder.evaluate != "at_once" or stay.is_locked(at):
        return None
    return upgrade(ladder, stay, figures, at, figures.seen(figures.day(at)))


def requested(ladder: Ladder, stay: Stay, figures: Figures, at: int) -> Change | None:
    """Return the rise that a member may ask for, or None where it does not qualify."""
    return upgrade(ladder, stay, figures, at, figures.seen(figures.day(at)), reason=REQUESTED)


def upgrade(
    ladder: Ladder, stay: Stay, figures: Figures, at: int, measure: Measure, reason: str = QUALIFIED
) -> Change | None:
    """Return the change to the tier whose criteria hold by a measure, where that is above the stay."""
    tier, measured = qualified(ladder, measure)
    first = figures.day(at)
    if tier.rank == stay.tier.rank and stay.reason == GRACE:
        expires_at = expiry(ladder, tier, first, figures)
        return Change(tier, REQUALIFIED, expires_at, measured, _taken(ladder, measure))
    if tier.rank <= stay.tier.rank:
        return None
    expires_at = expiry(ladder, tier, first, figures)
    if ladder.validity is not None and not ladder.validity.restarts and stay.expires_at is not None:
        expires_at = stay.expires_at
    return Change(tier, reason, expires_at, measured)


def _over(ladder: Ladder, stay: Stay, figures: Figures, at: int, instant: int) -> Change | Ending:
    """Return what becomes of a stay whose validity ended at ``instant``."""
    last = _before(figures, instant)
    ending = ladder.termination
    if ending is not None and stay.reason != GRACE:
        first = figures.day(stay.since)
        if figures.between(ending.metric, first, last) <= 0:
            return Ending(ending.activity, first, last)
    measure = figures.as_of(last, ladder.growth)
    best, measured = qualified(ladder, measure)
    if ladder.evaluate == "at_once":  # what was reached since would have lifted the member again at once
        later, measured_later = qualified(ladder, figures.seen(figures.day(at)))
        if later.rank > best.rank:
            best, measured = later, measured_later
    if ladder.evaluate == "on_request" and best.rank > stay.tier.rank:
        best = stay.tier
    if best.rank < stay.tier.rank:
        tier, reason = _fallen(ladder, stay, best)
    else:
        tier, reason = best, QUALIFIED if best.rank > stay.tier.rank else RENEWED
    first = figures.day(instant)
    if reason == GRACE:
        return Change(tier, GRACE, start_of(first + timedelta(days=ladder.grace_days), figures.zone), measured)
    growth = _taken(ladder, measure) if reason in RERATED else 0
    return Change(tier, reason, expiry(ladder, tier, first, figures), measured, growth)


def _fallen(ladder: Ladder, stay: Stay, best: Tier) -> tuple[Tier, str]:
    """Return where who no longer qualifies stands from then on, and why."""
    if ladder.downgrade == "none":
        return stay.tier, RENEWED
    if ladder.grace_days and stay.reason != GRACE:
        return stay.tier, GRACE
    return best if ladder.downgrade == "to_qualified" else ladder.tiers[stay.tier.rank - 1], DOWNGRADED


def _warning(ladder: Ladder, stay: Stay, figures: Figures, at: int) -> Notice | None:
    """Return the notice ahead of an end that is near and would change something."""
    if not ladder.warn_days or stay.expires_at is None:
        return None
    if figures.day(at) < figures.day(stay.expires_at) - timedelta(days=ladder.warn_days):
        return None
    ending = ladder.termination
    if ending is not None and stay.reason != GRACE:
        consumed = figures.between(ending.metric, figures.day(stay.since), figures.day(at))
        if consumed <= 0:
            return Notice(stay.expires_at, "nothing_consumed", {f"{ending.metric} validity": 1})
    if ladder.downgrade == "none" or stay.tier.rank == 0:
        return None
    measure = figures.seen(figures.day(at))
    if qualified(ladder, measure)[0].rank >= stay.tier.rank:
        return None
    ahead = progress(ladder, ladder.tiers[stay.tier.rank - 1], measure)
    missing = {step.criterion.key: step.missing for step in ahead.steps if step.missing}
    return Notice(stay.expires_at, "not_qualified", missing)


def _taken(ladder: Ladder, measure: Measure) -> int:
    return 0 if ladder.growth is None else ladder.growth.taken(measure(ladder.growth.name, LIFETIME))


def _before(figures: Figures, instant: int) -> date:
    """Return the day that ends at an instant."""
    return figures.day(instant - 1)
