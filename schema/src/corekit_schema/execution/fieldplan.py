"""One selected field of one type: how its column of values is found."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from attrs import field, frozen
from graphql import FieldNode, GraphQLField

from corekit_schema.context import Info
from corekit_schema.execution.places import Places
from corekit_schema.execution.selection import Fragments
from corekit_schema.execution.variables import Arguments
from corekit_schema.policies import denial

if TYPE_CHECKING:
    from corekit_schema.execution.guards import Guard
    from corekit_schema.execution.run import Run
    from corekit_schema.execution.together import Together

_TWO = 2
AGAIN = 64
"""A field that did not ask the database is not expected to, until it has run so often."""
_QUIET = object()
"""The key under which a plan remembers how often a field has run since it was last looked at, and did not ask."""
Resolver = Callable[..., Sequence[Any]]
"""A batch resolver: ``(parents, info, **arguments)`` to one value for each parent."""
Plain = Callable[[Sequence[Any]], list[Any] | None]
"""Gives the answers for all parents at once, or None where they have to be looked at one by one."""


class Completes(Protocol):
    """What completes the values of a field (``columns.Column``)."""

    nullable: bool

    def complete(self, values: Sequence[Any], places: Places, run: Run) -> list[Any]:
        """Return the answer for each value."""
        ...


@frozen(eq=False)
class FieldPlan:
    """A field as it is selected at one place of an operation.

    ``asks`` says that the resolver may ask the database: any may that is not an attribute. ``guard`` is the field's own
    policy, left out where the type's, which every parent has passed, is the same. ``resolve`` gets all parents at once,
    and the arguments that are ``known``, where they do not depend on variables. ``plain`` gives the answers of an
    attribute that is a scalar and has no guard, where all of them are plainly right.
    """

    key: str
    order: int
    name: str
    type_name: str
    definition: GraphQLField
    nodes: Sequence[FieldNode]
    fragments: Fragments
    path: tuple[str, ...]
    resolve: Resolver
    asks: bool
    arguments: Arguments
    guard: Guard | None
    completes: Completes
    plain: Plain | None = None
    known: Mapping[str, Any] | None = None
    memo: dict[Hashable, Any] = field(factory=dict[Hashable, Any])
    """What resolvers found out about the selection, which is the same each time."""

    def column(self, parents: Sequence[Any], above: Places, run: Run) -> list[Any]:
        """Return the answers of the field for all parents."""
        if self.plain is not None and (found := self.plain(parents)) is not None:
            return found
        completes = self.completes
        places = Places(above, None, self.key, self.order, None, completes.nullable)
        return completes.complete(self.values(parents, run), places, run)

    def values(self, parents: Sequence[Any], run: Run) -> Sequence[Any]:
        """Return the value of the field for each parent: an exception where there is none for it."""
        run.context.check()
        if self.guard is None or (verdict := run.verdict(self.guard.policy)) == "yes":
            return self._resolved(parents, run)
        viewer = run.context.viewer
        allowed = self.guard.visible(list(range(len(parents))), parents, verdict, viewer)
        values: list[Any] = [denial(viewer)] * len(parents)
        if allowed:
            found = self._resolved([parents[row] for row in allowed], run)
            for row, value in zip(allowed, found, strict=True):
                values[row] = value
        return values

    def _resolved(self, parents: Sequence[Any], run: Run) -> Sequence[Any]:
        try:
            arguments = self.arguments.read(run.variables) if self.known is None else self.known
            found = self.resolve(parents, Info(run.context, self, self.memo), **arguments)
            if found.__class__ is list and len(found) == len(parents):
                return found
            return in_step(found, parents, f"{self.type_name}.{self.name}")
        except Exception as error:  # noqa: BLE001 - a resolver that raises has failed for every parent
            return [error] * len(parents)


class Level:
    """Fields that are selected of one type at one place: all are computed from the same parents."""

    __slots__ = ("_asking", "fields")

    def __init__(self, fields: Sequence[FieldPlan]) -> None:
        self.fields = tuple(fields)
        self._asking = [field for field in fields if field.asks]

    def columns(self, parents: Sequence[Any], above: Places, run: Run) -> list[list[Any]]:
        """Return the answers of each field; all that ask the database do before the first of them waits for it.

        Which ones ask shows when they run; those that did not are not expected to for a while.
        """
        together = run.context.together
        if together is not None and len(self._asking) >= _TWO:
            asking = [field for field in self._asking if _is_expected(field)]
            if len(asking) >= _TWO:
                return self._side_by_side(together, asking, parents, above, run)
        return [field.column(parents, above, run) for field in self.fields]

    def _side_by_side(
        self, together: Together, asking: Sequence[FieldPlan], parents: Sequence[Any], above: Places, run: Run
    ) -> list[list[Any]]:
        def rest() -> list[list[Any]]:
            return [field.column(parents, above, run) for field in self.fields if field not in asking]

        functions: list[Callable[[], Any]] = [partial(field.column, parents, above, run) for field in asking]
        (*found, others), asked = together.run([*functions, rest])
        for each, did in zip(asking, asked, strict=False):
            each.memo[_QUIET] = 0 if did else 1
        columns: dict[bool, Iterator[list[Any]]] = {True: iter(found), False: iter(others)}
        return [next(columns[field in asking]) for field in self.fields]


def _is_expected(plan: FieldPlan) -> bool:
    """Say whether a field is expected to ask the database."""
    quiet: int = plan.memo.get(_QUIET, 0)
    if quiet:
        plan.memo[_QUIET] = (quiet + 1) % AGAIN
    return not quiet


def in_step(values: Any, parents: Sequence[Any], coordinates: str) -> Sequence[Any]:
    """Return what a resolver returned; TypeError unless it is one value for each parent."""
    if not isinstance(values, list | tuple):
        raise TypeError(f"The resolver of {coordinates} returned no list.")
    if len(values) != len(parents):  # pyright: ignore[reportUnknownArgumentType] - of whatever the resolver put there
        raise TypeError(f"The resolver of {coordinates} returned {len(values)} values for {len(parents)} parents.")  # pyright: ignore[reportUnknownArgumentType]
    return values  # pyright: ignore[reportUnknownVariableType]
