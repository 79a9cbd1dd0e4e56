"""Tiers rise when a purchase settles, over each kind of window, and fall with the purchase that is taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from corekit import Activity, Kit, Outcome
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit.tiers.read import standing

LADDER = """
[[ladders]]
code = "{code}"
name = "{code}"
on_reversal = "{on_reversal}"
tiers = [
  {{code = "ordinary", name = "Ordinary"}},
  {{code = "gold", name = "Gold", criteria = [{{metric = "{metric}", window = "{window}", at_least = {at_least}}}]}},
]
"""


def program(
    window: str = "lifetime",
    metric: str = "spend",
    at_least: int = 100,
    on_reversal: str = "withdraw",
    code: str = "status",
) -> str:
    ladder = LADDER.format(code=code, window=window, metric=metric, at_least=at_least, on_reversal=on_reversal)
    return f'[program]\nname = "Corner shop"\n{ladder}'


class House:
    """A kit with one member, where history settles as history."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        joined = datetime(2016, 1, 1, tzinfo=UTC)
        self.member = kit.record(
            Activity(type="member.registered", member="", occurred_at=joined, source="till")
        ).member  # fmt: skip

    def buy(self, amount: int, day: str) -> Outcome:
        occurred = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)
        outcome = self.kit.record(
            Activity(type="purchase", member=self.member, amount=amount, occurred_at=occurred, source="till")
        )
        assert outcome.settled, outcome
        return outcome

    def tiers(self) -> dict[str, str]:
        with self.kit.read() as read:
            return {each.ladder: each.tier for each in standing(read, [self.member])[self.member]}


Open = Callable[[str], House]


@pytest.fixture
def shop(make_kit: MakeKit, clock: SettableClock) -> Open:
    clock.set("2018-12-31T12:00:00+00:00")
    return lambda text: House(make_kit(program=text, sources={"till": {"historical": True}}))


@pytest.mark.row("T2", way="python")
@pytest.mark.parametrize(
    ("window", "first", "second", "gold"),
    [
        ("lifetime", "2016-01-02", "2018-06-01", True),
        ("year", "2017-12-31", "2018-01-01", False),
        ("year", "2018-01-01", "2018-12-31", True),
        ("rolling 12 months", "2017-06-01", "2018-06-01", False),
        ("rolling 12 months", "2017-06-02", "2018-06-01", True),
        ("rolling 30 days", "2018-05-01", "2018-05-31", False),
        ("rolling 30 days", "2018-05-02", "2018-05-31", True),
    ],
)
def test_a_tier_is_reached_when_what_is_in_the_window_is_enough(
    shop: Open,
    window: str,
    first: str,
    second: str,
    gold: bool,  # noqa: FBT001
) -> None:
    house = shop(program(window))
    assert house.buy(60_00, first).follow_ons == ()
    follow_ons = house.buy(40_00, second).follow_ons
    assert [follow.type for follow in follow_ons] == (["tier.changed"] if gold else [])
    assert house.tiers().get("status", "ordinary") == ("gold" if gold else "ordinary")


@pytest.mark.row("T2", way="python")
@pytest.mark.parametrize("metric", ["visits", "count:purchase"])
def test_activities_may_be_counted(shop: Open, metric: str) -> None:
    house = shop(program(metric=metric, at_least=2))
    house.buy(0, "2018-01-01")
    assert house.tiers().get("status", "ordinary") == "ordinary"
    house.buy(0, "2018-01-02")
    assert house.tiers()["status"] == "gold"


@pytest.mark.row("T1", way="python")
def test_ladders_are_climbed_side_by_side(shop: Open) -> None:
    both = program() + LADDER.format(
        code="service", window="lifetime", metric="visits", at_least=2, on_reversal="withdraw"
    )
    house = shop(both)
    house.buy(100_00, "2018-01-01")
    assert {"status": "ordinary", "service": "ordinary", **house.tiers()} == {"status": "gold", "service": "ordinary"}
    house.buy(1_00, "2018-01-02")
    assert house.tiers() == {"status": "gold", "service": "gold"}


@pytest.mark.row("T2", way="reversal")
@pytest.mark.parametrize(("on_reversal", "tier"), [("withdraw", "ordinary"), ("keep", "gold")])
def test_a_tier_whose_purchase_is_taken_back_is_withdrawn_or_kept(shop: Open, on_reversal: str, tier: str) -> None:
    house = shop(program(on_reversal=on_reversal))
    house.buy(60_00, "2018-01-01")
    bought = house.buy(60_00, "2018-01-02")
    assert house.tiers()["status"] == "gold"
    assert bought.activity_id is not None
    assert house.kit.reverse(bought.activity_id).settled
    assert house.tiers().get("status", "ordinary") == tier


@pytest.mark.row("T2", way="reversal")
def test_a_tier_that_is_still_qualified_for_stays(shop: Open) -> None:
    house = shop(program())
    house.buy(60_00, "2018-01-01")
    bought = house.buy(60_00, "2018-01-02")
    house.buy(60_00, "2018-01-03")
    assert bought.activity_id is not None
    assert house.kit.reverse(bought.activity_id).settled
    assert house.tiers()["status"] == "gold"
