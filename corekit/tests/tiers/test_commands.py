"""Tiers that people set, ask for and make use of: locks, requests, benefits, growth, nudges."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from corekit import AccountKind, ActivityType, Credit, Debit, Declares, Unit, hookimpl

OpenClub = Callable[..., Any]

YEARLY = 'validity = {months = 12, until = "year"}\ndowngrade = "to_qualified"'


def put(house: Any, tier: str, day: str, *, actor: str | None = None, until: str | None = None) -> Any:
    payload = {"ladder": "status", "tier": tier, "reason": "a good friend of the house"}
    if until:
        payload["locked_until"] = until
    return house.does("ann", "tier.set", day, payload=payload, actor=actor)


@pytest.mark.row("T4", way="python")
@pytest.mark.parametrize("tier", ["gold", "base"])
def test_somebody_puts_a_member_into_a_tier_and_why_says_who_and_why(club: OpenClub, tier: str) -> None:
    house = club(YEARLY)
    house.join("ann")
    house.buy("ann", 100, "2024-03-15")
    answer = put(house, tier, "2024-04-01", actor="eve")
    assert answer.settled
    assert house.reasons("ann")[-1] == (tier, "manual")
    told = house.kit.why(answer.activity_id).activity
    assert (told.actor, told.payload["reason"]) == ("eve", "a good friend of the house")
    assert house.is_proved()


@pytest.mark.row("T4", way="python")
def test_a_locked_tier_neither_rises_nor_falls_until_the_lock_ends(club: OpenClub) -> None:
    house = club(YEARLY)
    house.join("ann")
    assert put(house, "silver", "2024-02-01", actor="eve", until="2026-06-01T00:00:00+00:00").settled
    house.buy("ann", 300, "2024-03-15")
    assert house.stands("ann") == "silver"
    assert house.sweep("2026-01-01T00:00:00") == 0
    assert house.sweep("2026-05-31T23:59:59") == 0
    assert house.sweep("2026-06-01T00:00:00") == 1
    assert house.stands("ann") == "base"
    assert house.is_proved()


@pytest.mark.row("T4", way="python")
def test_when_a_lock_ends_the_member_rises_to_what_it_qualifies_for(club: OpenClub) -> None:
    house = club(window="lifetime")
    house.join("ann")
    put(house, "silver", "2024-02-01", actor="eve", until="2024-06-01T00:00:00+00:00")
    house.buy("ann", 300, "2024-03-15")
    house.sweep("2024-06-01T00:00:00")
    assert house.reasons("ann")[-1] == ("gold", "qualified")


@pytest.mark.row("T4", way="bad_input")
@pytest.mark.row("T3", way="bad_input")
def test_a_locked_tier_is_refused_to_others_and_not_to_who_locked_it(club: OpenClub) -> None:
    house = club(YEARLY)
    house.join("ann")
    put(house, "silver", "2024-02-01", actor="eve", until="2025-01-01T00:00:00+00:00")
    for actor in ("mallory", None):
        answer = put(house, "gold", "2024-02-02", actor=actor)
        assert (answer.outcome, answer.code) == ("refused", "TIER_LOCKED")
        assert answer.parameters["locked_until"] == "2025-01-01T00:00:00+00:00"
    asked = house.does("ann", "tier.requested", "2024-02-03", payload={"ladder": "status"})
    assert (asked.outcome, asked.code) == ("refused", "TIER_LOCKED")
    assert put(house, "gold", "2024-02-04", actor="eve").settled, "and so the lock is gone"
    assert put(house, "silver", "2024-02-05", actor="mallory").settled
    assert house.is_proved()


@pytest.mark.row("T4", way="bad_input")
@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"ladder": "status", "tier": "platinum"}, "TIER_UNKNOWN"),
        ({"ladder": "fame", "tier": "gold"}, "LADDER_UNKNOWN"),
        ({"ladder": "status", "tier": "gold", "locked_until": "2024-01-31T00:00:00+00:00"}, "TIER_LOCK_PAST"),
    ],
)
def test_what_cannot_be_set_is_refused_and_the_refusal_replayed(
    club: OpenClub, payload: dict[str, str], code: str
) -> None:
    house = club()
    house.join("ann")
    for replayed in (False, True):
        said = {**payload, "reason": "why not"}
        answer = house.does("ann", "tier.set", "2024-02-01", payload=said, external_id="once")
        assert (answer.outcome, answer.code, answer.replayed) == ("refused", code, replayed)
    assert house.stays("ann") == []


@pytest.mark.row("T4", way="bad_input")
def test_a_reason_is_required(club: OpenClub) -> None:
    from corekit import Invalid  # noqa: PLC0415

    house = club()
    house.join("ann")
    with pytest.raises(Invalid) as caught:
        house.does("ann", "tier.set", "2024-02-01", payload={"ladder": "status", "tier": "gold", "reason": ""})
    assert [(each.code, each.path) for each in caught.value.problems] == [("LENGTH", ("payload", "reason"))]


@pytest.mark.row("T4", way="reversal")
def test_what_somebody_set_is_taken_back_to_where_the_member_stood(club: OpenClub) -> None:
    house = club(YEARLY)
    house.join("ann")
    house.buy("ann", 100, "2024-03-15")
    before = house.stays("ann")[-1]
    answer = put(house, "gold", "2024-04-01", actor="eve", until="2029-01-01T00:00:00+00:00")
    assert house.kit.reverse(answer.activity_id).settled
    after = house.stays("ann")[-1]
    assert (after.tier, after.reason, after.locked_until) == ("silver", "reversal", None)
    assert after.expires_at == before.expires_at
    assert house.is_proved()


@pytest.mark.row("T3", way="python")
def test_on_request_a_member_rises_when_it_asks_and_qualifies(club: OpenClub) -> None:
    house = club('evaluate = "on_request"')
    house.join("ann")
    house.buy("ann", 99, "2024-03-15")
    early = house.does("ann", "tier.requested", "2024-03-16", payload={"ladder": "status"})
    assert (early.outcome, early.code) == ("refused", "TIER_NOT_QUALIFIED")
    assert early.parameters["missing"] == {"spend year": 100}
    house.buy("ann", 1, "2024-03-17")
    assert house.stands("ann") == "base", "it has to ask"
    assert house.sweep("2024-04-01T00:00:00") == 0
    asked = house.does("ann", "tier.requested", "2024-04-02", payload={"ladder": "status"})
    assert [each.type for each in asked.follow_ons] == ["tier.changed"]
    assert house.reasons("ann") == [("silver", "requested")]
    assert house.is_proved()
    assert house.kit.reverse(asked.activity_id).settled
    assert house.stands("ann") == "base"
    assert house.is_proved()


BENEFITS = """
[ladders.tiers.benefits]
wash = {kind = "service", quota = 2, per = "month", text = "Car wash"}
hotline = {kind = "support", channel = "tel:123"}
lounge = {kind = "service", text = "Lounge"}
points_multiplier = "1.5"
"""


def claim(house: Any, day: str, benefit: str = "wash", **values: Any) -> Any:
    payload = {"ladder": "status", "benefit": benefit, **values}
    return house.does("ann", "tier.benefit_claimed", day, payload=payload)


@pytest.mark.row("T5", way="python")
@pytest.mark.row("T5", way="bad_input")
@pytest.mark.row("T5", way="reversal")
def test_a_benefit_is_claimed_until_its_quota_is_used_up_and_given_back_by_a_reversal(club: OpenClub) -> None:
    house = club(silver=BENEFITS)
    house.join("ann")
    early = claim(house, "2024-03-01")
    assert (early.outcome, early.code) == ("refused", "BENEFIT_UNKNOWN"), "base has none"
    house.buy("ann", 100, "2024-03-15")
    first = claim(house, "2024-03-16")
    assert first.settled
    assert claim(house, "2024-03-17").settled
    refused = claim(house, "2024-03-18")
    assert (refused.outcome, refused.code) == ("refused", "BENEFIT_USED_UP")
    assert refused.parameters == {"benefit": "wash", "limit": 2, "window": "month", "left": 0}
    assert house.kit.reverse(first.activity_id).settled
    assert claim(house, "2024-03-19").settled
    assert claim(house, "2024-03-31").code == "BENEFIT_USED_UP"
    assert claim(house, "2024-04-01", quantity=2).settled, "another month"
    assert claim(house, "2024-04-02", "lounge", quantity=9).settled, "as often as one likes"
    assert claim(house, "2024-04-03", "hotline").code == "BENEFIT_UNKNOWN", "nothing to claim"
    assert house.is_proved()


@pytest.mark.row("T5", way="python")
def test_claims_in_one_chunk_see_each_other(club: OpenClub) -> None:
    from corekit import Activity  # noqa: PLC0415

    house = club(silver=BENEFITS)
    house.join("ann")
    house.buy("ann", 100, "2024-03-15")
    payload = {"ladder": "status", "benefit": "wash"}
    claims = [
        Activity(
            type="tier.benefit_claimed", member=house.ids["ann"], source="till", payload=payload,
            occurred_at=house.stays("ann")[0].valid_from.replace(hour=13, minute=minute)
        )
        for minute in range(5)
    ]  # fmt: skip
    codes = [answer.code for answer in house.kit.record_many(claims)]
    assert codes == [None, None, *["BENEFIT_USED_UP"] * 3]


def grower() -> ModuleType:
    """A plugin with growth on a counter, and coins to spend."""
    module = ModuleType("grower")
    growth = AccountKind(code="grower.growth", unit=Unit("grower.growth", 0, "counter"))
    coins = AccountKind(code="grower.coins", unit=Unit("grower.coins"))

    def declare() -> Declares:
        types = (ActivityType(name="grower.spend", command=True, amount="grower.coins"),)
        return Declares(accounts=(growth, coins), activities=types)

    def react(batch: Any, facts: Any) -> Any:
        for activity in batch.of("purchase"):
            yield Credit(activity, rule="grow@1", account="grower.growth", amount=activity.amount)
            yield Credit(activity, rule="coin@1", account="grower.coins", amount=activity.amount)
        for activity in batch.of("grower.spend"):
            yield Debit(activity, rule="spend@1", account="grower.coins", amount=activity.amount)

    vars(module)["corekit_declare"] = hookimpl(declare, specname="corekit_declare")
    vars(module)["corekit_react"] = hookimpl(react, specname="corekit_react")
    return module


GROWTH = {
    "metric": 'growth = {{metric = "spend", {}}}',
    "account": 'growth = {{account = "grower.growth", {}}}',
}


@pytest.mark.row("T3", way="python")
@pytest.mark.parametrize("kind", ["metric", "account"])
@pytest.mark.parametrize(
    ("rerating", "left"),
    [
        ('at_rerating = "reset"', 0),
        ('at_rerating = "reduce", keep_percent = 33', 4950),
        ('at_rerating = "keep"', 15000),
    ],
)
def test_re_rating_takes_growth_and_spending_takes_none(club: OpenClub, kind: str, rerating: str, left: int) -> None:
    policies = YEARLY + "\n" + GROWTH[kind].format(rerating)
    steps = (100, 300) if kind == "metric" else (10_000, 30_000)
    house = club(policies, modules={"grower": grower()}, metric="growth", window="lifetime", steps=steps)
    house.join("ann")
    house.buy("ann", 150, "2024-03-15")
    assert house.does("ann", "grower.spend", "2024-04-01", amount=15_000).settled
    assert house.stands("ann") == "silver"
    assert house.sweep("2026-01-01T00:00:00") >= 1
    assert house.reasons("ann") == [("silver", "qualified"), ("silver", "renewed")]
    key = "growth:status" if kind == "metric" else "balance:grower.growth"
    from corekit.metrics import LIFETIME  # noqa: PLC0415
    from corekit.program.ladders import measured_in  # noqa: PLC0415
    from corekit.tiers.read import measured  # noqa: PLC0415

    currency = house.kit.settings.currency
    unit = currency if kind == "metric" else Unit("grower.growth", 0, "counter")
    assert measured_in(key, house.kit.registry, currency, house.kit.program.ladders) == unit
    ann = house.ids["ann"]
    with house.kit.read() as read:
        assert measured(read, [ann], [(key, LIFETIME)], house.clock().date())[ann](key, LIFETIME) == left
    assert house.is_proved()
    assert house.kit.reverse(house.stays("ann")[-1].activity).settled
    with house.kit.read() as read:
        assert measured(read, [ann], [(key, LIFETIME)], house.clock().date())[ann](key, LIFETIME) == 15_000
    assert house.is_proved()


@pytest.mark.row("T6", way="python")
def test_who_comes_close_to_the_next_tier_is_told_once(club: OpenClub) -> None:
    house = club("nudge = true", window="lifetime")
    house.join("ann")
    assert house.buy("ann", 79, "2024-03-01").follow_ons == ()
    (told,) = house.buy("ann", 1, "2024-03-02").follow_ons
    payload = house.kit.why(told.activity_id).activity.payload
    assert (told.type, payload["next_tier"], payload["percent"]) == ("tier.close", "silver", 80)
    assert payload["missing"] == {"spend lifetime": 2000}
    assert house.buy("ann", 1, "2024-03-03").follow_ons == ()
    assert [each.type for each in house.buy("ann", 200, "2024-03-04").follow_ons] == ["tier.changed"]


@pytest.mark.row("T2", way="python")
@pytest.mark.parametrize(
    ("first", "second", "tier"),
    [
        ("2025-02-27", "2025-02-28", "base"),
        ("2025-02-28", "2026-02-27", "silver"),
        ("2024-02-29", "2025-02-27", "silver"),
        ("2028-02-28", "2028-02-29", "base"),
    ],
)
def test_a_membership_year_begins_on_the_day_of_joining(club: OpenClub, first: str, second: str, tier: str) -> None:
    house = club(window="membership year")
    house.join("ann", "2024-02-29")
    house.buy("ann", 50, first)
    house.buy("ann", 50, second)
    assert house.stands("ann") == tier
    from datetime import UTC, datetime  # noqa: PLC0415

    from corekit.tiers.read import progress  # noqa: PLC0415

    ann = house.ids["ann"]
    with house.kit.read() as read:
        now = datetime.fromisoformat(second).replace(hour=13, tzinfo=UTC)
        (ahead,) = progress(house.kit.program, read, [ann], now, house.kit.zone)[ann]
    assert ahead.steps[0].measured == (10_000 if tier == "silver" else 5_000)
