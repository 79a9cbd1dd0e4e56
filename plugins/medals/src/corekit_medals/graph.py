"""Medals in GraphQL: the catalogue, what members hold, and how near they are to the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import graphene
from attrs import frozen

from corekit_medals import declared
from corekit_medals.backfill import Found, preview
from corekit_medals.catalogue import Catalogue, Level, Medal, Words
from corekit_medals.graph_examples import EXAMPLES
from corekit_medals.graph_mutations import MedalsMutation
from corekit_medals.loading import editions
from corekit_medals.progress import Spread, Standing, spread, standings
from corekit_schema import (
    DateTime,
    Field,
    Graph,
    Info,
    Member,
    Mutation,
    Object,
    Query,
    internal,
    listed,
    owner_or_permission,
    permission,
    public,
)


def book_of(info: Info) -> Catalogue:
    """Return the medals of the program that holds now."""
    book: Catalogue = info.context.kit.program.sections["medals"]
    return book


@frozen
class Shown:
    """A level of a medal, as it is shown."""

    medal: Medal
    level: Level


def _said(words: Mapping[str, Words], language: str) -> Words | None:
    return words.get(language) or next(iter(words.values()), None)


def _of_medal(name: str) -> Callable[..., list[str]]:
    def resolve(parents: Sequence[Medal], info: Info, language: str | None = None) -> list[str]:
        said = [_said(each.words, language or info.context.language) for each in parents]
        return [getattr(each, name) if each is not None else "" for each in said]

    return resolve


def _of_level(name: str) -> Callable[..., list[str]]:
    """Return what is said of levels; of one of which nothing is said, what is said of its medal."""

    def resolve(parents: Sequence[Shown], info: Info, language: str | None = None) -> list[str]:
        chosen = language or info.context.language
        said = [_said(each.level.words, chosen) or _said(each.medal.words, chosen) for each in parents]
        return [getattr(each, name) if each is not None else "" for each in said]

    return resolve


def _language() -> graphene.Argument:
    return graphene.Argument(
        graphene.String, description="The language, such as `zh`; left out, the one in which the client is answered."
    )


def _spread(parents: Sequence[Shown], info: Info) -> list[Spread]:
    keys = tuple(sorted({(each.medal.id, each.level.number) for each in parents}))
    context = info.context
    found = context.once(("medals.spread", keys), lambda: spread(context.read, keys))
    return [found[each.medal.id, each.level.number] for each in parents]


class MedalsLevel(Object, policy=public):
    """One level of a medal."""

    number = Field(graphene.Int, required=True, description="Its number, from 1.", source="level.number")
    name = Field(
        graphene.String,
        required=True,
        description="What it is called.",
        resolve=_of_level("name"),
        language=_language(),
    )
    description = Field(
        graphene.String,
        required=True,
        description="What is said of it; empty where nothing is.",
        resolve=_of_level("description"),
        language=_language(),
    )
    picture = Field(graphene.String, description="The address of its picture.", source="level.picture")
    holders = Field(graphene.Int, required=True, description="How many members hold it.", cost=2)
    per_mille = Field(
        graphene.Int, required=True, description="The share of all members who do, in thousandths, rounded up.", cost=2
    )
    left = Field(graphene.Int, description="How many of its edition are left; null where there is no end.", cost=2)

    @staticmethod
    def resolve_holders(parents: Sequence[Shown], info: Info) -> list[int]:
        """Return how many hold them: the same statements for all."""
        return [each.holders for each in _spread(parents, info)]

    @staticmethod
    def resolve_per_mille(parents: Sequence[Shown], info: Info) -> list[int]:
        """Return how rare they are."""
        return [each.per_mille for each in _spread(parents, info)]

    @staticmethod
    def resolve_left(parents: Sequence[Shown], info: Info) -> list[int | None]:
        """Return what is left of editions: one statement."""
        given = editions(info.context.read, {each.medal.id for each in parents if each.medal.edition is not None})
        return [
            None
            if each.medal.edition is None
            else max(0, each.medal.edition - given.get((each.medal.id, each.level.number), 0))
            for each in parents
        ]


class MedalsMedal(Object, policy=public):
    """A medal that members can win."""

    code = Field(graphene.String, required=True, source="id", description="Its name in the program.")
    name = Field(
        graphene.String,
        required=True,
        description="What it is called.",
        resolve=_of_medal("name"),
        language=_language(),
    )
    description = Field(
        graphene.String,
        required=True,
        description="What is said of it; empty where nothing is.",
        resolve=_of_medal("description"),
        language=_language(),
    )
    pictures = Field(listed(graphene.String), description="The addresses of its pictures.")
    secret = Field(graphene.Boolean, required=True, description="Whether only who holds it is told of it.")
    edition = Field(graphene.Int, description="How many there are of each level; null where there is no end.")
    season_from = Field(graphene.String, description="The first day on which it can be won; null: any.")
    season_to = Field(graphene.String, description="The last day on which it can be won; null: any.")
    levels = Field(listed(MedalsLevel), description="Its levels.")

    @staticmethod
    def resolve_season_from(parents: Sequence[Medal], _info: Info) -> list[str | None]:
        """Return the first days."""
        return [each.season[0].isoformat() if each.season[0] is not None else None for each in parents]

    @staticmethod
    def resolve_season_to(parents: Sequence[Medal], _info: Info) -> list[str | None]:
        """Return the last days."""
        return [each.season[1].isoformat() if each.season[1] is not None else None for each in parents]

    @staticmethod
    def resolve_levels(parents: Sequence[Medal], _info: Info) -> list[list[Shown]]:
        """Return the levels."""
        return [[Shown(each, level) for level in each.levels] for each in parents]


class MedalsStep(Object, policy=public):
    """A part of what a medal asks for."""

    kind = Field(graphene.String, required=True, description="What it is, such as `count` or `streak`.")
    value = Field(graphene.String, required=True, description="How far the member is, in digits.")
    needed = Field(graphene.String, required=True, description="How far it has to come, in digits.")
    counts = Field(
        graphene.String,
        description=(
            "What both count: `amount`, `pieces`, `activities`, `values`, `days`, `weeks` or `months`; "
            "null where there is nothing to count."
        ),
    )
    unit = Field(graphene.String, description="Code of the unit of an amount, such as `USD`; null of what is none.")
    scale = Field(
        graphene.Int, required=True, description="Decimal places of both: `1230` of the scale 2 is written 12.30."
    )

    @staticmethod
    def resolve_value(parents: Sequence[Any], _info: Info) -> list[str]:
        """Return how far it is."""
        return [str(each.value) for each in parents]

    @staticmethod
    def resolve_needed(parents: Sequence[Any], _info: Info) -> list[str]:
        """Return how far it has to come."""
        return [str(each.needed) for each in parents]


class MedalsStanding(Object, policy=public):
    """A level of a medal as a member has it."""

    medal = Field(MedalsMedal, required=True, description="The medal.")
    level = Field(MedalsLevel, required=True, description="The level.")
    held = Field(graphene.Boolean, required=True, description="Whether the member holds it.")
    since = Field(
        DateTime, description="When what earned it occurred; null where it is not held.", source="award.since"
    )
    reason = Field(
        graphene.String,
        description="Why: `met`, `found` by a back-fill, or `given` by hand; null where it is not held.",
        source="award.reason",
    )
    pinned = Field(graphene.Boolean, required=True, description="Whether the member shows it before the others.")
    percent = Field(graphene.Int, required=True, description="How near it is, 100 where it is held.")
    steps = Field(listed(MedalsStep), description="How near, step by step; nothing where it is held.")

    @staticmethod
    def resolve_level(parents: Sequence[Standing], _info: Info) -> list[Shown]:
        """Return the levels."""
        return [Shown(each.medal, each.level) for each in parents]

    @staticmethod
    def resolve_held(parents: Sequence[Standing], _info: Info) -> list[bool]:
        """Say which are held."""
        return [each.award is not None for each in parents]

    @staticmethod
    def resolve_since(parents: Sequence[Standing], _info: Info) -> list[Any]:
        """Return since when."""
        return [None if each.award is None else each.award.since for each in parents]

    @staticmethod
    def resolve_reason(parents: Sequence[Standing], _info: Info) -> list[str | None]:
        """Return why."""
        return [None if each.award is None else each.award.reason for each in parents]

    @staticmethod
    def resolve_pinned(parents: Sequence[Standing], _info: Info) -> list[bool]:
        """Say which are pinned."""
        return [each.award is not None and bool(each.award.pinned) for each in parents]


class MedalsMember(Object, policy=owner_or_permission("members.read")):
    """What the plugin adds to a member."""

    medals = Field(
        graphene.List(graphene.NonNull(MedalsStanding)),
        description="What the member holds, as it shows it, and then what it can still win.",
        reads=("id",),
        cost=10,
        blocking=True,
        held=graphene.Boolean(description="Only what is held, or only what is not."),
    )

    @staticmethod
    def resolve_medals(parents: Sequence[Any], info: Info, *, held: bool | None = None) -> list[list[Standing]]:
        """Return where they stand: the same statements for all members of the level."""
        context = info.context
        ids = tuple(dict.fromkeys(member.id for member in parents))
        kit = context.kit
        found = context.once(
            ("medals", ids), lambda: standings(context.read, book_of(info), kit.program, ids, context.now)
        )
        return [
            [each for each in found[member.id] if held is None or held == (each.award is not None)]
            for member in parents
        ]


class MedalsFound(Object, policy=public):
    """What a back-fill would award."""

    medal = Field(graphene.String, required=True, description="The name of the medal in the program.")
    level = Field(graphene.Int, required=True, description="The number of the level.")
    members = Field(graphene.Int, required=True, description="How many members.")


class MedalsQuery(Object, policy=public):
    """What the plugin adds to the queries."""

    medals = Field(
        graphene.List(graphene.NonNull(MedalsMedal)),
        description="The medals that members can win, but for the secret ones.",
    )
    medals_secret = Field(
        graphene.List(graphene.NonNull(MedalsMedal)), policy=internal, description="The secret medals."
    )
    medals_back_fill = Field(
        graphene.List(graphene.NonNull(MedalsFound)),
        policy=permission(declared.REPORT.name),
        cost=1000,
        blocking=True,
        description="How many members a back-fill would award what, if it ran now.",
    )

    @staticmethod
    def resolve_medals(parents: Sequence[Any], info: Info) -> list[list[Medal]]:
        """Return the catalogue."""
        return [[each for each in book_of(info).medals.values() if not each.secret] for _ in parents]

    @staticmethod
    def resolve_medals_secret(parents: Sequence[Any], info: Info) -> list[list[Medal]]:
        """Return the secret ones."""
        return [[each for each in book_of(info).medals.values() if each.secret] for _ in parents]

    @staticmethod
    def resolve_medals_back_fill(parents: Sequence[Any], info: Info) -> list[list[Found]]:
        """Return what would be found."""
        found = preview(info.context.kit, info.context.read)
        return [found for _ in parents]


def graph() -> Graph:
    """Return what the plugin adds to the schema."""
    return Graph(
        extends={Member: MedalsMember, Query: MedalsQuery, Mutation: MedalsMutation}, examples=EXAMPLES, blocking=False
    )
