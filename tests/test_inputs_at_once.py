"""Inputs that are read without marshmallow's machinery are read as marshmallow reads them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validate, validates

from corekit.validation import WholeNumber
from corekit_schema.core.inputs import RecordActivityInput
from corekit_schema.ids import global_id
from corekit_schema.inputs import AmountDigits, GlobalId, Input, Moment, fields_by_key
from corekit_schema.inputs_at_once import read_at_once

PLUGINS = sorted(path.parent.name for path in Path(__file__).parent.parent.glob("plugins/*/pyproject.toml"))
MEMBER = global_id("Member", "0" * 32)
VALUES: dict[type, list[Any]] = {
    fields.String: ["", "a", "purchase", "ü" * 300],
    fields.Raw: [{}, [1], "x", {"a": None}],
    fields.Boolean: [True, False],
    WholeNumber: [0, 1, -1, 1000, 2**63 - 1],
    AmountDigits: ["0", "-12", "9" * 19, str(2**63 - 1)],
    GlobalId: [MEMBER],
    Moment: ["2026-03-01T09:30:00+00:00", "2026-03-01T09:30:00+08:00"],
}
ODD = [None, True, 1, 1.5, 2**70, "", "no", "12", MEMBER, "2026-03-01", [], [None], ["a"], {}, {"a": 1}]


def inputs(kind: type[Schema] = Input) -> Iterator[type[Schema]]:
    for each in kind.__subclasses__():
        yield each
        yield from inputs(each)


def of_all() -> list[type[Schema]]:
    """Return the inputs of the core and of every plugin, by name."""
    for point in entry_points(group="corekit"):
        plugin = point.load()
        if hasattr(plugin, "corekit_graph"):
            plugin.corekit_graph()
    return sorted((each for each in inputs() if each.__name__[0] != "_"), key=lambda each: each.__name__)


ALL = of_all()


def values(field: Any) -> st.SearchStrategy[Any]:
    """Return values for a field, most of them right."""
    right: st.SearchStrategy[Any]
    if field.__class__ is fields.List:
        right = st.lists(values(field.inner), max_size=3)
    elif field.__class__ is fields.Nested:
        one = documents(field.schema.__class__)
        right = st.lists(one, max_size=3) if field.many else one
    else:
        right = st.sampled_from(VALUES.get(field.__class__, ODD))
    return st.one_of(right, right, right, st.sampled_from(ODD))


def documents(kind: type[Schema]) -> st.SearchStrategy[dict[str, Any]]:
    """Return what may be sent for a schema; what is drawn where it is left out is always sent."""
    known = fields_by_key(kind())
    drawn = {
        key for key, field in known.items() if callable(field.load_default) and field.load_default not in {list, dict}
    }
    always = {key: values(field) for key, field in known.items() if field.required or key in drawn}
    perhaps = {key: values(field) for key, field in known.items() if key not in always}
    return st.fixed_dictionaries(always, optional={**perhaps, "nothing": st.just(1)} if perhaps else {})


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
@settings(max_examples=50)
@given(data=st.data())
def test_what_is_read_at_once_is_what_marshmallow_reads(kind: type[Schema], data: st.DataObject) -> None:
    sent = data.draw(documents(kind))
    found = read_at_once(kind(), sent)
    if found is not None:
        loaded = cast("dict[str, Any]", kind().load(sent))
        assert (found, list(found)) == (loaded, list(loaded))


def test_a_purchase_is_read_at_once() -> None:
    sent = {
        "type": "purchase",
        "memberId": MEMBER,
        "source": "till",
        "idempotencyKey": "k1",
        "amount": "1250",
        "lines": [{"no": 1, "amount": "1250", "sku": "7", "category": "wine", "quantity": 1_000}],
        "payload": {"store": "4"},
    }
    found = read_at_once(RecordActivityInput(), sent)
    assert found is not None
    assert (found["member_id"], found["amount"], found["lines"][0]["flags"]) == ("0" * 32, 1250, [])
    for wrong in ({"amount": 1250}, {"lines": [{"no": "1", "amount": "1"}]}, {"kind": "x"}, {"memberId": "x"}):
        assert read_at_once(RecordActivityInput(), sent | wrong) is None
    assert read_at_once(RecordActivityInput(), {"idempotencyKey": "k1"}) is None
    assert read_at_once(RecordActivityInput(), None) is None


class Validated(Input):
    code = fields.String(validate=validate.Length(max=3))


class Doing(Input):
    code = fields.String()

    @post_load
    def do(self, data: Any, **_: Any) -> Any:
        return {"code": data["code"] * 2}


class Judging(Input):
    code = fields.String()

    @validates("code")
    def judge(self, _value: str, **_: Any) -> None:
        raise ValidationError("no")


class _Mixed:
    @pre_load
    def do(self, data: Any, **_: Any) -> Any:
        return {"code": data["code"] * 2}


class Mixed(_Mixed, Input):
    code = fields.String()


class Renamed(Input):
    code = fields.String(attribute="other")


class Own(fields.String):
    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        return f"<{value}>"


class OfOwn(Input):
    code = Own()


class Altered(Input):
    code = fields.String(pre_load=lambda value: value * 2)


class Line(Input):
    no = fields.String()
    sku = fields.String()


class OfPart(Input):
    code = fields.Nested(Line(only=("no",)))


class Without(Input):
    code = fields.Nested(Line(exclude=("sku",)))


class Spoken(Input):
    code = fields.Boolean(truthy={"ab"}, falsy={"no"})


class Tree(Input):
    code = fields.String()
    below = cast("Any", fields.List)(fields.Nested(lambda: Tree()))  # noqa: PLW0108 - there is none yet


class Defaulted(Input):
    code = fields.String(load_default="x")
    tags = fields.List(fields.String(), load_default=list)


@pytest.mark.parametrize("kind", [Doing, Judging, Mixed, Renamed, OfOwn, Altered, OfPart, Without, Spoken, Tree])
def test_a_schema_that_does_more_is_left_to_marshmallow(kind: type[Schema]) -> None:
    assert read_at_once(kind(), {"code": "ab"}) is None


def test_what_was_sent_is_not_what_is_handed_on() -> None:
    payload = {"tags": ["a"]}
    found = read_at_once(RecordActivityInput(), {"type": "purchase", "payload": payload})
    assert found is not None
    found["payload"]["tags"].append("b")
    assert payload == {"tags": ["a"]}


def test_validators_are_asked_and_defaults_are_filled_in() -> None:
    assert read_at_once(Validated(), {"code": "abc"}) == {"code": "abc"}
    assert read_at_once(Validated(), {"code": "abcd"}) is None
    one, other = read_at_once(Defaulted(), {}), read_at_once(Defaulted(), {})
    assert one == other == {"code": "x", "tags": []}
    assert one is not None
    assert other is not None
    assert one["tags"] is not other["tags"]


def test_the_core_and_every_plugin_are_among_those_that_are_compared() -> None:
    homes = {each.__module__.partition(".")[0] for each in ALL}
    assert {"corekit_schema", *(f"corekit_{name}" for name in PLUGINS)} <= homes
