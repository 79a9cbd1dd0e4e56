"""Tables of jobs: how far each schedule was followed, and every run."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Text, text

from corekit.db.base import table
from corekit.db.types import Flag, Id, Instant, Json, Whole

job = table(
    "core_job",
    Column("name", Text, primary_key=True),
    # Instants of the schedule up to here were entered as runs, or lie before anybody followed it.
    Column("followed_to", Instant, nullable=False),
)

run = table(
    "core_job_run",
    Column("id", Id, primary_key=True),
    Column("job", Text, nullable=False),
    Column(
        "state",
        Text,
        CheckConstraint("state IN ('asked', 'running', 'held', 'done', 'failed')", name="state"),
        nullable=False,
    ),
    Column("origin", Text, nullable=False),
    Column("as_of", Instant, nullable=False),
    # Whether what it does settles at that instant instead of now.
    Column("historical", Flag, nullable=False),
    # Whether an operator said go, so that nothing holds it.
    Column("go", Flag, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    # Who runs it, and when it last said so: a runner that is silent for long has lost the run.
    Column("holder", Text),
    Column("beat_at", Instant),
    Column("position", Json),
    Column("found", Whole, nullable=False),
    Column("settled", Whole, nullable=False),
    Column("waiting", Whole, nullable=False),
    Column("refused", Whole, nullable=False),
    Column("told", Json),
    Column("code", Text),
    Index(None, "job", "asked_at"),
    # One runner at a time.
    Index(
        "uq_core_job_run_running",
        "job",
        unique=True,
        postgresql_where=text("state = 'running'"),
        sqlite_where=text("state = 'running'"),
    ),
    Index(
        "ix_core_job_run_open",
        "asked_at",
        postgresql_where=text("state IN ('asked', 'running', 'failed')"),
        sqlite_where=text("state IN ('asked', 'running', 'failed')"),
    ),
)
