"""What is read for a member before anything reacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from corekit import Activity, Facts
from corekit_points.rewards.reacting import NOTHING, Seen


@frozen(kw_only=True)
class Prepared:
    """What is spent of budgets that stop a rule, and what rewards need to know."""

    budgets: Mapping[Any, int] = field(factory=dict[Any, int])
    rewards: Seen = NOTHING


EMPTY = Prepared()


def prepared(activity: Activity, facts: Facts) -> Prepared:
    """Return what was read for the member of an activity."""
    return facts.prepared(activity) or EMPTY


def joined(budgets: Mapping[str, Mapping[Any, int]], rewards: Mapping[str, Seen]) -> Mapping[str, Prepared]:
    """Return what was read, by member."""
    return {
        member: Prepared(budgets=budgets.get(member, {}), rewards=rewards.get(member, NOTHING))
        for member in budgets.keys() | rewards.keys()
    }
