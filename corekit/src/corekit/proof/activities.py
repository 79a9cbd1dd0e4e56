"""Searches over activities, and over what stands beside each: 13, 14, their order, and what follows from what."""

from __future__ import annotations

from corekit.proof.search import BEYOND_ACCOUNTS, Search

# Each request finds its activity, and each activity its message. Where there are as many of both, none is left over.

SEARCHES = (
    Search(
        "13",
        "source external_id member",
        """SELECT r.scope AS source, r.key AS external_id, r.member_id AS member FROM {request} r
            LEFT JOIN core_activity a ON a.id = r.activity_id
            WHERE r.outcome = 'settled' AND (a.id IS NULL OR a.state <> 'settled' OR a.source <> r.scope
                OR a.external_id <> r.key OR a.member_id <> r.member_id)
        UNION ALL SELECT a.source, a.external_id, a.member_id FROM {activity} a
            LEFT JOIN {request} r ON r.scope = a.source AND r.key = a.external_id AND r.activity_id = a.id
            WHERE a.state = 'settled' AND r.key IS NULL
                AND (SELECT count(*) FROM {request} s WHERE outcome = 'settled')
                    <> (SELECT count(*) FROM {activity} s WHERE state = 'settled')""",
    ),
    Search(
        "13",
        "activity topic",
        """SELECT a.id AS activity, a.type AS topic FROM {activity} a LEFT JOIN {outbox} o ON o.activity_id = a.id
            WHERE a.state = 'settled' AND (o.topic IS NULL OR o.topic <> a.type OR o.member_id <> a.member_id
                OR o.recorded_at <> a.recorded_at)
        UNION ALL SELECT activity_id, min(topic) FROM {outbox} o
            WHERE (SELECT count(*) FROM {outbox} s) <> (SELECT count(*) FROM {activity} s WHERE state = 'settled')
            GROUP BY activity_id HAVING count(*) > 1 OR NOT EXISTS (
                SELECT 1 FROM core_activity a WHERE a.id = o.activity_id AND a.state = 'settled')""",
        reaches=BEYOND_ACCOUNTS,
    ),
    Search(
        "13",
        "effect activity",
        """SELECT e.id AS effect, e.activity_id AS activity FROM {effect} e
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
    Search(
        "14",
        "what key",
        # Of what settled, 13 proves it: each has the request of its key, and that has one activity.
        """SELECT 'failed activity' AS what, a.source || ' ' || a.external_id AS key FROM {activity} a
            JOIN core_request r ON r.scope = a.source AND r.key = a.external_id WHERE a.state = 'failed'
        UNION ALL SELECT 'posting', CAST(id AS text) FROM {posting} p GROUP BY id HAVING count(*) > 1""",
    ),
    Search(
        "14",
        "what key",
        """SELECT 'house account' AS what, kind AS key FROM core_account WHERE member_id IS NULL
            GROUP BY kind HAVING count(*) > 1
        UNION ALL SELECT 'external id', external_id FROM core_profile WHERE external_id IS NOT NULL
            GROUP BY external_id HAVING count(*) > 1""",
        reaches=frozenset({"whole"}),
    ),
    Search(
        "follow-ons",
        "activity parent",
        """SELECT c.id AS activity, c.parent_id AS parent FROM {activity} c
        LEFT JOIN core_activity p ON p.id = c.parent_id
        WHERE c.state = 'settled' AND (c.depth <> coalesce(p.depth + 1, 0) OR p.state <> 'settled'
            OR (p.member_id = c.member_id AND p.seq >= c.seq)
            OR (p.member_id <> c.member_id AND p.members IS NULL AND p.reverses IS NULL))""",
    ),
    Search(
        "sequence",
        "member seq",
        """SELECT m.id AS member, a.early AS seq FROM {member} m LEFT JOIN (SELECT member_id, count(*) AS number,
            min(seq) AS first, max(seq) AS last, max(recorded_at) AS last_at,
            min(CASE WHEN recorded_at <= before THEN seq END) AS early
            FROM (SELECT member_id, seq, recorded_at,
                lag(recorded_at) OVER (PARTITION BY member_id ORDER BY seq) AS before
                FROM {activity} o WHERE state = 'settled') s GROUP BY member_id) a ON a.member_id = m.id
        WHERE m.seq <> coalesce(a.number, 0) OR m.seq <> coalesce(a.last, 0) OR coalesce(a.first, 1) <> 1
            OR m.last_at <> coalesce(a.last_at, m.last_at) OR a.early IS NOT NULL""",
    ),
)
