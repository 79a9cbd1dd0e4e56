"""From baskets to activities: a household registers just before its first basket, then each basket is a purchase."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from corekit import Activity, Line
from corekit_demo import data

SOURCE = "demo"
"""Declared ``historical`` in ``corekit.toml``."""
CHANNEL = "pos"
BEFORE = timedelta(seconds=1)
"""How long before its first basket a household registers."""
PIECE = 1000
"""Quantities are counted in thousandths."""


def member_id(household: int) -> str:
    """Return the member id of a household: always the same one, so that a second run sends the same bodies."""
    return uuid5(NAMESPACE_URL, f"corekit-demo:household:{household}").hex


def activities(households: Sequence[int]) -> Iterator[Activity]:
    """Yield registrations and purchases of some households in the order of time."""
    profiles = data.profiles()
    known: set[int] = set()
    for basket in data.baskets(households):
        if basket.household not in known:
            known.add(basket.household)
            yield _registration(basket.household, basket.at - BEFORE, profiles.get(basket.household, {}))
        yield _purchase(basket)


def _registration(household: int, at: datetime, attributes: Mapping[str, str]) -> Activity:
    return Activity(
        type="member.registered",
        member=member_id(household),
        occurred_at=at,
        source=SOURCE,
        external_id=f"household:{household}",
        payload={
            "external_id": str(household),
            "channel": CHANNEL,
            "name": f"Household {household}",
            "attributes": dict(attributes),
        },
    )


def _purchase(basket: data.Basket) -> Activity:
    return Activity(
        type="purchase",
        member=member_id(basket.household),
        occurred_at=basket.at,
        source=SOURCE,
        external_id=str(basket.id),
        amount=sum(item.cents for item in basket.items),
        lines=tuple(
            Line(number, item.cents, str(item.product), item.category, item.quantity * PIECE)
            for number, item in enumerate(basket.items, 1)
        ),
        payload={"store": str(basket.store), "order_no": str(basket.id)},
    )
