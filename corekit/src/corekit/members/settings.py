"""``[corekit.members]`` in corekit.toml: how what a program says of its members is read."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from corekit.members.rules import EnrolmentPolicy, MemberRules, NumberForm

_WORD = validate.Regexp(r"^[a-z][a-z0-9_]{0,39}$", error="Use lower case letters, digits and underscores.")
_LONGEST_NUMBER = 30
_LEAST_DRAWN = 5


class NumberSettings(Schema):
    """What member numbers look like."""

    prefix = fields.String(
        load_default="",
        validate=validate.Regexp(r"^[0-9]{0,10}$", error="Use up to ten digits."),
        metadata={"description": "The digits with which every number begins."},
    )
    length = fields.Integer(
        strict=True,
        load_default=12,
        validate=validate.Range(6, _LONGEST_NUMBER),
        metadata={"description": "How many digits a number has, prefix and check digit included."},
    )
    check = fields.String(
        load_default="luhn",
        validate=validate.OneOf(["luhn", "iso7064"]),
        metadata={"description": "How the check digit is made: `luhn` (ISO/IEC 7812) or `iso7064` (MOD 11,10)."},
    )

    @validates_schema
    def room(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a form with too few numbers to draw from."""
        if data["length"] - len(data["prefix"]) <= _LEAST_DRAWN:
            raise ValidationError("Leave at least five digits between prefix and check digit.", "length")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> NumberForm:
        """Make the value."""
        return NumberForm(**data)


class EnrolmentSettings(Schema):
    """Who becomes a member, and how."""

    approval = fields.String(
        load_default="automatic",
        validate=validate.OneOf(["automatic", "manual"]),
        metadata={"description": "`manual` lets everybody begin as pending, until somebody approves."},
    )
    automatic = fields.List(
        fields.String(),
        load_default=(),
        metadata={"description": "Types of activities that register somebody unknown whom they name."},
    )
    minimum = fields.Integer(
        strict=True,
        load_default=0,
        validate=validate.Range(min=0),
        metadata={"description": "What such an activity must amount to, in minor units of the currency."},
    )
    fee = fields.Integer(
        strict=True,
        load_default=0,
        validate=validate.Range(min=0),
        metadata={"description": "What must have been paid for joining, in minor units of the currency."},
    )
    required = fields.List(
        fields.String(),
        load_default=(),
        metadata={"description": "Fields that must be given, such as `phone` or `identity.family_name`."},
    )
    invited = fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        metadata={"description": "Whether a member must have invited whoever joins."},
    )
    exempt = fields.List(
        fields.String(),
        load_default=("import",),
        metadata={"description": "Channels through which one joins without fee and invitation."},
    )

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> EnrolmentPolicy:
        """Make the value."""
        for name in ("automatic", "required", "exempt"):
            data[name] = tuple(data[name])
        return EnrolmentPolicy(**data)


class MemberSettings(Schema):
    """Everything that a program says of its members."""

    region = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp("^[A-Z]{2}$", error="Write a country like DE."),
        metadata={"description": "The country of telephone numbers that name none, such as `DE`."},
    )
    kinds = fields.List(
        fields.String(validate=_WORD),
        load_default=("consumer",),
        validate=validate.Length(min=1),
        metadata={"description": "What a member can be, such as `distributor`; the first where nothing is said."},
    )
    number = fields.Nested(
        NumberSettings, load_default=NumberForm(), metadata={"description": "What member numbers look like."}
    )
    validity_months = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, 1200),
        metadata={"description": "How many months a membership holds; for ever where nothing is said."},
    )
    grace_days = fields.Integer(
        strict=True,
        load_default=0,
        validate=validate.Range(0, 3660),
        metadata={"description": "How many days after its end a membership lapses."},
    )
    enrolment = fields.Nested(
        EnrolmentSettings, load_default=EnrolmentPolicy(), metadata={"description": "Who becomes a member, and how."}
    )
    purposes = fields.List(
        fields.String(validate=_WORD),
        load_default=MemberRules().purposes,
        metadata={"description": "What members can consent to."},
    )
    consent_channels = fields.List(
        fields.String(validate=_WORD),
        load_default=MemberRules().consent_channels,
        metadata={"description": "On which channels they can."},
    )

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> MemberRules:
        """Make the value."""
        for name in ("kinds", "purposes", "consent_channels"):
            data[name] = tuple(data[name])
        return MemberRules(**data)
