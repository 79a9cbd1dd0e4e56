"""One test of a contract: what it opens, settles, and says where a promise is not kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from attrs import evolve
from sqlalchemy import Table

from corekit import hooks
from corekit.errors import CorekitError
from corekit.plugins import Plugin, find
from corekit.testing.house import SOURCE, House

if TYPE_CHECKING:
    from types import ModuleType

    from corekit.activities.activity import Activity
    from corekit.activities.outcome import Outcome
    from corekit.kit import Kit
    from corekit.testing.clock import SettableClock
    from corekit.testing.contract import PluginContract

BEGAN = datetime(2026, 3, 2, 4, 30, tzinfo=UTC)
"""When the history of a house begins."""
LASTS = timedelta(days=10)
"""How long it lasts, before anything is told of it."""


def broken(promise: str, seen: str, way: str) -> NoReturn:
    """Fail the test: what was promised, what was seen, what to do."""
    pytest.fail(f"{promise}\n  seen: {seen}\n  do:   {way}", pytrace=False)


def refusal(attempt: Callable[[], object]) -> str | None:
    """Return with what message an attempt is refused, or None."""
    try:
        attempt()
    except CorekitError as error:
        return error.message
    return None


class Trial:
    """What the tests of a contract work with."""

    def __init__(self, contract: PluginContract, make_kit: Callable[..., Kit], clock: SettableClock) -> None:
        """Prepare for one test on one database."""
        self.contract = contract
        self.plugin = contract.plugin
        self.clock = clock
        self._make_kit = make_kit

    @property
    def modules(self) -> dict[str, ModuleType]:
        """The plugin's module, where no distribution offers it."""
        return {} if self.contract.module is None else {self.plugin: self.contract.module}

    @property
    def installed(self) -> list[str]:
        """The plugin as the list of plugins in the settings names it: not at all where no distribution offers it."""
        return [] if self.contract.module is not None else [self.plugin]

    @property
    def found(self) -> Plugin:
        """The plugin, with what it declares."""
        return self.company[-1]

    @property
    def company(self) -> list[Plugin]:
        """What has to be on with the plugin: what it requires, and what that requires; the plugin comes last."""
        order: list[Plugin] = []

        def take(name: str) -> None:
            if name in (each.name for each in order):
                return
            (plugin,) = find([name], self.modules)
            declares = hooks.declare(plugin)
            for other in declares.requires:
                take(other)
            order.append(evolve(plugin, declares=declares))

        take(self.plugin)
        return order

    def kit(self, plugins: Sequence[str] | None = None, *, bare: bool = False, **settings: Any) -> Kit:
        """Open a kit on a database of its own.

        ``plugins`` in place of those that the contract is about, in that order; ``bare`` without the plugin itself.
        """
        on = [*(each.name for each in self.company if each.name != self.plugin), *self.contract.also]
        names = list(dict.fromkeys([*on, *self.installed])) if plugins is None else list(plugins)
        known = {
            "sources": {SOURCE: {"historical": True}},
            "modules": {} if bare else self.modules,
            "program": None if bare else self.contract.program,
            "sections": {} if bare else self.contract.sections,
            **self.contract.settings,
            **settings,
        }
        return self._make_kit([name for name in names if not (bare and name == self.plugin)], **known)

    def house(self, *, members: int = 3, kit: Kit | None = None, **settings: Any) -> House:
        """Open a house; the clock stands at the end of its history."""
        self.clock.set(BEGAN + LASTS)
        return House(kit or self.kit(**settings), self.plugin, self.clock, BEGAN, members)

    def history(self, house: House) -> list[Activity]:
        """Return the history of a house, as the contract tells it."""
        return list(self.contract.history(house))

    def lived(self, *, at_once: bool = False, **options: Any) -> tuple[House, list[Activity], list[Outcome]]:
        """Open a house and settle its history; return the house, the history and the answers."""
        house = self.house(**options)
        history = self.history(house)
        return house, history, house.settle(history, at_once=at_once)

    def kept(self) -> set[str]:
        """Return the tables and columns of which the contract says why what stands there stays."""
        known = {name for table in self.tables for name in (table, *self.tables[table])}
        if strange := set(self.contract.kept) - known:
            way = f"name tables and columns that {self.plugin} has: {', '.join(sorted(known)) or 'none'}"
            broken("what a contract keeps exists", f"kept = {sorted(strange)}", way)
        return set(self.contract.kept)

    @property
    def tables(self) -> Mapping[str, list[str]]:
        """The columns of the plugin's own tables, by table."""
        lineage = self.found.declares.lineage
        tables: Mapping[str, Table] = lineage.metadata.tables if lineage is not None else {}
        return {name: [f"{name}.{column.name}" for column in table.c] for name, table in tables.items()}


def effects_of(answer: Outcome) -> list[tuple[Any, ...]]:
    """Return what an answer's effects are, those of its follow-ons included; ids are left out."""
    own = [(each.kind, each.rule, each.account, each.amount, each.state, each.code) for each in answer.effects]
    return [*own, *(effect for follow_on in answer.follow_ons for effect in effects_of(follow_on))]


def difference(before: Mapping[str, Counter[Any]], after: Mapping[str, Counter[Any]]) -> str:
    """Say which rows of which tables are there on one side alone, a few of them."""
    parts: list[str] = []
    for table, rows in before.items():
        gone, new = rows - after[table], after[table] - rows
        for sign, some in (("-", gone), ("+", new)):
            parts += [f"{sign} {table}{row}" for row in list(some)[:2]]
    return "; ".join(parts) or "nothing"
