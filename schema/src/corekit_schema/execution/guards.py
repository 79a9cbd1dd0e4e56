"""Guards: what a policy that depends on the owner leaves of a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from corekit_schema.attributes import read_attribute
from corekit_schema.policies import Policy, Verdict
from corekit_schema.viewer import Viewer


@frozen
class Guard:
    """The policy of a type or a field, and the attribute of the type's values that holds the owner's member id."""

    policy: Policy
    owner: str | None

    def allows(self, value: Any, verdict: Verdict, viewer: Viewer) -> bool:
        """Say whether the viewer may see a value, given what the policy says of the viewer.

        Without an ``owner`` it is a root field: what it returns says whose it is.
        """
        if verdict == "own" and self.owner is not None:
            return bool(read_attribute(value, self.owner) == viewer.member)
        return verdict != "no"

    def visible(self, rows: Sequence[int], values: Sequence[Any], verdict: Verdict, viewer: Viewer) -> Sequence[int]:
        """Return those of the rows whose value the viewer may see."""
        if verdict == "yes":
            return rows
        return [row for row in rows if self.allows(values[row], verdict, viewer)]
