"""What the sweep makes of stays whose validity is over, and of who came to qualify."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Thread
from types import ModuleType
from typing import Any

import pytest

from corekit import Declares, ErrorText, Refusal, hookimpl
from corekit.clock import moment
from corekit.tiers import due

OpenClub = Callable[..., Any]

YEARLY = 'validity = {months = 12, until = "year"}\ndowngrade = "to_qualified"'
ONE_STEP = 'validity = {months = 12, until = "year"}\ndowngrade = "one_step"'


@pytest.mark.row("T3", way="python")
@pytest.mark.row("T7", way="python")
@pytest.mark.parametrize(
    ("policies", "spent", "after"),
    [
        (YEARLY, 0, "base"),
        (YEARLY, 150, "silver"),
        (YEARLY, 300, "gold"),
        (ONE_STEP, 0, "silver"),
        (ONE_STEP, 150, "silver"),
        (ONE_STEP, 300, "gold"),
        ('validity = {months = 12, until = "year"}', 0, "gold"),
    ],
)
def test_at_the_end_of_its_validity_a_tier_is_renewed_or_falls(
    club: OpenClub, policies: str, spent: int, after: str
) -> None:
    house = club(policies)
    house.join("ann")
    house.buy("ann", 300, "2024-03-15")
    if spent:
        house.buy("ann", spent, "2025-12-31")
    assert house.sweep("2025-12-31T23:59:59") == 0, "nothing ends before its time"
    assert house.stands("ann") == "gold"
    assert house.sweep("2026-01-01T00:00:00") == 1
    assert house.stands("ann") == after
    assert house.stands("ann", "2025-12-31T23:59:59") == "gold"
    assert house.sweep("2026-01-01T00:00:00") == 0, "what is done is no longer found"
    assert house.is_proved()


@pytest.mark.row("T3", way="python")
def test_nobody_falls_by_being_looked_at(club: OpenClub) -> None:
    house = club(YEARLY)
    ann = house.join("ann")
    house.buy("ann", 300, "2024-03-15")
    from corekit.tiers.read import progress  # noqa: PLC0415

    with house.kit.read() as read:
        progress(house.kit.program, read, [ann], house.clock(), house.kit.zone)
    assert house.stands("ann") == "gold"
    house.buy("ann", 1, "2029-06-01")
    assert house.stands("ann") == "gold", "a purchase only ever lifts"


@pytest.mark.row("T3", way="python")
def test_a_late_sweep_finds_what_a_punctual_one_would_have_found_year_by_year(club: OpenClub) -> None:
    late, punctual = club(ONE_STEP), club(ONE_STEP)
    for house in (late, punctual):
        house.join("ann", "2022-01-01")
        house.buy("ann", 300, "2023-03-15")
        house.buy("ann", 150, "2024-03-15")
    for year in range(2024, 2029):
        punctual.sweep(f"{year}-01-01T00:00:00")
    late.sweep("2028-06-01T00:00:00")
    assert late.reasons("ann") == punctual.reasons("ann")
    assert late.reasons("ann") == [("gold", "qualified"), ("silver", "downgraded"), ("base", "downgraded")]
    assert [each.expires_at for each in late.stays("ann")] == [each.expires_at for each in punctual.stays("ann")]
    assert late.is_proved()


@pytest.mark.row("T3", way="python")
def test_who_qualified_again_before_a_late_sweep_does_not_fall(club: OpenClub) -> None:
    house = club(YEARLY)
    house.join("ann")
    house.buy("ann", 300, "2024-03-15")
    house.buy("ann", 300, "2026-01-02")
    house.sweep("2026-01-03T00:00:00")
    assert house.reasons("ann") == [("gold", "qualified"), ("gold", "renewed")]


@pytest.mark.row("T3", way="python")
def test_grace_keeps_the_tier_a_while_and_then_it_falls(club: OpenClub) -> None:
    house = club(YEARLY + "\ngrace_days = 30")
    house.join("ann")
    house.buy("ann", 100, "2024-03-15")
    house.sweep("2026-01-01T00:00:00")
    assert house.reasons("ann")[-1] == ("silver", "grace")
    house.sweep("2026-01-30T23:59:59")
    assert house.stands("ann") == "silver"
    house.sweep("2026-01-31T00:00:00")
    assert house.reasons("ann")[-1] == ("base", "downgraded")
    assert house.is_proved()


@pytest.mark.row("T3", way="python")
def test_who_qualifies_again_in_grace_is_out_of_it_at_once(club: OpenClub) -> None:
    house = club(YEARLY + "\ngrace_days = 30")
    house.join("ann")
    house.buy("ann", 100, "2024-03-15")
    house.sweep("2026-01-01T00:00:00")
    house.buy("ann", 100, "2026-01-15")
    assert house.reasons("ann")[-1] == ("silver", "requalified")
    assert house.sweep("2026-02-15T00:00:00") == 0
    assert house.stays("ann")[-1].expires_at.isoformat() == "2028-01-01T00:00:00+00:00"
    assert house.is_proved()


@pytest.mark.row("T3", way="python")
@pytest.mark.parametrize(("restarts", "expires"), [("true", "2025-09-01"), ("false", "2025-03-15")])
def test_an_upgrade_restarts_the_validity_or_inherits_it(club: OpenClub, restarts: str, expires: str) -> None:
    house = club(f'validity = {{months = 12, restarts = {restarts}}}\ndowngrade = "one_step"')
    house.join("ann")
    house.buy("ann", 100, "2024-03-15")
    house.buy("ann", 200, "2024-09-01")
    assert house.reasons("ann")[-1] == ("gold", "qualified")
    assert house.stays("ann")[-1].expires_at.date().isoformat() == expires


@pytest.mark.row("T3", way="python")
def test_a_member_is_warned_once_and_only_if_it_would_lose_the_tier(club: OpenClub) -> None:
    house = club(YEARLY + "\nwarn_days = 30")
    for name in ("ann", "bob"):
        house.join(name)
        house.buy(name, 100, "2024-03-15")
    house.buy("bob", 100, "2025-02-01")
    assert house.sweep("2025-12-01T23:59:59") == 0
    assert house.sweep("2025-12-02T00:00:00") == 1
    assert house.sweep("2025-12-03T00:00:00") == 0
    assert house.types("ann")[-1] == "tier.expiring"
    assert "tier.expiring" not in house.types("bob")
    house.buy("ann", 100, "2025-12-05")
    house.sweep("2026-01-01T00:00:00")
    assert (house.stands("ann"), house.stands("bob")) == ("silver", "silver")
    assert house.is_proved()


@pytest.mark.row("T3", way="python")
def test_at_evaluation_instants_a_member_rises_by_what_it_did_until_then(club: OpenClub) -> None:
    house = club('evaluate = "scheduled"\nevery = "quarter"', window="lifetime")
    house.join("ann", "2024-01-15")
    house.join("bob", "2024-01-15")
    house.buy("ann", 100, "2024-02-01")
    assert house.stands("ann") == "base", "not at once"
    house.sweep("2024-03-31T23:59:59")
    assert house.stands("ann") == "base", "nor before the instant"
    assert house.sweep("2024-04-01T00:00:00") == 1
    assert (house.stands("ann"), house.stands("bob")) == ("silver", "base")
    assert house.is_proved()


@pytest.mark.row("T7", way="python")
@pytest.mark.parametrize("window", ["lifetime", "year", "membership year", "rolling 12 months"])
def test_all_members_are_re_evaluated_by_one_sweep_range_by_range(
    club: OpenClub, window: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "RANGE", 3)
    monkeypatch.setattr(due, "CHUNK", 2)
    house = club('evaluate = "scheduled"', window=window)
    spends = {f"m{number}": number * 60 for number in range(8)}
    for name, amount in spends.items():
        house.join(name)
        house.buy(name, amount, "2024-02-01")
    assert house.sweep("2024-03-01T00:00:00") == 6
    found = {name: house.stands(name) for name in spends}
    assert found == {
        name: "gold" if amount >= 300 else "silver" if amount >= 100 else "base" for name, amount in spends.items()
    }
    assert house.sweep("2024-03-01T00:00:00") == 0
    assert house.is_proved()


@pytest.mark.row("T7", way="python")
@pytest.mark.row("X5", way="python")
def test_what_a_scheduler_makes_up_for_is_not_written_back_into_the_past(club: OpenClub) -> None:
    house = club(YEARLY)
    house.clock.set("2025-12-31T12:00:00+00:00")
    house.join("ann")
    house.buy("ann", 300, "2024-03-15")
    house.kit.jobs.tick()
    house.clock.set("2026-01-01T15:00:00+00:00")
    runs = {run.job: run for run in house.kit.jobs.tick()}
    assert (runs["tiers"].at, runs["tiers"].settled) == (datetime(2026, 1, 1, 0, 20, tzinfo=UTC), 1)
    assert house.stays("ann")[-1].valid_from == house.clock()
    assert house.stands("ann", "2026-01-01T14:59:59") == "gold", "as everybody saw it"
    assert house.stands("ann") == "base"
    assert house.is_proved()


@pytest.mark.row("T7", way="python")
def test_many_ends_are_swept_in_chunks_and_interruption_loses_nothing(
    club: OpenClub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "CHUNK", 2)
    house = club(YEARLY)
    names = [f"m{number}" for number in range(7)]
    for name in names:
        house.join(name)
        house.buy(name, 100, "2024-02-01")
    from corekit.tiers.found import ending  # noqa: PLC0415

    terms = house.kit.terms()
    at = 1_767_225_600_000_000  # 2026-01-01
    first = next(ending(house.kit.database, house.kit.zone, terms.program_at(at).ladders[0], at))
    settlement = house.kit._settlement
    assert settlement.rerate(first.members, "status", at, first.earliest) == 2
    assert house.kit.sweep("tiers", moment(at)).settled == 5
    assert {house.stands(name) for name in names} == {"base"}
    assert house.is_proved()


@pytest.mark.row("T7", way="python")
def test_a_sweep_costs_a_fixed_number_of_statements_a_chunk(club: OpenClub) -> None:
    house = club(YEARLY)
    costs: list[int] = []
    for number, year in ((3, 2024), (30, 2025)):
        for each in range(number):
            house.join(f"{year}-{each}", f"{year}-01-01")
            house.buy(f"{year}-{each}", 100, f"{year}-02-01")
        before = house.kit.statements
        assert house.sweep(f"{year + 2}-01-01T00:00:00") >= number
        costs.append(house.kit.statements - before)
    assert costs[0] == costs[1]


@pytest.mark.row("T3", way="python")
@pytest.mark.parametrize(("bought", "state"), [(True, "active"), (False, "cancelled")])
def test_who_consumed_nothing_while_a_stay_was_valid_is_a_member_no_longer(
    club: OpenClub,
    bought: bool,  # noqa: FBT001
    state: str,
) -> None:
    ending = 'validity = {months = 12}\ntermination = {metric = "visits"}'
    house = club(ending)
    house.join("ann", "2024-03-01")
    if bought:
        house.buy("ann", 1, "2024-05-01")
    assert house.sweep("2025-02-28T23:59:59") == 0
    assert house.sweep("2025-03-01T00:00:00") == 1
    from corekit.members.read import members  # noqa: PLC0415

    with house.kit.read() as read:
        assert members(read, [house.ids["ann"]])[house.ids["ann"]].state == state
    assert house.types("ann")[-1] == ("tier.changed" if bought else "member.cancelled")
    assert house.sweep("2025-03-02T00:00:00") == 0
    if bought:  # and so on, from stay to stay
        assert house.sweep("2026-03-01T00:00:00") == 1
        assert house.types("ann")[-1] == "member.cancelled"
    assert house.is_proved()


@pytest.mark.row("T3", way="python")
@pytest.mark.parametrize("sweeps", [["2024-04-20"], ["2024-02-04", "2024-03-01", "2024-04-01"]])
def test_what_was_consumed_before_a_late_sweep_counts_for_the_period_in_which_it_was(
    club: OpenClub, sweeps: list[str]
) -> None:
    house = club('validity = {months = 1}\ntermination = {metric = "visits"}')
    house.join("ann")
    for day in ("2024-01-10", "2024-02-02", "2024-03-31", "2024-04-10"):
        house.buy("ann", 1, day)
    for day in sweeps:
        house.sweep(f"{day}T00:00:00")
        assert house.sweep(f"{day}T00:00:00") == 0, "as many periods as have passed are judged by one sweep"
    assert house.reasons("ann") == [("base", "renewed")] * 3
    house.sweep("2024-05-01T00:00:00")
    house.sweep("2024-06-01T00:00:00")
    assert house.types("ann")[-2:] == ["tier.changed", "member.cancelled"], "nothing in May"
    assert house.is_proved()


@pytest.mark.row("T3", way="python")
def test_a_late_termination_is_foretold_by_a_preview(club: OpenClub) -> None:
    from corekit.tiers.preview import preview  # noqa: PLC0415

    house = club('validity = {months = 1}\ntermination = {metric = "visits"}')
    house.join("ann")
    house.buy("ann", 1, "2024-01-10")
    house.buy("ann", 1, "2024-02-02")
    house.sweep("2024-02-04T00:00:00")
    house.clock.set("2024-03-01T00:00:00+00:00")
    assert [(each.type, each.reason) for each in preview(house.kit)] == [("tier.changed", "renewed")]


@pytest.mark.row("T7", way="python")
@pytest.mark.parametrize("metric", ["spend", "growth"])
def test_a_scheduled_evaluation_leaves_out_of_a_lifetime_what_came_after_it(club: OpenClub, metric: str) -> None:
    growth = 'growth = {metric = "spend"}' if metric == "growth" else ""
    house = club(f'evaluate = "scheduled"\nevery = "year"\n{growth}', metric=metric, window="lifetime")
    house.join("ann", "2023-06-01")
    house.buy("ann", 60, "2023-07-01")
    house.buy("ann", 60, "2024-01-01")
    assert house.sweep("2024-01-02T00:00:00") == 0, "on 1 January it had 60"
    assert house.sweep("2025-01-01T00:00:00") == 1
    assert house.stays("ann")[0].measured == {f"{'growth:status' if growth else 'spend'} lifetime": 120_00}
    assert house.is_proved()


@pytest.mark.row("T3", way="python")
@pytest.mark.parametrize("evaluate", ["at_once", "on_request"])
def test_a_late_re_rating_takes_the_growth_of_the_period_that_is_over_and_no_more(
    club: OpenClub, evaluate: str
) -> None:
    policies = f"""evaluate = "{evaluate}"
validity = {{months = 12, until = "year"}}
downgrade = "to_qualified"
growth = {{metric = "count:purchase", at_rerating = "reset"}}"""
    house = club(policies, metric="growth", window="lifetime", steps=(1, 9))
    house.join("ann", "2023-06-01")
    house.buy("ann", 1, "2023-07-01")
    if evaluate == "on_request":
        house.does("ann", "tier.requested", "2023-07-02", payload={"ladder": "status"})
    for day in ("2024-06-01", "2025-06-01", "2026-06-01", "2027-01-01"):
        house.buy("ann", 1, day)
    house.sweep("2027-01-02T00:00:00")
    assert house.reasons("ann")[1:] == [("silver", "renewed")] * 3, "by what each of three years brought"
    house.buy("ann", 1, "2027-06-01")
    house.sweep("2028-01-01T00:00:00")
    assert house.stays("ann")[-1].measured == {"growth:status lifetime": 2}, "what came in 2027 was left"
    assert house.is_proved()


@pytest.mark.row("T3", way="python")
def test_who_is_about_to_be_ended_is_warned(club: OpenClub) -> None:
    house = club('validity = {months = 12}\nwarn_days = 10\ntermination = {metric = "visits"}')
    house.join("ann", "2024-03-01")
    assert house.sweep("2025-02-18T23:00:00") == 0
    assert house.sweep("2025-02-19T00:00:00") == 1
    assert house.types("ann")[-1] == "tier.expiring"
    assert house.sweep("2025-02-20T00:00:00") == 0


@pytest.mark.row("T3", way="reversal")
@pytest.mark.row("T7", way="reversal")
def test_a_fall_that_is_taken_back_leaves_the_member_where_it_was_until_it_is_judged_again(club: OpenClub) -> None:
    house = club(YEARLY)
    house.join("ann")
    house.buy("ann", 300, "2024-03-15")
    house.sweep("2026-01-01T00:00:00")
    fall = house.stays("ann")[-1].activity
    assert house.kit.reverse(fall).settled
    assert house.reasons("ann")[-1] == ("gold", "reversal")
    house.sweep("2026-01-02T00:00:00")
    assert house.stands("ann") == "base"
    assert house.is_proved()


@pytest.mark.row("T2", way="reversal")
def test_a_purchase_that_lifted_and_is_taken_back_leads_to_the_tier_that_still_stands(club: OpenClub) -> None:
    house = club(YEARLY)
    house.join("ann")
    house.buy("ann", 100, "2024-11-15")
    lifted = house.buy("ann", 300, "2025-02-01")
    assert house.stands("ann") == "gold"
    house.kit.reverse(lifted.activity_id)
    assert house.stands("ann") == "silver", "silver was valid until the end of 2025, whatever came since"
    assert house.sweep("2026-01-01T00:00:00") == 1
    assert house.stands("ann") == "base"
    assert house.is_proved()


@pytest.mark.row("T7", way="python")
def test_what_settles_while_the_sweep_plans_counts(club: OpenClub) -> None:
    """The first plan would let the member fall; by the time it is to be written the member has bought enough."""
    module = ModuleType("busy")
    meanwhile: list[Callable[[], object]] = []

    def react(batch: Any, facts: Any) -> Any:
        if meanwhile and any(batch.of("tier.changed")):
            other = Thread(target=meanwhile.pop())
            other.start()
            other.join()
        return ()

    vars(module)["corekit_react"] = hookimpl(react, specname="corekit_react")
    house = club(YEARLY, modules={"busy": module})
    for name in ("ann", "bob"):
        house.join(name)
        house.buy(name, 100, "2024-03-15")
    meanwhile.append(lambda: house.buy("ann", 100, "2025-12-31"))
    assert house.sweep("2026-01-01T00:00:00") == 2
    assert house.reasons("ann")[-1] == ("silver", "renewed")
    assert house.reasons("bob")[-1] == ("base", "downgraded")
    assert house.is_proved()


@pytest.mark.row("T7", way="bad_input")
def test_a_plugin_that_raises_or_refuses_harms_its_own_member_only(club: OpenClub) -> None:
    module = ModuleType("picky")
    mood: dict[str, Exception] = {}

    def react(batch: Any, facts: Any) -> Any:
        for activity in batch.of("tier.changed"):
            if activity.member in mood and activity.parent is None:
                raise mood[activity.member]
        return ()

    vars(module)["corekit_react"] = hookimpl(react, specname="corekit_react")
    declares = Declares(errors=[ErrorText("PICKY_NO", "No.", "不。")])
    vars(module)["corekit_declare"] = hookimpl(lambda: declares, specname="corekit_declare")
    house = club(YEARLY, modules={"picky": module})
    for name in ("ann", "bob", "cat"):
        house.join(name)
        house.buy(name, 100, "2024-03-15")
    mood[house.ids["ann"]] = ValueError("broken")
    mood[house.ids["bob"]] = Refusal("PICKY_NO")
    assert house.sweep("2026-01-01T00:00:00") == 1
    assert [house.stands(name) for name in ("ann", "bob", "cat")] == ["silver", "silver", "base"]
    assert house.is_proved()
    mood.clear()
    assert house.sweep("2026-01-01T00:00:00") == 1, "what failed is tried again, what was refused is answered"
    assert [house.stands(name) for name in ("ann", "bob", "cat")] == ["base", "silver", "base"]
    assert house.sweep("2026-01-02T00:00:00") == 1, "and is asked again by the next sweep"
    assert house.stands("bob") == "base"
    assert house.is_proved()


@pytest.mark.row("T3", way="bad_input")
def test_a_change_that_comes_too_late_does_not_lower_who_has_risen_since(club: OpenClub) -> None:
    module = ModuleType("late")
    mood = [ValueError("broken")]

    def react(batch: Any, facts: Any) -> Any:
        if mood and any(batch.of("tier.changed")):
            raise mood[0]
        return ()

    vars(module)["corekit_react"] = hookimpl(react, specname="corekit_react")
    house = club(modules={"late": module})
    house.join("ann")
    house.buy("ann", 100, "2024-03-15")
    assert house.stands("ann") == "base", "the change waits to be tried again"
    mood.clear()
    house.buy("ann", 200, "2024-03-16")
    assert house.stands("ann") == "gold"
    assert house.kit.retry_failed() == 1
    assert house.kit.work() == 1
    assert house.reasons("ann") == [("gold", "qualified")]
    assert house.is_proved()
