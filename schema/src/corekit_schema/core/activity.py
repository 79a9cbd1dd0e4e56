"""Activities: what happened, what it did, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import graphene
from attrs import frozen

from corekit.activities import read as reads
from corekit.activities.activity import WHOLE
from corekit.activities.activity import Line as LineValue
from corekit.activities.views import ActivityView, EffectView, Explanation
from corekit.activities.why import why
from corekit_schema.context import Info
from corekit_schema.core import explanation, member
from corekit_schema.core.effects import Effect
from corekit_schema.core.skipped import SkippedRule
from corekit_schema.fields import Field, Object, listed
from corekit_schema.nodes import Node
from corekit_schema.permissions import READ
from corekit_schema.policies import owner_or_permission, public
from corekit_schema.scalars import JSON, Amount, AmountValue, DateTime


class ActivityState(graphene.Enum):
    """What became of an activity."""

    SETTLED = "settled"
    FAILED = "failed"


@frozen
class LineOf:
    """The value behind :class:`Line`: a line, and the unit of its activity."""

    line: LineValue
    unit: str | None


def in_unit(lines: Sequence[LineValue], activity: ActivityView) -> list[LineOf]:
    """Return lines with the unit of their activity."""
    return [LineOf(line, activity.unit) for line in lines]


class Line(Object, policy=public):
    """One line of a purchase."""

    no = Field(graphene.Int, required=True, source="line.no", description="Numbers it within its activity.")
    amount = Field(Amount, description="Price of the whole line.")
    sku = Field(graphene.String, source="line.sku", description="The article.")
    category = Field(graphene.String, source="line.category", description="What kind of article it is.")
    quantity = Field(graphene.Float, required=True, description="How many, or how much of what it is sold by.")
    flags = Field(
        listed(graphene.String), source="line.flags", description="What rules look for, such as `special_offer`."
    )

    @staticmethod
    def resolve_amount(parents: Sequence[LineOf], info: Info) -> list[AmountValue | None]:
        """Return the prices."""
        return [amount_in(each.line.amount, each.unit, info) for each in parents]

    @staticmethod
    def resolve_quantity(parents: Sequence[LineOf], _info: Info) -> list[float]:
        """Return the quantities in pieces; they are kept in thousandths."""
        return [each.line.quantity / WHOLE for each in parents]


class Activity(
    Object,
    policy=owner_or_permission(READ),
    owner="member",
    interfaces=(Node,),
    possible_types=(ActivityView,),
):
    """A fact about one member, recorded once and never changed."""

    type = Field(graphene.String, required=True, description="Its type, such as `purchase`.")
    state = Field(ActivityState, required=True, description="What became of it.")
    member = Field(lambda: member.Member, description="Whom it is about.", reads=("member",))
    occurred_at = Field(DateTime, required=True, description="When it happened.")
    recorded_at = Field(DateTime, required=True, description="When it was recorded.")
    source = Field(graphene.String, required=True, description="Who recorded it, such as `api`.")
    external_id = Field(graphene.String, required=True, description="Its key within the source.")
    amount = Field(Amount, description="Its amount; null where its type has none.", reads=("amount", "unit"))
    payload = Field(JSON, required=True, description="What else it says, as its type declares.", reads=("payload",))
    actor = Field(graphene.String, description="Who caused it, such as `staff:mira`.")
    lines = Field(listed(Line), description="Its lines, by number.", reads=("id", "unit"))
    effects = Field(listed(Effect), description="What it did, in that order.", reads=("id",))
    skipped = Field(listed(SkippedRule), description="The rules that did not fire for it, and why.")
    parent = Field(lambda: Activity, description="The activity whose effect caused this one.", reads=("parent",))
    follow_ons = Field(listed(lambda: Activity), description="The activities that its effects caused.", reads=("id",))
    reverses = Field(lambda: Activity, description="The activity that this one takes back.", reads=("reverses",))
    reversed_by = Field(listed(lambda: Activity), description="The activities that take this one back.", reads=("id",))
    why = Field(lambda: explanation.Explanation, description="Everything that explains it.", reads=("id",))

    @staticmethod
    def load_nodes(identifiers: Sequence[str], info: Info) -> list[ActivityView | None]:
        """Return activities by id."""
        return by_id(identifiers, info)

    @staticmethod
    def resolve_member(parents: Sequence[ActivityView], info: Info) -> list[Any]:
        """Return the members."""
        return member.by_id([each.member for each in parents], info, info.needs())

    @staticmethod
    def resolve_amount(parents: Sequence[ActivityView], info: Info) -> list[AmountValue | None]:
        """Return the amounts."""
        return info.context.amounts([each.amount for each in parents], [each.unit for each in parents])

    @staticmethod
    def resolve_payload(parents: Sequence[ActivityView], _info: Info) -> list[dict[str, Any]]:
        """Return the payloads as JSON."""
        return [dict(each.payload) for each in parents]

    @staticmethod
    def resolve_lines(parents: Sequence[ActivityView], info: Info) -> list[list[LineOf]]:
        """Return the lines."""
        found = reads.lines(info.context.read, [each.id for each in parents])
        return [in_unit(found[each.id], each) for each in parents]

    @staticmethod
    def resolve_effects(parents: Sequence[ActivityView], info: Info) -> list[list[EffectView]]:
        """Return the effects."""
        found = reads.effects(info.context.read, [each.id for each in parents])
        return [found[each.id] for each in parents]

    @staticmethod
    def resolve_parent(parents: Sequence[ActivityView], info: Info) -> list[Any]:
        """Return the causes."""
        return by_id([each.parent for each in parents], info, info.needs())

    @staticmethod
    def resolve_reverses(parents: Sequence[ActivityView], info: Info) -> list[Any]:
        """Return what they take back."""
        return by_id([each.reverses for each in parents], info, info.needs())

    @staticmethod
    def resolve_follow_ons(parents: Sequence[ActivityView], info: Info) -> list[Sequence[ActivityView]]:
        """Return what they caused."""
        found = _explained(parents, info)
        return [found[each.id].follow_ons for each in parents]

    @staticmethod
    def resolve_reversed_by(parents: Sequence[ActivityView], info: Info) -> list[Sequence[ActivityView]]:
        """Return what takes them back."""
        found = _explained(parents, info)
        return [found[each.id].reversed_by for each in parents]

    @staticmethod
    def resolve_why(parents: Sequence[ActivityView], info: Info) -> list[Explanation]:
        """Return the explanations."""
        found = _explained(parents, info)
        return [found[each.id] for each in parents]


def by_id(identifiers: Sequence[str | None], info: Info, only: frozenset[str] | None = None) -> list[Any]:
    """Return an activity for each id, or None; where ``only`` some fields will be looked at, others may be None."""
    wanted = {key for key in identifiers if key is not None}
    found = reads.activities(info.context.read, sorted(wanted), only=only) if wanted else {}
    return [found.get(key) if key is not None else None for key in identifiers]


def amount_in(minor: int, unit: str | None, info: Info) -> AmountValue | None:
    """Return an amount of a unit; None where there is no unit, since then there is no amount."""
    return info.context.amount(minor, unit) if unit is not None else None


def _explained(parents: Sequence[ActivityView], info: Info) -> Mapping[str, Explanation]:
    ids = tuple(dict.fromkeys(each.id for each in parents))
    return info.context.once(("why", ids), lambda: why(info.context.read, ids))
