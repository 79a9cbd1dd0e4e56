"""The reads of settlement, written once for both dialects; a dialect says how it spells the few things that differ."""

from __future__ import annotations

from attrs import field, frozen

from corekit.members.person import COLUMNS

ACCOUNT = (
    "a.id",
    "a.kind",
    "a.state",
    "a.debits_posted",
    "a.credits_posted",
    "a.debits_pending",
    "a.overdraft_limit",
    "a.seq",
    "a.last_at",
    "a.lapses_at",
)
LOT = (
    "l.id",
    "l.account_id",
    "l.activity_id",
    "l.effect_id",
    "l.issued",
    "l.consumed",
    "l.held",
    "l.expired",
    "l.repaid",
    "l.expires_at",
    "l.issued_at",
    "l.seq",
    "l.available_from",
)
ASSIGNMENT = (
    "t.id",
    "t.ladder",
    "t.tier",
    "t.valid_from",
    "t.valid_to",
    "t.activity_id",
    "t.reason",
    "t.expires_at",
    "t.locked_until",
    "t.locked_by",
    "t.undone_by",
)
EFFECT = (
    "e.no",
    "e.id",
    "e.owner",
    "e.kind",
    "e.rule",
    "e.account_kind",
    "e.amount",
    "e.undone",
    "e.data",
    "e.state",
    "e.shares",
)
LINE = ("i.no", "i.amount", "i.sku", "i.category", "i.quantity", "i.unit_price", "i.flags")
HOLD = ("h.id", "h.activity_id", "h.account_id", "h.amount", "h.expires_at", "h.dimensions")
FAILED = ("f.id", "f.source", "f.external_id", "f.reason ->> 'hash'")
PROFILE = tuple(f"p.{name}" for name in COLUMNS)
_IDS = {
    "id",
    "account_id",
    "activity_id",
    "effect_id",
    "member_id",
    "parent_id",
    "spend_id",
    "undone_by",
    "merged_into",
}
_DOCUMENTS = {"e.data", "e.shares", "i.flags", "p.attributes", "p.sections", "h.dimensions", "d.dimensions"}
# The column stands on the left: SQLite matches a partial index only so.
_OPEN = "l.issued > l.consumed + l.held + l.expired"


@frozen
class Spelling:
    """How a dialect writes arrays, sets of parameters and identifiers."""

    array: str
    """The function that makes a JSON array of its arguments."""
    gather: str
    """The aggregate that makes a JSON array of its rows."""
    gather_pairs: str
    """The aggregate that makes a JSON object of its key and value."""
    document: str
    """A format that puts the stored document ``{0}`` into an array."""
    now: str
    """The present instant, or 0 where the machine's clock is the database's."""
    later: str
    """The function that returns the larger of two numbers."""
    id: str
    """A format that turns the identifier ``{0}`` into text."""
    ids: str
    """The condition that what stands left of it is one of the identifiers given as one parameter."""
    given: str
    """The identifiers given as one parameter, as rows ``w`` with an ``id``."""
    each: str
    """Joins the rows of the table ``{0}`` as ``{1}`` that meet the condition ``{2}``, for each row of what stands left.

    PostgreSQL would rather look through a whole table that it thinks small, for each member anew; it may not.
    """
    texts: str
    """The same for texts."""
    none_of: str
    """The condition that what stands left of it is none of the numbers given as one parameter."""
    pairs: str
    """The same for pairs of texts, given as one or two parameters."""
    parameter: str
    """One parameter."""
    wide: str
    """A row ``{0}`` of many columns: as one array where each column costs its reader more than the array."""


@frozen
class Queries:
    """The statements of a dialect."""

    spelling: Spelling
    requests: str = field(init=False)
    waiting_keys: str = field(init=False)
    lanes: str = field(init=False)
    members: str = field(init=False)
    members_with_days: str = field(init=False)
    survivors: str = field(init=False)
    known: str = field(init=False)
    persons: str = field(init=False)
    profile_changes: str = field(init=False)
    open_lots: str = field(init=False)
    originals: str = field(init=False)
    involved_lots: str = field(init=False)
    holds: str = field(init=False)
    placed: str = field(init=False)
    words: str = field(init=False)

    def __attrs_post_init__(self) -> None:
        for name, text in _statements(self.spelling).items():
            object.__setattr__(self, name, text)


def _statements(say: Spelling) -> dict[str, str]:
    def column(name: str) -> str:
        if name.partition(".")[2] in _IDS:
            return say.id.format(name)
        return say.document.format(name) if name in _DOCUMENTS else name

    def array(names: tuple[str, ...]) -> str:
        return f"{say.array}({', '.join(map(column, names))})"

    lot = ", ".join(map(column, LOT))
    tags = f"(SELECT {say.gather}(g.tag) FROM core_member_tag g WHERE g.member_id = m.id)"
    funds = f"""(SELECT {say.gather}({say.array}({column("f.spend_id")}, f.amount)) FROM (
        SELECT v.spend_id, sum(CASE WHEN v.kind IN ('consume', 'repay') THEN v.amount ELSE -v.amount END) AS amount
        FROM core_lot_movement v WHERE v.lot_id = l.id AND v.kind IN ('consume', 'restore', 'repay', 'unrepay')
        GROUP BY v.spend_id ORDER BY min(v.seq)) f)"""
    held = f"""(SELECT {say.gather}({say.array}({column("f.spend_id")}, f.amount)) FROM (
        SELECT v.spend_id, sum(CASE v.kind WHEN 'hold' THEN v.amount ELSE -v.amount END) AS amount
        FROM core_lot_movement v WHERE v.lot_id = l.id AND v.kind IN ('hold', 'release')
        GROUP BY v.spend_id ORDER BY min(v.seq)) f)"""
    days = f"""(SELECT {say.gather}({say.array}(d.metric, d.day, d.value)) FROM core_metric_day d
        WHERE d.member_id = m.id AND d.metric {say.texts} AND d.day BETWEEN {say.parameter} AND {say.parameter})"""

    def lots(condition: str) -> str:
        return say.each.format("core_lot", "l", condition)

    def members(days: str) -> str:
        columns = f"""
    (SELECT coalesce(max(version), 0) FROM core_program), (SELECT coalesce(max(change), 0) FROM core_suspension),
    {say.now},
    {column("m.id")}, m.state, m.seq, m.last_at, m.joined_at, {column("m.merged_into")},
    {say.array}({say.document.format("p.attributes")}, p.kind, p.birthday, {say.document.format(tags)}),
    (SELECT {say.gather}({array(ACCOUNT)}) FROM core_account a WHERE a.member_id = m.id),
    (SELECT {say.gather}({array(ASSIGNMENT)}) FROM core_tier_assignment t WHERE t.member_id = m.id),
    (SELECT {say.gather_pairs}(x.metric, x.value) FROM core_metric x WHERE x.member_id = m.id),
    {days},
    (SELECT {say.gather}({array(LOT)}) FROM (SELECT l.* FROM core_account w
        {lots(f"l.account_id = w.id AND {_OPEN} AND l.expires_at <= {say.later}({say.parameter}, m.last_at)")}
        WHERE w.member_id = m.id UNION ALL SELECT l.* FROM core_account w
        {lots(f"l.account_id = w.id AND {_OPEN} AND l.available_from > m.last_at")} WHERE w.member_id = m.id) l),
    (SELECT {say.gather}({array(FAILED)}) FROM core_activity f WHERE f.member_id = m.id AND f.state = 'failed'),
    (SELECT {say.gather}({array(HOLD)}) FROM core_account w
        {say.each.format("core_hold", "h", "h.account_id = w.id AND h.outcome IS NULL")} WHERE w.member_id = m.id),
    CASE WHEN m.merged_into IS NOT NULL THEN (SELECT {say.array}({column("g.id")}, g.depth) FROM core_activity g
        WHERE g.member_id = m.id AND g.type = 'member.merged_into' AND g.state = 'settled'
        ORDER BY g.seq DESC LIMIT 1) END"""
        return f"""
SELECT {say.wide.format(columns)}
FROM (SELECT 1) always LEFT JOIN core_member m ON m.id {say.ids} LEFT JOIN core_profile p ON p.member_id = m.id"""

    return {
        "requests": f"""
SELECT r.scope, r.key, r.hash, r.outcome, {column("r.member_id")},
    {column("r.activity_id")}, r.code, r.parameters, a.seq
FROM core_request r LEFT JOIN core_activity a ON a.id = r.activity_id WHERE (r.scope, r.key) {say.pairs}
UNION ALL
SELECT a.source, a.external_id, a.reason ->> 'hash', 'failed', {column("a.member_id")}, {column("a.id")},
    NULL, NULL, NULL
FROM core_activity a WHERE a.state = 'failed' AND (a.source, a.external_id) {say.pairs}""",
        "waiting_keys": f"SELECT i.scope, i.key, i.hash FROM core_intake i WHERE (i.scope, i.key) {say.pairs}",
        # The oldest of a lane stands first in the index; what is empty is left out.
        "lanes": f"""
SELECT l.lane FROM core_intake_lane l JOIN (SELECT o.lane, (SELECT i.occurred_at FROM core_intake i
    WHERE i.lane = o.lane AND i.state = 'waiting' ORDER BY i.occurred_at, i.key, i.id LIMIT 1) AS head
    FROM core_intake_lane o) h ON h.lane = l.lane
    WHERE h.head IS NOT NULL AND l.lane {say.none_of} ORDER BY h.head, l.lane""",
        "members": members("NULL"),
        "members_with_days": members(days),
        "survivors": f"""
WITH RECURSIVE way(id, merged_into, steps) AS (
    SELECT m.id, m.merged_into, 1 FROM core_member m WHERE m.id {say.ids} AND m.merged_into IS NOT NULL
    UNION ALL SELECT w.id, m.merged_into, w.steps + 1 FROM way w JOIN core_member m ON m.id = w.merged_into
        WHERE m.merged_into IS NOT NULL)
SELECT {column("w.id")}, {column("w.merged_into")} FROM way w ORDER BY w.steps""",
        "known": f"""
SELECT 'external_id', p.external_id, {column("p.member_id")} FROM core_profile p WHERE p.external_id {say.texts}
UNION ALL SELECT 'number', p.number, {column("p.member_id")} FROM core_profile p WHERE p.number {say.texts}
UNION ALL SELECT 'phone', p.phone, {column("p.member_id")} FROM core_profile p WHERE p.phone {say.texts}
UNION ALL SELECT 'email', p.email, {column("p.member_id")} FROM core_profile p WHERE p.email {say.texts}
UNION ALL SELECT 'id:' || x.source, x.external_id, {column("x.member_id")}
    FROM core_external_id x WHERE (x.source, x.external_id) {say.pairs}
UNION ALL SELECT 'group', g.code, min(g.kind) FROM core_group_member g WHERE g.code {say.texts} GROUP BY g.code
UNION ALL SELECT 'primary', g.code, {column("g.member_id")}
    FROM core_group_member g WHERE g.code {say.texts} AND g.role = 'primary'""",
        "persons": f"""
SELECT {column("p.member_id")}, {array(PROFILE)},
    (SELECT {say.gather}({say.array}(x.source, x.external_id)) FROM core_external_id x
        WHERE x.member_id = p.member_id),
    (SELECT {say.gather}({say.array}(c.purpose, c.channel, c.granted)) FROM core_consent c
        WHERE c.member_id = p.member_id),
    (SELECT {say.gather}({say.array}(g.code, g.kind, g.role)) FROM core_group_member g
        WHERE g.member_id = p.member_id)
FROM core_profile p WHERE p.member_id {say.ids}""",
        "profile_changes": f"""
SELECT {column("h.activity_id")}, h.changes FROM core_profile_change h WHERE h.activity_id {say.ids}""",
        "open_lots": f"SELECT {lot} FROM {say.given} {lots(f'l.account_id = w.id AND {_OPEN}')}",
        "originals": f"""
WITH RECURSIVE tree(id, depth) AS (
    SELECT a.id, 0 FROM core_activity a WHERE a.id {say.ids} AND a.state = 'settled'
    UNION ALL SELECT c.id, tree.depth + 1 FROM tree JOIN core_activity c ON c.parent_id = tree.id
        WHERE c.state = 'settled')
SELECT {column("a.id")}, {column("a.member_id")}, a.type, a.occurred_at,
    a.reverses IS NOT NULL, {column("a.parent_id")}, a.seq, a.measures, a.amount, a.unit,
    (SELECT {say.gather}({array(EFFECT)}) FROM core_effect e WHERE e.activity_id = a.id),
    (SELECT {say.gather}({array(LINE)}) FROM core_line i WHERE i.activity_id = a.id),
    (SELECT {say.gather}({say.array}(b.no, b.amount)) FROM (
        SELECT i.no, sum(i.amount) AS amount FROM core_activity r JOIN core_line i ON i.activity_id = r.id
        WHERE r.reverses = a.id AND r.state = 'settled' GROUP BY i.no) b),
    (SELECT {say.gather}({column("d.dimensions")}) FROM (
        SELECT s.dimensions FROM core_posting p JOIN core_segment s ON s.id = p.segment_id WHERE p.activity_id = a.id
        UNION ALL SELECT h.dimensions FROM core_effect e JOIN core_hold h ON h.id = e.id
            WHERE e.activity_id = a.id AND e.kind = 'Hold' AND h.dimensions IS NOT NULL) d),
    (SELECT coalesce(sum(r.amount), 0) FROM core_activity r WHERE r.reverses = a.id AND r.state = 'settled'),
    (SELECT count(*) FROM core_activity r WHERE r.reverses = a.id AND r.state = 'settled')
FROM tree JOIN core_activity a ON a.id = tree.id""",
        "involved_lots": f"""
SELECT {lot}, {funds}, {held} FROM (
    SELECT l.id FROM {say.given} {lots(f"l.account_id = w.id AND {_OPEN}")}
    UNION SELECT l.id FROM {say.given} {lots("l.account_id = w.id AND l.repaid > 0")}
    UNION SELECT p.id FROM core_posting p WHERE p.activity_id {say.ids}
    UNION SELECT v.lot_id FROM core_lot_movement v WHERE v.spend_id {say.ids}) w {lots("l.id = w.id")}""",
        "holds": f"SELECT {column('h.id')}, h.outcome FROM core_hold h WHERE h.id {say.ids} AND h.outcome IS NOT NULL",
        "words": f"""
SELECT {column("a.member_id")}, {column("e.id")}, e.data ->> 'account', e.data ->> 'state' FROM core_activity a
JOIN core_effect e ON e.activity_id = a.id
WHERE a.member_id {say.ids} AND a.state = 'settled' AND e.kind = 'SetAccountState' AND e.state = 'applied'
    AND e.undoes IS NULL AND e.undone = 0 ORDER BY a.seq, e.no""",
        "placed": f"""
SELECT {column("e.activity_id")}, {column("a.member_id")}, h.outcome FROM core_effect e
JOIN core_hold h ON h.id = e.id JOIN core_account a ON a.id = h.account_id
WHERE e.activity_id {say.ids} AND e.kind = 'Hold' AND h.outcome IS NOT NULL ORDER BY e.no""",
    }
