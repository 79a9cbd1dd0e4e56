"""Lives of the members of a plan: who joins, and into which state a member passes."""

from __future__ import annotations

from corekit.activities.effects import Enrol, SetState
from corekit.activities.persons import claim, end_of_membership
from corekit.activities.plan import Plan
from corekit.activities.planned import Planned, PlannedEffect
from corekit.ledger.state import Member
from corekit.members.person import Person, known_by


def enrol(plan: Plan, member: Member, planned: Planned, effect: Enrol) -> None:
    """Let somebody become a member, unless somebody else is known by the same."""
    rules = plan.terms.members
    claim(plan, member, known_by(effect.profile), unless_named=planned.incoming.cause is not None)
    person = Person.joining(effect.profile, rules.number.draw(), rules.kinds[0])
    pending = rules.enrolment.approval == "manual"
    member.journal.set(member, "state", effect.state or ("pending" if pending else "active"))
    joined = planned.incoming.occurred
    if member.state == "active" and rules.validity_months is not None:
        ends = end_of_membership(plan, joined, rules.validity_months)
        person.profile = {**person.profile, "valid_until": ends}
    member.journal.set(member, "joined_at", joined)
    member.journal.set(member, "person", person)
    member.journal.set(member, "attributes", person.profile["attributes"])
    member.journal.set(member, "kind", person.profile["kind"])
    member.journal.set(member, "birthday", person.profile["birthday"])


def set_state(member: Member, effect: SetState, row: PlannedEffect) -> None:
    """Let a member pass into another state; the row keeps which one it was."""
    row.data = {"state": effect.state, "was": member.state, "reason": effect.reason}
    member.journal.set(member, "state", effect.state)
