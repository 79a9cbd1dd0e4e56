"""A house with members who have coins, and words for what tests of jobs look at."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from sqlalchemy import Table, func, select

from corekit import Activity, Kit, Outcome
from corekit.activities.tables import activity, effect, metric, metric_day, outbox, request
from corekit.ledger.tables import account, entry, lot, lot_movement, posting
from corekit.log import configure
from corekit.members.tables import member
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit

sys.path.insert(0, str(Path(__file__).parent / "packages"))
import corekit_fees as fees

HISTORY = {"history": {"historical": True}}


@pytest.fixture(autouse=True)
def _plain_logs() -> None:
    configure(as_json=True)


@frozen
class House:
    """A kit with what a test says of it in short."""

    kit: Kit
    clock: SettableClock

    def joins(self, number: int = 1) -> list[str]:
        """Register members."""
        joining = [Activity(type="member.registered") for _ in range(number)]
        return [outcome.member for outcome in self.kit.record_many(joining)]

    def does(self, member_id: str, kind: str, amount: int = 0, **values: Any) -> Outcome:
        """Record an activity, a second later."""
        self.clock.advance(seconds=1)
        return self.kit.record(Activity(type=kind, member=member_id, amount=amount, occurred_at=self.clock(), **values))

    def rows(self, table: Table, *columns: str, **where: Any) -> list[Any]:
        """Return columns of the rows of a table, sorted."""
        chosen = select(*[table.c[name] for name in columns])
        for name, value in where.items():
            chosen = chosen.where(table.c[name] == value)
        with self.kit.read() as read:
            return sorted((tuple(row) for row in read.all(chosen)), key=repr)

    def count(self, table: Table, **where: Any) -> int:
        """Count the rows of a table."""
        chosen = select(func.count()).select_from(table)
        for name, value in where.items():
            chosen = chosen.where(table.c[name] == value)
        with self.kit.read() as read:
            return int(read.scalar(chosen))

    def balances(self, member_id: str) -> dict[str, int]:
        """Return what a member has."""
        chosen = select(account.c.kind, account.c.credits_posted - account.c.debits_posted)
        with self.kit.read() as read:
            return {row[0]: row[1] for row in read.all(chosen.where(account.c.member_id == member_id))}

    def books(self, members: list[str]) -> Any:
        """Return everything that the books say of members, without what is made up anew each time: the ids."""
        names = {each: f"member {place}" for place, each in enumerate(members)}
        with self.kit.read() as read:

            def all_(table: Table) -> list[Any]:
                return read.all(select(table))

            acts = {row.id: row for row in all_(activity) if row.member_id in names}
            accounts = {row.id: row for row in all_(account) if row.member_id in names}
            effects = {row.id: row for row in all_(effect) if row.activity_id in acts}

            def act(id_: str) -> Any:
                return names[acts[id_].member_id], acts[id_].seq

            def acc(id_: str) -> Any:
                return (names[accounts[id_].member_id], accounts[id_].kind) if id_ in accounts else "house"

            def eff(id_: str | None) -> Any:
                return None if id_ is None else (*act(effects[id_].activity_id), effects[id_].no)

            def named(text: str, member_id: str) -> str:
                return text.replace(member_id, names[member_id])

            lots = {row.id: row for row in all_(lot) if row.account_id in accounts}
            issued = {id_: (*act(row.activity_id), row.issued, row.expires_at) for id_, row in lots.items()}
            told: dict[str, list[Any]] = {
                "members": [(names[r.id], r.state, r.seq, r.last_at) for r in all_(member) if r.id in names],
                "accounts": [(acc(r.id), *r[3:]) for r in accounts.values()],
                "activities": [
                    (act(r.id), r.type, r.occurred_at, r.recorded_at, r.amount, r.unit, r.payload, r.state, r.measures,
                     r.source, r.program, r.depth)
                    for r in acts.values()
                ],
                "effects": [
                    (eff(r.id), r.owner, r.kind, r.rule, r.account_kind, r.amount, r.state, r.code, r.undone,
                     r.unfunded)
                    for r in effects.values()
                ],
                "postings": [
                    (act(r.activity_id), eff(r.effect_id), r.unit, acc(r.debit_account_id), acc(r.credit_account_id),
                     r.amount, r.recorded_at)
                    for r in all_(posting) if r.activity_id in acts
                ],
                "entries": [
                    (acc(r.account_id), r.seq, act(r.activity_id), *r[4:])
                    for r in all_(entry) if r.account_id in accounts
                ],
                "lots": [(acc(r.account_id), issued[r.id], eff(r.effect_id), *r[4:]) for r in lots.values()],
                "movements": [
                    (issued[r.lot_id], r.seq, act(r.activity_id), eff(r.effect_id), r.kind, r.amount, eff(r.spend_id))
                    for r in all_(lot_movement) if r.lot_id in lots
                ],
                "requests": [
                    (named(r.key, r.member_id) if r.scope == "core" and ".expired" not in r.key else r.scope, r.outcome,
                     names[r.member_id], r.code, r.parameters, r.recorded_at)
                    for r in all_(request) if r.member_id in names
                ],
                "messages": [
                    (act(r.activity_id), names[r.member_id], r.topic, r.recorded_at)
                    for r in all_(outbox) if r.activity_id in acts
                ],
                "metrics": [(names[r.member_id], *r[1:]) for r in all_(metric) if r.member_id in names],
                "days": [(names[r.member_id], *r[1:]) for r in all_(metric_day) if r.member_id in names],
            }  # fmt: skip
        return {name: sorted(rows, key=repr) for name, rows in told.items()}

    def is_proved(self) -> bool:
        """Whether ``corekit verify`` finds nothing."""
        report = self.kit.verify()
        assert report.clean, report.violations
        return True


@pytest.fixture
def make_house(make_kit: MakeKit, clock: SettableClock) -> Callable[..., House]:
    """Make a house under a plugin, by default the one with the fee."""

    def make(plugin: Any = None, **options: Any) -> House:
        given: dict[str, Any] = {"sources": HISTORY, "modules": {"fees": plugin or fees.plugin()}, **options}
        return House(make_kit(**given), clock)

    return make


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    return make_house()


@pytest.fixture
def year() -> timedelta:
    return timedelta(days=366)
