"""What an operation costs at most, known before it runs, in units of one object that is looked up.

A field costs what its ``Field(cost=...)`` says; where that says nothing, an object or a list of objects costs 1, and a
value of an object 0. What is selected below a list is paid for each item: as many as ``first`` or ``last`` asks for, as
a page has where they are left out, and as ``LISTED`` says for lists without pages. Of several types that an object may
be of, the dearest counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from attrs import field, frozen
from graphql import GraphQLError, Undefined

from corekit.paging import PAGE
from corekit_schema.execution.columns import Abstracts, Column, Leaves, Lists, Objects
from corekit_schema.execution.extent import TooMuch
from corekit_schema.execution.fieldplan import FieldPlan
from corekit_schema.execution.resolvers import declared_cost

LISTED = 10
"""Items of a list that has no pages, for all that is known before it is read."""
_SIZES = ("first", "last")

Variables = Mapping[str, Any]
Size = Callable[[Variables], int]


@frozen
class Cost:
    """A cost: a fixed part, parts for each item of a list whose length a variable says, and choices of one of many."""

    fixed: int = 0
    sized: tuple[tuple[Size, Cost], ...] = field(default=())
    choices: tuple[tuple[Cost, ...], ...] = field(default=())

    def of(self, variables: Variables) -> int:
        """Return the cost with these values of variables."""
        cost = self.fixed
        for size, each in self.sized:
            cost += size(variables) * each.of(variables)
        for choice in self.choices:
            cost += max(each.of(variables) for each in choice)
        return cost

    def __add__(self, other: Cost) -> Cost:
        """Return the cost of both."""
        return Cost(self.fixed + other.fixed, self.sized + other.sized, self.choices + other.choices)

    def times(self, size: Size | int) -> Cost:
        """Return the cost for each of so many."""
        if isinstance(size, int) and not self.sized and not self.choices:
            return Cost(self.fixed * size)
        return Cost(sized=(((lambda _: size) if isinstance(size, int) else size, self),))

    @property
    def is_fixed(self) -> bool:
        """Whether no variable has a say in it."""
        return not self.sized and not self.choices


def cost_of(fields: Sequence[FieldPlan], *, page: int, paged: bool = False) -> Cost:
    """Return the cost of fields of one object.

    ``page`` is how many items a page may have: whoever asks for more is told when the cost is known. ``paged`` says
    that the lists among the fields are those of a page, which is paid for already.
    """
    return sum((_of_field(each, page, paged=paged) for each in fields), start=Cost())


def _of_field(plan: FieldPlan, page: int, *, paged: bool) -> Cost:
    column = cast("Column", plan.completes)
    lists = 0
    while isinstance(column, Lists):
        lists, column = lists + 1, column.items
    declared = declared_cost(plan.definition)
    own = Cost(declared if declared is not None else 0 if isinstance(column, Leaves) else 1)
    size = _size(plan, page)
    below = _below(column, page, paged=size is not None)
    if size is not None:
        return own + below.times(size)
    return own + below.times(LISTED**lists if lists and not paged else 1)


def _below(column: Column, page: int, *, paged: bool) -> Cost:
    if isinstance(column, Objects):
        return cost_of(column.level.fields, page=page, paged=paged)
    if isinstance(column, Abstracts):
        each = tuple(cost_of(objects.level.fields, page=page, paged=paged) for objects in column.types.values())
        if all(cost.is_fixed for cost in each):
            return max(each, key=lambda cost: cost.fixed, default=Cost())
        return Cost(choices=(each,))
    return Cost()


def _size(plan: FieldPlan, page: int) -> Size | int | None:
    """Return how many items a field asks for, or None where it is no page."""
    if not any(name in plan.definition.args for name in _SIZES):
        return None
    if plan.arguments.known is not None:
        return _asked(plan, plan.arguments.known, page)

    def by_variables(variables: Variables) -> int:
        try:
            arguments = plan.arguments.read(variables)
        except GraphQLError:  # whoever resolves the field says what is wrong with it
            return 0
        return _asked(plan, arguments, page)

    return by_variables


def _asked(plan: FieldPlan, arguments: Mapping[str, Any], page: int) -> int:
    defaults = (plan.definition.args[name].default_value for name in _SIZES if name in plan.definition.args)
    asked = [arguments.get(name) for name in _SIZES]
    known = next((each for each in (*asked, *defaults) if each is not None and each is not Undefined), min(PAGE, page))
    if known > page:
        message = f"Ask for at most {page} items of a list."
        raise TooMuch("PAGE_SIZE", message, plan.nodes[0], limit=page)
    return max(0, known)
