"""32 redeemers of one reward with a stock, against the same redeemers of one without an end.

Four processes with eight threads each redeem at once, each thread for members of its own, on PostgreSQL. The stock is
larger than what is taken, so that each redemption settles; that it is never oversold is tested, not measured.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from bench.compare import ratios, timed
from bench.servers import Servers
from bench.world import World, open_kit
from corekit import Activity, Kit
from corekit.program import apply
from corekit_points.rewards.restocking import restock

PROGRAM = Path(__file__).with_name("stock.toml")
PROCESSES, THREADS = 4, 8
EACH = 4
"""Members of a thread."""
NUMBER = 1_280
"""Redemptions of a round."""
PLENTY = 10**6


def measure(servers: Servers) -> list[float]:
    """Return redemptions per second of a reward with a stock to those of one without, per round."""
    url = servers.empty("postgresql", "stock")
    world = World.new(url, members=PROCESSES * THREADS * EACH, purchases=0)
    apply(world.kit, PROGRAM)
    told = {"reason": "to begin with"}
    world.settle(
        [
            Activity(type="points.adjustment", member=each, amount=PLENTY, unit="points", payload=told)
            for each in world.members
        ]
    )
    restock(world.kit, "operator", "piece", PLENTY, "to begin with", "bench")
    redeemers = [Redeemer(url, world.members[at::PROCESSES]) for at in range(PROCESSES)]

    def way(reward: str) -> Callable[[int], Callable[[], object]]:
        return lambda number: partial(_run, redeemers, reward, number)

    ways = timed(way("piece")), timed(way("endless"))
    for each in ways:
        each(NUMBER)
    found = ratios(*ways, numbers=(NUMBER, NUMBER))
    for redeemer in redeemers:
        redeemer.stop()
    world.kit.close()
    servers.drop(url)
    return found


def _run(redeemers: Sequence[Redeemer], reward: str, number: int) -> None:
    for redeemer in redeemers:
        redeemer.begin(reward, number // PROCESSES)
    if (done := sum([redeemer.end() for redeemer in redeemers])) != number:
        raise RuntimeError(f"{done} of {number} were settled")


class Redeemer:
    """A process of its own, whose threads redeem."""

    def __init__(self, url: str, members: Sequence[str]) -> None:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process: SpawnProcess = context.Process(target=_redeem, args=(url, members, there), daemon=True)
        self._process.start()

    def begin(self, reward: str, number: int) -> None:
        """Let it redeem so often."""
        self._here.send((reward, number))

    def end(self) -> int:
        """Wait until it has; return how many were settled."""
        done: int = self._here.recv()
        return done

    def stop(self) -> None:
        """Let the process end."""
        self._here.send(None)
        self._process.join()


def _redeem(url: str, members: Sequence[str], there: Connection) -> None:
    kit = open_kit(url)
    with ThreadPoolExecutor(THREADS) as pool:
        while (asked := there.recv()) is not None:
            reward, number = asked
            some = [members[at::THREADS] for at in range(THREADS)]
            there.send(sum(pool.map(partial(_in_turn, kit, reward, number // THREADS), some)))
    kit.close()


def _in_turn(kit: Kit, reward: str, number: int, members: Sequence[str]) -> int:
    payload = {"reward": reward}
    wanted = (
        Activity(type="points.redeemed", member=members[at % len(members)], payload=payload) for at in range(number)
    )
    return sum(kit.record(each).settled for each in wanted)
