"""Stored value in GraphQL: what a member has, top-up by top-up, and what comes in and goes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import graphene

from corekit import OF_AVAILABLE, Balance, balances, moment
from corekit_schema import (
    Amount,
    AmountValue,
    DateTime,
    Field,
    Graph,
    Info,
    Member,
    Mutation,
    Object,
    Query,
    global_id,
    listed,
    owner_or_permission,
    public,
)
from corekit_stored_value import groups, quotes, requests
from corekit_stored_value.graph_examples import EXAMPLES
from corekit_stored_value.graph_mutations import StoredValueMutation
from corekit_stored_value.graph_report_examples import EXAMPLES as REPORT_EXAMPLES
from corekit_stored_value.graph_reports import ReportsMember, ReportsMutation, ReportsQuery
from corekit_stored_value.rules import Book, Currency


class Holding(NamedTuple):
    """What a member has of a currency; no balances where it never had any."""

    member: str
    currency: Currency
    principal: Balance | None
    bonus: Balance | None

    def of(self, name: str, *kinds: str) -> AmountValue:
        """Return one of the amounts of the balances, of principal, of the bonus, or of both together."""
        found = [getattr(self, kind) for kind in kinds or ("principal", "bonus")]
        return self.money(sum(getattr(each, name) for each in found if each is not None))

    def money(self, amount: int) -> AmountValue:
        """Return an amount of the currency."""
        return AmountValue(amount, self.currency.unit.code, self.currency.unit.scale)


class InCurrency(NamedTuple):
    """Something of stored value, and what a member has of its currency."""

    found: Any
    holding: Holding


def _money(name: str) -> Any:
    """Return the resolver of an amount of something of stored value."""

    def resolve(parents: Sequence[InCurrency], _info: Info) -> list[AmountValue]:
        return [each.holding.money(getattr(each.found, name)) for each in parents]

    return resolve


class StoredValueGroup(Object, policy=public):
    """What is left of what one top-up brought."""

    activity_id = Field(graphene.ID, required=True, description="The activity that brought it.")
    since = Field(DateTime, required=True, source="found.since", description="When it was credited.")
    principal = Field(Amount, required=True, description="What is left of what was paid.", resolve=_money("principal"))
    bonus = Field(Amount, required=True, description="What is left of the bonus.", resolve=_money("bonus"))
    lapses_at = Field(DateTime, source="found.lapses_at", description="When the bonus lapses; null where it does not.")

    @staticmethod
    def resolve_activity_id(parents: Sequence[InCurrency], _info: Info) -> list[str]:
        """Return the global ids."""
        return [global_id("Activity", each.found.activity) for each in parents]


class StoredValueRequestState(graphene.Enum):
    """What became of a requested top-up."""

    WAITING = "waiting"
    PAID = "paid"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


class StoredValueRequest(Object, policy=public):
    """A top-up that waits to be paid, or how that ended."""

    activity_id = Field(graphene.ID, required=True, description="The activity that asked for it.")
    amount = Field(Amount, required=True, description="How much is to be paid.", resolve=_money("amount"))
    state = Field(StoredValueRequestState, required=True, source="found.state", description="What became of it.")
    lapses_at = Field(DateTime, required=True, description="From when on it is too late to pay.")

    @staticmethod
    def resolve_activity_id(parents: Sequence[InCurrency], _info: Info) -> list[str]:
        """Return the global ids."""
        return [global_id("Activity", each.found.id) for each in parents]

    @staticmethod
    def resolve_lapses_at(parents: Sequence[InCurrency], _info: Info) -> list[Any]:
        """Return the instants."""
        return [moment(each.found.lapses_at) for each in parents]


class StoredValueQuote(Object, policy=public):
    """What would be paid out to a member who takes its money out now."""

    principal = Field(Amount, required=True, description="What is left of what was paid.", resolve=_money("principal"))
    bonus = Field(Amount, required=True, description="The bonus that is taken back.", resolve=_money("bonus"))
    held = Field(
        Amount, required=True, description="What has to be captured or released first.", resolve=_money("held")
    )
    payable = Field(Amount, required=True, description="What is paid out.", resolve=_money("payable"))
    hash = Field(
        graphene.String, required=True, source="found.hash", description="What the withdrawal has to name, as `quote`."
    )


class StoredValue(Object, policy=public):
    """What a member has of a currency that it can store."""

    currency = Field(
        graphene.String, required=True, source="currency.unit.code", description="Such as `USD`.", reads=()
    )
    principal = Field(Amount, required=True, description="What it paid and may spend now.", reads=OF_AVAILABLE)
    bonus = Field(Amount, required=True, description="What came with it and may be spent now.", reads=OF_AVAILABLE)
    available = Field(Amount, required=True, description="Both together.", reads=OF_AVAILABLE)
    held = Field(Amount, required=True, description="What is set aside of both.", reads=("pending",))
    debt = Field(Amount, required=True, description="What it owes of both.", reads=("debt",))
    groups = Field(listed(StoredValueGroup), description="What is left of each top-up, as it is spent.", reads=())
    requests = Field(listed(StoredValueRequest), description="Requested top-ups, the newest first.", reads=())
    withdrawal_quote = Field(
        StoredValueQuote, required=True, description="What would be paid out if it took its money out now.", reads=()
    )

    @staticmethod
    def resolve_principal(parents: Sequence[Holding], _info: Info) -> list[AmountValue]:
        """Return what was paid."""
        return [holding.of("available", "principal") for holding in parents]

    @staticmethod
    def resolve_bonus(parents: Sequence[Holding], _info: Info) -> list[AmountValue]:
        """Return what came with it."""
        return [holding.of("available", "bonus") for holding in parents]

    @staticmethod
    def resolve_available(parents: Sequence[Holding], _info: Info) -> list[AmountValue]:
        """Return both together."""
        return [holding.of("available") for holding in parents]

    @staticmethod
    def resolve_held(parents: Sequence[Holding], _info: Info) -> list[AmountValue]:
        """Return what is set aside."""
        return [holding.of("pending") for holding in parents]

    @staticmethod
    def resolve_debt(parents: Sequence[Holding], _info: Info) -> list[AmountValue]:
        """Return what is owed."""
        return [holding.of("debt") for holding in parents]

    @staticmethod
    def resolve_groups(parents: Sequence[Holding], info: Info) -> list[list[InCurrency]]:
        """Return the groups; one statement for each currency that is asked for."""
        context = info.context
        found = {
            currency.unit.code: groups.groups(context.read, members, currency, context.now)
            for currency, members in _by_currency(parents)
        }
        return [
            [InCurrency(group, each) for group in found[each.currency.unit.code].get(each.member, ())]
            for each in parents
        ]

    @staticmethod
    def resolve_requests(parents: Sequence[Holding], info: Info) -> list[list[InCurrency]]:
        """Return the requests: one statement for all members of the level."""
        found = requests.of_members(info.context.read, {each.member for each in parents})
        return [
            [InCurrency(one, each) for one in found.get(each.member, ()) if one.unit == each.currency.unit.code]
            for each in parents
        ]

    @staticmethod
    def resolve_withdrawal_quote(parents: Sequence[Holding], info: Info) -> list[InCurrency]:
        """Return the quotes; two statements for each currency that is asked for."""
        context = info.context
        found = {
            currency.unit.code: quotes.quotes(context.read, book_of(info), currency, members, context.now)
            for currency, members in _by_currency(parents)
        }
        return [InCurrency(found[each.currency.unit.code][each.member], each) for each in parents]


class StoredValueMember(Object, policy=owner_or_permission("members.read")):
    """What this plugin adds to a member."""

    stored_value = Field(
        StoredValue,
        description="What the member has of a currency; null where there is no such currency.",
        reads=("id",),
        currency=graphene.String(description="The unit, such as `USD`; the program's own where left out."),
    )

    @staticmethod
    def resolve_stored_value(parents: Sequence[Any], info: Info, currency: str | None = None) -> list[Holding | None]:
        """Return what they have."""
        context = info.context
        known = book_of(info).currencies.get(currency or context.kit.settings.currency.code)
        if known is None:
            return [None] * len(parents)
        ids = tuple(dict.fromkeys(member.id for member in parents))
        only = info.needs()  # of a balance: that is what the fields above say that they read
        found = context.once(("stored_value", ids, only), lambda: balances(context.read, ids, context.now, only=only))
        has = {member: {each.kind: each for each in kinds} for member, kinds in found.items()}
        return [
            Holding(each.id, known, has[each.id].get(known.principal), has[each.id].get(known.bonus))
            for each in parents
        ]


def book_of(info: Info) -> Book:
    """Return what the program says now."""
    book: Book = info.context.kit.program.sections["stored_value"]
    return book


def _by_currency(parents: Sequence[Holding]) -> list[tuple[Currency, list[str]]]:
    members: dict[str, dict[str, None]] = {}
    for each in parents:
        members.setdefault(each.currency.unit.code, {})[each.member] = None
    known = {each.currency.unit.code: each.currency for each in parents}
    return [(known[unit], list(ids)) for unit, ids in members.items()]


class WholeMember(StoredValueMember, ReportsMember, policy=owner_or_permission("members.read")):
    """What this plugin adds to a member."""


class WholeMutation(StoredValueMutation, ReportsMutation):
    """What this plugin adds to the mutations."""


def graph() -> Graph:
    """Return what this plugin adds to the schema."""
    extends: dict[type, type] = {Member: WholeMember, Query: ReportsQuery, Mutation: WholeMutation}
    return Graph(extends=extends, examples=(*EXAMPLES, *REPORT_EXAMPLES), blocking=False)
