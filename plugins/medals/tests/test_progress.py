"""How near a medal is: each step says what it counts, in which unit and with how many decimal places."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from corekit import AccountKind, Activity, ActivityType, Declares, Kit, Line, Unit, hookimpl
from corekit.testing import MakeKit
from corekit_medals.cli import _plain, _standing
from corekit_medals.progress import standings
from corekit_schema import Viewer, global_id

CRITERIA = {
    "often": ('{kind = "count", activity = "purchase", least = 5}', ("activities", None, 0, "1", "5")),
    "money": ('{kind = "sum", activity = "purchase", least = "50"}', ("amount", "USD", 2, "1230", "5000")),
    "spend": ('{kind = "metric", metric = "spend", least = "50"}', ("amount", "USD", 2, "1230", "5000")),
    "kilos": ('{kind = "sum", activity = "toy.recycled", least = "500"}', ("amount", "kg", 3, "120000", "500000")),
    "pieces": (
        '{kind = "sum", activity = "purchase", measure = "quantity", least = "2.5"}',
        ("pieces", None, 3, "1500", "2500"),
    ),
    "skus": (
        '{kind = "distinct", activity = "purchase", field = "lines.sku", least = 4}',
        ("values", None, 0, "1", "4"),
    ),
    "weeks": ('{kind = "streak", activity = "purchase", unit = "week", least = 3}', ("weeks", None, 0, "1", "3")),
    "other": ('{kind = "medal", medal = "weeks"}', (None, None, 0, "0", "1")),
}
"""A medal of each kind, and what its step says: what it counts, unit, scale, value, and what is needed."""
STEPS = "query ($id: ID!) { member(id: $id) { medals { medal { code } steps { counts unit scale value needed } } } }"
WRITTEN = {"kilos": "sum 120.000 of 500.000 kg", "money": "sum 12.30 of 50.00 USD", "weeks": "streak 1 of 3 weeks"}
"""How the command line writes some of them."""


@pytest.mark.row("G3", way="graphql")
def test_a_step_says_what_it_counts_in_which_unit(
    make_kit: MakeKit, asking: Callable[[Kit], Callable[..., dict[str, Any]]]
) -> None:
    toy = ModuleType("toy")
    declared = Declares(
        accounts=[AccountKind(code="toy.kilos", unit=Unit("kg", 3, "counter"))],
        activities=[ActivityType(name="toy.recycled", amount="kg")],
    )
    toy.corekit_declare = hookimpl(lambda: declared)  # type: ignore[attr-defined]
    program = '[program]\nname = "Corner shop"\n' + "".join(
        f'[[medals.definitions]]\nid = "{name}"\ntexts.en = {{name = "{name}"}}\nwhen = {when}\n'
        for name, (when, _) in CRITERIA.items()
    )
    kit = make_kit(["medals"], modules={"toy": toy}, program=program)
    member = kit.record(Activity(type="member.registered")).member
    line = Line(1, 12_30, sku="a", quantity=1500)
    assert kit.record(Activity(type="purchase", member=member, amount=12_30, lines=(line,))).settled
    assert kit.record(Activity(type="toy.recycled", member=member, amount=120_000)).settled
    answer = asking(kit)(STEPS, Viewer(kind="member", member=member), id=global_id("Member", member))
    medals = answer["data"]["member"]["medals"]
    found = {each["medal"]["code"]: tuple(*(step.values() for step in each["steps"])) for each in medals}
    assert found == {name: says for name, (_, says) in CRITERIA.items()}
    with kit.read() as read:
        (theirs,) = standings(read, kit.program.sections["medals"], kit.program, [member], kit.now()).values()
    shown = {each.medal.id: _standing(_plain(each)) for each in theirs}
    assert {name: shown[name].partition("%  ")[2] for name in WRITTEN} == WRITTEN
