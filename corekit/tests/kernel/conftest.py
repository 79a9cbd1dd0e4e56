"""A kit with the toy plugin, and words for what tests of the kernel do often."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from attrs import evolve, frozen
from sqlalchemy import func, insert, select

from corekit import Activity, Kit, Line, Outcome, hookimpl
from corekit.db.lineage import core
from corekit.log import configure
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit

HISTORY = {"history": {"historical": True}}
sys.path.insert(0, str(Path(__file__).parent / "packages"))


@pytest.fixture(autouse=True)
def _plain_logs() -> None:
    configure(as_json=True)


@pytest.fixture(scope="session")
def toy_module() -> ModuleType:
    return import_module("corekit_toy.plugin")


@pytest.fixture
def toy(toy_module: ModuleType) -> Iterator[ModuleType]:
    """The toy plugin, as good as new."""
    yield toy_module
    toy_module.broken.clear()
    toy_module.rogue.clear()


@pytest.fixture
def unforeseen(toy: ModuleType) -> ModuleType:
    """The toy plugin without a fold: it cannot foresee its own effect."""
    module = ModuleType("unforeseen")
    declares = toy.corekit_declare()
    plain = evolve(declares, effects=[evolve(toy.TAKE, fold=None, unfold=None)])
    vars(module).update({name: value for name, value in vars(toy).items() if name.startswith("corekit_")})

    vars(module)["corekit_declare"] = hookimpl(lambda: plain)
    return module


@frozen
class World:
    """A kit with what a test says of it in short."""

    kit: Kit
    clock: SettableClock

    def member(self, **profile: Any) -> str:
        """Register somebody."""
        return self.kit.record(Activity(type="member.registered", payload=profile)).member

    def does(self, member: str, kind: str, amount: int = 0, **values: Any) -> Outcome:
        """Record an activity, a second later."""
        self.clock.advance(seconds=1)
        return self.kit.record(self.activity(member, kind, amount, **values))

    def activity(self, member: str, kind: str, amount: int = 0, **values: Any) -> Activity:
        """Make an activity that occurs now."""
        given: dict[str, Any] = {"occurred_at": self.clock(), **values}
        return Activity(type=kind, member=member, amount=amount, **given)

    def balances(self, member: str) -> dict[str, int]:
        """Return what the books say of each account, debts as negative."""
        from corekit.ledger.tables import account  # noqa: PLC0415

        chosen = select(account.c.kind, account.c.credits_posted - account.c.debits_posted)
        with self.kit.read() as read:
            return {row[0]: row[1] for row in read.all(chosen.where(account.c.member_id == member))}

    def sweep(self, days: int = 5_000) -> None:
        """Let everything lapse that ever will."""
        self.kit.sweep("expiry", at=self.clock() + timedelta(days=days))

    def stock(self, pieces: int, item: str = "card") -> None:
        """Put pieces on the shelf."""
        with self.kit.database.write() as connection:
            connection.execute(insert(_toy_tables().stock), [{"item": item, "pieces": pieces}])

    def shelf(self, item: str = "card") -> tuple[int, int]:
        """Return how many pieces are left, and how many somebody has."""
        tables = _toy_tables()
        held = select(func.count()).select_from(tables.holding).where(tables.holding.c.item == item)
        with self.kit.read() as read:
            return read.scalar(select(tables.stock.c.pieces).where(tables.stock.c.item == item)), read.scalar(held)

    def rows(self) -> dict[str, int]:
        """Return how many rows each table of the core and of the toy has."""
        found = [*core().metadata.sorted_tables, *_toy_tables().metadata.sorted_tables]
        there = [table for table in found if not table.name.startswith("toy_") or self.kit.plugins]
        with self.kit.read() as read:
            return {table.name: read.scalar(select(func.count()).select_from(table)) for table in there}

    def is_proved(self) -> bool:
        """Whether ``corekit verify`` finds nothing."""
        report = self.kit.verify()
        assert report.clean, report.violations
        return True


def _toy_tables() -> Any:
    return sys.modules["corekit_toy.tables"]


@pytest.fixture
def world(make_kit: MakeKit, toy: ModuleType, clock: SettableClock) -> World:
    return World(make_kit(modules={"toy": toy}, sources=HISTORY), clock)


@pytest.fixture
def make_world(make_kit: MakeKit, clock: SettableClock) -> Callable[..., World]:
    """Make a world of other plugins or settings."""

    def make(**options: Any) -> World:
        given: dict[str, Any] = {"sources": HISTORY, **options}
        return World(make_kit(**given), clock)

    return make


@pytest.fixture
def basket() -> Callable[..., dict[str, Any]]:
    """Make amount and lines of a purchase."""

    def make(*amounts: int) -> dict[str, Any]:
        lines = tuple(Line(no, amount, sku=f"sku{no}", category="GROCERY") for no, amount in enumerate(amounts, 1))
        return {"amount": sum(amounts), "lines": lines}

    return make


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[Any]]]:
    """Start processes, none of which outlives the test, however it ends."""
    started: list[subprocess.Popen[Any]] = []

    def begin(*command: str | Path, **options: Any) -> subprocess.Popen[Any]:
        started.append(subprocess.Popen(command, **options))
        return started[-1]

    yield begin
    for process in started:
        with process:  # closes its pipes and waits for it
            process.kill()
