"""The activity types, the permissions and the codes that the plugin brings."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from corekit import ActivityType, Permission

_TEXT = validate.Length(1, 200)


class TopUpSchema(Schema):
    """How a top-up was paid, and where."""

    channel = fields.String(required=True, validate=_TEXT)
    reference = fields.String(validate=_TEXT)
    store = fields.String(validate=_TEXT)


TOPPED_UP = ActivityType(
    name="stored_value.topped_up",
    description="A member paid money in; the unit says in which currency.",
    schema=TopUpSchema,
    amount="own",
    command=True,
)
TOP_UP = Permission(name="stored_value.top_up", description="Take money of members in.")
