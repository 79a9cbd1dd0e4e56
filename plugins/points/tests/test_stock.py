"""A stock of which many want a piece at once: none is sold twice, none is left behind."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, text

from corekit import Activity, Kit
from corekit.testing.plugin import MakeKit
from corekit_points.rewards import stock
from corekit_points.rewards.restocking import restock
from corekit_points.rewards.tables import stock as table

PROGRAM = """
[program]
name = "Corner shop"

[[points.rewards]]
id = "mug"
points = 1
stocked = true
texts = {en = {name = "Mug"}}
"""
THREADS, EACH, ROUNDS = 20, 25, 10


def joined(kit: Kit, number: int, points: int) -> list[str]:
    members = [each.member for each in kit.record_many(Activity(type="member.registered") for _ in range(number))]
    told: dict[str, Any] = {"amount": points, "unit": "points", "payload": {"reason": "to begin with"}}
    given = kit.record_many(Activity(type="points.adjustment", member=each, **told) for each in members)
    assert all(each.settled for each in given)
    return members


def redeems(member: str) -> Activity:
    return Activity(type="points.redeemed", member=member, payload={"reward": "mug"})


def left_of(kit: Kit) -> int:
    with kit.read() as read:
        return stock.left(read, ["mug"])["mug"]


@pytest.mark.row("P8", way="python")
@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)  # on SQLite writers do not race
def test_a_stock_of_1000_sold_to_5000_racing_requests_ends_at_0(make_kit: MakeKit) -> None:
    kit = make_kit(["points"], program=PROGRAM, clock=lambda: datetime.now(UTC))
    members = joined(kit, THREADS * EACH, ROUNDS)
    restock(kit, "staff:mira", "mug", 1_000, "delivered", "first")

    def race(some: list[str]) -> Counter[str | None]:
        """Redeem one by one and in chunks, in turn."""
        answers: Counter[str | None] = Counter()
        for turn in range(ROUNDS):
            wanted = [redeems(member) for member in some]
            said = map(kit.record, wanted) if turn % 2 else kit.record_many(wanted)
            answers.update(each.code for each in said)
        return answers

    with ThreadPoolExecutor(THREADS) as pool:
        answers = sum(pool.map(race, (members[at::THREADS] for at in range(THREADS))), Counter[str | None]())
    assert answers == {None: 1_000, "POINTS_REWARD_SOLD_OUT": 4_000}
    assert left_of(kit) == 0
    assert kit.verify().clean


@pytest.mark.row("P8", way="reversal")
def test_pieces_that_come_back_while_others_take_them_add_up(make_kit: MakeKit) -> None:
    kit = make_kit(["points"], program=PROGRAM, clock=lambda: datetime.now(UTC))
    members = joined(kit, 16, 100)
    restock(kit, "staff:mira", "mug", 10, "delivered", "first")

    def comes_and_goes(some: list[str]) -> int:
        """Redeem, one by one and in chunks, and give back every second piece; return how many are kept."""
        kept = 0
        for turn in range(6):
            wanted = [redeems(member) for member in some]
            said = map(kit.record, wanted) if turn % 2 else kit.record_many(wanted)
            had = [each for each in said if each.settled]
            back = [
                Activity(type="points.redemption_cancelled", member=each.member, reverses=each.activity_id)
                for each in had[turn % 2 :]
            ]
            assert all(each.settled for each in kit.record_many(back))
            kept += len(had) - len(back)
        return kept

    with ThreadPoolExecutor(8) as pool:
        kept = sum(pool.map(comes_and_goes, (members[at::8] for at in range(8))))
    assert kept + left_of(kit) == 10
    with kit.read() as read:
        rows = read.all(select(table.c.shard).where(table.c.shard.startswith("back:"), table.c.pieces == 0))
    assert len(rows) <= 16  # what came back and is gone again was cleared away, but for the last of it
    assert kit.verify().clean


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_who_finds_the_last_piece_held_waits_for_whoever_holds_it(make_kit: MakeKit) -> None:
    kit = make_kit(["points"], program=PROGRAM, clock=lambda: datetime.now(UTC))
    (member,) = joined(kit, 1, 1)
    restock(kit, "staff:mira", "mug", 1, "delivered", "first")
    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with ThreadPoolExecutor(1) as pool:
        with kit.database.write() as holding, kit.database.connect() as looking:
            holding.execute(stock.held(["mug"]))
            redeeming = pool.submit(kit.record, redeems(member))
            while not redeeming.done() and not looking.execute(waits).scalar():
                pass
            assert not redeeming.done()
        assert redeeming.result().settled  # whoever held it took nothing
    assert left_of(kit) == 0
