"""The activity type, the permission and the error that the plugin brings."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from corekit import ActivityType, ErrorText, Permission


class AdjustmentSchema(Schema):
    """The payload of an adjustment."""

    reason = fields.String(required=True, validate=validate.Length(1, 500))


ADJUSTMENT = ActivityType(
    name="points.adjustment",
    description="Points given or taken by hand; the unit says of which currency.",
    schema=AdjustmentSchema,
    amount="own",
    signed=True,
    command=True,
)
ADJUST = Permission(name="points.adjust", description="Give or take points by hand.")
CURRENCY_UNKNOWN = ErrorText("POINTS_CURRENCY_UNKNOWN", "There is no currency {currency}.", "没有积分币种 {currency}。")
