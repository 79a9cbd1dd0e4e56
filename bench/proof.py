"""What the proof of the books costs, to one scan of the same tables, and to the proof of a tenth of them.

The small database is settled by the kernel: 2,500 members who buy, earn and pay coins, return a part of what they
bought, and have value held and captured. The others are copies of it, made by the database: 1,000,000 postings, and
100,000. A scan reads every value of every row of the tables that the proof reads, once, and counts them. Both sides
work on one core: a proof has no need to take more from a database that others use.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import mean

from sqlalchemy import func, select

from bench import fees
from bench.multiply import COPIED, multiply
from bench.servers import Servers
from bench.world import Shop, World
from corekit import Activity, Kit, Outcome
from corekit.ledger import tables as ledger

MEMBERS = 2_500
POSTINGS = 8
"""Of a member."""
LARGE, SMALL = 50, 5
"""Copies: 1,000,000 postings and 100,000."""
ROUNDS = 3
SCANS = 3
"""Before a proof, and as many after it."""
_ONE_CORE = "&options=-c%20max_parallel_workers_per_gather%3D0"


def measure(servers: Servers) -> list[float]:
    """Return how many scans of all tables a proof of 1,000,000 postings costs, per round."""
    kit = _copies(servers, LARGE)
    found: list[float] = []
    for _ in range(ROUNDS):
        scans = [_scan(kit) for _ in range(SCANS)]
        seconds = _prove(kit)
        scans += [_scan(kit) for _ in range(SCANS)]
        found.append(seconds / mean(scans))
    kit.close()
    return found


def measure_growth(servers: Servers) -> list[float]:
    """Return how many times as long a proof of 1,000,000 postings takes as one of 100,000, per round."""
    small, large = _copies(servers, SMALL), _copies(servers, LARGE)
    found: list[float] = []
    for _ in range(ROUNDS):
        seconds = _prove(small)
        found.append(_prove(large) / seconds)
    for kit in (small, large):
        kit.close()
    return found


def _prove(kit: Kit) -> float:
    """Return the seconds that a proof takes, which must find nothing."""
    began = time.perf_counter()
    report = kit.verify()
    seconds = time.perf_counter() - began
    if not report.clean:
        raise RuntimeError(f"what nobody damaged is not clean: {report.violations}")
    return seconds


def _scan(kit: Kit) -> float:
    """Return the seconds in which every value of every table is read."""
    with kit.read() as read:
        began = time.perf_counter()
        for table in COPIED:
            read.all(select(*map(func.count, table.c)).select_from(table))
        return time.perf_counter() - began


_made: dict[int, World] = {}


def _copies(servers: Servers, copies: int) -> Kit:
    """Return a kit on the settled database and so many copies of it in one; the server keeps it for the next goal."""
    if not _made:
        _made[1] = _settled(servers)
    if copies not in _made:
        _made[copies] = _made[1].twin(servers, f"proof_{copies}")
        _made[copies].kit.close()
        multiply(_made[copies].url, copies)
    world = World(_made[copies].url + _ONE_CORE, (), {"fees": fees})
    with world.kit.read() as read:
        stored = read.scalar(select(func.count()).select_from(ledger.posting))
    if stored != MEMBERS * POSTINGS * copies:
        raise RuntimeError(f"{stored} postings are stored, not {MEMBERS * POSTINGS * copies}")
    return world.kit


def _settled(servers: Servers) -> World:
    """Return a world that the kernel settled."""
    world = World.new(servers.empty("postgresql", "proof"), members=MEMBERS, purchases=2, modules={"fees": fees})
    shop = Shop(world.members, seed=2)
    bought = _settle(world, shop.one_each(MEMBERS))
    for coins in (30, 60):
        _settle(world, [Activity(type="fees.earn", member=member, amount=coins) for member in world.members])
    _settle(world, [Activity(type="fees.pay", member=member, amount=40) for member in world.members])
    placing = [
        Activity(type="hold.placed", member=member, amount=100, unit="points", payload={"account": "points"})
        for member in world.members
    ]
    placed = _settle(world, placing)
    capturing = [
        Activity(
            type="hold.captured", member=each.member, amount=60, unit="points", payload={"hold": each.effects[0].id}
        )
        for each in placed
    ]
    _settle(world, capturing)
    returning = [Activity(type="refund", member=each.member, reverses=each.activity_id, amount=2000) for each in bought]
    _settle(world, returning)
    return world


def _settle(world: World, activities: Sequence[Activity]) -> list[Outcome]:
    outcomes = list(world.kit.record_many(activities))
    for outcome in outcomes:
        if not outcome.settled:
            raise RuntimeError(f"{outcome.outcome}: {outcome.code} {outcome.message} {outcome.problems}")
    return outcomes
