"""The section ``[documents]`` of the program file: categories, and how much members download."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from corekit import Window, coded, suggest

_CODE = validate.Regexp(r"[a-z][a-z0-9_-]{0,39}\Z", error="{input!r} is no name; use a-z, 0-9, _ and -.")
_LANGUAGE = validate.Regexp(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", error="{input!r} is no language; write en or zh.")


def titles(**options: Any) -> fields.Dict:
    """Return a field for what something is called, by language, English at least."""

    def english(given: Mapping[str, str]) -> None:
        if "en" not in given:
            raise ValidationError("Say it in English (en) at least.")

    texts = fields.String(validate=validate.Length(1, 200))
    return fields.Dict(keys=fields.String(validate=_LANGUAGE), values=texts, validate=english, **options)


def language(**options: Any) -> fields.String:
    """Return a field for a language."""
    return fields.String(validate=_LANGUAGE, **options)


def code(**options: Any) -> fields.String:
    """Return a field for the name of something."""
    return fields.String(validate=_CODE, **options)


@frozen
class Quota:
    """At most so many documents within a window, those of a category or all; the window is of the program's days."""

    most: int
    window: Window
    category: str | None = None


@frozen
class Book:
    """The section: categories with their titles by language, and quotas."""

    categories: Mapping[str, Mapping[str, str]]
    quotas: tuple[Quota, ...] = ()


class _Window(fields.Field[Window]):
    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Window:
        try:
            return Window.parse(str(value))
        except ValueError as error:
            raise coded("INVALID", f"{error}.") from None


class _Quota(Schema):
    most = fields.Integer(strict=True, required=True, validate=validate.Range(0, 1_000_000), data_key="downloads")
    window = _Window(required=True, data_key="per")
    category = fields.String(load_default=None)

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Quota:
        return Quota(**data)


class ProgramSchema(Schema):
    """The section."""

    categories = fields.Dict(keys=code(), values=titles(), load_default=dict)
    quotas: fields.List[Any] = fields.List(fields.Nested(_Quota), load_default=list)

    @validates_schema
    def fits(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a quota of a category that there is not."""
        known = data["categories"]
        wrong = {
            at: {"category": [f"There is no category {each.category!r}{suggest(each.category, known)}."]}
            for at, each in enumerate(data["quotas"])
            if each.category is not None and each.category not in known
        }
        if wrong:
            raise ValidationError({"quotas": wrong})

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Book:
        return Book(categories=data["categories"], quotas=tuple(data["quotas"]))
