"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["START", "SettableClock"]

START = datetime(2026, 1, 15, 12, tzinfo=UTC)
"""Where a test's clock stands at first."""


class SettableClock:
    """Gives to a kit the instant that a test has set."""

    def __init__(self, now: datetime = START) -> None:
        """Start at an aware datetime."""
        self.now = now

    def __call__(self) -> datetime:
        """Return the instant that was set."""
        return self.now

    def set(self, now: datetime | str) -> None:
        """Go to an instant, forward or back: an aware datetime or its ISO form; a naive one means UTC."""
        moment = datetime.fromisoformat(now) if isinstance(now, str) else now
        self.now = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

    def advance(self, by: timedelta | None = None, **parts: float) -> None:
        """Go forward by a timedelta, or by its parts: ``advance(days=31)``."""
        self.now += by if by is not None else timedelta(**parts)
