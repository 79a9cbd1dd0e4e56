"""Plugins: which are on, which are suspended, suspending and resuming them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import graphene
from attrs import frozen
from marshmallow import fields, validate

from corekit import NotFound
from corekit.suspension.suspensions import read_suspensions
from corekit_schema.context import Info
from corekit_schema.fields import Field, Object, listed
from corekit_schema.inputs import Input
from corekit_schema.mutations import MutationField, Payload, invalid
from corekit_schema.permissions import READ_PLUGINS, SUSPEND_PLUGINS
from corekit_schema.policies import permission, public
from corekit_schema.scalars import DateTime
from corekit_schema.usererrors import UserErrorValue


@frozen
class PluginValue:
    """The value behind :class:`Plugin`."""

    name: str
    distribution: str
    version: str | None
    suspended_at: datetime | None
    reason: str | None
    actor: str | None


class Plugin(Object, policy=public):
    """A plugin that is on, and whether it is called."""

    name = Field(graphene.String, required=True, description="Its name.")
    distribution = Field(graphene.String, required=True, description="What installed it.")
    version = Field(graphene.String, description="Of which version that is.")
    suspended_at = Field(DateTime, description="Since when it is not called; null: it is.")
    reason = Field(graphene.String, description="Why it is not called.")
    actor = Field(graphene.String, description="Who suspended it; null: the breaker, or it is called.")


@frozen(kw_only=True)
class Changed:
    """The value behind the payloads."""

    plugin: PluginValue | None = None
    user_errors: Sequence[UserErrorValue] = ()


class SuspendPluginPayload(Payload, policy=public):
    """The plugin that is not called any more."""

    plugin = Field(Plugin, description="The plugin; null where the input is not valid.")


class ResumePluginPayload(Payload, policy=public):
    """The plugin that is called again."""

    plugin = Field(Plugin, description="The plugin; null where the input is not valid.")


class ResumePluginInput(Input):
    """A plugin that is to be called again."""

    name = fields.String(
        required=True, validate=validate.Length(1, 200), metadata={"description": "Which plugin, such as `points`."}
    )


class SuspendPluginInput(ResumePluginInput):
    """A plugin that is not to be called."""

    reason = fields.String(
        load_default="", validate=validate.Length(max=500), metadata={"description": "Why; who waits for it is told."}
    )


def _all(info: Info) -> list[PluginValue]:
    resting = read_suspensions(info.context.read).plugins
    found: list[PluginValue] = []
    for each in info.context.kit.plugins:
        suspension = resting.get(each.name)
        told = (suspension.since, suspension.reason, suspension.actor) if suspension is not None else (None, None, None)
        found.append(PluginValue(each.name, each.distribution, each.version, *told))
    return found


def _plugins(parents: Sequence[Any], info: Info) -> list[Any]:
    return [_all(info) for _ in parents]


def _changed(info: Info, name: str) -> Changed:
    info.context.refresh()
    return Changed(plugin=next(each for each in _all(info) if each.name == name))


def _suspend(info: Info, values: Mapping[str, Any]) -> Changed:
    context = info.context
    try:
        context.kit.suspend(values["name"], values["reason"], actor=context.viewer.actor)
    except NotFound as error:
        raise invalid("NOT_FOUND", error.message, "name") from None
    return _changed(info, values["name"])


def _resume(info: Info, values: Mapping[str, Any]) -> Changed:
    context = info.context
    try:
        context.kit.resume(values["name"], actor=context.viewer.actor)
    except NotFound as error:
        raise invalid("NOT_FOUND", error.message, "name") from None
    return _changed(info, values["name"])


PLUGINS = Field(
    listed(Plugin),
    policy=permission(READ_PLUGINS),
    description="The plugins that are on, in their order.",
    resolve=_plugins,
)
SUSPEND_PLUGIN = MutationField(
    SuspendPluginInput,
    _suspend,
    payload=SuspendPluginPayload,
    policy=permission(SUSPEND_PLUGINS),
    description="Let no process call a plugin until it is resumed: what it may react to is answered PLUGIN_SUSPENDED.",
)
RESUME_PLUGIN = MutationField(
    ResumePluginInput,
    _resume,
    payload=ResumePluginPayload,
    policy=permission(SUSPEND_PLUGINS),
    description="Let a plugin be called again; what waited for it is settled by the next worker.",
)
