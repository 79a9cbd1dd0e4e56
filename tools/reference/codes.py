"""The page of codes: what a caller, an operator and the author of a plugin is told."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from corekit import CorekitError, ErrorText, Kit
from corekit_schema.inputs import ERRORS as SCHEMA_ERRORS
from tools.reference.markdown import table

PLUGINS = ("access", "documents", "medals", "points", "stored_value", "surveys")
PACKAGES = ("corekit", "corekit_schema", *(f"corekit_{name}" for name in PLUGINS))
CODE = re.compile(r"[A-Z]{3,}(_[A-Z]+)+|FORBIDDEN|UNAUTHENTICATED")

MEANINGS = {
    "ARCHIVE_EXISTS": "The file of the archive exists already; it is never overwritten.",
    "BAD_REQUEST": "The request is no GraphQL request.",
    "BAD_USER_INPUT": "A variable or an argument does not have the type it should have.",
    "CALL_ENDED": "A plugin reads or writes when the call that it was given that for has ended.",
    "CANCELLED": "The client went away before the answer was there.",
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
    "MIGRATION_FAILED": "A plugin's migration failed; it is named, and nothing of it was kept.",
    "METHOD_NOT_ALLOWED": "Send it by POST; queries also by GET.",
    "NEW_PLUGIN": "The project of a new plugin cannot be written; the message says all that speaks against it.",
    "NOT_EXACT": "A number of the program is not exact: write it in quotes.",
    "NOT_TOML": "The program file is not TOML.",
    "OPERATION_RESOLUTION_FAILURE": "The request does not say which of its operations is meant.",
    "PERSISTED_QUERY_NOT_FOUND": "The manifest holds no document with this id.",
    "PERSISTED_QUERY_NOT_SUPPORTED": "The server has no manifest of documents: send the text.",
    "PERSISTED_QUERY_ONLY": "The server executes documents of its manifest alone: name one.",
    "PLUGIN": "The enabled plugins do not fit together, or what they bring to the schema.",
    "PLUGIN_IN_USE": "Something stands against removing a plugin; the message says what, and what to say about it.",
    "PLUGIN_RAISED": "A plugin raised in a hook.",
    "PROGRAM_INVALID": "The program file cannot be used; the message names each path in it.",
    "RATE_LIMITED": "The viewer spent what it may within a minute; `retryAfter` says when to ask again.",
    "SCHEMA_CONFLICT": "The types and fields of the core and the plugins do not fit together; each problem is listed.",
    "SETTINGS": "`corekit.toml` cannot be used; the message names the path in it.",
    "TIME": "This is no time of day.",
    "TOO_COSTLY": "The operation costs more than one may: ask for less at once, or for shorter pages.",
    "TOO_DEEP": "The operation has too many levels.",
    "TOO_FINE": "A number of the program has more decimal places than its unit.",
    "TOO_LARGE": "The body, the operation or a list in it is too large.",
    "TOO_SLOW": "The request took longer to arrive, or to answer, than it may.",
    "UNAUTHENTICATED": "Say who is asking, by a valid token.",
    "UNKNOWN_ACCOUNT": "Nobody declares this account kind.",
    "UNKNOWN_BENEFIT": "Nobody declares this kind of benefit.",
    "UNKNOWN_ACTIVITY": "Nobody declares this activity type.",
    "UNKNOWN_CALENDAR": "The program has no calendar of this name.",
    "UNKNOWN_CLASS": "No prize of the draw is of this class.",
    "UNKNOWN_COUNTRY": "No holidays are known of this country, or of this part of it.",
    "UNKNOWN_CURRENCY": "The program has no currency of this name.",
    "UNKNOWN_LADDER": "The program has no ladder of this code.",
    "UNKNOWN_METRIC": "Nobody declares this metric.",
    "UNKNOWN_SECTION": "No plugin that is on reads this section of the program.",
    "UNKNOWN_TIER": "The ladder has no tier of this code.",
    "UNSUPPORTED_MEDIA_TYPE": "Send JSON.",
    "TRANSACTION_ENDED": "A plugin ended the transaction in which it was to write; nothing of it was written.",
    "WINDOW": "This is no window of time over which a metric is summed.",
    "WRITE_NOT_ALLOWED": "A plugin sent what is no statement on its own tables, or by a connection not given to it.",
}
"""What codes without a fixed sentence mean; the run stops at one that is not here."""


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
    yield table(("code", "meaning"), ((f"`{code}`", MEANINGS[code]) for code in sorted(raised() - answered() - known)))
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
    passed = {str(word.value) for call in calls for word in call.args if isinstance(word, ast.Constant)}
    given |= {word for word in passed if CODE.fullmatch(word) and not word.startswith("COREKIT_")}
    return given | {each.code for each in subclasses(CorekitError)}


def answered() -> set[str]:
    """Return the codes that the server itself has for requests."""
    packages = [f"corekit_schema.{name}" for name in ("context", "core", "execution", "http", "masking", "policies")]
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
