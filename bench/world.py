"""The program that every benchmark runs under: its members, and what they buy."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

from bench.servers import Servers
from corekit import Activity, Kit, Line, Settings
from corekit.program import apply

PROGRAM = Path(__file__).with_name("program.toml")
ZONE = "America/New_York"
CATEGORIES = ("grocery", "produce", "meat", "dairy", "deli", "drug", "pastry", "frozen", "tobacco")
EXCLUDED = "tobacco"
STORES = 400
LINES = 10


class World:
    """A database under the program, with its members."""

    def __init__(
        self,
        url: str,
        members: Sequence[str],
        modules: Mapping[str, ModuleType] | None = None,
        plugins: Sequence[str] = (),
    ) -> None:
        """Open a database that is up to date; ``modules`` and ``plugins`` are what there is beside points."""
        self.url = url
        self.modules = modules
        self.plugins = plugins
        self.kit = open_kit(url, modules, plugins)
        self.members = list(members)

    @classmethod
    def new(
        cls,
        url: str,
        *,
        members: int,
        purchases: int,
        modules: Mapping[str, ModuleType] | None = None,
        plugins: Sequence[str] = (),
        lines: int = LINES,
    ) -> World:
        """Make a world in an empty database: members, each with as many purchases of so many lines."""
        kit = open_kit(url, modules, plugins)
        kit.upgrade()
        apply(kit, PROGRAM)
        joining = [Activity(type="member.registered") for _ in range(members)]
        ids = [outcome.member for outcome in kit.record_many(joining)]
        kit.close()
        world = cls(url, ids, modules, plugins)
        shop = Shop(world.members, lines=lines)
        for _ in range(purchases):
            world.settle(shop.one_each(members))
        return world

    def settle(self, activities: Sequence[Activity]) -> None:
        """Settle activities in chunks; each must be settled."""
        for outcome in self.kit.record_many(activities):
            if not outcome.settled:
                raise RuntimeError(f"{outcome.outcome}: {outcome.code} {outcome.message} {outcome.problems}")

    def twin(self, servers: Servers, name: str) -> World:
        """Return a world that is this one until either of them settles something."""
        self.kit.close()
        return World(servers.copy(self.url, name), self.members, self.modules, self.plugins)


def open_kit(url: str, modules: Mapping[str, ModuleType] | None = None, plugins: Sequence[str] = ()) -> Kit:
    """Open a kit on a database, with points, ``plugins`` that are installed, and those in ``modules``."""
    names = ["points", *plugins, *(modules or {})]
    return Kit(Settings.of(database=url, plugins=names, time_zone=ZONE), modules=modules)


class Shop:
    """Makes up purchases, the same ones in the same order for the same seed; only ids and keys are new."""

    def __init__(self, members: Sequence[str], seed: int = 1, lines: int = LINES) -> None:
        self._members = members
        self._lines = lines
        self._random = random.Random(seed)  # noqa: S311 - no secret

    def purchases(self, number: int) -> list[Activity]:
        """Return purchases of members at random."""
        return [self.purchase(self._random.choice(self._members)) for _ in range(number)]

    def one_each(self, number: int) -> list[Activity]:
        """Return one purchase each of so many different members."""
        return [self.purchase(member) for member in self._random.sample(self._members, number)]

    def purchase(self, member: str) -> Activity:
        """Return a purchase, with ten lines of some 150 in the currency; there is always a line that earns."""
        pick = self._random
        lines = tuple(
            Line(
                no=number,
                amount=pick.randrange(99, 2999),
                sku=str(pick.randrange(10**6, 10**7)),
                category=CATEGORIES[0] if number == 1 else pick.choice(CATEGORIES),
                quantity=1000 * pick.randrange(1, 4),
            )
            for number in range(1, self._lines + 1)
        )
        return Activity(
            type="purchase",
            member=member,
            source="shop",
            amount=sum(line.amount for line in lines),
            lines=lines,
            payload={"store": str(pick.randrange(STORES)), "order_no": str(pick.randrange(10**9))},
        )
