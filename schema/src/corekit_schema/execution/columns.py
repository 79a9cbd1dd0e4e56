"""Turns a column of values, one for each parent of a level, into a column of answers.

Each class completes values of one kind of type, as the section "Value Completion" of the GraphQL specification says,
but for the whole column at once. A value that fails becomes ``FAILED``, which passes up to the nearest place that may
hold null; the error itself is remembered by the run, together with its place.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate, chain, pairwise
from types import NoneType
from typing import Any, cast

from graphql import FieldNode, GraphQLError
from graphql.pyutils import is_iterable

from corekit_schema.execution.classes import Classes, are_there, classes_of
from corekit_schema.execution.fieldplan import FieldPlan, Level
from corekit_schema.execution.guards import Guard
from corekit_schema.execution.places import Places
from corekit_schema.execution.rows import rows_of
from corekit_schema.execution.run import FAILED, Run

Values = Sequence[Any]
Answers = list[Any]
_LISTS = {list, tuple}


class Column(ABC):
    """Completes values of one type at one place of an operation; ``guarded`` where a policy may hide some of them."""

    __slots__ = ("coordinates", "nodes", "nullable")

    guarded = False

    def __init__(self, nodes: Sequence[FieldNode], coordinates: str, *, nullable: bool) -> None:
        self.nodes = nodes
        self.coordinates = coordinates
        self.nullable = nullable

    def complete(self, values: Values, places: Places, run: Run) -> Answers:
        """Return the answer for each value; null, or ``FAILED`` where the place may not hold null."""
        failures = run.failures.count
        classes = classes_of(values)
        answers = self.answers(values, classes, places, run)
        if self.nullable:
            if run.failures.count != failures:
                return [None if answer is FAILED else answer for answer in answers]
        elif self.guarded or NoneType in classes:
            error = TypeError(f"Cannot return null for non-nullable field {self.coordinates}.")
            for row, answer in enumerate(answers):
                if answer is None:
                    answers[row] = run.fail(error, self.nodes, places, row)
        return answers

    @abstractmethod
    def answers(self, values: Values, classes: Classes, places: Places, run: Run) -> Answers:
        """Return the answer for each value, null where there is none, ``FAILED`` where it failed.

        ``classes`` are those of the values. Without None among them no answer is null, unless a policy hides it.
        """

    def hides(self, run: Run) -> Callable[[Any], bool] | None:  # noqa: ARG002 - objects ask who is looking
        """Return what says of a value that the viewer may not see it; None where the viewer may see all."""
        return None


class Leaves(Column):
    """Scalars and enums. ``serialize`` writes one value (None stays None, an exception is raised)."""

    __slots__ = ("serialize", "serialize_all")

    def __init__(
        self,
        nodes: Sequence[FieldNode],
        coordinates: str,
        *,
        nullable: bool,
        serialize: Callable[[Any], Any],
        serialize_all: Callable[[Values, Classes], Answers],
    ) -> None:
        super().__init__(nodes, coordinates, nullable=nullable)
        self.serialize = serialize
        self.serialize_all = serialize_all

    def answers(self, values: Values, classes: Classes, places: Places, run: Run) -> Answers:
        """Write the whole column; one by one only where something fails."""
        try:
            return self.serialize_all(values, classes)
        except Exception:  # noqa: BLE001 - whatever it is, it is told again below, at its place
            return [self._one(value, places, run, row) for row, value in enumerate(values)]

    def _one(self, value: Any, places: Places, run: Run, row: int) -> Any:
        try:
            return self.serialize(value)
        except Exception as error:  # noqa: BLE001 - it belongs to this value alone
            return run.fail(error, self.nodes, places, row)


class Lists(Column):
    """Lists: the items of all lists of the level are one column."""

    __slots__ = ("items",)

    def __init__(self, nodes: Sequence[FieldNode], coordinates: str, *, nullable: bool, items: Column) -> None:
        super().__init__(nodes, coordinates, nullable=nullable)
        self.items = items

    def answers(self, values: Values, classes: Classes, places: Places, run: Run) -> Answers:
        """Put all items end to end, complete them, and cut them up again.

        Where items may not be null, those that the viewer may not see are left out.
        """
        answers: Answers = [None] * len(values)
        rows: Sequence[int] = range(len(values))
        if not classes <= _LISTS:
            rows, values = self._lists(values, answers, places, run)
        if not self.items.nullable and (hidden := self.items.hides(run)) is not None:
            values = [[item for item in value if not hidden(item)] for value in values]
        ends = list(accumulate(map(len, values)))
        failures = run.failures.count
        below = Places(places, rows, ends=ends, nullable=self.items.nullable)
        done = self.items.complete(list(chain.from_iterable(values)), below, run)
        parts: Answers = [done[start:end] for start, end in pairwise([0, *ends])]
        if run.failures.count != failures:
            parts = [FAILED if any(item is FAILED for item in part) else part for part in parts]
        if len(parts) == len(answers):
            return parts
        for row, part in zip(rows, parts, strict=True):
            answers[row] = part
        return answers

    def _lists(
        self, values: Values, answers: Answers, places: Places, run: Run
    ) -> tuple[list[int], list[Sequence[Any]]]:
        """Return the rows that hold lists, and the lists; the answer of a row that should and does not is an error."""
        rows: list[int] = []
        lists: list[Sequence[Any]] = []
        for row, value in enumerate(values):
            if value is None:
                continue
            try:
                lists.append(self._items(value))
                rows.append(row)
            except Exception as error:  # noqa: BLE001 - it belongs to this list alone
                answers[row] = run.fail(error, self.nodes, places, row)
        return rows, lists

    def _items(self, value: Any) -> Sequence[Any]:
        if isinstance(value, list | tuple):
            return cast("Sequence[Any]", value)
        if isinstance(value, Exception):
            raise value
        if not is_iterable(value):
            raise GraphQLError(f"Expected Iterable, but did not find one for field '{self.coordinates}'.")
        return list(cast("Iterable[Any]", value))


class Objects(Column):
    """Objects of one type: each selected field is a column of its own."""

    __slots__ = ("across", "guard", "guarded", "level")

    def __init__(
        self,
        nodes: Sequence[FieldNode],
        coordinates: str,
        *,
        nullable: bool,
        fields: Sequence[FieldPlan],
        guard: Guard | None,
    ) -> None:
        super().__init__(nodes, coordinates, nullable=nullable)
        self.level = Level(fields)
        self.across = rows_of(tuple(field.key for field in fields))
        self.guard = guard
        self.guarded = guard is not None

    def answers(self, values: Values, classes: Classes, places: Places, run: Run) -> Answers:
        """Leave out what is null, failed or not the viewer's, and complete the rest field by field."""
        verdict = "yes" if self.guard is None else run.verdict(self.guard.policy)
        if verdict == "yes" and are_there(classes):
            return self.objects(values, places, run)
        answers: Answers = [None] * len(values)
        rows: Sequence[int] = self._there(values, answers, places, run)
        if self.guard is not None:
            rows = self.guard.visible(rows, values, verdict, run.context.viewer)
        if len(rows) == len(values):
            return self.objects(values, places, run)
        found = self.objects([values[row] for row in rows], Places(places, rows), run)
        for row, answer in zip(rows, found, strict=True):
            answers[row] = answer
        return answers

    def hides(self, run: Run) -> Callable[[Any], bool] | None:
        """Return what says of a value that its type's policy denies it; what is null or failed is nobody's."""
        if self.guard is None or (verdict := run.verdict(self.guard.policy)) == "yes":
            return None
        guard, viewer = self.guard, run.context.viewer
        return lambda value: not (value is None or isinstance(value, Exception) or guard.allows(value, verdict, viewer))

    def _there(self, values: Values, answers: Answers, places: Places, run: Run) -> list[int]:
        """Return the rows that hold objects; the answer of a row with an exception is an error."""
        rows: list[int] = []
        for row, value in enumerate(values):
            if isinstance(value, Exception):
                answers[row] = run.fail(value, self.nodes, places, row)
            elif value is not None:
                rows.append(row)
        return rows

    def objects(self, values: Values, places: Places, run: Run) -> Answers:
        """Complete objects that are all there."""
        if not values or not self.level.fields:
            return [{} for _ in values]
        failures = run.failures.count
        columns = self.level.columns(values, places, run)
        answers = self.across(columns)
        if run.failures.count != failures:
            for column in columns:
                for row, answer in enumerate(column):
                    if answer is FAILED:
                        answers[row] = FAILED
        return answers


class Abstracts(Column):
    """Objects behind an interface or a union: completed type by type."""

    __slots__ = ("name_of", "types")

    guarded = True

    def __init__(
        self,
        nodes: Sequence[FieldNode],
        coordinates: str,
        *,
        nullable: bool,
        name_of: Callable[[Any], str],
        types: Mapping[str, Objects],
    ) -> None:
        super().__init__(nodes, coordinates, nullable=nullable)
        self.name_of = name_of
        self.types = types

    def answers(self, values: Values, classes: Classes, places: Places, run: Run) -> Answers:  # noqa: ARG002 - each value says of which type it is
        """Sort the values by their type."""
        answers: Answers = [None] * len(values)
        groups: dict[str, list[int]] = {}
        for row, value in enumerate(values):
            if value is None:
                continue
            try:
                groups.setdefault(self._name(value), []).append(row)
            except Exception as error:  # noqa: BLE001 - it belongs to this value alone
                answers[row] = run.fail(error, self.nodes, places, row)
        for name, rows in groups.items():
            of_type = [values[row] for row in rows]
            found = self.types[name].answers(of_type, classes_of(of_type), Places(places, rows), run)
            for row, answer in zip(rows, found, strict=True):
                answers[row] = answer
        return answers

    def hides(self, run: Run) -> Callable[[Any], bool] | None:
        """Return what asks the policy of a value's own type."""
        hidden = {name: hides for name, objects in self.types.items() if (hides := objects.hides(run)) is not None}

        def hides_one(value: Any) -> bool:
            try:
                name = None if value is None else self._name(value)
            except Exception:  # noqa: BLE001 - it failed, or is of no type: that is told in its place
                name = None
            return name in hidden and hidden[name](value)

        return hides_one if hidden else None

    def _name(self, value: Any) -> str:
        if isinstance(value, Exception):
            raise value
        return self.name_of(value)
