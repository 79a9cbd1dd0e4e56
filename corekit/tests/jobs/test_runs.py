"""Runs: one runner at a time, what is interrupted goes on, what is implausible waits, and everything is remembered."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import corekit_fees as fees
import pytest
from attrs import evolve
from sqlalchemy import select, update

from corekit import Activity, CorekitError, Job, Kit, Limits, NotFound, SettingsError
from corekit.activities.tables import activity
from corekit.clock import micros
from corekit.jobs import runs as job_runs
from corekit.jobs import sweeping
from corekit.jobs.runs import SILENCE, claim
from corekit.jobs.tables import run as runs
from corekit.members.tables import member
from corekit.testing.clock import SettableClock

SILENT = timedelta(microseconds=SILENCE)


def _breaks_after(monkeypatch: Any, chunks: int) -> None:
    """Let the process die, as far as a run can tell, after so many chunks."""
    write = sweeping.Sweeping._write
    done: list[int] = []

    def dying(self: Any, *arguments: Any) -> Any:
        if len(done) == chunks:
            raise KeyboardInterrupt
        done.append(1)
        return write(self, *arguments)

    monkeypatch.setattr(sweeping.Sweeping, "_write", dying)


def _interrupted(house: Any, monkeypatch: Any) -> Any:
    """Leave a run that died after two chunks of four members, as if nothing could be told any more."""
    for each in house.joins(10):
        house.does(each, "fees.earn", 100)
    with monkeypatch.context() as patched:
        _breaks_after(patched, 2)
        with pytest.raises(KeyboardInterrupt):
            house.kit.jobs.run("fees.yearly", chunk=4)
    with house.kit.database.write() as connection:
        connection.execute(update(runs).values(state="running", holder="gone", ended_at=None, code=None))
    (run,) = house.kit.jobs.runs("fees.yearly")
    return run


def test_an_interrupted_run_goes_on_where_it_was_once_its_runner_is_silent(house: Any, monkeypatch: Any) -> None:
    run = _interrupted(house, monkeypatch)
    assert run.settled == house.count(activity, type="fees.fee") == 8
    with pytest.raises(CorekitError) as refusal:
        house.kit.jobs.run("fees.yearly")
    assert refusal.value.code == "JOB_RUNNING"
    house.clock.set(house.clock() + SILENT)
    (taken,) = house.kit.jobs.tick()
    assert (taken.id, taken.at, taken.state, taken.settled) == (run.id, run.at, "done", 10)
    assert house.is_proved()


def test_a_claim_is_one_runners_as_long_as_it_says_something(house: Any, monkeypatch: Any) -> None:
    run = _interrupted(house, monkeypatch)
    beat = micros(run.beat_at)
    claims = [
        (who, claim(house.kit.database, run, beat + after, who))
        for who, after in (("early", SILENCE - 1), ("first", SILENCE), ("second", SILENCE))
    ]
    assert claims == [("early", False), ("first", True), ("second", False)]


def test_what_was_found_is_counted_once_whoever_takes_the_run_over(house: Any, monkeypatch: Any) -> None:
    for each in house.joins(10):
        house.does(each, "fees.earn", 100)
    with monkeypatch.context() as patched:
        _breaks_after(patched, 0)
        with pytest.raises(KeyboardInterrupt):
            house.kit.jobs.run("fees.yearly")
    with house.kit.database.write() as connection:
        connection.execute(update(runs).values(state="running", holder="gone", ended_at=None, code=None))
    house.clock.set(house.clock() + SILENT)
    (taken,) = house.kit.jobs.tick()
    assert (taken.found, taken.settled) == (10, 10)


def test_by_hand_what_was_interrupted_goes_on_first(house: Any, monkeypatch: Any) -> None:
    run = _interrupted(house, monkeypatch)
    house.clock.set(house.clock() + SILENT)
    own = house.kit.jobs.run("fees.yearly")
    assert (own.found, own.settled) == (0, 0)
    broken = house.kit.jobs.runs("fees.yearly")[1]
    assert (broken.id, broken.state, broken.settled) == (run.id, "done", 10)


def test_a_runner_that_was_given_up_writes_nothing_more(house: Any, monkeypatch: Any) -> None:
    for each in house.joins(8):
        house.does(each, "fees.earn", 100)
    counted = sweeping.Sweeping._counted
    chunks: list[int] = []

    def slow(self: Any, *arguments: Any) -> Any:
        chunks.append(1)
        if len(chunks) == 2:  # it stands still, and another takes the run
            with self._database.read() as read:
                assert read.all(select(runs.c.id))
            monkeypatch.setattr(self, "_run", evolve(self._run, holder="another"))
        return counted(self, *arguments)

    monkeypatch.setattr(sweeping.Sweeping, "_counted", slow)
    with pytest.raises(CorekitError) as lost:
        house.kit.jobs.run("fees.yearly", chunk=4)
    assert lost.value.code == "JOB_LOST"
    assert house.count(activity, type="fees.fee") == 4, "the chunk went with the claim"
    assert house.is_proved()


def test_many_who_run_the_same_job_at_once_take_each_fee_once(house: Any) -> None:
    members = house.joins(40)
    for each in members:
        house.does(each, "fees.earn", 100)
    outcomes: list[str] = []

    def runner() -> None:
        try:
            outcomes.append(house.kit.jobs.run("fees.yearly", chunk=5).state)
        except CorekitError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=runner) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(outcomes) <= {"done", "JOB_RUNNING"}
    assert "done" in outcomes
    assert house.count(activity, type="fees.fee") == 40
    assert {row[0] for row in house.rows(runs, "state")} <= {"done", "failed"}, "nothing is left to be run"
    assert house.is_proved()


def test_members_who_buy_meanwhile_are_not_corrupted_and_pay_as_well(house: Any) -> None:
    members = house.joins(30)
    for each in members:
        house.does(each, "fees.earn", 100)
    stop = threading.Event()
    bought: list[str] = []

    def shop() -> None:
        while not stop.is_set():
            for each in members[:10]:
                answer = house.kit.record(Activity(type="fees.earn", member=each, amount=100))
                bought.append(answer.outcome)

    threads = [threading.Thread(target=shop) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        run = house.kit.jobs.run("fees.yearly", chunk=3)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert (run.state, run.settled + run.waiting) == ("done", 30)
    assert set(bought) == {"settled"}
    assert house.count(activity, type="fees.fee") == 30
    assert house.is_proved()


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_member_that_is_locked_comes_in_the_next_round(house: Any) -> None:
    members = sorted(house.joins(5))
    for each in members:
        house.does(each, "fees.earn", 100)
    done: list[Any] = []
    runner = threading.Thread(target=lambda: done.append(house.kit.jobs.run("fees.yearly", chunk=2)))
    with house.kit.database.write() as connection:
        connection.execute(select(member.c.id).where(member.c.id == members[1]).with_for_update(key_share=True))
        runner.start()
        while house.count(activity, type="fees.fee") < 4:
            assert runner.is_alive()
    runner.join()
    assert done[0].settled == 5
    assert house.is_proved()


# The circuit breaker


@pytest.fixture
def cautious(make_house: Any) -> Any:
    """A house whose fee waits for a go where it touches more than half of all members, or a third of all coins."""
    house = make_house(fees.plugin(fees.fee(limits=Limits(members=50, value=33, least=2))))
    for each in house.joins(3):
        house.does(each, "fees.earn", 200)
    return house


def test_an_implausible_sweep_stops_before_it_writes_and_says_what_it_would_do(cautious: Any) -> None:
    before = cautious.count(activity)
    held = cautious.kit.jobs.run("fees.yearly")
    assert (held.state, held.settled) == ("held", 0)
    assert held.told == {
        "would": [{"sweep": "fees.fee", "members": 3, "value": 120, "member_share": 100, "value_share": 20}]
    }
    assert cautious.count(activity) == before


def test_go_takes_up_the_run_that_is_held(cautious: Any) -> None:
    held = cautious.kit.jobs.run("fees.yearly")
    cautious.clock.advance(days=3)
    done = cautious.kit.jobs.run("fees.yearly", go=True)
    assert (done.id, done.at, done.state, done.go, done.settled) == (held.id, held.at, "done", True, 3)
    assert cautious.is_proved()


def test_a_scheduler_holds_as_well_and_a_go_that_is_asked_for_is_its(cautious: Any) -> None:
    cautious.kit.jobs.ask("fees.yearly")
    assert [run.state for run in cautious.kit.jobs.tick()] == ["held"]
    assert cautious.kit.jobs.tick() == [], "it waits"
    cautious.kit.jobs.ask("fees.yearly", go=True)
    assert [(run.state, run.settled) for run in cautious.kit.jobs.tick()] == [("done", 3)]


@pytest.mark.parametrize(
    ("limits", "state"),
    [
        (Limits(members=99, value=None, least=0), "held"),
        (Limits(members=100, value=None, least=0), "done"),
        (Limits(members=None, value=19, least=0), "held"),
        (Limits(members=None, value=20, least=0), "done"),
        (Limits(members=0, value=0, least=3), "held"),
        (Limits(members=0, value=0, least=4), "done"),
        (Limits(members=None, value=None), "done"),
    ],
)
def test_limits_are_shares_in_percent_and_hold_from_so_many_members_on(
    make_house: Any, limits: Limits, state: str
) -> None:
    house = make_house(fees.plugin(fees.fee(limits=limits)))
    for each in house.joins(3):
        house.does(each, "fees.earn", 200)
    assert house.kit.jobs.run("fees.yearly").state == state


def test_settings_say_other_limits_and_another_schedule(make_house: Any) -> None:
    jobs = {"fees.yearly": {"schedule": "", "most_value": 1, "least": 0}}
    house = make_house(jobs=jobs)
    house.does(house.joins()[0], "fees.earn", 100)
    state = next(each for each in house.kit.jobs.all() if each.name == "fees.yearly")
    assert (state.schedule, state.next_at) == (None, None)
    assert house.kit.jobs.run("fees.yearly").state == "held"


@pytest.mark.parametrize(
    ("jobs", "says"),
    [
        ({"fees.yerly": {}}, "fees.yearly"),
        ({"expiry": {"schedule": "often"}}, "five fields"),
        ({"expiry": {"schedule": "0 0 30 2 *"}}, "no schedule"),
        ({"expiry": {"most_value": 101}}, "most_value"),
    ],
)
def test_settings_that_mean_nothing_are_refused(make_house: Any, jobs: Any, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        make_house(jobs=jobs)


# Schedules


def test_a_job_runs_once_when_it_is_due_and_as_of_that_instant(house: Any) -> None:
    house.clock.set("2026-12-31T23:00:00+00:00")
    house.does(house.joins()[0], "fees.earn", 100)
    assert [run.job for run in house.kit.jobs.tick()] == [], "the first look only says since when it is followed"
    house.clock.set("2027-01-01T02:59:59+00:00")
    assert "fees.yearly" not in [run.job for run in house.kit.jobs.tick()]
    house.clock.set("2027-01-01T03:00:00+00:00")
    (run,) = [run for run in house.kit.jobs.tick() if run.job.startswith("fees")]
    assert (run.job, run.origin, run.at, run.settled) == ("fees.yearly", "schedule", house.clock(), 1)
    assert house.kit.jobs.tick() == []
    assert house.is_proved()


@pytest.mark.parametrize(("catch_up", "days"), [("last", [4]), ("each", [2, 3, 4])])
def test_missed_instants_are_made_up_for_as_the_job_says(make_house: Any, catch_up: Any, days: list[int]) -> None:
    seen: list[datetime] = []
    job = Job(name="fees.job", run=lambda work: seen.append(work.at), schedule="0 3 * * *", catch_up=catch_up)
    house = make_house(fees.plugin(jobs=[job]), jobs={"expiry": {"schedule": ""}, "fees.yearly": {"schedule": ""}})
    house.clock.set("2026-03-01T12:00:00+00:00")
    house.kit.jobs.tick()
    house.clock.set("2026-03-04T12:00:00+00:00")
    house.kit.jobs.tick()
    assert seen == [datetime(2026, 3, day, 3, tzinfo=UTC) for day in days]


def test_two_schedulers_enter_an_instant_once(make_house: Any, make_kit: Any) -> None:
    house = make_house()
    other = make_kit(modules={"fees": fees.plugin()}, database=house.kit.settings.database)
    house.clock.set("2026-12-31T23:00:00+00:00")
    house.kit.jobs.tick()
    house.clock.set("2027-01-01T04:00:00+00:00")
    barrier = threading.Barrier(2)

    def tick(kit: Kit) -> None:
        barrier.wait()
        kit.jobs.tick()

    threads = [threading.Thread(target=tick, args=(kit,)) for kit in (house.kit, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert house.count(runs, job="fees.yearly") == 1
    assert house.count(runs, job="expiry") == 1


def test_a_job_that_raises_is_remembered_tried_again_and_harms_nobody(make_house: Any) -> None:
    tries: list[int] = []

    def raising(work: Any) -> dict[str, int]:
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError("secret")
        work.beat(settled=3)
        return {"sent": 3}

    job = Job(name="fees.job", run=raising, schedule="1 12 * * *", description="Sends something.")
    house = make_house(fees.plugin(jobs=[job]), jobs={"expiry": {"schedule": ""}, "fees.yearly": {"schedule": ""}})
    house.kit.jobs.tick()
    house.clock.advance(minutes=1)
    (failed,) = house.kit.jobs.tick()
    assert (failed.state, failed.code) == ("failed", "INTERNAL")
    house.clock.advance(minutes=5)
    done = house.kit.jobs.tick()
    again = next(run for run in done if run.id == failed.id)
    assert (again.state, again.settled, again.told) == ("done", 3, {"sent": 3})


@pytest.mark.parametrize("meanwhile", ["fails", "is withdrawn"])
def test_a_run_of_which_something_became_since_a_scheduler_read_it_is_left_alone(
    make_house: Any, make_kit: Any, monkeypatch: Any, meanwhile: str
) -> None:
    tries: list[datetime] = []

    def raising(work: Any) -> None:
        tries.append(work.at)
        raise RuntimeError

    plugin = fees.plugin(jobs=[Job(name="fees.job", run=raising)])
    house = make_house(plugin)
    other = make_kit(modules={"fees": plugin}, database=house.kit.settings.database)
    asked = house.kit.jobs.ask("fees.job")

    def read(*arguments: Any) -> Any:
        monkeypatch.undo()
        found = job_runs.open_runs(*arguments)
        if meanwhile == "fails":
            other.jobs.tick()
        else:
            with other.database.write() as connection:
                job_runs.withdraw(connection, asked.id, micros(house.clock()), "JOB_RUNNING")
        return found

    monkeypatch.setattr(job_runs, "open_runs", read)
    assert house.kit.jobs.tick() == []
    assert len(tries) == (meanwhile == "fails")
    (run,) = house.kit.jobs.runs("fees.job")
    assert run.state == "failed"


def test_what_failed_is_not_tried_again_once_a_later_run_took_its_place(make_house: Any) -> None:
    tries: list[datetime] = []

    def raising(work: Any) -> None:
        tries.append(work.at)
        raise RuntimeError

    job = Job(name="fees.job", run=raising, schedule="0 * * * *")
    house = make_house(fees.plugin(jobs=[job]), jobs={"expiry": {"schedule": ""}, "fees.yearly": {"schedule": ""}})
    house.kit.jobs.tick()
    for _ in range(2):
        house.clock.advance(minutes=60)
        house.kit.jobs.tick()
    house.clock.advance(minutes=6)
    house.kit.jobs.tick()
    assert [each.hour for each in tries] == [13, 14, 14]


def test_nobody_runs_what_nobody_declares(house: Any) -> None:
    for ask in (house.kit.jobs.run, house.kit.jobs.ask, house.kit.jobs.runs):
        with pytest.raises(NotFound, match="expiry"):
            ask("expiri")


# A process that is killed


def test_a_run_that_is_killed_goes_on_and_takes_each_fee_once(house: Any) -> None:
    number = 300
    for _ in house.kit.record_many(
        [Activity(type="fees.earn", member=each, amount=100) for each in house.joins(number)]
    ):
        pass
    house.clock.set(SettableClock().now)
    script = Path(__file__).with_name("killed.py")
    process = subprocess.Popen([sys.executable, script, house.kit.settings.database])
    while house.count(activity, type="fees.fee") < 30:
        assert process.poll() is None, "it ended by itself"
    process.kill()
    assert process.wait() == -signal.SIGKILL
    done = house.count(activity, type="fees.fee")
    assert 0 < done < number
    (run,) = house.kit.jobs.runs("fees.yearly")
    assert (run.state, run.settled) == ("running", done)
    house.clock.set(house.clock() + 2 * SILENT)
    (taken,) = house.kit.jobs.tick()
    assert (taken.id, taken.state, taken.settled) == (run.id, "done", number)
    assert house.count(activity, type="fees.fee") == number
    assert house.is_proved()
