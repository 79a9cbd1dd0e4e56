"""How far a proof goes: over all books, over some accounts, or over the members who did something since an instant.

Searches name the relations that they read (``{entry}``, ``{lot}``, ...), and a scope says which rows these have. A row
that belongs to another is looked for in the whole table, whatever the scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from attrs import frozen
from sqlalchemy import TextClause, select, text

from corekit.db.reader import Reader, any_of
from corekit.errors import NotFound
from corekit.ids import is_id
from corekit.ledger.chart import DEBT
from corekit.ledger.tables import account as _account

Reach = Literal["whole", "account", "since"]
_TABLES = {
    "account": "core_account",
    "activity": "core_activity",
    "effect": "core_effect",
    "entry": "core_entry",
    "hold": "core_hold",
    "line": "core_line",
    "lot": "core_lot",
    "member": "core_member",
    "metric": "core_metric",
    "metric_day": "core_metric_day",
    "movement": "core_lot_movement",
    "outbox": "core_outbox",
    "posting": "core_posting",
    "request": "core_request",
    "stay": "core_tier_assignment",
}


@frozen
class Scope:
    """What a proof reads: ``relations`` by name as SQL, ``members`` as the select of their ids (empty: all of them)."""

    reach: Reach
    relations: Mapping[str, str]
    members: str = ""

    def concerns(self, column: str) -> TextClause:
        """Say in SQL that a column names a member of the scope."""
        return text(f"{column} IN ({self.members})" if self.members else "1 = 1")


WHOLE = Scope("whole", _TABLES)
"""All books."""


def since(instant: int) -> Scope:
    """Return the scope of the members for whom something was recorded at an instant or after it, microseconds."""
    members = f"SELECT id FROM core_member WHERE last_at >= {instant:d}"
    accounts = f"SELECT id FROM core_account WHERE member_id IN ({members})"
    activities = _activities(members)
    relations = _relations(members, accounts) | _rows(
        effect=f"activity_id IN ({activities})",
        hold=f"account_id IN ({accounts})",
        lot=f"account_id IN ({accounts})",
        outbox=f"member_id IN ({members})",
        posting=f"activity_id IN ({activities})",
        request=f"member_id IN ({members})",
    )
    return Scope("since", _with_movements(relations), members)


def accounts(read: Reader, ids: Sequence[str]) -> Scope:
    """Return the scope of some accounts of members, each with the account of the debt beside it.

    Every row is found by an index. NotFound where an id is none of a member's account.
    """
    found = {row.id: row for row in read.all(select(_account).where(any_of(_account.c.id, filter(is_id, ids))))}
    for each in ids:
        if each not in found or found[each].member_id is None:
            message = f"there is no account {each} of a member; the house's are proved by the whole proof"
            raise NotFound(message, id=each)
    owners = {row.member_id for row in found.values()}
    kinds = {(row.member_id, row.kind.removesuffix(f".{DEBT}")) for row in found.values()}
    beside = [
        row.id
        for row in read.all(select(_account).where(any_of(_account.c.member_id, owners)))
        if (row.member_id, row.kind.removesuffix(f".{DEBT}")) in kinds
    ]
    members, own = _listed(owners), _listed(beside)
    activities = _activities(members)
    concerned = f"account_kind IS NULL OR account_kind IN (SELECT kind FROM core_account WHERE id IN ({own}))"
    placed = f"SELECT id FROM core_effect WHERE kind = 'Hold' AND activity_id IN ({activities})"
    # A lot is named by the posting that issued it, and a hold by the effect that placed it.
    issued = f"SELECT posting_id FROM core_entry WHERE account_id IN ({own})"
    open_lots = f"SELECT id FROM core_lot WHERE account_id IN ({own}) AND issued > consumed + held + expired"
    relations = _relations(members, own) | _rows(
        effect=f"activity_id IN ({activities}) AND ({concerned})",
        hold=f"account_id IN ({own}) AND id IN ({placed} UNION {_open_holds(own)})",
        lot=f"id IN ({issued} UNION {open_lots})",
        posting=f"activity_id IN ({activities}) AND (debit_account_id IN ({own}) OR credit_account_id IN ({own}))",
    )
    relations["request"] = (
        "(SELECT r.* FROM core_activity a JOIN core_request r ON r.scope = a.source AND r.key = a.external_id "
        f"WHERE a.member_id IN ({members}))"
    )
    return Scope("account", _with_movements(relations), members)


def _relations(members: str, own: str) -> dict[str, str]:
    """Return what every scope of some members has alike."""
    return _rows(
        account=f"id IN ({own})",
        activity=f"member_id IN ({members})",
        entry=f"account_id IN ({own})",
        line=f"activity_id IN ({_activities(members)})",
        member=f"id IN ({members})",
        metric=f"member_id IN ({members})",
        metric_day=f"member_id IN ({members})",
        stay=f"member_id IN ({members})",
    )


def _rows(**conditions: str) -> dict[str, str]:
    return {name: f"(SELECT * FROM {_TABLES[name]} WHERE {condition})" for name, condition in conditions.items()}


def _with_movements(relations: dict[str, str]) -> dict[str, str]:
    return relations | _rows(movement=f"lot_id IN (SELECT id FROM {relations['lot']} AS lots)")


def _activities(members: str) -> str:
    return f"SELECT id FROM core_activity WHERE member_id IN ({members})"


def _open_holds(own: str) -> str:
    return f"SELECT id FROM core_hold WHERE account_id IN ({own}) AND outcome IS NULL"


def _listed(ids: Iterable[str]) -> str:
    """Write ids as a list of literals: they consist of hexadecimal digits, whatever was given."""
    return ", ".join(f"'{each}'" for each in sorted(ids))
