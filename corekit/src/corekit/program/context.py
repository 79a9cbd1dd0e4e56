"""What the rest of the program is to a plugin's section while that section is read."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from zoneinfo import ZoneInfo

from attrs import field, frozen

from corekit.declares import ActivityType, Unit
from corekit.metrics import Metric


@frozen
class ProgramContext:
    """The surroundings of a section: a schema in :class:`corekit.Section` asks for them while it loads.

    ``currency`` is the unit of money, ``types`` the activity types of all plugins, ``ladders`` the benefits
    of each tier, by ladder and tier, in the order of the file, ``zone`` the program's time zone, ``metrics`` those that
    plugins declare; a section that brings no metrics itself finds those of all other sections among them.
    ``units`` are what amounts count, by code, with those of the account kinds that follow from the same sections.
    """

    currency: Unit
    types: Mapping[str, ActivityType]
    ladders: Mapping[str, Mapping[str, Mapping[str, Any]]]
    zone: ZoneInfo = field(factory=lambda: ZoneInfo("UTC"))
    metrics: Mapping[str, Metric] = field(factory=dict[str, Metric])
    units: Mapping[str, Unit] = field(factory=dict[str, Unit])

    @classmethod
    def current(cls) -> ProgramContext:
        """Return the context of the program that is being read; LookupError outside of that."""
        return _current.get()

    @contextmanager
    def active(self) -> Generator[None]:
        """Be the current context for a while."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


_current: ContextVar[ProgramContext] = ContextVar("corekit_program")
