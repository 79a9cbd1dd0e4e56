"""Stored value is removed for good: only when it is told where members' money goes, and the books stay as they were."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from corekit.removal import InUse, remove
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_stored_value.close import close

BONUS = '[[stored_value.bonus]]\nid = "big"\nfrom = "500"\ngive = "50"\n'


def test_it_is_not_removed_over_members_money_and_the_books_stay(
    shop: Callable[..., Any], make_kit: MakeKit, clock: SettableClock, tmp_path: Path
) -> None:
    clock.set("2026-03-10T09:00")
    house = shop(BONUS)
    paid = house.top_up(500_00, payload={"store": "north"})
    house.does("authorised", 30_00, payload={"store": "north"})
    clock.set("2026-03-11T01:00")
    close(house.kit)

    with pytest.raises(InUse) as refused:
        remove(house.kit, "stored_value", archive=tmp_path / "left.zip")
    said = " ".join(refused.value.parameters["obstacles"])
    assert [name in said for name in ("500", "stored_value.principal", "stored_value.bonus")] == [True] * 3
    assert house.has() != (0, 0)

    done = remove(house.kit, "stored_value", value_to="write-off", archive=tmp_path / "left.zip", actor="staff:mira")
    assert (done.done, done.closed) == (True, 2)
    with zipfile.ZipFile(tmp_path / "left.zip") as kept:
        lines = [json.loads(line) for line in kept.read("stored_value_close.jsonl").splitlines()]
    assert {(each["store"], each["channel"]) for each in lines} == {("north", "cash")}

    url = house.kit.database.url.render_as_string(hide_password=False)
    bare = make_kit([], database=url)
    assert bare.verify().clean
    assert sum(each.effect.amount for each in bare.why(paid.activity_id).effects) == 550_00
    again = bare.reverse(paid.activity_id)
    assert (again.code, again.parameters) == ("PLUGIN_OFF", {"plugin": "stored_value"})
