"""What members can have: what a plugin is told of a member, and what it offers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
from attrs import field, frozen

from corekit.errors import Refusal
from corekit.tiers.ladder import Tier

MOST_OFFERS = 1_000
"""What a plugin may offer to one member."""


@frozen(kw_only=True)
class MemberNow:
    """A member as it stands when it is asked what it can have.

    ``tiers`` are those in which it stands, by ladder; ``available`` is what it may spend now, in minor units, by
    account kind (kinds of which it never had anything are left out); ``tags`` are those that it has.
    """

    id: str
    state: str
    kind: str
    attributes: Mapping[str, Any]
    tiers: Mapping[str, Tier]
    available: Mapping[str, int]
    tags: frozenset[str] = frozenset()


@frozen(kw_only=True)
class Offer:
    """Something that a member can have now, or could have if it were not for the ``reason``.

    ``kind`` says what it is, and begins with the plugin's name (``points.reward``); ``code`` names it among its kind.
    ``title`` is a text by language, English (``en``) at least. ``price`` is what it costs, in minor units by unit; it
    is empty where it costs nothing. The reason is a :class:`Refusal` with a declared code, as it would be if the member
    asked for it now.
    """

    member: str
    kind: str
    code: str
    title: Mapping[str, str]
    price: Mapping[str, int] = field(factory=dict[str, int])
    reason: Refusal | None = None


@frozen
class Offers:
    """What a member can have now, in the order of the plugins; ``missing`` are plugins that could not say it."""

    offers: Sequence[Offer] = ()
    missing: Sequence[str] = ()


def check(
    plugin: str, members: Collection[str], units: Collection[str], codes: Collection[str], made: Sequence[Any]
) -> None:
    """Raise ValueError where a plugin offers what nobody could show, or what is for none of the members.

    ``units`` and ``codes`` are those that are declared.
    """
    if len(made) > MOST_OFFERS * len(members):
        message = f"it offers more than {MOST_OFFERS} things to a member"
        raise ValueError(message)
    for offer in made:
        if wrong := _wrong(offer, plugin, members, units, codes):
            message = f"{offer!r} {wrong}"
            raise ValueError(message)


def _wrong(
    offer: Any, plugin: str, members: Collection[str], units: Collection[str], codes: Collection[str]
) -> str | None:
    if not isinstance(offer, Offer) or offer.member not in members:
        return "is no Offer to one of the members"
    if offer.kind.partition(".")[0] != plugin or not offer.code:
        return f"has no code, or a kind that does not begin with {plugin}"
    if not offer.title.get("en"):
        return "has no English title"
    if not all(unit in units and type(price) is int and price >= 0 for unit, price in offer.price.items()):
        return "has a price that is no whole number of a declared unit"
    if offer.reason is not None and offer.reason.code not in codes:
        return "has a reason with a code that nobody declares"
    orjson.dumps([dict(offer.title), offer.reason.parameters if offer.reason else None])
    return None
