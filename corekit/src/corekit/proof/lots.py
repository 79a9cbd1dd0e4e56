"""Searches over lots, what they fund, holds and debts: 8 to 10."""

from __future__ import annotations

from corekit.proof.search import Search

SEARCHES = (
    Search(
        "8",
        "lot account spend activity",
        """SELECT l.id AS lot, l.account_id AS account, NULL AS spend, NULL AS activity FROM {lot} l
        LEFT JOIN (SELECT lot_id, count(*) AS number, max(seq) AS last,
            sum(CASE kind WHEN 'issue' THEN amount ELSE 0 END) AS issued,
            sum(CASE WHEN kind IN ('consume', 'repay', 'clawback') THEN amount
                WHEN kind IN ('restore', 'unrepay') THEN -amount ELSE 0 END) AS consumed,
            sum(CASE kind WHEN 'hold' THEN amount WHEN 'release' THEN -amount ELSE 0 END) AS held,
            sum(CASE kind WHEN 'expire' THEN amount WHEN 'unexpire' THEN -amount ELSE 0 END) AS expired,
            sum(CASE kind WHEN 'repay' THEN amount WHEN 'unrepay' THEN -amount ELSE 0 END) AS repaid
            FROM {movement} v GROUP BY lot_id) m ON m.lot_id = l.id
        WHERE m.lot_id IS NULL OR l.issued <> m.issued OR l.consumed <> m.consumed OR l.held <> m.held
            OR l.expired <> m.expired OR l.repaid <> m.repaid OR l.seq <> m.number OR l.seq <> m.last
        UNION ALL SELECT NULL, NULL, e.id, e.activity_id FROM {effect} e
        JOIN core_account_kind k ON k.code = e.account_kind
        LEFT JOIN (SELECT spend_id, sum(CASE kind WHEN 'consume' THEN amount ELSE -amount END) AS amount
            FROM {movement} v WHERE spend_id IS NOT NULL AND kind NOT IN ('hold', 'release')
            GROUP BY spend_id) f ON f.spend_id = e.id
        WHERE k.lots AND e.kind IN ('Debit', 'Capture', 'Transfer') AND e.undoes IS NULL
            AND CASE e.state WHEN 'applied' THEN e.amount - e.undone ELSE 0 END
                <> coalesce(f.amount, 0) + e.unfunded""",
    ),
    Search(
        "9",
        "account kind member",
        """SELECT a.id AS account, a.kind, a.member_id AS member FROM {account} a
        JOIN core_account_kind k ON k.code = a.kind
        LEFT JOIN (SELECT account_id, sum(issued - consumed - expired) AS open, sum(held) AS held
            FROM {lot} o GROUP BY account_id) l ON l.account_id = a.id
        WHERE k.lots AND a.member_id IS NOT NULL AND (a.credits_posted - a.debits_posted <> coalesce(l.open, 0)
            OR a.debits_pending <> coalesce(l.held, 0))""",
    ),
    Search(
        "10",
        "hold account",
        """SELECT h.id AS hold, h.account_id AS account FROM {hold} h JOIN core_account a ON a.id = h.account_id
        JOIN core_member m ON m.id = a.member_id LEFT JOIN core_activity r ON r.id = h.resolved_by
        WHERE (h.outcome IS NULL) <> (h.resolved_by IS NULL) OR (h.outcome IS NULL AND h.expires_at <= m.last_at)
            OR h.resolved_at <> r.recorded_at OR (h.captured > 0) <> coalesce(h.outcome = 'captured', false)
            OR (h.outcome = 'captured' AND h.resolved_at >= h.expires_at)
        UNION ALL SELECT NULL, a.id FROM {account} a LEFT JOIN (SELECT account_id, sum(amount) AS amount FROM {hold} o
            WHERE outcome IS NULL GROUP BY account_id) h ON h.account_id = a.id
        WHERE a.debits_pending <> coalesce(h.amount, 0)
        UNION ALL SELECT h.id, NULL FROM {hold} h JOIN core_account a ON a.id = h.account_id
        JOIN core_account_kind k ON k.code = a.kind LEFT JOIN (SELECT spend_id,
            sum(CASE kind WHEN 'hold' THEN amount ELSE -amount END) AS amount FROM {movement} o
            WHERE kind IN ('hold', 'release') GROUP BY spend_id) v ON v.spend_id = h.id
        WHERE k.lots AND coalesce(v.amount, 0) <> CASE WHEN h.outcome IS NULL THEN h.amount ELSE 0 END""",
    ),
    Search(
        "debt",
        "member kind",
        """SELECT member, kind FROM (
            SELECT a.member_id AS member, e.account_kind AS kind, e.unfunded AS amount FROM {effect} e
            JOIN core_activity a ON a.id = e.activity_id WHERE e.unfunded <> 0
            UNION ALL SELECT a.member_id, a.kind, -l.repaid
            FROM {lot} l JOIN core_account a ON a.id = l.account_id WHERE l.repaid <> 0
            UNION ALL SELECT d.member_id, k.code, d.credits_posted - d.debits_posted
            FROM {account} d JOIN core_account_kind k ON d.kind = k.code || '.debt'
            UNION ALL SELECT a.member_id, e.account_kind, CASE WHEN p.debit_account_id = h.id THEN -p.amount
                ELSE p.amount END
            FROM {posting} p JOIN core_account h ON h.id IN (p.debit_account_id, p.credit_account_id)
            JOIN core_effect e ON e.id = p.effect_id JOIN core_activity a ON a.id = p.activity_id
            WHERE h.member_id IS NULL AND h.kind = e.account_kind || '.adjust') owed
        JOIN core_account_kind kept ON kept.code = kind WHERE kept.lots
        GROUP BY member, kind HAVING sum(amount) <> 0""",
    ),
)
