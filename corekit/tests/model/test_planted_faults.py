"""The model can fail: each of these faults of the kernel is found within a few examples."""

# Faults are lambdas in the place of typed functions.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from corekit_model.machine import MOVES, House, playing
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from corekit.activities import apply, joining, receiving, returns
from corekit.activities.tiering import Tiering
from corekit.errors import Integrity
from corekit.ledger import state
from corekit.ledger.books import Teller
from corekit.ledger.chart import DAY
from corekit.tiers.policy import Validity

Plant = Callable[[pytest.MonkeyPatch], None]
PLAYS = settings(
    max_examples=2_000,  # it ends with the first that is found; which ones are tried depends on the modules loaded
    stateful_step_count=50,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def latest_expiry_first(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(state, "_spending_order", lambda lot: (-lot.due_at, lot.issued_at, lot.id))


def a_clawback_funds_nothing_anew(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Teller, "_fund_anew", lambda self, own, amount, spend: amount)


def what_comes_in_pays_no_debt(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Teller, "_pay_debt", lambda self, lots: None)


def what_a_hold_lets_go_pays_no_debt(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Teller, "release", lambda self, hold, outcome="released": self._let_go(hold, outcome) and None)


def a_refund_gives_no_grace(patch: pytest.MonkeyPatch) -> None:
    give_back = Teller._give_back

    def without(self: Any, *values: Any) -> None:
        patch.setattr(self, "_book", evolve(self._book, grace=0))
        give_back(self, *values)

    patch.setattr(Teller, "_give_back", without)


def each_part_of_a_return_rounds_down_by_itself(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(returns, "_between", lambda before, part, share, weight: part * share // weight)


def holds_are_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(apply, "due_holds", lambda *_: [])


def what_waits_can_be_spent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(state.Lot, "is_awaited", lambda self, at: False)


def a_frozen_member_earns_and_spends(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(joining, "allowed", lambda *_: None)


def a_tier_outlives_its_cause(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Tiering, "withdraw", lambda *_: None)


def a_stay_is_valid_for_a_day_more(patch: pytest.MonkeyPatch) -> None:
    expires = Validity.expires
    patch.setattr(Validity, "expires", lambda *values: expires(*values) + DAY)


def a_key_does_not_know_its_body(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(receiving, "hash_of", lambda *_: "same")


WAITS = ("waits", "waits_until_something_is_due")
FEW_MOVES: dict[Plant, tuple[str, ...]] = {
    what_a_hold_lets_go_pays_no_debt: ("gives", "takes", "holds", "releases", "takes_back"),
    each_part_of_a_return_rounds_down_by_itself: ("buys", "takes_back_an_amount", "takes_back_of_a_line"),
    holds_are_for_ever: ("gives", "holds", "captures", *WAITS),
    a_tier_outlives_its_cause: ("buys", "takes_back"),
    a_stay_is_valid_for_a_day_more: ("buys", *WAITS, "sweeps"),
}
"""What it takes to see a fault that shows seldom among all that can happen."""
FAULTS = (
    latest_expiry_first,
    a_clawback_funds_nothing_anew,
    what_comes_in_pays_no_debt,
    what_a_hold_lets_go_pays_no_debt,
    a_refund_gives_no_grace,
    each_part_of_a_return_rounds_down_by_itself,
    holds_are_for_ever,
    what_waits_can_be_spent,
    a_frozen_member_earns_and_spends,
    a_tier_outlives_its_cause,
    a_stay_is_valid_for_a_day_more,
    a_key_does_not_know_its_body,
)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)  # the rules are the same code on both
@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_the_fault_is_found(house: House, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, Integrity, pytest.fail.Exception)):
        run_state_machine_as_test(seed(1)(playing(house, FEW_MOVES.get(plant, MOVES))), settings=PLAYS)
