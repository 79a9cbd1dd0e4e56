"""A clock that walks with the data."""

from __future__ import annotations

from datetime import UTC, datetime


class WalkingClock:
    """Stands still at the latest instant it was walked to; it never goes back."""

    def __init__(self) -> None:
        """Begin before anything happened."""
        self.now = datetime(1970, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the instant."""
        return self.now

    def walk_to(self, instant: datetime) -> None:
        """Go forward to an instant."""
        self.now = max(self.now, instant)
