"""Taking back: by reference to what was stored, whole, with what followed; and who bears what was spent."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import Activity, NotFound
from corekit.ids import new_id


@pytest.mark.row("A2", way="reversal")
def test_a_reversal_undoes_every_effect_and_every_measure(world: Any, basket: Any) -> None:
    member = world.member()
    before = world.does(member, "purchase", **basket(1000, 250, 0))
    bought = world.does(member, "purchase", **basket(5000))
    taken = world.kit.reverse(bought.activity_id, reason="returned")
    assert (taken.outcome, taken.type) == ("settled", "reversal")
    assert [effect.undoes for effect in taken.effects] == [effect.id for effect in bought.effects]
    assert world.balances(member) == {"toy": sum(effect.amount for effect in before.effects)}
    assert _metrics(world, member) == {"spend": 1250, "visits": 1}
    assert world.is_proved()


@pytest.mark.row("A3", way="reversal")
def test_why_tells_of_the_reversal_from_both_sides(world: Any) -> None:
    member = world.member()
    earned = world.does(member, "toy.earn", 70)
    taken = world.kit.reverse(earned.activity_id)
    was, back = world.kit.why(earned.activity_id), world.kit.why(taken.activity_id)
    assert [view.id for view in was.reversed_by] == [taken.activity_id]
    assert back.reverses.id == earned.activity_id
    assert [undo.activity for undo in was.effects[0].undone_by] == [taken.activity_id]


@pytest.mark.row("A6", way="reversal")
def test_the_same_reversal_again_is_the_same_answer(world: Any) -> None:
    member = world.member()
    earned = world.does(member, "toy.earn", 70)
    first = world.kit.reverse(earned.activity_id, external_id="r1")
    again = world.kit.reverse(earned.activity_id, external_id="r1")
    assert (again.activity_id, again.replayed) == (first.activity_id, True)
    assert world.balances(member) == {"toy": 0}


@pytest.mark.row("A8", way="reversal")
def test_a_refund_of_a_purchase_is_a_reversal(world: Any, basket: Any) -> None:
    member = world.member()
    bought = world.does(member, "purchase", **basket(5000))
    assert world.does(member, "refund", reverses=bought.activity_id).settled
    assert world.balances(member) == {"toy": 0}


@pytest.mark.row("A2", way="bad_input")
def test_what_cannot_be_taken_back_is_refused_with_the_reason(world: Any) -> None:
    member, other = world.member(), world.member()
    earned = world.does(member, "toy.earn", 70, payload={"days": 1})
    taken = world.kit.reverse(earned.activity_id)
    assert world.kit.reverse(earned.activity_id).code == "ALREADY_REVERSED"
    assert world.kit.reverse(taken.activity_id).code == "REVERSAL_OF_REVERSAL"
    assert world.does(other, "reversal", reverses=earned.activity_id).code == "REVERSAL_UNKNOWN"
    world.does(member, "toy.earn", 70, payload={"days": 1})
    world.sweep()
    assert world.kit.reverse(_last(world, "toy.expired")).code == "REVERSAL_OF_EXPIRY"
    with pytest.raises(NotFound):
        world.kit.reverse("0" * 32)
    assert world.is_proved()


def test_what_was_spent_is_funded_anew_from_other_lots(world: Any) -> None:
    member = world.member()
    first = world.does(member, "toy.earn", 50, payload={"days": 10})
    world.does(member, "toy.earn", 50)
    world.does(member, "toy.spend", 40)
    world.kit.reverse(first.activity_id)
    assert world.balances(member) == {"toy": 10}
    assert world.is_proved()


@pytest.mark.parametrize("chunk", [1, 50])
def test_of_several_spends_the_latest_is_funded_anew_first_also_in_bulk(world: Any, chunk: int) -> None:
    member = world.member()
    gone = world.does(member, "toy.earn", 10, payload={"days": 10})
    world.does(member, "toy.earn", 5)
    spends = [world.does(member, "toy.spend", 5) for _ in range(2)]
    taking: list[Activity] = []
    for target, amount in ((spends[0], 2), (gone, 0)):
        world.clock.advance(seconds=1)
        taking.append(world.activity(member, "reversal", amount, reverses=target.activity_id))
    assert all(answer.settled for answer in world.kit.record_many(taking, chunk=chunk))
    assert [_unfunded(world, spend) for spend in spends] == [3, 0]
    assert world.balances(member) == {"toy": 0, "toy.debt": -3}
    assert world.is_proved()


def test_what_nothing_funds_is_owed_and_the_next_credit_pays_it_first(world: Any) -> None:
    member = world.member()
    earned = world.does(member, "toy.earn", 50)
    world.does(member, "toy.spend", 40)
    world.kit.reverse(earned.activity_id)
    assert world.balances(member) == {"toy": 0, "toy.debt": -40}
    assert world.does(member, "toy.spend", 1).code == "INSUFFICIENT"
    world.does(member, "toy.earn", 30)
    assert world.balances(member) == {"toy": 0, "toy.debt": -10}
    world.does(member, "toy.earn", 30)
    assert world.balances(member) == {"toy": 20, "toy.debt": 0}
    assert world.is_proved()


def test_a_reversed_spend_pays_the_debt_it_had_left(world: Any) -> None:
    member = world.member()
    earned = world.does(member, "toy.earn", 50)
    spent = world.does(member, "toy.spend", 40)
    world.kit.reverse(earned.activity_id)
    world.does(member, "toy.earn", 30)
    world.kit.reverse(spent.activity_id)
    assert world.balances(member) == {"toy": 30, "toy.debt": 0}
    assert world.is_proved()


def test_a_debt_without_lots_is_paid_first_too(world: Any) -> None:
    member = world.member()
    earned = world.does(member, "toy.earn_plain", 50)
    world.does(member, "toy.spend_plain", 40)
    world.kit.reverse(earned.activity_id)
    assert world.balances(member) == {"toy.plain": 0, "toy.plain.debt": -40}
    world.does(member, "toy.earn_plain", 45)
    assert world.balances(member) == {"toy.plain": 5, "toy.plain.debt": 0}
    assert world.is_proved()


def test_policy_refuse_refuses_to_take_back_what_was_spent(world: Any) -> None:
    member = world.member()
    earned = world.does(member, "toy.earn_strict", 50)
    world.does(member, "toy.spend_strict", 40)
    refused = world.kit.reverse(earned.activity_id)
    assert (refused.code, refused.parameters) == ("CLAWBACK_SHORTFALL", {"account": "toy.strict", "missing": "40"})
    assert world.balances(member) == {"toy.strict": 10}
    assert world.is_proved()


def test_policy_write_off_lets_the_house_bear_it(world: Any) -> None:
    member = world.member()
    earned = world.does(member, "toy.earn_kind", 50)
    spent = world.does(member, "toy.spend_kind", 40)
    world.kit.reverse(earned.activity_id)
    assert world.balances(member) == {"toy.kind": 0}
    world.kit.reverse(spent.activity_id)
    assert world.balances(member) == {"toy.kind": 0}
    assert world.is_proved()


def test_what_lapsed_is_taken_back_from_breakage(world: Any) -> None:
    member = world.member()
    earned = world.does(member, "toy.earn", 50, payload={"days": 1})
    world.sweep()
    assert world.kit.reverse(earned.activity_id).settled
    assert world.balances(member) == {"toy": 0}
    assert world.is_proved()


def test_a_spend_given_back_after_its_lot_lapsed_lapses_again(world: Any) -> None:
    member = world.member()
    world.does(member, "toy.earn", 50, payload={"days": 1})
    spent = world.does(member, "toy.spend", 40)
    world.clock.advance(days=2)
    world.kit.reverse(spent.activity_id)
    world.sweep(0)
    assert world.balances(member) == {"toy": 0}
    assert world.is_proved()


def test_follow_ons_are_taken_back_as_follow_ons_leaves_first(world: Any) -> None:
    member = world.member()
    chain = world.does(member, "toy.chain", 3)
    taken = world.kit.reverse(chain.activity_id)
    followed = [chain.activity_id, *_below(chain)]
    back = [world.kit.why(each.activity_id).activity.reverses for each in taken.follow_ons]
    assert back == list(reversed(followed[1:]))
    assert all(each.settled for each in taken.follow_ons)
    assert world.balances(member) == {"toy": 0}
    assert world.is_proved()


def test_a_follow_on_taken_back_alone_is_not_taken_back_again_with_its_parent(world: Any) -> None:
    member = world.member()
    chain = world.does(member, "toy.chain", 1)
    leaf = chain.follow_ons[0].activity_id
    assert world.kit.reverse(leaf).settled
    taken = world.kit.reverse(chain.activity_id)
    assert [each.outcome for each in taken.follow_ons] == []
    assert world.balances(member) == {"toy": 0}
    assert world.is_proved()


def test_a_reversal_in_the_same_chunk_waits_for_its_target(world: Any) -> None:
    member = world.member()
    earn = world.activity(member, "toy.earn", 50)
    back = world.activity(member, "reversal", reverses=earn.id)
    spend = world.activity(member, "toy.spend", 1)
    answers = list(world.kit.record_many([earn, back, spend]))
    assert [answer.outcome for answer in answers] == ["settled", "settled", "refused"]
    assert world.is_proved()


def test_reversals_of_themselves_and_of_each_other_are_refused(world: Any) -> None:
    """Each would wait for the chunk after the other, for ever."""
    member, one, other, own = world.member(), new_id(), new_id(), new_id()
    pairs = [(one, other), (other, one), (own, own)]
    circle = [world.activity(member, "reversal", id=key, reverses=target) for key, target in pairs]
    answers = list(world.kit.record_many([*circle, world.activity(member, "toy.earn", 1)]))
    assert [each.code for each in answers] == ["REVERSAL_UNKNOWN", "REVERSAL_UNKNOWN", "REVERSAL_UNKNOWN", None]


@pytest.mark.parametrize("state", ["member.frozen", "member.cancelled"])
def test_a_reversal_is_possible_in_every_state(world: Any, state: str) -> None:
    member = world.member()
    earned = world.does(member, "toy.earn", 50)
    world.does(member, state)
    assert world.kit.reverse(earned.activity_id).settled
    assert world.balances(member) == {"toy": 0}


@pytest.mark.row("M1", way="reversal")
def test_reversing_a_registration_takes_back_what_it_gave_but_not_the_member(world: Any) -> None:
    member = world.member(name="Ada")
    registered = _last(world, "member.registered")
    assert world.kit.reverse(registered).settled
    assert world.does(member, "toy.earn", 5).settled
    assert world.is_proved()


def _below(outcome: Any) -> list[str]:
    return [key for each in outcome.follow_ons for key in (each.activity_id, *_below(each))]


def _last(world: Any, kind: str) -> str:
    from sqlalchemy import select  # noqa: PLC0415

    from corekit.activities.tables import activity  # noqa: PLC0415

    with world.kit.read() as read:
        chosen = select(activity.c.id).where(activity.c.type == kind).order_by(activity.c.recorded_at.desc())
        found: str = read.scalar(chosen)
    return found


def _metrics(world: Any, member: str) -> dict[str, int]:
    from sqlalchemy import select  # noqa: PLC0415

    from corekit.activities.tables import metric  # noqa: PLC0415

    with world.kit.read() as read:
        return {row.metric: row.value for row in read.all(select(metric).where(metric.c.member_id == member))}


def _unfunded(world: Any, outcome: Any) -> int:
    from sqlalchemy import select  # noqa: PLC0415

    from corekit.activities.tables import effect  # noqa: PLC0415

    with world.kit.read() as read:
        found: int = read.scalar(select(effect.c.unfunded).where(effect.c.id == outcome.effects[0].id))
    return found
