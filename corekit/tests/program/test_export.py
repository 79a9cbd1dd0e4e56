"""What is exported is the program: applied to an empty database, it is the same one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corekit import Kit, NotFound
from corekit.program import apply_text, export, plan_text
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit

_name = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
_TAKEN = {"adjust", "breakage", "debt", "issued", "opening", "redeemed", "points"}


def _is_free(code: str) -> bool:
    return code not in _TAKEN


_code: st.SearchStrategy[str] = st.from_regex(r"[a-z][a-z0-9_-]{0,7}", fullmatch=True).filter(_is_free)


@st.composite
def _ladders(draw: st.DrawFn) -> list[dict[str, Any]]:
    ladders: list[dict[str, Any]] = []
    for code in draw(st.lists(_code, max_size=2, unique=True)):
        tiers: list[dict[str, Any]] = []
        thresholds = sorted(draw(st.sets(st.integers(1, 10_000), max_size=3)))
        codes = draw(st.lists(_code, min_size=len(thresholds) + 1, max_size=len(thresholds) + 1, unique=True))
        for tier, at_least in zip(codes, [None, *thresholds], strict=True):
            criteria = [] if at_least is None else [{"metric": "spend", "window": "year", "at_least": f"{at_least}.50"}]
            tiers.append({"code": tier, "name": draw(_name), "criteria": criteria})
        ladders.append({"code": code, "name": draw(_name), "tiers": tiers})
    return ladders


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Return the text of any small program."""
    currencies = draw(st.lists(_code, max_size=2, unique=True))
    rules = [
        {"id": rule, "rate": draw(st.integers(0, 9)), "currency": draw(st.sampled_from(["points", *currencies]))}
        for rule in draw(st.lists(_code, max_size=3, unique=True))
    ]
    points = {"currencies": {code: {"scale": draw(st.integers(0, 6))} for code in currencies}, "rules": rules}
    said = {"program": {"name": draw(_name), "notice_days": draw(st.integers(0, 60))}, "ladders": draw(_ladders())}
    return "".join(f"{key} = {_toml(value)}\n" for key, value in {**said, "points": points}.items())


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_toml(it)}" for key, it in cast("Mapping[str, Any]", value).items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(each) for each in cast("Sequence[Any]", value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def says(kit: Kit, version: int) -> Any:
    """Return everything that a version means."""
    edition = kit.terms().versions.editions[version]
    program, book = edition.program, edition.program.sections["points"]
    rules = [(rule.name, rule.kind, rule.rate) for rule in book.rules]
    kinds = dict(edition.registry.kinds)
    return program.name, program.notice_days, program.ladders, book.currencies, rules, kinds


@pytest.fixture
def pair(make_kit: MakeKit) -> tuple[Kit, Kit]:
    return make_kit(["points"]), make_kit(["points"])


@pytest.mark.row("A10", way="python")
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=programs())
def test_any_program_goes_out_and_in_as_the_same(make_kit: MakeKit, text: str) -> None:
    one, other = make_kit(["points"]), make_kit(["points"])
    done = apply_text(one, text)
    with one.read() as read:
        content = export(read, one.terms().versions, one.now()).content
    assert apply_text(other, content).version == 1
    assert says(other, 1) == says(one, done.version)
    assert not plan_text(other, content).changed
    one.close()
    other.close()


@pytest.mark.row("A10", way="python")
def test_an_older_version_goes_out_as_it_was(pair: tuple[Kit, Kit], clock: SettableClock) -> None:
    one, other = pair
    texts = [f'# number {number}\n[program]\nname = "Shop {number}"\n' for number in (1, 2, 3)]
    for text in texts:
        apply_text(one, text)
        clock.advance(days=1)
    with one.read() as read:
        out = [export(read, one.terms().versions, one.now(), number).content for number in (1, 2, 3)]
        with pytest.raises(NotFound):
            export(read, one.terms().versions, one.now(), 4)
    assert out == texts
    apply_text(other, out[1])
    assert says(other, 1) == says(one, 2)


def test_before_anything_was_applied_there_is_nothing_to_export(kit: Kit) -> None:
    with kit.read() as read, pytest.raises(NotFound):
        export(read, kit.terms().versions, kit.now())
