"""Budgets of rules, which all members share: never overspent where they stop a rule, given back by what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given as given_steps
from hypothesis import settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from corekit import Activity, Batch, Kit, Line, Outcome
from corekit.activities.tables import effect
from corekit.program.change import apply_text
from corekit.testing.plugin import MakeKit
from corekit_points.budget_report import Spending, budgets
from corekit_points.granting import load
from corekit_points.tables import budget

Shop = Callable[..., Any]
STOP = """
[[points.rules]]
id = "base"
rate = 1
budget = {points = 100, per = "month", when_spent = "stop"}
"""
WARN = STOP.replace("stop", "warn")
NOON = "2017-08-15T12:00"


def found(house: Any) -> dict[str, Spending]:
    with house.kit.read() as read:
        reports = budgets(read, house.kit.program.sections["points"], house.kit.zone, house.kit.now())
    return {each.rule: each for each in reports}


def counted(kit: Kit, rule: str = "base") -> int:
    """Return what the rows of a budget say is granted and did not come back."""
    with kit.read() as read:
        rows = read.all(select(budget.c.what, budget.c.amount).where(budget.c.rule == rule))
    return sum(row.amount if row.what == "granted" else -row.amount for row in rows)


def given(outcome: Outcome) -> list[tuple[str, int]]:
    """Return the rules that credited something, with how much."""
    return [(each.rule, each.amount) for each in outcome.effects if each.kind == "Credit" and each.state == "applied"]


def whys(outcomes: Iterable[Outcome]) -> list[str | None]:
    """Return why rules gave nothing, whenever that was found out."""
    codes = [each.code for outcome in outcomes for each in outcome.skipped]
    dropped = (each for outcome in outcomes for each in outcome.effects if each.kind == "Credit")
    return codes + [each.code for each in dropped if each.state == "dropped"]


pytestmark = pytest.mark.row("P13", way="python")


def test_a_rule_whose_budget_is_not_enough_is_skipped_and_says_so(shop: Shop) -> None:
    house = shop(STOP)
    assert given(house.buy(60_00, NOON)) == [("base@1", 60)]
    skipped = house.buy(41_00, NOON)
    (why,) = skipped.skipped
    assert (skipped.effects, why.rule, why.code) == ((), "base@1", "POINTS_BUDGET")
    assert why.parameters == {"span": "2017-08", "left": "40", "wanted": "41"}
    assert given(house.buy(40_00, NOON)) == [("base@1", 40)], "what fits still earns, to the last point"
    assert whys([house.buy(1_00, NOON)]) == ["POINTS_BUDGET"]
    assert (house.has(), counted(house.kit), house.clean()) == (100, 100, True)


def test_all_members_share_it(shop: Shop) -> None:
    house = shop(STOP)
    house.buy(60_00, NOON)
    house.member = house.join()
    assert whys([house.buy(60_00, NOON)]) == ["POINTS_BUDGET"]


def test_one_that_only_warns_stops_nobody_and_writes_nothing(shop: Shop) -> None:
    house = shop(WARN)
    given_ = house.buy(600_00, NOON)
    assert [each.kind for each in given_.effects] == ["Credit"]
    with house.kit.read() as read:
        assert read.all(select(budget)) == []


@pytest.mark.parametrize(
    ("per", "first", "same", "next_"),
    [
        ("day", "2017-08-31T23:59", "2017-08-31T00:00", "2017-09-01T00:00"),
        ("month", "2017-08-31T23:59", "2017-08-01T00:00", "2017-09-01T00:00"),
        ("year", "2016-12-31T23:59", "2016-02-29T00:00", "2017-01-01T00:00"),
    ],
)
def test_each_window_of_the_programs_calendar_has_its_own(
    shop: Shop, per: str, first: str, same: str, next_: str
) -> None:
    house = shop(STOP.replace("month", per))
    house.member = house.join(2015)
    house.buy(100_00, first)
    assert whys([house.buy(1_00, same)]) == ["POINTS_BUDGET"], "a late one counts for its own window"
    assert given(house.buy(100_00, next_)) == [("base@1", 100)]


def test_one_in_total_holds_for_ever(shop: Shop) -> None:
    house = shop(STOP.replace("month", "total"))
    house.buy(100_00, "2017-01-02T12:00")
    assert whys([house.buy(1_00, "2017-12-30T12:00")]) == ["POINTS_BUDGET"]


def test_versions_of_a_rule_share_it(shop: Shop) -> None:
    house = shop(STOP)
    house.buy(90_00, NOON)
    change(house, STOP.replace("rate = 1", "rate = 2\nversion = 2"), "2017-08-20")
    assert whys([house.buy(6_00, "2017-08-21T12:00")]) == ["POINTS_BUDGET"]
    assert given(house.buy(5_00, "2017-08-21T12:00")) == [("base@2", 10)]


HEAD = '[program]\nname = "Corner shop"\n'


def change(house: Any, program: str, day: str) -> None:
    """Let another version of the program judge what occurs from a day on."""
    begins = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    apply_text(house.kit, HEAD + program, valid_from=begins, reason="It was announced.")


def test_a_budget_that_is_raised_has_room_and_one_that_is_lowered_has_none(shop: Shop) -> None:
    house = shop(STOP)
    house.buy(100_00, NOON)
    change(house, STOP.replace("100", "150"), "2017-08-16")
    assert given(house.buy(20_00, "2017-08-16T12:00")) == [("base@1", 20)]
    change(house, STOP.replace("100", "120"), "2017-08-17")
    assert whys([house.buy(1_00, "2017-08-17T12:00")]) == ["POINTS_BUDGET"]


@pytest.mark.parametrize("per", ["month", "total"])
@pytest.mark.parametrize("before", ["", WARN])
def test_what_was_given_before_the_budget_stopped_the_rule_counts(shop: Shop, before: str, per: str) -> None:
    stop = STOP.replace("month", per)
    house = shop(before or '[[points.rules]]\nid = "base"\nrate = 1\n')
    house.buy(70_00, NOON)
    change(house, stop, "2017-08-20")
    assert whys([house.buy(31_00, "2017-08-21T12:00")]) != []
    assert given(house.buy(30_00, "2017-08-21T12:00")) == [("base@1", 30)]
    assert whys([house.buy(1_00, "2017-08-21T12:00")]) == ["POINTS_BUDGET"]
    assert found_in(house, "2017-08-22")["base"].granted == 100


def test_a_rule_that_was_stopped_let_go_and_stopped_again_counts_all_of_it(shop: Shop) -> None:
    house = shop(STOP)
    house.buy(30_00, "2017-08-01T12:00")
    change(house, WARN, "2017-08-10")
    house.buy(40_00, "2017-08-11T12:00")
    change(house, STOP, "2017-08-20")
    assert whys([house.buy(31_00, "2017-08-21T12:00")]) != []
    assert given(house.buy(30_00, "2017-08-21T12:00")) == [("base@1", 30)]


def found_in(house: Any, day: str) -> dict[str, Spending]:
    house.clock.set(f"{day}T12:00:00+00:00")
    return found(house)


@pytest.mark.row("P13", way="reversal")
def test_what_comes_back_of_a_purchase_comes_back_to_the_budget(shop: Shop) -> None:
    house = shop(STOP)
    bought = house.buy([Line(1, 33_00), Line(2, 0), Line(3, 66_00)], NOON)
    assert counted(house.kit) == 99
    house.kit.record(refund(bought, Line(3, 10_00)))
    assert counted(house.kit) == 89
    house.kit.record(refund(bought, Line(1, 33_00)))
    assert counted(house.kit) == 56
    house.kit.reverse(bought.activity_id)
    assert (counted(house.kit), house.has(), house.clean()) == (0, 0, True)
    assert given(house.buy(100_00, NOON)) == [("base@1", 100)]


def refund(bought: Outcome, *lines: Line, amount: int = 0) -> Activity:
    return Activity(
        type="refund",
        member=bought.member,
        reverses=bought.activity_id,
        lines=lines,
        amount=amount or sum(line.amount for line in lines),
    )


@pytest.mark.row("P13", way="reversal")
def test_what_comes_back_in_another_month_comes_back_to_its_own(shop: Shop) -> None:
    house = shop(STOP)
    bought = house.buy(100_00, "2017-08-31T12:00")
    house.buy(100_00, "2017-09-01T12:00")
    house.kit.reverse(bought.activity_id)
    assert whys([house.buy(1_00, "2017-09-02T12:00")]) == ["POINTS_BUDGET"]
    assert given(house.buy(100_00, "2017-08-31T12:00")) == [("base@1", 100)]


def test_what_is_cancelled_by_hand_was_given_out(shop: Shop) -> None:
    house = shop(STOP)
    bought = house.buy(60_00, NOON)
    cancelled = {"activity": bought.activity_id, "reason": "a circle"}
    house.kit.record(
        Activity(type="points.cancelled", member=house.member, amount=25, unit="points", payload=cancelled)
    )
    assert (counted(house.kit), found_in(house, "2017-08-20")["base"].granted) == (60, 60)
    house.kit.reverse(bought.activity_id)
    assert counted(house.kit) == 0
    assert house.clean()


def test_simulating_takes_nothing(shop: Shop) -> None:
    house = shop(STOP)
    assert given(house.kit.simulate(house.purchase(100_00, NOON))) == [("base@1", 100)]
    assert counted(house.kit) == 0
    house.buy(100_00, NOON)
    assert whys([house.kit.simulate(house.purchase(1_00, NOON))]) == ["POINTS_BUDGET"]


@pytest.mark.parametrize("chunk", [1, 7, 100])
@pytest.mark.parametrize(("points", "spent"), [(7, 98), (4, 100)])
def test_in_bulk_it_is_spent_as_far_as_it_goes_and_every_other_one_says_why(
    shop: Shop, chunk: int, points: int, spent: int
) -> None:
    house = shop(STOP)
    members = [house.join() for _ in range(4)]
    bought = [house.purchase(points * 100, f"2017-08-15T12:{n:02}", member=members[n % 4]) for n in range(40)]
    outcomes = list(house.kit.record_many(bought, chunk=chunk))
    assert [each.outcome for each in outcomes] == ["settled"] * 40
    assert sum(amount for each in outcomes for _, amount in given(each)) == counted(house.kit) == spent
    assert whys(outcomes) == ["POINTS_BUDGET"] * (40 - spent // points)
    assert house.clean()


def test_in_bulk_not_one_point_more_is_given_than_there_is(shop: Shop) -> None:
    house = shop(STOP)
    bought = [house.purchase(points * 100, NOON, member=house.join()) for points in (50, 51)]
    outcomes = list(house.kit.record_many(bought, chunk=2))
    assert sorted(given(each) for each in outcomes) in ([[], [("base@1", 50)]], [[], [("base@1", 51)]])
    assert whys(outcomes) == ["POINTS_BUDGET"]


def test_one_member_settles_alike_in_bulk_and_one_by_one(shop: Shop) -> None:
    amounts = (60_00, 50_00, 30_00, 20_00, 10_00, 1_00)
    answers: list[list[tuple[list[tuple[str, int]], int]]] = []
    for chunk in (1, 10):
        house = shop(STOP)
        bought = [house.purchase(amount, f"2017-08-15T12:0{n}") for n, amount in enumerate(amounts)]
        outcomes = house.kit.record_many(bought, chunk=chunk)
        answers.append([(given(each), len(each.skipped)) for each in outcomes])
    assert answers[0] == answers[1]
    assert [sum(points for _, points in earned) for earned, _ in answers[0]] == [60, 0, 30, 0, 10, 0]
    assert [skipped for _, skipped in answers[0]] == [0, 1, 0, 1, 0, 1]


THREADS = 16


def test_purchases_at_once_never_overspend_it(make_kit: MakeKit) -> None:
    kit = make_kit(["points"], program=HEAD + STOP.replace("month", "total"), clock=lambda: datetime.now(UTC))
    members = [kit.record(Activity(type="member.registered", member="")).member for _ in range(THREADS)]

    def buys(member: str) -> list[Outcome]:
        return [kit.record(Activity(type="purchase", member=member, amount=5_00)) for _ in range(4)]

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = [outcome for answers in pool.map(buys, members) for outcome in answers]
    assert {each.outcome for each in outcomes} == {"settled"}
    assert sum(amount for each in outcomes for _, amount in given(each)) == counted(kit) == 100
    assert len(whys(outcomes)) == THREADS * 4 - 20
    assert kit.verify().clean


@pytest.mark.row("P13", way="reversal")
def test_purchases_and_returns_at_once_deadlock_nobody_and_add_up(make_kit: MakeKit) -> None:
    two = STOP + STOP.replace("base", "more")
    kit = make_kit(["points"], program=HEAD + two.replace("month", "total"), clock=lambda: datetime.now(UTC))
    members = [kit.record(Activity(type="member.registered", member="")).member for _ in range(THREADS)]

    def goes(member: str) -> list[Outcome]:
        answers: list[Outcome] = []
        for _ in range(4):
            bought = kit.record(Activity(type="purchase", member=member, amount=9_00))
            answers += [bought, kit.record(refund(bought, amount=5_00))]
        return answers

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = [outcome for answers in pool.map(goes, members) for outcome in answers]
    assert {each.outcome for each in outcomes} == {"settled"}
    for rule in ("base", "more"):
        assert counted(kit, rule) == credited(kit, rule) <= 100
    assert kit.verify().clean


def credited(kit: Kit, rule: str) -> int:
    """Return what the books say that a rule gave and that did not come back."""
    with kit.read() as read:
        left = func.sum(effect.c.amount - effect.c.undone)
        its = (effect.c.kind == "Credit", effect.c.state == "applied", effect.c.undoes.is_(None))
        return int(read.scalar(select(left).where(*its, effect.c.rule == f"{rule}@1")) or 0)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("buys"), st.integers(0, 2), st.integers(1, 70_00)),
        st.tuples(st.just("returns"), st.integers(0, 9), st.integers(1, 70_00)),
    ),
    max_size=12,
)


@pytest.mark.row("P13", way="reversal")
def test_whatever_is_bought_and_comes_back_it_counts_what_is_left_of_it(shop: Shop) -> None:
    """Each example has a day, and so a budget, of its own; a return of more than is left of a purchase is refused."""
    house = shop(STOP.replace("month", "day"))
    members = [house.join() for _ in range(3)]
    days = count()

    @settings(max_examples=25)
    @given_steps(STEPS)
    def holds(steps: list[tuple[str, int, int]]) -> None:
        day = date(2017, 2, 1) + timedelta(days=next(days))
        left, bought = 100, list[list[Any]]()
        for what, who, amount in steps:
            if what == "buys":
                outcome = house.buy(amount, f"{day}T12:00", member=members[who])
                granted = amount // 100 if amount // 100 <= left else 0
                assert sum(points for _, points in given(outcome)) == granted
                left -= granted
                bought.append([outcome, amount, granted, 0])
            elif who < len(bought):
                outcome, whole, granted, back = bought[who]
                if house.kit.record(refund(outcome, amount=amount)).settled:
                    bought[who][3] = back + amount
                    left += (back + amount) * granted // whole - back * granted // whole
        assert counted_on(house.kit, f"{day}") == 100 - left

    holds()
    assert counted(house.kit) == credited(house.kit, "base")
    assert house.clean()


def counted_on(kit: Kit, span: str) -> int:
    with kit.read() as read:
        rows = read.all(select(budget.c.what, budget.c.amount).where(budget.c.span == span))
    return sum(row.amount if row.what == "granted" else -row.amount for row in rows)


def test_where_one_rule_of_a_group_has_nothing_left_another_earns(shop: Shop) -> None:
    house = shop(
        STOP + 'group = "spend"\npriority = 1\n' + '[[points.rules]]\nid = "plain"\nrate = "0.5"\ngroup = "spend"'
    )
    assert given(house.buy(80_00, NOON)) == [("base@1", 80)]
    assert given(house.buy(40_00, NOON)) == [("plain@1", 20)]


def test_a_cut_by_a_cap_comes_before_the_budget(shop: Shop) -> None:
    house = shop(STOP + "caps = {order = 60}")
    assert given(house.buy(500_00, NOON)) == [("base@1", 60)]
    assert counted(house.kit) == 60


TASK = """
[[activities]]
name = "check_in"
[[points.tasks]]
id = "daily"
activity = "check_in"
points = 5
budget = {points = 22, per = "month", when_spent = "stop"}
streak = {steps = [{days = 2, points = 10}, {days = 3, points = 20}]}
"""


@pytest.mark.row("P4", way="python")
def test_a_task_and_the_steps_of_its_streak_share_its_budget(shop: Shop) -> None:
    house = shop(TASK)
    days = [house.does("check_in", f"2017-08-0{day}T12:00") for day in (1, 2, 3)]
    assert [given(each) for each in days] == [
        [("daily@1", 5)],
        [("daily@1", 5), ("daily.streak2@1", 10)],
        [],
    ]
    assert [(each.rule, each.code, each.parameters) for each in days[2].skipped] == [
        ("daily@1", "POINTS_BUDGET", {"span": "2017-08", "left": "2", "wanted": "5"}),
        ("daily.streak3@1", "POINTS_BUDGET", {"span": "2017-08", "left": "2", "wanted": "20"}),
    ]
    assert counted(house.kit, "daily") == found_in(house, "2017-08-04")["daily"].granted == 20


LIFTED = """
[[ladders]]
code = "status"
name = "Status"
tiers = [
  {code = "ordinary", name = "Ordinary"},
  {code = "silver", name = "Silver", criteria = [{metric = "spend", at_least = 500}]},
]
[[points.tasks]]
id = "lifted"
activity = "tier.changed"
points = 60
budget = {points = 100, per = "total", when_spent = "stop"}
"""


def test_a_task_for_what_follows_from_something_else_keeps_to_it_too(shop: Shop) -> None:
    house = shop(LIFTED)
    lifted: list[Outcome] = []
    for _ in range(2):
        (changed,) = house.buy(500_00, NOON).follow_ons
        lifted.append(changed)
        house.member = house.join()
    assert [given(each) for each in lifted] == [[("lifted@1", 60)], []]
    assert (whys(lifted), counted(house.kit, "lifted")) == (["POINTS_BUDGET"], 60)


def test_a_program_without_one_that_stops_reads_nothing_more(shop: Shop) -> None:
    read_: list[int] = []
    for program in (WARN, STOP):
        house = shop(program)
        purchase = house.purchase(1_00, NOON)
        with house.kit.read() as read:
            facts: Any = _Facts(house.kit.program.sections["points"], house.kit)
            load(Batch([purchase]), read, facts)
            read_.append(read.statements)
    assert read_ == [0, 1]


class _Facts:
    """What is asked of the facts to find out which budgets there are."""

    def __init__(self, book: Any, kit: Kit) -> None:
        self._book, self._kit = book, kit

    def program(self, _activity: Activity) -> Any:
        return self._book

    def history(self, _activity: Activity) -> Sequence[tuple[datetime | None, Any]]:
        return [(None, self._book)]

    def local(self, activity: Activity) -> datetime:
        assert activity.occurred_at is not None
        return activity.occurred_at.astimezone(self._kit.zone)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)
