"""Guards of the connections while the code of a plugin runs.

A plugin writes and reads through doors of its own (:mod:`corekit.activities.plugin_write`,
:mod:`corekit.activities.plugin_read`). Whatever else its thread sends meanwhile, by any connection, or whatever any
thread sends by the connection that it was given, is stopped here, before it reaches the database: on SQLite by the
database itself, which asks about each statement, on PostgreSQL by the driver's connection. What passes a door is one
statement, of the kind that the door let through.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from functools import lru_cache, wraps
from typing import Any, NoReturn

import psycopg
from sqlalchemy import Connection, Engine, PoolProxiedConnection, event

from corekit.db import waiting
from corekit.errors import PluginError

_TOKENS = re.compile(
    r"""%\(\w+\)s            # a parameter
    | '(?:[^']|'')*' | "(?:[^"]|"")*"
    | --|/\*|\$\w*\$         # a comment, a quotation by dollars: what stands in them could be anything
    | [A-Za-z_]\w* | \S""",
    re.VERBOSE,
)
_UNSEEN = {";", "--", "/*", "\\", "'", '"'}
_FIRST = {"WITH", "SELECT", "(", "INSERT", "UPDATE", "DELETE"}
_WRITES = {"INSERT", "DELETE", "MERGE"}
_ONLY_READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_ROWS = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}

SENDS = "sends by a connection that it was not given"


class Hold:
    """The time in which a plugin's code runs, or in which it has a connection.

    ``broken`` is the first thing that was stopped. It stands, whatever the plugin makes of the error that it got.
    Tables that are ``lent`` may be written besides the plugin's own.
    """

    __slots__ = ("broken", "kind", "lent", "owner")

    def __init__(self, owner: str, lent: Collection[str] = ()) -> None:
        self.owner = owner
        self.lent = lent
        self.broken: PluginError | None = None
        self.kind: str | None = None

    @contextmanager
    def passing(self, kind: str) -> Generator[None]:
        """Let a statement of a kind pass, such as ``INSERT``, while the kernel's code runs in the plugin's call."""
        running, here.hold = here.hold, None
        self.kind = kind
        try:
            yield
        finally:
            self.kind = None
            here.hold = running

    def may_write(self, table: str | None) -> bool:
        """Say whether a table is one that may be written, by its name."""
        return str(table).startswith(f"{self.owner}_") or table in self.lent

    def look(self, text: str) -> None:
        """Stop a statement that is not what its door let through."""
        if self.kind is None:
            self.stop(SENDS)
        if (reason := _unlike(self.kind, text)) is not None:
            self.stop(f"sends a statement {reason}")

    def stop(self, what: str) -> NoReturn:
        """Raise what the plugin is told, and remember it."""
        message = f"plugin {self.owner} {what}; use what the hook is given, for tables named {self.owner}_..."
        error = PluginError(message, code="WRITE_NOT_ALLOWED", plugin=self.owner)
        self.broken = self.broken or error
        raise error


class _Here(threading.local):
    """What runs in a thread: the code of a plugin, or (None) the kernel's."""

    hold: Hold | None = None


here = _Here()


def check_kernel() -> None:
    """Stop what is sent past the driver's cursors in the time of a plugin."""
    if here.hold is not None:
        here.hold.stop(SENDS)


def _stopping(given: Hold | None) -> Hold | None:
    """Return whose time it is that stands against what is sent by a connection that is given to somebody."""
    if given is not None and given.kind is None:
        return given
    return here.hold


@lru_cache(maxsize=1024)
def _unlike(kind: str, text: str) -> str | None:
    """Return in what a statement differs from a single one of its kind that writes nowhere else; None if in nothing."""
    words = [word.upper() for word in _TOKENS.findall(text)]
    if any(word in _UNSEEN or (word[0] == "$" and word[-1] == "$") for word in words):
        return "that is not one alone, or has a comment, a backslash or a quotation by dollars"
    if words[0] not in _FIRST:
        return f"that begins with {words[0]}"
    written = 0
    for before, word in zip(["", *words], words, strict=False):
        if word in _WRITES or (word == "UPDATE" and before not in {"FOR", "KEY", "DO"}):
            written += 1
            if word != kind:
                return f"with {word} in it"
        elif word == "INTO" and before not in {"INSERT", "REPLACE", "IGNORE"}:
            return "with INTO in it"
    if written > (kind != "SELECT"):
        return f"with a second {kind} in it"
    return None


def _unless_stopped(method: Callable[..., Any], what: str) -> Any:
    """Make a method of a connection with a ``hold`` stop where a plugin calls it."""

    @wraps(method)
    def call(self: Any, *arguments: Any, **options: Any) -> Any:
        if (hold := _stopping(self.hold)) is not None:
            hold.stop(what)
        return method(self, *arguments, **options)

    return call


_TAKES = "ends or takes a connection"
_CLOSES = "closes a connection"


class GuardedPostgreSQL(psycopg.Connection[Any]):
    """psycopg's connection, with a guard: all that a cursor sends waits here."""

    hold: Hold | None = None

    def _wait(self, generator: Any, *arguments: Any, **options: Any) -> Any:
        if waiting.here.wait is not None:
            return waiting.drive(generator, self, waiting.here.wait)
        return psycopg.Connection.wait(self, generator, *arguments, **options)

    wait = _unless_stopped(_wait, SENDS)
    close = _unless_stopped(psycopg.Connection.close, _CLOSES)


class GuardedSQLite(sqlite3.Connection):
    """The driver's connection, with a guard: SQLite asks about each statement before it prepares it.

    It does not ask about one that it has prepared before, so what sends is guarded as well.
    """

    hold: Hold | None = None
    execute = _unless_stopped(sqlite3.Connection.execute, SENDS)
    executemany = _unless_stopped(sqlite3.Connection.executemany, SENDS)
    executescript = _unless_stopped(sqlite3.Connection.executescript, SENDS)
    cursor = _unless_stopped(sqlite3.Connection.cursor, SENDS)
    commit = _unless_stopped(sqlite3.Connection.commit, SENDS)
    rollback = _unless_stopped(sqlite3.Connection.rollback, SENDS)
    close = _unless_stopped(sqlite3.Connection.close, _CLOSES)

    def allow(self, action: int, first: str | None, _second: object, _database: object, _trigger: object) -> int:
        """Say whether a statement may be prepared, for :meth:`set_authorizer`; triggers are asked for as well."""
        hold = _stopping(self.hold) or self.hold
        if hold is None or _reads(action, first):
            return sqlite3.SQLITE_OK
        if hold.kind not in {None, "SELECT"} and action in _ROWS and hold.may_write(first):
            return sqlite3.SQLITE_OK
        if hold.kind == "ROLLBACK" and action == sqlite3.SQLITE_TRANSACTION:
            return sqlite3.SQLITE_OK
        try:
            hold.stop(f"writes {first}" if action in _ROWS else "sends what is neither a select nor a write")
        except PluginError:
            return sqlite3.SQLITE_DENY


def _reads(action: int, first: str | None) -> bool:
    """Say whether SQLite asks about reading; it says of a table-valued function that it updates its own schema.

    Whoever did that would be refused: it takes a pragma, which is not allowed.
    """
    return action in _ONLY_READS or (action == sqlite3.SQLITE_UPDATE and first == "sqlite_master")


def only_read(action: int, first: str | None, second: object, _database: object, _trigger: object) -> int:
    """Say that nothing but reading may be prepared, for :meth:`sqlite3.Connection.set_authorizer`."""
    if _reads(action, first) or action == sqlite3.SQLITE_TRANSACTION:
        return sqlite3.SQLITE_OK
    asks = action == sqlite3.SQLITE_PRAGMA and second is None
    return sqlite3.SQLITE_OK if asks else sqlite3.SQLITE_DENY


class GuardedConnection(Connection):
    """SQLAlchemy's connection for a plugin's statements: each result knows it, so it may not be ended by that way."""

    def __init__(self, engine: Engine, pooled: PoolProxiedConnection, driver: Any) -> None:
        self.driver = driver
        self.pooled = pooled
        super().__init__(engine, pooled)

    @property
    def hold(self) -> Hold | None:
        """The time of the plugin that has it."""
        hold: Hold | None = self.driver.hold
        return hold

    @property
    def connection(self) -> PoolProxiedConnection:
        """The pool's, unless a plugin asks."""
        if (hold := _stopping(self.hold)) is not None:
            hold.stop(_TAKES)
        return self.pooled

    begin_nested = _unless_stopped(Connection.begin_nested, _TAKES)
    commit = _unless_stopped(Connection.commit, _TAKES)
    rollback = _unless_stopped(Connection.rollback, _TAKES)
    invalidate = _unless_stopped(Connection.invalidate, _TAKES)
    detach = _unless_stopped(Connection.detach, _TAKES)
    close = _unless_stopped(Connection.close, _TAKES)


def guard(engine: Engine) -> None:
    """Let an engine connect only in the kernel's time, guarded, and look at what SQLAlchemy sends in a plugin's."""

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, _record: object, arguments: list[Any], options: dict[str, Any]) -> Any:
        check_kernel()
        waiting.blocking()
        return GuardedPostgreSQL.connect(*arguments, **options) if dialect.name == "postgresql" else None

    @event.listens_for(engine, "before_cursor_execute")
    def look(_connection: object, cursor: Any, text: str, _values: object, _context: object, _many: object) -> None:
        hold: Hold | None = cursor.connection.hold
        if hold is not None:
            hold.look(text)

    assert connect is not None
    assert look is not None
