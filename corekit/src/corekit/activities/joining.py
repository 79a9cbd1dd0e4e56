"""Who is turned away before anything reacts: the member's state forbids it, or whom it names may not join."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from corekit.activities.apply import Applier
from corekit.activities.enrolment import parameters_of, refusals
from corekit.activities.incoming import REGISTERED, Incoming
from corekit.activities.outcome import Failure
from corekit.activities.plan import Plan
from corekit.activities.reactions import Reactions
from corekit.errors import Busy
from corekit.ledger.state import Member
from corekit.members.states import allowed


class TurnedAway:
    """Who of a wave does not get in.

    ``fail`` answers for an activity that a plugin failed at, ``hold`` for one that waits for a plugin.
    """

    def __init__(
        self,
        plan: Plan,
        applier: Applier,
        reactions: Reactions,
        wave: Sequence[tuple[Member, Incoming]],
        fail: Callable[[Incoming, Failure], None],
        hold: Callable[[Incoming, Busy], None],
    ) -> None:
        self._plan = plan
        self._applier = applier
        self._fail = fail
        self._hold = hold
        self._held = reactions.held
        joining = [incoming for member, incoming in wave if not member.exists and incoming.kind.name == REGISTERED]
        self._reasons = refusals(plan, reactions, joining) if joining else {}

    def holds(self, member: Member, incoming: Incoming) -> bool:
        """Whether an activity is turned away; then its answer was given."""
        refuse = self._applier.refuse
        if not member.exists and incoming.enrolment is not None:
            self._as_registration(incoming, incoming.enrolment)
        elif incoming.ambiguous:
            refuse(incoming, "IDENTITY_AMBIGUOUS", {"members": ", ".join(incoming.ambiguous)})
        elif (busy := self._held.get(incoming.key)) is not None:
            self._hold(incoming, busy)
        elif (reasons := self._reasons.get(incoming.activity.id)) is not None:
            refuse(incoming, "ENROLMENT_REFUSED", parameters_of(reasons))
        elif (code := _forbidden(self._plan, member, incoming)) is not None:
            told = {"survivor": member.merged_into} if member.merged_into else {}
            refuse(incoming, code, {"state": member.state, "activity": incoming.kind.name, **told})
        else:
            return False
        return True

    def _as_registration(self, incoming: Incoming, registration: Incoming) -> None:
        """Give an activity the answer of the registration that should have come before it."""
        answer = self._plan.answers[registration.activity.id]
        if answer.outcome == "busy":
            self._hold(incoming, Busy(answer.message, code=answer.code, **answer.parameters))
        elif answer.outcome == "failed":
            self._fail(incoming, Failure(answer.parameters["plugin"], answer.code or "", answer.message))
        else:
            self._applier.refuse(incoming, answer.code or "", answer.parameters)


def _forbidden(plan: Plan, member: Member, incoming: Incoming) -> str | None:
    """Return the code by which the member's state forbids an activity, or None.

    What takes something of a merged member back passes on to the survivor: that has to be one that is not merged.
    """
    kind = incoming.kind
    if member.exists and incoming.activity.parent is not None:
        return None
    if member.merged_into is not None:
        survivor = plan.members.get(member.merged_into)
        back = kind.reversal and survivor is not None and survivor.merged_into is None
        return None if back else allowed(member.state, kind.name if not kind.reversal else "")
    if member.exists and (kind.reversal or kind.internal):
        return None
    return allowed(member.state or None, kind.name)
