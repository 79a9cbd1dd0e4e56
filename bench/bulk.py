"""``record_many`` against ``record``, and one member's many activities against as many of many members."""

from __future__ import annotations

from collections.abc import Callable

from bench.compare import enough, ratios, timed
from bench.servers import Servers
from bench.world import Shop, World

MEMBERS = 2000
PURCHASES = 2
ACTIVITIES = 1000
"""Of a round, at least: two chunks."""
OF_ONE = 10_000
ROUNDS_OF_ONE = 10


def measure(servers: Servers, dialect: str) -> list[float]:
    """Return how many times as long settling one by one takes as settling the same activities in bulk, per round."""
    world = World.new(servers.empty(dialect, "bulk_many"), members=MEMBERS, purchases=PURCHASES)
    twin = world.twin(servers, "bulk_one")
    world = World(world.url, world.members)
    shops = Shop(world.members, seed=2), Shop(world.members, seed=2)

    def many(number: int) -> Callable[[], object]:
        activities = shops[0].purchases(number)
        return lambda: world.settle(activities)

    def one(number: int) -> Callable[[], object]:
        activities = shops[1].purchases(number)
        return lambda: [twin.kit.record(activity) for activity in activities]

    ways = timed(many), timed(one)
    number = enough(ways[0], ACTIVITIES)
    for _ in range(2):  # keep in step: what `enough` settled the one way
        ways[1](ACTIVITIES)
    found = ratios(*ways, numbers=(number, number))
    _close(servers, world, twin)
    return found


def measure_one_member(servers: Servers) -> list[float]:
    """Return how many times as long activities of many members take as those of one, per round.

    The one member comes to 10,000 activities in the course of the rounds, a tenth of them in each.
    """
    world = World.new(servers.empty("postgresql", "bulk_normal"), members=MEMBERS, purchases=PURCHASES)
    twin = world.twin(servers, "bulk_single")
    world = World(world.url, world.members)
    shop, other = Shop(world.members, seed=2), Shop(world.members[1:], seed=3)
    member = world.members[0]

    def normal(number: int) -> Callable[[], object]:
        activities = shop.purchases(number)
        return lambda: world.settle(activities)

    def single(number: int) -> Callable[[], object]:
        activities = [other.purchase(member) for _ in range(number)]
        return lambda: twin.settle(activities)

    number = OF_ONE // ROUNDS_OF_ONE
    timed(normal)(number)
    twin.settle(other.purchases(number))  # warm, without a beginning of the one member's own
    found = ratios(timed(single), timed(normal), numbers=(number, number), rounds=ROUNDS_OF_ONE)
    _close(servers, world, twin)
    return found


def _close(servers: Servers, *worlds: World) -> None:
    for world in worlds:
        world.kit.close()
        servers.drop(world.url)
