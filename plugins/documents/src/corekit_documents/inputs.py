"""What is said of a document and of a file, through any door: one schema for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from marshmallow import Schema, ValidationError, fields, validate

from corekit import Invalid, Problem, coded
from corekit_documents import program

_MOST = 1_000_000_000_000


def _file_name(text: str) -> None:
    """Refuse a name that is none of a file."""
    if not text.isprintable() or any(each in text for each in "/\\"):
        raise coded("INVALID", "A name has no slashes and no control characters.")


class DocumentSchema(Schema):
    """A document."""

    code = program.code(required=True, metadata={"description": "Its name, such as `price-list`."})
    titles = program.titles(
        required=True, metadata={"description": "What it is called, by language; English (`en`) at least."}
    )
    category = fields.String(
        load_default=None, validate=validate.Length(1, 40), metadata={"description": "Its category, of the program."}
    )
    audience = fields.Raw(
        load_default=None, metadata={"description": 'Who may have it, such as `{"tier": "gold"}`; null: nobody.'}
    )


class UploadSchema(Schema):
    """A file that is to be a version of a document."""

    document = fields.String(
        required=True, validate=validate.Length(1, 40), metadata={"description": "The document's name."}
    )
    language = program.language(required=True, metadata={"description": "In which language it is, such as `zh`."})
    name = fields.String(
        required=True,
        validate=[validate.Length(1, 200), _file_name],
        metadata={"description": "Under which name it is downloaded."},
    )
    media_type = fields.String(
        required=True,
        validate=validate.Length(1, 200),
        metadata={"description": "Its type, such as `application/pdf`."},
    )
    size = fields.Integer(
        strict=True,
        load_default=None,
        validate=validate.Range(1, _MOST),
        metadata={"description": "How many bytes it has; not compared where left out."},
    )
    checksum = fields.String(
        load_default=None,
        validate=validate.Regexp(r"[0-9a-fA-F]{64}\Z", error="Write a SHA-256 in 64 hexadecimal digits."),
        metadata={"description": "Its SHA-256 in hexadecimal digits; not compared where left out."},
    )


def loaded(schema: type[Schema], told: dict[str, Any]) -> dict[str, Any]:
    """Return what a schema makes of what was said; raises :class:`corekit.Invalid` with all that is wrong."""
    try:
        return cast("dict[str, Any]", schema().load(told))
    except ValidationError as error:
        raise Invalid(list(_problems(cast("Any", error).messages, ()))) from None


def _problems(messages: Any, path: tuple[str | int, ...]) -> Iterator[Problem]:
    for key, inner in messages.items():
        if isinstance(inner, dict):
            yield from _problems(inner, (*path, key))
            continue
        for said in inner:
            coded_: dict[str, Any] = {"code": "INVALID", "message": str(said)}
            if isinstance(said, dict):
                coded_ = cast("Any", said)
            yield Problem(code=coded_["code"], message=coded_["message"], path=(*path, key))
