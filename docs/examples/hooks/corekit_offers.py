"""A coffee for ten points of a card, for whoever has them; until then the card says how many are missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from corekit import (
    AccountKind,
    ActivityType,
    Batch,
    Credit,
    Declares,
    ErrorText,
    MemberNow,
    Offer,
    Refusal,
    Unit,
    hookimpl,
)

PRICE = 10


@hookimpl
def corekit_declare() -> Declares:
    """Declare the card, what fills it, and why there may be no coffee."""
    points = Unit("card")
    return Declares(
        accounts=[AccountKind(code="card", unit=points)],
        activities=[ActivityType(name="card.filled", amount="card")],
        errors=[ErrorText("CARD_SHORT", "{missing} more and it is yours.", "还差 {missing} 点。")],
    )


@hookimpl
def corekit_react(batch: Batch) -> Iterator[Credit]:
    """Fill the card."""
    for activity in batch.of("card.filled"):
        yield Credit(activity, account="card", amount=activity.amount, rule="card@1")


@hookimpl
def corekit_offers(members: Sequence[MemberNow]) -> Iterator[Offer]:
    """Offer a coffee to everybody: what each may spend is known, so nothing needs to be read."""
    for member in members:
        missing = PRICE - member.available.get("card", 0)
        yield Offer(
            member=member.id,
            kind="card.drink",
            code="coffee",
            title={"en": "Coffee", "zh": "咖啡"},
            price={"card": PRICE},
            reason=Refusal("CARD_SHORT", missing=missing) if missing > 0 else None,
        )
