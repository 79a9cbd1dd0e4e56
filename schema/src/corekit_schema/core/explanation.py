"""Why: an activity with everything that it did, and what it hangs together with."""

from __future__ import annotations

from collections.abc import Sequence

import graphene

from corekit.activities.views import PostingView
from corekit_schema.context import Info
from corekit_schema.core import activity as activities
from corekit_schema.core.effects import Effect
from corekit_schema.fields import Field, Object, listed
from corekit_schema.policies import public
from corekit_schema.scalars import Amount, AmountValue, DateTime


class Posting(Object, policy=public):
    """A move of value from one account to another, written once and never changed."""

    debit = Field(graphene.String, required=True, description="Kind of the account that value leaves.")
    credit = Field(graphene.String, required=True, description="Kind of the account that value reaches.")
    amount = Field(Amount, required=True, description="How much.")
    recorded_at = Field(DateTime, required=True, description="When it was written.")

    @staticmethod
    def resolve_amount(parents: Sequence[PostingView], info: Info) -> list[AmountValue]:
        """Return the amounts."""
        return [info.context.amount(each.amount, each.unit) for each in parents]


class ExplainedEffect(Object, policy=public):
    """An effect, how it was carried out, and what took it back."""

    effect = Field(Effect, required=True, description="The effect.")
    postings = Field(listed(Posting), description="The postings that carried it out.")
    undone_by = Field(listed(Effect), description="Later effects that took it back.")


class Explanation(Object, policy=public):
    """Why a member has what it has: what happened, what that did by which rule, and what belongs to it."""

    activity = Field(lambda: activities.Activity, description="What happened.")
    effects = Field(listed(ExplainedEffect), description="What it did.")
    cause = Field(lambda: activities.Activity, description="The activity whose effect caused it.")
    follow_ons = Field(listed(lambda: activities.Activity), description="The activities that it caused.")
    reverses = Field(lambda: activities.Activity, description="The activity that it takes back.")
    reversed_by = Field(listed(lambda: activities.Activity), description="The activities that take it back.")
