"""The search for rows whose parent is gone: units write parent and child together, without foreign keys.

Entries find their postings by 3, postings their accounts by 5, and stays their activities by 16.
"""

from __future__ import annotations

from corekit.proof.search import Search

_CHILDREN = """line activity_id core_activity id
effect activity_id core_activity id
effect undoes core_effect id
posting effect_id,activity_id core_effect id,activity_id
hold id,activity_id core_effect id,activity_id
hold account_id core_account id
lot account_id core_account id
lot effect_id,activity_id core_effect id,activity_id
lot id,activity_id core_posting id,activity_id
movement lot_id core_lot id
movement effect_id,activity_id core_effect id,activity_id
movement spend_id core_effect id
metric member_id core_member id
metric_day member_id core_member id
activity member_id core_member id
activity reverses core_activity id
activity parent_id core_activity id"""
"""Child, its columns, parent, and the columns that these name."""


def _orphans(relation: str) -> str:
    child, own, parent, named = relation.split()
    first, *_ = own.split(",")
    pairs = zip(named.split(","), own.split(","), strict=True)
    found = " AND ".join(f"p.{theirs} = c.{ours}" for theirs, ours in pairs)
    return (
        f"SELECT '{child}' AS child, '{parent}' AS parent, c.{first} AS id FROM {{{child}}} c "
        f"LEFT JOIN {parent} p ON {found} WHERE c.{first} IS NOT NULL AND p.id IS NULL"
    )


SEARCHES = (Search("parents", "child parent id", " UNION ALL ".join(map(_orphans, _CHILDREN.split("\n")))),)
