"""The stamp card in GraphQL: a member's card, what is left of the day, and redeeming."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import graphene
from attrs import frozen
from marshmallow import fields, validate

from acme_stamps import drinks, rules
from acme_stamps.declared import REDEEM, REDEEMED
from corekit import OF_AVAILABLE, Activity, Balance, balances
from corekit_schema import (
    A_MEMBER,
    ActivityPayload,
    Amount,
    AmountValue,
    DateTime,
    Example,
    Field,
    GlobalId,
    Graph,
    Info,
    Input,
    Member,
    Mutation,
    MutationField,
    Object,
    Query,
    idempotency_key,
    listed,
    owner_or_permission,
    permission,
    public,
    record,
)


def card_of(info: Info) -> rules.Card:
    """Return the card of the program that holds now."""
    card: rules.Card = info.context.kit.program.sections["stamps"]
    return card


# A member's card


class Held(NamedTuple):
    """The card of a member; no balance where it never had a stamp."""

    member: str
    card: rules.Card
    found: Balance | None

    @property
    def available(self) -> int:
        """Return how many stamps it has."""
        return 0 if self.found is None else self.found.available


class StampsDrink(Object, policy=public):
    """A free drink that a member had."""

    day = Field(graphene.String, required=True, description="The day, such as `2026-01-15`.")
    drink = Field(graphene.String, required=True, description="Which it was.")


class StampsCard(Object, policy=public):
    """A member's stamp card."""

    stamps = Field(Amount, required=True, description="The stamps on it.", reads=OF_AVAILABLE)
    size = Field(graphene.Int, required=True, description="How many make it full.", source="card.size", reads=())
    missing = Field(graphene.Int, required=True, description="How many are missing.", reads=OF_AVAILABLE)
    lapses_at = Field(DateTime, description="When the next stamps lapse; null without any.", reads=("next_at",))
    drinks = Field(listed(StampsDrink), description="The free drinks that were had, the newest first.", reads=())

    @staticmethod
    def resolve_stamps(parents: Sequence[Held], _info: Info) -> list[AmountValue]:
        """Return what may be spent."""
        return [AmountValue(held.available, rules.CARD, 0) for held in parents]

    @staticmethod
    def resolve_missing(parents: Sequence[Held], _info: Info) -> list[int]:
        """Return how far the cards are from full."""
        return [rules.missing(held.card, held.available) for held in parents]

    @staticmethod
    def resolve_lapses_at(parents: Sequence[Held], _info: Info) -> list[Any]:
        """Return when the next stamps lapse."""
        return [None if held.found is None else held.found.next_at for held in parents]

    @staticmethod
    def resolve_drinks(parents: Sequence[Held], info: Info) -> list[Sequence[Any]]:
        """Return what was had: one statement for all members of the level."""
        found = drinks.drinks_of([held.member for held in parents], info.context.read)
        return [found.get(held.member, ()) for held in parents]


class StampsMember(Object, policy=owner_or_permission("members.read")):
    """What the plugin adds to a member."""

    stamps = Field(StampsCard, description="The member's stamp card.", reads=("id",))

    @staticmethod
    def resolve_stamps(parents: Sequence[Any], info: Info) -> list[Held]:
        """Return the cards: one statement for all members of the level."""
        context = info.context
        ids = tuple(dict.fromkeys(member.id for member in parents))
        found = balances(context.read, ids, context.now, only=info.needs())
        stamps = {member: each for member, kinds in found.items() for each in kinds if each.kind == rules.CARD}
        return [Held(member.id, card_of(info), stamps.get(member.id)) for member in parents]


# The day


@frozen
class Day:
    """What is free today."""

    most: int
    left: int


class StampsDay(Object, policy=public):
    """The free drinks of a day."""

    most = Field(graphene.Int, required=True, description="How many there are for all members together.")
    left = Field(graphene.Int, required=True, description="How many of them are left.")


class StampsQuery(Object, policy=public):
    """What the plugin adds to the queries."""

    stamps_today = Field(StampsDay, description="How many free drinks are left today.")

    @staticmethod
    def resolve_stamps_today(parents: Sequence[Any], info: Info) -> list[Day]:
        """Return what is left."""
        context = info.context
        today = context.now.astimezone(context.kit.zone).date().isoformat()
        most = card_of(info).drinks_a_day
        left = max(0, most - drinks.poured_on(today, context.read))
        return [Day(most, left) for _ in parents]


# Redeeming


class StampsRedeemInput(Input):
    """A full card that is given for a free drink."""

    member_id = GlobalId("Member", required=True, metadata={"description": "Whose card."})
    drink = fields.String(
        required=True, validate=validate.Length(1, 80), metadata={"description": "Which drink it shall be."}
    )
    idempotency_key = idempotency_key()


def _redeem(info: Info, values: Mapping[str, Any]) -> Any:
    """Record the redemption."""
    return record(
        info,
        Activity(
            type=REDEEMED.name,
            member=values["member_id"],
            payload={"drink": values["drink"]},
            external_id=values["idempotency_key"],
            actor=info.context.viewer.actor,
        ),
    )


class StampsMutation(Object):
    """What the plugin adds to the mutations."""

    stamps_redeem = MutationField(
        StampsRedeemInput,
        _redeem,
        payload=ActivityPayload,
        policy=permission(REDEEM.name),
        description="Give a free drink for a full card.",
    )


EXAMPLES = (
    Example(
        en="A member's stamp card, and what is free today",
        zh="会员印花卡与今日剩余免费饮品",
        text="""\
query StampsMember($id: ID!) {
  member(id: $id) {
    name
    stamps {
      stamps {
        digits
      }
      size
      missing
      lapsesAt
      drinks {
        day
        drink
      }
    }
  }
  stampsToday {
    left
    most
  }
}
""",
        variables={"id": A_MEMBER},
    ),
    Example(
        en="Redeem a full card",
        zh="兑换免费饮品",
        text="""\
mutation StampsRedeem($input: StampsRedeemInput!) {
  stampsRedeem(input: $input) {
    outcome
    member {
      stamps {
        missing
      }
    }
    userErrors {
      path
      code
      message
    }
  }
}
""",
        variables={"input": {"memberId": A_MEMBER, "drink": "flat white"}},
    ),
)


def graph() -> Graph:
    """Return what the plugin adds to the schema."""
    return Graph(
        extends={Member: StampsMember, Query: StampsQuery, Mutation: StampsMutation}, examples=EXAMPLES, blocking=False
    )
