"""``record`` on one connection against pgbench, which writes the same rows by the one statement of ``post.sql``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg

from bench.compare import ratios, timed
from bench.servers import Servers, pgbench
from bench.world import Shop, World

SCRIPT = Path(__file__).with_name("post.sql")
MEMBERS = 1000
PURCHASES = 2
# What pgbench draws by number; the rows it writes are counted to see that it writes all of them.
NUMBERED = """
CREATE TABLE bench_member (number integer PRIMARY KEY, member_id uuid, account_id uuid, issued_id uuid);
INSERT INTO bench_member
SELECT row_number() OVER (ORDER BY a.id), a.member_id, a.id, i.id FROM core_account a, core_account i
WHERE a.kind = 'points' AND a.member_id IS NOT NULL AND i.kind = 'points.issued';
ANALYZE bench_member;
"""
_WRITTEN = {
    "core_request": 1,
    "core_activity": 1,
    "core_line": 10,
    "core_effect": 1,
    "core_posting": 1,
    "core_entry": 1,
    "core_lot": 1,
    "core_lot_movement": 1,
    "core_outbox": 1,
}


def measure(servers: Servers) -> list[float]:
    """Return records per second to transactions per second, per round."""
    world = World.new(servers.empty("postgresql", "post_kernel"), members=MEMBERS, purchases=PURCHASES)
    twin = world.twin(servers, "post_pgbench").url
    world = World(world.url, world.members)
    with psycopg.connect(twin) as connection:
        connection.execute(NUMBERED.encode())
    for url, write in ((world.url, lambda: world.settle(Shop(world.members).purchases(1))), (twin, _one(twin))):
        before = _counts(url)
        write()
        written = {name: after - before[name] for name, after in _counts(url).items()}
        if written != _WRITTEN:
            raise RuntimeError(f"a purchase wrote {written}, not {_WRITTEN}")
    shop = Shop(world.members, seed=2)

    def kernel(number: int) -> Callable[[], object]:
        activities = shop.purchases(number)
        return lambda: [world.kit.record(activity) for activity in activities]

    found = ratios(timed(kernel), lambda number: pgbench(twin, SCRIPT, number, members=MEMBERS), starts=(100, 200))
    world.kit.close()
    for url in (world.url, twin):
        servers.drop(url)
    return found


def _one(url: str) -> Callable[[], object]:
    return lambda: pgbench(url, SCRIPT, 1, members=MEMBERS)


def _counts(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        rows = {name: connection.execute(f"SELECT count(*) FROM {name}".encode()).fetchone() for name in _WRITTEN}
    return {name: row[0] if row else 0 for name, row in rows.items()}
