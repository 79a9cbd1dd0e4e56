"""The intake: purchases recorded by COPY while two workers settle them, against pgbench with four clients.

pgbench writes by the one statement of ``post.sql`` what a purchase writes; the workers settle under points, tiers and a
toy plugin that gives medals. A round lasts from the first purchase that is recorded until the last one is settled.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import ModuleType

import psycopg

from bench import medal
from bench.compare import ratios, timed
from bench.post import NUMBERED, SCRIPT
from bench.servers import Servers, pgbench
from bench.world import Shop, World, open_kit
from corekit import Activity, Kit

MEMBERS = 2000
PURCHASES = 2
NUMBER = 6000
"""Purchases of a round."""
PART = 1000
"""Purchases recorded at once."""
CHUNK = 500
WORKERS = 2
CLIENTS = 4
SHORT = 0.002
"""Seconds between two looks at an empty intake."""
MODULES: dict[str, ModuleType] = {"medal": medal}


def measure(servers: Servers) -> list[float]:
    """Return activities recorded and settled per second to transactions of pgbench per second, per round."""
    url = servers.empty("postgresql", "intake_kernel")
    world = World.new(url, members=MEMBERS, purchases=PURCHASES, modules=MODULES)
    twin = world.twin(servers, "intake_pgbench").url
    with psycopg.connect(twin) as connection:
        connection.execute(NUMBERED.encode())
    workers = [Worker(url) for _ in range(WORKERS)]
    kit = open_kit(url, MODULES)
    shop = Shop(world.members, seed=2)

    def intake(number: int) -> Callable[[], object]:
        bought = shop.purchases(number)
        parts = [bought[first : first + PART] for first in range(0, number, PART)]

        return lambda: _run(kit, workers, parts)

    def reference(number: int) -> float:
        return pgbench(twin, SCRIPT, number, clients=CLIENTS, members=MEMBERS)

    for _ in range(2):
        timed(intake)(NUMBER)
        reference(NUMBER)
    found = ratios(timed(intake), reference, numbers=(NUMBER, NUMBER))
    for worker in workers:
        worker.stop()
    kit.close()
    for each in (url, twin):
        servers.drop(each)
    return found


def _run(kit: Kit, workers: Sequence[Worker], parts: Sequence[Sequence[Activity]]) -> None:
    for worker in workers:
        worker.begin()
    for part in parts:
        if any(answer.outcome != "waiting" for answer in kit.enqueue(part)):
            raise RuntimeError("a purchase was not recorded")
    done, number = sum([worker.end() for worker in workers]), sum(map(len, parts))
    if done != number:
        raise RuntimeError(f"{done} of {number} were settled")


class Worker:
    """A process of its own that settles what waits."""

    def __init__(self, url: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process: SpawnProcess = context.Process(target=_work, args=(url, there), daemon=True)
        self._process.start()

    def begin(self) -> None:
        """Let it settle whatever comes."""
        self._here.send("begin")

    def end(self) -> int:
        """Wait until nothing is left; return how many it settled."""
        self._here.send("end")
        done: int = self._here.recv()
        return done

    def stop(self) -> None:
        """Let the process end."""
        self._here.send("stop")
        self._process.join()


def _work(url: str, there: Connection) -> None:
    kit = open_kit(url, MODULES)
    while there.recv() == "begin":
        done = 0
        while True:
            ending = there.poll()
            number = kit.work(chunk=CHUNK, limit=CHUNK)
            done += number
            if not number and ending:
                break
            if not number:
                there.poll(SHORT)
        there.recv()
        there.send(done)
    kit.close()
