"""What a client did wrong, as data: user errors, and the enum of all their codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import graphene
from attrs import field, frozen

from corekit.errors import Problem
from corekit_schema.context import Info
from corekit_schema.fields import Field, Object
from corekit_schema.policies import public
from corekit_schema.scalars import JSON

OTHER = "OTHER"
"""The code of what the owner of a refusal did not declare."""


class ErrorCode(graphene.Enum):
    """What is wrong, in a word that never changes: the codes of the core and of every enabled plugin."""

    OTHER = "OTHER"


class UserError(Object, policy=public):
    """One thing that keeps the mutation from being done, and that its sender can mend."""

    path = Field(
        graphene.List(graphene.NonNull(graphene.String)),
        description="Where in the arguments, such as `input`, `lines`, `0`, `amount`; null for the whole.",
    )
    code = Field(ErrorCode, required=True, description="What is wrong.")
    message = Field(
        graphene.String,
        required=True,
        description="A sentence that says it, and what to do, in the language of `Accept-Language`.",
    )
    parameters = Field(JSON, description="What fills the sentence, by name.")

    @staticmethod
    def resolve_message(parents: Sequence[UserErrorValue], info: Info) -> list[str]:
        """Return the sentences in the client's language."""
        return [info.context.speech.say(each.code, each.message, each.parameters) for each in parents]


@frozen(kw_only=True)
class UserErrorValue:
    """The value behind :class:`UserError`; ``message`` is English."""

    code: str
    message: str
    path: tuple[str, ...] | None = None
    parameters: Mapping[str, Any] = field(factory=dict[str, Any])


@frozen
class Reason:
    """Why somebody cannot have something: its code, and the sentence in the client's language."""

    code: str
    message: str


def reasons(info: Info, found: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Reason]:
    """Return reasons as they are told, from the codes of the plugin's own and what fills in their sentences."""
    say, texts = info.context.speech.say, info.context.kit.declared.errors
    return [Reason(code, say(code, texts[code].en.format(**parameters), parameters)) for code, parameters in found]


def user_errors(problems: Iterable[Problem]) -> list[UserErrorValue]:
    """Return problems as user errors."""
    return [
        UserErrorValue(
            code=problem.code,
            message=problem.message,
            path=tuple(str(part) for part in problem.path) or None,
            parameters=problem.parameters,
        )
        for problem in problems
    ]
