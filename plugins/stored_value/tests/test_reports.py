"""Reports: what is owed by quarter, which fees were paid, what moved, and the slip of a top-up."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from corekit import Activity, Invalid, Kit, NotFound, balances
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_stored_value import slip as slips
from corekit_stored_value import tabular
from corekit_stored_value.fee_report import FeeSum, check_is_fee, fees
from corekit_stored_value.liability import liability
from corekit_stored_value.statement import Filter, as_csv, as_json_lines, movements, newest

PRINCIPAL, BONUS = "stored_value.principal", "stored_value.bonus"
PROGRAM = """
[program]
name = "Corner <shop>"

[stored_value]
spend = "principal_first"
bonus_expiry = {months = 2}

[[stored_value.bonus]]
id = "big"
from = "20"
give = "3"
"""
Does = Callable[..., str]


@pytest.fixture
def kit(make_kit: MakeKit, clock: SettableClock) -> Kit:
    clock.set("2026-02-10T12:00")
    return make_kit(["stored_value"], program=PROGRAM, time_zone="UTC")


@pytest.fixture
def does(kit: Kit, clock: SettableClock) -> Does:
    """Records something of a member, a second later; returns its id."""

    def record(member: str, what: str, amount: int = 0, reverses: str | None = None, **payload: Any) -> str:
        clock.advance(seconds=1)
        unit = "USD" if what == "topped_up" else None
        kind = f"stored_value.{what}"
        given = Activity(type=kind, member=member, amount=amount, unit=unit, reverses=reverses, payload=payload)
        done = kit.record(given)
        assert done.settled, done
        return str(done.activity_id)

    return record


@pytest.fixture
def ann(kit: Kit) -> str:
    return kit.record(Activity(type="member.registered")).member


def test_what_is_owed_by_quarter_is_what_members_have(kit: Kit, does: Does, ann: str, clock: SettableClock) -> None:
    paid = does(ann, "topped_up", 20_00, channel="cash")
    does(ann, "fee_charged", 5_00, kind="service")
    clock.set("2026-05-01T12:00")
    assert kit.jobs.run("expiry", go=True).settled == 1
    does(ann, "topped_up", 7_00, channel="cash")
    kit.reverse(paid, amount=10_00)
    book = kit.program.sections["stored_value"]
    with kit.read() as read:
        principal, bonus = liability(read, book, kit.zone, kit.now(), quarters=2)
        (had,) = (each.balance for each in balances(read, [ann], kit.now())[ann] if each.kind == PRINCIPAL)
        with pytest.raises(Invalid):
            liability(read, book, kit.zone, kit.now(), quarters=0)
    first, second = principal.quarters
    assert (first.name, first.issued, first.spent, first.outstanding) == ("2026-Q1", 20_00, 5_00, 15_00)
    assert (second.issued, second.taken_back, second.outstanding) == (7_00, 10_00, 12_00)
    assert principal.outstanding == had
    # What has lapsed before it is taken back is taken from the house, not from the member.
    assert [(each.issued, each.lapsed, each.taken_back, each.outstanding) for each in bonus.quarters] == [
        (3_00, 0, 0, 3_00),
        (0, 3_00, 0, 0),
    ]
    lines = list(csv.DictReader(tabular.of_liability([principal, bonus]).splitlines()))
    assert [(each["account"], each["quarter"], each["outstanding"]) for each in lines] == [
        (PRINCIPAL, "2026-Q1", "15.00"),
        (PRINCIPAL, "2026-Q2", "12.00"),
        (BONUS, "2026-Q1", "3.00"),
        (BONUS, "2026-Q2", "0.00"),
    ]


def test_fees_by_month_kind_and_store(kit: Kit, does: Does, ann: str, clock: SettableClock) -> None:
    does(ann, "topped_up", 20_00, channel="cash")
    first = does(ann, "fee_charged", 5_00, kind="service", store="north")
    does(ann, "fee_charged", 3_00, kind="service", store="north", channel="card")
    does(ann, "fee_charged", 90_00, kind="cards.replacement")
    clock.set("2026-03-01T12:00")
    does(ann, "fee_waived", 2_00, reverses=first, reason="late")
    unpaid = does(ann, "fee_charged", 40_00, kind="annual")
    does(ann, "fee_waived", reverses=unpaid, reason="poor")
    with kit.read() as read:
        found = fees(read, kit.zone, kit.now(), months=2)
        assert check_is_fee(read, first) == ann
        with pytest.raises(NotFound, match="no fee"):
            check_is_fee(read, ann)
    february, march = date(2026, 2, 1), date(2026, 3, 1)
    given: list[dict[str, Any]] = [
        {"month": february, "kind": "cards.replacement", "store": "", "number": 1, "charged": 90_00, "paid": 0},
        {"month": february, "kind": "service", "store": "north", "number": 2, "charged": 8_00, "paid": 6_00},
        {"month": march, "kind": "annual", "store": "", "number": 1, "charged": 40_00, "paid": 0},
    ]
    rest = [(90_00, 0), (0, 2_00), (0, 40_00)]
    assert found == [
        FeeSum(**each, unpaid=unpaid, waived=waived) for each, (unpaid, waived) in zip(given, rest, strict=True)
    ]
    assert tabular.of_fees(found[1:2], 2).splitlines()[1] == "2026-02,service,north,2,8.00,6.00,0.00,2.00"


def test_movements_are_filtered_and_exported(kit: Kit, does: Does, ann: str) -> None:
    bob = kit.record(Activity(type="member.registered")).member
    paid = does(ann, "topped_up", 20_00, channel="cash", store="north")
    does(ann, "fee_charged", 21_00, kind="service", store="south")
    does(bob, "topped_up", 1_00, channel="card")
    kit.reverse(paid, amount=1_00)
    with kit.read() as read:
        everything = list(movements(read, Filter()))
        of_ann = [(each.account, each.amount, each.store) for each in movements(read, Filter(member=ann))]
        assert sorted(of_ann[:2]) == [(BONUS, 3_00, "north"), (PRINCIPAL, 20_00, "north")]
        assert sorted(of_ann[2:4]) == [(BONUS, -1_00, "south"), (PRINCIPAL, -20_00, "south")]
        assert sorted(of_ann[4:]) == [(BONUS, -15, "north"), (f"{PRINCIPAL}.debt", -1_00, "north")]
        assert {each.store for each in movements(read, Filter(store="south"))} == {"south"}
        assert [each.amount for each in movements(read, Filter(kind=BONUS, type="reversal"))] == [-15]
        assert [each.member for each in movements(read, Filter(since=everything[-1].recorded_at))]
        assert not list(movements(read, Filter(until=datetime(2026, 1, 1, tzinfo=UTC))))
        (last,) = newest(read, [bob], Filter(), 1)[bob]
        scale = tabular.scales(kit.registry.kinds)
        rows = list(csv.DictReader("".join(as_csv([last], scale)).splitlines()))
        told = [json.loads(line) for line in as_json_lines([last])]
    assert [(each["amount"], each["balance_after"], each["channel"]) for each in rows] == [("1.00", "1.00", "card")]
    assert (told[0]["amount"], told[0]["member"], told[0]["recorded_at"][:10]) == ("100", bob, "2026-02-10")


class Texts(HTMLParser):
    """The texts of a page, and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts += [data] if data.strip() else []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)


@pytest.mark.parametrize(("language", "title"), [("en", "Deposit slip"), ("zh", "储值凭条")])
def test_the_slip_says_what_was_paid_and_escapes_what_it_is_told(
    kit: Kit, does: Does, ann: str, language: slips.Language, title: str
) -> None:
    evil = '"><script>alert(1)</script>'
    paid = does(ann, "topped_up", 20_00, channel="cash & carry", reference=evil)
    fee = does(ann, "fee_charged", 1_00, kind="service")
    with kit.read() as read:
        found = slips.slip(read, kit.program.sections["stored_value"], paid)
        with pytest.raises(NotFound, match="no top-up"):
            slips.slip(read, kit.program.sections["stored_value"], fee)
    page = Texts()
    page.feed(slips.as_html(found, kit.program.name, kit.zone, language))
    assert "script" not in page.tags
    assert {"Corner <shop>", title, evil, "cash & carry", "20.00 USD", "3.00 USD", "23.00 USD", ann} <= set(page.texts)
