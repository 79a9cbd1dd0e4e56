"""Settlement on SQLite: the reads of :mod:`corekit.ledger.queries`, and one prepared statement per table and unit."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import orjson

from corekit.errors import Busy, Integrity, Unavailable
from corekit.ledger.queries import Queries, Spelling
from corekit.ledger.rows import CHANGES, INSERTS, Layout, Row, Rows
from corekit.ledger.store import Conflict, Lock, Needs, UnitEnded, by_what

QUERIES = Queries(
    Spelling(
        array="json_array",
        gather="json_group_array",
        gather_pairs="json_group_object",
        document="json({0})",
        now="0",
        later="max",
        id="{0}",
        ids="IN (SELECT value FROM json_each(?))",
        given="(SELECT value AS id FROM json_each(?)) w",
        each="CROSS JOIN {0} {1} ON {2}",
        texts="IN (SELECT value FROM json_each(?))",
        none_of="NOT IN (SELECT value FROM json_each(?))",
        pairs="IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))",
        parameter="?",
        wide="{0}",
    )
)
_WAITING = """
SELECT i.member_id, i.scope, i.key, i.hash, i.occurred_at, i.activity, i.enqueued_at
FROM json_each(?) l CROSS JOIN core_intake i
WHERE i.rowid IN (SELECT w.rowid FROM core_intake w WHERE w.lane = l.value AND w.state = 'waiting'
    ORDER BY w.occurred_at, w.key, w.id LIMIT ?)
ORDER BY i.lane, i.occurred_at, i.key, i.id"""
_INSERTS = {
    name: f"INSERT INTO {layout.table} ({', '.join(layout.columns)}) VALUES ({', '.join('?' * len(layout.columns))})"
    for name, layout in INSERTS.items()
}
# Numbered parameters: the position of the column in its layout.
_CHANGES = {
    "member_changed": "UPDATE core_member SET seq = seq + ?4, last_at = ?5 WHERE id = ?1",
    "account_changed": "UPDATE core_account SET state = ?2, debits_posted = debits_posted + ?3, "
    "credits_posted = credits_posted + ?4, debits_pending = debits_pending + ?5, seq = seq + ?6, last_at = ?7, "
    "lapses_at = ?8 WHERE id = ?1",
    "lot_changed": "UPDATE core_lot SET consumed = consumed + ?2, held = held + ?3, expired = expired + ?4, "
    "repaid = repaid + ?5, expires_at = ?6, seq = seq + ?7 WHERE id = ?1",
    "effect_changed": "UPDATE core_effect SET undone = undone + ?2, unfunded = unfunded + ?3 WHERE id = ?1",
    # Its guard refuses what is there, before a conflict would be seen.
    "segment": "INSERT INTO core_segment SELECT ?1, ?2, ?3, ?4 "
    "WHERE NOT EXISTS (SELECT 1 FROM core_segment WHERE id = ?1)",
    "hold_resolved": "UPDATE core_hold SET outcome = ?2, captured = ?3, resolved_by = ?4, resolved_at = ?5 "
    "WHERE id = ?1 AND outcome IS NULL",
    "assignment_closed": "UPDATE core_tier_assignment SET valid_to = ?2, undone_by = coalesce(?3, undone_by) "
    "WHERE id = ?1 AND valid_to IS NULL",
    "assignment_undone": "UPDATE core_tier_assignment SET undone_by = ?2 WHERE id = ?1",
    "metric": "INSERT INTO core_metric VALUES (?1, ?2, ?3) ON CONFLICT (member_id, metric) "
    "DO UPDATE SET value = value + excluded.value",
    "metric_day": "INSERT INTO core_metric_day VALUES (?1, ?2, ?3, ?4) ON CONFLICT (member_id, metric, day) "
    "DO UPDATE SET value = value + excluded.value",
    "profile_freed": "UPDATE core_profile SET external_id = ?2, number = ?3, phone = ?4, email = ?5 "
    "WHERE member_id = ?1",
    "profile_changed": "UPDATE core_profile SET external_id = ?2, channel = ?3, name = ?4, email = ?5, phone = ?6, "
    "attributes = ?7, number = ?8, kind = ?9, birthday = ?10, sections = ?11, valid_until = ?12 WHERE member_id = ?1",
    "external_id_gone": "DELETE FROM core_external_id WHERE source = ?1 AND external_id = ?2 AND member_id = ?3",
    "tag_gone": "DELETE FROM core_member_tag WHERE member_id = ?1 AND tag = ?2",
    "consent": "INSERT INTO core_consent VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (member_id, purpose, channel) "
    "DO UPDATE SET granted = excluded.granted, activity_id = excluded.activity_id, since = excluded.since",
    "consent_gone": "DELETE FROM core_consent WHERE member_id = ?1 AND purpose = ?2 AND channel = ?3",
    "group_gone": "DELETE FROM core_group_member WHERE member_id = ?1 AND code = ?2",
    "forgotten": "DELETE FROM core_profile_change WHERE member_id = ?1",
    "intake_done": "DELETE FROM core_intake WHERE scope = ?1 AND key = ?2",
}
# By itself: what it names is written anew in every index of the column, even where it stays as it is.
_STATE_CHANGED = "UPDATE core_member SET state = ?2, merged_into = ?3 WHERE id = ?1"
_CLOSE = "DELETE FROM core_open_unit WHERE id = ?"
_COUNTED = {
    "member_changed",
    "account_changed",
    "lot_changed",
    "effect_changed",
    "hold_resolved",
    "assignment_closed",
    "assignment_undone",
    "profile_freed",
    "profile_changed",
}
_FIRST = ("assignment_closed", "external_id_gone", "tag_gone", "group_gone", "profile_freed")
"""What goes before what is added may come in its place."""
_TAKEN_MEANWHILE = (
    "core_request",
    "core_profile.",
    "core_external_id",
    "core_group_member.code",
    "core_member.id",
    "core_intake",
    "core_activity",
)


class SQLite:
    """The store on one SQLite connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.statements = 0
        self._connection = connection

    def time(self) -> int:
        """Return the present instant by the machine's clock, which is the database's."""
        return time.time_ns() // 1000

    def requests(self, keys: Sequence[tuple[str, str]]) -> list[tuple[Any, ...]]:
        """Return the answers to keys that were answered, and keys whose activity failed."""
        pairs = orjson.dumps(keys).decode()
        return [(*row[:7], _parsed(row[7]), row[8]) for row in self._all(QUERIES.requests, (pairs, pairs))]

    def waiting_keys(self, keys: Sequence[tuple[str, str]]) -> list[tuple[Any, ...]]:
        """Return the keys that wait in the intake, with their hashes."""
        return self._all(QUERIES.waiting_keys, (orjson.dumps(keys).decode(),))

    def claim(self, most: int, but: Sequence[int]) -> list[int]:
        """Return lanes of the intake in which something waits; one process writes, so nobody else asks."""
        return [row[0] for row in self._all(f"{QUERIES.lanes} LIMIT ?", (orjson.dumps(but).decode(), most))]

    def waiting(self, lanes: Sequence[int], each: int) -> list[tuple[Any, ...]]:
        """Return what waits in lanes."""
        rows = self._all(_WAITING, (orjson.dumps(lanes).decode(), each))
        return [(*row[:5], _parsed(row[5]), row[6]) for row in rows]

    def members(self, ids: Sequence[str], needs: Needs) -> list[tuple[Any, ...]]:
        """Return each member with all that belongs to it, one row per member."""
        text = QUERIES.members_with_days if needs.metrics else QUERIES.members
        days = (_json(needs.metrics), needs.first_day, needs.last_day) if needs.metrics else ()
        rows = self._all(text, (*days, needs.due_by, _json(ids)))
        return [(*row[:9], *map(_parsed, row[9:])) for row in rows]

    def survivors(self, members: Sequence[str]) -> list[tuple[str, str]]:
        """Return of whom merged members are a part, from one to the next."""
        return self._all(QUERIES.survivors, (_json(members),))

    def known(self, known: Sequence[tuple[str, str]]) -> list[tuple[Any, ...]]:
        """Return those by which somebody is known, with the member's id."""
        texts, pairs = by_what(known)
        *own, group, primary = map(_json, texts)
        return self._all(QUERIES.known, (*own, orjson.dumps(pairs).decode(), group, primary))

    def persons(self, members: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return what is known of each member as a person."""
        return [(row[0], *map(_parsed, row[1:])) for row in self._all(QUERIES.persons, (_json(members),))]

    def profile_changes(self, activities: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return what activities changed of profiles."""
        return [(row[0], _parsed(row[1])) for row in self._all(QUERIES.profile_changes, (_json(activities),))]

    def open_lots(self, accounts: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return the lots of accounts that have something left."""
        return self._all(QUERIES.open_lots, (_json(accounts),))

    def originals(self, activities: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return activities that are to be reversed, with their effects, and all follow-ons below them."""
        rows = self._all(QUERIES.originals, (_json(activities),))
        return [(*row[:7], _parsed(row[7]), *row[8:10], *map(_parsed, row[10:14]), *row[14:]) for row in rows]

    def involved_lots(
        self, accounts: Sequence[str], activities: Sequence[str], effects: Sequence[str]
    ) -> list[tuple[Any, ...]]:
        """Return the lots of accounts that undoing activities and their effects can touch, each with what it funds."""
        own = _json(accounts)
        rows = self._all(QUERIES.involved_lots, (own, own, _json(activities), _json(effects)))
        return [(*row[:-2], *map(_parsed, row[-2:])) for row in rows]

    def holds(self, ids: Sequence[str]) -> list[tuple[str, str]]:
        """Return how holds ended, for those that were resolved."""
        return self._all(QUERIES.holds, (_json(ids),))

    def placed(self, activities: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return how holds ended that activities had placed, for those that were resolved."""
        return self._all(QUERIES.placed, (_json(activities),))

    def words(self, members: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return what was said of members' accounts and not taken back."""
        return self._all(QUERIES.words, (_json(members),))

    def begin(self) -> None:
        """Begin a transaction that writes: SQLite has one writer at a time, so this is where others wait."""
        with _Translated():
            self._connection.execute("BEGIN IMMEDIATE")

    def lock(self, members: Sequence[str]) -> Lock:
        """Return the members as they stand; the transaction itself is the lock."""
        text = "SELECT id, seq FROM core_member WHERE id IN (SELECT value FROM json_each(?))"
        return Lock(dict(self._all(text, (_json(members),))), self.time())

    def come_alone(self) -> None:
        """Do nothing: the transaction itself is the lock."""

    def write(self, rows: Rows) -> None:
        """Write the rows of a unit, parents first."""
        with _Translated():
            # A member has one current tier of a ladder: the old stay ends before the new one is added.
            for name in _FIRST:
                self._change(rows, name)
            for name, layout in INSERTS.items():
                if name in rows:
                    self.statements += 1
                    self._connection.executemany(_INSERTS[name], _plain(layout, rows[name]))
            for name in _CHANGES:
                if name not in _FIRST:
                    self._change(rows, name)
            states = [row[:3] for row in rows.get("member_changed", ()) if row[1] is not None]
            if states:
                self.statements += 1
                self._connection.executemany(_STATE_CHANGED, states)

    def _change(self, rows: Rows, name: str) -> None:
        if name not in rows:
            return
        self.statements += 1
        changed = self._connection.executemany(_CHANGES[name], _plain(CHANGES[name], rows[name])).rowcount
        if name in _COUNTED and changed != len(rows[name]):
            message = f"{len(rows[name]) - changed} rows of {name} were not there"
            raise Integrity(message, rows=name)

    def write_alone(self, rows: Rows, seq: int) -> None:
        """Write the rows of a unit that changes one member, in a transaction of its own, and commit."""
        self.begin()
        (member,) = [row[0] for row in rows["member_changed"]]
        if self.lock([member]).seqs.get(member) != seq:
            raise Conflict("the member moved on")
        self.write(rows)
        self.commit()

    def drop_failed(self, activities: Sequence[str]) -> None:
        """Remove failed activities that are about to be settled under the same id."""
        self._all(
            "DELETE FROM core_activity WHERE id IN (SELECT value FROM json_each(?)) AND state = 'failed'",
            (_json(activities),),
        )

    def commit(self, unit: str | None = None) -> None:
        """Make it last."""
        with _Translated():
            if unit is not None and self._connection.execute(_CLOSE, (unit,)).rowcount != 1:
                raise UnitEnded
            self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """Undo everything since :meth:`begin`; harmless outside a transaction."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    @staticmethod
    def translated() -> AbstractContextManager[None]:
        """Turn what the driver raises inside into what settlement understands."""
        return _Translated()

    def _all(self, text: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        self.statements += 1
        with _Translated():
            return self._connection.execute(text, parameters).fetchall()


def _plain(layout: Layout, rows: list[Row]) -> Iterable[Row]:
    """Write documents as text, which is how SQLite keeps them."""
    if not layout.documents:
        return rows
    written: list[Row] = []
    for row in rows:
        values = list(row)
        for index in layout.documents:
            if values[index] is not None:
                values[index] = orjson.dumps(values[index], option=orjson.OPT_NON_STR_KEYS).decode()
        written.append(tuple(values))
    return written


def _json(values: Sequence[str]) -> str:
    return orjson.dumps(list(values)).decode()


def _parsed(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)


class _Translated:
    """Turns what the driver raises into what settlement understands; a generator would cost more at each statement."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, sqlite3.Error) and (understood := _understood(error)) is not None:
            raise understood from error


def _understood(error: sqlite3.Error) -> Exception | None:
    if isinstance(error, sqlite3.IntegrityError):
        if any(name in str(error) for name in _TAKEN_MEANWHILE):
            return Conflict(str(error))
        return Integrity("a constraint of the books is violated", constraint=str(error))
    if isinstance(error, sqlite3.OperationalError):
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return Busy("another process is writing; nothing was written, send the same key again")
        return Unavailable("the database does not answer; send the same key again")
    return None
