"""The section ``[medals]`` of the program file, as it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from marshmallow import Schema, fields, post_load, validate

from corekit import Exact, ProgramContext, coded
from corekit_medals.catalogue import Catalogue
from corekit_medals.compiling import Compiler
from corekit_medals.written import CODE, Day

KINDS = ("count", "sum", "distinct", "streak", "first", "metric", "tier", "medal", "all", "any", "none")
"""What a criterion can be."""
_MOST = 10**12
_MOST_NUMBER = 10**6
_LANGUAGE = validate.Regexp(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", error="{input!r} is no language; write en or zh.")
_URL = validate.URL(schemes={"https", "http"}, error="{input!r} is no address; begin it with https://.")
_NAME = validate.Length(1, 200)


class _Names(fields.List[Any]):
    """A list of names, or one."""

    def __init__(self, **options: Any) -> None:
        cast("Any", super()).__init__(fields.String(validate=_NAME), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        return cast("Any", super())._deserialize([value] if isinstance(value, str) else value, attr, data, **options)  # noqa: SLF001


class _Values(fields.Field[Any]):
    """A text, a whole number, or yes or no; or a list of such."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        found: list[Any] = cast("Any", value) if isinstance(value, list) else [value]
        if not found or not all(isinstance(each, str | bool | int) for each in found):
            raise coded("TYPE", "Write a text, a whole number, true or false, or a list of such.", expected="value")
        return found


def _number(most: int = _MOST_NUMBER) -> Any:
    return fields.Integer(strict=True, load_default=None, validate=validate.Range(1, most))


class WordsSchema(Schema):
    """What a medal is called in a language."""

    name = fields.String(required=True, validate=_NAME)
    description = fields.String(load_default="", validate=validate.Length(max=5_000))


def _texts(**options: Any) -> Any:
    return cast("Any", fields.Dict)(
        keys=fields.String(validate=_LANGUAGE),
        values=fields.Nested(WordsSchema),
        validate=validate.Length(max=20),
        **options,
    )


class LinesSchema(Schema):
    """Which lines count."""

    skus = _Names(load_default=list)
    categories = _Names(load_default=list)
    flags = _Names(load_default=list)


class CriterionSchema(Schema):
    """One criterion: which fields it has depends on its kind."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    activity = _Names(load_default=None, validate=validate.Length(1, 20))
    where: Any = cast("Any", fields.Dict)(keys=fields.String(validate=_NAME), values=_Values(), load_default=None)
    lines = fields.Nested(LinesSchema, load_default=None)
    minimum = Exact(load_default=None, least=0, most=_MOST)
    measure = fields.String(load_default=None, validate=validate.OneOf(("amount", "quantity")))
    field = fields.String(load_default=None, validate=_NAME)
    least = Exact(load_default=None, least=0, most=_MOST)
    window = fields.String(load_default=None)
    unit = fields.String(load_default=None, validate=validate.OneOf(("day", "week", "month")))
    ladder = fields.String(load_default=None)
    tier = fields.String(load_default=None)
    metric = fields.String(load_default=None, validate=_NAME)
    medal = fields.String(load_default=None)
    level = _number(100)
    criteria: Any = cast("Any", fields.List)(
        fields.Nested(lambda: CriterionSchema()),  # noqa: PLW0108 - there is none yet
        load_default=None,
        validate=validate.Length(1, 20),
    )


class LevelSchema(Schema):
    """``[[medals.definitions.levels]]``."""

    texts = _texts(load_default=dict)
    picture = fields.String(load_default=None, validate=_URL)
    when = fields.Nested(CriterionSchema, required=True)


class SeasonSchema(Schema):
    """From which day to which."""

    first = Day(load_default=None, data_key="from")
    last = Day(load_default=None, data_key="to")


class DefinitionSchema(Schema):
    """``[[medals.definitions]]``: one medal."""

    id = fields.String(required=True, validate=CODE)
    version = fields.Integer(strict=True, load_default=1, validate=validate.Range(1, _MOST_NUMBER))
    texts = _texts(required=True)
    pictures = fields.List(fields.String(validate=_URL), load_default=list, validate=validate.Length(max=20))
    secret = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    edition = _number(10**9)
    season = fields.Nested(SeasonSchema, load_default=None)
    on_reversal = fields.String(load_default="keep", validate=validate.OneOf(("keep", "revoke")))
    when = fields.Nested(CriterionSchema, load_default=None)
    levels: Any = cast("Any", fields.List)(
        fields.Nested(LevelSchema), load_default=list, validate=validate.Length(max=100)
    )


class MedalsSchema(Schema):
    """``[medals]``."""

    definitions: Any = cast("Any", fields.List)(
        fields.Nested(DefinitionSchema), load_default=list, validate=validate.Length(max=1000)
    )

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Catalogue:
        """Return the catalogue; refuse criteria that cannot hold, each at its path."""
        return Compiler(ProgramContext.current()).catalogue(data["definitions"])
