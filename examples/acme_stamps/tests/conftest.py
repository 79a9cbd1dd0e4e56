"""A coffee shop with a stamp card, as the program of this project describes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from corekit import Kit
from corekit.testing.plugin import MakeKit


@pytest.fixture
def program() -> str:
    return (Path(__file__).parents[1] / "program.toml").read_text(encoding="utf-8")


@pytest.fixture
def kit(make_kit: MakeKit, program: str) -> Kit:
    return make_kit(["points", "stamps"], program=program)
