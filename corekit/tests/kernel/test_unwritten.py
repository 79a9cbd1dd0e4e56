"""Who reacts knows what comes before in the same chunk; internal types follow from effects of their own plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from corekit import Activity, ActivityType, Batch, Declares, Effect, Facts, Follow, Invalid, Line, hookimpl
from corekit.testing import MakeKit

Seen = list[tuple[str, list[tuple[str, int, int]]]]


def plugin(name: str, react: Callable[..., Any], **declared: Any) -> ModuleType:
    module = ModuleType(name)
    vars(module)["corekit_declare"] = hookimpl(lambda: Declares(**declared), specname="corekit_declare")
    vars(module)["corekit_react"] = hookimpl(react, specname="corekit_react")
    return module


def test_what_settles_before_in_the_same_chunk_is_told_as_it_will_be_stored(make_kit: MakeKit) -> None:
    seen: Seen = []

    def react(batch: Batch, facts: Facts) -> Iterator[Effect]:
        for each in batch:
            before = facts.unwritten(each)
            assert all(other.occurred_at is not None for other in before)
            seen.append((each.type, [(other.type, other.amount, len(other.lines)) for other in before]))
        yield from ()

    kit = make_kit(modules={"curious": plugin("curious", react)})
    member = kit.record(Activity(type="member.registered")).member
    bought = Activity(type="purchase", member=member, amount=5_00, lines=(Line(1, 2_00), Line(2, 3_00)))
    assert kit.record(bought).settled
    seen.clear()
    rest = [
        Activity(type="purchase", member=member, amount=1_00, external_id="a"),
        Activity(type="reversal", member=member, reverses=bought.id, external_id="b", payload={"reason": ""}),
        Activity(type="purchase", member=member, amount=2_00, external_id="c"),
    ]
    assert all(each.settled for each in kit.record_many(rest, chunk=10))
    assert seen == [
        ("purchase", []),
        ("reversal", [("purchase", 1_00, 0)]),
        ("purchase", [("purchase", 1_00, 0), ("reversal", 5_00, 2)]),
    ]


@pytest.mark.parametrize(("owner", "outcome"), [("told", "settled"), ("other", "failed")])
def test_an_internal_type_follows_from_the_plugin_that_declares_it_alone(
    make_kit: MakeKit, owner: str, outcome: str
) -> None:
    def react(batch: Batch, facts: Facts) -> Iterator[Effect]:
        for each in batch.of("purchase"):
            yield Follow(each, rule="tell@1", type=f"{owner}.told", name="it")

    def silent(batch: Batch, facts: Facts) -> Iterator[Effect]:
        yield from ()

    types = {name: [ActivityType(name=f"{name}.told", internal=True)] for name in ("told", "other")}
    modules = {
        "told": plugin("told", react, activities=types["told"]),
        "other": plugin("other", silent, activities=types["other"]),
    }
    kit = make_kit(modules=modules)
    member = kit.record(Activity(type="member.registered")).member
    assert kit.record(Activity(type="purchase", member=member, amount=1_00)).outcome == outcome
    with pytest.raises(Invalid, match="recorded by the core itself"):
        kit.record(Activity(type="told.told", member=member))
