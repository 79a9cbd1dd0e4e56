"""Who a member is when something occurs, as bonuses and limits ask for it."""

from __future__ import annotations

from datetime import date

from attrs import frozen

from corekit import Activity, Facts, Refusal
from corekit_stored_value import declared
from corekit_stored_value.rules import Book, Currency


@frozen
class Known:
    """The :class:`corekit_stored_value.rules.Standing` of the member of an activity."""

    activity: Activity
    facts: Facts
    book: Book

    @property
    def day(self) -> date:
        """The day on which it occurs, on the program's clock."""
        return self.facts.local(self.activity).date()

    @property
    def named(self) -> bool:
        """Whether the member has something in the attribute by which the program knows who is named."""
        name = self.book.named_by
        return name is not None and bool(self.facts.member(self.activity).attributes.get(name))

    def tier(self, ladder: str | None) -> str | None:
        """Return the tier of a ladder in which the member stood when it occurred."""
        tier = self.facts.tier(self.activity, ladder)
        return None if tier is None else tier.code


def currency_of(activity: Activity, facts: Facts, unit: str | None = None) -> Currency:
    """Return the currency of an activity, or of another unit, as the program had it when it occurred."""
    book: Book = facts.program(activity)
    wanted = unit or str(activity.unit)
    currency = book.currencies.get(wanted)
    if currency is None:
        raise Refusal(declared.CURRENCY_UNKNOWN.code, currency=wanted)
    return currency


def check_amount(activity: Activity) -> None:
    """Refuse an amount of nothing."""
    if not activity.amount:
        raise Refusal("AMOUNT_ZERO")


def check_frozen(currency: Currency, *accounts: str) -> None:
    """Refuse what moves value of an account kind that the program has frozen."""
    for account in accounts:
        if account in currency.frozen:
            raise Refusal(declared.KIND_FROZEN.code, account=account)
