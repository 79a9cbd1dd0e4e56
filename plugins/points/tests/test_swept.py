"""Sweeps of other plugins over points: the version of their time judges them, and tasks may ask for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import SelectBase, Text, cast, func, literal, select

from corekit import Activity, ActivityType, Bounds, Declares, Sweep, hookimpl, member
from corekit.clock import moment
from corekit.ledger.tables import account, lot
from corekit.program import apply_text
from corekit.testing.plugin import MakeKit

HEAD = '[program]\nname = "Corner shop"\n'
EXPIRY = "[points.currencies.points]\nexpiry = {{{expiry}}}\n"


def everybody(bounds: Bounds) -> SelectBase:
    """Select every member once, with seven."""
    return select(
        member.c.id.label("member_id"),
        func.replace(cast(member.c.id, Text), "-", "").label("key"),
        literal(7).label("amount"),
        literal("gift@1").label("rule"),
    ).where(bounds.within(member.c.id))


@pytest.fixture
def gifts() -> ModuleType:
    """A plugin that sweeps: it gives everybody points, or notes something."""
    module = ModuleType("gifts")
    declares = Declares(
        requires=["points"],
        reacts=[],
        activities=[
            ActivityType(name="gifts.given", amount="points", internal=True),
            ActivityType(name="gifts.noted", internal=True),
        ],
        sweeps=[
            Sweep(name="gifts", activity_type="gifts.given", select=everybody, effect="Credit", account="points"),
            Sweep(name="gifts.notes", activity_type="gifts.noted", select=everybody),
        ],
    )
    vars(module)["corekit_declare"] = hookimpl(lambda: declares)
    return module


@pytest.mark.row("A10", way="python")
@pytest.mark.row("P7", way="python")
@pytest.mark.parametrize(
    ("now", "announced", "lapses", "idle"),
    [
        ("months = 1", "months = 24", "2026-03-10", None),
        ("months = 1", 'months = 24, after = "inactivity"', "2026-03-10", None),
        ('months = 1, after = "inactivity"', "months = 24", None, "2026-03-10"),
    ],
)
def test_what_a_sweep_gives_lapses_by_the_version_of_its_time(
    make_kit: MakeKit,
    open_house: Callable[..., Any],
    gifts: ModuleType,
    now: str,
    announced: str,
    lapses: str | None,
    idle: str | None,
) -> None:
    text = HEAD + EXPIRY.format(expiry=now)
    kit = make_kit(["points"], modules={"gifts": gifts}, program=text, sources={"till": {"historical": True}})
    house = open_house(kit)
    apply_text(kit, HEAD + EXPIRY.format(expiry=announced), valid_from=datetime(2027, 1, 1, tzinfo=UTC))
    house.clock.set("2026-02-10T00:00:00+00:00")
    assert kit.jobs.run("gifts").state == "done"
    assert house.has() == 7
    chosen = select(lot.c.expires_at, account.c.lapses_at).join(account, account.c.id == lot.c.account_id)
    with kit.read() as read:
        (found,) = read.all(chosen)
    assert [None if at is None else f"{moment(at):%Y-%m-%d}" for at in found] == [lapses, idle]
    assert house.clean()


@pytest.mark.row("P4", way="python")
@pytest.mark.row("X5", way="python")
def test_a_task_for_what_a_sweep_records_gives_its_points(
    make_kit: MakeKit, open_house: Callable[..., Any], gifts: ModuleType
) -> None:
    text = HEAD + '[[points.tasks]]\nid = "noted"\nactivity = "gifts.noted"\npoints = 5\n'
    kit = make_kit(["points"], modules={"gifts": gifts}, program=text, sources={"till": {"historical": True}})
    house = open_house(kit)
    kit.jobs.run("gifts.notes")
    assert house.has() == 5


@pytest.mark.row("P4", way="python")
@pytest.mark.row("P4", way="reversal")
def test_a_task_for_what_another_plugin_tops_up_gives_its_points_and_takes_them_back(
    make_kit: MakeKit, open_house: Callable[..., Any]
) -> None:
    wallet = ModuleType("wallet")
    declares = Declares(activities=[ActivityType(name="wallet.topped_up", amount="money")])
    vars(wallet)["corekit_declare"] = hookimpl(lambda: declares)
    text = HEAD + '[[points.tasks]]\nid = "top_up"\nactivity = "wallet.topped_up"\npoints = 5\nlimits = {day = 1}\n'
    kit = make_kit(["points"], modules={"wallet": wallet}, program=text)
    house = open_house(kit)
    first, _ = (
        kit.record(Activity(type="wallet.topped_up", member=house.member, amount=amount)) for amount in (500, 700)
    )
    assert house.has() == 5
    kit.reverse(first.activity_id or "")
    assert house.has() == 0
    assert house.clean()
