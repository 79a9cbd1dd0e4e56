"""Searches over what was taken back: 12."""

from __future__ import annotations

from corekit.proof.search import Search

SEARCHES = (
    Search(
        "12",
        "effect activity lot",
        """SELECT e.id AS effect, e.activity_id AS activity, NULL AS lot FROM {effect} e
        LEFT JOIN (SELECT undoes, sum(amount) AS amount FROM {effect} b
            WHERE undoes IS NOT NULL AND state = 'applied' GROUP BY undoes) u ON u.undoes = e.id
        WHERE e.undone <> coalesce(u.amount, 0) OR e.undone > e.amount OR (e.undone > 0 AND e.undoes IS NOT NULL)
        UNION ALL SELECT e.id, e.activity_id, l.id FROM {lot} l JOIN core_effect e ON e.id = l.effect_id
        LEFT JOIN (SELECT lot_id, sum(amount) AS amount FROM {movement} b WHERE kind = 'clawback'
            GROUP BY lot_id) v ON v.lot_id = l.id WHERE e.undone <> coalesce(v.amount, 0)""",
    ),
    Search(
        "12",
        "activity reverses line returned",
        """SELECT r.reverses AS activity, NULL AS reverses, b.no AS line, sum(b.amount) AS returned FROM {activity} r
        JOIN core_line b ON b.activity_id = r.id LEFT JOIN core_line l ON l.activity_id = r.reverses AND l.no = b.no
        WHERE r.state = 'settled' AND r.reverses IS NOT NULL GROUP BY r.reverses, b.no, l.amount
        HAVING sum(b.amount) > coalesce(l.amount, -1)
        UNION ALL SELECT r.id, r.reverses, NULL, NULL FROM {activity} r JOIN core_activity t ON t.id = r.reverses
        WHERE r.reverses IS NOT NULL AND r.state = 'settled' AND (t.state <> 'settled' OR t.reverses IS NOT NULL
            OR t.member_id <> r.member_id OR t.seq >= r.seq)
        UNION ALL SELECT t.id, NULL, NULL, sum(r.amount) FROM {activity} r JOIN core_activity t ON t.id = r.reverses
        WHERE r.reverses IS NOT NULL AND r.state = 'settled' GROUP BY t.id, t.amount
        HAVING sum(r.amount) > abs(t.amount) OR (t.amount = 0 AND count(*) > 1)""",
    ),
)
