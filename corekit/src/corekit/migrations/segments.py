"""Filling in the segments of what was posted before its kinds had dimensions, in a migration of their plugin."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Column, Connection, MetaData, Table, insert, select, text
from sqlalchemy.schema import CreateTable

from corekit.db.types import Id, Whole
from corekit.ledger import tables
from corekit.ledger.segments import segment
from corekit.migrations import guards

__all__ = ["fill"]

# From each activity to the one before it, as far as that leads, by the rule of :mod:`corekit.ledger.segments`.
_WAY = """
CREATE TEMPORARY TABLE corekit_way AS WITH RECURSIVE own(id) AS (
    SELECT p.activity_id FROM core_posting p WHERE p.segment_id IS NULL AND p.debit_account_id IN ({accounts})
    UNION SELECT h.activity_id FROM core_hold h
        WHERE h.dimensions IS NULL AND h.outcome IS NULL AND h.account_id IN ({accounts})
), way(id, at, steps) AS (
    SELECT id, id, 0 FROM own UNION ALL
    SELECT w.id, coalesce(a.reverses, a.parent_id, (SELECT h.activity_id FROM core_effect e
        JOIN core_hold h ON h.id = {hold} WHERE e.activity_id = a.id AND e.kind IN ('Capture', 'Release')
        ORDER BY e.no LIMIT 1)), w.steps + 1
    FROM way w JOIN core_activity a ON a.id = w.at)
SELECT id, at, steps FROM way WHERE at IS NOT NULL"""
_SAID = """
CREATE TEMPORARY TABLE corekit_said AS
SELECT id, dense_rank() OVER (ORDER BY type, undone, {names}) AS number, type, undone, {names} FROM (
    SELECT a.id, a.type, u.type AS undone, {values} FROM corekit_way own JOIN core_activity a ON a.id = own.id
    LEFT JOIN core_activity u ON u.id = a.reverses WHERE own.steps = 0) found"""
_VALUE = """(SELECT CAST(x.payload ->> {field} AS text) FROM corekit_way w JOIN core_activity x ON x.id = w.at
        WHERE w.id = a.id AND x.payload ->> {field} IS NOT NULL ORDER BY w.steps LIMIT 1) AS {name}"""
_FOUND = (
    "(SELECT {found} FROM corekit_said s JOIN corekit_named n ON n.number = s.number {more} WHERE s.id = {activity})"
)
_POSTINGS = "UPDATE core_posting SET segment_id = {found} WHERE segment_id IS NULL AND debit_account_id IN ({accounts})"
_HOLDS = """
UPDATE core_hold SET dimensions = {found} WHERE dimensions IS NULL AND outcome IS NULL AND account_id IN ({accounts})"""
_named = Table(
    "corekit_named", MetaData(), Column("number", Whole, primary_key=True), Column("id", Id), prefixes=["TEMPORARY"]
)


def fill(connection: Connection, kinds: str, dimensions: Sequence[str]) -> None:
    """Give each posting its segment, and each open hold what is said of it, of the kinds whose codes begin with a text.

    By the rule by which they get it when they are written; what has it keeps it. A fixed number of statements.
    """
    accounts = f"SELECT id FROM core_account WHERE substr(kind, 1, {len(kinds)}) = {_quoted(kinds)}"
    lifted = [each for each in guards.GUARDS if each.table in ("core_posting", "core_hold")]
    for guard in lifted:
        guards.lift(connection, guard, tables.posting.metadata)
    names = [f"said_{number}" for number in range(len(dimensions))]
    values = (_VALUE.format(field=_quoted(field), name=name) for field, name in zip(dimensions, names, strict=True))
    named = "e.data ->> 'hold'"
    of_hold = named if connection.dialect.name == "sqlite" else f"CAST({named} AS uuid)"
    for statement in (
        _WAY.format(accounts=accounts, hold=of_hold),
        "CREATE INDEX corekit_way_id ON corekit_way (id, steps)",
        _SAID.format(names=", ".join(names), values=", ".join(values)),
        "CREATE INDEX corekit_said_id ON corekit_said (id)",
    ):
        connection.execute(text(statement))
    _name(connection, dimensions, names)
    of_posting = _FOUND.format(found="n.id", more="", activity="core_posting.activity_id")
    said = "JOIN core_segment g ON g.id = n.id"
    of_hold = _FOUND.format(found="g.dimensions", more=said, activity="core_hold.activity_id")
    connection.execute(text(_POSTINGS.format(found=of_posting, accounts=accounts)))
    connection.execute(text(_HOLDS.format(found=of_hold, accounts=accounts)))
    for name in ("corekit_way", "corekit_said", "corekit_named"):
        connection.execute(text(f"DROP TABLE {name}"))
    guards.install(connection, lifted, tables.posting.metadata)


def _name(connection: Connection, dimensions: Sequence[str], names: Sequence[str]) -> None:
    """Write the segments that lack, and say which that of each group of activities is."""
    connection.execute(CreateTable(_named))
    groups = connection.execute(
        text(f"SELECT DISTINCT number, type, undone, {', '.join(names)} FROM corekit_said")
    ).all()
    found = {
        row[0]: segment(
            row[1],
            row[2],
            tuple((name, said) for name, said in zip(dimensions, row[3:], strict=True) if said is not None),
        )
        for row in groups
    }
    there = set(connection.scalars(select(tables.segment.c.id)))
    new = [dict(zip(tables.segment.c.keys(), each, strict=True)) for each in found.values() if each[0] not in there]
    if new:
        connection.execute(insert(tables.segment), new)
    if found:
        connection.execute(insert(_named), [{"number": number, "id": each[0]} for number, each in found.items()])


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
