"""What a plugin's ``apply``, ``undo`` and ``corekit_erase`` write with: a transaction of the kernel, for own tables."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from attrs import frozen
from sqlalchemy import (
    Connection,
    CursorResult,
    Delete,
    Engine,
    Executable,
    Insert,
    Select,
    Table,
    Update,
    column,
    func,
    select,
    table,
)

from corekit.activities.effects import Effect
from corekit.db.guard import Hold
from corekit.db.lending import Lent
from corekit.errors import PluginError

if TYPE_CHECKING:
    from corekit.plugins import Plugin

_KINDS: dict[type, str] = {Insert: "INSERT", Update: "UPDATE", Delete: "DELETE"}
_CLASS = table("pg_class", column("oid"), column("relkind"), column("relhasrules"))
_SEEN: WeakKeyDictionary[Engine, set[str]] = WeakKeyDictionary()
"""The tables of PostgreSQL that were found to be tables, by engine."""


@frozen
class Applied:
    """One effect to apply or undo: its id (that of the effect to be undone when undoing), its member and its value."""

    id: str
    activity_id: str
    member: str
    at: int
    effect: Any


class PluginWrite:
    """Runs SQLAlchemy Core statements on the plugin's own tables, inside the unit that settles the activity.

    It is the plugin's for the time of one call: who uses it later is told so.
    """

    def __init__(self, connection: Connection, hold: Hold, tables: Mapping[str, Table]) -> None:
        self.owner = hold.owner
        self.dialect = connection.dialect.name
        self._tables = tables
        self._hold = hold
        self._lock = Lock()
        self._given: Connection | None = connection

    def execute(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> CursorResult[Any]:
        """Run an insert, update or delete of an own table, or a select; PluginError for anything else."""
        kind = self._kind(statement)
        with self._lock:
            if self._given is None:
                owner = self._hold.owner
                message = f"plugin {owner} writes when its call has ended; write before it returns"
                raise PluginError(message, code="CALL_ENDED", plugin=owner)
            with self._hold.passing(kind):
                if rows is None:
                    return self._given.execute(statement)
                return self._given.execute(statement, list(rows))

    def end(self) -> None:
        """Let nobody write by it any more."""
        with self._lock:
            self._given = None

    def _kind(self, statement: Any) -> str:
        """Return how a statement begins, if it is one that the plugin may run."""
        if isinstance(statement, Select):
            return "SELECT"
        kind = next((kind for class_, kind in _KINDS.items() if isinstance(statement, class_)), None)
        if kind is None:
            self._hold.stop("sends what is no statement of SQLAlchemy Core, such as insert(table)")
        written: Any = statement.table
        name = str(getattr(written, "name", ""))
        if self._tables.get(name) is not written or not self._hold.may_write(name):
            self._hold.stop(f"writes {name}, which is no table of its own lineage")
        self._check_is_table(name)
        return kind

    def _check_is_table(self, name: str) -> None:
        """Stop what goes to a view, which writes to somebody else's table; SQLite sees that by itself."""
        if self.dialect != "postgresql" or self._given is None:
            return
        seen = _SEEN.setdefault(self._given.engine, set())
        if name in seen:
            return
        kept = select(_CLASS.c.oid).where(_CLASS.c.oid == func.to_regclass(name))
        kept = kept.where(_CLASS.c.relkind.in_(["r", "p"]), ~_CLASS.c.relhasrules)
        with self._hold.passing("SELECT"):
            found = self._given.execute(kept).first()
        if found is None:
            self._hold.stop(f"writes {name}, which is no table")
        seen.add(name)


@contextmanager
def writing(settling: Lent, plugin: Plugin, lent: Sequence[Table] = ()) -> Generator[PluginWrite]:
    """Give what a plugin writes with, in the transaction of a connection, for the time of the block.

    It reaches the plugin's own tables, and what is ``lent`` for what the kernel writes on its behalf.

    Raises PluginError where it did what it may not, whatever it made of the error that it got: the transaction must be
    rolled back then, and so must any in which the block raises.
    """
    lineage = plugin.declares.lineage
    tables: dict[str, Table] = dict(lineage.metadata.tables) if lineage is not None else {}
    tables.update({each.name: each for each in lent})
    connection = settling.connection
    with settling.held(plugin.name, frozenset(each.name for each in lent)) as hold:
        write = PluginWrite(connection, hold, tables)
        try:
            yield write
        except BaseException as error:
            if hold.broken is not None:
                raise hold.broken from error
            raise
        finally:
            write.end()
        if hold.broken is not None:
            raise hold.broken
    if not settling.in_transaction:
        message = f"plugin {plugin.name} ended the transaction, or left it broken; nothing was written"
        raise PluginError(message, code="TRANSACTION_ENDED", plugin=plugin.name)


def own_effect(value: Effect | None) -> Effect:
    """Return the value of a plugin's own effect, which is there by construction."""
    if value is None:
        message = "an effect of a plugin's own kind has lost its value"
        raise PluginError(message, code="EFFECT_INVALID")
    return value
