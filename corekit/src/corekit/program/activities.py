"""The program's own activity types: what members do that no plugin knows of, such as a check-in or a review."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from marshmallow import Schema, fields, validate, validates_schema

from corekit.declares import ActivityType
from corekit.validation import WholeNumber, coded

_NAME = validate.Regexp(r"[a-z][a-z0-9_]{0,39}(\.[a-z][a-z0-9_]{0,39}){0,2}\Z", error="{input!r} is no name.")
_FIELD = validate.Regexp(r"[a-z][a-z0-9_]{0,39}\Z", error="{input!r} is no name of a field.")
_LONG = 500


class _FieldSchema(Schema):
    """One field of the payload."""

    name = fields.String(required=True, validate=_FIELD)
    type = fields.String(load_default="text", validate=validate.OneOf(("text", "whole", "flag", "date")))
    required = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    one_of = fields.List(fields.String(validate=validate.Length(1, 200)), load_default=list)
    description = fields.String(load_default="", validate=validate.Length(max=_LONG))

    @validates_schema
    def _of_text(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["one_of"] and data["type"] != "text":
            raise coded(
                "CONTRADICTION", f"one_of lists texts, but the field {data['name']!r} is of type {data['type']}."
            )


class ActivitySchema(Schema):
    """An entry of ``[[activities]]``; see :func:`built`."""

    name = fields.String(required=True, validate=_NAME)
    description = fields.String(load_default="", validate=validate.Length(max=_LONG))
    amount = fields.String(load_default="none", validate=validate.OneOf(("none", "money")))
    fields_: Any = cast("Any", fields.List)(fields.Nested(_FieldSchema), data_key="fields", load_default=list)

    @validates_schema
    def _once(self, data: Mapping[str, Any], **_: Any) -> None:
        names = [field["name"] for field in data["fields_"]]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise coded("CONTRADICTION", f"{data['name']!r} has the field {twice[0]!r} twice.")


def built(drafts: list[Mapping[str, Any]]) -> list[ActivityType]:
    """Return the activity types of a program."""
    return [
        ActivityType(
            name=draft["name"],
            description=draft["description"],
            amount=draft["amount"],
            schema=_payload(draft["fields_"]),
        )
        for draft in drafts
    ]


def _payload(drafts: list[Mapping[str, Any]]) -> type[Schema] | None:
    """Return the schema of a payload, None where it stays empty."""
    if not drafts:
        return None
    made = {draft["name"]: _field(draft) for draft in drafts}
    schema: type[Schema] = cast("Any", Schema).from_dict(made, name="ProgramActivity")
    return schema


def _field(draft: Mapping[str, Any]) -> Any:
    rules: list[Any] = []
    if draft["type"] == "text":
        rules = [validate.OneOf(draft["one_of"])] if draft["one_of"] else [validate.Length(1, _LONG)]
    kinds: Mapping[str, Any] = {
        "text": fields.String,
        "whole": WholeNumber,
        "flag": fields.Boolean,
        "date": fields.Date,
    }
    return kinds[draft["type"]](
        required=draft["required"], validate=rules, metadata={"description": draft["description"]}
    )
