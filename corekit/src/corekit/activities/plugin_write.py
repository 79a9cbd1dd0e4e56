"""What a plugin's ``apply`` and ``undo`` may write with: the kernel's transaction, limited to its own tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen
from sqlalchemy import Connection, CursorResult, Delete, Executable, Insert, Select, Update

from corekit.activities.effects import Effect
from corekit.errors import PluginError


@frozen
class Applied:
    """One effect to apply or undo: its id (that of the effect to be undone when undoing), its member and its value."""

    id: str
    activity_id: str
    member: str
    at: int
    effect: Any


class PluginWrite:
    """Runs SQLAlchemy Core statements on the plugin's own tables, inside the unit that settles the activity."""

    def __init__(self, connection: Connection, owner: str) -> None:
        self._connection = connection
        self.owner = owner
        self.dialect = connection.dialect.name

    def execute(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> CursorResult[Any]:
        """Run an insert, update or delete of an own table, or a select; PluginError for anything else."""
        asked: Any = statement
        if isinstance(asked, Insert | Update | Delete):
            table: Any = asked.table
            name: str = getattr(table, "name", "")
            if not name.startswith(f"{self.owner}_"):
                message = f"plugin {self.owner} writes {name}; it may write tables named {self.owner}_... only"
                raise PluginError(message, code="WRITE_NOT_ALLOWED", plugin=self.owner, table=name)
        elif not isinstance(asked, Select):
            message = f"plugin {self.owner}: give statements of SQLAlchemy Core, such as insert(table)"
            raise PluginError(message, code="WRITE_NOT_ALLOWED", plugin=self.owner)
        if rows is None:
            return self._connection.execute(statement)
        return self._connection.execute(statement, list(rows))


def own_effect(value: Effect | None) -> Effect:
    """Return the value of a plugin's own effect, which is there by construction."""
    if value is None:
        message = "an effect of a plugin's own kind has lost its value"
        raise PluginError(message, code="EFFECT_INVALID")
    return value
