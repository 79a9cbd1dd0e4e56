"""The search for rows whose parent is gone: units write parent and child together, without foreign keys.

Entries find their postings by 3, postings their accounts by 5, and stays their activities by 16.
"""

from __future__ import annotations

from corekit.proof.search import Search

_CHILDREN = (
    ("core_activity", "id", "line.activity_id effect.activity_id activity.reverses activity.parent_id"),
    ("core_effect", "id,activity_id", "posting.effect_id hold.id lot.effect_id movement.effect_id"),
    ("core_effect", "id", "effect.undoes movement.spend_id"),
    ("core_posting", "id,activity_id", "lot.id"),
    ("core_lot", "id", "movement.lot_id"),
    ("core_account", "id", "hold.account_id lot.account_id"),
    ("core_member", "id", "metric.member_id metric_day.member_id activity.member_id"),
)
"""Parents, what names their rows, and their children with the column that names the parent's id.

The parents of all these children are looked up at once, since each time costs as much as to read the parents.
"""


def _orphans(parent: str, named: str, children: str) -> str:
    columns = named.split(",")
    found = " AND ".join(f"p.{column} = c.{column}" for column in columns)
    rows: list[str] = []
    for child in children.split():
        relation, _, column = child.partition(".")
        own = ", ".join([f"{column} AS id", *columns[1:]])
        rows.append(f"SELECT '{relation}' AS child, {own} FROM {{{relation}}}")
    return (
        f"SELECT c.child, '{parent}' AS parent, c.id FROM ({' UNION ALL '.join(rows)}) c "
        f"LEFT JOIN {parent} p ON {found} WHERE c.id IS NOT NULL AND p.id IS NULL"
    )


SEARCHES = (Search("parents", "child parent id", " UNION ALL ".join(_orphans(*each) for each in _CHILDREN)),)
