"""An activity as a JSON document, for files and messages."""

from __future__ import annotations

from typing import Any

import orjson
from marshmallow import Schema, fields, post_load

from corekit.activities.activity import Activity, Line
from corekit.declares import ErrorText
from corekit.errors import Invalid, Problem
from corekit.validation import WholeNumber, load

ERRORS = (ErrorText("NOT_JSON", "This is no JSON.", "不是有效的 JSON。"),)
"""The codes of what can be wrong with a document as such."""


class _Line(Schema):
    no = WholeNumber(required=True)
    amount = WholeNumber(required=True)
    sku = fields.String()
    category = fields.String()
    quantity = WholeNumber()
    unit_price = WholeNumber()
    flags = fields.List(fields.String())

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Line:
        data["flags"] = tuple(data.get("flags", ()))
        return Line(**data)


class _Activity(Schema):
    type = fields.String(required=True)
    member = fields.String(load_default="")
    identity = fields.Dict(keys=fields.String())
    occurred_at = fields.AwareDateTime()
    source = fields.String()
    external_id = fields.String()
    amount = WholeNumber()
    unit = fields.String()
    lines = fields.Nested(_Line, many=True)
    payload = fields.Dict(keys=fields.String())
    actor = fields.String()
    reverses = fields.String()
    members = fields.List(fields.String())

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Activity:
        data["lines"] = tuple(data.get("lines", ()))
        data["members"] = tuple(data.get("members", ()))
        return Activity(**data)


def read_document(text: bytes, number: int) -> Activity:
    """Read an activity of JSON; ``number`` says where it stands among others. Raises :class:`Invalid`."""
    try:
        data: Any = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Invalid([Problem(code="NOT_JSON", message=f"This is no JSON: {error}.", path=(number,))]) from None
    activity: Activity = load(_Activity(), data, (number,))
    return activity
