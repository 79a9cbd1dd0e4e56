"""The names that the plugin leaves outside itself: activity types, permissions, codes."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from corekit import ActivityType, ErrorText, Permission

_NAME = validate.Length(1, 40)
_REASON = validate.Length(1, 500)
_MOST_SHOWN = 1_000


class _MedalSchema(Schema):
    medal = fields.String(required=True, validate=_NAME)
    level = fields.Integer(strict=True, load_default=1, validate=validate.Range(1, 100))


class ByHandSchema(_MedalSchema):
    """Which medal, and why it is given or taken."""

    reason = fields.String(required=True, validate=_REASON)


class FoundSchema(_MedalSchema):
    """Which medal was met when."""

    since = fields.Integer(strict=True, required=True)
    rule = fields.String()


class WonSchema(_MedalSchema):
    """Which medal, since when, and how it was awarded."""

    since = fields.AwareDateTime(required=True)
    reason = fields.String(required=True)


class ArrangedSchema(Schema):
    """Which medals are pinned, and which others follow, each in the order in which they are shown."""

    pinned = fields.List(fields.String(validate=_NAME), load_default=list, validate=validate.Length(max=_MOST_SHOWN))
    others = fields.List(fields.String(validate=_NAME), load_default=list, validate=validate.Length(max=_MOST_SHOWN))


AWARDED = ActivityType(
    name="medals.awarded", description="Staff gives a member a medal.", schema=ByHandSchema, command=True
)
REVOKED = ActivityType(
    name="medals.revoked", description="Staff takes a medal from a member.", schema=ByHandSchema, command=True
)
ARRANGED = ActivityType(
    name="medals.arranged",
    description="A member pins medals, and puts them in order.",
    schema=ArrangedSchema,
    command=True,
)
QUALIFIED = ActivityType(
    name="medals.qualified",
    description="A member is found to have met a medal's criteria before.",
    schema=FoundSchema,
    internal=True,
)
WON = ActivityType(
    name="medals.won",
    description="A member holds a medal from now on; the payload says which, since when, and why.",
    schema=WonSchema,
    internal=True,
)
REVIEWED = ActivityType(
    name="medals.reviewed",
    description="Something was taken back, so it is looked at again what it was awarded for.",
    internal=True,
)
ACTIVITIES = (AWARDED, REVOKED, ARRANGED, QUALIFIED, WON, REVIEWED)

AWARD = Permission(name="medals.award", description="Give members medals by hand.")
REVOKE = Permission(name="medals.revoke", description="Take medals from members by hand.")
ARRANGE = Permission(name="medals.arrange", description="Pin and order the medals of a member.")
REPORT = Permission(name="medals.report", description="See who holds medals, and what a back-fill would award.")
PERMISSIONS = (AWARD, REVOKE, ARRANGE, REPORT)

UNKNOWN = ErrorText("MEDALS_UNKNOWN", "There is no medal {medal}.", "没有勋章 {medal}。")
LEVEL_UNKNOWN = ErrorText(
    "MEDALS_LEVEL_UNKNOWN", "The medal {medal} has no level {level}.", "勋章 {medal} 没有等级 {level}。"
)
HELD = ErrorText(
    "MEDALS_HELD", "The member holds {medal}, level {level}, already.", "该会员已拥有勋章 {medal}（等级 {level}）。"
)
NOT_HELD = ErrorText(
    "MEDALS_NOT_HELD", "The member does not hold {medal}, level {level}.", "该会员没有勋章 {medal}（等级 {level}）。"
)
SOLD_OUT = ErrorText("MEDALS_EDITION_OUT", "All of this limited edition are given.", "该限量勋章已全部发放。")
TWICE = ErrorText("MEDALS_SHOWN_TWICE", "The medal {medal} is named twice.", "勋章 {medal} 重复。")
NOT_YOURS = ErrorText("MEDALS_NOT_YOURS", "These are the medals of somebody else.", "这是其他会员的勋章。")
ERRORS = (UNKNOWN, LEVEL_UNKNOWN, HELD, NOT_HELD, SOLD_OUT, TWICE, NOT_YOURS)
