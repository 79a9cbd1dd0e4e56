"""A posting stands under what its activity says of the dimensions of its kind, or the one before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from marshmallow import Schema, fields
from sqlalchemy import select

from corekit import (
    AccountKind,
    Activity,
    ActivityType,
    Batch,
    Credit,
    Debit,
    Declares,
    Effect,
    Facts,
    Follow,
    Hold,
    Kit,
    Unit,
    hookimpl,
)
from corekit.ledger.expiry import Expiry
from corekit.ledger.tables import hold
from corekit.migrations import guards
from corekit.migrations.segments import fill
from corekit.tables import account, activity, posting, segment
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit

NORTH, SOUTH = {"store": "north", "till": "1"}, {"store": "south"}
broken: set[str] = set()


class SoldSchema(Schema):
    """Where it was, and who was there."""

    store = fields.String()
    till = fields.String()
    clerk = fields.String()


@hookimpl
def corekit_declare() -> Declares:
    unit = Unit("coins")
    cut: dict[str, Any] = {"unit": unit, "dimensions": ("store", "till")}
    names = ("paid", "spent", "held", "ordered", "delivered")
    return Declares(
        accounts=[
            AccountKind(code="till.cash", lots=True, expiry=Expiry(1), **cut),
            AccountKind(code="till.stamps", unit=unit),
        ],
        activities=[ActivityType(name=f"till.{name}", schema=SoldSchema, amount="own") for name in names],
    )


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    for each in batch:
        given: dict[str, Any] = {"rule": "till@1", "account": "till.cash", "amount": each.amount}
        if each.type == "till.paid":
            yield Credit(each, **given)
            yield Credit(each, rule="till@1", account="till.stamps", amount=each.amount)
        elif each.type == "till.spent":
            yield Debit(each, **given)
        elif each.type == "till.held":
            yield Hold(each, **given)
        elif each.type in ("till.ordered", "hold.captured"):
            yield Follow(each, rule="till@1", type="till.delivered", name="goods", amount=each.amount, unit="coins")
        elif each.type == "till.delivered":
            if "delivery" in broken:
                raise RuntimeError("nobody delivers")
            yield Credit(each, **given)


@pytest.fixture
def till() -> Iterator[ModuleType]:
    module = ModuleType("till")
    vars(module).update(corekit_declare=corekit_declare, corekit_react=corekit_react)
    yield module
    broken.clear()


@pytest.fixture
def world(make_world: Callable[..., Any], till: ModuleType) -> Any:
    return make_world(modules={"till": till})


def stands(kit: Kit) -> list[tuple[Any, ...]]:
    """Return where each posting stands: type, type of what it takes back, what is said; in the order of settlement."""
    kind = account.alias()
    statement = (
        select(activity.c.type, segment.c.type.label("of"), segment.c.undone, segment.c.dimensions, kind.c.kind)
        .join_from(posting, activity, activity.c.id == posting.c.activity_id)
        .join(kind, kind.c.id == posting.c.debit_account_id)
        .join(segment, segment.c.id == posting.c.segment_id, isouter=True)
        .order_by(activity.c.recorded_at, kind.c.kind)
    )
    with kit.read() as read:
        rows = read.all(statement)
    cut = [row for row in rows if not row.kind.startswith("till.stamps")]
    assert all(row.of is None for row in rows if row not in cut), "a kind without dimensions has no segment"
    assert all(row.of == row.type for row in cut)
    return [(row.type, row.undone, said(row.dimensions)) for row in cut]


def said(dimensions: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Return what is said in the order of names: a database keeps none."""
    return tuple(sorted(dimensions.items()))


def happens(world: Any, clock: SettableClock) -> list[tuple[Any, ...]]:
    """Let one of each happen; return where its postings stand."""
    member = world.member()
    paid = world.does(member, "till.paid", 100, unit="coins", payload={**NORTH, "clerk": "ann"})
    spent = world.does(member, "till.spent", 10, unit="coins", payload=SOUTH)
    world.does(member, "till.spent", 1, unit="coins")
    world.clock.advance(seconds=1)
    world.kit.reverse(spent.activity_id, amount=4)
    ordered = world.does(member, "till.ordered", 7, unit="coins", payload=SOUTH)
    world.clock.advance(seconds=1)
    world.kit.reverse(ordered.activity_id)
    holds = [world.does(member, "till.held", 20, unit="coins", payload=where) for where in (NORTH, SOUTH, SOUTH)]
    taken = world.does(member, "hold.captured", 15, unit="coins", payload={"hold": holds[0].effects[0].id})
    world.clock.advance(seconds=1)
    world.kit.reverse(taken.activity_id)
    world.does(member, "hold.captured", 5, unit="coins", payload={"activity": holds[1].activity_id})
    world.clock.advance(seconds=1)
    world.kit.reverse(paid.activity_id, amount=50)
    clock.advance(timedelta(days=70))
    world.sweep(days=0)
    found: list[tuple[str, str | None, dict[str, str]]] = [
        ("till.paid", None, NORTH),
        ("till.spent", None, SOUTH),
        ("till.spent", None, {}),
        ("reversal", "till.spent", SOUTH),
        ("till.delivered", None, SOUTH),
        ("reversal", "till.delivered", SOUTH),
        ("hold.captured", None, NORTH),
        ("till.delivered", None, NORTH),
        ("reversal", "hold.captured", NORTH),
        ("reversal", "till.delivered", NORTH),
        ("hold.captured", None, SOUTH),
        ("reversal", "till.paid", NORTH),
        ("till.cash.expired", None, {}),
    ]
    return [(type_, undone, said(told)) for type_, undone, told in found]


def test_a_posting_stands_under_what_was_said_of_it_or_of_what_came_before_it(world: Any, clock: SettableClock) -> None:
    wanted = happens(world, clock)
    assert list(dict.fromkeys(stands(world.kit))) == wanted
    assert world.is_proved()


def test_what_was_posted_before_is_filled_in_by_the_same_rule(world: Any, clock: SettableClock) -> None:
    happens(world, clock)
    before, held = stands(world.kit), _held(world.kit)
    assert SOUTH in held
    own = [each for each in guards.GUARDS if each.table in ("core_posting", "core_hold", "core_segment")]
    with world.kit.database.write() as connection:
        for guard in own:
            guards.lift(connection, guard, posting.metadata)
        for statement in (
            "UPDATE core_posting SET segment_id = NULL",
            "UPDATE core_hold SET dimensions = NULL",
            "DELETE FROM core_segment",
        ):
            connection.exec_driver_sql(statement)
        guards.install(connection, own, posting.metadata)
    assert set(world.kit.verify().violations) == {"segments"}
    for _ in range(2):  # the second finds nothing to do
        with world.kit.database.write() as connection:
            fill(connection, "till.cash", ("store", "till"))
        assert (stands(world.kit), _held(world.kit)) == (before, held)
    assert world.is_proved()


def _held(kit: Kit) -> list[Any]:
    """Return what is said of the holds that are open, in the order of their ids."""
    with kit.read() as read:
        return [
            row[0] for row in read.all(select(hold.c.dimensions).where(hold.c.outcome.is_(None)).order_by(hold.c.id))
        ]


def test_a_follow_on_that_waits_stands_where_what_it_follows_from_does(world: Any) -> None:
    broken.add("delivery")
    member = world.member()
    world.does(member, "till.ordered", 7, unit="coins", payload=NORTH)
    assert stands(world.kit) == []
    broken.clear()
    assert (world.kit.retry_failed(), world.kit.work()) == (1, 1)
    assert stands(world.kit) == [("till.delivered", None, said(NORTH))]
    assert world.is_proved()


def test_a_segment_is_written_once_whoever_writes_it(
    make_kit: MakeKit, world: Any, till: ModuleType, clock: SettableClock
) -> None:
    other = make_kit(modules={"till": till}, database=world.kit.settings.database)
    member = world.member()
    paid: dict[str, Any] = {"type": "till.paid", "unit": "coins", "amount": 1, "member": member}
    assert world.kit.simulate(Activity(payload=NORTH, **paid)).settled
    for kit in (world.kit, other):  # what was only tried out is not taken for written
        assert kit.record(Activity(payload=NORTH, **paid)).settled
    places = [{"store": f"store {number}"} for number in range(5)]
    many = [Activity(payload=places[number % 5], **paid) for number in range(100)]
    assert all(each.settled for each in other.record_many(many))
    assert all(each.settled for each in world.kit.record_many(Activity(payload=place, **paid) for place in places))
    with world.kit.read() as read:
        rows = read.all(select(segment.c.dimensions).where(segment.c.type == "till.paid"))
    assert sorted(said(row.dimensions) for row in rows) == sorted(map(said, [NORTH, *places]))
    assert world.is_proved()
