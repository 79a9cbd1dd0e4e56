"""What corekit.toml says of jobs, held against the jobs that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corekit.errors import SettingsError
from corekit.jobs.expiry import EXPIRY
from corekit.jobs.schedule import Schedule
from corekit.validation import suggest

if TYPE_CHECKING:
    from corekit.registry import Registry
    from corekit.settings import Settings


def check_settings(declared: Registry, settings: Settings) -> None:
    """Raise SettingsError for jobs that nobody declares, and for schedules that are none."""
    known = {EXPIRY, *declared.jobs}
    for name in settings.jobs:
        if name not in known:
            raise SettingsError(f"[corekit.jobs.{name}]: there is no such job{suggest(name, known)}", job=name)
    schedules = [(name, job.schedule) for jobs in (declared.jobs, settings.jobs) for name, job in jobs.items()]
    for name, schedule in schedules:
        try:
            if schedule:
                Schedule.parse(schedule, settings.time_zone)
        except ValueError as error:
            raise SettingsError(f"the schedule of job {name}: {error}", job=name) from None
