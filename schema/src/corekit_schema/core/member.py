"""Members: who they are, what they have, where they stand, what they did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from operator import attrgetter
from typing import Any

import graphene

from corekit.activities import read as activity_reads
from corekit.clock import LAST_INSTANT, moment
from corekit.ledger import read as ledger_reads
from corekit.ledger.history import balances_at, expiring_at
from corekit.ledger.read import Balance as BalanceValue
from corekit.members import history
from corekit.members import read as member_reads
from corekit.members.read import Member as MemberValue
from corekit.paging import Page
from corekit.tiers import read as tier_reads
from corekit.tiers.benefits import Benefit as BenefitValue
from corekit.tiers.benefits import benefits
from corekit.tiers.evaluate import Progress as ProgressValue
from corekit.tiers.read import Standing as StandingValue
from corekit_schema.connections import ConnectionField
from corekit_schema.context import Info
from corekit_schema.core.activity import Activity
from corekit_schema.core.amounts import Balance, Entry, ExpiringAmount, ExpiringValue, StatementEntry
from corekit_schema.core.holds import Hold, holds_of
from corekit_schema.core.known import Consent, ExternalId, GroupPlace, ProfileChange
from corekit_schema.core.offers import Offers, offers_of
from corekit_schema.core.purchases import Consumption, ConsumptionBy, Purchase
from corekit_schema.core.standing import Progress, Standing, TierBenefit, TierTime
from corekit_schema.fields import Field, Object, listed
from corekit_schema.inputs import as_of
from corekit_schema.mutations import invalid
from corekit_schema.nodes import Node
from corekit_schema.permissions import READ
from corekit_schema.policies import owner_or_permission, permission
from corekit_schema.scalars import JSON, AmountValue, DateTime

_KIND = graphene.Argument(graphene.String, required=True, description="The account kind, such as `points`.")

_AT = graphene.Argument(DateTime, description="As of this instant; now where left out.")

_BY = graphene.Argument(
    TierTime,
    required=True,
    default_value=TierTime.RECORDED,
    description="As of `at` by what was recorded until then, or by what had occurred as far as is known now.",
)


class MemberState(graphene.Enum):
    """Where a member is in its life."""

    PENDING = "pending"
    ACTIVE = "active"
    FROZEN = "frozen"
    DORMANT = "dormant"
    CANCELLED = "cancelled"
    MERGED = "merged"


class Member(
    Object,
    policy=owner_or_permission(READ),
    owner="id",
    interfaces=(Node,),
    possible_types=(MemberValue,),
):
    """A person or company that takes part in the program."""

    external_id = Field(graphene.String, description="What another system calls the member.")
    state = Field(MemberState, required=True, description="Where the member is in its life.")
    name = Field(graphene.String, description="What the member is called.")
    channel = Field(graphene.String, required=True, description="Where the member registered, such as `pos`.")
    email = Field(graphene.String, description="E-mail address.")
    phone = Field(graphene.String, description="Telephone number.")
    attributes = Field(
        JSON, required=True, description="Custom attributes, as the settings declare them.", reads=("attributes",)
    )
    number = Field(graphene.String, description="The member number; its last digit is a check digit.")
    kind = Field(graphene.String, required=True, description="What the member is, such as `consumer`.")
    birthday = Field(graphene.String, description="Date of birth, such as 1990-02-28.")
    sections = Field(
        JSON,
        required=True,
        description="The sections `identity`, `occupation`, `lifestyle` and `preferences`.",
        reads=("sections",),
    )
    merged_into = Field(
        lambda: Member,
        description="Of whom a merged member is a part; null where it is not merged.",
        reads=("merged_into",),
    )
    merged_members = Field(listed(lambda: Member), description="The members who are a part of this one.", reads=("id",))
    valid_until = Field(DateTime, description="When the membership ends; null where it has no end.")
    external_ids = Field(listed(ExternalId), description="What further systems call the member.", reads=("id",))
    tags = Field(listed(graphene.String), description="The tags on the member, sorted.", reads=("id",))
    groups = Field(
        listed(GroupPlace), description="The families and companies to which the member belongs.", reads=("id",)
    )
    consents = Field(listed(Consent), description="What the member consented to, or no longer does.", reads=("id",))
    changes = Field(
        graphene.List(graphene.NonNull(ProfileChange)),
        first=graphene.Argument(
            graphene.Int, required=True, default_value=50, description="Of how many activities, 1,000 at most."
        ),
        policy=permission(READ),
        description="Who changed what of the profile, newest first; null where the viewer may not see it.",
        reads=("id",),
    )
    joined_at = Field(DateTime, required=True, description="When the member registered.")
    balances = Field(listed(Balance), at=_AT, description="What the member has, by account kind.", reads=("id",))
    balance = Field(
        Balance,
        kind=_KIND,
        at=_AT,
        description="What the member has of one account kind; null where nothing ever.",
        reads=("id",),
    )
    holds = Field(
        listed(Hold), resolve=holds_of, description="What is set aside of the member's accounts.", reads=("id",)
    )
    statement = ConnectionField(
        StatementEntry,
        kind=_KIND,
        at=_AT,
        description="What moved on one account, newest first; null where nothing ever.",
        reads=("id",),
    )
    expiring = Field(
        listed(ExpiringAmount),
        kind=_KIND,
        at=_AT,
        within=graphene.Argument(
            graphene.Int, required=True, default_value=30, description="How many days to look ahead."
        ),
        description="What lapses soon, soonest first.",
        reads=("id",),
    )
    activities = ConnectionField(
        Activity,
        type=graphene.Argument(graphene.String, description="Only activities of this type."),
        description="What happened, newest first.",
        reads=("id",),
    )
    purchases = ConnectionField(
        Purchase,
        category=graphene.Argument(graphene.String, description="Only purchases with such a line, and those lines."),
        sku=graphene.Argument(graphene.String, description="Only purchases with this article, and those lines."),
        description="Sales slips, newest first.",
        reads=("id",),
    )
    consumption = Field(
        listed(Consumption),
        by=graphene.Argument(
            ConsumptionBy,
            required=True,
            default_value=ConsumptionBy.CATEGORY,
            description="What to sum by.",
        ),
        description="What the member buys, most money first; purchases that were taken back do not count.",
        reads=("id",),
    )
    tier = Field(
        Standing,
        ladder=graphene.Argument(
            graphene.String, description="Code of the ladder; the program's first where left out."
        ),
        at=_AT,
        by=_BY,
        description="Where the member stands on a ladder; null where it stands nowhere.",
        reads=("id",),
    )
    tiers = Field(
        listed(Standing), at=_AT, by=_BY, description="Where the member stands, on each ladder.", reads=("id",)
    )
    tier_benefits = Field(
        listed(TierBenefit), description="What its tiers bring, and what is left of each quota.", reads=("id",)
    )
    tier_history = Field(listed(Standing), description="Every stay in a tier, by ladder, oldest first.", reads=("id",))
    offers = Field(
        Offers,
        required=True,
        resolve=offers_of,
        cost=20,
        blocking=True,
        description="What the member can have now, and of what it cannot have, why not.",
        reads=("id",),
    )
    progress = Field(listed(Progress), description="How far the next tier is, on each ladder.", reads=("id",))

    @staticmethod
    def load_nodes(identifiers: Sequence[str], info: Info) -> list[MemberValue | None]:
        """Return members by id."""
        return by_id(identifiers, info)

    @staticmethod
    def resolve_attributes(parents: Sequence[MemberValue], _info: Info) -> list[dict[str, Any]]:
        """Return the attributes as JSON."""
        return [dict(member.attributes) for member in parents]

    @staticmethod
    def resolve_sections(parents: Sequence[MemberValue], _info: Info) -> list[dict[str, Any]]:
        """Return the sections as JSON."""
        return [dict(member.sections) for member in parents]

    @staticmethod
    def resolve_external_ids(parents: Sequence[MemberValue], info: Info) -> list[Any]:
        """Return what other systems call them."""
        return _each(member_reads.external_ids, parents, info)

    @staticmethod
    def resolve_tags(parents: Sequence[MemberValue], info: Info) -> list[Any]:
        """Return their tags."""
        return _each(member_reads.tags, parents, info)

    @staticmethod
    def resolve_groups(parents: Sequence[MemberValue], info: Info) -> list[Any]:
        """Return their groups."""
        return _each(member_reads.groups, parents, info)

    @staticmethod
    def resolve_merged_into(parents: Sequence[MemberValue], info: Info) -> list[MemberValue | None]:
        """Return of whom they are a part."""
        return by_id([each.merged_into or "" for each in parents], info, info.needs())

    @staticmethod
    def resolve_merged_members(parents: Sequence[MemberValue], info: Info) -> list[list[MemberValue]]:
        """Return who is a part of them."""
        found = member_reads.parts(info.context.read, [each.id for each in parents])
        known = member_reads.members(info.context.read, [part for each in found.values() for part in each])
        return [[known[part] for part in found[each.id]] for each in parents]

    @staticmethod
    def resolve_consents(parents: Sequence[MemberValue], info: Info) -> list[Any]:
        """Return their consents."""
        return _each(member_reads.consents, parents, info)

    @staticmethod
    def resolve_changes(parents: Sequence[MemberValue], info: Info, first: int) -> list[Any]:
        """Return what was changed of their profiles."""
        found = history.changes(info.context.read, [each.id for each in parents], first)
        return [found[each.id] for each in parents]

    @staticmethod
    def resolve_balances(parents: Sequence[MemberValue], info: Info, at: Any = None) -> list[list[BalanceValue]]:
        """Return what they have."""
        return _balances(parents, info, at, info.needs())

    @staticmethod
    def resolve_balance(
        parents: Sequence[MemberValue], info: Info, kind: str, at: Any = None
    ) -> list[BalanceValue | None]:
        """Return what they have of a kind."""
        return [_of_kind(found, kind) for found in _balances(parents, info, at, info.needs())]

    @staticmethod
    def resolve_statement(
        parents: Sequence[MemberValue], info: Info, kind: str, at: Any = None, **span: Any
    ) -> list[Page[Entry] | None]:
        """Return the pages of their statements."""
        accounts = [_of_kind(found, kind) for found in _balances(parents, info, at, frozenset())]
        wanted = [each.account for each in accounts if each is not None]
        pages = ledger_reads.statement(info.context.read, wanted, as_of(at), **span)
        return [
            pages[of.account].map(partial(Entry, unit=of.unit, scale=of.scale)) if of is not None else None
            for of in accounts
        ]

    @staticmethod
    def resolve_expiring(
        parents: Sequence[MemberValue], info: Info, kind: str, within: int, at: Any = None
    ) -> list[list[ExpiringValue]]:
        """Return what lapses soon."""
        if _nowhere(kind):
            return [[] for _ in parents]
        context, then = info.context, as_of(at)
        read = ledger_reads.expiring if then is None else expiring_at
        if not 0 <= within <= FARTHEST:
            raise invalid("RANGE", f"Look 0 to {FARTHEST} days ahead.", "within", min=0, max=FARTHEST)
        now = then or context.now
        until = now + min(timedelta(days=within), _LAST - now)
        found = read(context.read, [each.id for each in parents], kind, until, now)
        unit = context.chart.unit_of(kind)
        scale = context.chart.scale(unit)
        return [
            [ExpiringValue(lot.at, AmountValue(lot.amount, unit, scale)) for lot in found[each.id]] for each in parents
        ]

    @staticmethod
    def resolve_activities(parents: Sequence[MemberValue], info: Info, **span: Any) -> list[Page[Any]]:
        """Return the pages of their activities."""
        if _nowhere(span.get("type")):
            return [Page(total=0) for _ in parents]
        ids, only = [each.id for each in parents], info.needs("nodes", "edges.node")
        found = activity_reads.activities_of(info.context.read, ids, only=only, **span)
        return [found[each.id] for each in parents]

    @staticmethod
    def resolve_purchases(parents: Sequence[MemberValue], info: Info, **span: Any) -> list[Page[Any]]:
        """Return the pages of their sales slips."""
        if _nowhere(span.get("category"), span.get("sku")):
            return [Page(total=0) for _ in parents]
        found = activity_reads.slips(info.context.read, [each.id for each in parents], **span)
        return [found[each.id] for each in parents]

    @staticmethod
    def resolve_consumption(parents: Sequence[MemberValue], info: Info, by: Any) -> list[Any]:
        """Return what they buy."""
        found = activity_reads.consumption(info.context.read, [each.id for each in parents], getattr(by, "value", by))
        return [found[each.id] for each in parents]

    @staticmethod
    def resolve_tier(
        parents: Sequence[MemberValue], info: Info, by: Any, ladder: str | None = None, at: Any = None
    ) -> list[StandingValue | None]:
        """Return where they stand on a ladder."""
        ladders = info.context.kit.program.ladders
        code = ladder or (ladders[0].code if ladders else None)
        found = _standings(parents, info, at, by, info.needs())
        of_ladder = {each.member: each for standings in found for each in standings if each.ladder == code}
        return [of_ladder.get(each.id) for each in parents]

    @staticmethod
    def resolve_tiers(parents: Sequence[MemberValue], info: Info, by: Any, at: Any = None) -> list[list[StandingValue]]:
        """Return where they stand."""
        return _standings(parents, info, at, by, info.needs())

    @staticmethod
    def resolve_tier_benefits(parents: Sequence[MemberValue], info: Info) -> list[list[BenefitValue]]:
        """Return what their tiers bring."""
        context = info.context
        ids = [each.id for each in parents]
        found = benefits(context.kit.program, context.read, ids, context.now, context.kit.zone)
        return [found[each.id] for each in parents]

    @staticmethod
    def resolve_tier_history(parents: Sequence[MemberValue], info: Info) -> list[list[StandingValue]]:
        """Return where they ever stood."""
        found = tier_reads.history(info.context.read, [each.id for each in parents])
        return [found[each.id] for each in parents]

    @staticmethod
    def resolve_progress(parents: Sequence[MemberValue], info: Info) -> list[list[ProgressValue]]:
        """Return how far the next tiers are."""
        context = info.context
        ids = [each.id for each in parents]
        found = tier_reads.progress(context.kit.program, context.read, ids, context.now, context.kit.zone)
        return [found[each.id] for each in parents]


def _each(of: Callable[..., Mapping[str, Any]], parents: Sequence[MemberValue], info: Info) -> list[Any]:
    found = of(info.context.read, [each.id for each in parents])
    return [found[each.id] for each in parents]


FARTHEST = 36_500
"""Days that one can look ahead: a century."""
_LAST = moment(LAST_INSTANT)
_ID = attrgetter("id")


def _nowhere(*texts: str | None) -> bool:
    """Say whether no stored text can be one of these: none holds NUL, and PostgreSQL would not even compare."""
    return any("\0" in text for text in texts if text is not None)


def by_id(identifiers: Sequence[str], info: Info, only: frozenset[str] | None = None) -> list[MemberValue | None]:
    """Return a member for each id, or None; where ``only`` some fields will be looked at, others may be None."""
    found = member_reads.members(info.context.read, sorted(set(identifiers)), only=only)
    return [found.get(key) for key in identifiers]


def _balances(
    parents: Sequence[MemberValue], info: Info, at: Any, only: frozenset[str] | None
) -> list[list[BalanceValue]]:
    context, ids, then = info.context, tuple(dict.fromkeys(map(_ID, parents))), as_of(at)

    def read() -> dict[str, list[BalanceValue]]:
        if then is not None:
            return balances_at(context.read, ids, then)
        return ledger_reads.balances(context.read, ids, context.now, only=only)

    found = context.once(("balances", ids, then, only), read)
    return [found[each.id] for each in parents]


def _of_kind(found: Sequence[BalanceValue], kind: str) -> BalanceValue | None:
    return next((each for each in found if each.kind == kind), None)


def _standings(
    parents: Sequence[MemberValue], info: Info, at: Any, by: Any, only: frozenset[str] | None
) -> list[list[StandingValue]]:
    context, ids = info.context, tuple(dict.fromkeys(map(_ID, parents)))
    moment, time = as_of(at), getattr(by, "value", by)
    found = context.once(
        ("standing", ids, moment, time, only),
        lambda: tier_reads.standing(context.read, ids, moment, by=time, only=only),
    )
    return [found[each.id] for each in parents]
