"""What a mutation that records an activity answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import graphene
from attrs import frozen

from corekit import Activity as ActivityValue
from corekit import Outcome
from corekit.activities import read as reads
from corekit.activities.outcome import SkippedRule as SkippedValue
from corekit.activities.views import ActivityView
from corekit.values import maker
from corekit_schema.context import Info
from corekit_schema.core import activity as activities
from corekit_schema.core import member as members
from corekit_schema.core.effects import EffectState, amount_of
from corekit_schema.core.skipped import SkippedRule
from corekit_schema.fields import Field, Object, listed
from corekit_schema.mutations import Payload
from corekit_schema.policies import public
from corekit_schema.scalars import Amount
from corekit_schema.usererrors import ErrorCode, UserErrorValue, user_errors

TOLD = frozenset({"id", "member", "seq", "type"})
"""What of an activity need not be read to answer whoever recorded it."""
_told_activity = maker(ActivityView)


class ActivityOutcome(graphene.Enum):
    """What became of an activity that was sent."""

    SETTLED = "settled"
    REFUSED = "refused"
    FAILED = "failed"
    INVALID = "invalid"
    WAITING = "waiting"


class EffectOutcome(Object, policy=public):
    """What an activity gives or takes. A dropped effect does not take place, and its code says why."""

    kind = Field(graphene.String, required=True, description="What is done, such as `credit`.")
    rule = Field(graphene.String, required=True, description="The rule and its version, such as `welcome@1`.")
    account = Field(graphene.String, description="The account kind; null where it moves no value.")
    amount = Field(Amount, description="How much; null where it moves no value.", resolve=amount_of("amount"))
    state = Field(EffectState, required=True, description="Whether it takes place.")
    code = Field(ErrorCode, description="Why it is dropped.")


@frozen(kw_only=True)
class Recorded:
    """The value behind :class:`ActivityPayload` and :class:`FollowOn`."""

    outcome: str
    type: str = ""
    activity_id: str | None = None
    told: ActivityView | None = None
    """The activity, as far as the answer tells it: ``TOLD``."""
    member_id: str | None = None
    code: str | None = None
    effects: Sequence[Any] | None = ()
    """None: they are in the books, since the answer was given before."""
    skipped: Sequence[SkippedValue] = ()
    follow_ons: Sequence[Recorded] = ()
    user_errors: Sequence[UserErrorValue] = ()


def _activity(parents: Sequence[Recorded], info: Info) -> list[Any]:
    only = info.needs()
    told = [each.told for each in parents]
    if only is not None and only <= TOLD and None not in told:
        return told
    return activities.by_id([each.activity_id for each in parents], info, only)


def _effects(parents: Sequence[Recorded], info: Info) -> list[Sequence[Any]]:
    stored = [each.activity_id for each in parents if each.effects is None and each.activity_id is not None]
    found = reads.effects(info.context.read, stored) if stored else {}
    return [each.effects if each.effects is not None else found.get(each.activity_id or "", ()) for each in parents]


def _skipped(parents: Sequence[Recorded], info: Info) -> list[Sequence[Any]]:
    stored = [each.activity_id for each in parents if each.effects is None and each.activity_id is not None]
    found = reads.activities(info.context.read, stored) if stored else {}
    return [
        each.skipped if each.effects is not None or each.activity_id not in found else found[each.activity_id].skipped
        for each in parents
    ]


class FollowOn(Object, policy=public):
    """An activity that another one's effect caused, settled together with it."""

    type = Field(graphene.String, required=True, description="Its type, such as `tier.changed`.")
    outcome = Field(ActivityOutcome, required=True, description="What became of it.")
    activity = Field(
        lambda: activities.Activity, description="The activity; null where nothing was stored.", resolve=_activity
    )
    effects = Field(listed(EffectOutcome), description="What it did.", resolve=_effects)
    follow_ons = Field(listed(lambda: FollowOn), description="What it caused in turn.")
    code = Field(ErrorCode, description="Why it was not settled.")


class ActivityPayload(Payload, policy=public):
    """What became of an activity, and what it did."""

    outcome = Field(ActivityOutcome, required=True, description="What became of it.")
    activity = Field(
        lambda: activities.Activity, description="The activity; null where nothing was stored.", resolve=_activity
    )
    member = Field(lambda: members.Member, description="The member, as it is now.")
    effects = Field(listed(EffectOutcome), description="What it did, or would do.", resolve=_effects)
    skipped = Field(
        listed(SkippedRule), description="The rules that did not, or would not, fire, and why.", resolve=_skipped
    )
    follow_ons = Field(listed(FollowOn), description="The activities that it caused.")
    code = Field(ErrorCode, description="Why it was not settled.")

    @classmethod
    def invalid(cls, errors: list[UserErrorValue]) -> Recorded:
        """Return the answer to an input that is not valid."""
        return Recorded(outcome="invalid", code=errors[0].code, user_errors=errors)

    @staticmethod
    def resolve_member(parents: Sequence[Recorded], info: Info) -> list[Any]:
        """Return the members."""
        found = members.by_id([each.member_id or "" for each in parents if each.member_id], info, info.needs())
        rest = iter(found)
        return [next(rest) if each.member_id else None for each in parents]


def record(info: Info, activity: ActivityValue) -> Recorded:
    """Record an activity and return the value of an :class:`ActivityPayload`; for a plugin's own mutations."""
    return recorded(info.context.kit.record(activity))


def recorded(outcome: Outcome, *, simulated: bool = False) -> Recorded:
    """Return an outcome as the value of an :class:`ActivityPayload`: what kept it from settling is a user error."""
    errors = user_errors(outcome.problems)
    if outcome.code is not None and not errors and outcome.outcome != "settled":
        errors = [UserErrorValue(code=outcome.code, message=outcome.message, parameters=outcome.parameters)]
    return Recorded(
        outcome=outcome.outcome,
        type=outcome.type,
        activity_id=outcome.activity_id,
        told=_told(outcome) if outcome.settled and not (simulated or outcome.replayed) else None,
        member_id=outcome.member or None,
        code=outcome.code,
        effects=None if outcome.replayed and outcome.settled else outcome.effects,
        skipped=outcome.skipped,
        follow_ons=[recorded(each, simulated=simulated) for each in outcome.follow_ons],
        user_errors=errors,
    )


def _told(outcome: Outcome) -> ActivityView:
    known = {"id": outcome.activity_id, "member": outcome.member, "seq": outcome.seq, "type": outcome.type}
    return _told_activity(map(known.get, ActivityView._fields))
