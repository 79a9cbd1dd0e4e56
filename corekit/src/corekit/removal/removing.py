"""Removing a plugin: look, move its value, then archive and drop its tables in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen
from sqlalchemy import ColumnElement, Connection, Table, delete, inspect, select

from corekit.activities.tables import effect, intake, moved_row
from corekit.audit.tables import audit
from corekit.audit.trail import OPERATOR, leave
from corekit.db.dropping import dropping, foreign_users, tables_of
from corekit.db.lineage import VERSION_TABLE
from corekit.errors import Busy, CorekitError, NotFound
from corekit.jobs.tables import job
from corekit.ledger.tables import account
from corekit.outbox.tables import cursor, letter
from corekit.removal.archive import Archive, Rows
from corekit.removal.closing import Progress, close_accounts
from corekit.removal.survey import Survey, holdings, survey, waits_for
from corekit.suspension.suspensions import resume
from corekit.validation import suggest

if TYPE_CHECKING:
    from corekit.kit import Kit
    from corekit.plugins import Plugin

AT_ONCE = 1_000
"""Rows in memory while they go into the archive."""
REMOVED = "plugin.removed"
"""The row of the audit trail."""
WRITE_OFF = "write-off"
"""Where value goes that the house takes over: what members have to breakage, what they owe is borne by the house."""


class InUse(CorekitError):
    """Something stands against removing a plugin; the message says what, and what to say about it."""

    code = "PLUGIN_IN_USE"


@frozen(kw_only=True)
class Removal:
    """What was removed, or would be: what the plugin left behind, how many accounts were closed, and the archive.

    ``obstacles`` is what stands against it; where it is not ``done`` and there are none, it would be done.
    """

    survey: Survey
    done: bool
    closed: int = 0
    archive: str | None = None
    sha256: str | None = None
    obstacles: tuple[str, ...] = ()


def remove(
    kit: Kit,
    name: str,
    *,
    value_to: str | None = None,
    drop_waiting: bool = False,
    archive: Path | None = None,
    actor: str | None = None,
    dry_run: bool = False,
    progress: Progress = lambda _: None,
) -> Removal:
    """Remove a plugin that is on in this kit for good; the history of the ledger stays, and stays readable.

    ``value_to`` says where goes what members have and owe of its account kinds: ``write-off``, or the code of another
    kind of the same unit. ``drop_waiting`` gives up activities of its types that are not settled and events that could
    not be delivered to it; they are in the ``archive``, a file that is needed for them and for tables. ``dry_run``
    changes nothing. ``progress`` is called with the number of accounts closed by each chunk.

    Interrupted, it is called again with the same arguments and goes on. Raises NotFound where no such plugin is on,
    :class:`InUse` with everything that stands against it, Invalid for an archive that cannot be written, and Busy where
    others use what is to go; nothing is dropped then. The kit is of no use afterwards: open another without the plugin.
    """
    plugin = _plugin(kit, name)
    target = None if value_to in (None, WRITE_OFF) else value_to
    file = None if archive is None else Archive(archive)
    if _is_dropped(kit, plugin):
        return _finished(kit, plugin, file)
    found = _look(kit, plugin)
    obstacles = tuple(_obstacles(kit, found, value_to, file, drop_waiting=drop_waiting))
    path = str(archive) if archive is not None else None
    if dry_run:
        return Removal(survey=found, done=False, archive=path, obstacles=obstacles)
    if obstacles:
        raise InUse(f"{plugin.label} cannot be removed: {'; '.join(obstacles)}", plugin=name, obstacles=list(obstacles))
    if file is not None:
        _keep_committed(kit, plugin, file)
        file.check()
    closed = _close(kit, plugin, found, target, progress)
    told = {"value_to": value_to, "closed": closed, "version": plugin.version}
    digest = _drop(kit, plugin, file, actor, told)
    if file is not None:
        file.keep()
    return Removal(survey=found, done=True, closed=closed, archive=path, sha256=digest)


def _plugin(kit: Kit, name: str) -> Plugin:
    plugin = next((each for each in kit.plugins if each.name == name), None)
    if plugin is None:
        names = [each.name for each in kit.plugins]
        said = (
            f"there is no plugin {name} on{suggest(name, names)}; the installed version that wrote its rows is needed"
        )
        raise NotFound(said, plugin=name)
    return plugin


def _look(kit: Kit, plugin: Plugin) -> Survey:
    with kit.database.connect() as connection:
        own = tables_of(connection, plugin.name)
    with kit.read() as read:
        return survey(read, kit, plugin, tuple(each for each in own if not each.endswith(VERSION_TABLE)))


def _is_dropped(kit: Kit, plugin: Plugin) -> bool:
    """Say whether the tables of a plugin that brings some are gone: an earlier call came that far, and did the rest."""
    if plugin.declares.lineage is None:
        return False
    with kit.database.connect() as connection:
        return not inspect(connection).has_table(plugin.declares.lineage.version_table)


def _finished(kit: Kit, plugin: Plugin, file: Archive | None) -> Removal:
    nothing = Survey(plugin=plugin.name, label=plugin.label, holdings=(), waiting=0, letters=0)
    if file is not None:
        _keep_committed(kit, plugin, file)
    path = str(file.path) if file is not None and file.path.exists() else None
    return Removal(survey=nothing, done=True, archive=path)


def _keep_committed(kit: Kit, plugin: Plugin, file: Archive) -> None:
    """Give an archive its name whose rows are gone already: somebody was interrupted between the two."""
    digest = file.digest()
    if digest is None or file.path.exists():
        return
    with kit.read() as read:
        rows = read.all(select(audit.c.parameters).where(audit.c.what == REMOVED, audit.c.subject == plugin.name))
    told: list[Any] = [row.parameters for row in rows]
    if any(parameters["sha256"] == digest for parameters in told):
        file.keep()


def _obstacles(
    kit: Kit, found: Survey, value_to: str | None, file: Archive | None, *, drop_waiting: bool
) -> Iterator[str]:
    others = [each.name for each in kit.plugins if found.plugin in each.declares.requires]
    if others:
        yield f"{', '.join(others)} requires it; remove that first"
    with kit.database.connect() as connection:
        users = foreign_users(connection, found.plugin)
    if users:
        yield f"the tables {', '.join(users)} refer to its own; remove what brings them first"
    if found.holdings:
        listed = ", ".join(map(str, found.holdings))
        if value_to is None:
            way = f"--value-to {WRITE_OFF}, or another kind of the same unit"
            yield f"members have {listed}; say where that goes: {way}"
        yield from _lost(found)
        yield from _unfit(kit, found, value_to)
    if (found.waiting or found.letters) and not drop_waiting:
        waits = f"something waits for it (activities: {found.waiting}, events: {found.letters})"
        yield f"{waits}; run `corekit worker` until nothing waits, or give them up with --drop-waiting"
    if (found.tables or found.waiting or found.letters) and file is None:
        yield "its tables, and what waits for it, go into an archive; say --archive FILE"


def _lost(found: Survey) -> Iterator[str]:
    if lost := [each.kind for each in found.holdings if not each.declared]:
        yield f"what is installed does not declare {', '.join(lost)}; install the version that did"


def _unfit(kit: Kit, found: Survey, value_to: str | None) -> Iterator[str]:
    """Yield why value cannot go where it is told to."""
    if value_to in (None, WRITE_OFF):
        return
    book = kit.terms().chart.books.get(value_to)
    if book is None:
        yield f"there is no account kind {value_to}{suggest(value_to, kit.terms().chart.books)}"
    elif book.owner == found.plugin:
        yield f"{value_to} is one of its own kinds, and goes with it"
    elif other := sorted({each.unit for each in found.holdings} - {book.unit.code}):
        yield f"{value_to} is kept in {book.unit.code}, not in {', '.join(other)}"


def _close(kit: Kit, plugin: Plugin, found: Survey, target: str | None, progress: Progress) -> int:
    closed = 0

    def count(number: int) -> None:
        nonlocal closed
        closed += number
        progress(number)

    for holding in found.holdings:
        if refused := close_accounts(kit, plugin.name, holding.kind, target, count):
            reasons = ", ".join(f"{number} times {code}" for code, number in refused.most_common())
            said = f"accounts of {holding.kind} cannot be closed ({reasons}); resolve that, and ask again"
            raise InUse(said, plugin=plugin.name, refused=dict(refused))
    return closed


def _drop(kit: Kit, plugin: Plugin, file: Archive | None, actor: str | None, told: Mapping[str, Any]) -> str | None:
    """Archive what is left, and let it go, in one transaction; return the SHA-256 of the archive."""
    now = kit.now()
    waiting: list[tuple[Table, ColumnElement[bool]]] = [
        (intake, waits_for(plugin.name)),
        (letter, letter.c.plugin == plugin.name),
    ]
    jobs = [sweep.name for sweep in plugin.declares.sweeps] + [each.name for each in plugin.declares.jobs]
    with dropping(kit.database, plugin.name) as (connection, own):
        digest = None
        if file is not None:
            rows = {name: _rows(connection, table) for name, table in own.items()}
            rows |= {table.name: _rows(connection, table, chosen) for table, chosen in waiting}
            digest = file.write(rows, {**_manifest(plugin, own), "at": now})
        if kit.database.dialect == "postgresql":  # nobody gives or takes from here on, until it is committed
            connection.exec_driver_sql(f"LOCK TABLE {account.name} IN SHARE ROW EXCLUSIVE MODE")
        if left := holdings(lambda chosen: connection.execute(chosen).all(), kit, plugin.name):
            raise Busy(f"others gave value meanwhile: {', '.join(map(str, left))}; take the plugin off, and ask again")
        passed = select(effect.c.id).where(effect.c.id == moved_row.c.effect_id, effect.c.owner == plugin.name).exists()
        besides = ((cursor, cursor.c.plugin == plugin.name), (job, job.c.name.in_(jobs)), (moved_row, passed))
        for table, chosen in (*waiting, *besides):
            connection.execute(delete(table).where(chosen))
        resume(connection, plugin.name, now, actor or OPERATOR)  # whoever installs it again begins anew
        parameters = {**told, "tables": sorted(own), "archive": file.path.name if file else None, "sha256": digest}
        leave(connection, now, actor or OPERATOR, REMOVED, plugin.name, **parameters)
    return digest


def _rows(connection: Connection, table: Table, chosen: ColumnElement[bool] | None = None) -> Rows:
    statement = select(table) if chosen is None else select(table).where(chosen)
    names = [column.name for column in table.columns]
    with connection.execute(statement, execution_options={"yield_per": AT_ONCE}) as rows:
        for row in rows:
            yield dict(zip(names, row, strict=True))


def _manifest(plugin: Plugin, own: Iterable[str]) -> dict[str, Any]:
    """Return what a plugin was, and what it declared."""
    declares = plugin.declares
    return {
        "plugin": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "corekit": metadata.version("corekit"),
        "tables": sorted(own),
        "requires": list(declares.requires),
        "accounts": [
            {"code": kind.code, "unit": kind.unit.code, "scale": kind.unit.scale, "lots": kind.lots}
            for kind in declares.accounts
        ],
        "activities": [kind.name for kind in declares.activities],
        "effects": [kind.name for kind in declares.effects],
        "metrics": [metric.name for metric in declares.metrics],
        "permissions": [permission.name for permission in declares.permissions],
        "errors": {error.code: error.en for error in declares.errors},
    }
