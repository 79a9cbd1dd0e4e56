"""Cash-back: a part of a purchase comes back as bonus, by tier and by what was bought. Pure functions over values.

Each line earns by the first entry that takes it. What an entry gives is rounded down once, and shared out to the lines
that earned it, so that a line that is returned takes its part along.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from corekit import Activity, Credit, Effect, Facts
from corekit_stored_value.entries import Cashback
from corekit_stored_value.rules import Book, Currency
from corekit_stored_value.spending import TENDER


def bought(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Credit what comes back of a purchase to the bonus of the program's currency."""
    book: Book = facts.program(activity)
    if book.cashback and activity.amount > 0:
        yield from _back(book, activity, facts)


def share(total: int, weights: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Split ``total`` over weighted numbers, exactly: by largest remainder, of equal ones the lowest number first."""
    whole = sum(weight for _, weight in weights)
    shares = {number: total * weight // whole for number, weight in weights}
    rest = sorted((-(total * weight % whole), number) for number, weight in weights)
    for _, number in rest[: total - sum(shares.values())]:
        shares[number] += 1
    return {number: part for number, part in shares.items() if part}


def paid_with_bonus(book: Book, currency: Currency, tendered: int, activity: Activity, facts: Facts) -> int:
    """Return how much of a tender is taken from bonus, by the program's way of spending.

    Of ``pro_rata`` it is the share that bonus has of all that the member may spend, rounded up.
    """
    principal, bonus = (facts.balance(kind, activity) for kind in (currency.principal, currency.bonus))
    if book.spend == "bonus_first":
        return min(tendered, bonus)
    if book.spend == "principal_first":
        return min(max(0, tendered - principal), bonus)
    whole = principal + bonus
    return min(tendered, -(-tendered * bonus // whole)) if whole else 0


def _back(book: Book, activity: Activity, facts: Facts) -> Iterator[Credit]:
    tender = activity.payload.get("tenders", {}).get(TENDER, 0)
    tier = facts.tier(activity)
    left = {line.no: line for line in activity.lines if line.amount > 0}
    for entry in book.cashback:
        taken = [(no, line.amount) for no, line in left.items() if entry.takes(line.category)]
        left = {no: line for no, line in left.items() if not entry.takes(line.category)}
        counted = sum(amount for _, amount in taken)
        if not activity.lines:
            # Nothing is known of what was bought: entries for some categories find nothing, the first other takes all.
            counted = 0 if entry.categories else activity.amount
        if counted:
            without = _left_out(entry, book, tender, activity, facts)
            amount = _gives(entry, tier.code if tier is not None else None, counted, without, activity.amount)
            if amount:
                shares = share(amount, taken) if taken else None
                account = book.own.bonus
                yield Credit(activity, rule=entry.rule, account=account, amount=amount, shares=shares)
        if not activity.lines and not entry.categories:
            return


def _gives(entry: Cashback, tier: str | None, counted: int, without: int, charged: int) -> int:
    """Return what an entry gives for what counts; ``without`` of what was charged does not, spread over all of it."""
    if counted < entry.minimum:
        return 0
    rate = entry.tiers.get(tier, entry.rate) if tier is not None else entry.rate
    amount = int((counted - Fraction(without * counted, charged)) * rate)
    return amount if entry.most is None else min(amount, entry.most)


def _left_out(entry: Cashback, book: Book, tender: int, activity: Activity, facts: Facts) -> int:
    if not tender or entry.leaves_out == "nothing":
        return 0
    return tender if entry.leaves_out == "stored_value" else paid_with_bonus(book, book.own, tender, activity, facts)
