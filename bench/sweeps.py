"""What sweeps over many members cost, to the same done one by one, to a tenth of the members, and in memory.

A member has two lots of coins and stands in a tier of a ladder by what it earned. The small database is settled by the
kernel, 5,000 members; the others are copies of it, made by the database. A round is a sweep over every member: the fee
of a year, the expiry of one of the two lots, or the end of everybody's validity on the ladder (in one round all fall,
in the next all are renewed).

What is done one by one writes the same rows, each for another member: a debit of as much where a sweep writes one
effect, and the same policy of the same ladder where it rates.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from attrs import frozen
from rich.console import Console
from sqlalchemy import select

from bench import fees
from bench.multiply import multiply
from bench.servers import Servers
from corekit import Activity, Kit, Settings, member
from corekit.clock import micros
from corekit.ids import new_id
from corekit.program import apply

SETTLED = 5_000
"""Members of the database that the kernel settles."""
MEMBERS = 1_000_000
"""Members of the large database, unless somebody asks for another number; the small one has a tenth."""
LOTS = (350, 700)
"""Coins of a member, and the days that they live."""
NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE_BY_ONE = 1_000
EXPIRY, FEE, TIERS = "expiry", "fees.yearly", "tiers"
NAMES = (EXPIRY, FEE, TIERS)
LADDER = "status"
PROGRAM = Path(__file__).with_name("fees.toml")
# Nothing lapses before it has to, so that each sweep does nothing but its own.
ROUNDS = {
    EXPIRY: tuple(NOW + timedelta(days=days) for days in LOTS),
    FEE: (NOW, NOW.replace(year=NOW.year + 1, month=1)),
    TIERS: (NOW.replace(month=6), NOW.replace(month=9)),
}
"""The instants of a sweep's rounds: a lot lapses, a year begins, a validity is over."""
_console = Console(stderr=True)


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
            return [row.id for row in read.all(select(member.c.id).order_by(member.c.id.desc()).limit(number))]

    def sweep(self, name: str, settled: int) -> float:
        """Run a sweep over so many members; return the seconds that it took."""
        began = time.perf_counter()
        run = self.kit.jobs.run(name, go=True)
        seconds = time.perf_counter() - began
        if run.settled != settled:
            raise RuntimeError(f"{name} settled {run.settled} of {settled}")
        _console.print(f"{name}: {settled:,} members in {seconds:.1f} s, {peak() / 1024:.0f} MB at most")
        return seconds

    def pay(self, members: Sequence[str]) -> float:
        """Record a debit of members one by one; return the seconds of one."""
        paying = [Activity(type="fees.pay", member=each, amount=1, source="loop") for each in members]
        began = time.perf_counter()
        for activity in paying:
            if not self.kit.record(activity).settled:
                raise RuntimeError("a debit was not settled")
        return (time.perf_counter() - began) / len(paying)

    def rate(self, members: Sequence[str], at: datetime) -> float:
        """Rate members one by one; return the seconds of one."""
        began = time.perf_counter()
        for each in members:
            if self.kit.rerate([each], LADDER, at, micros(at) - 1) != 1:
                raise RuntimeError("a member was not rated")
        return (time.perf_counter() - began) / len(members)


def measure(servers: Servers, dialect: str, name: str, members: int = MEMBERS) -> list[float]:
    """Return how many times as long a member takes by itself as by a sweep, per round."""
    if dialect == "postgresql":
        url = _copies(servers, members)
    else:
        url, members = _settled(servers, dialect), SETTLED
    found: list[float] = []
    for at in ROUNDS[name]:
        done = 0
        house = House.open(url, at if name == TIERS else at - 24 * HOUR)
        some = house.members(min(ONE_BY_ONE, members // 5))
        if name == TIERS:
            alone, done = house.rate(some, at), len(some)
        else:
            alone = house.pay(some)
        _console.print(f"{name}: a member by itself {alone * 1000:.1f} ms")
        house.kit.close()
        house = House.open(url, at)
        found.append(alone / (house.sweep(name, members - done) / (members - done)))
        house.kit.close()
    servers.drop(url)
    return found


def measure_growth(servers: Servers, members: int = MEMBERS) -> list[float]:
    """Return how many times as long sweeps over all members take as over a tenth of them."""
    found: list[float] = []
    for name in NAMES:
        large, small = _copies(servers, members), _copies(servers, members // 10)
        for at in ROUNDS[name]:
            seconds: list[float] = []
            for url, number in ((small, members // 10), (large, members)):
                house = House.open(url, at)
                seconds.append(house.sweep(name, number))
                house.kit.close()
            found.append(seconds[1] / seconds[0])
        for url in (large, small):
            servers.drop(url)
    return found


def measure_memory(servers: Servers, members: int = MEMBERS) -> list[float]:
    """Return how many times as much memory a process takes at most for all members as for a tenth of them.

    Each sweep runs in a process of its own: one that did something else before would tell of that.
    """
    found: list[float] = []
    for name in NAMES:
        peaks: list[int] = []
        for number in (members // 10, members):
            url = _copies(servers, number)
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                peaks.append(pool.apply(_sweep_alone, (url, name, number)))
            servers.drop(url)
        found.append(peaks[1] / peaks[0])
    return found


def peak() -> int:
    """Return the most memory that this process has had, in kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _sweep_alone(url: str, name: str, members: int) -> int:
    house = House.open(url, ROUNDS[name][0])
    house.sweep(name, members)
    house.kit.close()
    return peak()


_made: dict[int, str] = {}


def _copies(servers: Servers, members: int) -> str:
    """Return the URL of a database of so many members, made once and copied for whoever changes it."""
    if members not in _made:
        settled = _settled(servers, "postgresql")
        _made[members] = servers.copy(settled, f"sweeps_{members}")
        servers.drop(settled)
        multiply(_made[members], members // SETTLED)
    return servers.copy(_made[members], f"sweeps_{members}_{new_id()}")


def steps(text: str) -> int:
    """Read a number of members of which a tenth can be made."""
    members = int(text)
    if members <= 0 or members % (10 * SETTLED):
        raise ValueError(text)
    return members


def _settled(servers: Servers, dialect: str) -> str:
    """Return the URL of a database that the kernel settled."""
    url = servers.empty(dialect, f"sweeps_{dialect}")
    house = House.open(url, NOW)
    house.kit.upgrade()
    apply(house.kit, PROGRAM)
    joining = [Activity(type="member.registered", source="history", occurred_at=NOW - HOUR) for _ in range(SETTLED)]
    members = [outcome.member for outcome in house.kit.record_many(joining)]
    earning = [
        Activity(type="fees.earn", member=each, amount=coins, source="history", occurred_at=NOW - HOUR / 2)
        for coins in LOTS
        for each in members
    ]
    for outcome in house.kit.record_many(earning):
        if not outcome.settled:
            raise RuntimeError(f"{outcome.outcome}: {outcome.code}")
    report = house.kit.verify()
    if not report.clean:
        raise RuntimeError(str(report))
    house.kit.close()
    return url
