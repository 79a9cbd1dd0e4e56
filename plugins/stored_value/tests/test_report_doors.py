"""Fees and reports over GraphQL and on the command line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from corekit import Activity, Kit
from corekit.cli import app
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_schema import ANONYMOUS, global_id
from corekit_stored_value.close import close
from corekit_stored_value.statement import Filter, newest

PROGRAM = """
[program]
name = "Corner shop"

[[stored_value.fees]]
id = "delivery"
kind = "service"
amount = "4.00"
"""
CHARGE = """
mutation ($input: StoredValueChargeFeeInput!) {
  storedValueChargeFee(input: $input) { outcome activity { id } userErrors { code path } }
}"""
WAIVE = """
mutation ($input: StoredValueWaiveFeeInput!) {
  storedValueWaiveFee(input: $input) { outcome userErrors { code path } }
}"""
MEMBER = """
query ($id: ID!, $paid: ID!) {
  member(id: $id) {
    storedValueMovements(first: 2) { activityType store channel amount { digits } balanceAfter { digits } }
    storedValueSlip(activity: $paid, language: ZH)
    other: storedValueSlip(activity: $id)
  }
}"""
REPORTS = """
{
  storedValueReports {
    closes(since: "2026-03-09", until: "2026-03-11") {
      day
      lines { account store channel opening { digits } cameIn { digits } wentOut { digits } closing { digits } }
    }
    liability(quarters: 1) { account quarters { quarter issued { digits } spent { digits } outstanding { digits } } }
    fees(months: 1) { month kind number charged { digits } paid { digits } unpaid { digits } waived { digits } }
  }
}"""


@pytest.fixture
def kit(make_kit: MakeKit, clock: SettableClock) -> Kit:
    clock.set("2026-03-10T12:00")
    return make_kit(["stored_value"], program=PROGRAM, time_zone="UTC")


@pytest.fixture
def ann(kit: Kit) -> str:
    return kit.record(Activity(type="member.registered")).member


@pytest.fixture
def paid(kit: Kit, ann: str) -> str:
    told = {"channel": "cash", "store": "north"}
    done = kit.record(Activity(type="stored_value.topped_up", member=ann, amount=20_00, unit="USD", payload=told))
    return str(done.activity_id)


@pytest.mark.row("V6", way="graphql")
@pytest.mark.row("V7", way="graphql")
def test_fees_and_reports_over_graphql(graphql: Any, kit: Kit, ann: str, paid: str, clock: SettableClock) -> None:
    charge = {"memberId": global_id("Member", ann), "fee": "delivery", "idempotencyKey": "k1"}
    done = graphql.data(CHARGE, input=charge)["storedValueChargeFee"]
    assert (done["outcome"], done["userErrors"]) == ("SETTLED", [])
    wrong = graphql.data(CHARGE, input=charge | {"fee": "delivry"})["storedValueChargeFee"]
    assert [each["code"] for each in wrong["userErrors"]] == ["STORED_VALUE_FEE_UNKNOWN"]
    with kit.read() as read:
        (moved,) = newest(read, [ann], Filter(), 1)[ann]
    fee = global_id("Activity", moved.activity)
    clock.set("2026-03-11T12:00")
    waive = {"activityId": fee, "reason": "late", "amount": "100", "idempotencyKey": "k2"}
    assert graphql.data(WAIVE, input=waive)["storedValueWaiveFee"] == {"outcome": "SETTLED", "userErrors": []}
    no_fee = graphql.data(WAIVE, input=waive | {"activityId": global_id("Activity", paid), "idempotencyKey": "k3"})
    assert [each["code"] for each in no_fee["storedValueWaiveFee"]["userErrors"]] == ["STORED_VALUE_NO_FEE"]
    found = graphql.data(MEMBER, id=global_id("Member", ann), paid=global_id("Activity", paid))["member"]
    assert found["storedValueMovements"] == [
        {
            "activityType": kind,
            "store": "",
            "channel": "",
            "amount": {"digits": amount},
            "balanceAfter": {"digits": after},
        }
        for kind, amount, after in (
            ("stored_value.fee_waived", "100", "1700"),
            ("stored_value.fee_charged", "-400", "1600"),
        )
    ]
    assert "储值凭条" in found["storedValueSlip"]
    assert found["other"] is None
    clock.set("2026-03-12T12:00")
    close(kit, clock().date().replace(day=10))
    close(kit)
    (first, second) = graphql.data(REPORTS)["storedValueReports"]["closes"]
    assert first == {
        "day": "2026-03-10",
        "lines": [
            _line("", "", opening="0", in_="0", out="400", closing="-400"),
            _line("north", "cash", opening="0", in_="2000", out="0", closing="2000"),
        ],
    }
    assert second["lines"][0] == _line("", "", opening="-400", in_="100", out="0", closing="-300")
    reports = graphql.data(REPORTS)["storedValueReports"]
    assert reports["liability"][0]["quarters"] == [
        {
            "quarter": "2026-Q1",
            "issued": {"digits": "2000"},
            "spent": {"digits": "300"},
            "outstanding": {"digits": "1700"},
        }
    ]
    (fees,) = reports["fees"]
    assert {name: fees[name] for name in ("kind", "number")} == {"kind": "service", "number": 1}
    assert [fees[name]["digits"] for name in ("charged", "paid", "unpaid", "waived")] == ["400", "300", "0", "100"]
    assert graphql.ask(REPORTS, ANONYMOUS)["data"] == {"storedValueReports": None}


def _line(store: str, channel: str, *, opening: str, in_: str, out: str, closing: str) -> dict[str, Any]:
    amounts = {"opening": opening, "cameIn": in_, "wentOut": out, "closing": closing}
    told = {"account": "stored_value.principal", "store": store, "channel": channel}
    return told | {name: {"digits": amount} for name, amount in amounts.items()}


@pytest.fixture
def run(kit: Kit, tmp_path: Path) -> Callable[..., Any]:
    config = tmp_path / "corekit.toml"
    text = f'[corekit]\ndatabase = "{kit.settings.database}"\nplugins = ["stored_value"]\ntime_zone = "UTC"\n'
    config.write_text(text, encoding="utf-8")

    def command(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["--config", str(config), "--json", "stored-value", *words])
        assert done.exit_code == code, done.output
        return done.stdout or done.stderr

    return command


@pytest.mark.row("V6", way="cli")
@pytest.mark.row("V7", way="cli")
def test_fees_and_reports_on_the_command_line(run: Any, kit: Kit, ann: str, paid: str, tmp_path: Path) -> None:
    charged = json.loads(run("charge-fee", ann, "delivery"))
    fee = charged["follow_ons"][0]["activity_id"]
    assert json.loads(run("waive-fee", fee, "--reason", "late", "--amount", "100"))["outcome"] == "settled"
    assert "STORED_VALUE_NO_FEE" in run("waive-fee", paid, "--reason", "late", code=1)
    # The clock of the command line is the database's, which is later than that of the kit.
    assert json.loads(run("close", "--day", "2026-03-10", "--check")) == {"closed": ["2026-03-10"], "unequal": []}
    assert "STORED_VALUE_DAY_NOT_OVER" in run("close", "--day", "9999-01-01", code=1)
    (day,) = json.loads(run("closes", "--from", "2026-03-10", "--csv", str(tmp_path / "closes.csv")))
    assert [(line["store"], line["closing"]) for line in day["lines"]] == [("north", 20_00)]
    (row,) = csv.DictReader((tmp_path / "closes.csv").read_text(encoding="utf-8").splitlines())
    assert (row["day"], row["in"], row["closing"]) == ("2026-03-10", "20.00", "20.00")
    principal, bonus = json.loads(run("liability", "--quarters", "40"))
    assert principal["quarters"][-1]["outstanding"] == 17_00
    assert bonus["quarters"][-1]["outstanding"] == 0
    (fees,) = json.loads(run("fees"))
    assert (fees["kind"], fees["paid"], fees["waived"]) == ("service", 3_00, 1_00)
    lines = run("movements", "--member", ann, "--format", "jsonl", "--store", "north").splitlines()
    assert [json.loads(line)["amount"] for line in lines] == ["2000"]
    assert len(run("movements").splitlines()) == 4
    assert "Deposit slip" in run("slip", paid)
    assert "STORED_VALUE_NO_SLIP" in run("slip", fee, code=1)
