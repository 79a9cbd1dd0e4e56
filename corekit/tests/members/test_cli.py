"""The commands for people: what they print, what they store, and how they end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from corekit.cli import app

Run = Callable[..., Any]
PROFILE = '[corekit.profile.shoe_size]\ntype = "integer"\nmin = 20\n'


@pytest.fixture
def run(make_kit: Any, tmp_path: Path) -> Run:
    """Run a command against a migrated database; returns the result, with ``.said`` for its JSON."""
    kit = make_kit(profile={"shoe_size": {"type": "integer", "min": 20}})
    config = tmp_path / "corekit.toml"
    config.write_text(f'[corekit]\ndatabase = "{kit.settings.database}"\nplugins = []\n{PROFILE}', encoding="utf-8")

    def call(*words: str, code: int = 0, data: str | None = None) -> Any:
        result = CliRunner().invoke(app, ["--config", str(config), *words], input=data)
        assert result.exit_code == code, result.output
        return result

    return call


def said(result: Any) -> Any:
    return json.loads(result.stdout)


@pytest.fixture
def ann(run: Run) -> str:
    words = ("--external-id", "e1", "--name", "Ann", "--channel", "pos", "--set", "shoe_size=38", "--key", "k1")
    return str(said(run("--json", "members", "register", *words))["member"])


@pytest.mark.row("M1", way="cli")
def test_a_registered_member_is_listed_and_shown(run: Run, ann: str) -> None:
    page = said(run("--json", "members", "list", "--channel", "pos", "--name", "An"))
    assert [(member["id"], member["external_id"]) for member in page["items"]] == [(ann, "e1")]
    assert "nothing" in run("members", "list", "--state", "frozen").output
    shown = run("members", "show", "e1").output
    assert ann in shown
    assert "shoe_size: 38" in shown
    assert said(run("--json", "members", "show", ann))["member"]["attributes"] == {"shoe_size": 38}


def test_pages_of_a_list_follow_each_other(run: Run) -> None:
    for number in range(3):
        run("members", "register", "--external-id", f"m{number}")
    first = said(run("--json", "members", "list", "--first", "2"))
    rest = said(run("--json", "members", "list", "--first", "2", "--after", first["cursors"][-1]))
    assert [it["external_id"] for it in (*first["items"], *rest["items"])] == ["m0", "m1", "m2"]
    assert f"--after {first['cursors'][-1]}" in run("members", "list", "--first", "2").output


def test_the_same_key_registers_once_and_another_person_needs_another_key(run: Run, ann: str) -> None:
    words = ("members", "register", "--external-id", "e1", "--name", "Ann", "--channel", "pos", "--key", "k1")
    again = said(run("--json", *words, "--set", "shoe_size=38"))
    assert (again["member"], again["replayed"]) == (ann, True)
    assert "[KEY_REUSED]" in run(*words, code=1).stderr
    assert "code: MEMBER_EXISTS" in run("members", "register", "--external-id", "e1", code=1).output


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("register", "--set", "shoe_size=big"), "TYPE"),
        (("register", "--set", "shoe=38"), "UNKNOWN_FIELD"),
        (("register", "--channel", "fax"), "NOT_ONE_OF"),
        (("show", "nobody"), "NOT_FOUND"),
        (("show", "0" * 32), "NOT_FOUND"),
        (("freeze", "nobody"), "NOT_FOUND"),
        (("show", "e1", "--at", "soon"), "TYPE"),
        (("list", "--first", "0"), "PAGE_SIZE"),
        (("list", "--after", "x"), "CURSOR"),
    ],
)
def test_what_cannot_be_is_one_line_with_a_code(run: Run, ann: str, words: tuple[str, ...], code: str) -> None:
    result = run("members", *words, code=1)
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.endswith(f"[{code}]\n")
    assert result.stderr.count("\n") == 1


@pytest.mark.row("M4", way="cli")
def test_a_member_is_led_through_its_life(run: Run, ann: str) -> None:
    for step, state in (("freeze", "frozen"), ("unfreeze", "active"), ("cancel", "cancelled"), ("restore", "active")):
        run("members", step, "e1", "--reason", "because")
        assert said(run("--json", "members", "show", "e1"))["member"]["state"] == state
    refused = said(run("--json", "members", "restore", ann, code=1))
    assert (refused["outcome"], refused["code"]) == ("refused", "MEMBER_STATE")


def test_an_import_reports_and_writes_what_it_rejects(run: Run, tmp_path: Path) -> None:
    file, rejects = tmp_path / "people.csv", tmp_path / "rejects.csv"
    file.write_bytes(b"\xef\xbb\xbfexternal_id,name,shoe_size\r\na1,Ann,38\r\na2,Bea,3\r\na3,F\xe4y,\r\n")
    words = ("members", "import", str(file), "--rejects", str(rejects))
    assert said(run("--json", *words, "--dry-run", code=1)) == {
        "rows": 3,
        "registered": 1,
        "unchanged": 0,
        "rejected": 2,
    }
    assert "3 rows: 1 registered, 0 known, 2 rejected" in run(*words, code=1).stdout
    lines = rejects.read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[:3] for line in lines[1:]] == [["3", "shoe_size", "RANGE"], ["4", "", "ROW_UNREADABLE"]]
    file.write_text("external_id,name,shoe_size\na1,Ann,38\n", encoding="utf-8")
    assert said(run("--json", *words)) == {"rows": 1, "registered": 0, "unchanged": 1, "rejected": 0}
    file.write_text("external_id,shoes\n", encoding="utf-8")
    assert "[COLUMN_UNKNOWN]" in run(*words, code=1).stderr


LADDER = """
[program]
name = "Club"
[[ladders]]
code = "main"
name = "Main"
[[ladders.tiers]]
code = "base"
name = "Base"
[[ladders.tiers]]
code = "gold"
name = "Gold"
criteria = [{metric = "spend", window = "lifetime", at_least = "20.00"}]
"""


@pytest.mark.row("T6", way="cli")
@pytest.mark.row("T6", way="bad_input")
def test_show_says_what_is_missing_for_the_next_tier_and_where_a_member_stood(
    run: Run, ann: str, tmp_path: Path
) -> None:
    program = tmp_path / "program.toml"
    program.write_text(LADDER, encoding="utf-8")
    run("program", "apply", str(program))
    bought = {"type": "purchase", "member": ann, "amount": 1500, "lines": [{"no": 1, "amount": 1500}]}
    run("activities", "record", "-", data=json.dumps(bought))
    (step,) = said(run("--json", "members", "show", "e1"))["progress"][0]["steps"]
    assert (step["measured"], step["criterion"]["at_least"]) == (1500, 2000)
    run("activities", "record", "-", data=json.dumps(bought))
    shown = said(run("--json", "members", "show", "e1"))
    assert [each["tier"] for each in shown["standing"]] == ["gold"]
    assert shown["progress"][0]["next"] is None
    assert said(run("--json", "members", "show", "e1", "--at", "2020-01-01"))["standing"] == []
    assert "[TYPE]" in run("members", "show", "e1", "--at", "2026-13-01", code=1).stderr


PURCHASE: dict[str, Any] = {
    "type": "purchase",
    "source": "till",
    "external_id": "p1",
    "occurred_at": "2026-01-10T12:00:00+01:00",
    "amount": 1250,
    "lines": [{"no": 1, "amount": 1250, "category": "milk", "flags": ["special_offer"]}],
    "payload": {"store": "s1"},
}


@pytest.mark.row("A2", way="cli")
@pytest.mark.row("A3", way="cli")
@pytest.mark.row("A5", way="cli")
@pytest.mark.row("A6", way="cli")
def test_an_activity_is_simulated_recorded_explained_and_taken_back(run: Run, ann: str, tmp_path: Path) -> None:
    file = tmp_path / "activities.jsonl"
    file.write_text(json.dumps({**PURCHASE, "member": ann}) + "\n\n", encoding="utf-8")
    assert "outcome: settled" in run("activities", "simulate", str(file)).output
    listed = ("--json", "activities", "list", "e1", "--type", "purchase")
    assert said(run(*listed))["items"] == []

    recorded = said(run("--json", "activities", "record", str(file)))
    key = recorded["activity_id"]
    assert (recorded["outcome"], recorded["seq"]) == ("settled", 2)
    replayed = said(run("--json", "activities", "record", "-", data=file.read_text(encoding="utf-8")))
    assert (replayed["activity_id"], replayed["replayed"]) == (key, True)
    assert [view["id"] for view in said(run(*listed))["items"]] == [key]

    shown = said(run("--json", "activities", "show", key))
    assert (shown["activity"]["amount"], shown["lines"][0]["flags"]) == (1250, ["special_offer"])
    undo = said(run("--json", "activities", "reverse", key, "--reason", "oops", "--key", "u1"))
    assert said(run("--json", "activities", "why", key))["reversed_by"][0]["id"] == undo["activity_id"]
    told = run("activities", "why", key).output
    assert "category: milk" in told
    assert f"reversed_by:\n  id: {undo['activity_id']}" in told
    assert "code: ALREADY_REVERSED" in run("activities", "reverse", key, code=1).output


@pytest.mark.row("A8", way="cli")
def test_slips_are_found_by_category_and_summed(run: Run, ann: str) -> None:
    for number, category in enumerate(("milk", "bread", "milk")):
        line = {"no": 1, "amount": 100 + number, "category": category}
        bought = {"type": "purchase", "member": ann, "amount": 100 + number, "lines": [line]}
        run("activities", "record", "-", data=json.dumps({**bought, "payload": {"order_no": f"o{number}"}}))
    found = said(run("--json", "activities", "slips", "e1", "--category", "milk"))
    assert [slip["activity"]["payload"]["order_no"] for slip in found["slips"]] == ["o2", "o0"]
    assert [(each["key"], each["amount"]) for each in found["consumption"]] == [("milk", 202), ("bread", 101)]
    assert "order_no: o1" in run("activities", "slips", "e1", "--category", "bread").output


@pytest.mark.row("A8", way="bad_input")
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("nope", "NOT_JSON"),
        ("[]", "TYPE"),
        ('{"type": "purchase", "amount": 1.5}', "TYPE"),
        ('{"type": "purchase", "amuont": 1}', "UNKNOWN_FIELD"),
        ('{"type": "purchase", "occurred_at": "2026-01-10T12:00:00"}', "TYPE"),
        ('{"type": "purchase", "lines": [{"amount": 1}]}', "REQUIRED"),
        ("{}", "REQUIRED"),
    ],
)
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.row("A2", way="bad_input")
def test_a_line_that_is_no_activity_is_refused_with_its_number(run: Run, line: str, code: str) -> None:
    result = run("activities", "record", "-", data=f"\n{line}\n", code=1)
    assert result.stderr.startswith("error: 2")
    assert f"[{code}]" in result.stderr


@pytest.mark.row("A3", way="bad_input")
@pytest.mark.parametrize("command", ["show", "why", "reverse"])
def test_an_activity_that_nobody_recorded_is_not_found(run: Run, command: str) -> None:
    assert "[NOT_FOUND]" in run("activities", command, "0" * 32, code=1).stderr
    assert "[NOT_FOUND]" in run("activities", command, "p1", code=1).stderr
