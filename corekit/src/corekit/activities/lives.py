"""Lives of the members of a plan: who joins, and into which state a member passes."""

from __future__ import annotations

from corekit.activities.effects import Enrol, SetState
from corekit.activities.plan import Plan
from corekit.activities.planned import Planned, PlannedEffect
from corekit.errors import Refusal
from corekit.ledger.state import Member


def enrol(plan: Plan, member: Member, planned: Planned, effect: Enrol) -> None:
    """Let somebody become a member, unless somebody else has the external id."""
    external_id = effect.profile.get("external_id")
    if external_id is not None:
        if plan.is_taken(external_id):
            raise Refusal("MEMBER_EXISTS", external_id=external_id)
        plan.take_name(member, external_id)
    member.journal.set(member, "state", effect.state)
    member.journal.set(member, "joined_at", planned.incoming.occurred)
    member.journal.set(member, "profile", effect.profile)
    member.journal.set(member, "attributes", effect.profile.get("attributes") or {})


def set_state(member: Member, effect: SetState, row: PlannedEffect) -> None:
    """Let a member pass into another state; the row keeps which one it was."""
    row.data = {"state": effect.state, "was": member.state, "reason": effect.reason}
    member.journal.set(member, "state", effect.state)
