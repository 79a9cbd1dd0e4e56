"""The program as it is stored: the text of its file by version, read back by the same way it came in."""

from __future__ import annotations

import tomllib
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from attrs import frozen
from sqlalchemy import insert, select

from corekit.clock import micros, moment
from corekit.errors import Invalid, Problem, SettingsError
from corekit.ledger import chart
from corekit.program.program import Program, blank, load
from corekit.program.tables import program as stored

if TYPE_CHECKING:
    from datetime import datetime

    from corekit.db.reader import Reader
    from corekit.kit import Kit
    from corekit.registry import Registry
    from corekit.settings import Settings

_FIRST = 1
_NEWEST = select(stored).order_by(stored.c.version.desc()).limit(1)


@frozen
class Version:
    """A version of the program as it was applied; ``changed`` is False where it was there before."""

    version: int
    content: str
    applied_at: datetime
    changed: bool = False


def current(read: Reader, registry: Registry, settings: Settings) -> tuple[Program, Registry]:
    """Return the program that holds now, and the registry with what follows from it.

    What was stored for plugins that are off is passed over. Raises :class:`SettingsError` where the rest does not fit
    what is on now, such as a ladder over the metric of a plugin that is off.
    """
    found = newest(read)
    if found is None:
        return blank(registry, settings)
    return load(found.content, registry, settings, version=found.version, lenient=True)


def newest(read: Reader) -> Version | None:
    """Return the version that holds now, None where nothing was applied."""
    row = read.one(_NEWEST)
    return None if row is None else Version(row.version, row.content, moment(row.applied_at))


def apply(kit: Kit, path: Path | str) -> Version:
    """Store the program of a file and let it hold; what follows from it enters the chart of accounts.

    The same content again, layout and comments apart, changes nothing. Raises :class:`SettingsError` where the file
    cannot be used, and :class:`Invalid` (``PROGRAM_CHANGED``) where another program was applied before.
    """
    # Terms knows the program; the program need not know terms to be read.
    from corekit.activities.terms import Terms  # noqa: PLC0415

    content = _text(Path(path))
    program, registry = load(content, kit.declared, kit.settings, version=_FIRST)
    terms = Terms.of(kit.settings, registry, program, kit.hooks)
    now = kit.now()
    with kit.database.write() as connection:
        if kit.database.dialect == "postgresql":
            # Of two who apply at once the second shall see what the first one did.
            connection.exec_driver_sql("LOCK TABLE core_program IN SHARE ROW EXCLUSIVE MODE")
        row = connection.execute(_NEWEST).one_or_none()
        if row is None:
            values = {"version": _FIRST, "content": content, "hash": _hash(content), "applied_at": micros(now)}
            connection.execute(insert(stored).values(values))
            chart.sync(connection, registry, terms.chart)
    if row is None:
        kit.renew()
        return Version(_FIRST, content, now, changed=True)
    if row.hash != _hash(content):
        said = f"Version {row.version} of the program is in force and says otherwise; it cannot be replaced yet."
        raise Invalid([Problem(code="PROGRAM_CHANGED", message=said, parameters={"version": row.version})])
    return Version(row.version, row.content, moment(row.applied_at))


def _text(path: Path) -> str:
    """Return the text of a file."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError(f"the program {path} cannot be read: {reason}", path=str(path)) from None


def _hash(content: str) -> str:
    """Return the hash of what the text says, so that layout and comments may change."""
    said = orjson.dumps(tomllib.loads(content), default=str, option=orjson.OPT_SORT_KEYS)
    return sha256(said).hexdigest()
