"""The search for rows whose parent is gone: units write parent and child together, without foreign keys.

Entries find their postings by 3, postings their accounts by 5, and stays their activities by 16.
"""

from __future__ import annotations

from corekit.proof.search import Search

_CHILDREN = {
    "core_activity": "line.activity_id effect.activity_id activity.reverses activity.parent_id",
    "core_effect": "posting.effect_id+ hold.id+ lot.effect_id+ movement.effect_id+ movement.spend_id effect.undoes",
    "core_posting": "lot.id+",
    "core_lot": "movement.lot_id",
    "core_account": "hold.account_id lot.account_id",
    "core_member": "metric.member_id metric_day.member_id activity.member_id",
}
"""By parent, what names its rows; with a plus, the row is one of the same activity."""


def _orphans(parent: str, children: str) -> str:
    """Look for the parents of all children at once, since each look costs as much as reading the parents."""
    named: list[str] = []
    for child in children.split():
        relation, _, column = child.removesuffix("+").partition(".")
        activity = "activity_id" if child.endswith("+") else "NULL"
        named.append(f"SELECT '{relation}' AS child, {column} AS id, {activity} AS activity FROM {{{relation}}}")
    same = " AND (c.activity IS NULL OR p.activity_id = c.activity)" if "+" in children else ""
    return (
        f"SELECT c.child, '{parent}' AS parent, c.id FROM ({' UNION ALL '.join(named)}) c "
        f"LEFT JOIN {parent} p ON p.id = c.id{same} WHERE c.id IS NOT NULL AND p.id IS NULL"
    )


SEARCHES = (Search("parents", "child parent id", " UNION ALL ".join(map(_orphans, _CHILDREN, _CHILDREN.values()))),)
