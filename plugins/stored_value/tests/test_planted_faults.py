"""The model can fail: each of these faults is found within a few histories."""

# Faults are lambdas in the place of typed functions.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from corekit.activities import across, reverse
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_stored_value import quotes, requests, topping

sys.path[:0] = [
    str(Path(__file__).parent / "packages"),
    str(Path(__file__).resolve().parents[3] / "corekit/tests/model/packages"),
]

from stored_value_model.machine import PROGRAM, Machine  # noqa: E402 - it stands in the first of these folders

Plant = Callable[[pytest.MonkeyPatch], None]


def what_is_spent_comes_from_the_principal(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        across, "in_proportion", lambda amount, weights: [min(amount, weights[0]), max(0, amount - weights[0])]
    )


def each_account_returns_by_itself(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reverse.Original, "together", lambda *_: ())


def the_bonus_is_paid_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(quotes, "payable", lambda formula, principal, used: principal + 1)


def a_limit_forgets_the_bonus(patch: pytest.MonkeyPatch) -> None:
    check = topping._check
    patch.setattr(topping, "_check", lambda limit, most, left, asked: check(limit, most, left, asked - 1))


def a_request_is_paid_twice(patch: pytest.MonkeyPatch) -> None:
    find = requests._open
    patch.setattr(requests, "_open", lambda activity, facts, *states: find(activity, facts, *states, "paid"))


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "plant",
    [
        what_is_spent_comes_from_the_principal,
        each_account_returns_by_itself,
        the_bonus_is_paid_out,
        a_limit_forgets_the_bonus,
        a_request_is_paid_twice,
    ],
)
def test_a_fault_is_found(
    make_kit: MakeKit, clock: SettableClock, monkeypatch: pytest.MonkeyPatch, plant: Plant
) -> None:
    policy, formula = "pro_rata", "paid_less_face_value"
    kit = make_kit(["stored_value"], program=PROGRAM.format(policy=policy, formula=formula))
    plant(monkeypatch)

    def play() -> None:
        for seed in range(20):
            Machine(kit, clock, policy, formula, seed).plays(60)

    with pytest.raises(AssertionError, match="after "):
        play()
