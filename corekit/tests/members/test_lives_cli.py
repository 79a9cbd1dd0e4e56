"""Lives of members by commands, and members into files and out of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from corekit.cli import app

Run = Callable[..., Any]
MEMBERS = """
[corekit.members]
region = "DE"
kinds = ["consumer", "distributor"]
validity_months = 12
[corekit.members.enrolment]
approval = "manual"
automatic = ["purchase"]
required = ["name"]
[corekit.profile.size]
type = "integer"
"""
RULES = {
    "region": "DE",
    "kinds": ["consumer", "distributor"],
    "validity_months": 12,
    "enrolment": {"approval": "manual", "automatic": ["purchase"], "required": ["name"]},
}


@pytest.fixture
def run(make_kit: Any, tmp_path: Path) -> Run:
    kit = make_kit(members=RULES, profile={"size": {"type": "integer"}})
    config = tmp_path / "corekit.toml"
    config.write_text(f'[corekit]\ndatabase = "{kit.settings.database}"\nplugins = []\n{MEMBERS}', encoding="utf-8")

    def call(*words: str, code: int = 0, data: str | None = None) -> Any:
        result = CliRunner().invoke(app, ["--config", str(config), "--json", *words], input=data)
        assert result.exit_code == code, result.output
        return json.loads(result.stdout) if result.stdout else result.stderr

    return call


def state(run: Run, who: str) -> str:
    return str(run("members", "show", who)["member"]["state"])


def counted(done: dict[str, Any]) -> tuple[int, int]:
    return done["found"], done["settled"]


@pytest.mark.row("M4", way="cli")
@pytest.mark.row("M2", way="cli")
@pytest.mark.row("M2", way="bad_input")
def test_an_applicant_is_led_through_its_life(run: Run) -> None:
    refused = run("members", "register", "--external-id", "e0", code=1)
    assert refused["parameters"]["codes"] == "ENROL_FIELD_MISSING"
    run("members", "register", "--external-id", "e1", "--name", "Ann")
    assert state(run, "e1") == "pending"
    for step, after in (("approve", "active"), ("lapse", "dormant"), ("cancel", "cancelled"), ("restore", "active")):
        run("members", step, "e1", "--reason", "because")
        assert state(run, "e1") == after
    run("members", "renew", "e1", "--months", "3")
    assert counted(run("jobs", "run", "memberships")) == (0, 0)
    assert counted(run("jobs", "run", "memberships", "--at", "2040-01-01")) == (1, 1)
    assert state(run, "e1") == "dormant"
    run("members", "register", "--external-id", "e2", "--name", "Bea")
    run("members", "reject", "e2", "--reason", "fraud")
    assert state(run, "e2") == "cancelled"


@pytest.mark.row("M5", way="cli")
@pytest.mark.row("M6", way="cli")
@pytest.mark.row("M3", way="cli")
def test_a_profile_is_changed_and_its_history_shown(run: Run) -> None:
    run(
        "members",
        "register",
        "--external-id",
        "e1",
        "--name",
        "Ann",
        "--set",
        "external_ids.crm=17",
        "--set",
        "size=38",
    )
    told = (
        "--set",
        "kind=distributor",
        "--set",
        "identity.city=Ulm",
        "--set",
        "phone=0731 1234567",
        "--set",
        "size=39",
    )
    run("members", "update", "e1", *told, "--remove", "name", "--reason", "called")
    shown = run("members", "show", "0731-1234567")
    member = shown["member"]
    assert (member["name"], member["kind"], member["attributes"]) == (None, "distributor", {"size": 39})
    assert shown["external_ids"][0]["external_id"] == "17"
    assert run("members", "show", member["number"])["member"]["id"] == member["id"]
    changed = {(it["field"], it["before"], it["after"]) for it in run("members", "changes", "e1")}
    assert ("identity.city", None, "Ulm") in changed
    assert ("name", "Ann", None) in changed
    for key in ("e2", "e3"):
        run("members", "register", "--external-id", key, "--name", "Bea", "--set", "birthday=1990-02-28")
    (twice,) = run("members", "duplicates")
    assert (twice["name"], len(twice["members"])) == ("Bea", 2)
    assert "NOT_ONE_OF" in run("members", "update", "e1", "--set", "kind=king", code=1)


@pytest.mark.row("M7", way="cli")
@pytest.mark.row("M8", way="cli")
@pytest.mark.row("M9", way="cli")
def test_tags_groups_consent_and_being_forgotten(run: Run, tmp_path: Path) -> None:
    run("members", "register", "--external-id", "e1", "--name", "Ann")
    run("members", "register", "--external-id", "e2", "--name", "Bea")
    run("members", "tag", "e1", "--add", "vip", "--add", "press")
    run("members", "tag", "e1", "--remove", "press")
    run("members", "join-group", "e1", "smith", "--role", "primary")
    run("members", "consent", "e1", "marketing", "--channel", "email")
    run("members", "consent", "e1", "profiling", "--withdraw")
    shown = run("members", "show", "e1")
    assert (shown["tags"], shown["groups"][0]["role"]) == (["vip"], "primary")
    assert [(it["purpose"], it["granted"]) for it in shown["consents"]] == [("marketing", True), ("profiling", False)]
    for where in ("tag=vip", "group=smith", "external_id=e1"):
        found = run("members", "list", "--where", where)
        assert [it["external_id"] for it in found["items"]] == ["e1"]
    run("members", "leave-group", "e1", "smith")
    key = shown["member"]["id"]
    run("members", "export-data", "e1", "--file", str(tmp_path / "ann.json"))
    assert json.loads((tmp_path / "ann.json").read_text(encoding="utf-8"))["member"]["name"] == "Ann"
    assert run("members", "erase", "e1", "--reason", "asked")["state"] == "done"
    assert run("members", "show", key)["member"]["name"] is None
    assert [it["member"] for it in run("members", "erasures", "--state", "done")] == [key]


@pytest.mark.row("M3", way="cli")
@pytest.mark.row("M7", way="cli")
def test_two_members_become_one_and_two_again(run: Run, tmp_path: Path) -> None:
    for key in ("e1", "e2"):
        run("members", "register", "--external-id", key, "--name", "Bea", "--set", f"external_ids.card={key}")
        run("members", "approve", key)
    bought = {"type": "purchase", "amount": 700, "identity": {"external_ids": {"card": "e2"}}}
    run("activities", "record", "-", data=json.dumps(bought))
    told = run("members", "merge", "e1", "e2", "--reason", "one person", "--dry-run")
    assert (told["outcome"], state(run, "e2")) == ("settled", "active")
    merged = run("members", "merge", "e1", "e2", "--reason", "one person", "--key", "m1")
    assert merged["outcome"] == "settled"
    assert [it["external_id"] for it in run("members", "list", "--metric", "spend/year=700..700")["items"]] == ["e1"]
    assert run("members", "show", "e2")["member"]["external_id"] == "e1", "the old name leads to the survivor"
    assert run("members", "merge", "e1", told["follow_ons"][0]["member"], code=1)["code"] == "MEMBER_MERGED"
    run("activities", "reverse", merged["activity_id"])
    assert run("members", "list", "--metric", "spend=1..")["items"][0]["external_id"] == "e2"
    out = tmp_path / "out.csv"
    assert run("members", "export", str(out), "--metric", "visits=..0")["members"] == 1
    assert "write METRIC/WINDOW=LEAST..MOST" in run("members", "list", "--metric", "spend", code=2)
    assert "METRIC_UNKNOWN" in run("members", "list", "--metric", "spent=1..", code=1)


@pytest.mark.row("M1", way="cli")
def test_an_activity_of_a_file_names_whom_it_is_about(run: Run) -> None:
    told = {"type": "purchase", "amount": 100, "identity": {"email": "a@b.de", "name": "Ann"}}
    refused = run("activities", "record", "-", data=json.dumps(told), code=1)
    assert refused["code"] == "MEMBER_PENDING"
    assert state(run, "a@b.de") == "pending"


@pytest.mark.row("M1", way="cli")
@pytest.mark.row("M7", way="cli")
@pytest.mark.row("M7", way="python")
def test_members_come_in_from_lines_of_json_and_go_out_as_csv(run: Run, tmp_path: Path) -> None:
    people, rejects, out = (tmp_path / name for name in ("people.jsonl", "rejects.csv", "out.csv"))
    rows: list[Any] = [
        {"external_id": "a1", "name": "Ann", "phone": "0731 1234567", "lifestyle": {"hobbies": ["chess", "golf"]}},
        {"external_id": "a2", "name": "Bea", "phone": "+497311234567"},
        {"external_id": "a3", "identity": {"citi": "Ulm"}, "name": "Cleo"},
        {"external_id": 4, "name": "Dora"},
        [],
        {"external_id": "a6", "name": "Fay", "attributes": {"size": 40}, "external_ids": {"crm": "6"}},
    ]
    people.write_text("\n".join(map(json.dumps, rows)) + "\nnope\n", encoding="utf-8")
    words = ("members", "import", str(people), "--rejects", str(rejects))
    wanted = {"rows": 7, "registered": 2, "unchanged": 0, "rejected": 5}
    assert run(*words, "--dry-run", code=1) == wanted
    assert run("members", "list")["items"] == []
    assert run(*words, code=1) == wanted
    with rejects.open(encoding="utf-8") as file:
        assert [row[:3] for row in csv.reader(file)][1:] == [
            ["2", "phone", "IDENTITY_TAKEN"],
            ["3", "identity.citi", "UNKNOWN_FIELD"],
            ["4", "external_id", "REQUIRED"],
            ["5", "", "ROW_UNREADABLE"],
            ["7", "", "ROW_UNREADABLE"],
        ]
    assert run(*words, code=1) == {"rows": 7, "registered": 0, "unchanged": 2, "rejected": 5}
    assert run("members", "export", str(out)) == {"members": 2}
    with out.open(encoding="utf-8") as file:
        ann, fay = csv.DictReader(file)
    assert (ann["phone"], ann["lifestyle.hobbies"], ann["state"]) == ("+497311234567", "chess;golf", "pending")
    assert (fay["external_id"], fay["size"]) == ("a6", "40")
    assert run(
        "members", "export", str(tmp_path / "out.jsonl"), "--where", "source=crm", "--where", "external_id=6"
    ) == {"members": 1}
    document = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert (document["name"], document["external_ids"]) == ("Fay", {"crm": "6"})


def test_a_csv_takes_sections_and_ids_of_systems_as_columns(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    head = "external_id,name,identity.city,preferences.brands,external_ids.crm,size\n"
    file.write_text(head + "a1,Ann,Ulm,x;y,17,38\n", encoding="utf-8")
    run("members", "import", str(file))
    shown = run("members", "show", "a1")
    assert shown["member"]["sections"] == {"identity": {"city": "Ulm"}, "preferences": {"brands": ["x", "y"]}}
    assert shown["external_ids"][0]["source"] == "crm"
