"""The pages of keys: those of corekit.toml and those of the program file, found by walking the schemas."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any, cast
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields, validate

from corekit import BenefitKind, Kit, Window
from corekit.program.exact import Exact
from corekit.program.program import _FileSchema as ProgramFile
from corekit.settings import _File as SettingsFile
from corekit_schema.settings import GraphQLSettings
from tools.reference.markdown import prose, table

Tables = Iterator[tuple[str, type[Schema]]]


def settings(kit: Kit) -> Iterator[str]:
    """Write every key of corekit.toml."""
    yield "`${NAME}` in a string stands for an environment variable. A key that is not listed here is refused."
    yield table(("table", "holds"), ((f"`[{name}]`", described(each)) for name, each in keys(SettingsFile)))
    for title, schema in settings_tables(kit):
        yield f"## {title}"
        rows = ((f"`{name}`", takes(each), default(each), described(each)) for name, each in keys(schema))
        yield table(("key", "takes", "default", "meaning"), rows)


def program(kit: Kit) -> Iterator[str]:
    """Write every key of the program file."""
    yield (
        "A key that is not listed here is refused, and so is a section of a plugin that is not on. What they mean is "
        "told in [The program](../program.md), [Tiers](../tiers.md) and [Points](../points.md)."
    )
    for title, schema in program_tables(kit):
        yield f"## {title}"
        rows = ((f"`{name}`", takes(each), default(each)) for name, each in keys(schema))
        yield table(("key", "takes", "default"), rows)
    yield "## Kinds of benefits"
    yield "They stand in the `benefits` of a tier. One that is claimed may have a `quota`, and say `per` which window."
    yield table(
        ("kind", "what it is", "keys"),
        (
            (f"`{each.name}`", each.description, ", ".join(benefit_keys(each)))
            for each in kit.declared.benefits.values()
        ),
    )


def benefit_keys(kind: BenefitKind) -> Iterator[str]:
    """Yield the keys of a benefit."""
    yield from (f"`{name}`" for name, _ in (keys(kind.schema) if kind.schema else ()))
    yield from ("`quota`", "`per`") if kind.claimable else ()


def settings_tables(kit: Kit) -> Tables:
    """Yield every table of corekit.toml: those of the core, of the server, and of each plugin that has settings."""
    yield from own_settings_tables()
    for plugin in kit.plugins:
        if plugin.declares.settings is not None:
            yield from tables(f"[plugins.{plugin.name}]", plugin.declares.settings)


def own_settings_tables() -> Tables:
    """Yield the tables of corekit.toml that are there without any plugin."""
    yield from tables_below("", SettingsFile)
    yield from tables("[graphql]", GraphQLSettings)


def program_tables(kit: Kit) -> Tables:
    """Yield every table of the program file: those of the core, and the section of each plugin that has one."""
    yield from tables_below("", ProgramFile)
    for plugin in kit.plugins:
        if plugin.declares.program is not None:
            yield from tables(f"[{plugin.name}]", plugin.declares.program.schema)


def tables(title: str, schema: type[Schema], above: Sequence[type[Schema]] = ()) -> Tables:
    """Yield a table and those within it; in TOML's own words, with NAME for what the author names."""
    yield title, schema
    yield from tables_below(f"{title.strip('[]')}.", schema, above)


def tables_below(prefix: str, schema: type[Schema], above: Sequence[type[Schema]] = ()) -> Tables:
    """Yield the tables within a table, but for one that stands within itself."""
    for name, field in keys(schema):
        written, inner = held(field)
        if inner is not None and inner.schema.__class__ not in (*above, schema):
            yield from tables(written.format(f"{prefix}{name}"), inner.schema.__class__, (*above, schema))


def held(field: Any) -> tuple[str, Any]:
    """Return how a table within a key is written, and the field that reads it; None where the key holds none."""
    if isinstance(field, fields.Nested):
        return "[[{}]]" if field.many else "[{}]", field
    for name, written in (("inner", "[[{}]]"), ("value_field", "[{}.NAME]")):
        inner: Any = getattr(field, name, None)
        if isinstance(inner, fields.Nested):
            return written, inner
    return "", None


def keys(schema: type[Schema]) -> list[tuple[str, Any]]:
    """Return the keys of a table with their fields, in the schema's order."""
    found: dict[str, Any] = cast("Any", schema()).fields
    return [(field.data_key or name, field) for name, field in found.items()]


def described(field: Any) -> str:
    """Return what a key means; a key that does not say it stops the run."""
    return str(field.metadata["description"])


def takes(field: Any) -> str:
    """Return what a key may be."""
    kind, inner = field.__class__, getattr(field, "inner", None)
    if kind in (fields.Nested, fields.Dict) or isinstance(inner, fields.Nested):
        return "tables" if inner or getattr(field, "many", False) else "a table"
    if inner is not None:
        return f"a list of {takes(inner)}"
    choices = [each for check in field.validators for each in getattr(check, "choices", ())]
    if choices:
        return ", ".join(f"`{each}`" for each in choices)
    words = KINDS.get(kind) or sentence(prose(inspect.getdoc(kind)))
    return words + "".join(bounds(each) for each in field.validators if isinstance(each, validate.Range))


KINDS: dict[type[Any], str] = {
    fields.Boolean: "true or false",
    fields.Integer: "whole number",
    fields.String: "text",
    Exact: "number",
}


def sentence(text: str) -> str:
    """Return the first sentence of a text, as it stands within another."""
    first = text.split(". ", maxsplit=1)[0].rstrip("., ")
    return first[:1].lower() + first[1:]


def bounds(range_: validate.Range) -> str:
    """Return the bounds of a number."""
    least, most = (f"{each:,}" if each is not None else "" for each in (range_.min, range_.max))
    return f", {least} to {most}" if least and most else f", {least or most} or {'more' if least else 'less'}"


def default(field: Any) -> str:
    """Return what a key is where it is left out; nothing where that is a table, or something that has no name."""
    value = field.load_default
    if field.required:
        return "required"
    if isinstance(value, timedelta):
        value = value // timedelta(hours=1)
    if isinstance(value, tuple):
        value = ", ".join(cast("tuple[str, ...]", value))
    if isinstance(value, bool):
        value = str(value).lower()
    return f"`{value}`" if isinstance(value, str | int | Fraction | Window | ZoneInfo) and value != "" else ""
