"""The pages, each from what the code declares."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from types import ModuleType
from typing import Any

import typer
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    is_specified_scalar_type,
    lexicographic_sort_schema,
    print_type,
)
from typer.main import get_command

import corekit.hookspecs
import corekit_schema.hookspecs
from corekit import ActivityType, Kit
from corekit.activities.tenders import payload_schema
from corekit.cli import EPILOG, app
from corekit.program import blank
from corekit.registry import Registry, What
from corekit_schema import assemble_for
from corekit_schema.permissions import PERMISSIONS
from tools.reference.codes import PACKAGES, PLUGINS, errors
from tools.reference.keys import keys, program, settings
from tools.reference.markdown import prose, table
from tools.reference.quotations import quotation

SPECS = (corekit.hookspecs, corekit_schema.hookspecs)
"""The modules that say which hooks there are."""

EXAMPLES = "docs/examples/hooks"
"""Where the example of each hook is, a whole plugin; tests run them."""

# Hooks


def hooks(_: Kit) -> Iterator[str]:
    """Write every hook: how it is called, and what its specification says."""
    yield (
        "A plugin implements a hook by a function of the same name, marked with `corekit.hookimpl`; it may leave out "
        "arguments it does not need. [Write a plugin](../plugins.md) shows how they are used."
    )
    for module in SPECS:
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
    place = f"{EXAMPLES}/{name}.py"
    example = f"For example, `{place}`:\n\n```python\n{quotation(place)}\n```"
    return (
        f"### {name}\n\n```python\n{name}{signature}\n```\n\n{prose(inspect.getdoc(function))}\n\n{since}\n\n{example}"
    )


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
    return ", ".join([what, *(word for word in ("signed", "lines", "tenders") if getattr(type_, word))]).removeprefix(
        ", "
    )


def payload(type_: ActivityType) -> str:
    """Return the keys of a payload, the required ones with a star."""
    schema = payload_schema(type_)
    return "" if schema is None else ", ".join(f"`{name}`{'*' * each.required}" for name, each in keys(schema))


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
    """Write the schema, each type under its name."""
    yield f"What `corekit schema print` says where {' and '.join(PLUGINS)} are on, type by type."
    found = lexicographic_sort_schema(assemble_for(kit).graphql)
    roots = [each for each in (found.query_type, found.mutation_type) if each]
    types = [each for name, each in found.type_map.items() if not name.startswith("__") and each not in roots]
    yield from map(printed, roots)
    for title, kind in KINDS.items():
        yield f"## {title}"
        yield from (printed(each) for each in types if isinstance(each, kind) and not is_specified_scalar_type(each))


def printed(type_: GraphQLNamedType) -> str:
    """Write a type under its name."""
    return f"##{'#' * (type_.name not in ('Query', 'Mutation'))} {type_.name}\n\n```graphql\n{print_type(type_)}\n```"


KINDS = {
    "Objects": GraphQLObjectType,
    "Inputs": GraphQLInputObjectType,
    "Interfaces and unions": GraphQLInterfaceType | GraphQLUnionType,
    "Enums": GraphQLEnumType,
    "Scalars": GraphQLScalarType,
}


PAGES: dict[str, tuple[str, str, Callable[[Kit], Iterator[str]]]] = {
    "hooks": ("Hooks", "every function that corekit calls in a plugin", hooks),
    "settings": ("Settings", "every key of corekit.toml", settings),
    "program": ("Program", "every key of the program file", program),
    "errors": ("Errors", "every code with its sentence in English and Chinese", errors),
    "activities": ("Activities", "activity types, metrics, account kinds, permissions", activities),
    "commands": ("Commands", "the command line with all options and exit codes", commands),
    "schema": ("Schema", "the GraphQL schema", schema),
}
