"""The pages, each from what the code declares."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import metadata
from types import ModuleType
from typing import Any, cast

import typer
from marshmallow import Schema, fields
from typer.main import get_command

import corekit.hookspecs
import corekit_schema.hookspecs
from corekit import ActivityType, Kit
from corekit.cli import EPILOG, app
from corekit.members.settings import EnrolmentSettings, MemberSettings, NumberSettings
from corekit.program import blank
from corekit.registry import Registry, What
from corekit.settings import _Attribute, _Core, _File, _Source
from corekit_schema import assemble_for
from corekit_schema.permissions import PERMISSIONS
from corekit_schema.settings import GraphQLSettings, LimitSettings
from tools.reference.codes import PACKAGES, PLUGINS, errors
from tools.reference.markdown import prose, table

# Hooks


def hooks(_: Kit) -> Iterator[str]:
    """Write every hook: how it is called, and what its specification says."""
    yield (
        "A plugin implements a hook by a function of the same name, marked with `corekit.hookimpl`; it may leave out "
        "arguments it does not need. [Write a plugin](../plugins.md) shows how they are used."
    )
    for module in (corekit.hookspecs, corekit_schema.hookspecs):
        yield f"## {module.__name__.partition('.')[0]}"
        yield from (hook(function) for function in specifications(module))


def specifications(module: ModuleType) -> list[Callable[..., Any]]:
    """Return the hook specifications of a module, in its order."""
    return [each for each in vars(module).values() if hasattr(each, "corekit_spec")]


def hook(function: Callable[..., Any]) -> str:
    """Write one hook."""
    signature = str(inspect.signature(function)).replace("'", "")
    name = function.__name__
    since = f"Since {function.__module__.partition('.')[0]} {vars(function)['corekit_since']}."
    return f"### {name}\n\n```python\n{name}{signature}\n```\n\n{prose(inspect.getdoc(function))}\n\n{since}"


# Settings

SECTIONS: Sequence[tuple[str, type[Schema]]] = (
    ("[corekit]", _Core),
    ("[corekit.sources.NAME]", _Source),
    ("[corekit.profile.NAME]", _Attribute),
    ("[corekit.members]", MemberSettings),
    ("[corekit.members.number]", NumberSettings),
    ("[corekit.members.enrolment]", EnrolmentSettings),
    ("[graphql]", GraphQLSettings),
    ("[graphql.limits]", LimitSettings),
)
"""The tables of ``corekit.toml``, with the schemas that read them."""


def settings(_: Kit) -> Iterator[str]:
    """Write every key of corekit.toml."""
    yield "`${NAME}` in a string stands for an environment variable. A key that is not listed here is refused."
    yield table(("table", "holds"), ((f"`[{name}]`", description(each)) for name, each in fields_of(_File)))
    for title, schema in SECTIONS:
        yield f"## {title}"
        yield table(
            ("key", "default", "meaning"),
            ((f"`{name}`", default(each), description(each)) for name, each in fields_of(schema)),
        )


def fields_of(schema: type[Schema]) -> list[tuple[str, Any]]:
    """Return the fields of a schema, in its order."""
    return list(cast("Any", schema()).fields.items())


def description(field: Any) -> str:
    """Return what a key means; a key that does not say it stops the run."""
    return str(field.metadata["description"])


def default(field: Any) -> str:
    """Return what a key is where it is left out."""
    if isinstance(field, fields.Nested):
        return "a table of its own"
    value = field.load_default
    if field.required:
        return "required"
    if value is None or value in ((), dict):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


# Activities and the like


def activities(kit: Kit) -> Iterator[str]:
    """Write activity types, metrics, account kinds and permissions."""
    registry = kit.declared.with_program(blank(kit.declared, kit.settings)[0].sections)
    owner = owners(registry)
    yield "What the core and points declare where no program says otherwise; `corekit plugins` shows yours."
    yield "## Activity types"
    yield (
        "A *command* is refused as a whole where an effect cannot be applied; a *fact* has happened, so such an effect "
        "is dropped. An *internal* type is recorded by the kernel alone. Payload keys with a star are required."
    )
    yield table(
        ("type", "of", "what it is", "kind", "amount", "payload"),
        (
            (
                f"`{each.name}`",
                owner("type", each.name),
                each.description,
                kind_of(each),
                amount_of(each),
                payload(each),
            )
            for each in by_name(registry.types)
        ),
    )
    yield "## Metrics"
    yield "Besides, a ladder may name `count:<activity type>`."
    yield table(
        ("metric", "of", "what it is"),
        ((f"`{each.name}`", owner("metric", each.name), each.description) for each in by_name(registry.metrics)),
    )
    yield "## Account kinds"
    yield table(
        ("kind", "of", "unit", "lots", "expiry", "value taken back after it was spent"),
        (
            (
                f"`{code}`",
                owner("kind", code),
                f"`{each.unit.code}`",
                yes(each.lots),
                str(each.expiry or "never"),
                f"`{each.clawback}`",
            )
            for code, each in sorted(registry.kinds.items())
        ),
    )
    yield "## Permissions"
    rights = [("corekit_schema", each) for each in PERMISSIONS]
    rights += [(owner("permission", name), each) for name, each in registry.permissions.items()]
    yield table(
        ("permission", "of", "what it allows"),
        ((f"`{each.name}`", of, each.description) for of, each in sorted(rights, key=lambda right: right[1].name)),
    )


def owners(registry: Registry) -> Callable[[What, str], str]:
    """Return a function that says who declares a name."""
    return lambda what, name: registry.owner(what, name) or ""


def by_name(values: Mapping[str, Any]) -> list[Any]:
    """Return values in the order of their names."""
    return [values[name] for name in sorted(values)]


def kind_of(type_: ActivityType) -> str:
    """Return what kind of activity type it is."""
    words = [word for word in ("internal", "command", "reversal") if getattr(type_, word)]
    return ", ".join(words) or "fact"


def amount_of(type_: ActivityType) -> str:
    """Return what the amount of an activity counts."""
    what = {"none": "", "own": "a unit of its plugin"}.get(type_.amount, type_.amount)
    return ", ".join([what, *(word for word in ("signed", "lines") if getattr(type_, word))]).removeprefix(", ")


def payload(type_: ActivityType) -> str:
    """Return the keys of a payload, the required ones with a star."""
    if type_.schema is None:
        return ""
    return ", ".join(f"`{name}`{'*' * each.required}" for name, each in fields_of(type_.schema))


def yes(value: bool) -> str:  # noqa: FBT001 - the answer is the question
    """Return yes or no."""
    return "yes" if value else "no"


# Commands


def commands(_: Kit) -> Iterator[str]:
    """Write the command tree."""
    yield f"{EPILOG}\n\nErrors are one line on standard error, `error: message [CODE]`, or JSON with `--json`."
    root: Any = get_command(app)
    context = typer.Context(root, info_name="corekit")
    yield from command(root, "corekit")
    offered = {
        point.name
        for point in metadata.entry_points(group="corekit.commands")
        if point.module.split(".")[0] in PACKAGES
    }
    for name in sorted(offered):
        yield from command(root.get_command(context, name), f"corekit {name}")


def command(found: Any, path: str) -> Iterator[str]:
    """Write a command and those below it."""
    yield f"## {path}"
    yield prose(found.help) or "…"
    if options := [option(each) for each in found.params]:
        yield table(("argument", "meaning"), options)
    if path != "corekit":
        for name, below in sorted(getattr(found, "commands", {}).items()):
            yield from command(below, f"{path} {name}")


def option(param: Any) -> tuple[str, str]:
    """Return the row of an option or argument."""
    kind = "" if getattr(param, "is_flag", False) else param.metavar or param.bare_type().upper()
    name = ", ".join(param.opts) if param.param_type_name == "option" else ""
    written = f"`{' '.join(word for word in (name, kind if name else param.name.upper()) if word)}`"
    notes = [param.help or ""]
    if param.required:
        notes.append("Required.")
    elif param.default not in (None, False, "") and not callable(param.default):
        notes.append(f"Default: `{param.default}`.")
    if param.envvar:
        notes.append(f"Or `{param.envvar}` in the environment.")
    return written, " ".join(note for note in notes if note)


# Schema


def schema(kit: Kit) -> Iterator[str]:
    """Write the printed schema."""
    yield f"What `corekit schema print` says where {' and '.join(PLUGINS)} is on."
    yield f"```graphql\n{assemble_for(kit).sdl().strip()}\n```"


PAGES: dict[str, tuple[str, str, Callable[[Kit], Iterator[str]]]] = {
    "hooks": ("Hooks", "every function that corekit calls in a plugin", hooks),
    "settings": ("Settings", "every key of corekit.toml", settings),
    "errors": ("Errors", "every code with its sentence in English and Chinese", errors),
    "activities": ("Activities", "activity types, metrics, account kinds, permissions", activities),
    "commands": ("Commands", "the command line with all options and exit codes", commands),
    "schema": ("Schema", "the GraphQL schema", schema),
}
