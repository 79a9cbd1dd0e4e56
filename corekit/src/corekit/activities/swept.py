"""The effect that a sweep declares, for those of its activities that are settled like any other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from corekit.activities.activity import Activity
from corekit.activities.effects import Credit, Debit, Effect
from corekit.activities.terms import Terms

_EFFECTS: dict[str, type[Credit | Debit]] = {"Credit": Credit, "Debit": Debit}


def swept(terms: Terms, activities: Sequence[Activity]) -> Iterator[tuple[str, Effect]]:
    """Yield owner and effect of each activity that a sweep recorded; nobody else records its type."""
    if not terms.swept:
        return
    for activity in activities:
        if activity.type in terms.swept:
            sweep, owner = terms.swept[activity.type]
            told: Any = activity.payload
            effect = _EFFECTS[sweep.effect or ""]
            yield (
                owner,
                effect(
                    activity,
                    rule=told["rule"],
                    account=sweep.account or "",
                    amount=activity.amount,
                    otherwise=sweep.otherwise,
                ),
            )
