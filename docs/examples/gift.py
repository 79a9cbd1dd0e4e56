"""A gift for joining: as many points as the program says, for the channels that the settings name."""

from __future__ import annotations

from collections.abc import Iterator

from marshmallow import Schema, fields, validate

from corekit import Batch, Credit, Declares, Effect, Facts, Section, hookimpl


class GiftSettings(Schema):
    """``[plugins.gift]`` in corekit.toml: what differs from one installation to another."""

    channels = fields.List(fields.String(), load_default=("web",))


class GiftProgram(Schema):
    """``[gift]`` in the program: what the people who run it decide."""

    points = fields.Integer(strict=True, load_default=100, validate=validate.Range(1, 10_000))


@hookimpl
def corekit_declare() -> Declares:
    """Declare both sections; gifts go to the accounts of points."""
    return Declares(requires=["points"], settings=GiftSettings, program=Section(schema=GiftProgram))


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Give the gift."""
    for activity in batch.of("member.registered"):
        if activity.payload.get("channel") in facts.settings["channels"]:
            yield Credit(activity, account="points", amount=facts.program(activity)["points"], rule="gift@1")
