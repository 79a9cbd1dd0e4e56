"""What is public, as lines that can be compared: names, signatures, attributes, hooks, commands, settings.

Each line says one thing: ``corekit.Kit.record(activity) = required, place 1: Activity``. So what is gone, what is other
than it was, and what is new and required can be told from the lines alone; ``tests/test_public_api.py`` does.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module, metadata
from types import ModuleType
from typing import Any, cast

from attrs import fields, has
from sqlalchemy import Table
from typer.main import get_command

from corekit.cli import app
from tools.reference.keys import default, keys, own_settings_tables
from tools.reference.pages import specifications

Lines = Iterator[tuple[str, str]]
OURS = ("corekit", "corekit_schema")
_REQUIRED = "required"


def surface(package: str) -> dict[str, str]:
    """Return what the public modules of a package offer."""
    lines: dict[str, str] = {}
    for name in import_module(package).PUBLIC_MODULES:
        module = import_module(name)
        names = (each for each in module.__all__ if not each.startswith("__"))
        lines |= dict(line for each in names for line in _of(f"{name}.{each}", getattr(module, each)))
    return lines


def hooks(modules: tuple[ModuleType, ...]) -> dict[str, str]:
    """Return the hooks of specifications, what they are given, and since when."""
    lines: dict[str, str] = {}
    for function in (each for module in modules for each in specifications(module)):
        signature = inspect.signature(function)
        lines[function.__name__] = f"since {vars(function)['corekit_since']}, -> {signature.return_annotation}"
        for parameter in signature.parameters.values():
            lines[f"{function.__name__}({parameter.name})"] = str(parameter.annotation)
    return lines


def commands(distributions: tuple[str, ...]) -> dict[str, str]:
    """Return the commands of distributions with their arguments and options."""
    points = metadata.entry_points(group="corekit.commands")
    ours = sorted(point.name for point in points if point.dist and point.dist.name in distributions)
    root: Any = get_command(app)
    context = root.make_context("corekit", [], resilient_parsing=True)
    lines = dict(_parameters("corekit", root))
    for name in ours:
        lines |= dict(_command(f"corekit {name}", root.get_command(context, name)))
    return lines


def settings() -> dict[str, str]:
    """Return the keys of ``corekit.toml`` with what they are where they are left out."""
    return {
        f"{title} {name}": default(field) or "nothing"
        for title, schema in own_settings_tables()
        for name, field in keys(schema)
    }


def written(lines: Mapping[str, str]) -> str:
    """Return lines as they are kept."""
    return "".join(f"{name} = {value}\n" for name, value in sorted(lines.items()))


def read(text: str) -> dict[str, str]:
    """Return lines that were kept."""
    return dict(line.split(" = ", 1) for line in text.splitlines())


def breaking(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """Yield in a sentence each what breaks who uses it: gone, other than before, or new and required."""
    for name, value in before.items():
        whole = name.partition("(")[0]
        if name not in after:
            if whole == name or whole in after:
                yield f"`{name}` was removed."
        elif after[name] != value:
            yield f"`{name}` changed from `{value}` to `{after[name]}`."
    for name, value in after.items():
        whole = name.partition("(")[0].partition(" --")[0]
        if name not in before and name != whole and whole in before and value.startswith(_REQUIRED):
            yield f"`{name}` was added and is required."


def _simple(value: Any) -> str:
    """Return a value as it is written, where that is the same everywhere; else nothing."""
    return repr(value) if value is None or type(value) in {bool, int, str, tuple} else ""


def _of(name: str, value: Any) -> Lines:
    if value.__class__ is Table:
        yield name, "table"
        yield from ((f"{name}.{column.name}", str(column.type)) for column in value.columns)
    elif inspect.isclass(value):
        yield name, "class"
        if not hasattr(value, "_meta"):  # what a GraphQL type holds is in the printed schema
            yield from _class(name, value)
    elif inspect.isroutine(value):
        yield name, "function"
        yield from _callable(name, value)
    elif inspect.ismodule(value):
        yield name, "module"
    else:
        yield name, repr(value) if isinstance(value, (bool, int, str)) else type(value).__name__


def _class(name: str, cls: type) -> Lines:
    yield from _callable(name, cls)
    own: dict[str, Any] = {
        each: member for base in reversed(cls.__mro__) if _ours(base) for each, member in vars(base).items()
    }
    for each, member in own.items():
        if each.startswith("_"):
            continue
        found: Any = getattr(member, "__func__", member)
        if inspect.isfunction(found):
            yield f"{name}.{each}", "method"
            yield from _callable(f"{name}.{each}", found)
        elif isinstance(found, property):
            yield f"{name}.{each}", f"property, {inspect.signature(cast('Any', found.fget)).return_annotation}"
        elif not inspect.ismemberdescriptor(found):
            yield f"{name}.{each}", _simple(found) or "attribute"
    if has(cls):
        yield from ((f"{name}.{each.name}", f"attribute, {each.type}") for each in fields(cls))
    else:
        yield from ((f"{name}.{each}", "attribute") for each in _assigned(cls))


def _ours(cls: type) -> bool:
    return cls.__module__.partition(".")[0] in OURS


def _assigned(cls: type) -> list[str]:
    """Return the public attributes that a class gives its objects when it makes them."""
    make = vars(cls).get("__init__")
    if not inspect.isfunction(make):
        return []
    nodes = ast.walk(ast.parse(textwrap.dedent(inspect.getsource(make))))
    stored = (node for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store))
    return sorted({each.attr for each in stored if ast.unparse(each.value) == "self" and each.attr[0] != "_"})


def _callable(name: str, function: Callable[..., Any]) -> Lines:
    """Yield what a function takes: where it stands where it can be given by its place, and what it is by default."""
    try:
        signature = inspect.signature(function)
    except ValueError:  # made in C
        return
    for place, parameter in enumerate(signature.parameters.values()):
        if parameter.name in ("self", "cls"):
            continue
        given = parameter.default
        usual = _REQUIRED if given is parameter.empty else f"or {_simple(given)}" if _simple(given) else "optional"
        many = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        by_place = "" if parameter.kind == parameter.KEYWORD_ONLY else f", place {place}"
        kind = f": {parameter.annotation}" if parameter.annotation is not parameter.empty else ""
        yield f"{name}({parameter.name})", f"{'any' if many else usual}{by_place}{kind}"
    if not inspect.isclass(function) and signature.return_annotation is not signature.empty:
        yield f"{name}()", f"-> {signature.return_annotation}"


def _command(name: str, command: Any) -> Lines:
    inner: Mapping[str, Any] = getattr(command, "commands", {})
    yield name, "group" if inner else "command"
    yield from _parameters(name, command)
    for each, below in sorted(inner.items()):
        yield from _command(f"{name} {each}", below)


def _parameters(name: str, command: Any) -> Lines:
    for parameter in command.params:
        shown = parameter.opts[0] if parameter.param_type_name == "option" else f"({parameter.name})"
        if shown in ("--help", "--install-completion", "--show-completion"):
            continue
        more = ", many" if parameter.multiple or parameter.nargs != 1 else ""
        kind = "flag" if getattr(parameter, "is_flag", False) else parameter.bare_type()
        said = _REQUIRED if parameter.required else f"or {_simple(parameter.default) or parameter.default}"
        yield f"{name} {shown}" if shown[0] == "-" else f"{name}{shown}", f"{said}, {kind}{more}"
