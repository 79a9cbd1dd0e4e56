"""The program as frozen values, and the one way from the text of its file to them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, cast

from attrs import field, frozen
from marshmallow import Schema, fields, validate

from corekit import validation
from corekit.clock import FIRST_INSTANT, LAST_INSTANT, micros
from corekit.errors import Invalid, Path, Problem, SettingsError
from corekit.program.activities import ActivitySchema, built
from corekit.program.context import ProgramContext
from corekit.program.ladders import Draft, LadderSchema, build, contradictions, many
from corekit.tiers.ladder import Ladder

if TYPE_CHECKING:
    from corekit.registry import Registry
    from corekit.settings import Settings

_OWN = ("program", "activities", "ladders")
_LARGEST = 2**63 - 1


@frozen
class Program:
    """What the operator decided: ladders, and one section per plugin as its schema loaded it.

    ``version`` counts what was applied; in version 0 nothing was, so there are no ladders and each section
    is what its schema makes of an empty one.
    """

    version: int = 0
    name: str = ""
    ladders: tuple[Ladder, ...] = ()
    sections: Mapping[str, Any] = field(factory=dict[str, Any])
    valid_from: datetime | None = None
    """Activities that occurred from this instant on are judged by it; None: all until another version holds."""
    notice_days: int = 0
    """So many days before a change holds it must be announced."""


class _InstantField(fields.Field[datetime]):
    """A day or an instant, in quotes or not; without an offset it is one of the program's time zone."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        try:
            moment = value if isinstance(value, date) else datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise validation.coded(
                "TYPE", f"{value!s} is no day and no instant; write for example 2027-01-01.", expected="datetime"
            ) from None
        if not isinstance(moment, datetime):
            moment = datetime.combine(moment, time.min)
        return moment if moment.tzinfo else moment.replace(tzinfo=ProgramContext.current().zone)


class _HeadSchema(Schema):
    """The table ``[program]``."""

    name = fields.String(required=True, validate=validate.Length(1, 200))
    valid_from = _InstantField(load_default=None)
    notice_days = fields.Integer(strict=True, load_default=0, validate=validate.Range(0, 3660))


class _FileSchema(Schema):
    """What of the file belongs to the core."""

    program = fields.Nested(_HeadSchema, required=True)
    activities = many(ActivitySchema)
    ladders = many(LadderSchema)


@frozen
class _Unquoted:
    """A TOML float, kept as it was written so that the refusal can show it."""

    text: str


def load(
    text: str, registry: Registry, settings: Settings, *, version: int = 1, lenient: bool = False
) -> tuple[Program, Registry]:
    """Return the program that the text of a ``program.toml`` describes, and the registry with what it adds.

    ``lenient`` passes over sections of plugins that are not enabled, for what was stored before one was
    taken away. Raises :class:`SettingsError` (code ``PROGRAM_INVALID``) with the path of every problem.
    """
    try:
        document = tomllib.loads(text, parse_float=cast("Any", _Unquoted))
    except ValueError as error:  # also of a number with thousands of digits, of which tomllib says nothing of its own
        raise _refusal([Problem(code="NOT_TOML", message=f"this is not TOML: {error}")]) from None
    if problems := [*_inexact(document, ()), *_unread(document, registry, lenient=lenient)]:
        raise _refusal(problems)
    try:
        with ProgramContext(settings.currency, registry.types, {}, settings.time_zone).active():
            head = validation.load(_FileSchema(), {key: document[key] for key in _OWN if key in document})
        registry = registry.with_activities(built(head["activities"]))
        drafts: list[Draft] = head["ladders"]
        sections = _sections(document, registry, settings, drafts)
    except Invalid as invalid:
        raise _refusal(invalid.problems) from None
    registry = registry.with_program(sections)
    ladders, problems = build(drafts, registry, settings.currency)
    problems += contradictions(ladders)
    told = head["program"]
    if told["valid_from"] is not None and not FIRST_INSTANT <= micros(told["valid_from"]) <= LAST_INSTANT:
        message = "The time is out of the range that can be recorded."
        problems.append(Problem(code="TIME_RANGE", path=("program", "valid_from"), message=message))
    if problems:
        raise _refusal(problems)
    return Program(version, told["name"], ladders, sections, told["valid_from"], told["notice_days"]), registry


def blank(registry: Registry, settings: Settings) -> tuple[Program, Registry]:
    """Return version 0, in which nothing was applied yet, and the registry with what follows from it."""
    sections = _sections({}, registry, settings, [])
    return Program(sections=sections), registry.with_program(sections)


def _sections(
    document: Mapping[str, Any], registry: Registry, settings: Settings, drafts: list[Draft]
) -> dict[str, Any]:
    """Load the section of each plugin that has one; all problems at once."""
    tiers = {draft["code"]: {tier["code"]: tier["benefits"] for tier in draft["tiers"]} for draft in drafts}
    sections: dict[str, Any] = {}
    problems: list[Problem] = []
    for brings in (True, False):  # whoever brings no metrics itself may ask for those of all others
        so_far = registry.with_program(sections)
        context = ProgramContext(
            settings.currency, registry.types, tiers, settings.time_zone, so_far.metrics, so_far.units
        )
        with context.active():
            for plugin in registry.plugins:
                section = plugin.declares.program
                if section is not None and (section.metrics is not None) == brings:
                    try:
                        given = document.get(plugin.name, {})
                        sections[plugin.name] = validation.load(section.schema(), given, path=(plugin.name,))
                    except Invalid as invalid:
                        problems += invalid.problems
    if problems:
        raise Invalid(problems)
    return sections


def _unread(document: Mapping[str, Any], registry: Registry, *, lenient: bool) -> Iterator[Problem]:
    """Find the sections that nobody reads."""
    known = [*_OWN, *(plugin.name for plugin in registry.plugins if plugin.declares.program is not None)]
    for key in document:
        if key not in known and not lenient:
            hint = validation.suggest(key, known) or f"; sections are {', '.join(known)}"
            yield Problem(
                code="UNKNOWN_SECTION",
                path=(key,),
                message=f"No enabled plugin reads the section [{key}]{hint}.",
            )


def _inexact(value: Any, path: Path) -> Iterator[Problem]:
    """Find the numbers that were written as binary fractions, or are longer than TOML has them."""
    if isinstance(value, _Unquoted):
        message = f'{value.text} is a binary fraction, which is not exact; write it in quotes: "{value.text}"'
        yield Problem(code="NOT_EXACT", path=path, message=message)
    elif isinstance(value, int) and not -_LARGEST <= value <= _LARGEST:
        message = f"This number is longer than any that is kept; the largest is {_LARGEST}."
        yield Problem(code="RANGE", path=path, message=message, parameters={"min": -_LARGEST, "max": _LARGEST})
    elif isinstance(value, dict):
        for key, inner in cast("dict[str, Any]", value).items():
            yield from _inexact(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(cast("Sequence[Any]", value)):
            yield from _inexact(inner, (*path, index))


def _refusal(problems: list[Problem] | tuple[Problem, ...]) -> SettingsError:
    """Return the error that names every problem of the file."""
    details = [{"path": list(problem.path), "code": problem.code, "message": problem.message} for problem in problems]
    said = "; ".join(str(problem) for problem in problems)
    return SettingsError(f"the program cannot be used: {said}", code="PROGRAM_INVALID", problems=details)
