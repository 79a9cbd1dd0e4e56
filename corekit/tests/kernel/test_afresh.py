"""What is prepared for an activity that is read afresh includes all that came before it, also in one chunk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import pytest

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
    Hold,
    Kit,
    Reader,
    Refusal,
    Unit,
    balances,
    hookimpl,
)
from corekit.testing.plugin import MakeKit


@hookimpl
def corekit_declare() -> Declares:
    return Declares(
        accounts=[AccountKind(code="till", unit=Unit("coins"))],
        activities=[
            ActivityType(name="till.paid", amount="own", command=True),
            ActivityType(name="till.held", amount="own", command=True),
            ActivityType(name="till.emptied", command=True, afresh=True),
        ],
    )


@hookimpl
def corekit_prepare(batch: Batch, read: Reader, facts: Facts) -> Mapping[str, Any]:
    asking = list(batch.of("till.emptied"))
    if not asking:
        return {}
    found = balances(read, sorted({each.member for each in asking}), facts.reported(asking[0]))
    return {member: sum(each.available for each in kinds) for member, kinds in found.items()}


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    for activity in batch:
        if activity.type == "till.paid":
            yield Credit(activity, rule="paid@1", account="till", amount=activity.amount)
        elif activity.type == "till.held":
            yield Hold(activity, rule="held@1", account="till", amount=activity.amount)
        elif activity.type == "till.emptied":
            if facts.held("till", activity):
                raise Refusal("VALUE_HELD", account="till", missing=str(facts.held("till", activity)), hold="")
            yield Debit(activity, rule="emptied@1", account="till", amount=facts.prepared(activity))


@pytest.fixture
def kit(make_kit: MakeKit) -> Kit:
    module = ModuleType("till")
    vars(module).update({name: value for name, value in globals().items() if name.startswith("corekit_")})
    return make_kit(modules={"till": module})


def _does(type_: str, member: str, amount: int, key: str) -> Activity:
    """Make an activity whose place among those of its member is that of its key."""
    unit = "coins" if amount else None
    return Activity(type=type_, member=member, amount=amount, unit=unit, external_id=f"{key} {member}")


def test_it_waits_for_what_came_before_it(kit: Kit) -> None:
    ann, bob = (kit.record(Activity(type="member.registered")).member for _ in range(2))
    wave = [
        _does(type_, member, amount, f"{number}")
        for number, (type_, amount) in enumerate(
            (("till.paid", 5), ("till.paid", 7), ("till.emptied", 0), ("till.paid", 3))
        )
        for member in (ann, bob)
    ]
    wave.append(_does("till.emptied", bob, 0, "4"))
    answers = list(kit.record_many(wave))
    assert all(answer.settled for answer in answers), answers
    assert [effect.amount for answer in answers for effect in answer.effects if effect.kind == "Debit"] == [12, 12, 3]
    with kit.read() as read:
        left = {member: kinds[0].available for member, kinds in balances(read, [ann, bob], kit.now()).items()}
    assert left == {ann: 3, bob: 0}


def test_facts_tell_what_is_set_aside(kit: Kit) -> None:
    ann = kit.record(Activity(type="member.registered")).member
    wave = [
        _does(type_, ann, amount, f"{number}")
        for number, (type_, amount) in enumerate((("till.paid", 5), ("till.held", 2), ("till.emptied", 0)))
    ]
    refused = list(kit.record_many(wave))[-1]
    assert (refused.code, refused.parameters["missing"]) == ("VALUE_HELD", "2")
