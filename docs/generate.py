"""Write docs/reference from the code: `python docs/generate.py`; `--check` compares and fails where they differ."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module, metadata
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import typer
from marshmallow import Schema, fields
from typer.main import get_command

import corekit.hookspecs
import corekit_schema.hookspecs
from corekit import ActivityType, CorekitError, ErrorText, Kit, Settings
from corekit.cli import EPILOG, app
from corekit.members.settings import EnrolmentSettings, MemberSettings, NumberSettings
from corekit.program import blank
from corekit.registry import Registry, What
from corekit.settings import _Attribute, _Core, _File, _Source
from corekit_schema import assemble_for
from corekit_schema.core.permissions import PERMISSIONS
from corekit_schema.inputs import ERRORS as SCHEMA_ERRORS

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = "docs/reference"
QUOTING = ("docs/plugins.md",)
QUOTE = re.compile(r"<!-- (\S+) -->\n```(\w+)\n.*?\n```", re.DOTALL)
PLUGINS = ("points",)
PACKAGES = ("corekit", "corekit_schema", *(f"corekit_{name}" for name in PLUGINS))
MARK = "<!-- Made by `make docs` from the code; do not edit. -->"

CODE = re.compile(r"[A-Z]{3,}(_[A-Z]+)+|FORBIDDEN|UNAUTHENTICATED")

MEANINGS = {
    "BAD_REQUEST": "The request is no GraphQL request.",
    "BAD_USER_INPUT": "A variable or an argument does not have the type it should have.",
    "CANNOT_LISTEN": "The address is taken, or not ours.",
    "CONTRADICTION": "Two things in the program, or in what is asked, contradict each other; both are named.",
    "DATABASE_BEHIND": "The database does not have what the code expects: run `corekit db upgrade`.",
    "DATE": "This is no date.",
    "EFFECT_INVALID": "A plugin yielded an effect that says nothing that could be booked.",
    "EFFECT_NOT_ALLOWED": "A plugin yielded an effect of somebody else, or touched an account that is not its own.",
    "GRAPHQL_PARSE_FAILED": "The operation cannot be read.",
    "GRAPHQL_VALIDATION_FAILED": "The operation asks for what the schema does not have.",
    "INTEGRITY": "The books contradict themselves: a defect. Nothing was written.",
    "INTERNAL_SERVER_ERROR": "Something went wrong; the log knows more under the id in the message.",
    "METHOD_NOT_ALLOWED": "Send it by POST; queries also by GET.",
    "NOT_EXACT": "A number of the program is not exact: write it in quotes.",
    "NOT_TOML": "The program file is not TOML.",
    "OPERATION_RESOLUTION_FAILURE": "The request does not say which of its operations is meant.",
    "PLUGIN": "The enabled plugins do not fit together, or what they bring to the schema.",
    "PLUGIN_RAISED": "A plugin raised in a hook.",
    "PROGRAM_INVALID": "The program file cannot be used; the message names each path in it.",
    "SCHEMA_CONFLICT": "The types and fields of the core and the plugins do not fit together; each problem is listed.",
    "SETTINGS": "`corekit.toml` cannot be used; the message names the path in it.",
    "TIME": "This is no time of day.",
    "TOO_DEEP": "The operation has too many levels.",
    "TOO_FINE": "A number of the program has more decimal places than its unit.",
    "TOO_LARGE": "The body, the operation or a list in it is too large.",
    "UNAUTHENTICATED": "Say who is asking, by a valid token.",
    "UNKNOWN_ACCOUNT": "Nobody declares this account kind.",
    "UNKNOWN_BENEFIT": "Nobody declares this kind of benefit.",
    "UNKNOWN_METRIC": "Nobody declares this metric.",
    "UNKNOWN_SECTION": "No plugin that is on reads this section of the program.",
    "UNSUPPORTED_MEDIA_TYPE": "Send JSON.",
    "WINDOW": "This is no window of time over which a metric is summed.",
    "WRITE_NOT_ALLOWED": "A plugin wrote to a table that is not its own, or not by SQLAlchemy Core.",
}
"""What codes without a fixed sentence mean; the run stops at one that is not here."""

Rows = Iterable[Iterable[str]]


def main(arguments: list[str]) -> None:
    """Write the pages, or compare them with those there are."""
    if arguments not in ([], ["--check"]):
        sys.exit("python docs/generate.py [--check]")
    differing = differences(made := pages())
    if arguments and differing:
        sys.exit(f"not what the code says: {', '.join(differing)}; run make docs")
    for name in differing:
        path = ROOT / name
        if name in made:
            path.parent.mkdir(exist_ok=True)
            path.write_text(made[name], encoding="utf-8")
        else:
            path.unlink()


def differences(made: Mapping[str, str]) -> list[str]:
    """Return the pages that differ from what the code says, are missing, or should not be there."""
    names = {*made, *(path.relative_to(ROOT).as_posix() for path in (ROOT / REFERENCE).glob("*"))}
    there = {name: (ROOT / name).read_text(encoding="utf-8") for name in names if (ROOT / name).exists()}
    return sorted(name for name in names if there.get(name) != made.get(name))


def pages() -> dict[str, str]:
    """Return every page that is made from the code, by its path."""
    with tempfile.TemporaryDirectory() as folder:
        kit = Kit(Settings.of(database=f"sqlite:///{folder}/never.db", plugins=list(PLUGINS)))
        try:
            bodies = {name: (title, "\n\n".join(body(kit))) for name, (title, _, body) in PAGES.items()}
        finally:
            kit.close()
    listing = table(("page", "what it lists"), ((f"[{t}]({name}.md)", about) for name, (t, about, _) in PAGES.items()))
    bodies["README"] = ("Reference", listing)
    made = {f"{REFERENCE}/{name}.md": f"{MARK}\n\n# {title}\n\n{text}\n" for name, (title, text) in bodies.items()}
    return made | {name: quoted((ROOT / name).read_text(encoding="utf-8")) for name in QUOTING}


# Quotations


def quoted(text: str) -> str:
    """Return a page with the code under each `<!-- path#names -->` as it is in the repository now."""
    return QUOTE.sub(lambda found: f"<!-- {found[1]} -->\n```{found[2]}\n{quotation(found[1])}\n```", text)


def quotation(place: str) -> str:
    """Return what stands at a place: a whole file, or the named definitions of a module."""
    path, _, names = place.partition("#")
    text = (ROOT / path).read_text(encoding="utf-8")
    if not names:
        return text.strip()
    lines = text.splitlines()
    found = {name: "\n".join(lines[slice(*span)]) for name, span in definitions(ast.parse(text))}
    return "\n\n\n".join(found[name] for name in names.split(","))


def definitions(module: ast.Module) -> Iterator[tuple[str, tuple[int, int | None]]]:
    """Yield the name and the lines of every function and class of a module, decorators included."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, (min(each.lineno for each in (node, *node.decorator_list)) - 1, node.end_lineno)


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
    return f"### {name}\n\n```python\n{name}{signature}\n```\n\n{prose(inspect.getdoc(function))}"


# Settings


def settings(_: Kit) -> Iterator[str]:
    """Write every key of corekit.toml."""
    yield "`${NAME}` in a string stands for an environment variable. A key that is not listed here is refused."
    yield table(("table", "holds"), ((f"`[{name}]`", description(each)) for name, each in fields_of(_File)))
    for title, schema in (
        ("[corekit]", _Core),
        ("[corekit.sources.NAME]", _Source),
        ("[corekit.profile.NAME]", _Attribute),
        ("[corekit.members]", MemberSettings),
        ("[corekit.members.number]", NumberSettings),
        ("[corekit.members.enrolment]", EnrolmentSettings),
    ):
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


# Errors


def errors(kit: Kit) -> Iterator[str]:
    """Write every code with its sentences, and the exceptions that carry codes."""
    texts = {(kit.declared.owner("error", each.code) or "", each.code): each for each in kit.declared.errors.values()}
    texts |= {("corekit_schema", each.code): each for each in SCHEMA_ERRORS}
    yield "A code never changes. `{name}` in a sentence stands for a parameter of the error."
    yield "## What a caller is told"
    yield table(("code", "of", "English", "中文"), (told(owner, texts[owner, code]) for owner, code in sorted(texts)))
    known = {code for _, code in texts}
    yield "## What an operator or the author of a plugin is told"
    yield "Each message says what is wrong with which side, and the way out."
    yield table(("code", "meaning"), ((f"`{code}`", MEANINGS[code]) for code in sorted(raised() - known)))
    yield "## What the GraphQL server says of a request"
    yield "In `errors[].extensions.code`; what is wrong with a mutation's input is in `userErrors`, by the codes above."
    yield table(("code", "meaning"), ((f"`{code}`", MEANINGS[code]) for code in sorted(answered() - known)))


def told(owner: str, text: ErrorText) -> tuple[str, ...]:
    """Return the row of a code."""
    return f"`{text.code}`", owner, text.en, text.zh


def raised() -> set[str]:
    """Return the codes of the exceptions of the packages, and those that are given where one is raised."""
    calls = [node for tree in sources(*PACKAGES) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    words = [keyword.value for call in calls for keyword in call.keywords if keyword.arg == "code"]
    words += [call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "coded"]
    given = {str(word.value) for word in words if isinstance(word, ast.Constant)}
    return given | {each.code for each in subclasses(CorekitError)}


def answered() -> set[str]:
    """Return the codes that the server itself has for requests."""
    packages = [f"corekit_schema.{name}" for name in ("core", "execution", "http", "masking", "policies")]
    nodes = (node for tree in sources(*packages) for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {str(node.value) for node in nodes if CODE.fullmatch(str(node.value))}


def sources(*names: str) -> Iterator[ast.Module]:
    """Yield the syntax trees of packages and modules; each is imported, so that every exception is known."""
    for name in names:
        place = Path(import_module(name).__file__ or "")
        for path in sorted(place.parent.rglob("*.py")) if place.name == "__init__.py" else [place]:
            parts = path.relative_to(place.parent).with_suffix("").parts
            if "migrations" in parts or parts == ("db", "env"):  # Alembic's, which runs them
                continue
            if place.name == "__init__.py":
                import_module(".".join((name, *parts)).removesuffix(".__init__"))
            yield ast.parse(path.read_text(encoding="utf-8"))


def subclasses(kind: type[CorekitError]) -> Iterator[type[CorekitError]]:
    """Yield an exception and all below it that belong to the packages."""
    if kind.__module__.partition(".")[0] in PACKAGES:
        yield kind
    for each in kind.__subclasses__():
        yield from subclasses(each)


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


# Markdown


def prose(text: str | None) -> str:
    """Return a docstring as Markdown."""
    return re.sub(r"(?::\w+)?:?`{1,2}~?([^`]+)`{1,2}", r"`\1`", inspect.cleandoc(text or ""))


def summary(thing: object) -> str:
    """Return the first sentence of a docstring."""
    return prose(inspect.getdoc(thing)).split("\n\n")[0].replace("\n", " ")


def table(head: Iterable[str], rows: Rows) -> str:
    """Return a table."""
    names = list(head)
    return "\n".join([row(names), row("---" for _ in names), *map(row, rows)])


def row(cells: Iterable[str]) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"


PAGES: dict[str, tuple[str, str, Callable[[Kit], Iterator[str]]]] = {
    "hooks": ("Hooks", "every function that corekit calls in a plugin", hooks),
    "settings": ("Settings", "every key of corekit.toml", settings),
    "errors": ("Errors", "every code with its sentence in English and Chinese", errors),
    "activities": ("Activities", "activity types, metrics, account kinds, permissions", activities),
    "commands": ("Commands", "the command line with all options and exit codes", commands),
    "schema": ("Schema", "the GraphQL schema", schema),
}

if __name__ == "__main__":
    main(sys.argv[1:])
