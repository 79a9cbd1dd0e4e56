"""What a registration may say: the fixed fields and the custom attributes, case by case."""

from __future__ import annotations

from typing import Any

import pytest

from corekit.activities.activity import Activity
from corekit.errors import Invalid, SettingsError
from corekit.members.profile import profile_schema
from corekit.settings import Settings
from corekit.validation import load

PROFILE: dict[str, Any] = {
    "nickname": {"type": "string", "max_length": 5},
    "shoe_size": {"type": "integer", "min": 20, "max": 60},
    "weight": {"type": "decimal", "min": 0},
    "vip": {"type": "boolean"},
    "born": {"type": "date"},
    "city": {"type": "choice", "choices": ["Ulm", "Köln"]},
}


def read(data: Any, profile: dict[str, Any] | None = None) -> Any:
    settings = Settings.of(profile=PROFILE if profile is None else profile)
    return load(profile_schema(settings)(), data, ("payload",))


ACCEPTED: list[Any] = [
    ({}, {"channel": "api", "attributes": {}}),
    ({"channel": "pos"}, {"channel": "pos", "attributes": {}}),
    ({"name": "Åsa O'Neil-Ng 王"}, {"name": "Åsa O'Neil-Ng 王", "channel": "api", "attributes": {}}),
    ({"name": None}, {"name": None, "channel": "api", "attributes": {}}),
    ({"email": "a@b.de"}, {"email": "a@b.de", "channel": "api", "attributes": {}}),
    ({"phone": "+49 (0)731 123-4"}, {"phone": "+497311234", "channel": "api", "attributes": {}}),
    ({"email": "Ann@B.DE"}, {"email": "ann@b.de", "channel": "api", "attributes": {}}),
]


@pytest.mark.parametrize(("data", "loaded"), ACCEPTED)
def test_fixed_fields_are_taken_in_their_normal_form(data: Any, loaded: Any) -> None:
    assert read(data) == loaded


ATTRIBUTES = [
    ("nickname", "Annie", "Annie"),
    ("shoe_size", 20, 20),
    ("shoe_size", "60", 60),
    ("weight", "0.10", "0.10"),
    ("weight", 3, "3"),
    ("vip", True, True),
    ("vip", "yes", True),
    ("vip", "0", False),
    ("born", "2000-02-29", "2000-02-29"),
    ("city", "Köln", "Köln"),
    ("city", None, None),
]


@pytest.mark.parametrize(("name", "given", "kept"), ATTRIBUTES)
def test_an_attribute_is_kept_as_json_and_reads_the_same_again(name: str, given: Any, kept: Any) -> None:
    loaded = read({"attributes": {name: given}})
    assert loaded["attributes"] == {name: kept}
    assert read(loaded) == loaded


REFUSED: list[Any] = [
    ([], (), "TYPE", {"expected": "object"}),
    ({"chanel": "pos"}, ("chanel",), "UNKNOWN_FIELD", {"did_you_mean": "channel"}),
    ({"channel": "fax"}, ("channel",), "NOT_ONE_OF", None),
    ({"channel": None}, ("channel",), "NULL", {}),
    ({"name": ""}, ("name",), "PATTERN", {}),
    ({"name": "a\0b"}, ("name",), "PATTERN", {}),
    ({"name": "a\ud800"}, ("name",), "PATTERN", {}),
    ({"name": "x" * 201}, ("name",), "LENGTH", {"max": 200}),
    ({"name": 5}, ("name",), "TYPE", {"expected": "string"}),
    ({"email": "a@"}, ("email",), "EMAIL", {}),
    ({"phone": "call me"}, ("phone",), "PHONE", {}),
    ({"phone": "0731 1234567"}, ("phone",), "PHONE", {}),
    ({"number": "123456789012"}, ("number",), "NUMBER_INVALID", {}),
    ({"birthday": "2001-02-29"}, ("birthday",), "TYPE", {"expected": "date"}),
    ({"kind": "king"}, ("kind",), "NOT_ONE_OF", {"choices": ["consumer"]}),
    ({"identity": {"given_nam": "A"}}, ("identity", "given_nam"), "UNKNOWN_FIELD", {"did_you_mean": "given_name"}),
    ({"lifestyle": {"children": -1}}, ("lifestyle", "children"), "RANGE", None),
    ({"attributes": 5}, ("attributes",), "TYPE", {"expected": "object"}),
    ({"attributes": {"nickname": "Annika"}}, ("attributes", "nickname"), "LENGTH", {"max": 5}),
    ({"attributes": {"shoe_size": 19}}, ("attributes", "shoe_size"), "RANGE", {"min": 20, "max": 60}),
    ({"attributes": {"shoe_size": 61}}, ("attributes", "shoe_size"), "RANGE", {"min": 20, "max": 60}),
    ({"attributes": {"shoe_size": 38.5}}, ("attributes", "shoe_size"), "TYPE", {"expected": "integer"}),
    ({"attributes": {"shoe_size": True}}, ("attributes", "shoe_size"), "TYPE", {"expected": "integer"}),
    ({"attributes": {"shoe_size": 2**63}}, ("attributes", "shoe_size"), "RANGE", {}),
    ({"attributes": {"weight": "-0.1"}}, ("attributes", "weight"), "RANGE", {"min": 0}),
    ({"attributes": {"weight": "NaN"}}, ("attributes", "weight"), "TYPE", {"expected": "decimal"}),
    ({"attributes": {"weight": "heavy"}}, ("attributes", "weight"), "TYPE", {"expected": "decimal"}),
    ({"attributes": {"vip": "maybe"}}, ("attributes", "vip"), "TYPE", {"expected": "boolean"}),
    ({"attributes": {"born": "2001-02-29"}}, ("attributes", "born"), "TYPE", {"expected": "date"}),
    ({"attributes": {"city": "ulm"}}, ("attributes", "city"), "NOT_ONE_OF", {"choices": ["Ulm", "Köln"]}),
    ({"attributes": {"citi": "Ulm"}}, ("attributes", "citi"), "UNKNOWN_FIELD", {"did_you_mean": "city"}),
]


@pytest.mark.parametrize(("data", "path", "code", "parameters"), REFUSED)
def test_what_is_wrong_is_named_by_path_code_and_parameters(data: Any, path: Any, code: str, parameters: Any) -> None:
    with pytest.raises(Invalid) as refused:
        read(data)
    (problem,) = refused.value.problems
    assert (problem.path, problem.code) == (("payload", *path), code)
    assert parameters is None or problem.parameters == parameters


@pytest.mark.parametrize("data", [{}, {"attributes": {}}])
def test_an_attribute_that_is_required_is_missed_under_its_own_path(data: Any) -> None:
    with pytest.raises(Invalid) as refused:
        read(data, {"city": {"type": "string", "required": True}})
    (problem,) = refused.value.problems
    assert (problem.path, problem.code) == (("payload", "attributes", "city"), "REQUIRED")


@pytest.mark.parametrize(
    "declared",
    [
        {"name": {"type": "string"}},
        {"attributes": {"type": "string"}},
        {"size": {"type": "integer", "min": 5, "max": 4}},
    ],
)
def test_a_declaration_that_contradicts_itself_or_the_core_stops_the_start(declared: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"corekit\.profile\."):
        profile_schema(Settings.of(profile=declared))


@pytest.mark.row("M1", way="bad_input")
def test_everything_wrong_with_a_registration_is_said_at_once_and_nothing_is_stored(make_kit: Any) -> None:
    kit = make_kit(profile=PROFILE)
    wrong = {"email": "a@", "attributes": {"shoe_size": 1, "vip": "maybe"}}
    with pytest.raises(Invalid) as refused:
        kit.record(Activity(type="member.registered", member="", external_id="r1", payload=wrong))
    assert [problem.path for problem in refused.value.problems] == [
        ("payload", "email"),
        ("payload", "attributes", "shoe_size"),
        ("payload", "attributes", "vip"),
    ]
    right = {"email": "a@b.de", "attributes": {"shoe_size": "38"}}
    assert kit.record(Activity(type="member.registered", member="", external_id="r1", payload=right)).settled
