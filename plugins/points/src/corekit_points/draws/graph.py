"""Draws in GraphQL: what can be won, what was promised of seeds, what was drawn, and pulling."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import graphene
from attrs import frozen
from marshmallow import fields, validate

from corekit import Activity
from corekit_points.draws import reading
from corekit_points.draws.declared import DRAW, DRAWN
from corekit_points.draws.prizes import MOST_PULLS, Draw, Prize
from corekit_points.graph_reports import PointsCurrency, book_of
from corekit_points.rules import Currency
from corekit_schema import (
    ActivityPayload,
    Amount,
    AmountValue,
    DateTime,
    Digits,
    Field,
    GlobalId,
    Info,
    Input,
    MutationField,
    Object,
    idempotency_key,
    invalid,
    listed,
    permission,
    public,
    record,
)

_MOST = 1_000
_PLACE = re.compile(r"([0-9a-f]{32}):([1-9][0-9]{0,17})")


@frozen
class Shown:
    """A draw with its currency."""

    draw: Draw
    currency: Currency


@frozen
class ShownPrize:
    """A prize of a draw, and how many are gone."""

    prize: Prize
    currency: Currency
    taken: int


class PointsPrize(Object, policy=public):
    """Something that can be won."""

    id = Field(graphene.String, required=True, source="prize.id", description="Its id in the program.")
    name = Field(graphene.String, required=True, source="prize.name", description="What people call it.")
    weight = Field(
        Digits, required=True, source="prize.weight", description="How likely it is, compared with the others."
    )
    points = Field(Amount, required=True, description="The points that it brings.")
    activity = Field(graphene.String, description="The activity that it brings; null where it brings none.")
    category = Field(
        graphene.String, source="prize.rank", description="Its class, which a guarantee can name; null without one."
    )
    stock = Field(Digits, source="prize.stock", description="How many there are; null where there is no end of it.")
    left = Field(Digits, description="How many are left; null where there is no end of it.")

    @staticmethod
    def resolve_points(parents: Sequence[ShownPrize], _info: Info) -> list[AmountValue]:
        """Return what they bring."""
        return [AmountValue(each.prize.points, each.currency.kind, each.currency.scale) for each in parents]

    @staticmethod
    def resolve_activity(parents: Sequence[ShownPrize], _info: Info) -> list[str | None]:
        """Return what follows from them."""
        return [None if each.prize.gives is None else each.prize.gives[0] for each in parents]

    @staticmethod
    def resolve_left(parents: Sequence[ShownPrize], _info: Info) -> list[int | None]:
        """Return how many are left."""
        return [None if each.prize.stock is None else max(0, each.prize.stock - each.taken) for each in parents]


class PointsDrawWeight(Object, policy=public):
    """The weight of a prize that was in force for a pull."""

    prize = Field(graphene.String, required=True, description="The id of the prize.")
    weight = Field(Digits, required=True, description="Its weight; 0 where it could not be won.")

    @staticmethod
    def resolve_prize(parents: Sequence[Sequence[Any]], _info: Info) -> list[str]:
        """Return the prizes."""
        return [str(prize) for prize, _ in parents]

    @staticmethod
    def resolve_weight(parents: Sequence[Sequence[Any]], _info: Info) -> list[int]:
        """Return their weights."""
        return [int(weight) for _, weight in parents]


class PointsDrawResult(Object, policy=public):
    """A pull: what was won, and what that follows from, but for the seed of its period."""

    draw = Field(graphene.String, required=True, description="The id of the draw.")
    period = Field(graphene.String, required=True, description="The period, such as `2026-01-15`.")
    ticket = Field(graphene.String, required=True, description="What stands for the member in that period.")
    number = Field(graphene.Int, required=True, description="Its number among the pulls of the ticket.")
    client_seed = Field(graphene.String, required=True, description="What the member added to chance.")
    weights = Field(listed(PointsDrawWeight), description="The weights in force, in the order in which they count.")
    prize = Field(graphene.String, required=True, description="The id of the prize that was won.")
    guaranteed = Field(graphene.Boolean, required=True, description="Whether the guarantee decided.")
    taken_back = Field(graphene.Boolean, required=True, description="Whether it was taken back.")
    drawn_at = Field(DateTime, required=True, description="When it was drawn.")


class PointsDrawSeed(Object, policy=public):
    """The seed of a period of a draw: promised before the first pull, revealed when the period is over."""

    period = Field(graphene.String, required=True, description="The period, such as `2026-01-15`.")
    begins = Field(DateTime, required=True, description="Its first instant.")
    ends = Field(DateTime, required=True, description="The instant after its last.")
    commitment = Field(graphene.String, required=True, description="The SHA-256 of the seed.")
    published_at = Field(DateTime, required=True, description="Since when that is published.")
    seed = Field(graphene.String, description="The seed in hexadecimal digits; null until it is revealed.")
    revealed_at = Field(DateTime, description="When it was revealed.")
    results = Field(
        listed(PointsDrawResult),
        cost=10,
        description="What was drawn, by ticket and number; what was taken back as well.",
        first=graphene.Int(required=True, default_value=100, description=f"How many, at most {_MOST}."),
        after=graphene.String(description="Only what follows this result, written as `ticket:number`."),
    )

    @staticmethod
    def resolve_results(
        parents: Sequence[reading.Seed], info: Info, first: int, after: str | None = None
    ) -> list[Sequence[reading.Result]]:
        """Return the results: one statement for all periods of the level."""
        _check_first(first)
        place = None if after is None else _PLACE.fullmatch(after)
        if after is not None and place is None:
            raise invalid("CURSOR", "Write ticket and number of a result, such as ticket:1.", "after")
        known = None if place is None else (place[1], int(place[2]))
        found = reading.results_in(info.context.read, [(each.draw, each.period) for each in parents], first, known)
        return [found.get((each.draw, each.period), ()) for each in parents]


class PointsDrawLimit(Object, policy=public):
    """How many pulls a member has in a time."""

    window = Field(graphene.String, required=True, description="`day`, `month`, `year` or `total`.")
    most = Field(graphene.Int, required=True, description="How many.")


@frozen
class Limit:
    """A limit as it is shown."""

    window: str
    most: int


class PointsDraw(Object, policy=public):
    """A prize draw."""

    id = Field(graphene.String, required=True, source="draw.id", description="Its id in the program.")
    name = Field(graphene.String, required=True, source="draw.name", description="What people call it.")
    currency = Field(PointsCurrency, required=True, description="In which currency a pull is paid.")
    price = Field(Amount, required=True, description="What a pull costs.")
    per = Field(
        graphene.String, required=True, source="draw.per", description="How long a seed holds: `day`, `month`, `year`."
    )
    guarantee_class = Field(graphene.String, description="The class that is guaranteed; null: none is.")
    guarantee_by = Field(graphene.Int, description="At the latest by which pull in a row.")
    limits = Field(listed(PointsDrawLimit), description="How many pulls a member has.")
    prizes = Field(listed(PointsPrize), cost=2, description="What can be won, in the order in which weights count.")
    seeds = Field(
        listed(PointsDrawSeed),
        cost=2,
        description="The seeds of its periods, the latest first; the next period has one already.",
        first=graphene.Int(required=True, default_value=10, description=f"How many, at most {_MOST}."),
    )

    @staticmethod
    def resolve_price(parents: Sequence[Shown], _info: Info) -> list[AmountValue]:
        """Return the prices."""
        return [AmountValue(each.draw.price, each.currency.kind, each.currency.scale) for each in parents]

    @staticmethod
    def resolve_guarantee_class(parents: Sequence[Shown], _info: Info) -> list[str | None]:
        """Return which class is guaranteed."""
        return [None if each.draw.guarantee is None else each.draw.guarantee.rank for each in parents]

    @staticmethod
    def resolve_guarantee_by(parents: Sequence[Shown], _info: Info) -> list[int | None]:
        """Return by which pull."""
        return [None if each.draw.guarantee is None else each.draw.guarantee.by for each in parents]

    @staticmethod
    def resolve_limits(parents: Sequence[Shown], _info: Info) -> list[list[Limit]]:
        """Return the limits."""
        return [
            [Limit("total" if window == "lifetime" else window, most) for window, most in each.draw.limits]
            for each in parents
        ]

    @staticmethod
    def resolve_prizes(parents: Sequence[Shown], info: Info) -> list[list[ShownPrize]]:
        """Return the prizes: one statement for all draws of the level."""
        taken = reading.taken(info.context.read, [each.draw.id for each in parents])
        return [
            [ShownPrize(prize, each.currency, taken.get((each.draw.id, prize.id), 0)) for prize in each.draw.prizes]
            for each in parents
        ]

    @staticmethod
    def resolve_seeds(parents: Sequence[Shown], info: Info, first: int) -> list[Sequence[reading.Seed]]:
        """Return the seeds: one statement for all draws of the level."""
        _check_first(first)
        found = reading.seeds(info.context.read, [each.draw.id for each in parents], first)
        return [found.get(each.draw.id, ()) for each in parents]


def _check_first(first: int) -> None:
    if not 1 <= first <= _MOST:
        raise invalid("RANGE", f"Ask for the first 1 to {_MOST}.", "first", min=1, max=_MOST)


class DrawsQuery(Object, abstract=True):
    """What draws add to the queries."""

    points_draws = Field(graphene.List(graphene.NonNull(PointsDraw)), description="The prize draws of the program.")

    @staticmethod
    def resolve_points_draws(parents: Sequence[Any], info: Info) -> list[list[Shown]]:
        """Return the draws."""
        book = book_of(info)
        kinds = {currency.kind: currency for currency in book.currencies.values()}
        return [[Shown(draw, kinds[draw.kind]) for draw in book.draws.values()] for _ in parents]


class DrawsMember(Object, abstract=True):
    """What draws add to a member."""

    points_drawn = Field(
        graphene.List(graphene.NonNull(PointsDrawResult)),
        reads=("id",),
        cost=10,
        description="What the member drew, the latest first.",
        first=graphene.Int(required=True, default_value=20, description=f"How many, at most {_MOST}."),
    )

    @staticmethod
    def resolve_points_drawn(parents: Sequence[Any], info: Info, first: int) -> list[Sequence[reading.Result]]:
        """Return what was drawn: one statement for all members of the level."""
        _check_first(first)
        found = reading.results_of(info.context.read, {member.id for member in parents}, first)
        return [found.get(member.id, ()) for member in parents]


class PointsDrawInput(Input):
    """Pulls of a member in a prize draw."""

    member_id = GlobalId("Member", required=True, metadata={"description": "Who pulls, and pays."})
    draw = fields.String(
        required=True, validate=validate.Length(1, 40), metadata={"description": "The id of the draw."}
    )
    pulls = fields.Integer(
        strict=True,
        load_default=1,
        validate=validate.Range(1, MOST_PULLS),
        metadata={"description": f"How many times; {MOST_PULLS} at most."},
    )
    client_seed = fields.String(
        load_default="",
        validate=validate.Regexp(r"[0-9a-f]{0,64}\Z", error="Give up to 64 digits of 0-9 and a-f."),
        metadata={"description": "What the member adds to chance, such as random digits that its own device made."},
    )
    idempotency_key = idempotency_key()


def _draw(info: Info, values: Mapping[str, Any]) -> Any:
    """Record the pulls."""
    return record(
        info,
        Activity(
            type=DRAWN.name,
            member=values["member_id"],
            payload={name: values[name] for name in ("draw", "pulls", "client_seed")},
            external_id=values["idempotency_key"],
            actor=info.context.viewer.actor,
        ),
    )


class DrawsMutation(Object, abstract=True):
    """What draws add to the mutations."""

    points_draw = MutationField(
        PointsDrawInput,
        _draw,
        payload=ActivityPayload,
        policy=permission(DRAW.name),
        description="Pull in a prize draw for a member; the price is paid, and what is won is given.",
    )
