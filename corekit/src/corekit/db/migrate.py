"""Migrating: every lineage by one environment, each in one transaction, in the order of its owners."""

from __future__ import annotations

import io
from argparse import Namespace
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, cast

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util.exc import CommandError
from attrs import frozen
from sqlalchemy import Connection, inspect

from corekit.db import types
from corekit.db.engine import Database
from corekit.db.lineage import CORE, VERSION_TABLE, Lineage, ordered, owner_of
from corekit.errors import CorekitError, PluginError, SettingsError, Unavailable, reason_of, start_without
from corekit.migrations.guards import install

_LOCK = 4_718_204_105_117_221_236
"""Two upgrades of one PostgreSQL wait for each other on this advisory lock."""


_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
}


@frozen
class Status:
    """How far an owner's migrations went: where it stands, and what waits, oldest first.

    An owner of tables that is not enabled has no ``package``; its rows are kept as they are.
    """

    owner: str
    package: str | None
    current: str | None
    pending: tuple[str, ...] = ()


def upgrade(database: Database, lineages: Iterable[Lineage]) -> list[str]:
    """Migrate every lineage to its newest revision and return the revisions that were run.

    Raises :class:`PluginError` that names owner and revision where one fails: of that owner nothing was changed then.
    """
    done: list[str] = []
    lineages = ordered(lineages)
    behind = pending(database, lineages)
    for lineage in lineages:
        if waiting := behind[lineage.owner]:
            with migrating(database) as connection:
                config = _config(lineage, connection)
                applied: list[str] = config.attributes["applied"]
                try:
                    command.upgrade(config, "heads")
                except (KeyboardInterrupt, CorekitError):
                    raise
                except BaseException as error:
                    revision = waiting[min(len(applied), len(waiting) - 1)]
                    said = f"revision {revision} of {lineage.named} failed ({reason_of(error)}); nothing was changed"
                    raise _failed(lineage, said, revision=revision) from error
            done += applied
    return done


def heads(lineage: Lineage) -> list[str]:
    """Return the newest revisions of a lineage's scripts: one, or none where it has no scripts yet."""
    return _scripts(lineage).get_heads()


def pending(database: Database, lineages: Iterable[Lineage]) -> dict[str, list[str]]:
    """Return by owner the revisions that the database does not have yet, oldest first."""
    scripts = [(lineage, _scripts(lineage)) for lineage in lineages]
    with database.connect() as connection:
        current = _current(connection)
    return {lineage.owner: _waiting(lineage, script, current.get(lineage.owner)) for lineage, script in scripts}


def _waiting(lineage: Lineage, script: ScriptDirectory, current: str | None) -> list[str]:
    if current is not None and current in script.get_heads():
        return []
    try:
        revisions = list(script.iterate_revisions("heads", current or "base"))
    except (CommandError, RevisionError):
        raise Unavailable(
            f"the database has revision {current} of {lineage.named}, which the installed {lineage.package} does not "
            f"know; install the version that wrote it, or a newer one{_or_without(lineage)}"
        ) from None
    return [revision.revision for revision in reversed(revisions)]


def status(database: Database, lineages: Iterable[Lineage]) -> list[Status]:
    """Return how far each lineage is, then the owners that left tables and are not enabled."""
    lineages = ordered(lineages)
    with database.connect() as connection:
        current = _current(connection)
    behind = pending(database, lineages)
    known = [
        Status(lineage.owner, lineage.package, current.get(lineage.owner), tuple(behind[lineage.owner]))
        for lineage in lineages
    ]
    others = sorted(current.keys() - {lineage.owner for lineage in lineages})
    return known + [Status(owner, None, current[owner]) for owner in others]


def check(database: Database, lineages: Iterable[Lineage]) -> list[str]:
    """Return every difference between the database and what the lineages' tables say, a line each."""
    found: list[str] = []
    lineages = ordered(lineages)
    behind = pending(database, lineages)
    for lineage in lineages:
        found += [f"{lineage.owner}: revision {revision} is not applied" for revision in behind[lineage.owner]]
        with database.connect() as connection:
            context = MigrationContext.configure(connection, opts=options(connection, lineage))
            differences = cast("list[Any]", compare_metadata(context, lineage.metadata))
        found += [f"{lineage.owner}: {_describe(difference)}" for difference in differences]
    return found


def revision(database: Database, lineage: Lineage, message: str, *, empty: bool = False) -> Path:
    """Write the owner's next script: what its tables have beyond the database, or nothing yet (``empty``).

    Raises :class:`Unavailable` where revisions wait to be applied first.
    """
    if waiting := pending(database, [lineage])[lineage.owner]:
        raise Unavailable(f"revision {waiting[0]} of {lineage.owner!r} is not applied; run `corekit db upgrade` first")
    with migrating(database) as connection:
        config = _config(lineage, connection)
        number = len(list(_scripts(lineage).walk_revisions())) + 1
        script = command.revision(config, message, autogenerate=not empty, rev_id=f"{lineage.owner}_{number:04d}")
    return Path(cast("Any", script).path)


def options(connection: Connection, lineage: Lineage) -> dict[str, Any]:
    """Return what Alembic is told of a lineage: its version table, and which tables are its own."""
    owners = owners_in(connection) | {lineage.owner}

    def include_name(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or owner_of(name or "", owners) == lineage.owner

    return {
        "target_metadata": lineage.metadata,
        "version_table": lineage.version_table,
        "include_name": include_name,
        "render_as_batch": True,
        "transactional_ddl": True,
        "compare_server_default": True,
        "autogenerate_plugins": ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
        "render_item": _render,
        "user_module_prefix": "types.",
    }


def _render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write a column type of the house by its name."""
    names = {id(types.Whole): "types.Whole", id(types.Flag): "types.Flag"} if kind == "type" else {}
    return names.get(id(item), False)


def run(connection: Connection, lineage: Lineage, applied: list[str]) -> None:
    """Run what Alembic's environment was called for: everything in one transaction, guards included.

    Revisions are added to ``applied`` as they are run.
    """

    def note(*, step: Any, **_: object) -> None:
        applied.append(step.up_revision_id)

    from alembic import context  # noqa: PLC0415 - it exists only while Alembic runs the environment

    with foreign_keys_off(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.dialect.name == "sqlite" else "BEGIN")
        # Begun before Alembic looks, which then leaves the transaction to us.
        context.configure(connection=connection, on_version_apply=cast("Any", note), **options(connection, lineage))
        try:
            context.run_migrations()
            tables = set(inspect(connection).get_table_names())
            install(connection, [guard for guard in lineage.guards if guard.table in tables], lineage.metadata)
            _check_foreign_keys(connection, lineage)
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


@contextmanager
def migrating(database: Database) -> Generator[Connection]:
    """Give a connection of its own, without the time limits of the others, to one upgrade at a time."""
    if database.pooled:
        message = "tables are not made through a pooler, which keeps no lock; give the address of the server straight"
        raise SettingsError(message)
    with database.connect() as connection:
        connection.detach()
        if database.dialect == "postgresql":
            connection.exec_driver_sql("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
            connection.exec_driver_sql("SET lock_timeout = 0")
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
            connection.exec_driver_sql("SET lock_timeout = '3s'")
        yield connection


@contextmanager
def foreign_keys_off(connection: Connection) -> Generator[None]:
    """Suspend SQLite's foreign keys: a batch rebuild drops the old table, and a drop deletes what refers to it.

    The pragma is a no-op inside a transaction, so it goes to the raw connection before one begins.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    raw = cast("Any", connection.connection.dbapi_connection)
    raw.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys = ON")


def _check_foreign_keys(connection: Connection, lineage: Lineage) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            tables = ", ".join(sorted({f"{row[0]} -> {row[2]}" for row in broken}))
            raise Unavailable(
                f"a migration of {lineage.named} leaves rows that refer to nothing ({tables}); nothing was changed; "
                f"repair it{_or_without(lineage)}"
            )


def _config(lineage: Lineage, connection: Connection) -> Config:
    config = _settings(lineage.package)
    config.attributes.update(connection=connection, lineage=lineage, applied=[])
    return config


def _settings(package: str) -> Config:
    config = Config(stdout=io.StringIO(), cmd_opts=Namespace(quiet=True))
    config.set_main_option("script_location", "corekit:db")
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", f"{package}:migrations/versions")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


def _scripts(lineage: Lineage) -> ScriptDirectory:
    """Return the scripts of a lineage, which can all be imported and follow one another."""
    if find_spec(lineage.package) is None:
        said = f"the lineage of {lineage.named} names the package {lineage.package}, which does not exist"
        raise PluginError(f"{said}; correct the name{_or_without(lineage)}", owner=lineage.owner)
    try:
        folder = files(lineage.package) / "migrations/versions"
        scripts = folder.iterdir() if folder.is_dir() else ()
        found = sorted((str(each), each.read_bytes()) for each in scripts if each.name.endswith(".py"))
        return _read(lineage.package, tuple(found))
    except (KeyboardInterrupt, CorekitError):
        raise
    except BaseException as error:
        said = f"the migrations of {lineage.named} cannot be read ({reason_of(error)})"
        raise _failed(lineage, said) from error


@lru_cache(maxsize=32)
def _read(package: str, _files: object) -> ScriptDirectory:
    """Return the scripts of a package; as long as its files say the same they are not imported again."""
    scripts = ScriptDirectory.from_config(_settings(package))
    scripts.get_heads()
    return scripts


def _failed(lineage: Lineage, said: str, **parameters: Any) -> PluginError:
    way = f"repair it{_or_without(lineage)}"
    return PluginError(f"{said}; {way}", code="MIGRATION_FAILED", owner=lineage.owner, **parameters)


def _or_without(lineage: Lineage) -> str:
    """Return how the rest starts; nothing does without the core."""
    return "" if lineage.owner == CORE else f", or {start_without(lineage.owner)}"


def _current(connection: Connection) -> dict[str, str | None]:
    """Return how far everybody is who has tables in the database, by owner."""
    owners = sorted(owners_in(connection))
    said = " UNION ALL ".join(f"SELECT '{owner}', version_num FROM \"{owner}{VERSION_TABLE}\"" for owner in owners)
    found: dict[str, str | None] = dict.fromkeys(owners)
    for owner, revision in connection.exec_driver_sql(said).all() if owners else ():
        if found[owner] is not None:
            message = f"the database has several revisions of {owner!r} at once; only one can hold"
            raise Unavailable(message)
        found[owner] = revision
    return found


def owners_in(connection: Connection) -> set[str]:
    """Return everybody who has tables in the database: each has a version table."""
    names = connection.exec_driver_sql(_TABLES[connection.dialect.name]).scalars()
    return {name.removesuffix(VERSION_TABLE) for name in names if name.endswith(VERSION_TABLE)}


def _describe(difference: Sequence[Any]) -> str:
    """Return one of Alembic's differences in words."""
    if isinstance(difference[0], (list, tuple)):
        return "; ".join(_describe(cast("Sequence[Any]", part)) for part in difference)
    what, *subject = difference
    names = [str(getattr(part, "name", None) or part) for part in subject if part is not None]
    return f"{str(what).replace('_', ' ')} {' '.join(names)}"
