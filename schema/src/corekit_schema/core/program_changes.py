"""How the program changes: what was announced, every version in full, and planning and applying another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import graphene
from attrs import evolve, frozen
from graphene.utils.str_converters import to_camel_case
from marshmallow import fields, validate

from corekit.clock import micros
from corekit.errors import Invalid, Problem, SettingsError
from corekit.program import Change as ChangeValue
from corekit.program import Edition, apply_text, plan_text
from corekit.program.change import changes_from
from corekit_schema.context import Info
from corekit_schema.core.program import Program
from corekit_schema.fields import Field, Object, listed
from corekit_schema.inputs import Input, Moment
from corekit_schema.mutations import MutationField, Payload
from corekit_schema.permissions import PROGRAM_APPLY, PROGRAM_READ
from corekit_schema.policies import permission, public
from corekit_schema.scalars import JSON, DateTime
from corekit_schema.usererrors import UserErrorValue, user_errors

_LONGEST = 1_000_000


class ProgramChangeKind(graphene.Enum):
    """How a part of the program differs."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


class ProgramChange(Object, policy=public):
    """One difference between two versions of the program."""

    kind = Field(ProgramChangeKind, required=True, description="How it differs.")
    path = Field(
        graphene.NonNull(graphene.List(graphene.NonNull(graphene.String))),
        description="Where, such as `ladders`, `status`, `tiers`, `gold`, `name`.",
    )
    old = Field(JSON, description="What it said before; null where it is added.")
    new = Field(JSON, description="What it says then; null where it is removed.")

    @staticmethod
    def resolve_path(parents: Sequence[ChangeValue], _info: Info) -> list[list[str]]:
        """Return the paths."""
        return [list(change.path) for change in parents]


class AnnouncedProgram(Object, policy=public):
    """A version of the program that will hold later, and what it changes then."""

    version = Field(graphene.Int, required=True, description="Its number.")
    announced_at = Field(DateTime, required=True, description="When it was announced.")
    valid_from = Field(DateTime, required=True, source="program.valid_from", description="From when on it holds.")
    changes = Field(listed(ProgramChange), description="What changes then.")

    @staticmethod
    def resolve_changes(parents: Sequence[Edition], info: Info) -> list[Sequence[ChangeValue]]:
        """Return what changes."""
        versions = info.context.kit.terms().versions
        return [changes_from(versions, each) for each in parents]


class ProgramVersion(Object, policy=permission(PROGRAM_READ)):
    """A version of the program, in full."""

    version = Field(graphene.Int, required=True, description="Its number.")
    program = Field(Program, required=True, description="The program.")
    content = Field(graphene.String, required=True, description="The text of its file, as it was applied.")
    announced_at = Field(DateTime, required=True, description="When it was applied.")
    valid_from = Field(
        DateTime, source="program.valid_from", description="From when on it judges; null for all that was before, too."
    )
    valid_to = Field(DateTime, description="Until when; null where it holds on, or never holds.")
    replaced = Field(graphene.Boolean, required=True, description="Whether a later version keeps it from ever holding.")
    actor = Field(graphene.String, description="Who applied it.")
    reason = Field(graphene.String, description="Why.")

    @staticmethod
    def resolve_valid_to(parents: Sequence[Edition], info: Info) -> list[Any]:
        """Return when the next version begins to hold."""
        versions = info.context.kit.terms().versions
        return [versions.ends(each) for each in parents]

    @staticmethod
    def resolve_replaced(parents: Sequence[Edition], info: Info) -> list[bool]:
        """Say which never hold."""
        holding = info.context.kit.terms().versions.holding
        return [each not in holding for each in parents]


class _ProgramInput(Input):
    content = fields.String(
        required=True, validate=validate.Length(1, _LONGEST), metadata={"description": "The text of the program file."}
    )
    valid_from = Moment(
        load_default=None, metadata={"description": "From when on it judges; else as the file says, else now."}
    )
    reason = fields.String(
        load_default="",
        validate=validate.Length(max=500),
        metadata={"description": "Why; needed where it is valid from a time in the past."},
    )
    replace = fields.Boolean(
        load_default=False,
        metadata={"description": "Whether announced versions that would never hold because of it are given up."},
    )


class PlanProgramInput(_ProgramInput):
    """A program of which you want to know what it would change."""


class ApplyProgramInput(_ProgramInput):
    """A program that is to be the next version."""


@frozen
class Planned:
    """The value behind :class:`ProgramPlanPayload`."""

    changed: bool
    base: int
    version: int
    valid_from: Any
    earliest: Any
    replaces: Sequence[int]
    changes: Sequence[ChangeValue]
    user_errors: Sequence[UserErrorValue]


class ProgramPlanPayload(Payload, policy=public):
    """What applying a program would do; `userErrors` say why it would be refused."""

    changed = Field(graphene.Boolean, description="Whether it would be stored; not where the program says so already.")
    base = Field(graphene.Int, description="The version that would hold otherwise; 0 where none was applied.")
    version = Field(graphene.Int, description="The number it would have, or the one that says the same.")
    valid_from = Field(DateTime, description="From when on it would judge; null for all that was before, too.")
    earliest = Field(DateTime, description="From when on it may hold, by the notice that was promised.")
    replaces = Field(
        graphene.List(graphene.NonNull(graphene.Int)), description="Announced versions that would never hold."
    )
    changes = Field(graphene.List(graphene.NonNull(ProgramChange)), description="What it would change.")


class ProgramAppliedPayload(Payload, policy=public):
    """The version that holds what was sent."""

    changed = Field(graphene.Boolean, description="Whether it was stored; false where the program said so already.")
    version = Field(ProgramVersion, description="The version.", policy=permission(PROGRAM_APPLY))


def _announced(_parents: Sequence[Any], info: Info) -> list[Sequence[Edition]]:
    context = info.context
    return [context.terms.versions.after(micros(context.now))]


def _versions(_parents: Sequence[Any], info: Info) -> list[Sequence[Edition]]:
    return [tuple(reversed(info.context.terms.versions.editions[1:]))]


def _plan(info: Info, values: Mapping[str, Any]) -> Planned:
    found = _said(partial(plan_text, info.context.kit), values)
    return Planned(
        found.changed,
        found.base,
        found.version,
        found.valid_from,
        found.earliest,
        found.replaces,
        found.changes,
        user_errors(evolve(each, path=("input", to_camel_case(_about(each)))) for each in found.problems),
    )


def _apply(info: Info, values: Mapping[str, Any]) -> dict[str, Any]:
    kit = info.context.kit
    done = _said(partial(apply_text, kit, actor=info.context.viewer.actor), values)
    info.context.refresh()
    return {"changed": done.changed, "version": kit.terms().versions.editions[done.version]}


def _said(run: Any, values: Mapping[str, Any]) -> Any:
    """Run with the text of a program; what keeps it from being one, or from following, is about the content."""
    how = {name: values[name] for name in ("valid_from", "reason", "replace")}
    try:
        return run(values["content"], **how)
    except SettingsError as error:
        told: list[dict[str, Any]] = error.parameters.get("problems") or [{"code": error.code, "message": str(error)}]
        problems = [Problem(code=it["code"], path=tuple(it.get("path", ())), message=it["message"]) for it in told]
        raise Invalid([_at_content(each) for each in problems]) from None
    except Invalid as error:
        raise Invalid([evolve(each, path=(_about(each),)) for each in error.problems]) from None


def _at_content(problem: Problem) -> Problem:
    """Return a problem of the file as one of the argument; the place in the file goes into the parameters."""
    place = ".".join(map(str, problem.path))
    message = f"{place}: {problem.message}" if place else problem.message
    return Problem(code=problem.code, path=("content",), message=message, parameters={"place": place})


def _about(problem: Problem) -> str:
    """Return the argument that a problem is about: when the program holds, or what it says."""
    return "valid_from" if "valid_from" in problem.path else "content"


PROGRAM_CHANGES = Field(
    listed(AnnouncedProgram),
    policy=public,
    resolve=_announced,
    description="What will change in the program, and when: announced versions that do not hold yet, the next first.",
)
PROGRAM_VERSIONS = Field(
    listed(ProgramVersion),
    policy=permission(PROGRAM_READ),
    resolve=_versions,
    description="Every version of the program, the newest first.",
)
PLAN_PROGRAM = MutationField(
    PlanProgramInput,
    _plan,
    payload=ProgramPlanPayload,
    policy=permission(PROGRAM_READ),
    description="Tell what applying a program would change; nothing is stored.",
)
APPLY_PROGRAM = MutationField(
    ApplyProgramInput,
    _apply,
    payload=ProgramAppliedPayload,
    policy=permission(PROGRAM_APPLY),
    description="Store a program as the next version. The same content again changes nothing.",
)
