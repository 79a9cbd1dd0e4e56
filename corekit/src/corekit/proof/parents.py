"""The search for rows whose parent is gone: units write parent and child together, without foreign keys."""

from __future__ import annotations

from corekit.proof.search import Search

_CHILDREN = """line activity_id core_activity
effect activity_id core_activity
effect undoes core_effect
posting activity_id core_activity
posting effect_id core_effect
posting debit_account_id core_account
posting credit_account_id core_account
entry account_id core_account
hold id core_effect
hold activity_id core_activity
hold account_id core_account
lot account_id core_account
lot activity_id core_activity
lot effect_id core_effect
lot id core_posting
entry posting_id core_posting
movement lot_id core_lot
movement activity_id core_activity
movement effect_id core_effect
movement spend_id core_effect
stay member_id core_member
stay activity_id core_activity
stay undone_by core_activity
metric member_id core_member
metric_day member_id core_member
activity member_id core_member
activity reverses core_activity
activity parent_id core_activity"""
"""Child, column and parent of what stands in tables without foreign keys."""


def _orphans(relation: str) -> str:
    child, column, parent = relation.split()
    # A posting is found by its activity; SQLite makes no index for a join by itself where a table has no row ids.
    within = " AND p.activity_id = c.activity_id" if parent == "core_posting" else ""
    return (
        f"SELECT '{child}' AS child, '{parent}' AS parent, c.{column} AS id FROM {{{child}}} c "
        f"LEFT JOIN {parent} p ON p.id = c.{column}{within} WHERE c.{column} IS NOT NULL AND p.id IS NULL"
    )


SEARCHES = (Search("parents", "child parent id", " UNION ALL ".join(map(_orphans, _CHILDREN.split("\n")))),)
