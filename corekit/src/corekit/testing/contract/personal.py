"""The promise about persons: what a plugin knows of a member is told, forgotten, and moves where two become one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Text
from sqlalchemy.types import TypeEngine

from corekit.db.types import Id, Json
from corekit.testing.contract.trial import Trial, broken, difference
from corekit.testing.house import House

_NO_JSON = "<what JSON does not know: {!r}>"


class Privacy:
    """Export, erasure and merging cover all tables that hold something of members."""

    def test_privacy(self, contract: Trial) -> None:
        """Export a member, forget it, and let two others become one and two again."""
        house, _, _ = contract.lived()
        about = {table for table, _ in _about(house, house.members[0])}
        _exported(contract, house, about)
        _erased(contract, house)
        _merged(contract, house)


def _exported(contract: Trial, house: House, about: set[str]) -> None:
    member = house.members[0]
    document = house.kit.export(member)["plugins"].get(contract.plugin)
    promise = f"{contract.plugin}: a member is told everything that is known of it"
    way = "return all of it from corekit_export(member, read), as a document of JSON"
    if about and not document:
        broken(promise, f"{', '.join(sorted(about))} have rows of the member, and its export is {document!r}", way)
    text = json.dumps(document, ensure_ascii=False, default=_NO_JSON.format, sort_keys=True)
    if _NO_JSON[:10] in text:
        broken(promise, f"the export is no JSON: {text}", way)
    for table, row in _about(house, member):
        for column, value in _texts(house, table, row):
            if f"{table}.{column}" not in contract.kept() and str(value) not in text:
                broken(promise, f"{table}.{column} holds {value!r}, which is not in the export", way)


def _merged(contract: Trial, house: House) -> None:
    taker, giver = house.members[1:3]
    before = house.rows()
    answer = house.kit.merge(taker, giver)
    if not answer.settled:
        way = "let nothing that corekit_react yields for member.merged refuse it"
        broken(f"{contract.plugin}: two members can become one", f"{answer.message} [{answer.code}]", way)
    left = {table for table, _ in _about(house, giver)} - contract.kept()
    if left:
        broken(
            f"{contract.plugin}: where two members become one, its rows belong to the one",
            f"{', '.join(sorted(left))} still have rows of the other",
            "declare them: Declares(members=[MemberRows(table.c.member_id)])",
        )
    house.kit.reverse(answer.activity_id or "")
    after = house.rows(without=contract.kept())
    if after != {table: before[table] for table in after}:
        seen = difference({table: before[table] for table in after}, after)
        broken(
            f"{contract.plugin}: a merge that is taken back leaves all as it was",
            seen,
            "undo in MemberRows.back what before and after did",
        )


def _erased(contract: Trial, house: House) -> None:
    member, kept = house.members[0], contract.kept()
    for _ in range(2):  # an erasure that was interrupted comes again
        request = house.kit.erase(member)
        if request.state != "done":
            way = "let corekit_erase(member, write) be called at any time, also twice"
            broken(f"{contract.plugin}: a member can be forgotten", str(request.obstacle), way)
    for table, row in _about(house, member):
        for column, value in _texts(house, table, row):
            if table not in kept and f"{table}.{column}" not in kept:
                way = (
                    "declare the rows, Declares(members=[MemberRows(table.c.member_id)]), or blank the column in "
                    "corekit_erase(member, write); if it tells nothing of the person, say so in "
                    f"the contract: kept = {{'{table}.{column}': '...'}}"
                )
                broken(f"{contract.plugin}: nothing tells of who was forgotten", f"{table}.{column} is {value!r}", way)


def _about(house: House, member: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield each row of the plugin's own tables that names a member, with its table."""
    for table, rows in house.rows().items():
        named = [at for at, column in enumerate(house.tables[table].c) if isinstance(column.type, Id | Text)]
        for row in rows:
            if member in (row[at] for at in named):
                yield table, row


def _texts(house: House, table: str, row: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    """Yield what a row says in words, by column."""
    for column, value in zip(house.tables[table].c, row, strict=True):
        kind: TypeEngine[Any] = column.type
        if isinstance(kind, Text | Json) and not isinstance(kind, Id) and value not in (None, "", "{}", "[]"):
            yield column.name, value
