"""Settlement on PostgreSQL: the reads of :mod:`corekit.ledger.queries`, and one data-modifying statement per unit.

Rows travel as one JSON parameter per table, so the statement's text depends only on which tables a unit touches: it is
prepared once and stays far below the length and number of parameters over which the driver stops caching it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import orjson
import psycopg
from psycopg import errors
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import ExecStatus, Format, TransactionStatus

from corekit.errors import Busy, Integrity, Unavailable
from corekit.ledger.queries import Queries, Spelling
from corekit.ledger.rows import CHANGES, INSERTS, Layout, Rows
from corekit.ledger.store import Conflict, Lock, Needs

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        ids="= ANY(%s::uuid[])",
        own="= ANY(ARRAY(SELECT a.id FROM core_account a WHERE a.member_id = m.id))",
        texts="= ANY(%s::text[])",
        pairs="IN (SELECT * FROM unnest(%s::text[], %s::text[]))",
        parameter="%s",
    )
)
# Plain FOR UPDATE would block the foreign-key checks of others; the clock is read once the lock is held.
_LOCK = f"""
WITH locked AS MATERIALIZED (SELECT id, seq FROM core_member WHERE id = ANY(%s::uuid[]) ORDER BY id FOR NO KEY UPDATE)
SELECT encode(uuid_send(id), 'hex'), seq, {_NOW} FROM locked"""
_CHANGES = {
    "member_changed": "UPDATE core_member o SET state = v.state, seq = o.seq + v.seq, last_at = v.last_at {from_} "
    "WHERE o.id = v.id RETURNING 1",
    "account_changed": "UPDATE core_account o SET debits_posted = o.debits_posted + v.debits_posted, "
    "credits_posted = o.credits_posted + v.credits_posted, debits_pending = o.debits_pending + v.debits_pending, "
    "seq = o.seq + v.seq, last_at = v.last_at {from_} WHERE o.id = v.id RETURNING 1",
    "lot_changed": "UPDATE core_lot o SET consumed = o.consumed + v.consumed, held = o.held + v.held, "
    "expired = o.expired + v.expired, repaid = o.repaid + v.repaid, expires_at = v.expires_at, seq = o.seq + v.seq "
    "{from_} WHERE o.id = v.id RETURNING 1",
    "effect_changed": "UPDATE core_effect o SET undone = o.undone + v.undone, unfunded = o.unfunded + v.unfunded "
    "{from_} WHERE o.id = v.id RETURNING 1",
    "assignment_closed": "UPDATE core_tier_assignment o SET valid_to = v.valid_to {from_} "
    "WHERE o.id = v.id AND o.valid_to IS NULL RETURNING 1",
    "metric": "INSERT INTO core_metric SELECT * {from_} ON CONFLICT (member_id, metric) "
    "DO UPDATE SET value = core_metric.value + excluded.value",
    "metric_day": "INSERT INTO core_metric_day SELECT * {from_} ON CONFLICT (member_id, metric, day) "
    "DO UPDATE SET value = core_metric_day.value + excluded.value",
    "intake_done": "DELETE FROM core_intake o USING {rows} WHERE o.scope = v.scope AND o.key = v.key",
}
_COUNTED = ("member_changed", "account_changed", "lot_changed", "effect_changed", "assignment_closed")
_AGAIN = (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable)
_TAKEN_MEANWHILE = {
    "pk_core_request",
    "uq_core_profile_external_id",
    "pk_core_member",
    "uq_core_intake_scope_key",
    "uq_core_account_member_id_kind",
    "uq_core_activity_failed",
}


class _Document(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> Any:
        return orjson.loads(data)


class _BinaryDocument(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> Any:
        return orjson.loads(bytes(data)[1:])  # the first byte is the version of jsonb's wire format


class PostgreSQL:
    """The store on one PostgreSQL connection."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.statements = 0
        self._connection = connection
        self._cursor = connection.cursor(binary=True)
        self._cursor.adapters.register_loader("json", _Document)
        self._cursor.adapters.register_loader("jsonb", _BinaryDocument)

    def time(self) -> int:
        """Return the present instant by the database's clock."""
        return cast("int", self._all(f"SELECT {_NOW}", ())[0][0])

    def requests(self, keys: Sequence[tuple[str, str]]) -> list[tuple[Any, ...]]:
        """Return the answers to keys that were answered, and keys whose activity failed."""
        scopes, names = [scope for scope, _ in keys], [name for _, name in keys]
        return self._all(QUERIES.requests, (scopes, names, scopes, names))

    def members(self, ids: Sequence[str], needs: Needs) -> list[tuple[Any, ...]]:
        """Return each member with all that belongs to it, one row per member."""
        return self._all(
            QUERIES.members, (list(needs.metrics), needs.first_day, needs.last_day, needs.due_by, _array(ids))
        )

    def taken(self, external_ids: Sequence[str]) -> list[str]:
        """Return those external ids of members that are taken."""
        return [row[0] for row in self._all(QUERIES.taken, (list(external_ids),))]

    def open_lots(self, accounts: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return the lots of accounts that have something left."""
        return self._all(QUERIES.open_lots, (_array(accounts),))

    def originals(self, activities: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return activities that are to be reversed, with their effects, and all follow-ons below them."""
        return self._all(QUERIES.originals, (_array(activities),))

    def involved_lots(self, accounts: Sequence[str], effects: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return the lots that undoing effects can touch, each with what it funds."""
        own, undone = _array(accounts), _array(effects)
        return self._all(QUERIES.involved_lots, (own, own, undone, undone))

    def begin(self) -> None:
        """Begin a transaction that writes."""
        self._control(b"BEGIN")

    def lock(self, members: Sequence[str]) -> Lock:
        """Lock members in the order of their ids, then take the time."""
        rows = self._all(_LOCK, (_array(members),))
        return Lock({row[0]: row[1] for row in rows}, max((row[2] for row in rows), default=0) or self.time())

    def write(self, rows: Rows) -> None:
        """Write the rows of a unit by one statement."""
        # What refers to another part stands after it: a new stay in a tier to the end of the old one.
        names = tuple(name for name in dict.fromkeys(("assignment_closed", *INSERTS, *CHANGES)) if name in rows)
        text, counted = _writing(names)
        found = self._all(text, [_documents(name, rows) for name in names])[0]
        for name, number in zip(counted, found, strict=False):  # a constant stands where nothing is counted
            if number != len(rows[name]):
                message = f"{len(rows[name]) - number} rows of {name} were not there"
                raise Integrity(message, rows=name)

    def drop_failed(self, activities: Sequence[str]) -> None:
        """Remove failed activities that are about to be settled under the same id."""
        text = "DELETE FROM core_activity WHERE id = ANY(%s::uuid[]) AND state = 'failed' RETURNING 1"
        self._all(text, (_array(activities),))

    def commit(self) -> None:
        """Make it last."""
        self._control(b"COMMIT")

    def rollback(self) -> None:
        """Undo everything since :meth:`begin`; harmless outside a transaction and on a lost connection."""
        if self._connection.info.transaction_status not in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN):
            self._control(b"ROLLBACK")

    def _control(self, text: bytes) -> None:
        """Send transaction control without the machinery of a cursor, which takes longer than the server does."""
        with _translated():
            result = self._connection.pgconn.exec_(text)
            if result.status != ExecStatus.COMMAND_OK:
                raise errors.error_from_result(result)
            if text == b"COMMIT" and result.command_status == b"ROLLBACK":
                raise errors.InFailedSqlTransaction("the transaction had failed")

    def _all(self, text: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        self.statements += 1
        with _translated():
            return self._cursor.execute(text.encode(), parameters).fetchall()


@cache
def _writing(names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the statement that writes these kinds of rows, and those whose number it returns."""
    parts: list[str] = []
    for name in names:
        table = (INSERTS.get(name) or CHANGES[name]).table
        rows = f"json_populate_recordset(NULL::{table}, %s) v"
        change = _CHANGES.get(name, f"INSERT INTO {table} SELECT * {{from_}}")
        if name == "assignment" and "assignment_closed" in names:
            # The order of data-modifying CTEs is not promised, and only one stay may be the current one.
            change += " WHERE (SELECT count(*) FROM assignment_closed) > 0"
        parts.append(f"{name} AS ({change.format(from_='FROM ' + rows, rows=rows)})")
    counted = tuple(name for name in _COUNTED if name in names)
    numbers = ", ".join(f"(SELECT count(*) FROM {name})" for name in counted) or "1"
    return f"WITH {', '.join(parts)} SELECT {numbers}", counted


def _documents(name: str, rows: Rows) -> str:
    layout: Layout = INSERTS.get(name) or CHANGES[name]
    columns = layout.columns
    return orjson.dumps(
        [dict(zip(columns, row, strict=True)) for row in rows[name]], option=orjson.OPT_NON_STR_KEYS
    ).decode()


def _array(ids: Sequence[str]) -> str:
    return "{" + ",".join(ids) + "}"


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what the driver raises into what settlement understands."""
    try:
        yield
    except _AGAIN as error:
        raise Conflict(type(error).__name__) from error
    except errors.UniqueViolation as error:
        if error.diag.constraint_name in _TAKEN_MEANWHILE:
            raise Conflict(error.diag.constraint_name) from error
        raise Integrity("two rows claim one key", constraint=error.diag.constraint_name) from error
    except errors.IntegrityError as error:
        raise Integrity("a constraint of the books is violated", constraint=error.diag.constraint_name) from error
    except errors.QueryCanceled as error:
        raise Busy("the database took too long; nothing was written, send the same key again") from error
    except psycopg.OperationalError as error:
        raise Unavailable("the database does not answer; send the same key again") from error
