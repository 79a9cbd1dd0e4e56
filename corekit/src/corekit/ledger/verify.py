"""The proof of the books: every invariant as a search for rows that break it, on one snapshot, read only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from attrs import frozen
from sqlalchemy import ColumnElement, func, literal_column, select, text

from corekit.activities.tables import activity as _activity
from corekit.clock import moment
from corekit.db import lineage
from corekit.db.reader import Reader
from corekit.ledger.chart import DAY
from corekit.migrations import guards
from corekit.tiers.proof import SEARCHES as TIERS
from corekit.tiers.proof import contradictions

if TYPE_CHECKING:
    from corekit.activities.terms import Terms

FEW = 5
"""How many of the rows that break an invariant are shown, for each search."""

Rows = tuple[Mapping[str, Any], ...]


@frozen
class Report:
    """What was proved: by invariant what must hold (``checked``), and a few rows that break it (``violations``)."""

    violations: Mapping[str, Rows]
    checked: Mapping[str, str]

    @property
    def clean(self) -> bool:
        """Whether every invariant holds."""
        return not self.violations


INVARIANTS = {
    "1": "The counters of an account are the sums of its entries, which are numbered without a gap.",
    "2": "Each balance of a statement follows from the one before it, and times rise.",
    "3": "Each side of a posting on a member's account has exactly one entry that says the same.",
    "4": "In each unit what members have and what the house gave sum to zero.",
    "5": "A posting and both its accounts are in one unit.",
    "6": "No account is below its floor, and who owes has nothing to spend.",
    "7": "The house's accounts belong to no member and keep no counters.",
    "8": "Each lot is what its movements make it, and each spend is funded by lots or known not to be.",
    "9": "What is open in the lots of an account is its balance, what is held is pending.",
    "10": "A hold is resolved once at most, for no more than it set aside, and not later than it lapses.",
    "12": "No more comes back than there was, by reversals of what is no reversal; lots lose what was undone.",
    "13": "Each settled activity has its request, its postings and its message, and each of those an activity.",
    "14": "Keys are unique, and so are the house's accounts and the external ids of members.",
    "15": "The shares per line sum to the effect and name lines of the activity.",
    "16": "Stays in tiers neither overlap nor leave a hole, and are what evaluation makes of history.",
    "17": "The guards of what may only grow exist and are enabled.",
    "debt": "What a member owes is what nothing funds of the spends, less what lots repaid.",
    "follow-ons": "What follows from an activity comes after it, for its member or one that it names.",
    "metrics": "Metrics are the sums of their days, and those the sums of what activities measured.",
    "parents": "Every row that belongs to another finds it.",
    "sequence": "The activities of a member are numbered without a gap, and times rise.",
}
"""What is proved, by invariant: numbers as in the ledger's design, names for what was added since."""


def verify(read: Reader, terms: Terms) -> Report:
    """Search a snapshot for rows that break an invariant."""
    if read.dialect == "postgresql":  # a proof may take longer than a request, and sorts more
        read.all(select(func.set_config("statement_timeout", "0", True), func.set_config("work_mem", "128MB", True)))
    violations: dict[str, Rows] = {}
    for invariant, shown, search in _searches(read, terms.zone):
        columns: list[ColumnElement[Any]] = [literal_column(name) for name in shown.split()]
        rows = read.all(select(*columns).select_from(text(f"({search}) AS found")).limit(FEW))
        if rows:
            broken = tuple(dict(zip(shown.split(), row, strict=True)) for row in rows)
            violations[invariant] = violations.get(invariant, ()) + broken
    ladders = {edition.version: edition.program.ladders for edition in terms.versions.editions}
    if stays := contradictions(read, terms.zone, ladders, FEW):
        violations["16"] = violations.get("16", ()) + tuple(stays)
    if names := _unguarded(read, terms):
        violations["17"] = tuple({"guard": name} for name in names)
    return Report({name: violations[name] for name in INVARIANTS if name in violations}, INVARIANTS)


def _unguarded(read: Reader, terms: Terms) -> list[str]:
    found = (plugin.declares.lineage for plugin in terms.registry.plugins)
    lineages = [lineage.core(), *(each for each in found if each is not None)]
    return [name for each in lineages for name in guards.missing(read, each.guards, each.metadata)]


def _searches(read: Reader, zone: ZoneInfo) -> Iterator[tuple[str, str, str]]:
    """Yield invariant, columns to show, and the select of the rows that break it."""
    yield from _ACCOUNTS
    yield from _LOTS
    yield from _REVERSALS
    yield from _ACTIVITIES
    yield from TIERS
    yield "parents", "child parent id", " UNION ALL ".join(map(_orphans, _CHILDREN.split("\n")))
    yield "15", "effect activity", _SHARES.format(each=_each(read, "e.shares"))
    day = _day(zone, *_span(read))
    shifted = {"days": _each(read, "e.data -> 'days'", "of_day", text=False), "shifted": _each(read, "of_day.value")}
    yield "metrics", "member metric day", _METRIC_DAYS.format(each=_each(read, "a.measures"), day=day, **shifted)
    yield "metrics", "member metric", _METRICS


# A difference of two sides: rows of one side count +1 (or their value), those of the other -1; what does not cancel
# out stands on one side only. It needs one pass over each side, and finds what is missing as well as what is too many.

_ACCOUNTS = (
    (
        "1",
        "account kind member",
        """SELECT a.id AS account, a.kind, a.member_id AS member FROM core_account a
        LEFT JOIN (SELECT account_id, count(*) AS number, min(seq) AS first, max(seq) AS last,
            max(recorded_at) AS last_at, sum(CASE side WHEN 'debit' THEN amount ELSE 0 END) AS debits,
            sum(CASE side WHEN 'credit' THEN amount ELSE 0 END) AS credits
            FROM core_entry GROUP BY account_id) e ON e.account_id = a.id
        WHERE a.member_id IS NOT NULL AND (a.debits_posted <> coalesce(e.debits, 0)
            OR a.credits_posted <> coalesce(e.credits, 0) OR a.seq <> coalesce(e.number, 0)
            OR a.seq <> coalesce(e.last, 0) OR coalesce(e.first, 1) <> 1 OR a.last_at <> coalesce(e.last_at, a.last_at))
        """,
    ),
    (
        "2",
        "account seq",
        """SELECT account_id AS account, seq FROM (SELECT account_id, seq, balance_after, available_after, recorded_at,
            CASE side WHEN 'credit' THEN amount ELSE -amount END AS change,
            coalesce(lag(balance_after) OVER story, 0) AS before, coalesce(lag(recorded_at) OVER story, 0) AS earlier
            FROM core_entry WINDOW story AS (PARTITION BY account_id ORDER BY seq)) e
        WHERE balance_after <> before + change OR available_after > balance_after OR recorded_at < earlier""",
    ),
    (
        "3",
        "posting account side",
        """SELECT posting, account, side FROM (
            SELECT posting_id AS posting, account_id AS account, side, amount, activity_id, recorded_at, 1 AS n
            FROM core_entry
            UNION ALL SELECT p.id, a.id, 'debit', p.amount, p.activity_id, p.recorded_at, -1
            FROM core_posting p JOIN core_account a ON a.id = p.debit_account_id WHERE a.member_id IS NOT NULL
            UNION ALL SELECT p.id, a.id, 'credit', p.amount, p.activity_id, p.recorded_at, -1
            FROM core_posting p JOIN core_account a ON a.id = p.credit_account_id
            WHERE a.member_id IS NOT NULL) sides
        GROUP BY posting, account, side, amount, activity_id, recorded_at HAVING sum(n) <> 0""",
    ),
    (
        "4",
        "unit",
        """SELECT unit FROM (
            SELECT k.unit, a.credits_posted - a.debits_posted AS amount
            FROM core_account a JOIN core_account_kind k ON k.code = a.kind WHERE a.member_id IS NOT NULL
            UNION ALL SELECT p.unit, p.amount
            FROM core_posting p JOIN core_account a ON a.id = p.credit_account_id WHERE a.member_id IS NULL
            UNION ALL SELECT p.unit, -p.amount
            FROM core_posting p JOIN core_account a ON a.id = p.debit_account_id WHERE a.member_id IS NULL) sides
        GROUP BY unit HAVING sum(amount) <> 0""",
    ),
    (
        "5",
        "posting unit debit credit",
        """SELECT p.id AS posting, p.unit, d.kind AS debit, c.kind AS credit FROM core_posting p
        JOIN core_account d ON d.id = p.debit_account_id JOIN core_account_kind dk ON dk.code = d.kind
        JOIN core_account c ON c.id = p.credit_account_id JOIN core_account_kind ck ON ck.code = c.kind
        WHERE p.unit <> dk.unit OR p.unit <> ck.unit""",
    ),
    (
        "6",
        "account kind member",
        """SELECT a.id AS account, a.kind, a.member_id AS member FROM core_account a
        LEFT JOIN core_account d ON d.member_id = a.member_id AND d.kind = a.kind || '.debt'
        WHERE a.credits_posted - a.debits_posted - a.debits_pending < -a.overdraft_limit
            OR (d.debits_posted > d.credits_posted AND a.credits_posted - a.debits_posted - a.debits_pending > 0)
            OR d.credits_posted > d.debits_posted""",
    ),
    (
        "7",
        "account kind member",
        """SELECT a.id AS account, a.kind, a.member_id AS member FROM core_account a
        JOIN core_account_kind k ON k.code = a.kind WHERE (a.member_id IS NULL AND (NOT k.system OR a.seq <> 0
            OR a.debits_posted + a.credits_posted + a.debits_pending + a.credits_pending <> 0))
            OR (a.member_id IS NOT NULL AND k.system)""",
    ),
)

_LOTS = (
    (
        "8",
        "lot account",
        """SELECT l.id AS lot, l.account_id AS account FROM core_lot l LEFT JOIN (SELECT lot_id, count(*) AS number,
            max(seq) AS last, sum(CASE kind WHEN 'issue' THEN amount ELSE 0 END) AS issued,
            sum(CASE WHEN kind IN ('consume', 'repay', 'clawback') THEN amount
                WHEN kind IN ('restore', 'unrepay') THEN -amount ELSE 0 END) AS consumed,
            sum(CASE kind WHEN 'hold' THEN amount WHEN 'release' THEN -amount ELSE 0 END) AS held,
            sum(CASE kind WHEN 'expire' THEN amount WHEN 'unexpire' THEN -amount ELSE 0 END) AS expired,
            sum(CASE kind WHEN 'repay' THEN amount WHEN 'unrepay' THEN -amount ELSE 0 END) AS repaid
            FROM core_lot_movement GROUP BY lot_id) m ON m.lot_id = l.id
        WHERE m.lot_id IS NULL OR l.issued <> m.issued OR l.consumed <> m.consumed OR l.held <> m.held
            OR l.expired <> m.expired OR l.repaid <> m.repaid OR l.seq <> m.number OR l.seq <> m.last""",
    ),
    (
        "8",
        "spend activity",
        """SELECT e.id AS spend, e.activity_id AS activity FROM core_effect e
        JOIN core_account_kind k ON k.code = e.account_kind
        LEFT JOIN (SELECT spend_id, sum(CASE kind WHEN 'consume' THEN amount ELSE -amount END) AS amount
            FROM core_lot_movement WHERE spend_id IS NOT NULL AND kind NOT IN ('hold', 'release')
            GROUP BY spend_id) f ON f.spend_id = e.id
        WHERE k.lots AND e.kind IN ('Debit', 'Capture', 'Transfer') AND e.undoes IS NULL
            AND CASE e.state WHEN 'applied' THEN e.amount - e.undone ELSE 0 END
                <> coalesce(f.amount, 0) + e.unfunded""",
    ),
    (
        "9",
        "account kind member",
        """SELECT a.id AS account, a.kind, a.member_id AS member FROM core_account a
        JOIN core_account_kind k ON k.code = a.kind
        LEFT JOIN (SELECT account_id, sum(issued - consumed - expired) AS open, sum(held) AS held
            FROM core_lot GROUP BY account_id) l ON l.account_id = a.id
        WHERE k.lots AND a.member_id IS NOT NULL AND (a.credits_posted - a.debits_posted <> coalesce(l.open, 0)
            OR a.debits_pending <> coalesce(l.held, 0))""",
    ),
    (
        "10",
        "hold account",
        """SELECT h.id AS hold, h.account_id AS account FROM core_hold h JOIN core_account a ON a.id = h.account_id
        JOIN core_member m ON m.id = a.member_id LEFT JOIN core_activity r ON r.id = h.resolved_by
        WHERE (h.outcome IS NULL) <> (h.resolved_by IS NULL) OR (h.outcome IS NULL AND h.expires_at <= m.last_at)
            OR h.resolved_at <> r.recorded_at OR (h.captured > 0) <> coalesce(h.outcome = 'captured', false)
            OR (h.outcome = 'captured' AND h.resolved_at >= h.expires_at)""",
    ),
    (
        "10",
        "account",
        """SELECT a.id AS account FROM core_account a LEFT JOIN (SELECT account_id, sum(amount) AS amount FROM core_hold
            WHERE outcome IS NULL GROUP BY account_id) h ON h.account_id = a.id
        WHERE a.debits_pending <> coalesce(h.amount, 0)""",
    ),
    (
        "10",
        "hold",
        """SELECT h.id AS hold FROM core_hold h JOIN core_account a ON a.id = h.account_id
        JOIN core_account_kind k ON k.code = a.kind LEFT JOIN (SELECT spend_id,
            sum(CASE kind WHEN 'hold' THEN amount ELSE -amount END) AS amount FROM core_lot_movement
            WHERE kind IN ('hold', 'release') GROUP BY spend_id) v ON v.spend_id = h.id
        WHERE k.lots AND coalesce(v.amount, 0) <> CASE WHEN h.outcome IS NULL THEN h.amount ELSE 0 END""",
    ),
    (
        "debt",
        "member kind",
        """SELECT member, kind FROM (
            SELECT a.member_id AS member, e.account_kind AS kind, e.unfunded AS amount FROM core_effect e
            JOIN core_activity a ON a.id = e.activity_id WHERE e.unfunded <> 0
            UNION ALL SELECT a.member_id, a.kind, -l.repaid
            FROM core_lot l JOIN core_account a ON a.id = l.account_id WHERE l.repaid <> 0
            UNION ALL SELECT d.member_id, k.code, d.credits_posted - d.debits_posted
            FROM core_account d JOIN core_account_kind k ON d.kind = k.code || '.debt') owed
        JOIN core_account_kind kept ON kept.code = kind WHERE kept.lots AND kept.clawback = 'debt'
        GROUP BY member, kind HAVING sum(amount) <> 0""",
    ),
)

_REVERSALS = (
    (
        "12",
        "effect activity",
        """SELECT e.id AS effect, e.activity_id AS activity FROM core_effect e
        LEFT JOIN (SELECT undoes, sum(amount) AS amount FROM core_effect
            WHERE undoes IS NOT NULL AND state = 'applied' GROUP BY undoes) u ON u.undoes = e.id
        WHERE e.undone <> coalesce(u.amount, 0) OR e.undone > e.amount OR (e.undone > 0 AND e.undoes IS NOT NULL)""",
    ),
    (
        "12",
        "lot effect",
        """SELECT l.id AS lot, e.id AS effect FROM core_lot l JOIN core_effect e ON e.id = l.effect_id
        LEFT JOIN (SELECT lot_id, sum(amount) AS amount FROM core_lot_movement WHERE kind = 'clawback'
            GROUP BY lot_id) v ON v.lot_id = l.id WHERE e.undone <> coalesce(v.amount, 0)""",
    ),
    (
        "12",
        "activity reverses",
        """SELECT r.id AS activity, r.reverses FROM core_activity r JOIN core_activity t ON t.id = r.reverses
        WHERE r.state = 'settled' AND (t.state <> 'settled' OR t.reverses IS NOT NULL OR t.member_id <> r.member_id
            OR t.seq >= r.seq)""",
    ),
    (
        "12",
        "activity returned",
        """SELECT t.id AS activity, sum(r.amount) AS returned
        FROM core_activity r JOIN core_activity t ON t.id = r.reverses WHERE r.state = 'settled' GROUP BY t.id, t.amount
        HAVING sum(r.amount) > abs(t.amount) OR (t.amount = 0 AND count(*) > 1)""",
    ),
    (
        "12",
        "activity line returned",
        """SELECT r.reverses AS activity, b.no AS line, sum(b.amount) AS returned FROM core_activity r
        JOIN core_line b ON b.activity_id = r.id LEFT JOIN core_line l ON l.activity_id = r.reverses AND l.no = b.no
        WHERE r.state = 'settled' AND r.reverses IS NOT NULL GROUP BY r.reverses, b.no, l.amount
        HAVING sum(b.amount) > coalesce(l.amount, -1)""",
    ),
)

_ACTIVITIES = (
    (
        "13",
        "source external_id member",
        """SELECT source, external_id, member FROM (
            SELECT source, external_id, member_id AS member, id AS activity, 1 AS n FROM core_activity
            WHERE state = 'settled'
            UNION ALL SELECT scope, key, member_id, activity_id, -1 FROM core_request WHERE outcome = 'settled') sides
        GROUP BY source, external_id, member, activity HAVING sum(n) <> 0""",
    ),
    (
        "13",
        "activity topic",
        """SELECT activity, topic FROM (
            SELECT id AS activity, member_id, type AS topic, recorded_at, 1 AS n FROM core_activity
            WHERE state = 'settled'
            UNION ALL SELECT activity_id, member_id, topic, recorded_at, -1 FROM core_outbox) sides
        GROUP BY activity, member_id, topic, recorded_at HAVING sum(n) <> 0""",
    ),
    (
        "13",
        "effect activity",
        """SELECT e.id AS effect, e.activity_id AS activity FROM core_effect e
        LEFT JOIN core_posting p ON p.activity_id = e.activity_id AND p.effect_id = e.id
        LEFT JOIN core_account d ON d.id = p.debit_account_id LEFT JOIN core_account c ON c.id = p.credit_account_id
        WHERE e.kind IN ('Credit', 'Receive', 'Debit', 'Capture', 'Transfer', 'Expire')
        GROUP BY e.id, e.activity_id, e.kind, e.amount, e.state, e.undoes
        HAVING CASE WHEN e.state = 'dropped' THEN count(p.id) > 0 WHEN e.undoes IS NOT NULL THEN count(p.id) = 0
            ELSE coalesce(sum(CASE e.account_kind
                WHEN CASE WHEN e.kind IN ('Credit', 'Receive') THEN c.kind
                    WHEN c.kind <> e.account_kind || '.debt' THEN d.kind END
                THEN p.amount END), 0) <> e.amount END""",
    ),
    (
        "14",
        "what key",
        """SELECT 'activity' AS what, source || ' ' || external_id AS key FROM core_activity
            GROUP BY source, external_id HAVING count(*) > 1
        UNION ALL SELECT 'posting', CAST(id AS text) FROM core_posting GROUP BY id HAVING count(*) > 1
        UNION ALL SELECT 'house account', kind FROM core_account WHERE member_id IS NULL
            GROUP BY kind HAVING count(*) > 1
        UNION ALL SELECT 'external id', external_id FROM core_profile WHERE external_id IS NOT NULL
            GROUP BY external_id HAVING count(*) > 1""",
    ),
    (
        "follow-ons",
        "activity parent",
        """SELECT c.id AS activity, c.parent_id AS parent FROM core_activity c
        LEFT JOIN core_activity p ON p.id = c.parent_id
        WHERE c.state = 'settled' AND (c.depth <> coalesce(p.depth + 1, 0) OR p.state <> 'settled'
            OR (p.member_id = c.member_id AND p.seq >= c.seq)
            OR (p.member_id <> c.member_id AND p.members IS NULL AND p.reverses IS NULL))""",
    ),
    (
        "sequence",
        "member",
        """SELECT m.id AS member FROM core_member m LEFT JOIN (SELECT member_id, count(*) AS number,
            min(seq) AS first, max(seq) AS last, max(recorded_at) AS last_at FROM core_activity WHERE state = 'settled'
            GROUP BY member_id) a ON a.member_id = m.id
        WHERE m.seq <> coalesce(a.number, 0) OR m.seq <> coalesce(a.last, 0) OR coalesce(a.first, 1) <> 1
            OR m.last_at <> coalesce(a.last_at, m.last_at)""",
    ),
    (
        "sequence",
        "member seq activity",
        """SELECT member_id AS member, seq, id AS activity FROM (SELECT id, member_id, seq, recorded_at,
            lag(recorded_at) OVER (PARTITION BY member_id ORDER BY seq) AS earlier
            FROM core_activity WHERE state = 'settled') a WHERE recorded_at <= earlier""",
    ),
)

_SHARES = """SELECT e.id AS effect, e.activity_id AS activity FROM core_effect e CROSS JOIN {each}
    LEFT JOIN core_line l ON l.activity_id = e.activity_id AND l.no = CAST(each.key AS bigint)
    GROUP BY e.id, e.activity_id, e.amount
    HAVING sum(CAST(each.value AS bigint)) <> e.amount OR min(CAST(each.value AS bigint)) < 0
        OR count(l.no) <> count(*)"""

# A reversal measures on the day of what it takes back.
_METRIC_DAYS = """SELECT member, metric, day FROM (
    SELECT member_id AS member, metric, day, value FROM core_metric_day
    UNION ALL SELECT member, metric, {day}, -value FROM (
        SELECT a.member_id AS member, each.key AS metric, CAST(each.value AS bigint) AS value,
            coalesce(t.occurred_at, a.occurred_at) AS instant
        FROM core_activity a CROSS JOIN {each} LEFT JOIN core_activity t ON t.id = a.reverses) measured
    UNION ALL SELECT a.member_id, each.key, CAST(of_day.key AS bigint),
        CASE WHEN e.undoes IS NULL THEN -1 ELSE 1 END * CAST(each.value AS bigint)
    FROM core_effect e JOIN core_activity a ON a.id = e.activity_id CROSS JOIN {days} CROSS JOIN {shifted}
    WHERE e.kind = 'ShiftMetrics' AND e.state = 'applied') sides
    GROUP BY member, metric, day HAVING sum(value) <> 0"""
_METRICS = """SELECT member, metric FROM (
    SELECT member_id AS member, metric, value FROM core_metric
    UNION ALL SELECT member_id, metric, -value FROM core_metric_day) sides
    GROUP BY member, metric HAVING sum(value) <> 0"""

_CHILDREN = """core_line activity_id core_activity
core_effect activity_id core_activity
core_effect undoes core_effect
core_posting activity_id core_activity
core_posting effect_id core_effect
core_posting debit_account_id core_account
core_posting credit_account_id core_account
core_entry account_id core_account
core_hold id core_effect
core_hold activity_id core_activity
core_hold account_id core_account
core_lot account_id core_account
core_lot activity_id core_activity
core_lot effect_id core_effect
core_lot id core_posting
core_entry posting_id core_posting
core_lot_movement lot_id core_lot
core_lot_movement activity_id core_activity
core_lot_movement effect_id core_effect
core_lot_movement spend_id core_effect
core_tier_assignment member_id core_member
core_tier_assignment activity_id core_activity
core_tier_assignment undone_by core_activity
core_metric member_id core_member
core_metric_day member_id core_member
core_activity member_id core_member
core_activity reverses core_activity
core_activity parent_id core_activity"""
"""Child, column and parent of what stands in tables without foreign keys."""


def _orphans(relation: str) -> str:
    child, column, parent = relation.split()
    # A posting is found by its activity; SQLite makes no index for a join by itself where a table has no row ids.
    within = " AND p.activity_id = c.activity_id" if parent == "core_posting" else ""
    return (
        f"SELECT '{child}' AS child, '{parent}' AS parent, c.{column} AS id FROM {child} c "
        f"LEFT JOIN {parent} p ON p.id = c.{column}{within} WHERE c.{column} IS NOT NULL AND p.id IS NULL"
    )


def _each(read: Reader, document: str, name: str = "each", *, text: bool = True) -> str:
    """Return what spreads a document into rows of key and value: as text, or as documents."""
    function = "json_each" if read.dialect == "sqlite" else "jsonb_each_text" if text else "jsonb_each"
    return f"{function}({document}) AS {name}"


def _span(read: Reader) -> tuple[int, int]:
    """Return the first and the last instant at which anything occurred."""
    (row,) = read.all(select(func.min(_activity.c.occurred_at), func.max(_activity.c.occurred_at)))
    return row[0] or 0, row[1] or 0


def _day(zone: ZoneInfo, first: int, last: int) -> str:
    """Return SQL that turns ``instant`` into its day number on a calendar: the offset changes a few times a year."""
    changes: list[str] = []
    at, offset = first, _offset(zone, first)
    while at < last:
        following = min(at + DAY, last)
        if _offset(zone, following) != offset:
            before, after = at, following
            while after - before > 1:
                middle = (before + after) // 2
                before, after = (middle, after) if _offset(zone, middle) == offset else (before, middle)
            changes.append(f"WHEN instant < {after} THEN {offset}")
            offset = _offset(zone, following)
        at = following
    shift = f"CASE {' '.join(changes)} ELSE {offset} END" if changes else str(offset)
    # Division rounds towards zero: one day more keeps the first day of all positive.
    return f"(instant + {shift} + {DAY}) / {DAY} - 1"


def _offset(zone: ZoneInfo, instant: int) -> int:
    """Return how far a zone's clock is ahead of UTC at an instant, in microseconds."""
    ahead = moment(instant).astimezone(zone).utcoffset()
    return int(ahead.total_seconds() * 1_000_000) if ahead is not None else 0
