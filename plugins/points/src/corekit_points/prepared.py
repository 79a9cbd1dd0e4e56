"""What is read for a member before anything reacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from corekit import Activity, Facts
from corekit_points.rewards.reacting import NOTHING, Seen

if TYPE_CHECKING:
    from corekit_points.draws.drawing import Drawn
    from corekit_points.pool.sharing import Places


@frozen(kw_only=True)
class Prepared:
    """What is spent of budgets that stop a rule, and what rewards, draws and the pool need to know."""

    budgets: Mapping[Any, int] = field(factory=dict[Any, int])
    rewards: Seen = NOTHING
    draws: Drawn | None = None
    places: Places = frozenset()


EMPTY = Prepared()


def prepared(activity: Activity, facts: Facts) -> Prepared:
    """Return what was read for the member of an activity."""
    return facts.prepared(activity) or EMPTY


def joined(
    budgets: Mapping[str, Mapping[Any, int]],
    rewards: Mapping[str, Seen],
    draws: Mapping[str, Drawn],
    places: Mapping[str, Places],
) -> Mapping[str, Prepared]:
    """Return what was read, by member."""
    return {
        member: Prepared(
            budgets=budgets.get(member, {}),
            rewards=rewards.get(member, NOTHING),
            draws=draws.get(member),
            places=places.get(member, frozenset()),
        )
        for member in budgets.keys() | rewards.keys() | draws.keys() | places.keys()
    }
