"""Authorise and capture, on one connection, against pgbench, which writes the same rows by the statements of holds.sql.

A member has one top-up. An operation sets a part of it aside and captures four fifths of that: two activities, and two
transactions on either side.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import psycopg

from bench.compare import ratios, timed
from bench.servers import Servers, pgbench
from corekit import Activity, Kit, Outcome, Settings

SCRIPT = Path(__file__).with_name("holds.sql")
MEMBERS = 1_000
STORED = 10**12
# What pgbench draws by number; the rows it writes are counted to see that it writes all of them.
NUMBERED = """
CREATE TABLE bench_member (number integer PRIMARY KEY, member_id uuid, account_id uuid, redeemed_id uuid, lot_id uuid);
INSERT INTO bench_member
SELECT row_number() OVER (ORDER BY a.id), a.member_id, a.id, r.id, l.id
FROM core_account a JOIN core_lot l ON l.account_id = a.id, core_account r
WHERE a.kind = 'stored_value.principal' AND a.member_id IS NOT NULL AND r.kind = 'stored_value.principal.redeemed';
ANALYZE;
"""
_WRITTEN = {
    "core_request": 2,
    "core_activity": 2,
    "core_effect": 2,
    "core_posting": 1,
    "core_entry": 1,
    "core_lot": 0,
    "core_lot_movement": 3,
    "core_hold": 1,
    "core_outbox": 2,
}


def measure(servers: Servers) -> list[float]:
    """Return operations per second to those of pgbench, per round."""
    url = servers.empty("postgresql", "holds_kernel")
    kit = _open(url)
    kit.upgrade()
    members = [each.member for each in kit.record_many(Activity(type="member.registered") for _ in range(MEMBERS))]
    paid = [
        Activity(type="stored_value.topped_up", member=each, amount=STORED, unit="USD", payload={"channel": "cash"})
        for each in members
    ]
    if not all(outcome.settled for outcome in kit.record_many(paid)):
        raise RuntimeError("a top-up was not settled")
    kit.close()
    twin = servers.copy(url, "holds_pgbench")
    with psycopg.connect(twin) as connection:
        connection.execute(NUMBERED.encode())
    kit = _open(url)
    pick = random.Random(3)  # noqa: S311 - no secret

    def kernel(number: int) -> Callable[[], object]:
        drawn = [(pick.choice(members), pick.randrange(1_000, 5_000)) for _ in range(number)]
        return lambda: [_hold(kit, member, amount) for member, amount in drawn]

    for place, write in ((url, kernel(1)), (twin, lambda: pgbench(twin, SCRIPT, 1, members=MEMBERS))):
        before = _counts(place)
        write()
        written = {name: after - before[name] for name, after in _counts(place).items()}
        if written != _WRITTEN:
            raise RuntimeError(f"authorising and capturing wrote {written}, not {_WRITTEN}")
    found = ratios(timed(kernel), lambda number: pgbench(twin, SCRIPT, number, members=MEMBERS), starts=(50, 100))
    if not kit.verify().clean:
        raise RuntimeError("the books are not clean")
    kit.close()
    for each in (url, twin):
        servers.drop(each)
    return found


def _open(url: str) -> Kit:
    return Kit(Settings.of(database=url, plugins=["stored_value"]))


def _hold(kit: Kit, member: str, amount: int) -> Outcome:
    told = {"store": "217", "order_no": "385729104"}
    placed = _settled(
        kit, Activity(type="stored_value.authorised", member=member, amount=amount, unit="USD", payload=told)
    )
    told = {"activity": str(placed.activity_id)}
    captured = Activity(type="hold.captured", member=member, amount=amount * 4 // 5, unit="USD", payload=told)
    return _settled(kit, captured)


def _settled(kit: Kit, activity: Activity) -> Outcome:
    outcome = kit.record(activity)
    if not outcome.settled:
        raise RuntimeError(f"{activity.type}: {outcome.code}")
    return outcome


def _counts(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        rows = {name: connection.execute(f"SELECT count(*) FROM {name}".encode()).fetchone() for name in _WRITTEN}
    return {name: row[0] if row else 0 for name, row in rows.items()}
