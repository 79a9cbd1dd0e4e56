"""What follows from a book: the account kinds of its currencies, and to which activities of others it reacts."""

from __future__ import annotations

from corekit import AccountKind
from corekit_stored_value.rules import Book


def accounts(book: Book) -> list[AccountKind]:
    """Return principal and bonus of each currency. Principal never lapses: it is the member's money."""
    found: list[AccountKind] = []
    for currency in book.currencies.values():
        found += [
            AccountKind(code=currency.principal, unit=currency.unit, name=currency.name, lots=True),
            AccountKind(
                code=currency.bonus,
                unit=currency.unit,
                name=f"{currency.name}: bonus",
                lots=True,
                expiry=currency.bonus_expiry,
            ),
        ]
    return found


def reacts(book: Book) -> list[str]:
    """Return the activity types of the core to which the program makes the plugin react."""
    found: list[str] = []
    if book.cashback:
        found.append("purchase")
    if any(fee.kind == "joining" for fee in book.fees.values()):
        found.append("member.registered")
    return found
