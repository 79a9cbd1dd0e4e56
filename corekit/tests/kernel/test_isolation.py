"""A plugin that does what no plugin may: value stays as it is, its member is told by a code, and others are served.

Every act of :mod:`corekit_rogue.acts` is done on both databases in every place in which it makes sense, one after the
other on one kit: so what each leaves behind would be met by the next.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from corekit_rogue import acts, plugin
from corekit_rogue import tables as own
from corekit_rogue.acts import DEEDS, Deed
from sqlalchemy import select

from corekit import Activity, Busy
from corekit.activities import breaker, watch
from corekit.db.lineage import core
from corekit.errors import PluginRaised

ASIDE = {"core_erasure", "core_audit", "core_outbox_letter", "core_outbox_cursor", "core_suspension"}
"""What is written beside value: requests, the trail, how far delivery is, who is suspended."""
BUT = {"core_activity": ("state", "failed"), "core_request": ("outcome", "refused")}
"""Rows that are no value: what failed, and what was refused."""
VALUE = [*(table for table in core().metadata.sorted_tables if table.name not in ASIDE), own.mark]


class House:
    """A world with the rogue, a victim, and somebody who is always served."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.kit = world.kit
        self.victim = world.member()
        self.neighbour = world.member()
        for member in (self.victim, self.neighbour):
            world.does(member, "toy.earn", 100)
        from corekit.ledger.tables import account  # noqa: PLC0415

        with self.kit.read() as read:
            self.account = read.scalar(select(account.c.id).where(account.c.member_id == self.victim))
        plugin.known.update(victim=self.victim, account=self.account)

    def value(self) -> dict[str, Any]:
        """Return everything committed that is value or leads to it, each row as text: it is read three times an act."""
        row = "o.*" if self.kit.database.dialect == "sqlite" else "o::text"
        with self.kit.database.connect() as connection:
            cursor = connection.connection.cursor()
            found: dict[str, Any] = {}
            for table in VALUE:
                but = "WHERE {} <> '{}'".format(*BUT[table.name]) if table.name in BUT else ""
                cursor.execute(f"SELECT {row} FROM {table.name} o {but}")
                found[table.name] = sorted(map(repr, cursor.fetchall()))
            return found

    def others_are_served(self) -> None:
        """Settle something of somebody else."""
        assert self.world.does(self.neighbour, "toy.earn", 1).settled

    def prepared(self, place: str) -> Callable[[], str]:
        """Make everything ready for an act in a place; return what lets it happen."""
        if place == "may_enrol":
            return lambda: self._told(lambda: self.kit.record(self._joining()))
        self.kit.deliver()
        member = self.world.member()
        if place in ("prepare", "react", "apply"):
            return lambda: self._told(lambda: self.world.does(member, "rogue.act"))
        done = self.world.does(member, "rogue.act")
        assert done.settled, done
        if place == "undo":
            return lambda: self._told(lambda: self.world.kit.reverse(done.activity_id))
        if place == "happened":
            return self._deliver
        if place == "export":
            return lambda: self._exported(member)
        return lambda: str(self.kit.erase(member).state)

    def _joining(self) -> Activity:
        return Activity(type="member.registered", payload={"external_id": "rogue"}, occurred_at=self.world.clock())

    @staticmethod
    def _told(call: Callable[[], Any]) -> str:
        try:
            outcome = call()
        except Busy as busy:
            return f"busy {busy.code}"
        return f"{outcome.outcome} {outcome.code}" if outcome.code else str(outcome.outcome)

    def _exported(self, member: str) -> str:
        try:
            self.kit.export(member)
        except PluginRaised as error:
            return f"raised {error.code}"
        except Busy as busy:
            return f"busy {busy.code}"
        return "exported"

    def _deliver(self) -> str:
        self.kit.deliver()
        (standing,) = [each for each in self.kit.outbox.standings() if each.plugin == "rogue"]
        self.kit.outbox.skip("rogue")
        return "put off" if standing.waiting else "delivered"


@pytest.fixture
def house(make_world: Any, toy: Any) -> Iterator[House]:
    acts.RELEASED.clear()
    yield House(make_world(modules={"toy": toy, "rogue": plugin}))
    plugin.armed.clear()
    let_go()


def let_go() -> None:
    """Let everybody go on who hangs or waits, and wait for them."""
    acts.RELEASED.set()
    for thread in [*acts.LATE, *(each for each in threading.enumerate() if each.name == "corekit-rogue")]:
        thread.join(10)
        assert not thread.is_alive()
    acts.LATE.clear()
    acts.RELEASED.clear()


def wrong_with(house: House, place: str, deed: Deed) -> tuple[str, list[str]]:
    """Do it; return what was answered, and everything that is not as it should be."""
    wrong: list[str] = []
    happen = house.prepared(place)
    before = house.value()
    plugin.armed[place] = deed.do
    try:
        said = happen()
    except BaseException as error:  # noqa: BLE001 - what gets through is what is looked for
        said = f"got through: {type(error).__name__}: {error}"
    plugin.armed.clear()
    answers = deed.expected(place)
    if said not in answers:
        wrong.append(f"answered {said!r}, not {sorted(answers)}")
    after = house.value()
    if said in {"settled", "exported", "done", "delivered"}:
        before = after
    for name in before:
        if before[name] != after[name]:
            new, gone = ([row for row in one if row not in other] for one, other in _both(after[name], before[name]))
            wrong.append(f"{name} changed: {new} in place of {gone}")
    if acts.LATE:
        let_go()
        if house.value() != after:
            wrong.append("a thread went on to change something")
    house.kit.resume("rogue")
    try:
        house.others_are_served()
    except BaseException as error:  # noqa: BLE001 - the same
        wrong.append(f"nobody else is served: {type(error).__name__}: {error}")
    return said, wrong


def _both(one: list[str], other: list[str]) -> list[tuple[list[str], list[str]]]:
    return [(one, other), (other, one)]


TRIED = [(dialect, kind) for dialect in ("sqlite", "postgresql") for kind in DEEDS]
TRIED.remove(("sqlite", "sends below the driver"))  # there is nothing below it


@pytest.mark.parametrize(("dialect", "kind"), TRIED, indirect=["dialect"])
def test_whatever_it_does_value_stays_and_others_are_served(
    house: House, kind: str, capsys: pytest.CaptureFixture[str], dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "hangs":
        for name in ("PATIENCE", "TELLING"):
            monkeypatch.setattr(breaker, name, 0.6)
        monkeypatch.setattr(watch, "TICK", 0.02)
    counted, wrong = Counter[str](), list[str]()
    for name, deed in DEEDS[kind].items():
        for place in deed.places:
            said, found = wrong_with(house, place, deed)
            counted[said] += 1
            wrong += [f"{name} in {place}: {each}" for each in found]
    with capsys.disabled():
        print(f"\n{kind}, {sum(counted.values())} acts on {dialect}: {dict(sorted(counted.items()))}")  # noqa: T201
    assert not wrong, "\n".join(wrong)
    assert house.world.is_proved()


@pytest.mark.parametrize("place", ["prepare", "react", "apply"])
def test_one_that_takes_all_the_memory_fails_and_gives_it_back(house: House, place: str) -> None:
    script = Path(__file__).with_name("short_of_memory.py")
    url = house.kit.database.url.render_as_string(hide_password=False).replace("+psycopg", "").replace("+pysqlite", "")
    before = house.value()["core_account"]
    told = subprocess.run([sys.executable, script, url, place], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    failed, settled = ["failed", "PLUGIN_FAILED"], ["settled", None]
    assert json.loads(told.stdout) == [failed, settled, failed, settled]
    assert set(before) < set(house.value()["core_account"])
    assert house.world.is_proved()
