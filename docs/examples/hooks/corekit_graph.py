"""A field on members: in which month they have their birthday, for who prints the calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from corekit import hookimpl

if TYPE_CHECKING:
    from corekit_schema import Graph, Info


@hookimpl
def corekit_graph() -> Graph:
    """Bring the field. It has the plugin's name, ``calendar``, and the policy of the type that it joins."""
    from graphene import Int

    from corekit_schema import Field, Graph, Member, Object

    class CalendarMember(Object):
        """What the calendar says of a member."""

        calendar_month = Field(Int, description="The month of the birthday, 1 to 12.", reads=("birthday",))

        @staticmethod
        def resolve_calendar_month(members: Sequence[Any], info: Info) -> list[int | None]:
            """Answer for all members of a level at once."""
            return [date.fromisoformat(each.birthday).month if each.birthday else None for each in members]

    return Graph(extends={Member: CalendarMember})
