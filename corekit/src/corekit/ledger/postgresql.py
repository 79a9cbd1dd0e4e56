"""Settlement on PostgreSQL: the reads of :mod:`corekit.ledger.queries`, and one data-modifying statement per unit.

A unit of many rows adds what is new by COPY, a table at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from functools import cache
from typing import Any
from zlib import crc32

import psycopg
from psycopg import errors

from corekit.db.wire import Parameter, Wire, array
from corekit.errors import Busy, Integrity, Unavailable
from corekit.ledger.postgresql_rows import copied, filled
from corekit.ledger.queries import Queries, Spelling
from corekit.ledger.rows import CHANGES, INSERTS, Layout, Rows
from corekit.ledger.store import Conflict, Lock, Needs, UnitEnded, by_what

MANY = 500
"""From so many rows on a unit is worth the round trips of COPY, which costs half of JSON per row."""
_NOW = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
QUERIES = Queries(
    Spelling(
        array="json_build_array",
        gather="json_agg",
        gather_pairs="json_object_agg",
        document="{0}",
        now=_NOW,
        later="greatest",
        id="encode(uuid_send({0}), 'hex')",
        ids="= ANY(?::uuid[])",
        given="unnest(?::uuid[]) AS w(id)",
        each="CROSS JOIN LATERAL (SELECT * FROM {0} {1} WHERE {2} OFFSET 0) {1}",  # OFFSET keeps it as it is written
        texts="= ANY(?::text[])",
        none_of="<> ALL(?::int[])",
        pairs="IN (SELECT * FROM unnest(?::text[], ?::text[]))",
        parameter="?::bigint",
        wide="json_build_array({0})",
    )
)
# Plain FOR UPDATE would block the foreign-key checks of others; the clock is read once the lock is held.
_LOCK = f"""
WITH locked AS MATERIALIZED (SELECT id, seq FROM core_member WHERE id = ANY(?::uuid[]) ORDER BY id FOR NO KEY UPDATE)
SELECT encode(uuid_send(id), 'hex'), seq, {_NOW} FROM locked"""
# A lane is passed over where another worker has it: as long as that worker's transaction lasts, which dies with it.
_CLAIM = f"{QUERIES.lanes} LIMIT ?::bigint FOR NO KEY UPDATE OF l SKIP LOCKED"
_WAITING = """
SELECT i.member_id, i.scope, i.key, i.hash, i.occurred_at, i.activity, i.enqueued_at
FROM unnest(?::int[]) l(lane) CROSS JOIN LATERAL (
    SELECT encode(uuid_send(w.member_id), 'hex') AS member_id, w.scope, w.key, w.hash, w.occurred_at, w.activity,
        w.enqueued_at
    FROM core_intake w WHERE w.lane = l.lane AND w.state = 'waiting'
    ORDER BY w.occurred_at, w.key, w.id LIMIT ?::bigint) i"""
# One message: where the row is not there, the division fails, and nothing is committed.
_CLOSE = b"WITH gone AS (DELETE FROM core_open_unit WHERE id = '%s' RETURNING 1) SELECT 1 / count(*) FROM gone; COMMIT"
_ALONE = f"SELECT pg_advisory_xact_lock({crc32(b'corekit.alone')})"
_DROP_FAILED = "DELETE FROM core_activity WHERE id = ANY(?::uuid[]) AND state = 'failed' RETURNING 1"
_AGAIN = (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable)
_TAKEN_MEANWHILE = {
    "pk_core_request",
    "pk_core_activity",
    "pk_core_line",
    "uq_core_effect_activity_id_no",
    "uq_core_profile_external_id",
    "uq_core_profile_number",
    "uq_core_profile_phone",
    "uq_core_profile_email",
    "pk_core_external_id",
    "uq_core_group_member_primary",
    "pk_core_member",
    "pk_core_intake",
    "uq_core_account_member_id_kind",
    "uq_core_activity_failed",
}


class PostgreSQL:
    """The store on one PostgreSQL connection."""

    def __init__(self, wire: Wire) -> None:
        self.statements = 0
        self._wire = wire

    def time(self) -> int:
        """Return the present instant by the database's clock."""
        now: int = self._all(f"SELECT {_NOW}", ())[0][0]
        return now

    def requests(self, keys: Sequence[tuple[str, str]]) -> list[tuple[Any, ...]]:
        """Return the answers to keys that were answered, and keys whose activity failed."""
        scopes, names = array([scope for scope, _ in keys]), array([name for _, name in keys])
        return self._all(QUERIES.requests, (scopes, names, scopes, names))

    def waiting_keys(self, keys: Sequence[tuple[str, str]]) -> list[tuple[Any, ...]]:
        """Return the keys that wait in the intake, with their hashes."""
        return self._all(QUERIES.waiting_keys, (array([scope for scope, _ in keys]), array([name for _, name in keys])))

    def claim(self, most: int, but: Sequence[int]) -> list[int]:
        """Lock lanes of the intake in which something waits, those that nobody has."""
        return [row[0] for row in self._all(_CLAIM, (_numbers(but), most))]

    def waiting(self, lanes: Sequence[int], each: int) -> list[tuple[Any, ...]]:
        """Return what waits in lanes."""
        return self._all(_WAITING, (_numbers(lanes), each))

    def members(self, ids: Sequence[str], needs: Needs) -> list[tuple[Any, ...]]:
        """Return each member with all that belongs to it, one row per member."""
        text = QUERIES.members_with_days if needs.metrics else QUERIES.members
        days = (array(needs.metrics), needs.first_day, needs.last_day) if needs.metrics else ()
        return [row for (row,) in self._all(text, (*days, needs.due_by, array(ids)))]

    def survivors(self, members: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return of whom merged members are a part, from one to the next."""
        return self._all(QUERIES.survivors, (array(members),))

    def known(self, known: Sequence[tuple[str, str]]) -> list[tuple[Any, ...]]:
        """Return those by which somebody is known, with the member's id."""
        texts, pairs = by_what(known)
        sources, names = array([source for source, _ in pairs]), array([name for _, name in pairs])
        external, number, phone, email, group, primary = map(array, texts)
        return self._all(QUERIES.known, (external, number, phone, email, sources, names, group, primary))

    def persons(self, members: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return what is known of each member as a person."""
        return self._all(QUERIES.persons, (array(members),))

    def profile_changes(self, activities: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return what activities changed of profiles."""
        return self._all(QUERIES.profile_changes, (array(activities),))

    def open_lots(self, accounts: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return the lots of accounts that have something left."""
        return self._all(QUERIES.open_lots, (array(accounts),))

    def originals(self, activities: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return activities that are to be reversed, with their effects, and all follow-ons below them."""
        return self._all(QUERIES.originals, (array(activities),))

    def involved_lots(
        self, accounts: Sequence[str], activities: Sequence[str], effects: Sequence[str]
    ) -> list[tuple[Any, ...]]:
        """Return the lots of accounts that undoing activities and their effects can touch, each with what it funds."""
        own = array(accounts)
        return self._all(QUERIES.involved_lots, (own, own, array(activities), array(effects)))

    def holds(self, ids: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return how holds ended, for those that were resolved."""
        return self._all(QUERIES.holds, (array(ids),))

    def placed(self, activities: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return how holds ended that activities had placed, for those that were resolved."""
        return self._all(QUERIES.placed, (array(activities),))

    def words(self, members: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return what was said of members' accounts and not taken back."""
        return self._all(QUERIES.words, (array(members),))

    def begin(self) -> None:
        """Begin a transaction that writes."""
        with _Translated():
            self._wire.control(b"BEGIN")

    def lock(self, members: Sequence[str]) -> Lock:
        """Lock members in the order of their ids, then take the time."""
        rows = self._all(_LOCK, (array(members),))
        return Lock({row[0]: row[1] for row in rows}, max((row[2] for row in rows), default=0) or self.time())

    def come_alone(self) -> None:
        """Let others who come alone wait until the end of the transaction."""
        self._all(_ALONE, ())

    def write(self, rows: Rows) -> None:
        """Write the rows of a unit: changes by one statement, and what is new as well, or by COPY where it is much."""
        # What one member gives up before another takes it: one statement sees no change of its own.
        if freed := rows.pop("profile_freed", None):
            self._write({"profile_freed": freed}, None)
        if sum(map(len, rows.values())) < MANY:
            self._write(rows, None)
            return
        # While the server is at one statement, the next is made ready. The end of an old stay goes before the new one.
        changes = {name: rows[name] for name in CHANGES if name in rows}
        done: Callable[[], object] = self._begin_changes(changes) if changes else _nothing
        for layout, news in ((INSERTS[name], rows[name]) for name in INSERTS if name in rows):
            text = copied(layout, news)
            done()
            done = self._begin_copy(layout, text)
        done()

    def _begin_changes(self, rows: Rows) -> Callable[[], object]:
        text, counted, parameters = filled(rows)
        text = _numbered(text)
        self.statements += 1
        with _Translated():
            self._wire.send(text, parameters)
        return lambda: _count(rows, counted, self._received(text)[0])

    def _begin_copy(self, layout: Layout, text: bytes) -> Callable[[], object]:
        self.statements += 1
        with _Translated():
            self._wire.send_copy(f"COPY {layout.table} ({', '.join(layout.columns)}) FROM STDIN", text)
        return self._received

    def _received(self, text: str = "") -> list[tuple[Any, ...]]:
        with _Translated():
            return self._wire.received(text)

    def write_alone(self, rows: Rows, seq: int) -> None:
        """Write the rows of a unit that changes one member by one statement, which is its own transaction."""
        try:
            self._write(rows, seq)
        except Integrity as error:
            # Where the member moved on, the lots may be used up before it is seen: the next attempts tell which it is.
            raise Conflict("the member moved on, or the plan is wrong") from error

    def _write(self, rows: Rows, seq: int | None) -> None:
        text, counted, parameters = filled(rows, seq)
        _count(rows, counted, self._all(text, parameters)[0])

    def drop_failed(self, activities: Sequence[str]) -> None:
        """Remove failed activities that are about to be settled under the same id."""
        self._all(_DROP_FAILED, (array(activities),))

    def commit(self, unit: str | None = None) -> None:
        """Make it last."""
        with _Translated():
            try:
                self._wire.control(b"COMMIT" if unit is None else _CLOSE % unit.encode())
            except errors.DivisionByZero as error:
                raise UnitEnded from error

    def rollback(self) -> None:
        """Undo everything since :meth:`begin`; harmless outside a transaction and on a lost connection."""
        if self._wire.in_transaction:
            with suppress(psycopg.OperationalError):  # lost: the server has undone it
                self._wire.control(b"ROLLBACK")

    @staticmethod
    def translated() -> AbstractContextManager[None]:
        """Turn what the driver raises inside into what settlement understands."""
        return _Translated()

    def _all(self, text: str, parameters: Sequence[Parameter]) -> list[tuple[Any, ...]]:
        self.statements += 1
        with _Translated():
            return self._wire.rows(_numbered(text), parameters)


def _nothing() -> None:
    pass


def _count(rows: Rows, counted: Sequence[str], found: Sequence[int]) -> None:
    """Raise Integrity where not all rows were there that were to be changed."""
    for name, number in zip(counted, found, strict=False):  # a constant stands where nothing is counted
        if number != len(rows[name]):
            message = f"{len(rows[name]) - number} rows of {name} were not there"
            raise Integrity(message, rows=name)


@cache
def _numbered(text: str) -> str:
    """Write ``$1``, ``$2``, ... for the question marks of a statement of this module (which has no others)."""
    pieces = text.split("?")
    return pieces[0] + "".join(f"${number}{piece}" for number, piece in enumerate(pieces[1:], 1))


def _numbers(values: Sequence[int]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


class _Translated:
    """Turns what the driver raises into what settlement understands; a generator would cost more at each statement."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, psycopg.Error) and (understood := _understood(error)) is not None:
            raise understood from error


def _understood(error: psycopg.Error) -> Exception | None:  # noqa: PLR0911 - one for each kind
    name = error.diag.constraint_name
    if isinstance(error, _AGAIN):
        return Conflict(type(error).__name__)
    if isinstance(error, errors.DivisionByZero):
        return Conflict("the member moved on")
    if isinstance(error, errors.IntegrityError):
        if name in _TAKEN_MEANWHILE:
            return Conflict(name)
        return Integrity("a constraint of the books is violated", constraint=name)
    if not isinstance(error, psycopg.OperationalError):
        return None
    if isinstance(error, errors.QueryCanceled):
        return Busy("the database took too long; nothing was written, send the same key again")
    return Unavailable("the database does not answer; send the same key again")
