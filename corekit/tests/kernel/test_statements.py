"""What settlement costs in statements: a fixed number, whatever the size of the chunk."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import psycopg
import pytest

from corekit import Activity
from corekit.db.engine import _SETTLING_OPTIONS
from corekit.ledger.postgresql import QUERIES
from corekit.proof.scope import WHOLE
from corekit.proof.verify import _SEARCHES

postgresql_only = pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
sqlite_only = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


def _cost(world: Any, activities: list[Activity]) -> int:
    before = world.kit.statements
    assert all(answer.settled for answer in world.kit.record_many(activities))
    spent: int = world.kit.statements - before
    return spent


@postgresql_only
@pytest.mark.parametrize("kind", ["purchase", "toy.earn", "toy.spend", "toy.chain"])
def test_one_record_costs_at_most_six(world: Any, kind: str) -> None:
    member = world.member()
    world.does(member, "toy.earn", 500)
    before = world.kit.statements
    assert world.does(member, kind, 200 if kind != "toy.chain" else 3).settled
    assert world.kit.statements - before <= 6


@postgresql_only
def test_a_reversal_costs_at_most_six(world: Any) -> None:
    member = world.member()
    bought = world.does(member, "purchase", 12_300)
    world.does(member, "toy.spend", 100)
    reverse = world.activity(member, "reversal", reverses=bought.activity_id)
    before = world.kit.statements
    assert world.kit.record(reverse).settled
    assert world.kit.statements - before <= 6


@postgresql_only
def test_a_chunk_of_500_costs_at_most_thirty(world: Any) -> None:
    members = [world.member() for _ in range(20)]
    earn = [world.activity(member, "toy.earn", 100) for member in members]
    _cost(world, earn)
    mixed = [
        world.activity(members[number % 20], kind, 1)
        for number, kind in enumerate(["toy.earn", "toy.spend", "purchase", "toy.chain", "toy.tip"] * 100)
    ]
    assert _cost(world, mixed) <= 30


def test_the_cost_does_not_grow_with_the_chunk(world: Any) -> None:
    members = [world.member() for _ in range(50)]
    _cost(world, [world.activity(member, "toy.earn", 1000) for member in members])
    kinds = ("toy.earn", "toy.spend", "purchase")
    two, thirty = ([world.activity(each, kind, 2) for each in members[:number] for kind in kinds] for number in (2, 30))
    many = [world.activity(member, kind, 2) for member in members for kind in kinds * 3]
    assert _cost(world, two) <= _cost(world, thirty) == _cost(world, many)


def test_the_cost_does_not_grow_with_what_a_member_has_behind_it(world: Any) -> None:
    fresh, old = world.member(), world.member()
    list(world.kit.record_many(world.activity(old, "toy.earn", 5) for _ in range(300)))
    costs: list[int] = []
    for member in (fresh, old):
        world.does(member, "toy.earn", 10)
        before = world.kit.statements
        world.does(member, "toy.spend", 7)
        costs.append(world.kit.statements - before)
    assert costs[0] == costs[1]


_OTHERS = """
INSERT INTO core_lot SELECT gen_random_uuid(), o.id, l.activity_id, l.effect_id, l.issued, l.consumed, l.held,
    l.expired, l.repaid, l.issued_at + 31536000000000, l.issued_at, l.seq, l.available_from
FROM core_lot l, (SELECT gen_random_uuid() AS id FROM generate_series(1, 500)) o ORDER BY l.id"""
"""As much for each of five hundred others, who came by it at the same time, and will lose it in the order of it."""


@postgresql_only
@pytest.mark.parametrize("name", ["members", "open_lots", "involved_lots"])
def test_what_others_have_is_not_looked_at(world: Any, name: str) -> None:
    """Once PostgreSQL knows how much there is, it may think it cheaper to look through all of it for each member."""
    member = world.member()
    _cost(world, [world.activity(member, "toy.earn", 5) for _ in range(40)])
    options = " ".join(f"-c {option}={value}" for option, value in _SETTLING_OPTIONS.items())
    with psycopg.connect(world.kit.settings.database, autocommit=True, options=options) as connection:
        connection.execute(_OTHERS)
        connection.execute("VACUUM ANALYZE core_lot, core_account")
        number = count(1)
        text = "".join(part if part != "?" else f"${next(number)}" for part in getattr(QUERIES, name))
        connection.execute(f"PREPARE looked AS {text}".encode())
        one: Any = connection.execute("SELECT id FROM core_account WHERE member_id = %s", [member]).fetchone()
        whose = member if name == "members" else one[0]
        sent = ["0"] * ("bigint" in text) + [f"'{{{whose}}}'"] * text.count("uuid[]")
        plan: Any = connection.execute(
            f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE looked ({', '.join(sent)})".encode()
        ).fetchone()
    looked = [node for node in _nodes(plan[0][0]["Plan"]) if node.get("Relation Name") == "core_lot"]
    assert looked
    assert max(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in looked) <= 40


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


@sqlite_only
def test_no_search_of_the_proof_looks_through_a_table_for_each_row(world: Any) -> None:
    """SQLite does that where a join names no index, and then a proof takes as long as the square of the books."""
    with world.kit.read() as read:
        for search in _SEARCHES:
            rows = search.rows.format_map(WHOLE.relations)
            plan = read.source.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {rows}").all()
            assert [row[3] for row in plan if row[3].startswith("SCAN") and row[3].endswith("LEFT-JOIN")] == []
