"""What the plugin reads before it reacts: requests to pay, approvals, and what the ledger says of those who leave."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve, field, frozen

from corekit_stored_value.rules import Used


@frozen
class Request:
    """A top-up that waits to be paid, or how that ended; ``lapses_at`` in microseconds."""

    id: str
    unit: str
    amount: int
    lapses_at: int
    state: str = "waiting"


@frozen
class Approval:
    """What somebody approved, by its hash, until ``lapses_at`` (microseconds)."""

    id: str
    hash: str
    actor: str
    lapses_at: int


@frozen
class Target:
    """An activity that is to be charged back, or waived."""

    type: str
    unit: str | None


@frozen(kw_only=True)
class Prepared:
    """What was read of a member. Approvals are those that can still be used."""

    requests: Mapping[str, Request] = field(factory=dict[str, Request])
    approvals: Mapping[str, Approval] = field(factory=dict[str, Approval])
    targets: Mapping[str, Target] = field(factory=dict[str, Target])
    closed: frozenset[str] = frozenset()
    """The accounts of the member that let no debit pass, where something is charged back."""
    used: Mapping[str, Used] = field(factory=dict[str, Used])

    def with_request(self, request: Request) -> Prepared:
        """Return it with a request as it is now."""
        return evolve(self, requests={**self.requests, request.id: request})

    def without_request(self, request: str) -> Prepared:
        """Return it without a request."""
        return evolve(self, requests={key: each for key, each in self.requests.items() if key != request})

    def with_approval(self, approval: Approval) -> Prepared:
        """Return it with another approval."""
        return evolve(self, approvals={**self.approvals, approval.id: approval})

    def without_approval(self, approval: str) -> Prepared:
        """Return it without an approval that cannot be used any more."""
        return evolve(self, approvals={key: each for key, each in self.approvals.items() if key != approval})


NOTHING = Prepared()
"""What is known where nothing was read."""
