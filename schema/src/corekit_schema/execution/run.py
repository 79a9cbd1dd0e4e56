"""One run of a plan: what its columns share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from graphql import FieldNode

from corekit_schema.context import Context
from corekit_schema.execution.places import Failures, Places
from corekit_schema.policies import Policy, Verdict

FAILED: Final = object()
"""Stands for a value that failed, until the nearest place that may hold null takes it up."""


class Run:
    """The request, the values of its variables, and what failed so far."""

    __slots__ = ("context", "failures", "variables")

    def __init__(self, context: Context, variables: Mapping[str, Any]) -> None:
        self.context = context
        self.variables = dict(variables)
        self.failures = Failures()

    def fail(self, error: Exception, nodes: Sequence[FieldNode], places: Places, row: int) -> Any:
        """Remember an error and return what stands for the value that failed."""
        self.failures.add(error, nodes, places, row)
        return FAILED

    def verdict(self, policy: Policy) -> Verdict:
        """Ask a policy about the viewer."""
        return policy.verdict(self.context.viewer)
