"""Writing members to a file; memory does not grow with their number."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, TextIO

import orjson

from corekit.db.reader import Reader
from corekit.members.profile import FIELDS, FIXED, LISTS
from corekit.members.read import Member, MemberFilter, external_ids, member_page, tags

if TYPE_CHECKING:
    from corekit.kit import Kit

PAGE = 1_000
BEYOND = ("id", "state", "joined_at", "valid_until", "tags")
"""What a file tells beside the profile."""


def export_members(
    kit: Kit, out: TextIO, wanted: MemberFilter | None = None, *, form: Literal["csv", "jsonl"] = "csv"
) -> int:
    """Write the members of a filter, in the order in which they joined, as of one moment; return how many.

    ``csv`` has the columns of :data:`BEYOND` and those of an import, ids of further systems apart; ``jsonl`` has all.
    A text that a spreadsheet would take for a formula is written as it is: the file is for programs.
    """
    number = 0
    attributes = tuple(kit.settings.profile)
    writer = csv.writer(out)
    if form == "csv":
        writer.writerow((*BEYOND, *FIXED, *FIELDS, *attributes))
    with kit.read() as read:
        for member, own_tags, own_ids in _all(read, wanted):
            number += 1
            if form == "csv":
                writer.writerow(_row(member, own_tags, attributes))
            else:
                out.write(_document(member, own_tags, own_ids) + "\n")
    return number


def _all(read: Reader, wanted: MemberFilter | None) -> Iterator[tuple[Member, list[str], dict[str, str]]]:
    """Yield the members page by page, each with its tags and further ids."""
    after: str | None = None
    while True:
        page = member_page(read, wanted, first=PAGE, after=after)
        ids = [member.id for member in page.items]
        own_tags, own_ids = tags(read, ids), external_ids(read, ids)
        for member in page.items:
            yield member, own_tags[member.id], {each.source: each.external_id for each in own_ids[member.id]}
        if not page.has_next:
            return
        after = page.cursors[-1]


def _row(member: Member, own_tags: list[str], attributes: tuple[str, ...]) -> list[Any]:
    ends = member.valid_until
    cells: list[Any] = [member.id, member.state, member.joined_at.isoformat(), ends.isoformat() if ends else ""]
    cells.append(";".join(own_tags))
    cells += [getattr(member, name) for name in FIXED]
    for path in FIELDS:
        section, _, name = path.partition(".")
        value = member.sections.get(section, {}).get(name)
        cells.append(";".join(value) if path in LISTS and value else value)
    return cells + [member.attributes.get(name) for name in attributes]


def _document(member: Member, own_tags: list[str], own_ids: dict[str, str]) -> str:
    told = member._asdict()
    sections = told.pop("sections")
    return orjson.dumps({**told, **sections, "external_ids": own_ids, "tags": own_tags}).decode()
