"""Returns of a part: by line or by amount, exact however they are cut."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corekit import Invalid, Line, Refusal
from corekit.activities.returns import Return, returned, weights_of

EXAMPLES = settings(
    max_examples=25,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
amounts = st.lists(st.integers(0, 5_000), min_size=1, max_size=4)


# ------------------------------------------------------------------------------------------------- the arithmetic


@given(
    amounts=amounts.filter(any),
    shares=st.lists(st.integers(0, 900), min_size=4, max_size=4),
    seed=st.integers(0, 2**32),
)
def test_parts_in_any_cut_and_order_sum_to_the_whole(amounts: list[int], shares: list[int], seed: int) -> None:
    random = Random(seed)
    lines = [Line(no, amount) for no, amount in enumerate(amounts, 1)]
    weights = weights_of(sum(amounts), lines)
    shared = {no: shares[no - 1] for no in weights}
    undone_shares = undone_whole = 0
    for back in _cuts(weights, lines, random):
        undone_shares += back.of_shares(shared)
        undone_whole += back.of_whole(777)
    assert undone_shares == sum(shared.values())
    assert undone_whole == 777


def test_a_part_never_undoes_more_than_its_proportion_rounded_down() -> None:
    back = Return({1: 3}, {}, {1: 2})
    assert back.of_shares({1: 100}) == 66
    assert Return({1: 3}, {1: 2}, {1: 1}).of_shares({1: 100}) == 34


def test_what_counts_once_comes_back_with_the_last_part() -> None:
    assert [Return({1: 100}, {1: before}, {1: 25}).of_whole(1) for before in (0, 25, 50, 75)] == [0, 0, 0, 1]


def test_an_amount_is_spread_over_what_is_left_of_the_lines() -> None:
    lines = [Line(1, 300), Line(2, 0), Line(3, 100)]
    back = returned(weights_of(400, lines), [1, 2, 3], {1: 200}, [], 150)
    assert back.now == {1: 75, 3: 75}


@pytest.mark.parametrize(
    ("lines", "amount", "code"),
    [([Line(1, 101)], 0, "OVER_RETURN"), ([Line(3, 1)], 0, "RETURN_LINE_UNKNOWN"), ([], 201, "OVER_RETURN")],
)
def test_more_than_is_left_and_lines_that_are_not_there_are_refused(lines: Any, amount: int, code: str) -> None:
    of = [Line(1, 100), Line(2, 100)]
    with pytest.raises(Refusal) as refused:
        returned(weights_of(200, of), [1, 2], {}, lines, amount)
    assert refused.value.code == code


def _cuts(weights: Any, lines: list[Line], random: Random) -> list[Return]:
    known = [line.no for line in lines]
    before: Any = {}
    cuts: list[Return] = []
    while before != weights:
        left = {no: weight - before.get(no, 0) for no, weight in weights.items() if weight > before.get(no, 0)}
        if random.random() < 0.5:
            back = returned(weights, known, before, [], random.randint(1, sum(left.values())))
        else:
            no = random.choice(list(left))
            back = returned(weights, known, before, [Line(no, random.randint(1, left[no]))], 0)
        cuts.append(back)
        before = back.after
    return cuts


# ----------------------------------------------------------------------------------------------------- the books


@pytest.mark.row("A4", way="python")
@pytest.mark.row("A4", way="reversal")
def test_a_line_comes_back_with_what_it_earned(world: Any, basket: Any) -> None:
    member = world.member()
    bought = world.does(member, "purchase", **basket(5000, 250, 0))
    taken = world.kit.reverse(bought.activity_id, lines={1: 2000})
    assert taken.settled
    assert world.balances(member) == {"toy": 32}
    assert _metrics(world, member) == {"spend": 3250, "visits": 1}
    why = world.kit.why(taken.activity_id)
    assert [(line.no, line.amount, line.sku) for line in why.lines] == [(1, 2000, "sku1")]
    assert (why.activity.amount, why.activity.unit) == (2000, "USD")
    assert world.kit.reverse(bought.activity_id, amount=500).settled
    assert world.kit.reverse(bought.activity_id).settled, "what is left of it"
    assert world.balances(member) == {"toy": 0}
    assert _metrics(world, member) == {"spend": 0, "visits": 0}
    assert world.is_proved()


@pytest.mark.row("A4", way="bad_input")
def test_more_than_is_left_is_refused_and_the_same_again(world: Any, basket: Any) -> None:
    member = world.member()
    bought = world.does(member, "purchase", **basket(5000, 250))
    assert world.kit.reverse(bought.activity_id, lines={1: 4000}).settled
    over = world.kit.reverse(bought.activity_id, lines={1: 1001}, external_id="over")
    assert (over.code, over.parameters) == ("OVER_RETURN", {"line": 1, "left": "1000", "asked": "1001"})
    assert world.kit.reverse(bought.activity_id, lines={1: 1001}, external_id="over").replayed
    assert world.kit.reverse(bought.activity_id, amount=1251).code == "OVER_RETURN"
    assert world.kit.reverse(bought.activity_id, lines={9: 1}).code == "RETURN_LINE_UNKNOWN"
    assert world.kit.reverse(bought.activity_id, amount=1250).settled
    assert world.kit.reverse(bought.activity_id, amount=1).code == "ALREADY_REVERSED"
    for wrong in ({"amount": -1}, {"lines": (Line(1, 0),)}, {"amount": 5, "unit": "USD"}):
        with pytest.raises(Invalid):
            world.does(member, "refund", reverses=bought.activity_id, **wrong)
    assert world.is_proved()


def test_follow_ons_and_what_is_indivisible_come_back_with_the_last_part(world: Any) -> None:
    world.stock(5)
    member = world.member()
    chain = world.does(member, "toy.chain", 3)
    part = world.kit.reverse(chain.activity_id, amount=1)
    assert (part.settled, part.follow_ons) == (True, ())
    whole = world.kit.reverse(chain.activity_id)
    assert len(whole.follow_ons) == 3
    assert world.balances(member) == {"toy": 0}
    assert world.is_proved()


def test_parts_of_one_chunk_see_each_other(world: Any, basket: Any) -> None:
    member = world.member()
    bought = world.does(member, "purchase", **basket(1000, 1000))
    parts = [world.activity(member, "refund", reverses=bought.activity_id, amount=amount) for amount in (700, 700, 700)]
    answers = list(world.kit.record_many([*parts, world.activity(member, "refund", reverses=bought.activity_id)]))
    assert sorted(answer.code or "" for answer in answers) == ["", "", "", "OVER_RETURN"]
    assert world.balances(member) == {"toy": 0}
    assert world.is_proved()


def test_consumption_and_slips_tell_what_is_left(world: Any, basket: Any) -> None:
    from corekit.activities.read import consumption, slips  # noqa: PLC0415

    member = world.member()
    bought = world.does(member, "purchase", **basket(1000, 500))
    world.kit.reverse(bought.activity_id, lines={1: 400, 2: 500})
    with world.kit.read() as read:
        (slip,) = slips(read, [member])[member].items
        by_sku = {each.key: (each.amount, each.quantity) for each in consumption(read, [member], "sku")[member]}
    assert (slip.returned, slip.reversed) == (900, False)
    assert by_sku == {"sku1": (600, 600)}
    world.kit.reverse(bought.activity_id)
    with world.kit.read() as read:
        assert slips(read, [member])[member].items[0].reversed
        assert consumption(read, [member])[member] == []


def test_returning_in_any_parts_at_one_moment_ends_where_returning_at_once_does(world: Any) -> None:
    @EXAMPLES
    @given(amounts=amounts.filter(any), spend=st.integers(0, 60), seed=st.integers(0, 2**32))
    def property_(amounts: list[int], spend: int, seed: int) -> None:
        random = Random(seed)
        ends: list[Any] = []
        for cut in (True, False):
            member = world.member()
            lines = tuple(Line(no, amount) for no, amount in enumerate(amounts, 1))
            other = world.does(member, "toy.earn", 20, payload={"days": 3})
            bought = world.does(member, "purchase", sum(amounts), lines=lines)
            world.does(member, "toy.spend", spend or 1)
            while cut and random.random() < 0.9:
                no = random.choice([line.no for line in lines])
                asked: Any = random.choice(
                    [{"amount": random.randint(1, sum(amounts))}, {"lines": {no: random.randint(1, 2000)}}]
                )
                world.kit.reverse(bought.activity_id, **asked)
            last = world.kit.reverse(bought.activity_id)
            assert last.settled or last.code == "ALREADY_REVERSED"
            assert other.settled
            ends.append((world.balances(member), _metrics(world, member), _lots(world, member)))
        assert _net(ends[0]) == _net(ends[1])

    property_()
    assert world.is_proved()


def _net(end: Any) -> Any:
    """Leave out an account that was opened on the way and holds nothing."""
    balances, metrics, lots = end
    return {kind: balance for kind, balance in balances.items() if balance}, metrics, lots


def _metrics(world: Any, member: str) -> dict[str, int]:
    from sqlalchemy import select  # noqa: PLC0415

    from corekit.activities.tables import metric  # noqa: PLC0415

    with world.kit.read() as read:
        return {row.metric: row.value for row in read.all(select(metric).where(metric.c.member_id == member))}


def _lots(world: Any, member: str) -> list[Any]:
    from sqlalchemy import select  # noqa: PLC0415

    from corekit.ledger.tables import account, lot  # noqa: PLC0415

    open_ = lot.c.issued - lot.c.consumed - lot.c.held - lot.c.expired
    chosen = select(account.c.kind, lot.c.issued, open_).join(account, account.c.id == lot.c.account_id)
    with world.kit.read() as read:
        return sorted(map(tuple, read.all(chosen.where(account.c.member_id == member))))
