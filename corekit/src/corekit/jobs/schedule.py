"""When a job is due: a cron expression on the program's clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from attrs import frozen
from cronsim import CronSim, CronSimError

from corekit.clock import micros, moment

_FIELDS = 5
_BEYOND = 3 * 3_600_000_000
MOST_INSTANTS = 1_000
"""So many missed instants are made up for at most."""


@frozen
class Schedule:
    """A cron expression of five fields: minute, hour, day of month, month, day of week.

    It is read on the local clock, as Debian's cron does: what falls into an hour that the clock leaves out is due when
    it has moved, and what falls into an hour that it goes through twice is due the first time. An expression that names
    no fixed minute or hour (``*/30 * * * *``) goes by the time that passes.
    """

    text: str
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str, zone: ZoneInfo) -> Schedule:
        """Read an expression; ValueError with a sentence where it is none or is never due."""
        if len(text.split()) != _FIELDS:
            message = f"{text!r} is no schedule; write five fields, such as '0 4 * * *' for every day at 04:00"
            raise ValueError(message)
        schedule = cls(text, zone)
        try:
            schedule.next(0)
        except CronSimError as error:
            message = f"{text!r} is no schedule: {str(error).lower()}"
            raise ValueError(message) from None
        except StopIteration:
            message = f"{text!r} is never due"
            raise ValueError(message) from None
        return schedule

    def next(self, after: int) -> int:
        """Return the first instant later than one (UTC microseconds)."""
        return next(self._later(after))

    def due(self, after: int, upto: int, *, each: bool = False) -> list[int]:
        """Return the instants that came due later than one and not later than another, in their order.

        Without ``each`` only the last of them.
        """
        found: list[int] = []
        # Backwards, so that a schedule that nobody followed for years does not take years of minutes.
        for instant in self._earlier(upto):
            if instant <= after:
                break
            found.append(instant)
            if not each or len(found) == MOST_INSTANTS:
                break
        return found[::-1]

    def _later(self, after: int) -> Iterator[int]:
        for found in CronSim(self.text, self._local(after)):
            if (instant := micros(found.astimezone(UTC))) > after:
                yield instant

    def _earlier(self, upto: int) -> Iterator[int]:
        """Yield the instants up to one, latest first."""
        # From beyond any hour that the clock goes through twice: within it the local time alone does not tell which.
        for found in CronSim(self.text, self._local(upto + _BEYOND), reverse=True):
            if (instant := micros(found.astimezone(UTC))) <= upto:
                yield instant

    def _local(self, instant: int) -> datetime:
        return moment(instant).astimezone(self.zone)
