"""Tiers of a plan: where a member qualifies, the change that leads there, the stay that a change begins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from corekit.activities.activity import Activity
from corekit.activities.plan import Plan
from corekit.activities.planned import Planned
from corekit.activities.planned_facts import summed, tier_at
from corekit.activities.reverse import Original
from corekit.ledger.state import Assignment, Member
from corekit.metrics import Window
from corekit.tiers.evaluate import qualified
from corekit.tiers.ladder import Ladder

REVERSAL = "reversal"
"""Why a member stands in a tier to which a reversal led back."""


class Tiering:
    """Judges the members of a plan by its ladders."""

    def __init__(self, plan: Plan) -> None:
        self._terms = plan.terms

    def changes(self, member: Member, planned: Planned) -> list[Activity]:
        """Return the changes to higher tiers that the member qualifies for now.

        And to lower ones where an earlier reversal led to a tier that rests on what this one takes back.
        """
        if not member.exists or self._terms.ladder_metrics.isdisjoint(planned.measures):
            return []
        found: list[Activity] = []
        for ladder in self._ladders(planned):
            tier, measured = self._qualified(member, ladder, planned.voucher.at)
            standing = self._standing(member, ladder)
            if tier.rank > standing:
                found.append(self._change(planned, ladder, standing, tier.code, "qualified", measured))
            elif tier.rank < standing and _rests_on_what_is_left(member, ladder):
                found.append(self._change(planned, ladder, standing, tier.code, REVERSAL, measured))
        return found

    def _ladders(self, planned: Planned) -> Iterable[Ladder]:
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

    def _qualified(self, member: Member, ladder: Ladder, at: int) -> Any:
        today = self._terms.day(at).toordinal()

        def measure(metric: str, window: Window) -> int:
            return summed(member, metric, window, today)

        return qualified(ladder, measure)

    def _standing(self, member: Member, ladder: Ladder) -> int:
        code = tier_at(member, ladder.code, 1 << 62)
        return next((tier.rank for tier in ladder.tiers if tier.code == code), 0)

    def _change(
        self, planned: Planned, ladder: Ladder, standing: int, tier: str, reason: str, measured: Any
    ) -> Activity:
        payload = {
            "ladder": ladder.code,
            "from_tier": ladder.tiers[standing].code,
            "to_tier": tier,
            "reason": reason,
            "measured": dict(measured),
        }
        return planned.child("tier.changed", f"tier:{ladder.code}", payload=payload)

    def assign(self, member: Member, planned: Planned, ladder: str, tier: str, reason: str, measured: Any) -> None:
        """End the member's stay in a tier of a ladder, and begin the next one."""
        journal = member.journal
        program = self._terms.program_at(planned.incoming.occurred).version
        stays = member.assignments.get(ladder)
        if stays is None:
            stays = []
            journal.put(member.assignments, ladder, stays)
        if stays and stays[-1].valid_to is None:
            journal.set(stays[-1], "valid_to", planned.voucher.at)
            journal.set(stays[-1], "ended_by", planned.voucher)
        journal.push(
            stays, Assignment(ladder, tier, planned.voucher, reason=reason, measured=measured, program=program)
        )

    def withdraw(self, member: Member, planned: Planned, original: Original, code: str | None) -> None:
        """Take back a tier whose cause was reversed, if the ladder says so and the member no longer qualifies."""
        for ladder in self._ladders(planned):
            stays = member.assignments.get(ladder.code)
            if not stays or ladder.code != code or ladder.on_reversal == "keep":
                continue
            if stays[-1].activity_id != original.id:  # another activity gave the tier in which the member stands
                continue
            tier, measured = self._qualified(member, ladder, planned.voucher.at)
            if tier.rank < self._standing(member, ladder):
                self.assign(member, planned, ladder.code, tier.code, REVERSAL, measured)


def _codes(ladder: Ladder) -> list[str]:
    return [tier.code for tier in ladder.tiers]


def _rests_on_what_is_left(member: Member, ladder: Ladder) -> bool:
    """Say whether a reversal led the member to the tier in which it stands."""
    return ladder.on_reversal == "withdraw" and member.assignments[ladder.code][-1].reason == REVERSAL
