"""Proofs of a part: what they find, what they leave alone, what they say that they cannot see; and who may write."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import define
from sqlalchemy import SelectBase, select
from typer.testing import CliRunner

from corekit import Activity, Invalid, Kit, NotFound
from corekit.cli import app
from corekit.db import lineage
from corekit.db.prepared import Prepared
from corekit.db.reader import AnyRow, Reader
from corekit.ledger.tables import account
from corekit.migrations import guards
from corekit.proof.invariants import INVARIANTS, SINCE
from corekit.proof.scope import WHOLE
from corekit.proof.verify import verify


def _account(kit: Kit, member: str, kind: str = "toy") -> str:
    with kit.read() as read:
        return str(read.scalar(select(account.c.id).where(account.c.member_id == member, account.c.kind == kind)))


def _plant(kit: Kit, fault: str) -> None:
    """Plant a fault past the guards, and set them up again."""
    metadata = lineage.core().metadata
    with kit.database.write() as connection:
        for guard in guards.GUARDS:
            guards.lift(connection, guard, metadata)
        assert connection.exec_driver_sql(fault).rowcount, "the fault must be there"
        guards.install(connection, guards.GUARDS, metadata)


@define
class Two:
    """Ann did something, and after ``then`` only bob did."""

    ann: str
    bob: str
    then: datetime


@pytest.fixture
def two(world: Any) -> Two:
    ann, bob = world.member(), world.member()
    for member in (ann, bob):
        for kind in ("", "_plain"):
            world.does(member, f"toy.earn{kind}", 10)
    then = world.clock() + timedelta(hours=1)
    world.clock.advance(hours=2)
    world.does(bob, "toy.earn", 10)
    world.does(bob, "toy.spend", 5)
    return Two(ann, bob, then)


def _balance_off(kit: Kit, member: str, kind: str = "toy") -> None:
    _plant(
        kit, f"UPDATE core_account SET credits_posted = credits_posted + 1 WHERE id = '{_account(kit, member, kind)}'"
    )


# --------------------------------------------------------------------------------------------------------- since


def test_since_finds_what_is_damaged_of_members_who_did_something(world: Any, two: Two) -> None:
    _balance_off(world.kit, two.bob)
    report = world.kit.verify(since=two.then)
    assert {"1", "9"} == set(report.violations)
    assert {row["member"] for row in report.violations["1"]} == {two.bob}


def test_since_finds_old_rows_of_theirs_as_well(world: Any, two: Two) -> None:
    own = _account(world.kit, two.bob)
    _plant(world.kit, f"UPDATE core_entry SET balance_after = 7 WHERE seq = 1 AND account_id = '{own}'")
    assert set(world.kit.verify(since=two.then).violations) == {"2"}


def test_since_does_not_look_at_who_did_nothing_and_says_so(world: Any, two: Two) -> None:
    _balance_off(world.kit, two.ann)
    report = world.kit.verify(since=two.then)
    assert report.clean
    assert "Nothing was looked at of members for whom nothing was recorded since." in report.limits
    assert "1" in world.kit.verify().violations


@pytest.mark.parametrize(
    "fault",
    [
        "UPDATE core_posting SET recorded_at = {late} WHERE debit_account_id = '{toy}' OR credit_account_id = '{toy}'",
        "UPDATE core_entry SET recorded_at = {late} WHERE account_id = '{toy}'",
        "UPDATE core_activity SET recorded_at = {late} WHERE member_id = '{ann}'",
        "UPDATE core_lot SET issued_at = {late} WHERE account_id = '{toy}'",
        "UPDATE core_account SET last_at = {late} WHERE id = '{toy}'",
        "UPDATE core_outbox SET recorded_at = {late} WHERE member_id = '{ann}'",
        "UPDATE core_request SET recorded_at = {late} WHERE member_id = '{ann}'",
    ],
)
def test_what_was_written_to_who_did_nothing_since_is_found(world: Any, two: Two, fault: str) -> None:
    late = int(two.then.timestamp()) * 1_000_000 + 1
    _plant(world.kit, fault.format(late=late, toy=_account(world.kit, two.ann), ann=two.ann))
    report = world.kit.verify(since=two.then)
    assert set(report.violations) == {SINCE}
    assert {row["member"] for row in report.violations[SINCE]} == {two.ann}


def test_since_does_not_prove_the_sum_of_all(world: Any, two: Two) -> None:
    report = world.kit.verify(since=two.then)
    assert set(report.unproved) == {"4"}
    assert SINCE in report.checked
    assert SINCE not in world.kit.verify().checked


# ------------------------------------------------------------------------------------------------------- accounts


def test_an_account_is_proved_by_itself(world: Any, two: Two) -> None:
    _balance_off(world.kit, two.bob)
    own, other, plain = (
        _account(world.kit, member, kind)
        for member, kind in ((two.bob, "toy"), (two.ann, "toy"), (two.bob, "toy.plain"))
    )
    assert set(world.kit.verify(accounts=[own]).violations) == {"1", "9"}
    assert world.kit.verify(accounts=[other]).clean
    assert world.kit.verify(accounts=[plain]).clean
    assert set(world.kit.verify(accounts=[other, own]).violations) == {"1", "9"}


def test_the_debt_beside_an_account_is_proved_with_it(world: Any) -> None:
    member = world.member()
    earned = world.does(member, "toy.earn", 10)
    world.does(member, "toy.spend", 10)
    world.kit.reverse(earned.activity_id)
    value, debt = _account(world.kit, member), _account(world.kit, member, "toy.debt")
    _plant(world.kit, f"UPDATE core_account SET debits_posted = debits_posted + 1 WHERE id = '{debt}'")
    for each in (value, debt):
        assert set(world.kit.verify(accounts=[each]).violations) == {"1", "debt"}


def test_an_account_is_proved_with_what_its_member_did(world: Any, two: Two) -> None:
    _plant(world.kit, f"UPDATE core_member SET seq = seq + 1 WHERE id = '{two.bob}'")
    assert set(world.kit.verify(accounts=[_account(world.kit, two.bob)]).violations) == {"sequence"}
    assert world.kit.verify(accounts=[_account(world.kit, two.ann)]).clean


def test_an_account_says_what_it_does_not_prove(world: Any, two: Two) -> None:
    report = world.kit.verify(accounts=[_account(world.kit, two.ann)])
    assert set(report.unproved) == {"4", "17"}
    assert "Only rows of the accounts and of their members were read" in report.limits


def test_the_house_and_nobody_have_no_account_to_be_proved_by_itself(world: Any, two: Two) -> None:
    with world.kit.read() as read:
        house = str(read.scalar(select(account.c.id).where(account.c.kind == "toy.issued")))
    for wrong in (house, "0" * 32, "'; DROP TABLE core_account"):
        with pytest.raises(NotFound, match=re.escape(wrong)):
            world.kit.verify(accounts=[_account(world.kit, two.ann), wrong])


def test_a_part_is_chosen_in_one_way(world: Any, two: Two) -> None:
    with pytest.raises(Invalid) as refused:
        world.kit.verify(accounts=[_account(world.kit, two.ann)], since=two.then)
    assert refused.value.code == "CONTRADICTION"


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_the_proof_of_an_account_can_find_every_row_by_an_index(world: Any, two: Two) -> None:
    """Where scans are forbidden as far as possible, the statistics of the connection name what was scanned."""
    kit, growing = world.kit, set(WHOLE.relations.values())
    terms, own = kit.terms(), _account(kit, two.ann)
    with kit.database.connect() as connection:
        connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")

        def scanned(**part: Any) -> set[str]:
            counted = "SELECT relname, seq_scan FROM pg_stat_xact_user_tables"
            before = {row[0]: row[1] for row in connection.exec_driver_sql(counted)}
            assert verify(Reader(connection), terms, **part).clean
            after = connection.exec_driver_sql(counted).all()
            return {name for name, scans in after if scans > before.get(name, 0)} & growing

        assert scanned(account_ids=[own]) == set()
        assert scanned(since=two.then) != set()
        connection.rollback()


# ------------------------------------------------------------------------------------------- on a live database


class Interrupted(Reader):
    """A reader between whose statements something happens, once."""

    def __init__(self, source: Any, at: int, then: Callable[[], object]) -> None:
        super().__init__(source)
        self.at = at
        self.then = then

    def all(self, select: SelectBase | Prepared, **values: Any) -> list[AnyRow]:
        found = super().all(select, **values)
        if self.statements == self.at:
            self.then()
        return found


def test_writers_commit_while_a_proof_runs_and_it_sees_one_snapshot(world: Any, two: Two) -> None:
    kit = world.kit
    answers: list[Any] = []

    def write() -> None:
        answers.append(world.does(two.ann, "toy.spend", 3))
        answers.append(kit.record(Activity(type="member.registered")))
        with kit.database.write() as connection:
            connection.exec_driver_sql("UPDATE core_account SET credits_posted = credits_posted + 1")

    with kit.database.read() as reading:
        read = Interrupted(reading.source, 5, write)
        report = verify(read, kit.terms())
    assert [each.outcome for each in answers] == ["settled", "settled"]
    assert report.clean, report.violations
    assert "1" in kit.verify().violations


# ------------------------------------------------------------------------------------------------- command line


@pytest.fixture
def corekit(world: Any, tmp_path: Path) -> Callable[..., Any]:
    """The command line over the database of the world, without its plugin: its books rest, and are proved."""
    config = tmp_path / "corekit.toml"
    url = world.kit.database.url.render_as_string(hide_password=False)
    config.write_text(f"[corekit]\ndatabase = {json.dumps(url)}\n")
    return lambda *words: CliRunner().invoke(app, ["--config", str(config), "verify", *words])


def test_the_command_proves_an_account_and_says_what_it_does_not(
    world: Any, two: Two, corekit: Callable[..., Any]
) -> None:
    own = _account(world.kit, two.bob)
    said = corekit("--account", own)
    assert said.exit_code == 0, said.output
    assert said.stdout.splitlines() == [
        f"clean: {len(INVARIANTS) - 3} invariants hold",
        f"not proved 4: {INVARIANTS['4']}",
        f"not proved 17: {INVARIANTS['17']}",
        "Only rows of the accounts and of their members were read, found from the accounts.",
    ]
    _balance_off(world.kit, two.bob)
    found = corekit("--account", own, "--json")
    assert (found.exit_code, set(json.loads(found.stdout)["violations"])) == (1, {"1", "9"})


def test_the_command_proves_what_was_written_since(world: Any, two: Two, corekit: Callable[..., Any]) -> None:
    _balance_off(world.kit, two.ann)
    at = two.then.isoformat()
    assert corekit("--since", at).exit_code == 0
    _balance_off(world.kit, two.bob)
    found = corekit("--since", at, "--json")
    assert found.exit_code == 1
    value = json.loads(found.stdout)
    assert {row["member"] for row in value["violations"]["1"]} == {two.bob}
    assert set(value["unproved"]) == {"4"}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--account", "0" * 32], "NOT_FOUND"),
        (["--since", "yesterday"], "TYPE"),
        (["--account", "0" * 32, "--since", "2026-01-01"], "CONTRADICTION"),
    ],
)
def test_what_cannot_be_proved_ends_with_exit_code_2(words: list[str], code: str, corekit: Callable[..., Any]) -> None:
    said = corekit(*words)
    assert said.exit_code == 2
    assert f"[{code}]" in said.stderr
