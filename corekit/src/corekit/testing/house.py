"""A house: a kit with some members whose ids and times are known, to settle a history in and to look at."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from attrs import evolve
from sqlalchemy import Table, select

from corekit.activities.activity import Activity
from corekit.db.types import Id
from corekit.ids import named_id
from corekit.ledger.read import balances

if TYPE_CHECKING:
    from corekit.activities.outcome import Outcome
    from corekit.kit import Kit
    from corekit.testing.clock import SettableClock

SOURCE = "contract"
"""The source of the activities: a historical one, so that each settles at the time it occurred."""


class House:
    """A kit, and members whose ids are the same in every house of one name.

    ``plugin`` is the name of the plugin that the house is about, ``began`` the instant at which its history begins.
    Houses of different names can share a kit.
    """

    def __init__(
        self, kit: Kit, plugin: str, clock: SettableClock, began: datetime, members: int = 3, name: str = "house"
    ) -> None:
        self.kit = kit
        self.plugin = plugin
        self.clock = clock
        self.began = began
        self.members = tuple(named_id(f"{name} member {number}") for number in range(members))
        self._name = name
        self._numbers: Counter[str] = Counter()

    # ------------------------------------------------------------------------------------------------- activities

    def does(self, member: str, type_: str, amount: int = 0, *, days: float = 0, **given: Any) -> Activity:
        """Make an activity of a member, so many days after the house began; the same one in every house.

        ``amount`` is in minor units; ``given`` is anything else that an :class:`Activity` has.
        """
        self._numbers[type_] += 1
        key = f"{self._name} {type_} {self._numbers[type_]}"
        at = self.began + timedelta(days=days)
        known: dict[str, Any] = {"occurred_at": at, "source": SOURCE, "external_id": key, "id": named_id(key)}
        return Activity(type=type_, member=member, amount=amount, **(known | given))

    def settle(self, activities: Iterable[Activity], *, at_once: bool = False) -> list[Outcome]:
        """Settle activities one by one, or in one chunk, and return the answers; a plugin that fails is an error."""
        waiting = list(activities)
        if at_once:
            answers = list(self.kit.record_many(waiting, chunk=max(1, len(waiting))))
        else:
            answers = [self.kit.record(each) for each in waiting]
        for activity, answer in zip(waiting, answers, strict=True):
            if answer.outcome in ("busy", "failed", "invalid"):
                said = answer.message or "; ".join(problem.message for problem in answer.problems)
                raise AssertionError(
                    f"the {activity.type} {activity.external_id!r} of {activity.occurred_at} is {answer.outcome}: "
                    f"{said} [{answer.code}]"
                )
        return answers

    # ---------------------------------------------------------------------------------------------- looking at it

    @property
    def tables(self) -> Mapping[str, Table]:
        """The plugin's own tables, by name."""
        found = next(each for each in self.kit.plugins if each.name == self.plugin).declares.lineage
        return found.metadata.tables if found is not None else {}

    def rows(self, *, without: Iterable[str] = (), alike: bool = False) -> dict[str, Counter[tuple[Any, ...]]]:
        """Return the rows of the plugin's own tables as they stand, by table.

        Tables and columns (``table.column``) ``without`` which are left out. ``alike`` compares houses: ids that are
        made anew in each stand as ``id``, those of members stay.
        """
        left_out = set(without)
        found: dict[str, Counter[tuple[Any, ...]]] = {}
        with self.kit.read() as read:
            for name, table in self.tables.items():
                if name in left_out:
                    continue
                columns = [column for column in table.c if f"{name}.{column.name}" not in left_out]
                rows = read.all(select(*columns)) if columns else []
                named = [isinstance(column.type, Id) for column in columns]
                found[name] = Counter(
                    tuple(self._shown(value, is_id=is_id and alike) for value, is_id in zip(row, named, strict=True))
                    for row in rows
                )
        return found

    def _shown(self, value: Any, *, is_id: bool) -> Any:
        if is_id and value is not None and value not in self.members:
            return "id"
        if isinstance(value, dict | list):  # as it stands in an export
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
        return value if isinstance(value, str | int | float | None) else repr(value)

    def value(self, members: Sequence[str] | None = None) -> dict[str, dict[str, tuple[int, int, int]]]:
        """Return what members have, by member and account kind: the balance, what is held, what is owed."""
        members = self.members if members is None else members
        with self.kit.read() as read:
            found = balances(read, members, self.kit.now())
        return {
            member: {each.kind: (each.balance - each.due, each.pending, each.debt) for each in found[member]}
            for member in members
        }

    def worth(self) -> dict[str, dict[str, int]]:
        """Return what members are worth, by member and account kind of the plugin's: what they have less what they owe.

        Kinds of which nothing is left are left out.
        """
        own = self.own_kinds
        return {
            member: {kind: has - owes for kind, (has, _, owes) in kinds.items() if kind in own and has - owes}
            for member, kinds in self.value().items()
        }

    @property
    def own_kinds(self) -> set[str]:
        """The account kinds of the plugin."""
        registry = self.kit.registry
        return {kind for kind in registry.kinds if registry.owner("kind", kind) == self.plugin}

    def proved(self) -> None:
        """Raise where the books are not clean."""
        report = self.kit.verify()
        assert report.clean, f"the books are not clean: {report.violations}"


def again(activity: Activity, key: str, **changes: Any) -> Activity:
    """Return an activity like another one, with a key and an id of its own."""
    return evolve(activity, external_id=key, id=named_id(key), **changes)
