"""Runs operations both ways and compares what comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import graphql
from attrs import define, field
from graphql import GraphQLSchema

from corekit_schema import Context
from corekit_schema.execution.executor import Executor
from corekit_schema.execution.limits import Limits

LIMITS = Limits(
    mutations=1_000, root_fields=1_000, aliases=1_000, directives=1_000, page=10**9, cost=10**12, seconds=3600
)
"""None, as far as graphql-core knows none either."""


class Difference(Exception):
    """The two do not answer the same."""


@define
class Comparison:
    """What was compared over one schema: so many ``valid`` operations, of which so many had a ``failing`` field."""

    schema: GraphQLSchema
    context: Callable[[], Context]
    executor: Executor = field(init=False)
    valid: int = field(default=0, init=False)
    failing: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self.executor = Executor(self.schema, LIMITS)

    def compare(self, text: str, values: Sequence[dict[str, Any]]) -> None:
        """Run an operation both ways, with each of the values of its variables, one after the other.

        Raises :class:`Difference` where the two differ. What is not valid is left out.
        """
        document = graphql.parse(text)
        if self.executor.operation(text) is None:
            if not graphql.validate(self.schema, document):
                raise Difference(f"{text}\n\nis valid, and not executed")
            return
        failing = False
        for variables in values:
            with self.context() as context:
                ours = self.executor.execute(text, context, variables=variables)
            with self.context() as context:
                theirs: Any = cast("Any", graphql).execute(self.schema, document, None, context, variables)
            if (one := shown(ours.data, ours.errors)) != (other := shown(theirs.data, theirs.errors)):
                raise Difference(f"{text}\n{variables}\n\nplanned:\n{one}\n\ngraphql-core:\n{other}")
            failing = failing or bool(ours.errors)
        self.valid += 1
        self.failing += failing


def shown(data: Any, errors: Any) -> str:
    """Write an answer so that two can be compared: 1 is not True, key order counts, the order of errors does not."""
    told = [
        (error.path, error.message, [(place.line, place.column) for place in error.locations or ()], error.extensions)
        for error in errors or ()
    ]
    return f"{data!r}\n" + "\n".join(sorted(map(repr, told)))
