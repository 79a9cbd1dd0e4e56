"""Tiers of a plan: what the policies of the ladders make of its members, and the stays that begin and end.

What becomes of a stay is decided by :mod:`corekit.tiers.review`; here it becomes activities and assignments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import evolve

from corekit.activities.activity import Activity
from corekit.activities.effects import ClaimBenefit, PlaceInTier, RequestTier, SetTier
from corekit.activities.incoming import Incoming, internal
from corekit.activities.plan import Plan
from corekit.activities.planned import Planned
from corekit.activities.planned_facts import figures_of, tier_at
from corekit.activities.reverse import MERGED_FROM, Original
from corekit.activities.terms import Terms
from corekit.clock import micros, moment
from corekit.errors import Refusal
from corekit.ledger.state import NEVER, Assignment, Member
from corekit.tiers import review
from corekit.tiers.due import EXPIRING, notice_key
from corekit.tiers.evaluate import progress, qualified
from corekit.tiers.figures import Figures
from corekit.tiers.ladder import Ladder, asked, claims
from corekit.tiers.review import Change, Ending, Stay, Verdict

EARNED = frozenset({review.QUALIFIED, review.REQUESTED})
"""The reasons of tiers that a ladder may let a member keep although their cause was reversed."""


class Tiering:
    """Judges the members of a plan by its ladders."""

    def __init__(self, plan: Plan) -> None:
        self._terms = plan.terms
        self._accounts = plan.terms.ladder_accounts

    # ---------------------------------------------------------------------------------------------- what follows

    def changes(self, member: Member, planned: Planned) -> list[Activity]:
        """Return what follows at once from what an activity measured: rises, and nudges of who comes close to one.

        And falls where an earlier reversal led to a tier that rests on what this one takes back.
        """
        if not member.exists or member.merged_into is not None or not self._concerns(planned):
            return []
        found: list[Activity] = []
        figures = figures_of(self._terms, member)
        for ladder in self._ladders(planned):
            stay = stay_of(member, ladder, figures)
            change = review.settled(ladder, stay, figures, planned.voucher.at)
            change = _better(stay, change, _carried(ladder, planned), planned.voucher.at)
            if change is None and planned.incoming.activity.reverses is not None:
                change = _fallen(member, ladder, stay, figures, planned)
            if change is not None:
                found.append(planned.child("tier.changed", f"tier:{ladder.code}", payload=told(ladder, stay, change)))
            elif ladder.nudge and not stay.is_locked(planned.voucher.at):
                found += self._nudges(ladder, stay, figures, planned)
        return found

    def _concerns(self, planned: Planned) -> bool:
        if planned.incoming.kind.name == MERGED_FROM:
            return True
        shifted = [name for name, _ in planned.shifted]
        if not self._terms.ladder_metrics.isdisjoint([*planned.measures, *shifted]):
            return True
        return bool(self._accounts) and any(effect.account in self._accounts for effect in planned.effects)

    def _nudges(self, ladder: Ladder, stay: Stay, figures: Figures, planned: Planned) -> list[Activity]:
        """Return the notice that the next tier has come close, if it had not been before this activity."""
        day = figures.day(planned.voucher.at)
        ahead = progress(ladder, stay.tier, figures.seen(day))
        if not ahead.close or ahead.next is None:
            return []
        before = progress(ladder, stay.tier, self._before(figures, planned).seen(day))
        if before.close:
            return []
        payload = {
            "ladder": ladder.code,
            "tier": stay.tier.code,
            "next_tier": ahead.next.code,
            "percent": ahead.percent,
            "missing": {step.criterion.key: step.missing for step in ahead.steps if step.missing},
        }
        return [planned.child("tier.close", f"close:{ladder.code}", payload=payload)]

    def _before(self, figures: Figures, planned: Planned) -> Figures:
        """Return the figures without what an activity of the plan added."""
        totals, days, balances = dict(figures.totals), dict(figures.days), dict(figures.balances)
        for (name, day), value in planned.measured(self._terms.zone).items():
            totals[name] = totals.get(name, 0) - value
            known = days.get(name, {})
            days[name] = {**known, day: known.get(day, 0) - value}
        for effect in planned.effects:
            if effect.account in self._accounts and effect.state == "applied" and effect.undoes is None:
                sign = 1 if effect.kind == "Credit" else -1
                balances[effect.account] = balances.get(effect.account, 0) - sign * effect.amount
        return evolve(figures, totals=totals, days=days, balances=balances)

    def due(self, member: Member, code: str, at: int, *, historical: bool) -> Incoming | None:
        """Return the activity by which the policy of a ladder takes its course as of an instant, if it does.

        It settles then where it is ``historical``, else now.
        """
        ladder = _named(self._terms.program_at(at).ladders, code)
        figures = figures_of(self._terms, member)
        stay = stay_of(member, ladder, figures)
        verdict = review.evaluate(ladder, stay, figures, at)
        if verdict is None:
            return None
        stays = member.assignments.get(code)
        begun = stays[-1].id if stays else member.id
        kind, payload = described(ladder, stay, verdict)
        # What was refused or failed is tried again by a sweep of another instant; a notice is given once.
        key = notice_key(code, begun) if kind == EXPIRING else f"{kind}:{code}:{begun}:{at}"
        activity = Activity(
            type=kind, member=member.id, occurred_at=moment(at), source="core", external_id=key, payload=payload
        )
        return internal(activity, self._terms.types[kind], at, historical=historical)

    # ------------------------------------------------------------------------------------------------- effects

    def apply(
        self,
        member: Member,
        planned: Planned,
        effect: SetTier | PlaceInTier | RequestTier | ClaimBenefit,
        follow_ons: list[Activity],
    ) -> None:
        """Apply an effect on a tier."""
        if isinstance(effect, SetTier):
            self.begin(member, planned, effect)
        elif isinstance(effect, PlaceInTier):
            self.place(member, planned, effect)
        elif isinstance(effect, RequestTier):
            follow_ons.append(self.request(member, planned, effect))
        else:
            self.claim(member, planned, effect)

    def begin(self, member: Member, planned: Planned, effect: SetTier) -> None:
        """Begin the stay that was decided, unless the member has moved on since."""
        ladder = self._ladder(effect.ladder, planned)
        stay = stay_of(member, ladder, figures_of(self._terms, member))
        if effect.was is not None and effect.was != stay.tier.code:
            raise Refusal("TIER_MOVED_ON", ladder=ladder.code, tier=stay.tier.code)
        expires_at = None if effect.expires_at is None else micros(effect.expires_at)
        change = Change(ladder.tier(effect.tier), effect.reason, expires_at, effect.measured, effect.growth)
        self._assign(member, planned, ladder, change)
        growth = ladder.growth
        if effect.growth and growth is not None and growth.metric is not None:
            planned.measures[growth.metric] = planned.measures.get(growth.metric, 0) - effect.growth

    def place(self, member: Member, planned: Planned, effect: PlaceInTier) -> None:
        """Put the member where somebody says, for as long as the ladder's validity or the lock lasts."""
        ladder = self._ladder(effect.ladder, planned)
        at = planned.voucher.at
        if all(tier.code != effect.tier for tier in ladder.tiers):
            raise Refusal("TIER_UNKNOWN", ladder=ladder.code, tier=effect.tier)
        self._unlocked(member, ladder, at, planned.incoming.activity.actor)
        until = None if effect.locked_until is None else micros(effect.locked_until)
        if until is not None and until <= at:
            raise Refusal("TIER_LOCK_PAST", locked_until=moment(until).isoformat())
        figures = figures_of(self._terms, member)
        tier = ladder.tier(effect.tier)
        expires_at = review.expiry(ladder, tier, figures.day(at), figures)
        # When a lock ends the stay is looked at, whatever the ladder says of validity.
        expires_at = max(expires_at or until, until) if until is not None else expires_at
        self._assign(
            member, planned, ladder, Change(tier, review.MANUAL, expires_at), until, planned.incoming.activity.actor
        )

    def request(self, member: Member, planned: Planned, effect: RequestTier) -> Activity:
        """Return the rise that the member asks for; refuse it where there is none."""
        ladder = self._ladder(effect.ladder, planned)
        at = planned.voucher.at
        self._unlocked(member, ladder, at, None)
        figures = figures_of(self._terms, member)
        stay = stay_of(member, ladder, figures)
        change = review.requested(ladder, stay, figures, at)
        if change is None:
            ahead = progress(ladder, stay.tier, figures.seen(figures.day(at)))
            missing = {step.criterion.key: step.missing for step in ahead.steps if step.missing}
            raise Refusal("TIER_NOT_QUALIFIED", ladder=ladder.code, tier=stay.tier.code, missing=missing)
        return planned.child("tier.changed", f"tier:{ladder.code}", payload=told(ladder, stay, change))

    def claim(self, member: Member, planned: Planned, effect: ClaimBenefit) -> None:
        """Count a claim of a benefit; refuse it where the tier has none, or its quota is used up."""
        ladder = self._ladder(effect.ladder, planned)
        tier = ladder.tier(tier_at(member, ladder.code, planned.incoming.occurred))
        quota = tier.quotas.get(effect.benefit)
        if quota is None:
            raise Refusal("BENEFIT_UNKNOWN", ladder=ladder.code, tier=tier.code, benefit=effect.benefit)
        figures = figures_of(self._terms, member)
        metric = claims(ladder.code, effect.benefit)
        used = figures.sum(metric, quota.window, figures.day(planned.incoming.occurred))
        if quota.limit is not None and used + effect.quantity > quota.limit:
            left = max(0, quota.limit - used)
            raise Refusal(
                "BENEFIT_USED_UP", benefit=effect.benefit, limit=quota.limit, window=str(quota.window), left=left
            )
        planned.measures[metric] = planned.measures.get(metric, 0) + effect.quantity

    def _ladders(self, planned: Planned) -> Sequence[Ladder]:
        """Return the ladders that judge an activity: those of the time when it occurred.

        A late one finds its member on the ladder of today. Where that has other tiers, in other ranks, the two cannot
        be compared, and the ladder of today judges; one that is no more judges nobody.
        """
        judging = self._terms.program_at(planned.incoming.occurred)
        today = self._terms.program_at(planned.voucher.at)
        if judging is today:
            return judging.ladders
        of_then = {ladder.code: ladder for ladder in judging.ladders}
        same = ((of_then.get(ladder.code, ladder), ladder) for ladder in today.ladders)
        return [then if _codes(then) == _codes(now) else now for then, now in same]

    def _ladder(self, code: str, planned: Planned) -> Ladder:
        return _named(self._ladders(planned), code)

    @staticmethod
    def _unlocked(member: Member, ladder: Ladder, at: int, actor: str | None) -> None:
        """Refuse where somebody else has locked the member's tier."""
        stays = member.assignments.get(ladder.code)
        last = stays[-1] if stays else None
        if last is None or last.locked_until is None or last.locked_until <= at:
            return
        if actor is None or actor != last.locked_by:
            until = moment(last.locked_until).isoformat()
            raise Refusal("TIER_LOCKED", ladder=ladder.code, tier=last.tier, locked_until=until)

    def _assign(
        self,
        member: Member,
        planned: Planned,
        ladder: Ladder,
        change: Change,
        locked_until: int | None = None,
        locked_by: str | None = None,
    ) -> None:
        """End the member's stay in a tier of a ladder, and begin the next one."""
        journal = member.journal
        stays = member.assignments.get(ladder.code)
        if stays is None:
            stays = []
            journal.put(member.assignments, ladder.code, stays)
        if stays and stays[-1].valid_to is None:
            journal.set(stays[-1], "valid_to", planned.voucher.at)
            journal.set(stays[-1], "ended_by", planned.voucher)
        journal.push(
            stays,
            Assignment(
                ladder.code,
                change.tier.code,
                planned.voucher,
                reason=change.reason,
                measured=change.measured,
                program=self._terms.program_at(planned.incoming.occurred).version,
                expires_at=change.expires_at,
                locked_until=locked_until,
                locked_by=locked_by if locked_until is not None else None,
            ),
        )

    # ----------------------------------------------------------------------------------------------- taking back

    def withdraw(self, member: Member, planned: Planned, original: Original, code: str | None) -> None:
        """Take back a stay whose beginning is reversed.

        The member falls back to the last stay that still stands, or, where it rises at once, to the highest tier for
        which it still qualifies; a ladder may let it keep what it had earned.
        """
        ladder = next((each for each in self._ladders(planned) if each.code == code), None)
        stays = member.assignments.get(code or "")
        if ladder is None or not stays:
            return
        begun = next((stay for stay in stays if stay.activity_id == original.id), None)
        if begun is None or (begun.reason in EARNED and ladder.on_reversal == "keep"):
            return
        member.journal.set(begun, "undone_by", planned.incoming.activity.id)
        figures = figures_of(self._terms, member)
        if begun is not stays[-1]:  # something else led to where the member stands: perhaps a reversal, upon this
            fall = _fallen(member, ladder, stay_of(member, ladder, figures), figures, planned)
            if fall is not None:
                self._assign(member, planned, ladder, fall)
            return
        back = _last_standing(stays, ladder, figures)
        expires_at, measured = back.expires_at, dict[str, int]()
        tier = back.tier
        if ladder.evaluate == "at_once":
            best, measured = qualified(ladder, figures.seen(figures.day(planned.voucher.at)))
            if begun.reason in EARNED and best.rank >= ladder.tier(begun.tier).rank:
                return
            if best.rank > tier.rank:
                tier = best
                expires_at = review.expiry(ladder, best, figures.day(planned.voucher.at), figures)
        self._assign(member, planned, ladder, Change(tier, review.REVERSAL, expires_at, measured))


def stay_of(member: Member, ladder: Ladder, figures: Figures) -> Stay:
    """Return where a member of a plan stands on a ladder."""
    stays = member.assignments.get(ladder.code)
    if not stays:
        return review.joined(ladder, figures)
    last = stays[-1]
    before = review.joined(ladder, figures) if len(stays) == 1 else stays[-2]
    begun = review.since(last.valid_from, before.expires_at)
    return Stay(ladder.tier(last.tier), begun, last.expires_at, last.reason, last.locked_until)


def told(ladder: Ladder, stay: Stay, change: Change) -> dict[str, Any]:
    """Return the payload of the activity that tells of a change."""
    growth = ladder.growth
    return {
        "ladder": ladder.code,
        "from_tier": stay.tier.code,
        "to_tier": change.tier.code,
        "reason": change.reason,
        "measured": dict(change.measured),
        "expires_at": None if change.expires_at is None else moment(change.expires_at).isoformat(),
        "growth": change.growth,
        "growth_account": growth.account if growth is not None and change.growth else None,
    }


def described(ladder: Ladder, stay: Stay, verdict: Verdict) -> tuple[str, dict[str, Any]]:
    """Return type and payload of the activity that a verdict leads to."""
    if isinstance(verdict, Change):
        return "tier.changed", told(ladder, stay, verdict)
    if isinstance(verdict, Ending):
        return verdict.activity, {"reason": f"nothing consumed from {verdict.first} to {verdict.last}"}
    payload = {
        "ladder": ladder.code,
        "tier": stay.tier.code,
        "expires_at": moment(verdict.expires_at).isoformat(),
        "reason": verdict.reason,
        "missing": dict(verdict.missing),
    }
    return EXPIRING, payload


def metrics_of(terms: Terms, code: str, at: int, earliest: int) -> tuple[tuple[str, ...], tuple[int, int]]:
    """Return which metrics by day, and which days of them, the policy of a ladder may ask for."""
    ladder = _named(terms.program_at(at).ladders, code)
    first, last = terms.days(terms.day(min(at, earliest)), terms.day(max(at, earliest)))
    names = {*terms.by_day, *(metric for metric, _ in asked(ladder))}
    return tuple(sorted(names)), (first if ladder.termination is None else 0, last)


def _named(ladders: Sequence[Ladder], code: str) -> Ladder:
    """Return the ladder of a code; refused where there is none."""
    for ladder in ladders:
        if ladder.code == code:
            return ladder
    raise Refusal("LADDER_UNKNOWN", ladder=code)


def _carried(ladder: Ladder, planned: Planned) -> Change | None:
    """Return the stay that a merged member brings along, if any."""
    if planned.incoming.kind.name != MERGED_FROM:
        return None
    stays: dict[str, Any] = planned.incoming.activity.payload.get("stays", {})
    code, expires_at = stays.get(ladder.code, (None, None))
    tier = next((each for each in ladder.tiers if each.code == code), None)
    return None if tier is None else Change(tier, review.MERGED, expires_at)


def _better(stay: Stay, change: Change | None, carried: Change | None, at: int) -> Change | None:
    """Return what a member comes to stand in: who becomes one with another loses nothing of what either had."""
    if carried is None or stay.is_locked(at):
        return change
    now = stay if change is None else change
    if (carried.tier.rank, _end(carried)) <= (now.tier.rank, _end(now)):
        return change
    return carried


def _end(stay: Stay | Change) -> int:
    return NEVER if stay.expires_at is None else stay.expires_at


def _codes(ladder: Ladder) -> list[str]:
    return [tier.code for tier in ladder.tiers]


def _last_standing(stays: list[Assignment], ladder: Ladder, figures: Figures) -> Stay:
    """Return the last stay before the current one whose beginning nobody took back; at last, that of joining.

    What a reversal led to stands on nothing of its own, so it is passed over.
    """
    for stay in reversed(stays[:-1]):
        if stay.undone_by is None and stay.reason != review.REVERSAL:
            return Stay(ladder.tier(stay.tier), stay.valid_from, stay.expires_at, stay.reason)
    return review.joined(ladder, figures)


def _fallen(member: Member, ladder: Ladder, stay: Stay, figures: Figures, planned: Planned) -> Change | None:
    """Return the fall of who stands where a reversal led, or on what was taken back, on what is taken back now."""
    stays = member.assignments.get(ladder.code)
    if not stays or ladder.on_reversal == "keep" or ladder.evaluate != "at_once":
        return None
    if stay.reason != review.REVERSAL and stays[-1].undone_by is None:
        return None
    day = figures.day(planned.voucher.at)
    tier, measured = qualified(ladder, figures.seen(day))
    back = _last_standing(stays, ladder, figures)
    if max(tier.rank, back.tier.rank) >= stay.tier.rank:
        return None
    if tier.rank >= back.tier.rank:
        return Change(tier, review.REVERSAL, review.expiry(ladder, tier, day, figures), measured)
    return Change(back.tier, review.REVERSAL, back.expires_at, measured)
