"""Stored value against its rules in plain Python: whatever happens to a member, answers and books agree.

`make test` plays the same histories each time; `make fuzz` plays more of them, and others.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(Path(__file__).parent / "packages"), str(ROOT / "corekit/tests/model/packages")]

from stored_value_model.machine import PROGRAM, Machine  # noqa: E402 - it stands in the first of these folders

FUZZ = os.environ.get("COREKIT_FUZZ")
HISTORIES, STEPS = (150, 100) if FUZZ else (4, 50)


@pytest.mark.row("V2", way="python")
@pytest.mark.row("V3", way="python")
@pytest.mark.parametrize(
    ("policy", "formula"),
    [
        ("pro_rata", "paid_less_face_value"),
        ("bonus_first", "remaining_principal"),
        ("principal_first", "paid_less_face_value"),
    ],
)
def test_answers_and_books_are_those_of_the_rules(
    make_kit: MakeKit, clock: SettableClock, policy: str, formula: str
) -> None:
    kit = make_kit(["stored_value"], program=PROGRAM.format(policy=policy, formula=formula))
    first = int(FUZZ or 0) * HISTORIES
    for seed in range(first, first + HISTORIES):
        Machine(kit, clock, policy, formula, seed).plays(STEPS)
    report = kit.verify()
    assert report.clean, report.violations
