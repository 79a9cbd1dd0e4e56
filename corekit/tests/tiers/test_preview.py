"""A preview says what the sweep then does, and for a moment that is over what it would have done then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from corekit import NotFound
from corekit.program import apply_text
from corekit.testing.clock import SettableClock
from corekit.tiers import due
from corekit.tiers.preview import Preview, preview

OpenClub = Callable[..., Any]
POLICIES = """
validity = {months = 12, until = "year"}
downgrade = "one_step"
grace_days = 30
warn_days = 30
"""


def told(found: list[Preview]) -> dict[str, tuple[Any, ...]]:
    return {each.member: (each.type, each.from_tier, each.to_tier, each.reason, each.expires_at) for each in found}


@pytest.fixture
def house(club: OpenClub) -> Any:
    house = club(POLICIES)
    for number, spends in enumerate(((100, 0), (100, 100), (300, 100), (0, 0), (300, 900))):
        name = f"m{number}"
        house.join(name)
        for year, amount in zip((2024, 2025), spends, strict=True):
            if amount:
                house.buy(name, amount, f"{year}-03-15")
    return house


@pytest.mark.row("T6", way="python")
@pytest.mark.parametrize("at", ["2025-12-10", "2026-01-01", "2026-02-15", "2027-01-01"])
def test_a_preview_is_what_the_sweep_does(house: Any, clock: SettableClock, at: str) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    clock.set("2025-12-01T00:00:00+00:00")
    seen = told(preview(house.kit, moment))
    assert seen
    stays = {name: len(house.stays(name)) for name in house.ids}
    house.kit.sweep("tiers", moment)
    for name, key in house.ids.items():
        added = house.stays(name)[stays[name] :]
        expected = seen.get(key)
        if expected is None or expected[0] == "tier.expiring":
            assert added == []
            assert ("tier.expiring" in house.types(name)) == (expected is not None)
        else:
            assert (added[0].tier, added[0].reason, added[0].expires_at) == expected[2:]


@pytest.mark.row("T6", way="python")
def test_a_preview_of_a_moment_that_is_over_knows_only_what_was_recorded_until_then(
    house: Any, clock: SettableClock
) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    clock.set("2026-01-01T00:00:00+00:00")
    seen = told(preview(house.kit, moment))
    house.kit.sweep("tiers", moment)
    clock.set("2026-06-01T00:00:00+00:00")
    bought = house.buy("m0", 500, "2026-05-01")
    house.kit.reverse(house.buy("m1", 500, "2026-05-02").activity_id)
    assert bought.settled
    again = told(preview(house.kit, moment - timedelta(microseconds=0), members=list(house.ids.values())))
    # At the very instant the sweep had not settled yet: it settles one microsecond after what came before it, or there.
    assert {key: value for key, value in again.items() if key in seen} == again
    before = told(preview(house.kit, moment - timedelta(microseconds=1)))
    assert {value[0] for value in before.values()} <= {"tier.expiring"}


def test_a_preview_changes_nothing(house: Any) -> None:
    stays = {name: house.stays(name) for name in house.ids}
    assert preview(house.kit, datetime(2027, 1, 1, tzinfo=UTC))
    assert {name: house.stays(name) for name in house.ids} == stays


@pytest.mark.row("T6", way="bad_input")
def test_an_unknown_ladder_is_named_with_the_nearest(house: Any) -> None:
    with pytest.raises(NotFound, match="did you mean 'status'"):
        preview(house.kit, ladder="statos")


@pytest.mark.row("T6", way="python")
def test_other_ladders_can_be_tried_before_they_hold(house: Any) -> None:
    from attrs import evolve  # noqa: PLC0415

    (ladder,) = house.kit.program.ladders
    silver = ladder.tiers[1]
    lower = evolve(silver, criteria=tuple(evolve(each, at_least=1) for each in silver.criteria))
    easier = evolve(ladder, tiers=(ladder.tiers[0], lower, ladder.tiers[2]))
    moment = datetime(2025, 6, 1, tzinfo=UTC)
    house.buy("m3", 1, "2025-04-01")
    house.clock.set("2025-06-01T00:00:00+00:00")
    assert preview(house.kit, moment) == []
    assert [each.member for each in preview(house.kit, moment, ladders=[easier])] == [house.ids["m3"]]
    assert preview(house.kit, moment, first=0) == []


@pytest.mark.row("T6", way="python")
def test_a_preview_goes_by_the_program_that_holds_at_the_moment(club: OpenClub) -> None:
    house = club(window="lifetime")
    ann = house.join("ann")
    house.buy("ann", 90, "2024-02-01")
    easier = house.kit.terms().versions.editions[-1].content.replace("at_least = 100}", "at_least = 80}")
    apply_text(house.kit, easier, valid_from=datetime(2030, 6, 1, tzinfo=UTC))
    assert preview(house.kit) == preview(house.kit, datetime(2030, 5, 31, tzinfo=UTC)) == []
    assert [(each.member, each.to_tier) for each in preview(house.kit, datetime(2030, 6, 1, tzinfo=UTC))] == [
        (ann, "silver")
    ]


@pytest.mark.row("T6", way="python")
def test_a_preview_of_the_first_few_looks_at_no_more_than_it_needs(
    club: OpenClub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "RANGE", 2)
    house = club('evaluate = "scheduled"', window="lifetime")
    for number in range(12):
        house.join(f"m{number}")
        house.buy(f"m{number}", 100, "2024-02-01")
    asked: list[str] = []
    for engine in house.kit.database.engines:
        event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    costs: list[int] = []
    for first in (1, 12):
        asked.clear()
        assert len(preview(house.kit, first=first)) == first
        costs.append(len(asked))
    assert costs[0] < costs[1] / 3
