"""``corekit worker`` and ``corekit jobs``."""

from __future__ import annotations

import json
import signal
import subprocess
import sysconfig
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from corekit import Activity, Kit
from corekit.cli import app
from corekit.cli.worker import work_until

COREKIT = Path(sysconfig.get_path("scripts"), "corekit")


@pytest.fixture
def corekit(world: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The command line over the kit of a world."""

    def give(_: Any) -> Kit:
        kit: Kit = world.kit
        return kit

    for module in ("jobs", "worker"):
        monkeypatch.setattr(f"corekit.cli.{module}.open_kit", give)
    return lambda *words: CliRunner().invoke(app, list(words))


@pytest.mark.row("P7", way="cli")
def test_a_job_runs_as_of_now_or_of_a_time(world: Any, corekit: Callable[..., Any]) -> None:
    member = world.member()
    world.does(member, "toy.earn", 50, payload={"days": 3})
    assert "done; 0 found, 0 settled" in corekit("jobs", "run", "expiry").stdout
    later = (world.clock() + timedelta(days=4)).isoformat()
    assert "done; 1 found, 1 settled" in corekit("jobs", "run", "expiry", "--at", later).stdout
    again = corekit("jobs", "run", "expiry", "--at", later, "--json")
    told = json.loads(again.stdout)
    assert (told["job"], told["state"], told["found"], told["settled"]) == ("expiry", "done", 0, 0)
    assert world.balances(member) == {"toy": 0}


@pytest.mark.row("P7", way="bad_input")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [(["expiri"], 1, "did you mean 'expiry'"), (["expiry", "--at", "tomorrow"], 1, "no instant in ISO 8601")],
)
def test_a_job_that_cannot_be_says_so(corekit: Callable[..., Any], words: list[str], code: int, said: str) -> None:
    result = corekit("jobs", "run", *words)
    assert (result.exit_code, said in result.stderr) == (code, True)


def test_the_jobs_are_listed(corekit: Callable[..., Any]) -> None:
    assert "expiry" in corekit("jobs", "list").stdout
    names = [job["name"] for job in json.loads(corekit("jobs", "list", "--json").stdout)]
    assert names == ["expiry", "holds", "memberships", "tiers"]


def test_a_worker_once_settles_what_waits_and_ends(world: Any, corekit: Callable[..., Any]) -> None:
    member = world.member()
    world.kit.enqueue(world.activity(member, "toy.earn", 1) for _ in range(7))
    assert corekit("worker", "--once", "--chunk", "2").stdout == "7 done, 0 delivered\n"
    assert json.loads(corekit("worker", "--once", "--json").stdout) == {"done": 0, "delivered": 0}
    assert world.balances(member) == {"toy": 7}


def test_a_worker_takes_up_what_failed_when_told(world: Any, toy: Any, corekit: Callable[..., Any]) -> None:
    member = world.member()
    world.does(member, "toy.earn", 9)
    world.kit.enqueue([world.activity(member, "toy.tip", 4)])
    toy.broken.add("react")
    assert corekit("worker", "--once").stdout == "1 done, 0 delivered\n"
    assert corekit("worker", "--once").stdout == "0 done, 0 delivered\n"
    toy.broken.clear()
    assert corekit("worker", "--once", "--retry-failed").stdout == "1 done, 0 delivered\n"
    assert world.balances(member) == {"toy": 5}


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_waits_for_more_and_ends_cleanly_on_a_signal(
    kit: Kit, tmp_path: Path, start: Callable[..., Any], sent: signal.Signals
) -> None:
    config = tmp_path / "corekit.toml"
    url = kit.database.url.render_as_string(hide_password=False)
    config.write_text(f"[corekit]\ndatabase = {json.dumps(url)}\n")
    member = kit.record(Activity(type="member.registered")).member
    worker = start(*(COREKIT, "--config", config, "--json", "worker"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for amount in (1, 2):  # the second comes when the first is done: the worker was waiting for it
        kit.enqueue([Activity(type="purchase", member=member, amount=amount)])
        while _waiting(kit):
            assert worker.poll() is None, worker.stderr and worker.stderr.read()
    worker.send_signal(sent)
    out, errors = worker.communicate(timeout=30)
    assert (worker.returncode, json.loads(out), errors) == (0, {"done": 2, "delivered": 0}, b"")


def test_a_worker_outlives_a_database_that_does_not_answer(world: Any) -> None:
    from corekit import Unavailable  # noqa: PLC0415

    class Stop:
        """Told to stop at the third look."""

        looks = 0

        def is_set(self) -> bool:
            self.looks += 1
            return self.looks > 3

        def wait(self, _: float) -> bool:
            return True

    class Shaky:
        tries = 0

        def work(self, **_: int) -> int:
            self.tries += 1
            if self.tries == 1:
                raise Unavailable("the database does not answer; send the same key again")
            return 5 if self.tries == 2 else 0

    assert work_until(Stop(), Shaky(), chunk=5, once=False) == 5
    with pytest.raises(Unavailable):
        work_until(Stop(), Shaky(), chunk=5, once=True)


def _waiting(kit: Kit) -> int:
    from sqlalchemy import func, select  # noqa: PLC0415

    from corekit.activities.tables import intake  # noqa: PLC0415

    with kit.read() as read:
        number: int = read.scalar(select(func.count()).select_from(intake))
    return number
