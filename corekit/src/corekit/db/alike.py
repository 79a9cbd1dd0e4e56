"""Dialects that are equal where they speak alike, so that a statement is compiled once for all engines of a process.

SQLAlchemy keeps what it compiled by dialect, and makes a dialect for each engine: a kit has up to four, and whoever
opened several kits compiled the same statements for each.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

COMPILED: LRUCache[Any, Any] = LRUCache(2_000)
"""The statements that were compiled, for all engines of this module's dialects."""


class _Alike:
    """Equal to another dialect of its class that has found the same server."""

    server_version_info: Any = None
    default_schema_name: Any = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Alike) and type(self) is type(other) and self._found == other._found

    def __hash__(self) -> int:
        return hash(type(self))  # what it finds, it finds later

    @property
    def _found(self) -> tuple[Any, Any]:
        return self.server_version_info, self.default_schema_name


class SQLite(_Alike, SQLiteDialect_pysqlite):
    """That of SQLite."""

    supports_statement_cache = True


class PostgreSQL(_Alike, PGDialect_psycopg):
    """That of PostgreSQL."""

    supports_statement_cache = True
