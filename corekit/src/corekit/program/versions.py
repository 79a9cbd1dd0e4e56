"""Every version of the program, read once and kept, and which of them holds at which instant."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from corekit.clock import micros, moment
from corekit.program.program import Program

if TYPE_CHECKING:
    from datetime import datetime

    from corekit.errors import SettingsError
    from corekit.registry import Registry

_ALWAYS = -(1 << 62)


@frozen
class Edition:
    """A version as it was read: its program, the registry with what follows from it, the words of its file.

    ``announced_at`` is when it was applied; None for version 0, which nobody applied. ``problem`` says why it cannot be
    read any more, such as a ladder over the metric of a plugin that is off: then its program is empty.
    """

    program: Program
    registry: Registry
    content: str = ""
    hash: str = ""
    announced_at: datetime | None = None
    actor: str | None = None
    reason: str | None = None
    problem: SettingsError | None = field(default=None, eq=False)

    @property
    def version(self) -> int:
        """The number of the version."""
        return self.program.version

    @property
    def start(self) -> int:
        """The first instant that it judges, in microseconds, where no later version judges it."""
        return _ALWAYS if self.program.valid_from is None else micros(self.program.valid_from)


@frozen
class Versions:
    """The versions of a program by number, version 0 (nothing was applied) first.

    An instant is judged by the version with the highest number of those that are valid from it or before it. So a
    version that is applied later and valid earlier than another one replaces it.
    """

    editions: Sequence[Edition]
    holding: tuple[Edition, ...] = field(init=False)
    """Those that hold at any instant, in the order of time."""
    _starts: tuple[int, ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        holding: list[Edition] = []
        for edition in self.editions:
            while holding and holding[-1].start >= edition.start:
                holding.pop()
            holding.append(edition)
        object.__setattr__(self, "holding", tuple(holding))
        object.__setattr__(self, "_starts", tuple(each.start for each in holding))

    @property
    def newest(self) -> int:
        """The highest number."""
        return self.editions[-1].version

    @property
    def registry(self) -> Registry:
        """Everything declared by the plugins and by any version; of one name what the newest version says."""
        first, *later = (edition.registry for edition in self.editions)
        return first.covering(later)

    def sections(self, plugin: str) -> list[Any]:
        """Return the content of a plugin's section in each version, None where a version has none."""
        return [edition.program.sections.get(plugin) for edition in self.editions]

    def at(self, instant: int) -> Program:
        """Return the program that judges what occurs at an instant (microseconds)."""
        return self.edition_at(instant).program

    def edition_at(self, instant: int) -> Edition:
        """Return the version that judges what occurs at an instant (microseconds)."""
        if instant >= self._starts[-1]:  # nearly all: it is asked several times for each activity
            return self.holding[-1]
        return self.holding[bisect_right(self._starts, instant) - 1]

    def numbered(self, version: int) -> Edition | None:
        """Return a version by its number, or None."""
        return self.editions[version] if 0 <= version < len(self.editions) else None

    def upto(self, instant: int) -> tuple[Edition, ...]:
        """Return the versions that judge what occurred up to an instant (microseconds), in the order of time."""
        return self.holding[: bisect_right(self._starts, instant)]

    def after(self, instant: int) -> tuple[Edition, ...]:
        """Return the versions that begin to hold after an instant (microseconds), the next one first."""
        return self.holding[bisect_right(self._starts, instant) :]

    def ends(self, edition: Edition) -> datetime | None:
        """Return the instant from which another version holds instead; None where it holds on or never holds."""
        if edition not in self.holding:
            return None
        following = self.holding[self.holding.index(edition) + 1 :]
        return moment(following[0].start) if following else None
