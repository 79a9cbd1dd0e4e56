"""Suspending plugins and resuming them, in a row that every process looks at with the members it reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import Factory, frozen
from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from corekit.audit.trail import leave
from corekit.clock import micros, moment
from corekit.errors import Busy
from corekit.suspension.tables import suspension as _suspension

if TYPE_CHECKING:
    from corekit.db.reader import Reader

_SUSPENDED = _suspension.c.since.is_not(None)


@frozen
class Suspension:
    """A plugin that is suspended: since when, why, and by whom (None: by the breaker)."""

    plugin: str
    since: datetime
    reason: str
    actor: str | None


@frozen
class Suspensions:
    """The plugins that are suspended as of the newest ``change``."""

    change: int = 0
    plugins: Mapping[str, Suspension] = Factory(dict[str, Suspension])

    def check(self, plugin: str) -> None:
        """Raise Busy where a plugin is suspended."""
        if (found := self.plugins.get(plugin)) is not None:
            raise suspended(plugin, found.reason or "somebody suspended it")


def suspended(plugin: str, reason: str) -> Busy:
    """Return what says that a plugin is suspended, so that nothing is stored that it may react to."""
    message = f"plugin {plugin} is suspended: {reason}; nothing was stored, send the same key again later"
    return Busy(message, code="PLUGIN_SUSPENDED", plugin=plugin)


NOBODY = Suspensions()


def read_suspensions(read: Reader) -> Suspensions:
    """Return which plugins are suspended now."""
    rows = read.all(select(_suspension).order_by(_suspension.c.plugin))
    found = {
        row.plugin: Suspension(row.plugin, moment(row.since), row.reason, row.actor)
        for row in rows
        if row.since is not None
    }
    return Suspensions(max((row.change for row in rows), default=0), found)


def suspend(connection: Connection, plugin: str, at: datetime, reason: str, actor: str | None) -> bool:
    """Suspend a plugin, in the transaction of a connection; return whether it was not suspended before."""
    _come_alone(connection)
    if is_suspended(connection, plugin):
        return False
    _put(connection, plugin, {"since": micros(at), "reason": reason, "actor": actor})
    leave(connection, at, actor, "plugin.suspended", plugin, reason=reason)
    return True


def resume(connection: Connection, plugin: str, at: datetime, actor: str | None) -> bool:
    """Let a plugin be called again, in the transaction of a connection; return whether it was suspended.

    What a worker put aside because of it must be taken up after this, in the same transaction.
    """
    _come_alone(connection)
    if not is_suspended(connection, plugin):
        return False
    _put(connection, plugin, {"since": None, "reason": "", "actor": None})
    leave(connection, at, actor, "plugin.resumed", plugin)
    return True


def is_suspended(connection: Connection, plugin: str) -> bool:
    """Say whether a plugin is suspended; that stays so until the transaction of the connection ends."""
    chosen = select(_suspension.c.plugin).where(_suspension.c.plugin == plugin, _SUSPENDED)
    return connection.execute(chosen.with_for_update()).first() is not None


def _come_alone(connection: Connection) -> None:
    """Let others who suspend or resume wait, so that they see what this one does."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {_suspension.name} IN SHARE ROW EXCLUSIVE MODE")


def _put(connection: Connection, plugin: str, values: Mapping[str, Any]) -> None:
    known = select(func.coalesce(func.max(_suspension.c.change), 0) + 1).where(_suspension.c.change > 0)
    add = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(_suspension)
    row = {"plugin": plugin, "change": -1, **values}
    connection.execute(add.values(**row).on_conflict_do_update(index_elements=["plugin"], set_=values))
    connection.execute(update(_suspension).where(_suspension.c.plugin == plugin).values(change=known.scalar_subquery()))
