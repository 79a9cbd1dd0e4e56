"""What is read without marshmallow is what marshmallow would have made of it, and nothing else is read so."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import EXCLUDE, Schema, fields, post_load, validate

from corekit.errors import Invalid
from corekit.plain import plain
from corekit.validation import load


class Plain(Schema):
    store = fields.String(validate=validate.Length(1, 3))
    order = fields.String(required=True, validate=[validate.Length(max=4), validate.Regexp("[a-z]+$")])
    number = fields.Integer()

    class Meta:
        unknown = EXCLUDE


class Hooked(Plain):
    @post_load
    def upper(self, data: dict[str, str], **_: Any) -> dict[str, str]:
        return {name: text.upper() for name, text in data.items()}


class Defaulted(Plain):
    reason = fields.String(load_default="")


class Lacking(Plain):
    other = fields.Integer(required=True)


class Renamed(Plain):
    word = fields.String(data_key="theWord")


class Trimmed(Plain):
    word = fields.String(post_load=str.strip)


@pytest.mark.parametrize("given", [{"store": "217", "order": "abc"}, {"order": "abc", "store": "2"}, {"order": "a"}])
def test_texts_of_known_fields_are_read_as_the_schema_reads_them(given: dict[str, str]) -> None:
    read = plain(Plain(), given)
    assert read is not None
    assert list(read.items()) == list(load(Plain(), given).items())


@pytest.mark.parametrize(
    "given",
    [
        {"order": "abc", "number": 3},
        {"order": "abc", "strange": "x"},
        {"order": None},
        {"order": b"abc"},
        {"store": "217"},
        {"order": "abcde"},
        {"order": "A"},
        {"order": "abc", "store": ""},
    ],
)
def test_whatever_else_is_left_to_the_schema(given: dict[str, Any]) -> None:
    assert plain(Plain(), given) is None


@pytest.mark.parametrize("schema", [Hooked, Defaulted, Lacking])
def test_a_schema_that_does_more_reads_all_by_itself(schema: type[Schema]) -> None:
    assert plain(schema(), {"order": "abc"}) is None


@pytest.mark.parametrize(("schema", "name"), [(Renamed, "theWord"), (Renamed, "word"), (Trimmed, "word")])
def test_a_field_that_does_more_is_left_to_the_schema(schema: type[Schema], name: str) -> None:
    assert plain(schema(), {"order": "abc", name: "x "}) is None
    assert plain(schema(), {"order": "abc"}) == {"order": "abc"}


def test_what_is_wrong_is_said_by_the_schema() -> None:
    with pytest.raises(Invalid) as refused:
        load(Plain(), {"order": "abcde"})
    assert plain(Plain(), {"order": "abcde"}) is None
    assert [problem.code for problem in refused.value.problems] == ["LENGTH"]
