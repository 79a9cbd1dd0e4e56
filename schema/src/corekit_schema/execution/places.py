"""Where in the answer a value stands. Nobody asks unless something fails, so nothing is computed before."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from attrs import define, field, frozen
from graphql import FieldNode, GraphQLError, located_error

Path = tuple[str | int, ...]


@define(eq=False)  # not frozen: that takes three times as long to make, and one is made for each column
class Places:
    """The places of the values of one column.

    A value's place is that of the value it came from (row ``rows[i]`` of ``above``; the same row where None), and one
    step further down: the response name ``key``, which is the selection's ``order``-th, or an index in a list, or no
    step at all. The items of all lists stand end to end; ``ends`` says where each list ends, and the list, not the
    item, is what came from a row above. ``nullable`` says whether the place may hold null, so that an error ends there.
    """

    above: Places | None = None
    rows: Sequence[int] | None = None
    key: str | None = None
    order: int = 0
    ends: Sequence[int] | None = None
    nullable: bool = True

    def steps(self, row: int) -> list[tuple[str | int, int, bool]]:
        """Return the steps from the root to the place of a row: key or index, order among siblings, nullable."""
        steps: list[tuple[str | int, int, bool]] = []
        places = self
        while places.above is not None:
            if places.key is not None:
                steps.append((places.key, places.order, places.nullable))
            elif places.ends is not None:
                which = bisect_right(places.ends, row)
                index = row - (places.ends[which - 1] if which else 0)
                steps.append((index, index, places.nullable))
                row = which
            if places.rows is not None:
                row = places.rows[row]
            places = places.above
        steps.reverse()
        return steps


@frozen
class _Failure:
    error: GraphQLError
    order: tuple[int, ...]
    nulled: Path
    """The place that becomes null: the nearest one, from the failing place up, that may hold null."""


@define(eq=False)
class Failures:
    """The errors of one operation, and their ``count``."""

    count: int = 0
    _failures: list[_Failure] = field(factory=list[_Failure], init=False)

    def add(self, error: Exception, nodes: Sequence[FieldNode], places: Places, row: int) -> None:
        """Remember that the value of a row failed."""
        steps = places.steps(row)
        path = tuple(key for key, _, _ in steps)
        depth = len(steps)
        while depth and not steps[depth - 1][2]:
            depth -= 1
        order = tuple(order for _, order, _ in steps)
        self.count += 1
        self._failures.append(_Failure(located_error(error, nodes, list(path)), order, path[:depth]))

    def errors(self) -> list[GraphQLError]:
        """Return the errors in the order of the answer, as if it had been computed from top to bottom.

        What lies below a place that an earlier error made null was never asked for, so its errors are left out.
        """
        nulled: set[Path] = set()
        errors: list[GraphQLError] = []
        for failure in sorted(self._failures, key=lambda failure: failure.order):
            if not any(failure.nulled[:length] in nulled for length in range(len(failure.nulled) + 1)):
                nulled.add(failure.nulled)
                errors.append(failure.error)
        return errors
