"""Runs of jobs in the database: asked for, claimed by one runner, kept alive, ended, and their history.

Nothing here rests on a session of the database: a claim is a row, so it holds behind a pool of connections as well.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen
from sqlalchemy import Connection, and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from corekit.clock import micros, moment
from corekit.db.engine import Database
from corekit.db.reader import AnyRow, Reader, any_of
from corekit.ids import new_id
from corekit.jobs.errors import Lost
from corekit.jobs.tables import job as _job
from corekit.jobs.tables import run as _run
from corekit.paging import check_size

SILENCE = 120_000_000
"""Microseconds after which a runner that said nothing has lost its run."""
PAUSE = 300_000_000
"""Microseconds after which a run that failed is taken up again by a scheduler."""
COUNTS = ("found", "settled", "waiting", "refused")


@frozen(kw_only=True)
class JobRun:
    """One run of a job.

    ``state`` is ``asked``, ``running``, ``held`` (it waits for a go; ``told`` says what it would do), ``done`` or
    ``failed`` (``code`` says why; a scheduler takes it up again). ``at`` is the instant as of which it runs,
    ``position`` how far it is. ``found`` rows were selected when it began, ``settled`` activities written, ``refused``
    refused, and ``waiting`` left for workers.
    """

    id: str
    job: str
    state: str
    origin: str
    at: datetime
    historical: bool
    go: bool
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    holder: str | None
    beat_at: datetime | None
    position: Mapping[str, Any] | None
    found: int
    settled: int
    waiting: int
    refused: int
    told: Mapping[str, Any] | None
    code: str | None
    silent: bool = field(default=False)
    """Whether it is said to run, but its runner says nothing any more."""


def holder() -> str:
    """Return what tells this process and this claim from every other."""
    return f"{socket.gethostname()}:{os.getpid()}:{new_id()[-8:]}"


def ask(
    connection: Connection, name: str, at: int, now: int, *, origin: str, historical: bool = False, go: bool = False
) -> str:
    """Enter a run that a runner will take; return its id."""
    values: dict[str, Any] = dict.fromkeys(COUNTS, 0)
    values |= {"id": new_id(), "job": name, "state": "asked", "origin": origin, "as_of": at, "asked_at": now}
    connection.execute(insert(_run).values(**values, historical=historical, go=go))
    return str(values["id"])


def ask_again(connection: Connection, id_: str, now: int) -> bool:
    """Let a runner take up a run that is held, now that somebody said go; say whether it still was."""
    held = and_(_run.c.id == id_, _run.c.state == "held")
    values = {"state": "asked", "go": True, "asked_at": now, "ended_at": None}
    return connection.execute(update(_run).where(held).values(**values)).rowcount == 1


def claim(database: Database, run: JobRun, now: int, who: str) -> bool:
    """Take a run that is as it was read: asked for, held or failed, or its runner silent; say whether it is ours.

    Two who try at once are told apart by the database: the row changes once, and a job has one running row.
    """
    ended = micros(run.ended_at) if run.ended_at is not None else None
    as_read = and_(_run.c.id == run.id, _run.c.state == run.state, _run.c.ended_at.is_not_distinct_from(ended))
    free = or_(
        _run.c.state.in_(("asked", "held", "failed")), and_(_run.c.state == "running", _run.c.beat_at <= now - SILENCE)
    )
    values: dict[str, Any] = {"state": "running", "holder": who, "beat_at": now, "ended_at": None, "code": None}
    values["started_at"] = func.coalesce(_run.c.started_at, now)
    try:
        with database.write() as connection:
            return connection.execute(update(_run).where(as_read, free).values(**values)).rowcount == 1
    except IntegrityError:  # another run of the job is running
        return False


def beat(
    connection: Connection, id_: str, who: str, now: int, position: Mapping[str, Any] | None, counts: Mapping[str, int]
) -> None:
    """Say that the runner lives and how far it is, in the transaction of what it did; raise Lost where it lost it."""
    values: dict[str, Any] = {name: _run.c[name] + number for name, number in counts.items()}
    if position is not None:
        values["position"] = dict(position)
    _change(connection, id_, who, beat_at=now, **values)


def end(connection: Connection, id_: str, who: str, now: int, state: str, **values: Any) -> None:
    """End a run: ``done``, ``held`` or ``failed``; raise Lost where another has it."""
    _change(connection, id_, who, state=state, ended_at=now, holder=None, **values)


def _change(connection: Connection, id_: str, who: str, **values: Any) -> None:
    ours = and_(_run.c.id == id_, _run.c.holder == who, _run.c.state == "running")
    if connection.execute(update(_run).where(ours).values(**values)).rowcount != 1:
        raise Lost(f"another runner has taken run {id_} over; it goes on there", run=id_)


def withdraw(connection: Connection, id_: str, now: int, code: str) -> None:
    """End a run that was asked for and that nobody has taken."""
    asked = and_(_run.c.id == id_, _run.c.state == "asked")
    connection.execute(update(_run).where(asked).values(state="failed", ended_at=now, code=code))


def follow(database: Database, name: str, now: int) -> None:
    """Begin to follow a schedule: what came before is not made up for."""
    try:
        with database.write() as connection:
            connection.execute(insert(_job).values(name=name, followed_to=now))
    except IntegrityError:  # another scheduler began at the same moment
        return


def followed(connection: Connection, name: str, before: int, upto: int) -> bool:
    """Note how far a schedule was followed; say whether nobody else did so meanwhile."""
    ours = and_(_job.c.name == name, _job.c.followed_to == before)
    return connection.execute(update(_job).where(ours).values(followed_to=upto)).rowcount == 1


# ----------------------------------------------------------------------------------------------------------- reading


def followed_to(read: Reader) -> dict[str, int]:
    """Return up to which instant each schedule was followed."""
    return {row.name: row.followed_to for row in read.all(select(_job))}


def find(read: Reader, id_: str, now: int) -> JobRun | None:
    """Return a run, or None."""
    row = read.one(select(_run).where(_run.c.id == id_))
    return None if row is None else _read(row, now)


def history(read: Reader, now: int, name: str | None = None, *, first: int = 20) -> list[JobRun]:
    """Return the newest runs, of one job or of all, newest first; raises :class:`Invalid` (``PAGE_SIZE``)."""
    chosen = select(_run).order_by(_run.c.asked_at.desc(), _run.c.id.desc()).limit(check_size(first))
    return [_read(row, now) for row in read.all(chosen if name is None else chosen.where(_run.c.job == name))]


def latest(read: Reader, now: int, names: Iterable[str]) -> dict[str, JobRun]:
    """Return the newest run of each job that ever ran."""
    order = func.row_number().over(partition_by=_run.c.job, order_by=(_run.c.asked_at.desc(), _run.c.id.desc()))
    numbered = select(_run, order.label("place")).where(any_of(_run.c.job, names)).subquery()
    rows = read.all(select(*[numbered.c[column.name] for column in _run.c]).where(numbered.c.place == 1))
    return {row.job: _read(row, now) for row in rows}


def open_runs(read: Reader, now: int) -> list[JobRun]:
    """Return the runs that a runner may take now, oldest first: asked for, silent, or failed some time ago.

    What failed is not tried again once a later run took its place.
    """
    later = _run.alias("later")
    is_newest = ~select(later.c.id).where(later.c.job == _run.c.job, later.c.asked_at > _run.c.asked_at).exists()
    may = or_(
        _run.c.state == "asked",
        and_(_run.c.state == "running", _run.c.beat_at <= now - SILENCE),
        and_(_run.c.state == "failed", _run.c.origin == "schedule", _run.c.ended_at <= now - PAUSE, is_newest),
    )
    # The partial index names the three states.
    open_ = _run.c.state.in_(("asked", "running", "failed"))
    return [_read(row, now) for row in read.all(select(_run).where(open_, may).order_by(_run.c.asked_at, _run.c.id))]


def standing(read: Reader, now: int, name: str, state: str) -> JobRun | None:
    """Return the newest run of a job in a state, or None."""
    chosen = select(_run).where(_run.c.job == name, _run.c.state == state).order_by(_run.c.asked_at.desc()).limit(1)
    row = read.one(chosen)
    return None if row is None else _read(row, now)


def _read(row: AnyRow, now: int) -> JobRun:
    def instant(value: int | None) -> datetime | None:
        return None if value is None else moment(value)

    return JobRun(
        id=row.id,
        job=row.job,
        state=row.state,
        origin=row.origin,
        at=moment(row.as_of),
        historical=bool(row.historical),
        go=bool(row.go),
        asked_at=moment(row.asked_at),
        started_at=instant(row.started_at),
        ended_at=instant(row.ended_at),
        holder=row.holder,
        beat_at=instant(row.beat_at),
        position=row.position,
        found=row.found,
        settled=row.settled,
        waiting=row.waiting,
        refused=row.refused,
        told=row.told,
        code=row.code,
        silent=row.state == "running" and row.beat_at <= now - SILENCE,
    )
