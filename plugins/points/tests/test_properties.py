"""What holds of every basket under every rule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from math import prod
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import Activity, Facts, Line
from corekit_points.earning import assess, combine, earnings, judge, share
from corekit_points.rules import Book, Caps, Currency, Ratio, Rule, Selection

pytestmark = pytest.mark.row("P2", way="python")

POINTS = {"points": Currency(code="points", kind="points", name="Points")}
AMOUNTS = st.one_of(st.just(0), st.integers(1, 300_00), st.integers(1, 10**12))
RATIOS = st.tuples(st.integers(0, 50), st.integers(1, 50))
CATEGORIES = st.sampled_from(["fruit", "meat", "fuel", None])
LINES = st.lists(st.builds(Line, no=st.just(0), amount=AMOUNTS, category=CATEGORIES), max_size=12).map(
    lambda lines: tuple(Line(no, line.amount, category=line.category) for no, line in enumerate(lines, 1))
)
CAP = st.one_of(st.none(), st.integers(0, 500))


class Earned:
    """Facts of a member of whom nothing matters but what was earned in each window."""

    def __init__(self, **earned: int) -> None:
        self._earned = earned

    def metric(self, name: str, activity: Activity, window: str = "lifetime") -> int:
        return self._earned.get(window, 0)

    def unwritten(self, activity: Activity) -> Sequence[Activity]:
        return ()

    def reported(self, activity: Activity) -> datetime:
        return activity.occurred_at or datetime(2017, 6, 14, tzinfo=UTC)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


def knowing(**earned: int) -> Facts:
    facts: Any = Earned(**earned)
    return cast("Facts", facts)


def basket(lines: Sequence[Line]) -> Activity:
    occurred = datetime(2017, 6, 14, 12, tzinfo=UTC)
    amount = sum(line.amount for line in lines)
    return Activity(type="purchase", member="0" * 32, occurred_at=occurred, amount=amount, lines=tuple(lines))


def rule(name: str = "base", rate: Ratio = (1, 100), **options: Any) -> Rule:
    return Rule(id=name, version=1, currency="points", kind="points", activity="purchase", rate=rate, **options)


@given(
    st.integers(1, 10**15),
    st.lists(
        st.tuples(st.integers(1, 10**6), st.integers(1, 10**15)),
        min_size=1,
        max_size=50,
        unique_by=lambda line: line[0],
    ),
)
def test_shares_sum_to_the_whole_and_are_within_one_of_their_quota(total: int, weights: list[tuple[int, int]]) -> None:
    shares = share(total, weights)
    whole = sum(weight for _, weight in weights)
    assert sum(shares.values()) == total
    for number, weight in weights:
        assert abs(shares.get(number, 0) - Fraction(total * weight, whole)) < 1
    assert all(part > 0 for part in shares.values())


@given(st.integers(1, 10**9), st.data())
def test_shares_do_not_depend_on_the_order_of_the_lines(total: int, data: st.DataObject) -> None:
    weights = data.draw(
        st.lists(
            st.tuples(st.integers(1, 99), st.integers(1, 500)), min_size=1, max_size=12, unique_by=lambda line: line[0]
        )
    )
    assert share(total, weights) == share(total, data.draw(st.permutations(weights)))


@given(st.integers(0, 20), st.integers(1, 12), st.integers(1, 500))
def test_of_equal_lines_the_first_get_what_is_left(total: int, count: int, weight: int) -> None:
    shares = share(total, [(number, weight) for number in range(1, count + 1)])
    parts = [shares.get(number, 0) for number in range(1, count + 1)]
    assert parts == sorted(parts, reverse=True)
    assert parts[0] - parts[-1] <= 1


@given(LINES, RATIOS)
def test_rounding_happens_once_and_down(lines: tuple[Line, ...], rate: Ratio) -> None:
    found = assess(rule(rate=rate), basket(lines), knowing())
    exact = Fraction(sum(line.amount for line in lines)) * Fraction(*rate)
    assert found.amount == exact // 1


@given(st.lists(RATIOS, max_size=5))
def test_multipliers_combine_exactly(multipliers: list[Ratio]) -> None:
    factors = [Fraction(*ratio) for ratio in multipliers]
    assert Fraction(*combine("multiply", tuple(multipliers))) == prod(factors, start=Fraction(1))
    assert Fraction(*combine("best", tuple(multipliers))) == max(factors, default=1)
    assert Fraction(*combine("add", tuple(multipliers))) == max(0, 1 + sum(factor - 1 for factor in factors))


@given(st.lists(RATIOS, max_size=5), st.sampled_from(["multiply", "add", "best"]), st.data())
def test_the_order_of_multipliers_does_not_matter(multipliers: list[Ratio], stacking: Any, data: st.DataObject) -> None:
    other = data.draw(st.permutations(multipliers))
    assert combine(stacking, tuple(multipliers)) == combine(stacking, tuple(other))


@given(LINES, RATIOS, st.tuples(CAP, CAP, CAP, CAP), st.tuples(*[st.integers(0, 600)] * 3))
def test_no_cap_is_ever_exceeded_and_shares_still_sum(
    lines: tuple[Line, ...], rate: Ratio, most: tuple[int | None, ...], so_far: tuple[int, ...]
) -> None:
    order, day, month, total = most
    caps = Caps(order=order, day=day, month=month, total=total)
    facts = knowing(**dict(zip(("day", "month", "lifetime"), so_far, strict=True)))
    found = assess(rule(rate=rate, caps=caps), basket(lines), facts)
    assert 0 <= found.amount <= found.uncapped
    assert found.amount <= (order if order is not None else found.amount)
    for cap, earned in zip(most[1:], so_far, strict=True):
        assert cap is None or found.amount <= max(0, cap - earned)
    assert sum((found.shares or {}).values()) == found.amount


@given(LINES, st.sets(CATEGORIES.filter(bool)), st.sets(CATEGORIES.filter(bool)))
def test_what_counts_and_what_does_not_make_the_whole(
    lines: tuple[Line, ...], included: set[str], excluded: set[str]
) -> None:
    def counted(select: Selection) -> int:
        found = assess(rule(lines=select, rate=(1, 1)), basket(lines), knowing())
        return found.counted

    if included:
        only = counted(Selection(categories=frozenset(included)))
        assert only + counted(Selection(no_categories=frozenset(included))) == sum(line.amount for line in lines)
    both = counted(Selection(categories=frozenset(included), no_categories=frozenset(excluded)))
    assert both <= counted(Selection(categories=frozenset(included)))


@given(LINES, st.lists(st.tuples(RATIOS, st.sampled_from([None, "g", "h"]), st.integers(0, 1)), max_size=5), st.data())
def test_the_order_of_rules_in_the_file_does_not_matter(
    lines: tuple[Line, ...], options: list[tuple[Ratio, str | None, int]], data: st.DataObject
) -> None:
    rules = [rule(f"r{at}", rate, group=group, priority=priority) for at, (rate, group, priority) in enumerate(options)]
    shuffled = data.draw(st.permutations(rules))
    facts = knowing()

    def given_by(order: Sequence[Rule]) -> list[tuple[str, int, Any]]:
        found = earnings(Book(POINTS, tuple(order)), basket(lines), facts)
        return [(each.rule.name, each.amount, each.shares) for each in found]

    assert given_by(rules) == given_by(shuffled)


@given(LINES, st.lists(st.tuples(RATIOS, st.sampled_from([None, "g"])), max_size=4))
def test_what_is_explained_is_what_is_earned(lines: tuple[Line, ...], options: list[tuple[Ratio, str | None]]) -> None:
    rules = tuple(rule(f"r{at}", rate, group=group) for at, (rate, group) in enumerate(options))
    book, facts = Book(POINTS, rules), knowing()
    earned = earnings(book, basket(lines), facts)
    told = judge(book, basket(lines), facts)
    assert len(told) == len(rules)
    assert [(each.rule.id, each.amount) for each in told if each.amount] == [(e.rule.id, e.amount) for e in earned]
    assert all(each.code for each in told if not each.amount)
