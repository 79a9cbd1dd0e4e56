"""What members can have now, and the greeting at the counter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import graphene

from corekit.members.finding import find, survivor
from corekit.members.offering import offers
from corekit.members.read import Member as MemberValue
from corekit.offers import Offer as OfferValue
from corekit.offers import Offers as OffersValue
from corekit_schema.context import Info
from corekit_schema.fields import Field, Object, listed
from corekit_schema.ids import local_id
from corekit_schema.policies import public
from corekit_schema.scalars import JSON, Amount, AmountValue
from corekit_schema.usererrors import ErrorCode


class _Reason(NamedTuple):
    code: str
    parameters: Mapping[str, Any]


class OfferReason(Object, policy=public):
    """Why a member cannot have something now."""

    code = Field(ErrorCode, required=True, description="Why, for programs.")
    message = Field(graphene.String, required=True, description="Why, for people, in the language of the request.")
    parameters = Field(JSON, required=True, description="What fills in the sentence.")

    @staticmethod
    def resolve_message(parents: Sequence[_Reason], info: Info) -> list[str]:
        """Return the sentences."""
        english, say = info.context.kit.terms().message, info.context.speech.say
        return [say(each.code, english(each.code, each.parameters), each.parameters) for each in parents]

    @staticmethod
    def resolve_parameters(parents: Sequence[_Reason], _info: Info) -> list[dict[str, Any]]:
        """Return the parameters as JSON."""
        return [dict(each.parameters) for each in parents]


class Offer(Object, policy=public):
    """Something that a member can have now, or could have if it were not for the reason."""

    kind = Field(graphene.String, required=True, description="What it is; it begins with the plugin that offers it.")
    code = Field(graphene.String, required=True, description="Its name among its kind.")
    title = Field(
        graphene.String,
        required=True,
        description="What it is called, in the language of the request where there is such a title, or in English.",
        reads=("title",),
    )
    price = Field(listed(Amount), description="What it costs, an amount for each unit; none where it is free.")
    available = Field(
        graphene.Boolean, required=True, description="Whether the member can have it now.", reads=("reason",)
    )
    reason = Field(OfferReason, description="Why the member cannot have it now; null where it can.", reads=("reason",))

    @staticmethod
    def resolve_title(parents: Sequence[OfferValue], info: Info) -> list[str]:
        """Return the titles in the client's language."""
        return [each.title.get(info.context.language) or each.title["en"] for each in parents]

    @staticmethod
    def resolve_price(parents: Sequence[OfferValue], info: Info) -> list[list[AmountValue]]:
        """Return the prices with their units."""
        scale = info.context.chart.scale
        return [[AmountValue(price, unit, scale(unit)) for unit, price in each.price.items()] for each in parents]

    @staticmethod
    def resolve_reason(parents: Sequence[OfferValue], _info: Info) -> list[_Reason | None]:
        """Return the reasons."""
        return [_Reason(each.reason.code, each.reason.parameters) if each.reason else None for each in parents]

    @staticmethod
    def resolve_available(parents: Sequence[OfferValue], _info: Info) -> list[bool]:
        """Say what can be had."""
        return [each.reason is None for each in parents]


class Offers(Object, policy=public):
    """What a member can have now, by all plugins that have something to give."""

    items = Field(listed(Offer), source="offers", description="The offers, in the order of the plugins.")
    missing = Field(
        listed(graphene.String),
        description="The plugins that could not say what they offer: they are suspended, or raised.",
    )


def offers_of(parents: Sequence[MemberValue], info: Info) -> list[OffersValue]:
    """Return what members can have now."""
    context = info.context
    try:
        found = offers(context.read, context.kit, [each.id for each in parents], context.now)
    finally:
        context.kit.suspend_broken()
    return [found[each.id] for each in parents]


def greeted(info: Info, known: str) -> MemberValue | None:
    """Return the member whom somebody at the counter names; whoever is a part of another is that one."""
    if "\0" in known:
        return None
    found = find(info.context.read, info.context.kit.settings, local_id("Member", known) or known)
    return survivor(info.context.read, found) if found is not None else None
