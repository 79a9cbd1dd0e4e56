"""How far plugins are told what happened, for those who look after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import graphene
from marshmallow import fields

from corekit import NotFound
from corekit.outbox import standing
from corekit.outbox.delivery import Outbox
from corekit_schema.context import Info
from corekit_schema.fields import Field, Object, listed
from corekit_schema.ids import global_id
from corekit_schema.inputs import GlobalId, Input
from corekit_schema.mutations import MutationField, Payload, invalid
from corekit_schema.permissions import DELIVER
from corekit_schema.policies import permission, public
from corekit_schema.scalars import JSON, DateTime


def _ids(type_: str, attribute: str) -> Callable[..., list[str]]:
    def resolve(parents: Sequence[Any], _info: Info) -> list[str]:
        return [global_id(type_, getattr(each, attribute)) for each in parents]

    return resolve


class DeadLetter(Object, policy=public):
    """An event at which a plugin raised until it was given up."""

    position = Field(graphene.String, required=True, description="Its place in the outbox.")
    type = Field(graphene.String, required=True, description="The activity's type, such as `purchase`.")
    activity_id = Field(
        graphene.ID, required=True, description="The activity.", resolve=_ids("Activity", "activity_id")
    )
    member_id = Field(graphene.ID, required=True, description="The member.", resolve=_ids("Member", "member"))
    attempts = Field(graphene.Int, required=True, description="How often the plugin raised.")
    failed_at = Field(DateTime, required=True, description="When it did so last.")
    reason = Field(JSON, required=True, description="What it raised, and where.")


class PluginDelivery(Object, policy=public):
    """How far a plugin is told what happened."""

    plugin = Field(graphene.String, required=True, description="Its name.")
    enabled = Field(graphene.Boolean, required=True, description="Whether it is on and wants to know.")
    lag = Field(graphene.Int, required=True, description="How many events it has not been told yet.")
    oldest = Field(DateTime, description="When the first of these was recorded.")
    waiting = Field(graphene.Int, required=True, description="How many were put off, or wait behind one that was.")
    members = Field(graphene.Int, required=True, description="How many members these are about.")
    dead = Field(graphene.Int, required=True, description="How many were given up.")
    dead_letters = Field(
        listed(DeadLetter),
        description=f"What was given up, the oldest first; {standing.MOST} at most.",
    )

    @staticmethod
    def resolve_dead_letters(parents: Sequence[Any], info: Info) -> list[list[Any]]:
        """Return the dead letters of each."""
        found = standing.dead_letters(info.context.read, [each.plugin for each in parents], standing.MOST)
        return [[letter for letter in found if letter.plugin == each.plugin] for each in parents]


def _deliveries(_parents: Sequence[Any], info: Info) -> list[Any]:
    return [standing.standings(info.context.read, info.context.kit.outbox.plugins)]


DELIVERIES = Field(
    listed(PluginDelivery),
    policy=permission(DELIVER),
    resolve=_deliveries,
    description="How far each plugin is told what happened.",
)


class DeliveriesPayload(Payload, policy=public):
    """What became of letters."""

    letters = Field(graphene.Int, description="How many letters that were.")


class _Letters(Input):
    plugin = fields.String(required=True, metadata={"description": "The plugin to which they go."})
    member_id = GlobalId(
        "Member", load_default=None, metadata={"description": "Only what is about this member; all where left out."}
    )


class RetryDeliveriesInput(_Letters):
    """Letters that are to be delivered again at once: what was given up, and what was put off."""


class SkipDeliveriesInput(_Letters):
    """Letters that are given up for good; what stands behind them is delivered."""


def _changing(change: Callable[..., int]) -> Callable[[Info, Mapping[str, Any]], Any]:
    def run(info: Info, values: Mapping[str, Any]) -> dict[str, int]:
        try:
            kit, actor = info.context.kit, info.context.viewer.actor
            return {"letters": change(kit.outbox, values["plugin"], values["member_id"], actor=actor)}
        except NotFound as error:
            raise invalid("NOT_FOUND", error.message, "plugin") from None

    return run


RETRY = MutationField(
    RetryDeliveriesInput,
    _changing(Outbox.retry),
    payload=DeliveriesPayload,
    policy=permission(DELIVER),
    description="Let a plugin be told again, at once, what it was not told because it raised.",
)
SKIP = MutationField(
    SkipDeliveriesInput,
    _changing(Outbox.skip),
    payload=DeliveriesPayload,
    policy=permission(DELIVER),
    description="Give up for good what a plugin raised at.",
)
