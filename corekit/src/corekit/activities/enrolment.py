"""Who becomes a member: somebody unknown whom an activity names is registered first, if policy and plugins let them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from corekit.activities.activity import Activity
from corekit.activities.incoming import REGISTERED, Incoming, internal
from corekit.activities.plan import Plan
from corekit.activities.receiving import loaded
from corekit.clock import moment
from corekit.declares import ErrorText
from corekit.errors import Invalid
from corekit.ids import new_id
from corekit.ledger.state import Member
from corekit.ledger.store import Store
from corekit.members.person import Known, known_by
from corekit.members.profile import CHANNELS

if TYPE_CHECKING:
    from corekit.activities.reactions import Reactions

ERRORS = (
    ErrorText("ENROLMENT_REFUSED", "This person cannot join: {codes}.", "无法入会: {codes}。"),
    ErrorText("ENROL_FIELD_MISSING", "Whoever joins must say {field}.", "入会须提供 {field}。"),
    ErrorText(
        "ENROL_BELOW_MINIMUM", "Joining takes a purchase of {minimum}; this is {amount}.", "入会须消费满 {minimum}。"
    ),
    ErrorText("ENROL_FEE", "Joining costs {fee}; {paid} was paid.", "入会费 {fee}，已付 {paid}。"),
    ErrorText("ENROL_NOT_INVITED", "A member must have invited whoever joins.", "须由会员邀请入会。"),
    ErrorText("ENROL_INVITER_UNKNOWN", "There is no active member {number}.", "邀请人 {number} 不存在。"),
    ErrorText("ENROL_VETO_FAILED", "Plugin {plugin} could not say whether this person may join.", "插件检查失败。"),
    ErrorText("IDENTITY_AMBIGUOUS", "What was said belongs to several members: {members}.", "所给信息属于多个会员。"),
)
"""The codes of what keeps somebody from joining."""


@frozen
class Applicant:
    """Somebody who is about to become a member.

    ``profile`` is what is known of the person (the payload of the registration), ``registration`` the activity by which
    it joins, ``cause`` the activity that named somebody unknown, None where the registration was sent by itself.
    """

    profile: Mapping[str, Any]
    registration: Activity
    cause: Activity | None


@frozen
class Reason:
    """One thing that keeps somebody from joining."""

    code: str
    message: str
    parameters: Mapping[str, Any]


def identify(store: Store, arriving: Sequence[Incoming]) -> None:
    """Give every activity that names somebody the member who is known by that, or a new one, in one look-up.

    Activities of one chunk that name the same unknown person get the same member.
    """
    named = [each for each in arriving if each.identity is not None]
    if not named:
        return
    pairs = {pair for each in named for pair in known_by(each.identity or {})}
    found = {(name, value): member for name, value, member in store.known(sorted(pairs))}
    if len(set(found.values())) > 1:  # they may be one by now
        survivors = dict(store.survivors(sorted(set(found.values()))))
        found = {pair: survivors.get(member, member) for pair, member in found.items()}
    here: dict[Known, str] = {}
    for each in sorted(arriving, key=lambda each: each.occurred):
        told = each.identity if each.identity is not None else _registering(each)
        if told is None:
            continue
        known = list(known_by(told))
        if each.identity is not None:
            holders = tuple(dict.fromkeys(found[pair] for pair in known if pair in found))
            member = holders[0] if holders else next((here[pair] for pair in known if pair in here), None)
            each.ambiguous = holders if len(holders) > 1 else ()
            each.enrolment = None  # that of an earlier plan
            each.activity = evolve(each.activity, member=member or new_id())
        for pair in known:
            here.setdefault(pair, each.activity.member)


def registration_for(plan: Plan, incoming: Incoming) -> Incoming | None:
    """Return the registration that comes before an activity which names somebody unknown, or None if there is none."""
    policy = plan.terms.members.enrolment
    activity = incoming.activity
    if incoming.enrolment is not None or incoming.ambiguous or activity.type not in policy.automatic:
        return None
    told = dict(incoming.identity or {})
    told.setdefault("channel", activity.source if activity.source in CHANNELS else "pos")
    registration = Activity(
        type=REGISTERED,
        member=activity.member,
        occurred_at=moment(incoming.occurred),
        source="core",
        external_id=f"enrol:{activity.id}",
        payload=told,
        actor=activity.actor,
    )
    incoming.enrolment = internal(
        registration, plan.terms.types[REGISTERED], incoming.occurred, historical=incoming.historical
    )
    incoming.enrolment.cause = incoming
    return incoming.enrolment


def register_first(plan: Plan, wave: list[tuple[Member, Incoming]], queues: Mapping[str, deque[Incoming]]) -> None:
    """Put the registration of somebody unknown before the activity of a wave that names the person."""
    for place, (member, incoming) in enumerate(wave):
        if incoming.identity is None or member.exists:
            continue
        first = registration_for(plan, incoming)
        if first is not None:
            queues[member.id].appendleft(incoming)
            wave[place] = (member, first)


def refusals(plan: Plan, reactions: Reactions, joining: Sequence[Incoming]) -> dict[str, list[Reason]]:
    """Return every reason against those who are about to join, by the id of the registration."""
    plan.need_known(("number", each.activity.payload["invited_by"]) for each in joining if _inviter(each))
    found: dict[str, list[Reason]] = {}
    for each in joining:
        reasons = [
            Reason(code, plan.terms.message(code, parameters), parameters)
            for code, parameters in [*_incomplete(plan, each), *_by_policy(plan, each)]
        ]
        cause = each.cause.activity if each.cause is not None else None
        reasons += reactions.vetoes(Applicant(each.activity.payload, each.activity, cause), each)
        if reasons:
            found[each.activity.id] = reasons
    return found


def parameters_of(reasons: Sequence[Reason]) -> dict[str, Any]:
    """Return reasons as the parameters of a refusal."""
    told = [{"code": each.code, "message": each.message, "parameters": dict(each.parameters)} for each in reasons]
    return {"codes": ", ".join(each.code for each in reasons), "reasons": told}


def _registering(incoming: Incoming) -> Mapping[str, Any] | None:
    return incoming.activity.payload if incoming.activity.type == REGISTERED else None


def _inviter(incoming: Incoming) -> Any:
    return incoming.activity.payload.get("invited_by")


def _incomplete(plan: Plan, incoming: Incoming) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what a registration lacks that the kernel made of an identity: nobody has checked it as one yet."""
    if incoming.cause is None:
        return
    try:
        payload = loaded(incoming.activity.payload, plan.terms.schemas[REGISTERED])
    except Invalid as error:
        for problem in error.problems:
            yield "ENROL_FIELD_MISSING", {"field": ".".join(str(part) for part in problem.path[1:])}
        return
    incoming.activity = evolve(incoming.activity, payload=payload)
    incoming.payload = payload


def _by_policy(plan: Plan, incoming: Incoming) -> Iterator[tuple[str, dict[str, Any]]]:
    cause = incoming.cause
    amount = cause.activity.amount if cause is not None else None
    yield from plan.terms.members.enrolment.reasons(incoming.activity.payload, amount=amount)
    inviter = _inviter(incoming)
    if inviter and plan.known.get(("number", inviter)) is None:
        yield "ENROL_INVITER_UNKNOWN", {"number": inviter}
