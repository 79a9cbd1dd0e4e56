"""What the executor is measured by: both sides answer the same, and as much as the goal says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.executor import PURCHASES, both
from bench.page import MEMBERS
from bench.world import World


def fields(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(fields, value))  # pyright: ignore[reportUnknownArgumentType]
    return sum(1 + fields(each) for each in value.values()) if isinstance(value, dict) else 0  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def test_both_answer_a_page_of_about_a_thousand_fields(tmp_path: Path) -> None:
    world = World.new(f"sqlite:///{tmp_path / 'world.db'}", members=MEMBERS, purchases=PURCHASES)
    planned, one_by_one = both(world.kit)
    answer = planned()
    assert answer == one_by_one()
    assert len(answer["members"]["nodes"]) == MEMBERS
    assert all(each["tier"] and len(each["activities"]["nodes"]) == 3 for each in answer["members"]["nodes"])
    assert 900 < fields(answer) < 1_200
    world.kit.close()
