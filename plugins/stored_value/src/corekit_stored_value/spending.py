"""What is spent, and set aside to be spent: of principal and bonus as the program says which first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from corekit import Activity, DebitAcross, Effect, Facts, HoldAcross, Refusal
from corekit_stored_value import declared
from corekit_stored_value.rules import Book, Currency
from corekit_stored_value.standing import check_amount, currency_of

TENDER = "stored_value"
"""By which what is bought can be paid."""


def spent(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Spend."""
    check_amount(activity)
    yield debit(activity, facts, currency_of(activity, facts), activity.amount, "spent@1")


def tendered(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Pay a part of something else, or all of it; where there is not enough, that is refused altogether."""
    tenders: Mapping[str, int] = activity.payload.get("tenders") or {}
    if amount := tenders.get(TENDER, 0):
        book: Book = facts.program(activity)
        currency = book.own if activity.unit is None else currency_of(activity, facts)
        yield debit(activity, facts, currency, amount, "tendered@1")


def authorised(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Set aside for an order. Capture and release are the core's: they name this activity."""
    check_amount(activity)
    book: Book = facts.program(activity)
    yield HoldAcross(
        activity,
        rule="authorised@1",
        accounts=accounts_of(book, currency_of(activity, facts)),
        amount=activity.amount,
        split=split_of(book),
        seconds=activity.payload.get("seconds", book.hold_seconds),
    )


def held_otherwise(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Let nobody set aside what the program has frozen, by the core's own activity either."""
    book: Book = facts.program(activity)
    for currency in book.currencies.values():
        if activity.payload["account"] in currency.frozen:
            raise Refusal(declared.KIND_FROZEN.code, account=activity.payload["account"])
    yield from ()


def debit(activity: Activity, facts: Facts, currency: Currency, amount: int, rule: str) -> DebitAcross:
    """Return that an amount is taken, or else the whole activity is refused."""
    book: Book = facts.program(activity)
    accounts = accounts_of(book, currency)
    return DebitAcross(activity, rule=rule, accounts=accounts, amount=amount, split=split_of(book), otherwise="refuse")


def accounts_of(book: Book, currency: Currency) -> tuple[str, ...]:
    """Return the accounts of which is spent, the first one first; what the program has frozen is left out."""
    kinds = (
        (currency.bonus, currency.principal) if book.spend == "bonus_first" else (currency.principal, currency.bonus)
    )
    open_ = tuple(kind for kind in kinds if kind not in currency.frozen)
    if not open_:
        raise Refusal(declared.KIND_FROZEN.code, account=kinds[0])
    return open_


def split_of(book: Book) -> Literal["pro_rata", "in_turn"]:
    """Return how an amount is split among them."""
    return "pro_rata" if book.spend == "pro_rata" else "in_turn"
