"""What follows from a book: account kinds, and what is counted for limits and caps."""

from __future__ import annotations

from collections.abc import Iterator

from corekit import AccountKind, Metric
from corekit_stored_value.rules import TOP_UP, Book, Currency

DIMENSIONS = ("store", "channel")
"""By what the books of stored value are cut: fields of its activities' payloads."""


def accounts(book: Book) -> list[AccountKind]:
    """Return principal and bonus of each currency. Principal never lapses: it is the member's money."""
    return [kind for currency in book.currencies.values() for kind in _accounts(currency)]


def metrics(book: Book) -> list[Metric]:
    """Return what was paid in of each currency, and what each step gave whose caps look back."""
    return [metric for currency in book.currencies.values() for metric in _metrics(currency)]


def _accounts(currency: Currency) -> Iterator[AccountKind]:
    yield AccountKind(code=currency.principal, unit=currency.unit, name=currency.name, lots=True, dimensions=DIMENSIONS)
    yield AccountKind(
        code=currency.bonus,
        unit=currency.unit,
        name=f"{currency.name}: bonus",
        lots=True,
        expiry=currency.bonus_expiry,
        dimensions=DIMENSIONS,
    )


def _metrics(currency: Currency) -> Iterator[Metric]:
    said = f"{currency.name}: paid in"
    yield Metric(name=currency.paid_in, credits=currency.principal, rule=TOP_UP, windows=("day",), description=said)
    for step in currency.steps:
        if step.caps:
            windows = tuple(window for _, window, _ in step.caps if window != "lifetime")
            said = f"what the step {step.id!r} gave"
            yield Metric(name=step.metric, credits=currency.bonus, rule=step.id, windows=windows, description=said)
