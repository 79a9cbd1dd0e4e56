"""What a sweep writes, as set-based statements: the same rows as :mod:`corekit.activities.write` makes of a plan.

The rows of a chunk stand in two temporary tables: ``corekit_swept``, one row per activity, and ``corekit_swept_part``,
one row per part of a lot. Every statement reads them; what differs between dialects is spelled by :class:`Spelling`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from attrs import frozen
from sqlalchemy import BindParameter, Column, Integer, MetaData, Table, Text, TextClause, bindparam, text
from sqlalchemy.types import TypeEngine

from corekit.activities.lanes import LANES
from corekit.db.types import Amount, Id, Instant, Json, Whole

_metadata = MetaData()

swept = Table(
    "corekit_swept",
    _metadata,
    # The number of the row within the chunk and within its member, and how many rows the member has.
    Column("n", Integer, nullable=False),
    Column("nth", Integer, nullable=False),
    Column("in_all", Integer, nullable=False),
    Column("member_id", Id, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("amount", Amount, nullable=False),
    Column("rule", Text, nullable=False),
    Column("payload", Json),
    Column("reverses", Text),
    # What the member and the account were when the row was selected.
    Column("seq", Whole, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("account_id", Id),
    Column("account_state", Text),
    Column("balance", Whole, nullable=False),
    Column("pending", Whole, nullable=False),
    Column("account_seq", Whole, nullable=False),
    Column("owes", Integer, nullable=False),
    # When it settles, and how: `apply`, `drop` or `refuse`.
    Column("at", Instant),
    Column("verdict", Text),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
part = Table(
    "corekit_swept_part",
    _metadata,
    # The number of the part within the chunk, of its activity, and of the part within that.
    Column("k", Integer, nullable=False),
    Column("n", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Column("lot_id", Id, nullable=False),
    Column("lot_seq", Whole, nullable=False),
    Column("amount", Amount, nullable=False),
    Column("running", Amount, nullable=False),
    Column("account_id", Id, nullable=False),
    Column("account_seq", Whole, nullable=False),
    Column("balance", Whole, nullable=False),
    Column("pending", Whole, nullable=False),
    Column("at", Instant, nullable=False),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)


@frozen
class Spelling:
    """How a dialect writes what the statements need. ``{}`` stands for the number of a row."""

    id_text: str
    """The identifier made of the parameter that is named first and a number, as text."""
    id: str
    """The same as the column's own type."""
    document: str
    """The function that makes a document of names and values."""
    nothing: str
    """An empty list."""
    or_empty: str
    """The stored document ``@``, or an empty one."""
    whole: str
    """A 64-bit number of what stands in it."""
    lock: str | None
    """Leave out members whom others hold, or that moved on; None: the transaction is the lock."""
    lane: str
    """The lane of the member, as :func:`corekit.activities.lanes.lane_of` has it."""


def _digit(place: int) -> str:
    return f"(instr('0123456789abcdef', substr(s.member_id, {place}, 1)) - 1)"


SQLITE = Spelling(
    id_text="printf('%s%08x', :{0}, {1})",
    id="printf('%s%08x', :{0}, {1})",
    document="json_object",
    nothing="json('[]')",
    or_empty="json(coalesce(@, '{}'))",
    whole="{}",
    lock=None,
    lane=f"(16 * {_digit(-2)} + {_digit(-1)}) % {LANES}",
)
POSTGRESQL = Spelling(
    id_text="(:{0} || lpad(to_hex({1}), 8, '0'))",
    id="CAST(:{0} || lpad(to_hex({1}), 8, '0') AS uuid)",
    document="jsonb_build_object",
    nothing="CAST('[]' AS jsonb)",
    or_empty="coalesce(@, CAST('{}' AS jsonb))",
    whole="CAST({} AS bigint)",
    # Whoever is being settled, or moved on since it was selected, comes in the next round.
    lock="""
WITH held AS MATERIALIZED (
    SELECT m.id FROM corekit_swept s JOIN core_member m ON m.id = s.member_id AND m.seq = s.seq WHERE s.nth = 1
    ORDER BY m.id FOR NO KEY UPDATE OF m SKIP LOCKED)
DELETE FROM corekit_swept WHERE member_id NOT IN (SELECT id FROM held)""",
    lane=f"get_byte(uuid_send(s.member_id), 15) % {LANES}",
)

_OPEN = "l.issued > l.consumed + l.held + l.expired"
_ORDER = "coalesce(l.expires_at, 4611686018427387904), l.issued_at, l.id"
"""How lots are spent, as :func:`corekit.ledger.state._spending_order` has it."""
DUE = f"""EXISTS (SELECT 1 FROM core_account d JOIN core_lot l ON l.account_id = d.id
    WHERE d.member_id = s.member_id AND {_OPEN} AND (l.expires_at <= s.at OR d.lapses_at <= s.at)
        AND d.kind IN ({{kinds}}))"""
"""Whether a member has lots that lapse first, by an activity of their own."""
DUE_HOLDS = """EXISTS (SELECT 1 FROM core_account d JOIN core_hold h ON h.account_id = d.id
    WHERE d.member_id = s.member_id AND h.outcome IS NULL AND h.expires_at <= s.at)"""
"""Whether a member has holds that lapse first."""
AWAITED = f"""EXISTS (SELECT 1 FROM core_lot l
    WHERE l.account_id = s.account_id AND {_OPEN} AND l.available_from > s.at)"""
"""Whether not all that an account has can be spent yet."""


class Statements:
    """The statements of a dialect, by what they write. Each is put together once."""

    def __init__(self, say: Spelling) -> None:
        def id_(prefix: str, number: str) -> str:
            return say.id.format(prefix, number)

        activity, effect = id_("activity", "s.n"), id_("effect", "s.n")
        self.say = say
        self.one_each = "DELETE FROM corekit_swept WHERE nth > 1"
        self.lock = say.lock
        self.settle_at = "UPDATE corekit_swept SET at = CASE WHEN last_at >= :at THEN last_at + 1 ELSE :at END"
        self.judge = (
            "UPDATE corekit_swept SET verdict = CASE WHEN balance - pending < amount THEN :short ELSE 'apply' END"
        )
        self.judge_all = "UPDATE corekit_swept SET verdict = 'apply'"
        self.leave = f"""
INSERT INTO core_intake (id, scope, key, hash, member_id, lane, occurred_at, activity, enqueued_at, state)
SELECT {id_("intake", "s.n")}, :source, s.external_id, '', s.member_id, {say.lane}, :occurred,
    {say.document}('id', {say.id_text.format("activity", "s.n")}, 'type', :type, 'amount', {{amount}},
        'unit', :unit, 'lines', {say.nothing}, 'payload', {{payload}}, 'actor', NULL, 'reverses', s.reverses,
        'members', {say.nothing}, 'parent', NULL, 'depth', 0, 'historical', {{historical}}),
    :now, 'waiting'
FROM corekit_swept s WHERE {{odd}} ORDER BY s.n"""
        self.forget = "DELETE FROM corekit_swept AS s WHERE {odd}"
        self.accounts = f"""
INSERT INTO core_account (id, kind, member_id, state, debits_posted, credits_posted, debits_pending, credits_pending,
    overdraft_limit, seq, last_at)
SELECT {id_("account", "s.n")}, :kind, s.member_id, 'open', 0, 0, 0, 0, 0, 0, s.at
FROM corekit_swept s WHERE s.account_id IS NULL"""
        self.name_accounts = (
            f"UPDATE corekit_swept AS s SET account_id = {id_('account', 's.n')} WHERE s.account_id IS NULL"
        )
        self.parts = f"""
INSERT INTO corekit_swept_part (k, n, place, lot_id, lot_seq, amount, running, account_id, account_seq, balance,
    pending, at)
SELECT row_number() OVER (ORDER BY t.n, t.place), t.n, t.place, t.id, t.seq,
    CASE WHEN t.running <= t.amount THEN t.open ELSE t.amount - (t.running - t.open) END,
    t.running, t.account_id, t.account_seq, t.balance, t.pending, t.at
FROM (SELECT s.n, s.amount, s.account_id, s.account_seq, s.balance, s.pending, s.at, l.id, l.seq,
        l.issued - l.consumed - l.held - l.expired AS open, row_number() OVER story AS place,
        {say.whole.format("sum(l.issued - l.consumed - l.held - l.expired) OVER story")} AS running
    FROM corekit_swept s JOIN core_lot l ON l.account_id = s.account_id
    WHERE s.verdict = 'apply' AND {_OPEN} AND (:due IS NULL OR l.expires_at <= :due OR EXISTS (
        SELECT 1 FROM core_account idle WHERE idle.id = s.account_id AND idle.lapses_at <= :due))
    WINDOW story AS (PARTITION BY s.n ORDER BY {_ORDER} ROWS UNBOUNDED PRECEDING)) t
WHERE t.running - t.open < t.amount"""
        self.newest = "SELECT max(at) FROM corekit_swept"
        self.missing = """
SELECT (SELECT coalesce(sum(amount), 0) FROM corekit_swept WHERE verdict = 'apply')
    - (SELECT coalesce(sum(amount), 0) FROM corekit_swept_part)"""
        self.requests = f"""
INSERT INTO core_request (scope, key, hash, outcome, member_id, activity_id, code, parameters, recorded_at)
SELECT :source, s.external_id, '', CASE s.verdict WHEN 'refuse' THEN 'refused' ELSE 'settled' END, s.member_id,
    CASE s.verdict WHEN 'refuse' THEN NULL ELSE {activity} END,
    CASE s.verdict WHEN 'refuse' THEN 'INSUFFICIENT' END,
    CASE s.verdict WHEN 'refuse' THEN {say.document}('account', :kind,
        'available', CAST(s.balance - s.pending AS text), 'held', CAST(s.pending AS text),
        'needed', CAST(s.amount AS text)) END,
    CASE s.verdict WHEN 'refuse' THEN :now ELSE s.at END
FROM corekit_swept s ORDER BY s.n"""
        self.activities = f"""
INSERT INTO core_activity (id, member_id, seq, type, occurred_at, recorded_at, source, external_id, amount, unit,
    payload, actor, program, reverses, parent_id, depth, state, reason, measures)
SELECT {activity}, s.member_id, s.seq + 1, :type, :occurred, s.at, :source, s.external_id, {{amount}}, :unit,
    {{payload}}, NULL, :program, NULL, NULL, 0, 'settled', NULL, {{measures}}
FROM corekit_swept s WHERE s.verdict <> 'refuse' ORDER BY s.n"""
        self.effects = f"""
INSERT INTO core_effect (id, activity_id, no, owner, kind, rule, account_kind, amount, shares, data, state, code,
    undoes, undone, unfunded)
SELECT {effect}, {activity}, 0, :owner, :effect_kind, s.rule, :kind, s.amount, NULL, NULL,
    CASE s.verdict WHEN 'apply' THEN 'applied' ELSE 'dropped' END,
    CASE s.verdict WHEN 'apply' THEN NULL ELSE 'INSUFFICIENT' END, NULL, 0, 0
FROM corekit_swept s WHERE s.verdict <> 'refuse' ORDER BY s.n"""
        self.segment = """
INSERT INTO core_segment (id, type, undone, dimensions) SELECT :segment, :type, NULL, :dimensions
WHERE NOT EXISTS (SELECT 1 FROM core_segment WHERE id = :segment) ON CONFLICT DO NOTHING"""
        self.ledger = {
            "Debit": self._ledger(id_, "corekit_swept s WHERE s.verdict = 'apply' ORDER BY s.n", "s.n", "debit"),
            "Credit": self._ledger(id_, "corekit_swept s WHERE s.verdict = 'apply' ORDER BY s.n", "s.n", "credit"),
            "Expire": self._ledger(id_, "corekit_swept_part s ORDER BY s.k", "s.k", "debit"),
        }
        self.movements = f"""
INSERT INTO core_lot_movement (lot_id, seq, activity_id, effect_id, kind, amount, spend_id)
SELECT s.lot_id, s.lot_seq + 1, {activity}, {effect}, :movement, s.amount, {{spend}}
FROM corekit_swept_part s ORDER BY s.k"""
        self.spend = effect
        self.lots = """
UPDATE core_lot AS o SET {column} = o.{column} + s.amount, seq = o.seq + 1
FROM corekit_swept_part s WHERE o.id = s.lot_id"""
        self.issue = (
            f"""
INSERT INTO core_lot (id, account_id, activity_id, effect_id, issued, consumed, held, expired, repaid, expires_at,
    issued_at, seq)
SELECT {id_("posting", "s.n")}, s.account_id, {activity}, {effect}, s.amount, 0, 0, 0, 0, :expires, s.at, 1
FROM corekit_swept s ORDER BY s.n""",
            f"""
INSERT INTO core_lot_movement (lot_id, seq, activity_id, effect_id, kind, amount, spend_id)
SELECT {id_("posting", "s.n")}, 1, {activity}, {effect}, 'issue', s.amount, NULL FROM corekit_swept s ORDER BY s.n""",
        )
        self.counters = """
UPDATE core_account AS o SET {column} = o.{column} + s.amount, seq = o.seq + s.entries, last_at = s.at,
    lapses_at = :lapses
FROM {source} s WHERE o.id = s.account_id"""
        self.members = """
UPDATE core_member AS o SET seq = o.seq + 1, last_at = s.at
FROM corekit_swept s WHERE o.id = s.member_id AND s.verdict <> 'refuse'"""
        self.outbox = f"""
INSERT INTO core_outbox (activity_id, member_id, topic, recorded_at)
SELECT {activity}, s.member_id, :type, s.at FROM corekit_swept s WHERE s.verdict <> 'refuse' ORDER BY s.n"""
        self.metrics = (
            """
INSERT INTO core_metric (member_id, metric, value)
SELECT s.member_id, :metric, {value} FROM corekit_swept s WHERE s.verdict <> 'refuse' ORDER BY s.n
ON CONFLICT (member_id, metric) DO UPDATE SET value = core_metric.value + excluded.value""",
            """
INSERT INTO core_metric_day (member_id, metric, day, value)
SELECT s.member_id, :metric, :day, {value} FROM corekit_swept s WHERE s.verdict <> 'refuse' ORDER BY s.n
ON CONFLICT (member_id, metric, day) DO UPDATE SET value = core_metric_day.value + excluded.value""",
        )

    @staticmethod
    def _ledger(id_: Callable[[str, str], str], rows: str, number: str, side: str) -> tuple[str, str]:
        """Return the statements of postings and of entries, one of each per row."""
        activity, posting = id_("activity", "s.n"), id_("posting", number)
        debit, credit = ("s.account_id", ":house") if side == "debit" else (":house", "s.account_id")
        sign = "-" if side == "debit" else "+"
        by_part = number == "s.k"
        place, change = ("s.place", "s.running") if by_part else ("1", "s.amount")
        return (
            f"""
INSERT INTO core_posting (activity_id, id, effect_id, unit, debit_account_id, credit_account_id, amount, segment_id,
    recorded_at)
SELECT {activity}, {posting}, {id_("effect", "s.n")}, :unit_code, {debit}, {credit}, s.amount, :segment, s.at
FROM {rows}""",
            f"""
INSERT INTO core_entry (account_id, seq, posting_id, activity_id, side, amount, balance_after, available_after,
    recorded_at)
SELECT s.account_id, s.account_seq + {place}, {posting}, {activity}, '{side}', s.amount, s.balance {sign} {change},
    s.balance {sign} {change} - s.pending, s.at FROM {rows}""",
        )


_TYPES: dict[str, TypeEngine[Any]] = {
    "at": Instant,
    "now": Instant,
    "occurred": Instant,
    "due": Instant,
    "expires": Instant,
    "lapses": Instant,
    "house": Id(),
    "segment": Id(),
    "dimensions": Json(),
    "day": Integer(),
    "program": Integer(),
}


@cache
def bound(statement: str) -> tuple[TextClause, tuple[str, ...]]:
    """Return a statement whose parameters have their types, and their names.

    PostgreSQL infers no type of a parameter that stands in a list of columns.
    """
    names = dict.fromkeys(re.findall(r"(?<![:\w]):([a-z_]+)", statement))
    typed: list[BindParameter[Any]] = [bindparam(name, type_=_TYPES.get(name, Text())) for name in names]
    return text(statement).bindparams(*typed), tuple(names)
