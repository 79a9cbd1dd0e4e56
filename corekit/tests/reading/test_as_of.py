"""What is asked as of a moment is what was answered then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corekit import Activity, Kit, balances, balances_at, expiring, expiring_at
from corekit.ledger.read import statement
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit

PROGRAM = """
[program]
name = "Corner shop"

[points.currencies.points]
expiry = {months = 1}
grace = 5

[points.currencies.growth]
scale = 2
clawback = "write_off"
expiry = {months = 2, end_of = "month"}

[[points.rules]]
id = "base"
rate = 1

[[points.rules]]
id = "growth"
currency = "growth"
rate = "0.5"
"""
KINDS = ("points", "points.growth")
AHEAD = timedelta(days=90)

_step = st.one_of(
    st.tuples(st.just("buy"), st.integers(1, 50)),
    st.tuples(st.just("spend"), st.integers(1, 50)),
    st.tuples(st.just("reverse"), st.integers(0, 12)),
    st.tuples(st.just("wait"), st.integers(1, 40)),
    st.tuples(st.just("sweep"), st.just(0)),
)


class House:
    """A member of a kit, and what was answered about it at each moment."""

    def __init__(self, kit: Kit, clock: SettableClock) -> None:
        self.kit, self.clock = kit, clock
        self.member = kit.record(Activity(type="member.registered")).member
        self.done: list[str] = []
        self.answers: dict[datetime, Any] = {}

    def does(self, kind: str, number: int) -> None:
        """Do something, and remember what is answered a second later."""
        if kind == "wait":
            self.clock.advance(days=number)
        elif kind == "sweep":
            self.kit.sweep("expiry")
        elif kind == "reverse":
            if number < len(self.done):
                self.kit.reverse(self.done[number])
        else:
            self._record(kind, number)
        self.clock.advance(seconds=1)
        now = self.clock()
        with self.kit.read() as read:
            held = balances(read, [self.member], now)[self.member]
            self.answers[now] = (
                held,
                [expiring(read, [self.member], code, now + AHEAD, now)[self.member] for code in KINDS],
                [page.items for page in statement(read, [each.account for each in held], first=100).values()],
            )
        self.clock.advance(seconds=1)

    def _record(self, kind: str, number: int) -> None:
        if kind == "buy":
            activity = Activity(type="purchase", member=self.member, amount=number * 100)
        else:
            activity = Activity(type="points.adjustment", member=self.member, amount=-number, unit="points")
            activity = evolve(activity, payload={"reason": "spent"})
        outcome = self.kit.record(activity)
        if outcome.settled:
            self.done.append(outcome.activity_id or "")

    def check(self) -> None:
        """Ask about every moment again."""
        for then, answer in self.answers.items():
            with self.kit.read() as read:
                held = balances_at(read, [self.member], then)[self.member]
                again = (
                    held,
                    [expiring_at(read, [self.member], code, then + AHEAD, then)[self.member] for code in KINDS],
                    [page.items for page in statement(read, [each.account for each in held], then, first=100).values()],
                )
            assert again == answer, then


@pytest.fixture
def kit(make_kit: MakeKit) -> Kit:
    return make_kit(["points"], program=PROGRAM)


@pytest.mark.row("A1", way="python")
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_step, min_size=1, max_size=14))
def test_asked_afterwards_it_is_what_was_answered_then(
    kit: Kit, clock: SettableClock, steps: list[tuple[str, int]]
) -> None:
    house = House(kit, clock)
    for kind, number in steps:
        house.does(kind, number)
    house.check()
    assert kit.verify().clean


@pytest.mark.row("A1", way="reversal")
def test_a_lot_that_was_given_back_after_it_lapsed_had_its_old_expiry_before(kit: Kit, clock: SettableClock) -> None:
    clock.set(datetime(2026, 1, 1, tzinfo=UTC))
    house = House(kit, clock)
    for kind, number in [("buy", 10), ("spend", 6), ("wait", 40), ("reverse", 1), ("wait", 3), ("wait", 3)]:
        house.does(kind, number)
    house.check()
    earned, _, _, given_back, *_ = (answer[0][0] for answer in house.answers.values())
    assert (given_back.available, given_back.next_amount) == (6, 6)
    assert earned.next_at < clock() - timedelta(days=5) < given_back.next_at


@pytest.mark.row("A1", way="reversal")
def test_a_debt_is_that_of_the_moment(kit: Kit, clock: SettableClock) -> None:
    house = House(kit, clock)
    for kind, number in [("buy", 10), ("spend", 10), ("reverse", 0), ("buy", 4)]:
        house.does(kind, number)
    debts = [{each.kind: each.debt for each in answer[0]}["points"] for answer in house.answers.values()]
    assert debts == [0, 0, 10, 6]
    house.check()


@pytest.mark.row("A1", way="python")
def test_what_was_awaited_then_and_what_a_hold_that_was_over_kept(make_kit: MakeKit, clock: SettableClock) -> None:
    house = House(make_kit(["points"], program=PROGRAM.replace("rate = 1\n", "rate = 1\npending_days = 5\n")), clock)
    house.does("buy", 10)
    house.does("wait", 6)
    asked = Activity(type="hold.placed", member=house.member, amount=6, unit="points")
    house.kit.record(evolve(asked, payload={"account": "points", "seconds": 86_400}))
    for days in (0, 2, 30):
        house.does("wait", days)
    house.does("sweep", 0)
    points = [answer[0][0] for answer in house.answers.values()]
    assert [each.awaited for each in points] == [10, 0, 0, 0, 0, 0]
    assert [each.pending for each in points] == [0, 0, 6, 0, 0, 0]
    assert [each.available for each in points] == [0, 10, 4, 10, 0, 0]
    house.check()


def test_before_anything_moved_there_is_nothing(kit: Kit, clock: SettableClock) -> None:
    house = House(kit, clock)
    before = clock() - timedelta(days=1)
    house.does("buy", 1)
    with kit.read() as read:
        assert balances_at(read, [house.member], before) == {house.member: []}
        assert expiring_at(read, [house.member], "points", before + AHEAD, before) == {house.member: []}


def test_many_members_cost_two_statements(kit: Kit, clock: SettableClock) -> None:
    houses = [House(kit, clock) for _ in range(3)]
    for house in houses:
        house.does("buy", 7)
    with kit.read() as read:
        found = balances_at(read, [house.member for house in houses], clock())
        assert read.statements == 2
    assert [each[0].balance for each in found.values()] == [7, 7, 7]
