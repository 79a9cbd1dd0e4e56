"""The rows of one unit of work, by table, in the order of the tables' columns."""

from __future__ import annotations

from typing import Any

from attrs import frozen
from sqlalchemy import Table

from corekit.activities import tables as activities
from corekit.db.types import Json
from corekit.ledger import tables as ledger
from corekit.members import tables as members
from corekit.members.person import UNIQUE
from corekit.tiers import tables as tiers

Row = tuple[Any, ...]


@frozen
class Layout:
    """How rows of one kind look: the table they belong to and its columns in the order of the tuple."""

    table: str
    columns: tuple[str, ...]
    documents: frozenset[int]
    """The positions that hold documents (to be written as JSON)."""

    @classmethod
    def of(cls, table: Table, *columns: str) -> Layout:
        """Lay out whole rows of a table, or the named columns of it."""
        chosen = [table.c[name] for name in columns] if columns else list(table.c)
        documents = frozenset(i for i, column in enumerate(chosen) if isinstance(column.type, Json))
        return cls(table.name, tuple(column.name for column in chosen), documents)


INSERTS = {
    "member": Layout.of(members.member),
    "profile": Layout.of(members.profile),
    "account": Layout.of(ledger.account),
    "request": Layout.of(activities.request),
    "activity": Layout.of(activities.activity),
    "line": Layout.of(activities.line),
    "effect": Layout.of(activities.effect),
    "posting": Layout.of(ledger.posting),
    "entry": Layout.of(ledger.entry),
    "lot": Layout.of(ledger.lot),
    "lot_movement": Layout.of(ledger.lot_movement),
    "hold": Layout.of(ledger.hold),
    "assignment": Layout.of(tiers.assignment),
    "outbox": Layout.of(activities.outbox, "activity_id", "member_id", "topic", "recorded_at"),
    "intake": Layout.of(activities.intake),
    "external_id": Layout.of(members.external_id),
    "profile_change": Layout.of(members.profile_change),
    "tag": Layout.of(members.tag),
    "group_member": Layout.of(members.group_member),
    "open_unit": Layout.of(activities.open_unit),
}
"""Rows that are added, parents first."""

CHANGES = {
    "member_changed": Layout.of(members.member, "id", "state", "merged_into", "seq", "last_at"),
    "account_changed": Layout.of(
        ledger.account,
        "id",
        "state",
        "debits_posted",
        "credits_posted",
        "debits_pending",
        "seq",
        "last_at",
        "lapses_at",
    ),
    "lot_changed": Layout.of(ledger.lot, "id", "consumed", "held", "expired", "repaid", "expires_at", "seq"),
    "effect_changed": Layout.of(activities.effect, "id", "undone", "unfunded"),
    "segment": Layout.of(ledger.segment),
    "hold_resolved": Layout.of(ledger.hold, "id", "outcome", "captured", "resolved_by", "resolved_at"),
    "assignment_closed": Layout.of(tiers.assignment, "id", "valid_to", "undone_by"),
    "assignment_undone": Layout.of(tiers.assignment, "id", "undone_by"),
    "metric": Layout.of(activities.metric),
    "metric_day": Layout.of(activities.metric_day),
    "profile_freed": Layout.of(members.profile, "member_id", *UNIQUE),
    "profile_changed": Layout.of(members.profile),
    "external_id_gone": Layout.of(members.external_id),
    "tag_gone": Layout.of(members.tag),
    "consent": Layout.of(members.consent),
    "consent_gone": Layout.of(members.consent, "member_id", "purpose", "channel"),
    "group_gone": Layout.of(members.group_member, "member_id", "code"),
    "forgotten": Layout.of(members.profile, "member_id"),
    "intake_done": Layout.of(activities.intake, "scope", "key"),
}
"""Rows that change what is there. Value, counts and sequence numbers are differences, never new values."""

Rows = dict[str, list[Row]]
"""Rows by the names above; a name without rows is left out."""
