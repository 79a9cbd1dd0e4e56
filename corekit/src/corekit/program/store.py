"""The program as it is stored: the text of its file by version, read back by the same way it came in."""

from __future__ import annotations

import tomllib
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson
from attrs import evolve, frozen
from sqlalchemy import Connection, insert, select

from corekit.clock import micros, moment
from corekit.errors import NotFound, SettingsError
from corekit.program.program import Program, blank, load
from corekit.program.tables import program as stored
from corekit.program.versions import Edition, Versions

if TYPE_CHECKING:
    from datetime import datetime

    from corekit.db.reader import Reader
    from corekit.registry import Registry
    from corekit.settings import Settings

_ALL = select(stored).order_by(stored.c.version)
_NEWEST = select(stored).order_by(stored.c.version.desc()).limit(1)


@frozen
class Version:
    """A version of the program as it was applied; ``changed`` is False where it was there before.

    It judges what occurs from ``valid_from`` on (None: whatever no other version judges).
    """

    version: int
    content: str
    applied_at: datetime
    changed: bool = False
    valid_from: datetime | None = None
    actor: str | None = None
    reason: str | None = None


def read_versions(read: Reader, registry: Registry, settings: Settings, known: Versions | None = None) -> Versions:
    """Return every version that is stored; what is ``known`` already is not read again.

    What was stored for plugins that are off is passed over. Where the rest of a version does not fit what is on now,
    such as a ladder over the metric of a plugin that is off, that is the version's ``problem``; it is raised, as a
    :class:`SettingsError`, where it is the version that holds in the end.
    """
    statement = _ALL if known is None else _ALL.where(stored.c.version > known.newest)
    editions = list(known.editions) if known is not None else [Edition(*blank(registry, settings))]
    editions += [_edition(row, editions[0].registry, registry, settings) for row in read.all(statement)]
    versions = Versions(editions)
    if (problem := versions.holding[-1].problem) is not None:
        raise problem
    return versions


def newest(read: Reader) -> Version | None:
    """Return the version that was applied last, None where nothing was applied."""
    row = read.one(_NEWEST)
    return None if row is None else _version(row)


def versions(read: Reader) -> list[Version]:
    """Return every version as it was applied, the first one first."""
    return [_version(row) for row in read.all(_ALL)]


def numbered(read: Reader, version: int) -> Version:
    """Return a version by its number; NotFound where there is none."""
    row = read.one(select(stored).where(stored.c.version == version))
    if row is None:
        message = f"there is no version {version} of the program"
        raise NotFound(message, version=version)
    return _version(row)


def add(connection: Connection, version: Version) -> None:
    """Store a version."""
    values = {
        "version": version.version,
        "content": version.content,
        "hash": hash_of(version.content),
        "applied_at": micros(version.applied_at),
        "valid_from": None if version.valid_from is None else micros(version.valid_from),
        "actor": version.actor,
        "reason": version.reason,
    }
    connection.execute(insert(stored).values(values))


def words(content: str) -> dict[str, Any]:
    """Return what the text of a file says, apart from when it holds."""
    said = tomllib.loads(content) if content else {}
    if isinstance(said.get("program"), dict):
        said["program"] = {key: value for key, value in said["program"].items() if key != "valid_from"}
    return said


def hash_of(content: str) -> str:
    """Return the hash of what the text says, so that layout, comments and the time may change."""
    return sha256(orjson.dumps(words(content), default=str, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _version(row: Any) -> Version:
    valid_from = None if row.valid_from is None else moment(row.valid_from)
    return Version(
        row.version,
        row.content,
        moment(row.applied_at),
        valid_from=valid_from,
        actor=row.actor,
        reason=row.reason,
    )


def _edition(row: Any, bare: Registry, registry: Registry, settings: Settings) -> Edition:
    version, problem = _version(row), None
    try:
        program, found = load(version.content, registry, settings, version=version.version, lenient=True)
    except SettingsError as error:
        program, found = Program(version.version), bare
        message = f"version {version.version} of the program does not fit what is on now: {error.message}"
        problem = SettingsError(message, code=error.code, version=version.version, **error.parameters)
    program = evolve(program, valid_from=version.valid_from)
    said = (version.content, row.hash, version.applied_at, version.actor, version.reason, problem)
    return Edition(program, found, *said)
