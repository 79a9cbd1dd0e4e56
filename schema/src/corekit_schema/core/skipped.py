"""Rules that did not fire for an activity, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import graphene

from corekit.activities.outcome import SkippedRule as SkippedValue
from corekit_schema.context import Info
from corekit_schema.fields import Field, Object
from corekit_schema.policies import public
from corekit_schema.scalars import JSON
from corekit_schema.usererrors import ErrorCode


class SkippedRule(Object, policy=public):
    """A rule that did not fire for an activity, or not in full, and why."""

    rule = Field(graphene.String, required=True, description="The rule and its version, such as `base@1`.")
    owner = Field(graphene.String, required=True, description="The plugin whose rule it is.")
    code = Field(ErrorCode, required=True, description="Why, for programs.")
    message = Field(graphene.String, required=True, description="Why, for people.")
    parameters = Field(JSON, required=True, description="What fills in the sentence.")

    @staticmethod
    def resolve_message(parents: Sequence[SkippedValue], info: Info) -> list[str]:
        """Return the sentences."""
        english, say = info.context.kit.terms().message, info.context.speech.say
        return [say(each.code, english(each.code, each.parameters), each.parameters) for each in parents]

    @staticmethod
    def resolve_parameters(parents: Sequence[SkippedValue], _info: Info) -> list[dict[str, Any]]:
        """Return the parameters as JSON."""
        return [dict(each.parameters) for each in parents]
