"""From marshmallow's sentences to codes: nested, listed, keyed, and with sentences of a plugin's own."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from corekit.errors import Invalid
from corekit.validation import MOST_PROBLEMS, coded, load


def late(value: str) -> None:
    if value == "late":
        raise coded("POINTS_CLAIM_TOO_LATE", "Claim it within 24 hours.", hours=24)
    if value == "odd":
        raise ValidationError("That is odd.")


class Inner(Schema):
    size = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, error="Too small for {min}."))


class Outer(Schema):
    inner = fields.Nested(Inner)
    many = fields.List(fields.Nested(Inner))  # pyright: ignore[reportUnknownVariableType]
    keyed = fields.Dict(fields.String(validate=validate.Length(max=2)), fields.Integer())
    word = fields.String(
        data_key="theWord", validate=[validate.Length(equal=4), validate.OneOf(["late", "odd", "good"])]
    )
    both = fields.String(validate=validate.And(validate.Length(min=3), validate.Regexp("^a")))
    claim = fields.String(validate=late)
    url = fields.Url(error_messages={"invalid": "Give a link."})

    @validates_schema
    def whole(self, data: Any, **_: Any) -> None:
        if "claim" in data and "url" in data:
            raise ValidationError("One of both.")


CASES: list[tuple[Any, list[tuple[Any, str, dict[str, Any]]]]] = [
    (None, [((), "TYPE", {"expected": "object"})]),
    ({"inner": {}}, [(("inner", "size"), "REQUIRED", {})]),
    ({"inner": {"size": 0}}, [(("inner", "size"), "RANGE", {"min": 1})]),
    ({"inner": 3}, [(("inner",), "TYPE", {"expected": "object"})]),
    ({"many": [{"size": 1}, {"size": "x"}, 4]}, [(("many", 1, "size"), "TYPE", {"expected": "integer"}),
                                                 (("many", 2), "TYPE", {"expected": "object"})]),
    ({"many": 5}, [(("many",), "TYPE", {"expected": "list"})]),
    ({"keyed": {"abc": "x"}}, [(("keyed", "abc"), "LENGTH", {"max": 2}),
                               (("keyed", "abc"), "TYPE", {"expected": "integer"})]),
    ({"theWord": "xxx"}, [(("theWord",), "LENGTH", {"equal": 4}),
                          (("theWord",), "NOT_ONE_OF", {"choices": ["late", "odd", "good"]})]),
    ({"both": "x"}, [(("both",), "LENGTH", {"min": 3}), (("both",), "PATTERN", {})]),
    ({"claim": "late"}, [(("claim",), "POINTS_CLAIM_TOO_LATE", {"hours": 24})]),
    ({"claim": "odd"}, [(("claim",), "INVALID", {})]),
    ({"claim": "x", "url": "https://a.de"}, [((), "INVALID", {})]),
    ({"url": "nowhere"}, [(("url",), "TYPE", {"expected": "url"})]),
    ({"wordd": 1}, [(("wordd",), "UNKNOWN_FIELD", {})]),
    ({"theWrod": 1}, [(("theWrod",), "UNKNOWN_FIELD", {"did_you_mean": "theWord"})]),
]  # fmt: skip


@pytest.mark.parametrize(("data", "expected"), CASES)
def test_each_complaint_has_path_code_and_parameters(data: Any, expected: Any) -> None:
    with pytest.raises(Invalid) as refused:
        load(Outer(), data)
    assert [(problem.path, problem.code, problem.parameters) for problem in refused.value.problems] == expected


def test_a_hostile_input_does_not_make_a_long_answer() -> None:
    with pytest.raises(Invalid) as refused:
        load(Outer(), {"many": [{}] * 10_000})
    assert len(refused.value.problems) == MOST_PROBLEMS


def test_what_is_right_comes_back_loaded_under_many_too() -> None:
    assert load(Inner(many=True), [{"size": 2}]) == [{"size": 2}]
    with pytest.raises(Invalid) as refused:
        load(Inner(many=True), [{"size": 2}, {}], ("rows",))
    assert refused.value.problems[0].path == ("rows", 1, "size")
