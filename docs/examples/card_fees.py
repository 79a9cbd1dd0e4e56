"""A fee of another plugin's own kind: whoever loses a card pays for the next one out of what is stored."""

from __future__ import annotations

from collections.abc import Iterator

from corekit import ActivityType, Batch, Declares, Effect, Facts, Follow, hookimpl

LOST = ActivityType(name="cards.lost", description="A member lost its card and gets another one.")


@hookimpl
def corekit_declare() -> Declares:
    """Declare what happened; the kind of fee needs no declaration."""
    return Declares(requires=["stored_value"], activities=[LOST])


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:  # noqa: ARG001 - the hook's name for it
    """Charge five whole units."""
    for activity in batch.of(LOST.name):
        payload = {"kind": "cards.replacement"}
        yield Follow(
            activity, rule="replaced@1", type="stored_value.fee_charged", name="fee", amount=500, payload=payload
        )
