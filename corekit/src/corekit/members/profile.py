"""Who a member is: the schema of a registration, with the custom attributes that the settings declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, fields, post_load, pre_load, validate

from corekit.errors import SettingsError
from corekit.validation import WholeNumber

if TYPE_CHECKING:
    from corekit.settings import AttributeSpec, Settings

CHANNELS = ("pos", "call_center", "web", "import", "referral", "api")
"""Where a member can have registered."""

FIXED = ("external_id", "channel", "name", "email", "phone")
"""The fields that every profile has."""

_TEXT = validate.Regexp(r"[^\x00-\x1f\x7f\ud800-\udfff]+\Z")
"""Neither database keeps NUL, and no name has line breaks; an unknown value is left out, not empty."""


class _Fixed(Schema):
    external_id = fields.String(validate=[_TEXT, validate.Length(max=100)], allow_none=True)
    channel = fields.String(load_default="api", validate=validate.OneOf(CHANNELS))
    name = fields.String(validate=[_TEXT, validate.Length(max=200)], allow_none=True)
    email = fields.String(validate=[validate.Email(), validate.Length(max=254)], allow_none=True)
    phone = fields.String(validate=validate.Regexp(r"\+?[0-9][0-9 ()./-]{2,30}\Z"), allow_none=True)

    @pre_load
    def _with_attributes(self, data: Any, **_: Any) -> Any:
        """Let an attribute that is required be missed under its own path, not as the whole object."""
        known: Any = data
        return {"attributes": {}, **known} if isinstance(data, Mapping) else known


class _Attributes(Schema):
    @post_load
    def _as_json(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Keep what JSON cannot hold as text, so that a loaded profile can be stored, and loaded again."""
        return {name: str(each) if isinstance(each, Decimal | date) else each for name, each in data.items()}


def profile_schema(settings: Settings) -> type[Schema]:
    """Return the schema of a registration: the payload of ``member.registered``.

    Custom attributes are validated under ``attributes``. What it loads is JSON (decimals and dates as text),
    and loading that again changes nothing. Raises :class:`SettingsError` where a declaration contradicts
    itself.
    """
    declared = {name: _attribute(name, spec) for name, spec in settings.profile.items()}
    attributes = _derived(_Attributes, declared, "MemberAttributes")
    return _derived(_Fixed, {"attributes": fields.Nested(attributes)}, "MemberProfile")


def _derived(base: Any, declared: Mapping[str, Any], name: str) -> type[Schema]:
    """Return a schema with the fields of ``base`` and those declared."""
    schema: type[Schema] = base.from_dict(dict(declared), name=name)
    return schema


def _attribute(name: str, spec: AttributeSpec) -> Any:
    """Return the field of one custom attribute."""
    if name in (*FIXED, "attributes"):
        raise SettingsError(f"corekit.profile.{name}: every profile has this field; choose another name")
    if spec.min is not None and spec.max is not None and spec.min > spec.max:
        raise SettingsError(f"corekit.profile.{name}: min {spec.min} is above max {spec.max}")
    rules: list[Callable[[Any], Any]] = []
    if spec.type == "choice":
        rules.append(validate.OneOf(spec.choices))
    if spec.type == "string":
        rules += [_TEXT, validate.Length(max=spec.max_length or 1000)]
    if spec.min is not None or spec.max is not None:
        rules.append(validate.Range(min=spec.min, max=spec.max))
    return _KINDS[spec.type](required=spec.required, allow_none=not spec.required, validate=rules)


_KINDS: Mapping[str, Callable[..., Any]] = {
    "string": fields.String,
    "integer": WholeNumber,
    "decimal": fields.Decimal,
    "boolean": fields.Boolean,
    "date": fields.Date,
    "choice": fields.String,
}
"""By type of attribute: the field that loads it."""
