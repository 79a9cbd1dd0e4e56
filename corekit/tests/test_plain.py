"""What is read without marshmallow is what marshmallow would have made of it, and nothing else is read so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from marshmallow import EXCLUDE, Schema, fields, post_load, validate

from corekit.errors import Invalid
from corekit.plain import plain
from corekit.validation import WholeNumber, load


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
    other = fields.Boolean(required=True)


class Numbered(Schema):
    level = fields.Integer(strict=True, load_default=1, validate=validate.Range(1, 9))
    points = WholeNumber(validate=validate.Range(min=-5))
    since = fields.AwareDateTime(required=True, validate=validate.Range(datetime(2000, 1, 1, tzinfo=UTC)))
    local = fields.AwareDateTime(format="rfc")


class Renamed(Plain):
    word = fields.String(data_key="theWord")


class Trimmed(Plain):
    word = fields.String(post_load=str.strip)


@pytest.mark.parametrize(
    "given",
    [
        {"store": "217", "order": "abc"},
        {"order": "abc", "store": "2"},
        {"order": "a"},
        {"number": 3, "order": "a"},
    ],
)
def test_what_is_plain_of_known_fields_is_read_as_the_schema_reads_it(given: dict[str, Any]) -> None:
    read = plain(Plain(), given)
    assert read is not None
    assert list(read.items()) == list(load(Plain(), given).items())


@pytest.mark.parametrize(
    "given",
    [
        {"order": "abc", "number": "3"},
        {"order": "abc", "number": True},
        {"order": "abc", "number": 2**63},
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


NEW_YEAR = "2026-01-01T00:00:00"


@pytest.mark.parametrize("since", [f"{NEW_YEAR}+00:00", f"{NEW_YEAR}.000250+00:00", "2026-02-28T23:59:59.100000+00:00"])
@pytest.mark.parametrize("more", [{}, {"points": -5}, {"points": 2**62}])
def test_numbers_and_instants_are_read_as_the_schema_reads_them(since: str, more: dict[str, int]) -> None:
    given = {"since": since, "level": 3, **more}
    read = plain(Numbered(), given)
    assert read is not None
    assert orjson.dumps(read) == orjson.dumps(load(Numbered(), given))


@pytest.mark.parametrize(
    "given",
    [
        {"since": f"{NEW_YEAR}+00:00"},  # the level is added
        {"since": f"{NEW_YEAR}+00:00", "level": 10},
        {"since": f"{NEW_YEAR}+00:00", "level": 3.0},
        {"since": f"{NEW_YEAR}+00:00", "level": None},
        {"since": f"{NEW_YEAR}+00:00", "level": 3, "points": -6},
        {"since": f"{NEW_YEAR}+00:00", "level": 3, "local": f"{NEW_YEAR}+00:00"},
        {"since": NEW_YEAR, "level": 3},
        {"since": f"{NEW_YEAR}Z", "level": 3},
        {"since": f"{NEW_YEAR}.1+00:00", "level": 3},
        {"since": "2026-01-01T02:00:00+02:00", "level": 3},
        {"since": "1999-01-01T00:00:00+00:00", "level": 3},
        {"since": "yesterday+00:00", "level": 3},
    ],
)
def test_numbers_and_instants_that_are_written_otherwise_are_left_to_the_schema(given: dict[str, Any]) -> None:
    assert plain(Numbered(), given) is None


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
