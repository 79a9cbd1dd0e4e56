"""What an activity costs with 1,000,000 activities stored, to what it costs with 10,000.

The small database is settled by the kernel: 2,000 members with a registration, a change of tier and three purchases
each. The large one is a hundred copies of it, made by the database: the same rows under new ids, which keep their place
in time, so that it has 200,000 members with the same history each. Both then settle purchases of different members in
chunks of 500.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

from bench.compare import ratios, timed
from bench.multiply import multiply
from bench.servers import Servers
from bench.world import Shop, World

MEMBERS = 2000
PURCHASES = 3
STORED = 10_000
COPIES = 100
NUMBER = 1000
"""Activities of a round: two chunks."""


def measure(servers: Servers) -> list[float]:
    """Return the cost of an activity in the large database to that in the small one, per round."""
    small = World.new(servers.empty("postgresql", "growth_small"), members=MEMBERS, purchases=PURCHASES)
    url = small.twin(servers, "growth_large").url
    small = World(small.url, small.members)
    multiply(url, COPIES)
    _check(small.url, STORED)
    _check(url, STORED * COPIES)
    with psycopg.connect(url) as connection:
        large = World(url, [row[0].hex for row in connection.execute("SELECT id FROM core_member ORDER BY id")])

    def settling(world: World, seed: int) -> Callable[[int], Callable[[], object]]:
        shop = Shop(world.members, seed)

        def prepare(number: int) -> Callable[[], object]:
            bought = shop.one_each(number)
            return lambda: world.settle(bought)

        return prepare

    ways = timed(settling(small, 2)), timed(settling(large, 3))
    for way in ways * 2:
        way(NUMBER)
    found = ratios(*ways, numbers=(NUMBER, NUMBER))
    for world in (small, large):
        world.kit.close()
        servers.drop(world.url)
    return found


def _check(url: str, stored: int) -> None:
    """See that about so many activities are stored, and that what settlement relies on holds of a copy as well."""
    with psycopg.connect(url) as connection:
        found: Any = connection.execute("SELECT count(*) FROM core_activity").fetchone()
        wrong: Any = connection.execute(
            "SELECT count(*) FROM core_account a LEFT JOIN "
            "(SELECT account_id, sum(issued) AS issued FROM core_lot GROUP BY account_id) l ON l.account_id = a.id "
            "WHERE a.kind = 'points' AND a.credits_posted IS DISTINCT FROM l.issued"
        ).fetchone()
    if abs(found[0] / stored - 1) > 0.01 or wrong[0]:  # noqa: PLR2004 - a member or two may join a tier later
        raise RuntimeError(
            f"{found[0]} activities are stored, not {stored}; {wrong[0]} accounts differ from their lots"
        )
