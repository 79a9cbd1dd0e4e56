"""The jobs of a kit: what there is, runs by hand and by schedule, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from attrs import evolve, frozen

from corekit.activities.settle import Settlement
from corekit.activities.terms import Terms
from corekit.audit.trail import leave
from corekit.clock import micros, moment
from corekit.errors import CorekitError, NotFound
from corekit.jobs import runs
from corekit.jobs.declared import CatchUp, Job, Sweep
from corekit.jobs.errors import Lost, Running
from corekit.jobs.expiry import DESCRIPTION, EXPIRY, SCHEDULE, expiry
from corekit.jobs.holds import overdue
from corekit.jobs.runs import JobRun
from corekit.jobs.schedule import Schedule
from corekit.jobs.sweeping import CHUNK, Found, Position, Sweeping
from corekit.log import raised_at
from corekit.validation import suggest

if TYPE_CHECKING:
    from corekit.kit import Kit

_log = structlog.get_logger("corekit.jobs")
SETTLED_AT_ONCE = 500


@frozen(kw_only=True)
class JobState:
    """A job as it stands: what it does, when it is due next, and its newest run (None: it never ran)."""

    name: str
    description: str
    schedule: str | None
    catch_up: CatchUp
    next_at: datetime | None
    last_run: JobRun | None


@frozen(kw_only=True)
class _Plan:
    """A job as the settings have it."""

    name: str
    description: str
    schedule: Schedule | None
    catch_up: CatchUp
    sweeps: tuple[Sweep, ...] = ()
    job: Job | None = None


class Jobs:
    """What :attr:`corekit.Kit.jobs` is."""

    def __init__(self, kit: Kit, settlement: Settlement) -> None:
        self._kit = kit
        self._settlement = settlement

    # ----------------------------------------------------------------------------------------------- what there is

    def all(self) -> list[JobState]:
        """Return every job by name, with its newest run."""
        plans, now = self._plans(), self._settlement.now()
        with self._kit.read() as read:
            latest = runs.latest(read, now, plans)
        return [
            JobState(
                name=plan.name,
                description=plan.description,
                schedule=plan.schedule.text if plan.schedule is not None else None,
                catch_up=plan.catch_up,
                next_at=moment(plan.schedule.next(now)) if plan.schedule is not None else None,
                last_run=latest.get(name),
            )
            for name, plan in plans.items()
        ]

    def runs(self, name: str | None = None, *, first: int = 20) -> list[JobRun]:
        """Return the newest runs, of one job or of all, newest first; NotFound for a name that no job has."""
        if name is not None:
            self._plan(name)
        with self._kit.read() as read:
            return runs.history(read, self._settlement.now(), name, first=first)

    # ------------------------------------------------------------------------------------------------------ by hand

    def run(
        self,
        name: str,
        at: datetime | None = None,
        *,
        go: bool = False,
        chunk: int = CHUNK,
        actor: str | None = None,
    ) -> JobRun:
        """Run a job now and return what became of it; what it leaves to workers is settled as well.

        ``at`` lets it run as of that instant, at which what it does settles; without it both are now. A run that was
        interrupted goes on first. ``go`` takes up the run that is held, if there is one and no instant is given, and
        lets nothing hold this one. Raises NotFound for a name that no job has, CorekitError ``JOB_RUNNING`` where
        another runner has it, and what the job raises.
        """
        plan = self._plan(name)
        while (broken := self._standing(name, "running")) is not None:
            if not broken.silent:
                since = broken.started_at.isoformat() if broken.started_at else ""
                raise Running(f"job {name} is running since {since} ({broken.holder})", job=name, since=since)
            self._execute(plan, broken, by_hand=True, chunk=chunk)
        run = self.ask(name, at, go=go, actor=actor)
        try:
            return self._execute(plan, run, by_hand=True, chunk=chunk)
        except Running:
            with self._kit.database.write() as connection:
                runs.withdraw(connection, run.id, self._settlement.now(), Running.code)
            raise

    def ask(self, name: str, at: datetime | None = None, *, go: bool = False, actor: str | None = None) -> JobRun:
        """Let the next scheduler run a job, and return the run that waits for it; see :meth:`run`."""
        self._plan(name)
        now = self._settlement.now()
        held = self._standing(name, "held") if go and at is None else None
        with self._kit.database.write() as connection:
            if held is not None and runs.ask_again(connection, held.id, now):
                id_ = held.id
            else:
                instant = micros(at) if at is not None else now
                id_ = runs.ask(connection, name, instant, now, origin="hand", historical=at is not None, go=go)
            leave(connection, moment(now), actor, "job.asked", name, run=id_, go=go)
        return self._find(id_)

    # -------------------------------------------------------------------------------------------------- by schedule

    def tick(self, *, chunk: int = CHUNK) -> list[JobRun]:
        """Run what is due now and what was asked for; a scheduler calls it again and again.

        Several schedulers may run: each instant of a schedule is entered once, and each run has one runner. What a job
        raises is kept with its run, which is tried again later; the others go on.
        """
        self._enter_due()
        plans, done = self._plans(), list[JobRun]()
        with self._kit.read() as read:
            waiting = runs.open_runs(read, self._settlement.now())
        for run in waiting:
            if run.job not in plans:  # its plugin is off
                continue
            try:
                done.append(self._execute(plans[run.job], run, by_hand=False, chunk=chunk))
            except Running:
                continue
            except CorekitError as error:
                _log.error("job failed", job=run.job, run=run.id, code=error.code)
                done.append(self._find(run.id))
            except Exception as error:  # noqa: BLE001 - whatever the function of a job raises, the others go on
                _log.error("job failed", job=run.job, run=run.id, **raised_at(error))
                done.append(self._find(run.id))
        return done

    def _enter_due(self) -> None:
        now, plans = self._settlement.now(), self._plans()
        with self._kit.read() as read:
            followed = runs.followed_to(read)
        for plan in plans.values():
            if plan.schedule is None:
                continue
            before = followed.get(plan.name)
            if before is None:
                runs.follow(self._kit.database, plan.name, now)
            elif due := plan.schedule.due(before, now, each=plan.catch_up == "each"):
                with self._kit.database.write() as connection:
                    if runs.followed(connection, plan.name, before, due[-1]):
                        for instant in due:
                            runs.ask(connection, plan.name, instant, now, origin="schedule")

    # ------------------------------------------------------------------------------------------------------- inside

    def _execute(self, plan: _Plan, run: JobRun, *, by_hand: bool, chunk: int = CHUNK) -> JobRun:
        who = runs.holder()
        if not runs.claim(self._kit.database, run, self._settlement.now(), who):
            raise Running(f"another runner has job {plan.name}", job=plan.name, since="")
        run = self._find(run.id)
        work = _Work(self._kit, self._settlement, run, who)
        try:
            state, told = self._do(plan, run, work, by_hand=by_hand, chunk=chunk)
        except Lost:
            raise
        except BaseException as error:
            work.end("failed", code=getattr(error, "code", "INTERNAL"))
            raise
        work.end(state, told=told)
        return self._find(run.id)

    def _do(
        self, plan: _Plan, run: JobRun, work: _Work, *, by_hand: bool, chunk: int
    ) -> tuple[str, Mapping[str, Any] | None]:
        if plan.job is not None:
            told = plan.job.run(work)
            return "done", dict(told) if told is not None else None
        sweeping = Sweeping(
            self._kit.database,
            self._settlement,
            self._kit.terms,
            self._kit.renew,
            run=run,
            at=micros(run.at),
            chunk=chunk,
        )
        if run.position is None:
            found = sweeping.survey(plan.sweeps)
            if not run.go and (too_much := _too_much(plan.sweeps, found)):
                return "held", {"would": too_much}
            work.begin(sum(each.members for each in found))
            if not any(each.members for each in found):
                return "done", None
        if plan.name == EXPIRY:  # what a hold lets go may be due, and no instant of a member comes before it has
            for members in overdue(self._kit, work.at):
                work.beat(settled=self._kit.lapse(members, work.at, historical=work.historical))
        sweeping.sweep(plan.sweeps)
        if by_hand and self._find(run.id).waiting:
            while self._kit.work(chunk=SETTLED_AT_ONCE, limit=SETTLED_AT_ONCE):
                work.beat()
        return "done", None

    def _plan(self, name: str) -> _Plan:
        plans = self._plans()
        if name not in plans:
            raise NotFound(f"there is no job {name!r}{suggest(name, plans)}", name=name)
        return plans[name]

    def _plans(self) -> dict[str, _Plan]:
        """Return every job by name, under the terms that hold now: nothing else may tell a scheduler of others."""
        self._kit.look_again()
        terms = self._kit.terms()
        found = [self._read(terms, EXPIRY, tuple(expiry(terms)))]
        for name, each in terms.registry.jobs.items():
            found.append(self._read(terms, name, (each,) if isinstance(each, Sweep) else (), each))
        return {plan.name: plan for plan in sorted(found, key=lambda plan: plan.name)}

    def _read(self, terms: Terms, name: str, sweeps: Sequence[Sweep], declared: Sweep | Job | None = None) -> _Plan:
        settings = self._kit.settings.jobs.get(name)
        text = declared.schedule if declared is not None else SCHEDULE
        if settings is not None:
            text = settings.schedule if settings.schedule is not None else text
            sweeps = [evolve(each, limits=settings.limits(each.limits)) for each in sweeps]
        return _Plan(
            name=name,
            description=declared.description if declared is not None else DESCRIPTION,
            schedule=Schedule.parse(text, terms.zone) if text else None,
            catch_up=declared.catch_up if declared is not None else "last",
            sweeps=tuple(sweeps),
            job=declared if isinstance(declared, Job) else None,
        )

    def _standing(self, name: str, state: str) -> JobRun | None:
        with self._kit.read() as read:
            return runs.standing(read, self._settlement.now(), name, state)

    def _find(self, id_: str) -> JobRun:
        with self._kit.read() as read:
            found = runs.find(read, id_, self._settlement.now())
        if found is None:
            raise NotFound(f"there is no run {id_}", id=id_)
        return found


class _Work:
    """A run as its runner has it."""

    def __init__(self, kit: Kit, settlement: Settlement, run: JobRun, who: str) -> None:
        self.kit = kit
        self._settlement = settlement
        self._run = run
        self._who = who

    @property
    def at(self) -> datetime:
        """The instant as of which it runs."""
        return self._run.at

    @property
    def historical(self) -> bool:
        """Whether what it does settles then."""
        return self._run.historical

    def beat(self, **counts: int) -> None:
        """Say that it is still alive, and count."""
        with self.kit.database.write() as connection:
            runs.beat(connection, self._run.id, self._who, self._settlement.now(), None, counts)

    def begin(self, found: int) -> None:
        """Say how much was found: whoever takes the run over does not look again."""
        with self.kit.database.write() as connection:
            position = Position().stored()
            runs.beat(connection, self._run.id, self._who, self._settlement.now(), position, {"found": found})

    def end(self, state: str, **values: Any) -> None:
        """End the run."""
        with self.kit.database.write() as connection:
            runs.end(connection, self._run.id, self._who, self._settlement.now(), state, **values)


def _too_much(sweeps: Sequence[Sweep], found: Sequence[Found]) -> list[dict[str, Any]]:
    """Return what is implausible, as it is told."""
    return [
        {
            "sweep": each.sweep,
            "members": each.members,
            "value": each.value,
            "member_share": each.member_share,
            "value_share": each.value_share,
        }
        for sweep, each in zip(sweeps, found, strict=True)
        if each.exceeds(sweep.limits)
    ]
