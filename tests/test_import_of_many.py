"""A large file of members with bad rows in it: exactly those are rejected, and the same file again changes nothing."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from sqlalchemy import select

from bench import people
from corekit import Kit
from corekit.db.base import metadata
from corekit.members.importing import CHUNK, Report, import_members
from corekit.testing.plugin import MakeKit

WAYS = len(people.BAD)
ROWS = 2 * WAYS * people.EVERY
"""Every way of being bad twice: what is another's is so of the same chunk, and of one before."""
BAD = ROWS // people.EVERY


def imported(kit: Kit, file: list[str]) -> tuple[Report, list[list[str]]]:
    rejects = io.StringIO()
    report = import_members(kit, file, rejects)
    return report, list(csv.reader(io.StringIO(rejects.getvalue())))[1:]


def everything(kit: Kit) -> dict[str, list[str]]:
    """Return the rows of every table of the core."""
    with kit.read() as read:
        return {name: sorted(map(repr, read.all(select(table)))) for name, table in metadata.tables.items()}


def test_a_file_of_this_size_has_every_way_in_more_than_one_chunk() -> None:
    told = [problems for _, problems in people.rows(ROWS) if problems]
    assert told == [way.problems for way in people.BAD.values()] * 2
    assert ROWS > CHUNK


@pytest.mark.row("M1", way="bad_input")
def test_exactly_the_bad_rows_are_rejected_with_line_field_and_code(make_kit: MakeKit) -> None:
    kit = make_kit()
    report, rejects = imported(kit, list(people.lines(ROWS)))
    assert report == Report(rows=ROWS, registered=ROWS - BAD, rejected=BAD)
    assert [(int(line), field, code) for line, field, code, _ in rejects] == list(people.planted(ROWS))
    assert all(reason for *_, reason in rejects)
    assert kit.verify().clean


@pytest.mark.row("M1", way="python")
def test_the_same_file_again_changes_nothing(make_kit: MakeKit) -> None:
    kit = make_kit()
    file = list(people.lines(ROWS))
    _, rejects = imported(kit, file)
    before = everything(kit)
    assert imported(kit, file) == (Report(rows=ROWS, unchanged=ROWS - BAD, rejected=BAD), rejects)
    assert everything(kit) == before
    imported(kit, list(people.lines(1, first=ROWS)))  # one more row is seen
    assert everything(kit) != before


def test_a_row_that_is_mended_is_registered_by_the_next_import(make_kit: MakeKit) -> None:
    kit = make_kit()
    file = list(people.lines(ROWS))
    imported(kit, file)
    planted = {line for line, _, _ in people.planted(ROWS)}
    good: dict[int, Any] = {line: people.person(line - 2) for line in planted}
    for line, row in good.items():
        row["external_id"] += "-mended"  # what was refused under a key stays refused
        file[line - 1] = people.line(list(row.values()))
    assert imported(kit, file) == (Report(rows=ROWS, registered=BAD, unchanged=ROWS - BAD), [])
