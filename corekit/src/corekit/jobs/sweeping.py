"""A run of sweeps: survey what there is, stop where it is implausible, then chunk by chunk over the members' ids."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import attrs
from attrs import frozen
from sqlalchemy import Connection, Insert, func, literal, select
from sqlalchemy.exc import DBAPIError

from corekit.activities.race import Race
from corekit.activities.settle import Settlement
from corekit.activities.terms import Terms
from corekit.db.engine import Database
from corekit.db.reader import Reader
from corekit.errors import Busy, PluginError
from corekit.jobs import runs
from corekit.jobs.bounds import AFTER, UPTO, Bounds
from corekit.jobs.declared import Limits, Sweep
from corekit.jobs.writing import Chunk, Counts, candidates, choosing
from corekit.ledger.postgresql import PostgreSQL
from corekit.ledger.sqlite import SQLite
from corekit.ledger.store import Conflict, ProgramChanged
from corekit.ledger.tables import account
from corekit.ledger.voucher import LARGEST_AMOUNT
from corekit.members.tables import member
from corekit.program.tables import program

CHUNK = 5_000
"""Rows of one transaction: others wait for its members that long, half a second."""
WIDEST = 200_000
"""Members that one look passes over at most, where few of them are found."""
MOST_FRUITLESS = 200
JOB_AGAIN = "others keep changing the same members; what was done stays, run the job again"
_FIRST, _LAST = "0" * 32, "f" * 32
_LONGEST_KEY = 200


@frozen
class Found:
    """What a sweep would do: rows, their value, and the shares of all members and of all value in percent."""

    sweep: str
    members: int
    value: int
    member_share: int
    value_share: int | None

    def exceeds(self, limits: Limits) -> bool:
        """Say whether that is implausible."""
        if self.members < limits.least:
            return False
        by_members = limits.members is not None and self.member_share > limits.members
        by_value = limits.value is not None and self.value_share is not None and self.value_share > limits.value
        return by_members or by_value


@frozen
class Position:
    """How far a run is: which of its sweeps, in which round over the members, after which of them, and what is left."""

    sweep: int = 0
    after: str = _FIRST
    later: int = 0

    @classmethod
    def read(cls, stored: Mapping[str, Any] | None) -> Position:
        """Read the position that a run left; the beginning where there is none."""
        return cls(**stored) if stored else cls()

    def stored(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return attrs.asdict(self)


class Sweeping:
    """Runs the sweeps of one job, as of an instant."""

    def __init__(
        self,
        database: Database,
        settlement: Settlement,
        terms: Callable[[], Terms],
        renew: Callable[[], object],
        *,
        run: runs.JobRun,
        at: int,
        chunk: int = CHUNK,
    ) -> None:
        self._database = database
        self._settlement = settlement
        self._terms = terms
        self._renew = renew
        self._run = run
        self._at = at
        self._chunk = chunk
        self._built: tuple[Sweep, Terms, Insert] | None = None

    # ------------------------------------------------------------------------------------------------------- survey

    def survey(self, sweeps: Sequence[Sweep]) -> list[Found]:
        """Say what each sweep would do, on one snapshot; nothing is locked or written."""
        terms = self._terms()
        with self._database.read() as read:
            if read.dialect == "postgresql":  # it looks at all members once
                read.all(select(func.set_config(literal("statement_timeout"), "0", literal(True))))
            members = read.scalar(select(func.count()).select_from(member))
            return [self._found(read, terms, sweep, members) for sweep in sweeps]

    def _found(self, read: Reader, terms: Terms, sweep: Sweep, members: int) -> Found:
        check(terms, sweep)
        rows = candidates(sweep, self._bounds(terms, sweep)).subquery()
        (row,) = read.all(
            select(
                func.count().label("number"),
                func.count(rows.c.member_id).label("members"),
                func.count(rows.c.external_id).label("keys"),
                func.count(rows.c.rule).label("rules"),
                func.count(rows.c.amount).label("amounts"),
                func.count(rows.c.reverses).label("targets"),
                func.coalesce(func.sum(rows.c.amount), 0).label("value"),
                func.min(rows.c.amount).label("least"),
                func.max(rows.c.amount).label("most"),
                func.max(func.length(rows.c.external_id)).label("longest"),
            )
        )
        least = 0 if sweep.effect is None else 1
        targets = row.number if terms.types[sweep.activity_type].reversal else 0
        if row.number and (
            not row.number == row.members == row.keys == row.rules == row.amounts
            or not least <= row.least <= row.most <= LARGEST_AMOUNT
            or row.longest > _LONGEST_KEY
            or row.targets != targets
        ):
            message = (
                f"the select of sweep {sweep.name} gives rows without member, key, rule or amount, amounts outside "
                f"{least}..{LARGEST_AMOUNT}, keys of more than {_LONGEST_KEY} characters with the type, or "
                f"does not say what it reverses, just where the type takes something back; mend it"
            )
            raise PluginError(message, code="SWEEP_INVALID", sweep=sweep.name)
        share = None
        if sweep.account is not None:
            balance = account.c.credits_posted - account.c.debits_posted
            whole = func.coalesce(func.sum(balance), 0)
            there = int(
                read.scalar(select(whole).where(account.c.kind == sweep.account, account.c.member_id.is_not(None)))
            )
            share = _percent(int(row.value), there)
        return Found(sweep.activity_type, row.number, int(row.value), _percent(row.number, members), share)

    # -------------------------------------------------------------------------------------------------------- chunks

    def sweep(self, sweeps: Sequence[Sweep]) -> None:
        """Write everything, from where the run stands; each chunk commits with the position behind it."""
        position = Position.read(self._run.position)
        width, fruitless = self._chunk, 0
        while position.sweep < len(sweeps):
            counts, position = self._chunk_after(sweeps[position.sweep], position, width)
            # Where few are found the next look passes over more members.
            width = min(2 * width, WIDEST) if counts.chosen < self._chunk // 2 else self._chunk
            if counts.later and not (counts.settled or counts.waiting or counts.refused):
                fruitless += 1
                if fruitless > MOST_FRUITLESS:
                    raise Busy(JOB_AGAIN)
                time.sleep(0.01)
            else:
                fruitless = 0

    def _chunk_after(self, sweep: Sweep, position: Position, width: int) -> tuple[Counts, Position]:
        race = Race(JOB_AGAIN)
        while True:
            try:
                with self._translated():
                    return self._write(sweep, position, width)
            except ProgramChanged:
                self._renew()
            except Conflict:
                race.lose()

    @contextmanager
    def _translated(self) -> Generator[None]:
        """Turn what the driver raises into what settlement makes of it."""
        with (PostgreSQL if self._database.dialect == "postgresql" else SQLite).translated():
            try:
                yield
            except DBAPIError as error:
                raise (error.orig or error) from error

    def _write(self, sweep: Sweep, position: Position, width: int) -> tuple[Counts, Position]:
        terms = self._terms()
        check(terms, sweep)
        with self._database.settle() as settling:
            connection = settling.connection
            connection.exec_driver_sql("BEGIN IMMEDIATE" if self._database.dialect == "sqlite" else "BEGIN")
            try:
                _check_program(connection, terms)
                upto = connection.execute(_upto(position.after, width)).scalar()
                writing = Chunk(
                    connection=connection,
                    terms=terms,
                    sweep=sweep,
                    at=self._at,
                    historical=self._run.historical,
                )
                counts = self._counted(writing, position.after, upto or _LAST)
                full = counts.chosen >= self._chunk
                behind = _behind(position, counts, counts.last if full else upto)
                done = {name: getattr(counts, name) for name in ("settled", "waiting", "refused")}
                holder = self._run.holder or ""
                runs.beat(connection, self._run.id, holder, self._now(connection), behind.stored(), done)
            except BaseException:
                self._roll_back(connection, settling.driver)
                raise
            connection.exec_driver_sql("COMMIT")
        return counts, behind

    def _bounds(self, terms: Terms, sweep: Sweep, after: Any = None, upto: Any = None) -> Bounds:
        owner = terms.registry.owner("type", sweep.activity_type) or ""
        section = terms.program_at(self._at).sections.get(owner)
        return Bounds(self._at, after, upto, section, terms.zone)

    def _roll_back(self, connection: Connection, driver: Any) -> None:
        """Undo a chunk, unless the connection is lost and the server does so."""
        is_open = driver.in_transaction if self._database.dialect == "sqlite" else not driver.closed
        if is_open:
            connection.exec_driver_sql("ROLLBACK")

    def _counted(self, writing: Chunk, after: str, upto: str) -> Counts:
        """Choose and write the rows of a chunk."""
        chosen = writing.choose(self._choosing(writing), after, upto)
        if not chosen.chosen:
            return chosen
        counts = writing.settle(self._now(writing.connection))
        return attrs.evolve(counts, chosen=chosen.chosen, later=chosen.later, last=chosen.last)

    def _choosing(self, writing: Chunk) -> Insert:
        """Return the statement that chooses rows, the same for all chunks of a sweep under the same terms."""
        sweep, terms, statement = self._built or (None, None, None)
        if statement is None or sweep is not writing.sweep or terms is not writing.terms:
            bounds = self._bounds(writing.terms, writing.sweep, AFTER, UPTO)
            statement = choosing(writing.sweep, bounds, self._chunk)
            self._built = writing.sweep, writing.terms, statement
        return statement

    def _now(self, connection: Connection) -> int:
        """Return the present instant by the kit's clock, asked on the connection that holds the locks."""
        if not self._settlement.clock.by_database or self._database.dialect == "sqlite":
            return self._settlement.clock.about_now()
        return int(connection.exec_driver_sql(_CLOCK).scalar_one())


_CLOCK = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"


def _check_program(connection: Connection, terms: Terms) -> None:
    """Raise ProgramChanged where another version of the program holds than that of the terms."""
    newest = select(func.coalesce(func.max(program.c.version), 0))
    if connection.execute(newest).scalar() != terms.versions.newest:
        raise ProgramChanged


def check(terms: Terms, sweep: Sweep) -> None:
    """Raise PluginError where a sweep names an account that is not there, not its own, or in another unit."""
    if sweep.effect in (None, "Expire"):
        return
    type_, owner = terms.types[sweep.activity_type], terms.swept[sweep.activity_type][1]
    book = terms.chart.books.get(sweep.account or "")
    if book is None or not terms.registry.may_use(owner, book.code):
        message = (
            f"sweep {sweep.name} names the account {sweep.account!r}, which {owner} may not touch; require its owner"
        )
        raise PluginError(message, code="SWEEP_INVALID", sweep=sweep.name)
    if terms.unit(type_) != book.unit.code:
        message = (
            f"sweep {sweep.name} moves {book.unit.code}, but {sweep.activity_type} counts {terms.unit(type_)}; "
            f"declare the type with amount={book.unit.code!r}"
        )
        raise PluginError(message, code="SWEEP_INVALID", sweep=sweep.name)


def _upto(after: str, width: int) -> Any:
    """Select the id of the last of the next so many members; nothing where there are fewer."""
    return select(member.c.id).where(member.c.id > after).order_by(member.c.id).offset(width - 1).limit(1)


def _behind(position: Position, counts: Counts, last: str | None) -> Position:
    """Return where a run stands behind a chunk: after a member, in the next round, or at the next sweep."""
    later = position.later + counts.later
    if last is not None:
        return Position(position.sweep, last, later)
    if later:
        return Position(position.sweep, _FIRST, 0)
    return Position(position.sweep + 1)


def _percent(part: int, whole: int) -> int:
    """Return a share in percent, rounded up: what is just above a limit is above it."""
    return 0 if part <= 0 else 100 if whole <= 0 else -(-100 * part // whole)
