"""What sweeps over 1,000,000 members cost, to recording the same one by one, and to a tenth of the members.

A member has two lots of coins. The small database is settled by the kernel, 5,000 members; the others are copies of
it, made by the database. A round is a sweep over every member: the fee of a year, or the expiry of one of the two lots.
What is recorded one by one writes the same rows: a debit of as much, each for another member.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from attrs import frozen
from sqlalchemy import select

from bench import fees
from bench.growth import multiply
from bench.servers import Servers
from corekit import Activity, Kit, Settings, member
from corekit.ids import new_id

MEMBERS = 5_000
"""Of the database that the kernel settles: a copy has so many more."""
LARGE, SMALL = 200, 20
"""Copies: 1,000,000 members and 100,000."""
LOTS = (350, 700)
"""Coins of a member, and the days that they live."""
NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE_BY_ONE = 1_000
EXPIRY, FEE = "expiry", "fees.yearly"
NAMES = (EXPIRY, FEE)


@frozen
class House:
    """A database under the plugin, at an instant that rounds move on."""

    url: str
    kit: Kit

    @classmethod
    def open(cls, url: str, at: datetime) -> House:
        """Open a database that is up to date, with a clock that stands still."""
        settings = Settings.of(database=url, sources={"history": {"historical": True}})
        return cls(url, Kit(settings, clock=lambda: at, modules={"fees": fees}))

    def members(self, number: int) -> list[str]:
        """Return the ids of some members."""
        with self.kit.read() as read:
            return [row.id for row in read.all(select(member.c.id).limit(number))]

    def sweep(self, name: str, settled: int) -> float:
        """Run a sweep over so many members; return the seconds that it took."""
        began = time.perf_counter()
        run = self.kit.jobs.run(name, go=True)
        seconds = time.perf_counter() - began
        if run.settled != settled:
            raise RuntimeError(f"{name} settled {run.settled} of {settled}")
        return seconds

    def one_by_one(self) -> float:
        """Record a debit of many members one by one; return the seconds of one."""
        paying = [Activity(type="fees.pay", member=each, amount=1, source="loop") for each in self.members(ONE_BY_ONE)]
        began = time.perf_counter()
        for activity in paying:
            if not self.kit.record(activity).settled:
                raise RuntimeError("a debit was not settled")
        return (time.perf_counter() - began) / len(paying)


def measure(servers: Servers, dialect: str, name: str) -> list[float]:
    """Return how many times as long a member takes recorded one by one as by a sweep, per round."""
    url, members = (
        (_copies(servers, LARGE), MEMBERS * LARGE) if dialect == "postgresql" else (_settled(servers, dialect), MEMBERS)
    )
    found: list[float] = []
    for at in _rounds(name):
        house = House.open(url, at - 24 * HOUR)  # when nothing lapses yet, so that it does nothing else
        alone = house.one_by_one()
        house.kit.close()
        house = House.open(url, at)
        found.append(alone / (house.sweep(name, members) / members))
        house.kit.close()
    servers.drop(url)
    return found


def measure_growth(servers: Servers) -> list[float]:
    """Return how many times as long sweeps over 1,000,000 members take as over 100,000."""
    found: list[float] = []
    for name in NAMES:
        large, small = _copies(servers, LARGE), _copies(servers, SMALL)
        for at in _rounds(name):
            houses = House.open(small, at), House.open(large, at)
            seconds = [
                house.sweep(name, MEMBERS * copies) for house, copies in zip(houses, (SMALL, LARGE), strict=True)
            ]
            found.append(seconds[1] / seconds[0])
            for house in houses:
                house.kit.close()
        for url in (large, small):
            servers.drop(url)
    return found


def measure_memory(servers: Servers) -> list[float]:
    """Return how many times as much memory this process has had at most after 1,000,000 members as after 100,000."""
    found: list[float] = []
    for name in NAMES:
        peaks: list[int] = []
        for copies in (SMALL, LARGE):
            url = _copies(servers, copies) if copies == SMALL else _copies(servers, LARGE)
            house = House.open(url, next(_rounds(name)))
            house.sweep(name, MEMBERS * copies)
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
            house.kit.close()
            servers.drop(url)
        found.append(peaks[1] / peaks[0])
    return found


def _rounds(name: str) -> Iterator[datetime]:
    """Yield the instants of a sweep's rounds: a lot lapses, or a year begins, before anything else lapses."""
    if name == EXPIRY:
        yield from (NOW + timedelta(days=days) for days in LOTS)
    else:
        yield from (NOW, NOW.replace(year=NOW.year + 1, month=1))


_made: dict[int, str] = {}


def _copies(servers: Servers, copies: int) -> str:
    """Return the URL of a database of so many copies, made once and copied for whoever changes it."""
    if copies not in _made:
        settled = _settled(servers, "postgresql")
        _made[copies] = servers.copy(settled, f"sweeps_{copies}")
        servers.drop(settled)
        multiply(_made[copies], copies)
    return servers.copy(_made[copies], f"sweeps_{copies}_{new_id()}")


def _settled(servers: Servers, dialect: str) -> str:
    """Return the URL of a database that the kernel settled."""
    url = servers.empty(dialect, f"sweeps_{dialect}")
    house = House.open(url, NOW)
    house.kit.upgrade()
    joining = [Activity(type="member.registered", source="history", occurred_at=NOW - HOUR) for _ in range(MEMBERS)]
    members = [outcome.member for outcome in house.kit.record_many(joining)]
    earning = [
        Activity(type="fees.earn", member=each, amount=coins, source="history", occurred_at=NOW - HOUR / 2)
        for coins in LOTS
        for each in members
    ]
    for outcome in house.kit.record_many(earning):
        if not outcome.settled:
            raise RuntimeError(f"{outcome.outcome}: {outcome.code}")
    house.kit.close()
    return url
