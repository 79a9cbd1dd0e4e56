"""Finding members by how much they did: a metric over a window lies in a range, together with every other filter."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corekit import Activity, Invalid
from corekit.members.measured import Measured, measured
from corekit.members.read import MemberFilter, member_page

WINDOWS = ("lifetime", "day", "month", "year", "rolling 30 days", "rolling 2 months")


def join(kit: Any, **profile: Any) -> str:
    return str(kit.record(Activity(type="member.registered", payload=profile)).member)


def buys(kit: Any, member: str, amount: int, at: datetime) -> None:
    bought = Activity(type="purchase", member=member, amount=amount, occurred_at=at, source="history")
    assert kit.record(bought).settled


def found(kit: Any, *ranges: Measured, **wanted: Any) -> list[str]:
    with kit.read() as read:
        return [each.id for each in member_page(read, MemberFilter(measured=ranges, **wanted)).items]


@pytest.fixture
def kit(make_kit: Any) -> Any:
    return make_kit(sources={"history": {"historical": True}})


@pytest.mark.row("M7", way="python")
def test_who_did_so_much_over_a_window_is_found(kit: Any, clock: Any) -> None:
    now = clock()
    ann, bob, cas = join(kit, channel="pos"), join(kit, channel="web"), join(kit, channel="pos")
    buys(kit, ann, 500, now - timedelta(days=40))
    buys(kit, ann, 100, now)
    buys(kit, bob, 300, now)
    assert found(kit, measured(kit, "spend", least=300)) == [ann, bob]
    assert found(kit, measured(kit, "spend", "rolling 30 days", least=300)) == [bob]
    assert found(kit, measured(kit, "spend", "rolling 30 days", least=100, most=100)) == [ann]
    assert found(kit, measured(kit, "visits", most=0)) == [cas], "who did nothing did 0"
    assert found(kit, measured(kit, "spend", least=300), measured(kit, "visits", least=2)) == [ann]
    assert found(kit, measured(kit, "spend", most=600), channel="pos") == [ann, cas]


@pytest.mark.row("M7", way="python")
def test_a_search_is_one_statement_and_is_walked_by_cursors(kit: Any, clock: Any) -> None:
    members = [join(kit) for _ in range(7)]
    for member in members[::2]:
        buys(kit, member, 100, clock())
    wanted = MemberFilter(measured=(measured(kit, "spend", "year", least=1),))
    seen: list[str] = []
    after = None
    while True:
        with kit.read() as read:
            page = member_page(read, wanted, first=2, after=after)
            assert read.statements == 1
        seen += [each.id for each in page.items]
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert seen == members[::2]


def test_a_search_finds_whom_summing_by_hand_finds(kit: Any, clock: Any) -> None:
    now = clock().replace(hour=12)
    purchases = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 400), st.integers(1, 500)), max_size=10)
    bounds = st.integers(0, 900)

    @settings(
        max_examples=15,
        database=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(done=purchases, window=st.sampled_from(WINDOWS), least=bounds, width=bounds)
    def property_(done: list[tuple[int, int, int]], window: str, least: int, width: int) -> None:
        members = [join(kit) for _ in range(4)]
        for whom, ago, amount in sorted(done, key=lambda each: -each[1]):
            buys(kit, members[whom], amount, now - timedelta(days=ago))
        asked = measured(kit, "spend", window, least=least, most=least + width)
        first, last = asked.window.days(asked.day)
        sums = [
            sum(
                amount
                for who, ago, amount in done
                if who == whom and first <= (now - timedelta(days=ago)).date() <= last
            )
            for whom in range(4)
        ]
        expected = [member for member, value in zip(members, sums, strict=True) if least <= value <= least + width]
        assert [each for each in found(kit, asked) if each in members] == expected

    property_()


@pytest.mark.row("M7", way="bad_input")
@pytest.mark.parametrize(
    ("metric", "window", "bounds", "code"),
    [
        ("spent", "lifetime", {"least": 1}, "METRIC_UNKNOWN"),
        ("spend\0", "lifetime", {"least": 1}, "METRIC_UNKNOWN"),
        ("spend", "fortnight", {"least": 1}, "WINDOW_UNKNOWN"),
        ("spend", "membership year", {"least": 1}, "WINDOW_UNKNOWN"),
        ("spend", "year", {}, "RANGE_EMPTY"),
        ("spend", "year", {"least": 2, "most": 1}, "RANGE_EMPTY"),
    ],
)
def test_what_cannot_be_searched_by_is_told(kit: Any, metric: str, window: str, bounds: Any, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        measured(kit, metric, window, **bounds)
    assert refused.value.code == code
    if metric == "spent":
        assert "did you mean 'spend'" in str(refused.value)
