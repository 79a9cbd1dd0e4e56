"""``corekit jobs``: what is done at its time, by hand or by a scheduler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from corekit.cli.context import ACTOR, open_kit
from corekit.cli.lives import instant
from corekit.cli.output import NO, emit
from corekit.cli.stopping import Stop, Stops

if TYPE_CHECKING:
    from corekit.jobs.runner import JobState
    from corekit.jobs.runs import JobRun

app = typer.Typer(help="Run what is done at its time and to many members at once.", no_args_is_help=True)
PAUSE = 5.0
"""Seconds between two looks at what is due."""


class Ticks(Protocol):
    """What a scheduler needs of jobs."""

    def tick(self) -> Any:
        """Run what is due, and return the runs."""
        ...


Name = Annotated[str, typer.Argument(help="The job, such as expiry.")]


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """Show the jobs, what each does, and when it is due next."""
    emit(ctx, open_kit(ctx).jobs.all(), lambda jobs: "\n".join(map(_listed, jobs)))


@app.command()
def run(
    ctx: typer.Context,
    name: Name,
    *,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="As of this ISO time instead of now; without a zone, on the program's clock."
        ),
    ] = None,
    go: Annotated[bool, typer.Option("--go", help="Whatever share of members or value it touches.")] = False,
) -> None:
    """Run a job; it can be run again at any time, and continues what was interrupted.

    A sweep that would touch an implausible share of all members or value stops before it writes, with exit code 1;
    --go lets it continue.
    """
    kit = open_kit(ctx)
    done = kit.jobs.run(name, instant(at, kit) if at is not None else None, go=go, actor=ACTOR)
    emit(ctx, done, _told)
    if done.state == "held":
        raise typer.Exit(NO)


@app.command()
def status(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(help="One job; all by default.")] = None,
    *,
    number: Annotated[int, typer.Option("--number", "-n", min=1, max=1000, help="So many runs.")] = 20,
) -> None:
    """Show the newest runs: when, as of which time, how far, and what became of them."""
    emit(ctx, open_kit(ctx).jobs.runs(name, first=number), lambda runs: "\n".join(map(_told, runs)) or "no runs")


@app.command()
def schedule(
    ctx: typer.Context,
    *,
    once: Annotated[bool, typer.Option("--once", help="Run what is due and asked for now, and stop.")] = False,
) -> None:
    """Run jobs when they are due or asked for, until stopped by SIGTERM or SIGINT; several schedulers may run."""
    done = schedule_until(Stop.by_signal(), open_kit(ctx).jobs, once=once)
    emit(ctx, {"done": done}, lambda _: f"{done} runs")


def schedule_until(stop: Stops, jobs: Ticks, *, once: bool) -> int:
    """Look again and again what is due until told to stop, after the run that is going on; return how many ran.

    A database that does not answer is waited for, but not with ``once``.
    """
    import structlog

    from corekit.errors import Busy, Unavailable

    log = structlog.get_logger("corekit.jobs")
    done = 0
    while not stop.is_set():
        try:
            done += len(jobs.tick())
        except (Busy, Unavailable) as error:
            if once:
                raise
            log.warning("waiting", code=error.code, reason=error.message)
        if once:
            break
        stop.wait(PAUSE)
    return done


def _listed(job: JobState) -> str:
    due = f"{job.schedule}, next {job.next_at:%Y-%m-%d %H:%M} UTC" if job.next_at is not None else "by hand"
    last = f"; last {job.last_run.state}" if job.last_run is not None else ""
    return f"{job.name}  {job.description} ({due}{last})"


def _told(run: JobRun) -> str:
    """Return what became of a run, in a line, and what it waits for."""
    counts = f"{run.found} found, {run.settled} settled, {run.waiting} left to workers, {run.refused} refused"
    state = "interrupted" if run.silent else run.state
    code = f" [{run.code}]" if run.code else ""
    lines = [f"{run.job} as of {run.at:%Y-%m-%d %H:%M:%S} UTC: {state}{code}; {counts}"]
    for each in run.told.get("would", ()) if run.state == "held" and run.told is not None else ():
        value = f" and {each['value_share']} % of all value" if each["value_share"] is not None else ""
        lines.append(
            f"  {each['sweep']} would touch {each['members']} members and move {each['value']}: "
            f"{each['member_share']} % of all members{value}; --go lets it"
        )
    return "\n".join(lines)
