"""How PostgreSQL is told what a unit writes: one data-modifying statement, and COPY where much is new.

Tables of few rows are written by value, tables of more as one JSON parameter each, so the statement's text depends only
on which tables a unit touches and on how many rows the small ones have: there are a few dozen, each prepared once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import orjson

from corekit.db.wire import Parameter
from corekit.ledger.rows import CHANGES, INSERTS, Layout, Row, Rows

FEW = 3
"""Up to so many rows of a table are written by value: below, that is several times faster than JSON."""
FULL = {"line": (5, 10, 15, 20)}
"""Of which tables more are, filled up to one of these numbers with rows of nulls that are not kept: few statements."""
# {source}: rows to insert. {from_}, {using}: rows to change by, whose columns are v.<column>.
_CHANGES = {
    "member_changed": "UPDATE core_member o SET state = coalesce(v.state, o.state), seq = o.seq + v.seq, "
    "last_at = v.last_at, merged_into = CASE WHEN v.state IS NULL THEN o.merged_into ELSE v.merged_into END {from_} "
    "WHERE o.id = v.id RETURNING 1",
    "account_changed": "UPDATE core_account o SET state = v.state, debits_posted = o.debits_posted + v.debits_posted, "
    "credits_posted = o.credits_posted + v.credits_posted, debits_pending = o.debits_pending + v.debits_pending, "
    "seq = o.seq + v.seq, last_at = v.last_at, lapses_at = v.lapses_at {from_} WHERE o.id = v.id RETURNING 1",
    "lot_changed": "UPDATE core_lot o SET consumed = o.consumed + v.consumed, held = o.held + v.held, "
    "expired = o.expired + v.expired, repaid = o.repaid + v.repaid, expires_at = v.expires_at, seq = o.seq + v.seq "
    "{from_} WHERE o.id = v.id RETURNING 1",
    "effect_changed": "UPDATE core_effect o SET undone = o.undone + v.undone, unfunded = o.unfunded + v.unfunded "
    "{from_} WHERE o.id = v.id RETURNING 1",
    "segment": "INSERT INTO core_segment {source} ON CONFLICT DO NOTHING",
    "hold_resolved": "UPDATE core_hold o SET outcome = v.outcome, captured = v.captured, resolved_by = v.resolved_by, "
    "resolved_at = v.resolved_at {from_} WHERE o.id = v.id AND o.outcome IS NULL RETURNING 1",
    "assignment_closed": "UPDATE core_tier_assignment o SET valid_to = v.valid_to, "
    "undone_by = coalesce(v.undone_by, o.undone_by) {from_} WHERE o.id = v.id AND o.valid_to IS NULL RETURNING 1",
    "assignment_undone": "UPDATE core_tier_assignment o SET undone_by = v.undone_by {from_} "
    "WHERE o.id = v.id RETURNING 1",
    "metric": "INSERT INTO core_metric {source} ON CONFLICT (member_id, metric) "
    "DO UPDATE SET value = core_metric.value + excluded.value",
    "metric_day": "INSERT INTO core_metric_day {source} ON CONFLICT (member_id, metric, day) "
    "DO UPDATE SET value = core_metric_day.value + excluded.value",
    "profile_freed": "UPDATE core_profile o SET external_id = v.external_id, number = v.number, phone = v.phone, "
    "email = v.email {from_} WHERE o.member_id = v.member_id RETURNING 1",
    "profile_changed": "UPDATE core_profile o SET external_id = v.external_id, channel = v.channel, name = v.name, "
    "email = v.email, phone = v.phone, attributes = v.attributes, number = v.number, kind = v.kind, "
    "birthday = v.birthday, sections = v.sections, valid_until = v.valid_until {from_} "
    "WHERE o.member_id = v.member_id RETURNING 1",
    "external_id_gone": "DELETE FROM core_external_id o {using} WHERE o.source = v.source "
    "AND o.external_id = v.external_id AND o.member_id = v.member_id RETURNING 1",
    "tag_gone": "DELETE FROM core_member_tag o {using} WHERE o.member_id = v.member_id AND o.tag = v.tag RETURNING 1",
    "consent": "INSERT INTO core_consent {source} ON CONFLICT (member_id, purpose, channel) DO UPDATE "
    "SET granted = excluded.granted, activity_id = excluded.activity_id, since = excluded.since",
    "consent_gone": "DELETE FROM core_consent o {using} "
    "WHERE o.member_id = v.member_id AND o.purpose = v.purpose AND o.channel = v.channel",
    "group_gone": "DELETE FROM core_group_member o {using} WHERE o.member_id = v.member_id AND o.code = v.code "
    "RETURNING 1",
    "forgotten": "DELETE FROM core_profile_change o {using} WHERE o.member_id = v.member_id",
    "intake_done": "DELETE FROM core_intake o {using} WHERE o.scope = v.scope AND o.key = v.key",
}
_SPECIAL = "\\\t\n\r"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_UPSERTS = {"metric", "metric_day", "consent", "segment"}
_AFTER = {
    "assignment": "assignment_closed",
    "external_id": "external_id_gone",
    "tag": "tag_gone",
    "group_member": "group_gone",
}
"""What is added only when what went before it is gone."""
_ORDER = tuple(dict.fromkeys((*_AFTER.values(), *INSERTS, *CHANGES)))
"""What refers to another part stands after it: a new stay in a tier to the end of the old one."""
_COUNTED = (
    "member_changed",
    "account_changed",
    "lot_changed",
    "effect_changed",
    "hold_resolved",
    "assignment_closed",
    "assignment_undone",
    "profile_freed",
    "profile_changed",
)


def filled(rows: Rows, seq: int | None = None) -> tuple[str, tuple[str, ...], list[Parameter]]:
    """Return the statement that writes rows, those kinds of rows whose number it returns, and its parameters."""
    shape = tuple([(name, _by_value(name, len(rows[name]))) for name in _ORDER if name in rows])
    text, counted = _writing(shape, alone=seq is not None)
    parameters: list[Parameter] = []
    for name, number in shape:
        if number:
            documents = _layout(name).documents
            for row in rows[name]:
                parameters.extend(_values(documents, row) if documents else row)
            if lacking := number - len(rows[name]):
                parameters.extend([None] * (lacking * len(_layout(name).columns)))
        else:
            parameters.append(_document(name, rows[name]))
    if seq is not None:
        parameters.append(seq)
    return text, counted, parameters


def _by_value(name: str, number: int) -> int:
    """Return how many rows are written by value, else 0: a change can name only one row by value."""
    most = FEW if name in INSERTS or name in _UPSERTS else 1
    if number <= most:
        return number if name not in _AFTER else 0
    return next((full for full in FULL.get(name, ()) if number <= full), 0)


@cache
def _writing(shape: tuple[tuple[str, int], ...], *, alone: bool) -> tuple[str, tuple[str, ...]]:
    """Return the statement that writes these kinds of rows, and those kinds whose number it returns.

    ``alone`` makes it fail, by a division by zero, where the one member does not stand at the sequence number that
    comes as the last parameter: then nothing of it is written.
    """
    names = [name for name, _ in shape]
    parts: list[str] = []
    first = 1
    for name, number in shape:
        layout = _layout(name)
        change = _CHANGES.get(name, f"INSERT INTO {layout.table} {{source}}")
        if not number:
            rows = f"json_populate_recordset(NULL::{layout.table}, ${first}) v"
            columns = ", ".join(layout.columns)
            source = f"({columns}) SELECT {columns} FROM {rows}"
            part = change.format(source=source, from_=f"FROM {rows}", using=f"USING {rows}")
            first += 1
        elif name in _CHANGES and name not in _UPSERTS:
            part = change.format(from_="", using="")
            for place, column in enumerate(layout.columns, first):
                part = re.sub(rf"\bv\.{column}\b", f"${place}", part)
            first += len(layout.columns)
        else:
            width = len(layout.columns)
            tuples = [
                "(" + ", ".join(f"${place}" for place in range(start, start + width)) + ")"
                for start in range(first, first + number * width, width)
            ]
            is_full = number in FULL.get(name, ())
            values = _without_nulls(layout, tuples) if is_full else f"VALUES {', '.join(tuples)}"
            part = change.format(source=f"({', '.join(layout.columns)}) {values}")
            first += number * width
        if (gone := _AFTER.get(name)) in names:
            # The order of data-modifying CTEs is not promised, and only one stay may be the current one.
            part += f" WHERE (SELECT count(*) FROM {gone}) >= 0"
        parts.append(f"{name} AS ({part})")
    counted = tuple(name for name in _COUNTED if name in names)
    by_value = dict(shape)
    # Of one row it is cheaper to look whether it is there than to count.
    numbers = [
        f"coalesce((SELECT 1 FROM {name}), 0)" if by_value[name] else f"(SELECT count(*) FROM {name})"
        for name in counted
    ]
    if alone:
        place = names.index("member_changed")
        parts[place] = parts[place].replace("WHERE o.id", f"WHERE o.seq = ${first} AND o.id")
        # What is looked at first is changed first: an account locked before its member could end in a deadlock.
        numbers[0] = f"1 / {numbers[0]}"
    return f"WITH {', '.join(parts)} SELECT {', '.join(numbers) or 1}", counted


def _without_nulls(layout: Layout, tuples: Sequence[str]) -> str:
    """Return a select of those rows that are there; a first row of the table's own nulls says the types of all."""
    columns = ", ".join(layout.columns)
    typed = ", ".join(f"(NULL::{layout.table}).{column}" for column in layout.columns)
    rows = ", ".join([f"({typed})", *tuples])
    return f"SELECT * FROM (VALUES {rows}) v({columns}) WHERE {layout.columns[0]} IS NOT NULL"


def _layout(name: str) -> Layout:
    return INSERTS.get(name) or CHANGES[name]


def _values(documents: frozenset[int], row: Row) -> Sequence[Parameter]:
    return [_json(value) if index in documents and value is not None else value for index, value in enumerate(row)]


def _document(name: str, rows: list[Row]) -> bytes:
    columns = _layout(name).columns
    return _json([dict(zip(columns, row, strict=True)) for row in rows])


def copied(layout: Layout, rows: list[Row]) -> bytes:
    """Write rows in COPY's text format."""
    columns = [
        _cells(values, document=place in layout.documents) for place, values in enumerate(zip(*rows, strict=True))
    ]
    return ("\n".join(map("\t".join, zip(*columns, strict=True))) + "\n").encode()


def _cells(values: Sequence[Any], *, document: bool) -> list[str]:
    """Write a column; it is looked at as a whole first, since hardly any has something to escape."""
    if document:
        values = [None if value is None else _json(value).decode() for value in values]
    kinds = set(map(type, values))
    if kinds == {int}:
        return list(map(str, values))
    if kinds == {type(None)}:
        return ["\\N"] * len(values)
    texts = list(values) if kinds == {str} else ["" if value is None else str(value) for value in values]
    together = "".join(texts)
    if any(sign in together for sign in _SPECIAL):
        texts = [text.translate(_ESCAPES) for text in texts]
    if type(None) in kinds:
        texts = ["\\N" if value is None else text for value, text in zip(values, texts, strict=True)]
    return texts


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
