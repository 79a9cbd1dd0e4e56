"""Reports in GraphQL for who runs the program: what it owes, and how far budgets are spent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import graphene
from attrs import frozen

from corekit_points.budget_report import Spending, budgets
from corekit_points.declared import REPORT
from corekit_points.liability import Liability, liability
from corekit_points.rules import Book, Currency
from corekit_schema import Amount, AmountValue, DateTime, Field, Info, Object, listed, permission, public


def book_of(info: Info) -> Book:
    """Return the currencies and rules that hold now."""
    book: Book = info.context.kit.program.sections["points"]
    return book


class PointsCurrency(Object, policy=public):
    """A currency that members earn."""

    code = Field(graphene.String, required=True, description="Its code in the program, such as `points`.")
    name = Field(graphene.String, required=True, description="What people call it.")
    account_kind = Field(graphene.String, required=True, source="kind", description="The account kind that holds it.")
    scale = Field(graphene.Int, required=True, description="Decimal places between a minor and a whole unit.")
    expires = Field(graphene.Boolean, required=True, description="Whether it lapses some time after it was earned.")

    @staticmethod
    def resolve_expires(parents: Sequence[Currency], _info: Info) -> list[bool]:
        """Say which lapse."""
        return [currency.expiry is not None for currency in parents]


def _of_report(name: str) -> Callable[..., list[AmountValue]]:
    """Return the resolver of an amount of a part of a report."""

    def resolve(parents: Sequence[Reported], _info: Info) -> list[AmountValue]:
        return [AmountValue(getattr(each.part, name), each.currency.kind, each.currency.scale) for each in parents]

    return resolve


@frozen
class Reported:
    """A part of a report, and the currency that it counts."""

    part: Any
    currency: Currency


class PointsMonth(Object, policy=public):
    """What happened to a currency in a month of the program's calendar."""

    month = Field(graphene.String, required=True, source="part.first", description="Its first day, as `2017-06-01`.")
    issued = Field(Amount, required=True, description="What was given.", resolve=_of_report("issued"))
    taken_back = Field(
        Amount, required=True, description="What of it was taken back.", resolve=_of_report("taken_back")
    )
    spent = Field(Amount, required=True, description="What was spent.", resolve=_of_report("spent"))
    expired = Field(Amount, required=True, description="What lapsed.", resolve=_of_report("expired"))
    outstanding = Field(
        Amount, required=True, description="What members hold at its end.", resolve=_of_report("outstanding")
    )


class PointsForecast(Object, policy=public):
    """What will lapse in a month unless it is spent before."""

    month = Field(graphene.String, source="part.first", description="Its first day; null for what never lapses.")
    amount = Field(Amount, required=True, description="How much.", resolve=_of_report("amount"))


class PointsLiability(Object, policy=public):
    """What the program owes its members in a currency."""

    currency = Field(PointsCurrency, required=True, description="In which currency.")
    outstanding = Field(Amount, required=True, description="What members hold.")
    pending = Field(Amount, required=True, description="What of it becomes available later.")
    months = Field(listed(PointsMonth), description="The months, the present one last.")
    forecast = Field(listed(PointsForecast), description="What will lapse, by month.")

    @staticmethod
    def resolve_outstanding(parents: Sequence[Liability], _info: Info) -> list[AmountValue]:
        """Return what members hold."""
        return [AmountValue(each.outstanding, each.currency.kind, each.currency.scale) for each in parents]

    @staticmethod
    def resolve_pending(parents: Sequence[Liability], _info: Info) -> list[AmountValue]:
        """Return what becomes available later."""
        return [AmountValue(each.awaited, each.currency.kind, each.currency.scale) for each in parents]

    @staticmethod
    def resolve_months(parents: Sequence[Liability], _info: Info) -> list[list[Reported]]:
        """Return the months."""
        return [[Reported(month, each.currency) for month in each.months] for each in parents]

    @staticmethod
    def resolve_forecast(parents: Sequence[Liability], _info: Info) -> list[list[Reported]]:
        """Return the forecast."""
        return [[Reported(coming, each.currency) for coming in each.forecast] for each in parents]


def _of_budget(name: str) -> Callable[..., list[AmountValue | None]]:
    """Return the resolver of an amount of a budget."""

    def resolve(parents: Sequence[Spending], _info: Info) -> list[AmountValue | None]:
        amounts = [getattr(each, name) for each in parents]
        return [
            None if amount is None else AmountValue(amount, each.currency.kind, each.currency.scale)
            for each, amount in zip(parents, amounts, strict=True)
        ]

    return resolve


class PointsBudgetState(graphene.Enum):
    """How far a budget is spent."""

    OPEN = "open"
    WARNING = "warning"
    SPENT = "spent"


class PointsBudget(Object, policy=public):
    """What a rule, or a task, may give to all members together in a window, and how far that is spent."""

    rule = Field(graphene.String, required=True, description="The id of the rule or task.")
    currency = Field(PointsCurrency, required=True, description="In which currency.")
    window = Field(graphene.String, required=True, source="span", description="Such as `2017-06`, or `total`.")
    begins = Field(DateTime, description="The first instant of the window, or of the first grant where it has none.")
    ends = Field(DateTime, description="The instant after its last; null where it never ends.")
    budget = Field(Amount, required=True, description="How much it is.", resolve=_of_budget("most"))
    granted = Field(
        Amount, required=True, description="What was given and did not come back.", resolve=_of_budget("granted")
    )
    left = Field(
        Amount, required=True, description="What is left; negative where more was given.", resolve=_of_budget("left")
    )
    percent = Field(graphene.Int, required=True, description="What share is granted, in whole percent.")
    state = Field(PointsBudgetState, required=True, description="Whether it is worth a warning, or spent.")
    stops = Field(graphene.Boolean, required=True, source="budget.stops", description="Whether it stops its rule.")
    expected = Field(
        Amount,
        description="What will be granted by the end at the pace so far; null where it has no end.",
        resolve=_of_budget("expected"),
    )
    spent_by = Field(DateTime, description="When it will be spent at the pace so far; null where it will not be.")


class PointsReports(Object, policy=permission(REPORT.name)):
    """Reports for who runs the program."""

    liability = Field(
        listed(PointsLiability),
        description="What the program owes, by currency.",
        months=graphene.Int(required=True, default_value=12, description="How many months, the present one included."),
    )

    budgets = Field(listed(PointsBudget), description="How far the budgets of rules and tasks are spent, by rule.")

    @staticmethod
    def resolve_budgets(parents: Sequence[Any], info: Info) -> list[list[Spending]]:
        """Return how far they are."""
        context = info.context
        found = budgets(context.read, book_of(info), context.kit.zone, context.now)
        return [found for _ in parents]

    @staticmethod
    def resolve_liability(parents: Sequence[Any], info: Info, months: int) -> list[list[Liability]]:
        """Return the report."""
        context = info.context
        found = liability(context.read, book_of(info), context.kit.zone, context.now, months)
        return [found for _ in parents]
