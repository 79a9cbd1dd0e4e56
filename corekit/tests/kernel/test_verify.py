"""The proof of the books: a fault planted by hand, past the guards, is found and named by its invariant."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from attrs import field, frozen
from sqlalchemy import Connection, select
from typer.testing import CliRunner

from corekit import Activity, Kit, Line, Settings
from corekit.cli import app
from corekit.db import lineage
from corekit.db.lineage import lineages
from corekit.db.reader import Reader
from corekit.ledger.chart import DAY
from corekit.ledger.tables import account
from corekit.members.tables import profile
from corekit.migrations import guards
from corekit.plugins import discover
from corekit.proof.invariants import INVARIANTS, WHOLE
from corekit.proof.verify import Report, verify
from corekit.testing.backends import Backend
from corekit.testing.clock import SettableClock

EVER = datetime(1971, 1, 1, tzinfo=UTC)
PLAIN = "(SELECT id FROM core_effect WHERE kind = 'Credit' AND account_kind = 'toy.plain' LIMIT 1)"
ONE_PURCHASE = "(SELECT id FROM core_activity WHERE type = 'purchase' LIMIT 1)"
NOBODY = "(SELECT member_id FROM core_profile WHERE name = 'nobody')"
RICH = "(SELECT member_id FROM core_profile WHERE name = 'rich')"


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


@frozen
class Fault:
    """What is planted, the invariants that are broken by it, and the proofs of a part that see it."""

    invariants: tuple[str, ...] = field(converter=_names)
    plants: str
    seen_by: tuple[str, ...] = ("account", "since")


THRIFTY = "(SELECT id FROM core_account WHERE kind = 'toy' AND member_id = {})".format(
    "(SELECT member_id FROM core_profile WHERE name = 'thrifty')"
)
LATER_LOT = f"(SELECT id FROM core_lot WHERE account_id = {THRIFTY} ORDER BY expires_at DESC LIMIT 1)"

FAULTS = [
    Fault("1", "UPDATE core_account SET seq = seq + 1 WHERE kind = 'toy.plain'"),
    Fault("1", "UPDATE core_account SET last_at = last_at + 1 WHERE kind = 'toy.plain'"),
    Fault("2", "UPDATE core_entry SET available_after = balance_after + 1 WHERE seq = 1"),
    Fault("3", f"UPDATE core_entry SET activity_id = {ONE_PURCHASE} WHERE seq = 2"),
    Fault("4 5", "UPDATE core_posting SET unit = 'USD' WHERE effect_id = " + PLAIN),
    Fault("6", f"UPDATE core_account SET member_id = {RICH} WHERE kind = 'toy.plain.debt'"),
    Fault("7", "UPDATE core_account SET seq = 1 WHERE kind = 'toy.issued'", seen_by=("since",)),
    Fault("8", "UPDATE core_lot SET seq = seq + 1"),
    Fault(
        "8 debt", "UPDATE core_effect SET unfunded = unfunded + 1 WHERE kind = 'Debit' AND account_kind = 'toy.kind'"
    ),
    Fault(
        "9",
        "UPDATE core_lot SET account_id = (SELECT id FROM core_account WHERE kind = 'toy.plain' "
        f"AND member_id = {RICH}) "
        "WHERE account_id = (SELECT id FROM core_account WHERE kind = 'toy.kind')",
    ),
    Fault(
        "10",
        "INSERT INTO core_hold (id, activity_id, account_id, amount, outcome, captured) "
        "SELECT e.id, e.activity_id, a.id, 5, 'released', 0 FROM core_effect e, core_account a "
        f"WHERE e.id = {PLAIN} AND a.kind = 'toy.plain' AND a.member_id = {RICH}",
        seen_by=("since",),
    ),
    Fault("10", "UPDATE core_hold SET resolved_at = resolved_at + 1 WHERE outcome = 'captured'"),
    Fault("10", "UPDATE core_hold SET captured = 0"),
    Fault("11", f"UPDATE core_lot SET expires_at = expires_at - {50 * DAY} WHERE id = {LATER_LOT}"),
    Fault("12", "UPDATE core_effect SET undone = 1 WHERE kind = 'toy.take'"),
    Fault("11 12", "UPDATE core_lot_movement SET kind = 'consume' WHERE kind = 'clawback'"),
    Fault(
        "12",
        "UPDATE core_activity SET reverses = (SELECT id FROM core_activity WHERE type = 'reversal' "
        f"AND member_id = {RICH} LIMIT 1) WHERE type = 'member.frozen'",
    ),
    Fault("13", "DELETE FROM core_outbox WHERE topic = 'member.frozen'", seen_by=("since",)),
    Fault(
        "13",
        "DELETE FROM core_request WHERE activity_id = (SELECT id FROM core_activity WHERE type = 'member.frozen')",
    ),
    Fault("13", "UPDATE core_effect SET state = 'dropped' WHERE id = " + PLAIN),
    Fault(
        "14",
        "INSERT INTO core_account SELECT '0123456789abcdef0123456789abcdef', kind, member_id, state, 0, 0, 0, 0, "
        "overdraft_limit, 0, 0, NULL FROM core_account WHERE kind = 'toy.issued'",
        seen_by=(),
    ),
    Fault("15", """UPDATE core_effect SET shares = '{"1": 3}' WHERE shares IS NOT NULL"""),
    Fault("15", """UPDATE core_effect SET shares = '{"1": 10, "2": 0, "7": 2}' WHERE shares IS NOT NULL"""),
    Fault("debt", f"UPDATE core_account SET member_id = {NOBODY} WHERE kind = 'toy.debt'"),
    Fault("frozen", "UPDATE core_account SET state = 'no_debit' WHERE kind = 'toy.plain' AND member_id IS NOT NULL"),
    Fault("follow-ons", "UPDATE core_activity SET depth = 5 WHERE type = 'toy.taken'"),
    Fault("metrics", "UPDATE core_metric SET value = value + 1 WHERE metric = 'spend'"),
    Fault("metrics", "UPDATE core_metric_day SET day = day + 1000 WHERE metric = 'visits'"),
    Fault(
        "parents",
        "INSERT INTO core_line (activity_id, no, amount, quantity) "
        "VALUES ('0123456789abcdef0123456789abcdef', 1, 5, 1000)",
        seen_by=(),
    ),
    Fault("segments", "UPDATE core_posting SET segment_id = NULL WHERE segment_id IS NOT NULL"),
    Fault("segments", """UPDATE core_segment SET dimensions = '{"days": "7"}'"""),
    Fault("sequence", "UPDATE core_member SET seq = seq + 1"),
    Fault("sequence", "UPDATE core_member SET last_at = last_at - 1"),
]


@pytest.fixture(scope="session")
def kept_books() -> Iterator[dict[str, Any]]:
    """One set of books for each database, in which every fault is planted and taken back."""
    kept: dict[str, Any] = {}
    yield kept
    for kit, drop in kept.values():
        kit.close()
        drop()


@pytest.fixture
def books(
    dialect: str,
    backend: Backend,
    toy: ModuleType,
    kept_books: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Kit:
    if dialect not in kept_books:
        modules = {"toy": toy}
        url = backend.migrated(lineages(discover(Settings.of(), modules=modules)))
        clock = SettableClock()
        kit = Kit(Settings.of(database=url, time_zone="America/New_York"), clock=clock, modules=modules)
        kept_books[dialect] = kit, lambda: backend.drop(url)
        kit.upgrade()
        _live(kit, clock)
    found: Kit = kept_books[dialect][0]
    return found


def _live(kit: Kit, clock: SettableClock) -> None:
    """Let two members live through everything that leaves its own rows."""

    def does(member: str, kind: str, amount: int = 0, **values: Any) -> str:
        clock.advance(hours=7)
        outcome = kit.record(Activity(type=kind, member=member, amount=amount, **values))
        return outcome.activity_id or outcome.outcome

    with kit.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO toy_stock VALUES ('card', 5)")
    rich, poor = (
        kit.record(Activity(type="member.registered", payload={"name": name})).member for name in ("rich", "poor")
    )
    kit.record(Activity(type="member.registered", payload={"name": "nobody"}))
    lines = (Line(1, 1000), Line(2, 0), Line(3, 250))
    does(rich, "purchase", 1250, lines=lines)
    taken_back = does(rich, "purchase", 1250, lines=lines)
    for day in range(400):  # through both changes of the clock
        if day % 45 == 0:
            does(rich, "purchase", 1250)
        clock.advance(days=1)
    kit.reverse(taken_back)
    does(rich, "toy.earn", 60, payload={"days": 2})
    clock.advance(days=3)
    does(rich, "toy.take")
    does(rich, "toy.earn_plain", 20)
    does(rich, "toy.earn_kind", 20)
    does(rich, "toy.spend_kind", 5)
    assert does(rich, "toy.spend", 10**9) == "refused"
    does(rich, "member.frozen")
    for kind in ("", "_plain"):
        earned = does(poor, f"toy.earn{kind}", 50)
        does(poor, f"toy.spend{kind}", 30)
        kit.reverse(earned)  # 30 of it are owed now
        does(poor, f"toy.earn{kind}", 10)  # and 10 of them paid
    thrifty = kit.record(Activity(type="member.registered", payload={"name": "thrifty"})).member
    for days in (30, 60):
        does(thrifty, "toy.earn", 10, payload={"days": days})
    does(thrifty, "toy.spend", 5)
    does(thrifty, "toy.earn_strict", 5, payload={"days": 90})
    placed = kit.record(Activity(type="hold.placed", member=thrifty, amount=7, unit="toys", payload={"account": "toy"}))
    does(thrifty, "hold.captured", 6, unit="toys", payload={"hold": placed.effects[0].id})


def test_books_of_honest_activities_are_clean(books: Kit) -> None:
    report = books.verify()
    assert report.clean, report.violations
    assert set(report.checked) == {*map(str, range(1, 18)), *_NAMED}
    assert (report.unproved, report.limits) == ({}, "")


_NAMED = {"debt", "frozen", "follow-ons", "metrics", "parents", "segments", "sequence"}


def test_every_invariant_has_a_fault_that_breaks_it() -> None:
    broken = {name for fault in FAULTS for name in fault.invariants} | {"16", "17"}  # 16: tests/tiers/test_proof.py
    assert broken == set(WHOLE)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_by_its_invariant_alone(books: Kit, fault: Fault) -> None:
    report = _planted(books, fault.plants)
    assert set(report.violations) == set(fault.invariants), report.violations
    assert all(row for rows in report.violations.values() for row in rows)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("part", ["account", "since"])
def test_a_proof_of_a_part_finds_what_it_can_see(books: Kit, fault: Fault, part: str) -> None:
    """Of all members, so that nothing but the way in which the rows are found can hide a fault."""
    chosen: dict[str, Any] = {"account_ids": _accounts(books)} if part == "account" else {"since": EVER}
    report = _planted(books, fault.plants, **chosen)
    seen = set(fault.invariants) - set(report.unproved) if part in fault.seen_by else set[str]()
    assert set(report.violations) == seen, report.violations


def test_an_activity_before_the_one_before_it_is_found(books: Kit) -> None:
    back = "recorded_at = recorded_at - 99999999999999 WHERE "
    report = _planted(
        books,
        f"UPDATE core_activity SET {back} type = 'toy.take'",
        f"UPDATE core_outbox SET {back} topic = 'toy.take'",
    )
    assert set(report.violations) == {"sequence"}


@pytest.mark.parametrize("table", ["core_posting", "core_request", "core_activity", "core_lot"])
def test_a_guard_that_is_gone_is_named(books: Kit, table: str) -> None:
    guard = next(guard for guard in guards.GUARDS if guard.table == table)
    with _transaction(books) as connection:
        guards.lift(connection, guard, lineage.core().metadata)
        report = verify(Reader(connection), books.terms())
    assert set(report.violations) == {"17"}
    assert {row["guard"].partition("_guard_")[0] for row in report.violations["17"]} == {table}


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_guard_that_is_disabled_is_named(books: Kit) -> None:
    with _transaction(books) as connection:
        connection.exec_driver_sql("ALTER TABLE core_posting DISABLE TRIGGER core_posting_guard_update")
        report = verify(Reader(connection), books.terms())
    assert report.violations == {"17": ({"guard": "core_posting_guard_update"},)}


def test_a_few_rows_are_shown_however_many_are_broken(books: Kit) -> None:
    report = _planted(books, "UPDATE core_outbox SET topic = 'x'")
    assert 0 < len(report.violations["13"]) <= 10


def test_the_proof_costs_a_fixed_number_of_statements(books: Kit) -> None:
    with books.read() as read:
        verify(read, books.terms())
        assert read.statements == {"sqlite": 35, "postgresql": 36}[read.dialect]


@pytest.fixture
def corekit(kit: Kit, tmp_path: Path) -> Callable[..., Any]:
    """The command line over the database of a kit."""
    config = tmp_path / "corekit.toml"
    url = kit.database.url.render_as_string(hide_password=False)
    config.write_text(f"[corekit]\ndatabase = {json.dumps(url)}\n")
    return lambda *words: CliRunner().invoke(app, ["--config", str(config), *words])


def test_the_command_says_clean_with_exit_code_0(corekit: Callable[..., Any]) -> None:
    result = corekit("verify")
    assert (result.exit_code, result.stdout) == (0, f"clean: {len(WHOLE)} invariants hold\n")


def test_the_command_names_invariant_and_rows_with_exit_code_1(corekit: Callable[..., Any], kit: Kit) -> None:
    member = kit.record(Activity(type="member.registered")).member
    with kit.database.write() as connection:
        connection.exec_driver_sql("UPDATE core_member SET seq = 7")
    said, found = corekit("verify"), corekit("verify", "--json")
    assert (said.exit_code, found.exit_code) == (1, 1)
    assert said.stdout == f"violated sequence: {INVARIANTS['sequence']}\n  member {member}\n"
    assert json.loads(found.stdout)["violations"] == {"sequence": [{"member": member}]}


def test_the_command_could_not_run_without_settings_with_exit_code_2(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--config", str(tmp_path / "none.toml"), "verify"])
    assert result.exit_code == 2
    assert "[SETTINGS]" in result.stderr


@contextmanager
def _transaction(kit: Kit) -> Generator[Connection]:
    """Give a transaction that is rolled back."""
    with kit.database.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        try:
            yield connection
        finally:
            connection.rollback()


def _planted(kit: Kit, *faults: str, **part: Any) -> Report:
    """Plant a fault past the guards, set them up again, and verify."""
    metadata = lineage.core().metadata
    with _transaction(kit) as connection:
        for guard in guards.GUARDS:
            guards.lift(connection, guard, metadata)
        for fault in faults:
            assert connection.exec_driver_sql(fault).rowcount, "the fault must be there"
        guards.install(connection, guards.GUARDS, metadata)
        return verify(Reader(connection), kit.terms(), **part)


def _accounts(kit: Kit, name: str = "") -> list[str]:
    """Return the accounts of all members, or of the one with that name."""
    chosen = select(account.c.id).join(profile, profile.c.member_id == account.c.member_id)
    with kit.read() as read:
        return [row.id for row in read.all(chosen.where(profile.c.name == name) if name else chosen)]


def test_more_members_and_activities_cost_no_more_statements(world: Any) -> None:
    def cost() -> int:
        with world.kit.read() as read:
            assert verify(read, world.kit.terms()).clean
            return int(read.statements)

    world.does(world.member(), "toy.earn", 5)
    few = cost()
    for _ in range(20):
        world.does(world.member(), "toy.earn", 5)
    assert cost() == few
