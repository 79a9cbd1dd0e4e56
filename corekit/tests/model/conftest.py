"""A house whose members the machine plays with."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest
from sqlalchemy import event

from corekit.log import configure
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit

sys.path.insert(0, str(Path(__file__).parent / "packages"))
import corekit_model.plugin as model
from corekit_model.machine import House
from corekit_model.stays import PROGRAM


@pytest.fixture(autouse=True)
def _plain_logs() -> None:
    configure(as_json=True)


def _relaxed(raw: sqlite3.Connection, _: object) -> None:
    raw.execute("PRAGMA synchronous = OFF")


@pytest.fixture
def house(make_kit: MakeKit, clock: SettableClock) -> House:
    kit = make_kit(modules={"model": model}, program=PROGRAM)
    if kit.database.dialect == "sqlite":
        # Whether the disk keeps it is not what is tested here; the tests' own server does not wait for it either.
        event.listen(kit.database.engine, "connect", _relaxed)
        kit.database.close()
    return House(kit, clock)
