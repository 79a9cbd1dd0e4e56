"""``corekit outbox`` and the delivering half of ``corekit worker``, as people and supervisors run them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sysconfig
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from corekit import Activity, Kit
from corekit.cli import app
from corekit.outbox.delivery import DELAYS
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit

Run = Callable[..., Any]
COREKIT = Path(sysconfig.get_path("scripts"), "corekit")
KILLS = 3
# Writes what it hears into a file before it returns: a line may be there of a call that never did. A part of a line may
# be there while it is written, or for ever if the worker is killed then: whole is what ends with a dot.
SCRIBE = """
import os, pathlib, time
from corekit import Declares, hookimpl

@hookimpl
def corekit_declare():
    return Declares(happened_from="beginning")

@hookimpl
def corekit_happened(event):
    with open(os.environ["SCRIBE"], "a") as file:
        file.write(f"\\n{event.position} {event.member} {event.seq} .\\n")
"""


@pytest.fixture
def run(kit: Kit, tmp_path: Path) -> Run:
    """Run a command against the kit's database, without its plugins."""
    config = tmp_path / "corekit.toml"
    config.write_text(f"[corekit]\ndatabase = {json.dumps(kit.settings.database)}\n")

    def call(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, ["--config", str(config), *words])
        assert result.exit_code == code, result.output
        return result.stdout if code == 0 else result.stderr

    return call


@pytest.fixture
def dead(kit: Kit, ears: Any, clock: SettableClock, joins: Callable[[], str]) -> str:
    """A member with a dead letter of ``ears``; ``eyes`` were told everything."""
    member = joins()
    ears.deaf_to.add(member)
    kit.deliver()
    for delay in DELAYS:
        clock.advance(seconds=delay)
        kit.deliver()
    return member


def test_status_shows_lag_and_dead_letters(run: Run, dead: str, joins: Callable[[], str]) -> None:
    joins()
    told = {each["plugin"]: each for each in json.loads(run("--json", "outbox", "status"))}
    assert (told["ears"]["lag"], told["ears"]["dead"], told["eyes"]["dead"]) == (1, 1, 0)
    assert told["ears"]["enabled"] is False
    lines = run("outbox", "status").splitlines()
    assert [line.split()[0] for line in lines] == ["plugin", "ears", "eyes"]


def test_letters_say_what_was_raised_and_no_secret(run: Run, dead: str) -> None:
    (letter,) = json.loads(run("--json", "outbox", "letters", "ears"))
    assert (letter["member"], letter["reason"]["error"]) == (dead, "ConnectionError")
    shown = run("outbox", "letters")
    assert dead in shown
    assert "secret" not in shown
    assert run("outbox", "letters", "eyes") == "no dead letters\n"


def test_letters_are_tried_again_or_skipped(run: Run, dead: str, kit: Kit, ears: Any) -> None:
    ears.deaf_to.clear()
    assert run("outbox", "retry", "ears", "--member", dead) == "1 letters are tried again\n"
    assert kit.deliver() == 1
    assert run("outbox", "skip", "ears") == "0 letters are skipped\n"


def test_letters_are_named_by_whatever_tells_a_member_apart(run: Run, dead: str) -> None:
    hyphens = f"{dead[:8]}-{dead[8:12]}-{dead[12:16]}-{dead[16:20]}-{dead[20:]}"
    for nobody in ("nobody", hyphens):
        assert "NOT_FOUND" in run("outbox", "skip", "ears", "--member", nobody, code=1)
    assert run("outbox", "skip", "ears", "--member", dead) == "1 letters are skipped\n"


def test_a_plugin_that_is_told_nothing(run: Run, kit: Kit) -> None:
    assert "NOT_FOUND" in run("outbox", "retry", "nose", code=1)
    assert "NOT_FOUND" in run("outbox", "letters", "nose", code=1)


# Workers


@pytest.fixture
def scribe(make_kit: MakeKit, tmp_path: Path) -> tuple[Kit, dict[str, str], Path]:
    """A kit, the environment in which its settings file enables the scribe, and what the scribe writes."""
    kit = make_kit()
    site, book = tmp_path / "site", tmp_path / "book"
    info = site / "corekit_scribe-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: corekit-scribe\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[corekit]\nscribe = corekit_scribe\n")
    (site / "corekit_scribe.py").write_text(SCRIBE)
    config = tmp_path / "scribe.toml"
    config.write_text(f'[corekit]\ndatabase = {json.dumps(kit.settings.database)}\nplugins = ["scribe"]\n')
    environment = {**os.environ, "PYTHONPATH": str(site), "COREKIT_CONFIG": str(config), "SCRIBE": str(book)}
    book.touch()
    return kit, environment, book


def heard(book: Path) -> list[tuple[int, str, int]]:
    lines = [line.split() for line in book.read_text().splitlines()]
    return [(int(line[0]), line[1], int(line[2])) for line in lines if len(line) == 4 and line[3] == "."]


@contextmanager
def working(environment: dict[str, str], *options: str) -> Generator[subprocess.Popen[bytes]]:
    """Run a worker, which is killed in the end: a test that fails must not wait for it for ever."""
    with subprocess.Popen([COREKIT, *options, "worker"], env=environment, stdout=subprocess.PIPE) as worker:
        try:
            yield worker
        finally:
            worker.kill()


def test_a_worker_delivers_until_it_is_stopped(scribe: Any) -> None:
    kit, environment, book = scribe
    member = kit.record(Activity(type="member.registered")).member
    with working(environment, "--json") as worker:
        for number in (1, 2):  # the second comes when the first was told: the worker was waiting for it
            kit.enqueue([Activity(type="purchase", member=member, amount=number)])
            while len(heard(book)) < number + 1:
                assert worker.poll() is None
                time.sleep(0.01)
        worker.send_signal(signal.SIGTERM)
        out, _ = worker.communicate(timeout=30)
    assert (worker.returncode, json.loads(out)) == (0, {"done": 2, "delivered": 3})
    assert [seq for _, _, seq in heard(book)] == [1, 2, 3]


def test_a_worker_once_settles_then_delivers_all_there_is(scribe: Any) -> None:
    kit, environment, book = scribe
    member = kit.record(Activity(type="member.registered")).member
    kit.enqueue([Activity(type="purchase", member=member, amount=5)])
    done = subprocess.run([COREKIT, "worker", "--once"], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "1 done, 2 delivered\n"
    assert len(heard(book)) == 2


def test_a_worker_killed_while_it_delivers_loses_nothing_and_keeps_the_order(scribe: Any) -> None:
    kit, environment, book = scribe
    members = [kit.record(Activity(type="member.registered")).member for _ in range(5)]
    bought = [Activity(type="purchase", member=members[number % 5], amount=1) for number in range(800)]
    assert all(answer.settled for answer in kit.record_many(bought))
    for number in range(KILLS):
        with working(environment) as worker:
            enough = min(len(heard(book)) + 20 * (number + 1), len(members) + len(bought))
            while len(heard(book)) < enough:
                assert worker.poll() is None
    subprocess.run([COREKIT, "worker", "--once"], env=environment, capture_output=True, check=True)
    first = dict.fromkeys(heard(book))
    for member in members:
        assert [seq for _, whose, seq in first if whose == member] == list(range(1, 162))
