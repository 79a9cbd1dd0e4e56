"""Jobs: what there is, what became of runs, and asking for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import graphene
from attrs import frozen
from marshmallow import fields, validate

from corekit import JobRun as JobRunValue
from corekit import NotFound
from corekit.paging import MOST_ITEMS
from corekit_schema.context import Info
from corekit_schema.fields import Field, Object, listed
from corekit_schema.inputs import Input, Moment
from corekit_schema.mutations import MutationField, Payload, invalid
from corekit_schema.permissions import READ_JOBS, RUN_JOBS
from corekit_schema.policies import permission, public
from corekit_schema.scalars import JSON, DateTime
from corekit_schema.usererrors import UserErrorValue


class JobRunState(graphene.Enum):
    """What became of a run of a job."""

    ASKED = "asked"
    RUNNING = "running"
    HELD = "held"
    DONE = "done"
    FAILED = "failed"


class JobRun(Object, policy=public):
    """A run of a job: when, as of which instant, how far it is, and what became of it."""

    id = Field(graphene.ID, required=True, description="Its id.")
    job = Field(graphene.String, required=True, description="Name of the job.")
    state = Field(JobRunState, required=True, description="What became of it; `HELD` waits for somebody to say go.")
    is_interrupted = Field(
        graphene.Boolean, required=True, source="silent", description="Its runner says nothing any more."
    )
    is_scheduled = Field(graphene.Boolean, required=True, description="It was due; nobody asked for it.")
    at = Field(DateTime, required=True, description="The instant as of which it runs.")
    asked_at = Field(DateTime, required=True, description="When it was asked for, or came due.")
    started_at = Field(DateTime, description="When it began.")
    ended_at = Field(DateTime, description="When it ended.")
    found = Field(graphene.Int, required=True, description="How many rows it found when it began.")
    settled = Field(graphene.Int, required=True, description="How many activities it has settled.")
    waiting = Field(graphene.Int, required=True, description="How many it has left to workers.")
    refused = Field(graphene.Int, required=True, description="How many were refused.")
    told = Field(JSON, description="What a held run would do, or what the job had to say.")
    code = Field(graphene.String, description="Why it failed.")

    @staticmethod
    def resolve_is_scheduled(parents: Sequence[JobRunValue], _info: Info) -> list[bool]:
        """Say whether each was due."""
        return [run.origin == "schedule" for run in parents]


class Job(Object, policy=public):
    """Something that is done at its time, or to many members at once."""

    name = Field(graphene.String, required=True, description="Its name, such as `expiry`.")
    description = Field(graphene.String, required=True, description="What it does.")
    schedule = Field(graphene.String, description="A cron expression on the program's clock; null: it runs when asked.")
    next_at = Field(DateTime, description="When it is due next.")
    last_run = Field(JobRun, description="Its newest run.")


@frozen(kw_only=True)
class Asked:
    """The value behind :class:`RunJobPayload`."""

    run: JobRunValue | None = None
    user_errors: Sequence[UserErrorValue] = ()


class RunJobPayload(Payload, policy=public):
    """The run that a scheduler will take."""

    run = Field(JobRun, description="The run; null where the input is not valid.")


class RunJobInput(Input):
    """A job that is to run."""

    name = fields.String(
        required=True, validate=validate.Length(1, 200), metadata={"description": "Which job, such as `expiry`."}
    )
    at = Moment(
        load_default=None,
        metadata={"description": "As of which instant, at which what it does settles; now where left out."},
    )
    go = fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        metadata={"description": "Whatever share of members or value it touches; takes up the run that is held."},
    )


def _run(info: Info, values: Mapping[str, Any]) -> Asked:
    try:
        run = info.context.kit.jobs.ask(values["name"], values["at"], go=values["go"], actor=info.context.viewer.actor)
    except NotFound as error:
        raise invalid("NOT_FOUND", error.message, "name") from None
    info.context.refresh()
    return Asked(run=run)


def _jobs(parents: Sequence[Any], info: Info) -> list[Any]:
    return [info.context.kit.jobs.all() for _ in parents]


def _runs(parents: Sequence[Any], info: Info, job: str | None = None, first: int = 20) -> list[Any]:
    try:
        found = info.context.kit.jobs.runs(job, first=first)
    except NotFound as error:
        raise invalid("NOT_FOUND", error.message, "job") from None
    return [found for _ in parents]


JOBS = Field(listed(Job), policy=permission(READ_JOBS), description="The jobs, by name.", resolve=_jobs, blocking=True)
RUNS = Field(
    listed(JobRun),
    job=graphene.Argument(graphene.String, description="Of this job only."),
    first=graphene.Int(required=True, default_value=20, description=f"How many; {MOST_ITEMS} at most."),
    policy=permission(READ_JOBS),
    description="The newest runs of jobs, newest first.",
    resolve=_runs,
    blocking=True,
)
RUN_JOB = MutationField(
    RunJobInput,
    _run,
    payload=RunJobPayload,
    policy=permission(RUN_JOBS),
    description="Let the next scheduler run a job.",
)
