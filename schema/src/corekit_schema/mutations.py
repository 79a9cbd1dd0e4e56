"""The one form of a mutation: it takes one ``input``, loaded by a marshmallow schema, and returns a payload."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import graphene
from attrs import evolve
from graphene.utils.str_converters import to_camel_case
from marshmallow import Schema, fields

from corekit.errors import Invalid, Problem
from corekit.validation import load
from corekit_schema.attributes import read_attribute
from corekit_schema.context import Info
from corekit_schema.fields import Field, Object, listed
from corekit_schema.inputs import fields_by_key, input_type, plain
from corekit_schema.inputs_at_once import read_at_once
from corekit_schema.policies import Policy
from corekit_schema.usererrors import UserError, UserErrorValue, user_errors

_ARGUMENT = "input"

_KNOWN_AS = {"external_id": "idempotencyKey", "member": "memberId", "reverses": "activityId"}
"""What an activity calls otherwise than the mutations that record it."""


class Payload(Object, abstract=True):
    """The base of payloads. All its own fields may be null, since they are where the input is not valid."""

    user_errors = Field(listed(UserError), description="What kept it from being done; empty where nothing did.")

    @classmethod
    def invalid(cls, errors: list[UserErrorValue]) -> Any:
        """Return the value of the payload where the input is not valid."""
        return {"user_errors": errors}

    @staticmethod
    def resolve_user_errors(parents: Sequence[Any], _info: Info) -> list[Any]:
        """Return the errors of each; none where the value has none."""
        return [read_attribute(parent, "user_errors") or () for parent in parents]


class MutationField(Field):
    """A mutation: ``run(info, values)`` gets what ``schema`` loaded, and returns the value of the payload.

    What the schema refuses, and what ``run`` raises as :class:`corekit.Invalid`, become user errors with paths that
    begin with ``input``; then nothing was done.
    """

    def __init__(
        self,
        schema: type[Schema],
        run: Callable[[Info, Any], Any],
        *,
        payload: type[Payload],
        policy: Policy,
        description: str,
        deprecation_reason: str | None = None,
    ) -> None:
        arguments: dict[str, Any] = {
            _ARGUMENT: graphene.Argument(input_type(schema), required=True, description="What to do.")
        }
        super().__init__(
            payload,
            description=description,
            policy=policy,
            resolve=self._resolve,
            deprecation_reason=deprecation_reason,
            **arguments,
        )
        self.schema = schema
        self._loading = schema()
        self.run = run
        self.payload = payload

    def _resolve(self, parents: Sequence[Any], info: Info, **arguments: Any) -> list[Any]:
        schema = self._loading
        try:
            done = [self.run(info, _loaded(schema, arguments[_ARGUMENT])) for _ in parents]
            info.context.refresh()  # what was read before it was done is old
            return done
        except Invalid as error:
            problems = [evolve(problem, path=_path(schema, problem)) for problem in error.problems]
            return [self.payload.invalid(user_errors(problems)) for _ in parents]


def _loaded(schema: Schema, sent: Any) -> Any:
    found = read_at_once(schema, sent)
    return load(schema, plain(sent)) if found is None else found


def _path(schema: Schema, problem: Problem) -> tuple[str | int, ...]:
    return (_ARGUMENT, *_named(schema, problem.path))


def _named(schema: Schema, path: Sequence[str | int]) -> Iterator[str | int]:
    """Yield a path as clients know it: the core's words become the input's, and what the input spreads is left out.

    What lies below a JSON field is called as the client called it.
    """
    known = fields_by_key(schema)
    top: Any = None
    for depth, part in enumerate(path):
        if not isinstance(part, str):
            yield part
        elif top is not None:
            yield part if isinstance(top, fields.Dict | fields.Raw) else to_camel_case(part)
        else:
            camel = to_camel_case(part)
            name = part if part in known else camel if depth else _KNOWN_AS.get(part, camel)
            if name in known:
                top = known[name]
                yield name


def invalid(code: str, message: str, *path: str | int, **parameters: Any) -> Invalid:
    """Return what a ``run`` raises about its input, such as ``invalid("POINTS_LATE", "Too late.", "claimedAt")``."""
    return Invalid([Problem(code=code, message=message, path=path, parameters=parameters)])
