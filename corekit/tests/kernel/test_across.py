"""Value taken from several accounts at once: how it is split, and that it comes back as it was taken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from corekit import Activity, CaptureAcross, Credit, DebitAcross, Effect, HoldAcross, Invalid, ReleaseAcross
from corekit.activities.returns import Return, in_proportion
from corekit.ledger.chart import DAY
from corekit.ledger.tables import account

BOTH = ("toy", "toy.strict")


@pytest.fixture
def pays(world: Any, toy: Any) -> Any:
    """Let a member pay of both accounts."""

    def pay(
        member: str, amount: int, split: Any = "pro_rata", *, accounts: Any = BOTH, otherwise: Any = "refuse"
    ) -> Any:
        def make(activity: Activity) -> Effect:
            given: dict[str, Any] = {"accounts": accounts, "amount": amount, "split": split, "otherwise": otherwise}
            return DebitAcross(activity, rule="pay@1", **given)

        toy.rogue[:] = [make]
        return world.does(member, "toy.yield", amount)

    return pay


@pytest.fixture
def gets(world: Any, toy: Any) -> Any:
    """Give a member a group: something of each account by one activity."""

    def get(member: str, own: int, extra: int, days: int | None = None, opens: int | None = None) -> Any:
        def of(kind: str, amount: int, lapses: int | None) -> Any:
            def make(activity: Activity) -> Effect:
                at = world.clock()
                expires_at = at + timedelta(days=lapses) if lapses else None
                later = at + timedelta(days=opens) if opens else None
                told: dict[str, Any] = {"expires_at": expires_at, "available_from": later}
                return Credit(activity, rule="get@1", account=kind, amount=amount, **told)

            return make

        toy.rogue[:] = [of("toy", own, None), *([of("toy.strict", extra, days)] if extra else [])]
        answer = world.does(member, "toy.yield", own + extra)
        assert answer.settled, answer
        return answer

    return get


def _debits(outcome: Any) -> list[tuple[str, int]]:
    return [(each.account, each.amount) for each in outcome.effects if each.state == "applied"]


def test_in_turn_the_first_account_gives_first(world: Any, gets: Any, pays: Any) -> None:
    member = world.member()
    gets(member, 100, 30)
    assert _debits(pays(member, 20, "in_turn", accounts=("toy.strict", "toy"))) == [("toy.strict", 20)]
    spent = pays(member, 50, "in_turn", accounts=("toy.strict", "toy"))
    assert _debits(spent) == [("toy.strict", 10), ("toy", 40)]
    short = pays(member, 61, "in_turn", accounts=("toy.strict", "toy"))
    assert (short.code, short.parameters) == (
        "INSUFFICIENT",
        {"account": "toy.strict + toy", "available": "60", "held": "0", "needed": "61"},
    )
    assert world.kit.reverse(spent.activity_id).settled
    assert world.balances(member) == {"toy": 100, "toy.strict": 10}
    assert world.is_proved()


def test_pro_rata_the_group_that_lapses_first_gives_in_proportion_to_what_remains(
    world: Any, gets: Any, pays: Any
) -> None:
    member = world.member()
    gets(member, 500, 50)
    gets(member, 100, 100, days=30)
    gets(member, 90, 10, opens=3)
    assert _debits(pays(member, 101)) == [("toy", 50), ("toy.strict", 51)], "half each, the odd one from the last"
    assert _debits(pays(member, 99 + 110)) == [("toy", 50 + 100), ("toy.strict", 49 + 10)], "the rest of it, and 10:1"
    assert pays(member, 441).code == "INSUFFICIENT"
    assert _debits(pays(member, 440)) == [("toy", 400), ("toy.strict", 40)], "what opens later is not taken"
    world.clock.advance(days=3)
    assert _debits(pays(member, 1)) == [("toy.strict", 1)]
    assert world.is_proved()


def test_accounts_without_lots_give_in_proportion_to_what_they_have(world: Any, pays: Any, toy: Any) -> None:
    member = world.member()
    world.does(member, "toy.earn_plain", 70)
    assert _debits(pays(member, 7, accounts=("toy.plain",))) == [("toy.plain", 7)]
    failed = pays(member, 7, accounts=("toy.plain", "toy"))
    assert (failed.code, "with and without lots" in failed.message) == ("EFFECT_INVALID", True)
    assert world.is_proved()


def test_what_a_fact_cannot_pay_is_dropped_as_one(world: Any, gets: Any, pays: Any) -> None:
    member = world.member()
    gets(member, 5, 5)
    (dropped,) = pays(member, 11, otherwise="drop").effects
    assert (dropped.kind, dropped.state, dropped.code, dropped.amount) == ("DebitAcross", "dropped", "INSUFFICIENT", 11)
    assert world.balances(member) == {"toy": 5, "toy.strict": 5}
    assert world.is_proved()


def test_parts_come_back_in_the_proportion_in_which_they_were_taken(world: Any, gets: Any, pays: Any) -> None:
    member = world.member()
    gets(member, 100, 10)
    gets(member, 100, 30)
    spent = pays(member, 175)
    assert _debits(spent) == [("toy", 150), ("toy.strict", 25)]
    for part in (1, 6, 60, 8):
        assert world.kit.reverse(spent.activity_id, amount=part).settled
    back = 1 + 6 + 60 + 8
    assert world.balances(member) == {"toy": 50 + back * 150 // 175, "toy.strict": 15 + back - back * 150 // 175}
    assert world.is_proved()
    assert world.kit.reverse(spent.activity_id).settled
    assert world.balances(member) == {"toy": 200, "toy.strict": 40}
    assert world.is_proved()


def test_what_was_taken_of_the_wrong_group_or_in_another_proportion_is_found(world: Any, gets: Any, pays: Any) -> None:
    member = world.member()
    gets(member, 100, 100, days=30)
    gets(member, 100, 100, days=40)
    spent = pays(member, 80)
    assert world.is_proved()
    with world.kit.database.write() as connection:
        lots = "SELECT id FROM core_lot WHERE expires_at IS NOT NULL ORDER BY expires_at DESC LIMIT 1"
        last = str(connection.exec_driver_sql(lots).scalar()).replace("-", "")
        connection.exec_driver_sql(f"UPDATE core_lot SET expires_at = expires_at - {20 * DAY} WHERE id = '{last}'")
    found = world.kit.verify().violations
    assert found.keys() == {"11"}
    assert {row["activity"] for row in found["11"]} == {spent.activity_id}
    assert last in {row["lot"] for row in found["11"]}


def test_what_was_taken_in_another_proportion_is_found(
    world: Any, gets: Any, pays: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = world.member()
    gets(member, 100, 50)

    def turned(amount: int, weights: list[int]) -> list[int]:
        return in_proportion(amount, weights[::-1])[::-1]

    monkeypatch.setattr("corekit.activities.across.in_proportion", turned)
    spent = pays(member, 31)
    found = world.kit.verify().violations
    assert found.keys() == {"11"}
    assert {row["activity"] for row in found["11"]} == {spent.activity_id}
    with world.kit.read() as read:
        accounts = [row.id for row in read.all(select(account.c.id).where(account.c.member_id == member))]
    assert world.kit.verify(accounts=accounts).clean, "not judged by the accounts alone"


# --------------------------------------------------------------------------------------------------------- holds


@pytest.fixture
def holds(world: Any, toy: Any) -> Any:
    """Let a member set something of both accounts aside; return the activity that did."""

    def hold(member: str, amount: int, **told: Any) -> Any:
        def make(activity: Activity) -> Effect:
            given: dict[str, Any] = {"accounts": BOTH, "amount": amount, "split": "pro_rata", "otherwise": "refuse"}
            return HoldAcross(activity, rule="hold@1", **given, **told)

        toy.rogue[:] = [make]
        return world.does(member, "toy.yield", amount)

    return hold


def _capture(world: Any, member: str, placed: Any, amount: int = 0) -> Any:
    unit = {"unit": "toys"} if amount else {}
    return world.does(member, "hold.captured", amount, payload={"activity": placed.activity_id}, **unit)


def _standing(world: Any, member: str) -> dict[str, tuple[int, int]]:
    """Return what each account has, and what of it is set aside."""
    with world.kit.read() as read:
        chosen = select(account).where(account.c.member_id == member, account.c.kind.in_(BOTH))
        rows = read.all(chosen)
    return {row.kind: (row.credits_posted - row.debits_posted, row.debits_pending) for row in rows}


@pytest.mark.row("A7", way="python")
def test_what_an_activity_set_aside_is_captured_in_proportion_and_the_rest_let_go(
    world: Any, gets: Any, holds: Any
) -> None:
    member = world.member()
    gets(member, 100, 50)
    placed = holds(member, 75)
    assert [(each.kind, *pair) for each, pair in zip(placed.effects, _debits(placed), strict=True)] == [
        ("Hold", "toy", 50),
        ("Hold", "toy.strict", 25),
    ]
    assert _standing(world, member) == {"toy": (100, 50), "toy.strict": (50, 25)}
    assert world.is_proved()
    short = holds(member, 76)
    assert (short.code, short.parameters["available"], short.parameters["held"]) == ("INSUFFICIENT", "75", "75")
    over = _capture(world, member, placed, 76)
    assert (over.code, over.parameters["held"], over.parameters["asked"]) == ("OVER_CAPTURE", "75", "76")
    captured = _capture(world, member, placed, 31)
    assert _debits(captured) == [("toy", 20), ("toy.strict", 11)]
    assert _standing(world, member) == {"toy": (80, 0), "toy.strict": (39, 0)}
    again = _capture(world, member, placed)
    assert (again.code, again.parameters["outcome"]) == ("HOLD_RESOLVED", "captured")
    for part in (1, 9, 21):
        assert world.kit.reverse(captured.activity_id, amount=part).settled
    assert _standing(world, member) == {"toy": (100, 0), "toy.strict": (50, 0)}
    assert world.is_proved()


def test_of_a_small_part_a_hold_that_gives_nothing_is_let_go(world: Any, gets: Any, holds: Any) -> None:
    member = world.member()
    gets(member, 100, 50)
    captured = _capture(world, member, holds(member, 30), 1)
    assert [(each.kind, each.account, each.amount) for each in captured.effects] == [
        ("Release", "toy", 20),
        ("Capture", "toy.strict", 1),
    ]
    assert world.kit.reverse(captured.activity_id).settled
    assert _standing(world, member) == {"toy": (100, 0), "toy.strict": (50, 0)}
    assert world.is_proved()


@pytest.mark.row("A7", way="bad_input")
def test_holds_that_cannot_be_resolved_together_say_why(world: Any, gets: Any, holds: Any) -> None:
    member, other = world.member(), world.member()
    gets(member, 100, 50)
    placed = holds(member, 30, seconds=60)
    assert _capture(world, other, placed).code == "HOLD_UNKNOWN"
    assert world.does(member, "hold.released", payload={"activity": "0" * 32}).code == "HOLD_UNKNOWN"
    for payload in ({}, {"hold": "0" * 32, "activity": "0" * 32}):
        with pytest.raises(Invalid, match="HOLD_WHICH"):
            world.does(member, "hold.released", payload=payload)
    world.clock.advance(seconds=60)
    assert _capture(world, member, placed).code == "HOLD_EXPIRED"
    assert _capture(world, member, placed).code == "HOLD_EXPIRED", "by the books as well"
    assert _capture(world, other, placed).code == "HOLD_UNKNOWN"
    placed = holds(member, 30)
    assert world.does(member, "hold.released", payload={"activity": placed.activity_id}).settled
    assert world.does(member, "hold.released", payload={"activity": placed.activity_id}).code == "HOLD_RESOLVED"
    placed = holds(member, 30)
    assert world.kit.reverse(placed.activity_id).settled
    assert _capture(world, member, placed).code == "HOLD_RESOLVED"
    assert _standing(world, member) == {"toy": (100, 0), "toy.strict": (50, 0)}
    assert world.is_proved()


def test_in_one_chunk_plugins_hold_and_resolve_what_an_activity_set_aside(
    world: Any, toy: Any, gets: Any, holds: Any
) -> None:
    member = world.member()
    gets(member, 100, 50)
    placed = holds(member, 60)

    def capture(activity: Activity) -> Effect:
        told: Any = {"placed_by": placed.activity_id, "otherwise": "refuse"}
        if activity.amount == 1:
            return CaptureAcross(activity, rule="x@1", amount=30, **told)
        return ReleaseAcross(activity, rule="x@1", **told)

    toy.rogue[:] = [capture]
    answers = list(world.kit.record_many([world.activity(member, "toy.yield", amount) for amount in (1, 2)]))
    assert [answer.code for answer in answers] == [None, "HOLD_RESOLVED"]
    assert _standing(world, member) == {"toy": (80, 0), "toy.strict": (40, 0)}

    def release(activity: Activity) -> Effect:
        return ReleaseAcross(activity, rule="x@1", placed_by="mine")

    toy.rogue[:] = [release]
    assert "what placed holds" in world.does(member, "toy.yield", 3).message
    assert world.is_proved()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"accounts": ()}, "different account kinds"),
        ({"accounts": ("toy", "toy")}, "different account kinds"),
        ({"accounts": "toy"}, "different account kinds"),
        ({"accounts": ("toy", "gold")}, "no enabled plugin declares"),
        ({"split": "evenly"}, "'evenly'"),
    ],
)
def test_what_a_plugin_may_not_ask_fails_its_activity(world: Any, pays: Any, values: Any, says: str) -> None:
    failed = pays(world.member(), 1, **values)
    assert failed.code == "EFFECT_INVALID"
    assert says in failed.message


@given(
    amounts=st.lists(st.integers(0, 10**15), min_size=1, max_size=5).filter(any),
    cuts=st.lists(st.integers(1, 10**15), max_size=6),
    weight=st.integers(1, 10**15),
)
def test_however_a_return_is_cut_each_part_sums_exactly_and_no_account_gets_too_much(
    amounts: list[int], cuts: list[int], weight: int
) -> None:
    back = Return({0: weight}, {0: 0}, {0: 0})
    given_back = [0] * len(amounts)
    for cut in [*cuts, weight]:
        part = min(cut, weight - back.after[0])
        back = evolve(back, before=back.after, now={0: part})
        upto = in_proportion(back.upto(sum(amounts)), amounts)
        parts = [now - before for now, before in zip(upto, given_back, strict=True)]
        assert all(part >= 0 for part in parts)
        assert sum(parts) == back.of_whole(sum(amounts))
        given_back = upto
    assert given_back == amounts
