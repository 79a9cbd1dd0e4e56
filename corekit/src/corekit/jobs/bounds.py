"""The part of all members over which a select of a sweep is asked."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Any

from attrs import field, frozen
from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, true

from corekit.db.types import Id

AFTER, UPTO = (bindparam(f"bounds_{name}", type_=Id) for name in ("after", "upto"))
"""The parameters of a select that say from where to where: the same select serves each part of all members."""


@frozen
class Bounds:
    """As of which instant a sweep selects (UTC microseconds), and members from where to where, by their ids.

    ``after`` is excluded, ``upto`` included; both None: all members, as for the survey before the sweep. They are
    parameters, since a select that is built once serves part after part. ``program`` is
    the section of the plugin that declares the sweep, in the version of the program that holds at that instant (None:
    it has none), ``zone`` the program's time zone.
    """

    at: int
    after: BindParameter[str] | str | None = None
    upto: BindParameter[str] | str | None = None
    program: Any = field(default=None, eq=False, repr=False)
    zone: tzinfo = UTC

    @property
    def whole(self) -> bool:
        """Whether all members are meant."""
        return self.after is None

    def within(self, member: ColumnElement[Any]) -> ColumnElement[bool]:
        """Say that a column with ids of members lies within. Say it of the innermost, so that an index finds them."""
        return true() if self.after is None else and_(member > self.after, member <= self.upto)
