"""The CSV import: rows become members once, and what cannot be registered is named line by line."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from corekit.errors import Invalid
from corekit.members.importing import CHUNK, Report, import_members
from corekit.members.read import member_page

PROFILE: dict[str, Any] = {
    "shoe_size": {"type": "integer", "min": 20, "max": 60},
    "vip": {"type": "boolean"},
    "city": {"type": "choice", "choices": ["Ulm", "Köln"], "required": True},
}
GOOD = "external_id,name,shoe_size,vip,city\na1,Ann,38,yes,Ulm\na2,,,,Köln\n"
BAD = (
    "external_id,name,shoe_size,vip,city\n"
    "a1,Ann,38,yes,Ulm\n"
    "b1,Bea,3.5,,Ulm\n"
    ",Cid,40,,Ulm\n"
    "d1,Dan\n"
    "e1,Eve,10,maybe,\n"
    "f1,Fay\udcff,,,Ulm\n"
    "\n"
    "a3,,,,Köln\n"
)


def load(kit: Any, text: str, **options: Any) -> tuple[Report, list[list[str]]]:
    rejects = io.StringIO()
    report = import_members(kit, io.StringIO(text, newline=""), rejects, **options)
    return report, list(csv.reader(rejects.getvalue().splitlines()))[1:]


def registered(kit: Any) -> dict[str | None, Any]:
    with kit.read() as read:
        return {member.external_id: member for member in member_page(read).items}


@pytest.mark.row("M1", way="python")
def test_rows_become_members_with_custom_attributes(make_kit: Any) -> None:
    kit = make_kit(profile=PROFILE)
    report, rejects = load(kit, GOOD)
    assert (report, rejects) == (Report(rows=2, registered=2), [])
    found = registered(kit)
    assert (found["a1"].name, found["a1"].channel, found["a1"].state) == ("Ann", "import", "active")
    assert found["a1"].attributes == {"shoe_size": 38, "vip": True, "city": "Ulm"}
    assert (found["a2"].name, found["a2"].attributes) == (None, {"city": "Köln"})


def test_importing_again_changes_nothing(make_kit: Any) -> None:
    kit = make_kit(profile=PROFILE)
    load(kit, GOOD)
    before = registered(kit)
    report, rejects = load(kit, GOOD)
    assert (report, rejects) == (Report(rows=2, unchanged=2), [])
    assert registered(kit) == before


@pytest.mark.row("M1", way="bad_input")
@pytest.mark.parametrize("dry_run", [False, True])
def test_bad_rows_are_named_line_by_line_and_the_others_go_on(make_kit: Any, *, dry_run: bool) -> None:
    kit = make_kit(profile=PROFILE)
    report, rejects = load(kit, BAD, dry_run=dry_run)
    assert report == Report(rows=7, registered=2, rejected=5)
    assert [row[:3] for row in rejects] == [
        ["3", "shoe_size", "TYPE"],
        ["4", "external_id", "REQUIRED"],
        ["5", "", "ROW_UNREADABLE"],
        ["6", "shoe_size", "RANGE"],
        ["6", "vip", "TYPE"],
        ["6", "city", "REQUIRED"],
        ["7", "", "ROW_UNREADABLE"],
    ]
    assert set(registered(kit)) == (set() if dry_run else {"a1", "a3"})


def test_a_changed_row_under_a_known_key_is_rejected_and_the_member_stays(make_kit: Any) -> None:
    kit = make_kit(profile=PROFILE)
    load(kit, GOOD)
    report, rejects = load(kit, GOOD.replace("Ann", "Anna"))
    assert report == Report(rows=2, unchanged=1, rejected=1)
    assert [row[:3] for row in rejects] == [["2", "external_id", "KEY_REUSED"]]
    assert registered(kit)["a1"].name == "Ann"


def test_a_key_that_is_twice_in_the_file_counts_once(make_kit: Any) -> None:
    kit = make_kit(profile=PROFILE)
    report, rejects = load(kit, GOOD + "a1,Ann,38,yes,Ulm\na2,Bob,,,Ulm\n")
    assert report == Report(rows=4, registered=2, unchanged=1, rejected=1)
    assert [row[:3] for row in rejects] == [["5", "external_id", "KEY_REUSED"]]


def test_a_member_whom_somebody_else_registered_is_not_registered_again(make_kit: Any) -> None:
    from corekit.activities.activity import Activity  # noqa: PLC0415

    kit = make_kit(profile=PROFILE)
    payload = {"external_id": "a1", "attributes": {"city": "Ulm"}}
    kit.record(Activity(type="member.registered", member="", payload=payload))
    report, rejects = load(kit, GOOD)
    assert report == Report(rows=2, registered=1, rejected=1)
    assert [row[:3] for row in rejects] == [["2", "external_id", "MEMBER_EXISTS"]]


@pytest.mark.parametrize(
    ("header", "problems"),
    [
        ("external_id,shoe_sise", [("COLUMN_UNKNOWN", ("shoe_sise",))]),
        ("name,city", [("COLUMN_MISSING", ("external_id",))]),
        ("external_id,city,city", [("COLUMN_REPEATED", ("city",))]),
        ("", [("COLUMN_MISSING", ("external_id",))]),
    ],
)
def test_a_header_that_cannot_be_used_stops_the_import(
    make_kit: Any, header: str, problems: list[tuple[str, tuple[str, ...]]]
) -> None:
    with pytest.raises(Invalid) as refused:
        load(make_kit(profile=PROFILE), header + "\n")
    assert [(problem.code, problem.path) for problem in refused.value.problems] == problems


def test_an_unknown_column_is_answered_with_the_nearest_one(make_kit: Any) -> None:
    with pytest.raises(Invalid, match="did you mean 'shoe_size'"):
        load(make_kit(profile=PROFILE), "external_id,shoe_sise\n")


def test_an_open_quote_costs_only_the_rest_of_the_file(make_kit: Any) -> None:
    report, rejects = load(make_kit(profile=PROFILE), GOOD + 'z1,"open,,,Ulm\nz2,,,,Ulm\n')
    assert (report.registered, report.rejected) == (2, 1)
    assert rejects[0][2] == "ROW_UNREADABLE"


def test_memory_does_not_hold_the_file(make_kit: Any) -> None:
    kit = make_kit(profile=PROFILE)
    read_ahead: list[int] = []
    given = 0

    def lines() -> Any:
        nonlocal given
        yield "external_id,city\n"
        for number in range(2 * CHUNK):
            given += 1
            yield f"m{number},Ulm\n"

    report = import_members(kit, lines(), progress=lambda report: read_ahead.append(given - report.rows))
    assert report.registered == 2 * CHUNK
    assert max(read_ahead) <= CHUNK
