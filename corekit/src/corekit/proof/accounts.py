"""Searches over accounts, their entries and the postings: 1 to 7."""

from __future__ import annotations

from corekit.proof.search import BEYOND_ACCOUNTS, Search

# A difference of two sides: rows of one side count +1 (or their value), those of the other -1; what does not cancel
# out stands on one side only. It needs one pass over each side, and finds what is missing as well as what is too many.

SEARCHES = (
    Search(
        "1",
        "account kind member",
        """SELECT a.id AS account, a.kind, a.member_id AS member FROM {account} a
        LEFT JOIN (SELECT account_id, count(*) AS number, min(seq) AS first, max(seq) AS last,
            max(recorded_at) AS last_at, sum(CASE side WHEN 'debit' THEN amount ELSE 0 END) AS debits,
            sum(CASE side WHEN 'credit' THEN amount ELSE 0 END) AS credits
            FROM {entry} s GROUP BY account_id) e ON e.account_id = a.id
        WHERE a.member_id IS NOT NULL AND (a.debits_posted <> coalesce(e.debits, 0)
            OR a.credits_posted <> coalesce(e.credits, 0) OR a.seq <> coalesce(e.number, 0)
            OR a.seq <> coalesce(e.last, 0) OR coalesce(e.first, 1) <> 1 OR a.last_at <> coalesce(e.last_at, a.last_at))
        """,
    ),
    Search(
        "2",
        "account seq",
        """SELECT account_id AS account, seq FROM (SELECT account_id, seq, balance_after, available_after, recorded_at,
            CASE side WHEN 'credit' THEN amount ELSE -amount END AS change,
            coalesce(lag(balance_after) OVER story, 0) AS before, coalesce(lag(recorded_at) OVER story, 0) AS earlier
            FROM {entry} s WINDOW story AS (PARTITION BY account_id ORDER BY seq)) e
        WHERE balance_after <> before + change OR available_after > balance_after OR recorded_at < earlier""",
    ),
    Search(
        "3",
        "posting account side",
        """SELECT posting, account, side FROM (
            SELECT posting_id AS posting, account_id AS account, side, amount, activity_id, recorded_at, 1 AS n
            FROM {entry} e
            UNION ALL SELECT p.id, a.id, 'debit', p.amount, p.activity_id, p.recorded_at, -1
            FROM {posting} p JOIN {account} a ON a.id = p.debit_account_id WHERE a.member_id IS NOT NULL
            UNION ALL SELECT p.id, a.id, 'credit', p.amount, p.activity_id, p.recorded_at, -1
            FROM {posting} p JOIN {account} a ON a.id = p.credit_account_id
            WHERE a.member_id IS NOT NULL) sides
        GROUP BY posting, account, side, amount, activity_id, recorded_at HAVING sum(n) <> 0""",
    ),
    Search(
        "4",
        "unit",
        """SELECT unit FROM (
            SELECT k.unit, a.credits_posted - a.debits_posted AS amount
            FROM {account} a JOIN core_account_kind k ON k.code = a.kind WHERE a.member_id IS NOT NULL
            UNION ALL SELECT p.unit, p.amount
            FROM {posting} p JOIN {account} a ON a.id = p.credit_account_id WHERE a.member_id IS NULL
            UNION ALL SELECT p.unit, -p.amount
            FROM {posting} p JOIN {account} a ON a.id = p.debit_account_id WHERE a.member_id IS NULL) sides
        GROUP BY unit HAVING sum(amount) <> 0""",
        reaches=frozenset({"whole"}),
    ),
    Search(
        "5",
        "posting unit debit credit",
        """SELECT p.id AS posting, p.unit, d.kind AS debit, c.kind AS credit FROM {posting} p
        LEFT JOIN core_account d ON d.id = p.debit_account_id LEFT JOIN core_account_kind dk ON dk.code = d.kind
        LEFT JOIN core_account c ON c.id = p.credit_account_id LEFT JOIN core_account_kind ck ON ck.code = c.kind
        WHERE coalesce(p.unit <> dk.unit OR p.unit <> ck.unit, true)""",
    ),
    Search(
        "6",
        "account kind member",
        """SELECT a.id AS account, a.kind, a.member_id AS member FROM {account} a
        LEFT JOIN core_account d ON d.member_id = a.member_id AND d.kind = a.kind || '.debt'
        WHERE a.credits_posted - a.debits_posted - a.debits_pending < -a.overdraft_limit
            OR (d.debits_posted > d.credits_posted AND a.credits_posted - a.debits_posted - a.debits_pending > 0)
            OR d.credits_posted > d.debits_posted""",
    ),
    Search(
        "7",
        "account kind",
        """SELECT a.id AS account, a.kind FROM core_account a
        JOIN core_account_kind k ON k.code = a.kind WHERE a.member_id IS NULL AND (NOT k.system OR a.seq <> 0
            OR a.debits_posted + a.credits_posted + a.debits_pending + a.credits_pending <> 0)""",
        reaches=BEYOND_ACCOUNTS,
    ),
    Search(
        "7",
        "account kind member",
        """SELECT a.id AS account, a.kind, a.member_id AS member FROM {account} a
        JOIN core_account_kind k ON k.code = a.kind WHERE a.member_id IS NOT NULL AND k.system""",
    ),
    Search(
        "frozen",
        "account kind member",
        """SELECT a.id AS account, a.kind, a.member_id AS member FROM {account} a LEFT JOIN (
            SELECT c.member_id, e.data ->> 'account' AS kind, e.data ->> 'state' AS state, row_number() OVER (
                PARTITION BY c.member_id, e.data ->> 'account' ORDER BY c.seq DESC, e.no DESC) AS newest
            FROM {effect} e JOIN core_activity c ON c.id = e.activity_id WHERE e.kind = 'SetAccountState'
                AND e.state = 'applied' AND e.undoes IS NULL AND e.undone = 0) w
            ON w.member_id = a.member_id AND w.kind = a.kind AND w.newest = 1
        WHERE a.member_id IS NOT NULL AND a.state <> coalesce(w.state, 'open')""",
    ),
)
