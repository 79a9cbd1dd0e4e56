"""A worker that is killed again and again loses nothing that was acknowledged, and does nothing twice."""

from __future__ import annotations

import json
import multiprocessing
import signal
import subprocess
import sysconfig
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select

from corekit import Activity, Kit, Settings
from corekit.activities.tables import activity, intake, outbox, request
from corekit.cli import main
from corekit.db.lineage import lineages
from corekit.plugins import discover
from corekit.program import apply
from corekit.testing.backends import Backend

KILLS = 20
LOAD = 5_000
MEMBERS = 50
CHUNK = 25
"""Small, so that each kill comes in the middle of some chunk."""

# Twenty starts of Python take longer than twenty kills: workers are forked from a process that has imported everything.
WORKERS = multiprocessing.get_context("forkserver")
WORKERS.set_forkserver_preload(["pytest", "corekit.cli.worker", "corekit.cli", "corekit.kit", "corekit_points.plugin"])
COREKIT = Path(sysconfig.get_path("scripts"), "corekit")
PROGRAM = """
[program]
name = "Corner shop"
[[points.rules]]
id = "base"
activity = "purchase"
rate = "1"
"""
SETTINGS = """
[corekit]
database = {url}
plugins = ["points"]
[corekit.sources.till]
historical = true
"""


@pytest.fixture
def config(backend: Backend, tmp_path: Path) -> Iterator[Path]:
    url = backend.migrated(lineages(discover(Settings.of(plugins=["points"]))))
    path = tmp_path / "corekit.toml"
    path.write_text(SETTINGS.format(url=json.dumps(url)))
    yield path
    backend.drop(url)


@pytest.fixture
def kit(config: Path, tmp_path: Path) -> Iterator[Kit]:
    kit = Kit(config)
    kit.upgrade()
    program = tmp_path / "program.toml"
    program.write_text(PROGRAM)
    apply(kit, program)
    yield kit
    kit.close()


def test_a_worker_killed_20_times_during_a_load_loses_nothing_and_doubles_nothing(kit: Kit, config: Path) -> None:
    random = Random(20)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    joining = (Activity(type="member.registered", source="till", occurred_at=start) for _ in range(MEMBERS))
    members = [answer.member for answer in kit.record_many(joining)]
    load = [_purchase(members[number % MEMBERS], number, start) for number in range(LOAD)]
    acknowledged: list[str] = []
    for first in range(0, LOAD, LOAD // KILLS):
        part = load[first : first + LOAD // KILLS]
        acknowledged += [each.external_id for each in kit.enqueue(part) if each.outcome == "waiting"]
        _kill_when_it_settled(kit, config, chunks=random.randint(1, 3))
    assert 0 < _answered(kit) < LOAD, "the load outlasted the kills"
    subprocess.run([COREKIT, "--config", config, "worker", "--once"], capture_output=True, check=True)

    with kit.read() as read:
        answers = {row.key: row.outcome for row in read.all(select(request).where(request.c.scope == "till"))}
        assert [answers.pop(key, None) for key in acknowledged] == ["settled"] * LOAD
        settled = select(func.count()).select_from(activity).where(activity.c.type == "purchase")
        sent = select(func.count()).select_from(outbox).where(outbox.c.topic == "purchase")
        assert (read.scalar(settled), read.scalar(sent)) == (LOAD, LOAD)
        assert read.scalar(select(func.count()).select_from(intake)) == 0
    for member, points in _points(kit).items():
        assert points == sum(each.amount // 100 for each in load if each.member == member)
    report = kit.verify()
    assert report.clean, report.violations


def _purchase(member: str, number: int, start: datetime) -> Activity:
    return Activity(
        type="purchase",
        member=member,
        source="till",
        external_id=f"receipt-{number}",
        occurred_at=start + timedelta(minutes=number + 1),
        amount=100 * (number % 7 + 1),
    )


def _kill_when_it_settled(kit: Kit, config: Path, *, chunks: int) -> None:
    """Start a worker, and kill it as soon as so many chunks more are answered."""
    enough = _answered(kit) + chunks * CHUNK
    worker = WORKERS.Process(target=main, args=(["--config", str(config), "worker", "--chunk", str(CHUNK)],))
    worker.start()
    try:
        while _answered(kit) < enough:
            worker.join(0.01)
            assert worker.is_alive(), "the worker ended by itself"
    finally:
        worker.kill()
        worker.join()
    assert worker.exitcode == -signal.SIGKILL


def _answered(kit: Kit) -> int:
    with kit.read() as read:
        number: int = read.scalar(select(func.count()).select_from(request).where(request.c.key.like("receipt-%")))
    return number


def _points(kit: Kit) -> dict[str, int]:
    from corekit.ledger.tables import account  # noqa: PLC0415

    with kit.read() as read:
        rows = read.all(select(account).where(account.c.kind == "points"))
        return {row.member_id: row.credits_posted - row.debits_posted for row in rows}
