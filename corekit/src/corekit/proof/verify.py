"""The proof of the books: every invariant is searched for rows that break it, on one snapshot, read only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from attrs import frozen
from sqlalchemy import func, select

from corekit.clock import micros
from corekit.db import lineage
from corekit.db.reader import Reader
from corekit.errors import Invalid, Problem
from corekit.migrations import guards
from corekit.proof import accounts, activities, documents, invariants, lots, order, parents, reversals, scope, strays
from corekit.proof.invariants import INVARIANTS
from corekit.proof.scope import WHOLE, Reach, Scope
from corekit.proof.search import BEYOND_ACCOUNTS, FEW, Found
from corekit.proof.segments import misplaced
from corekit.tiers import proof as tiers

if TYPE_CHECKING:
    from corekit.activities.terms import Terms

_SEARCHES = (
    *accounts.SEARCHES,
    *lots.SEARCHES,
    *reversals.SEARCHES,
    *activities.SEARCHES,
    *parents.SEARCHES,
    *tiers.SEARCHES,
)
_LIMITS: Mapping[Reach, str] = {
    "whole": "",
    "account": "Only rows of the accounts and of their members were read, found from the accounts.",
    "since": "Nothing was looked at of members for whom nothing was recorded since.",
}


@frozen
class Report:
    """What was proved: by invariant what must hold (``checked``), and a few rows that break it (``violations``).

    A proof of a part does not prove the invariants in ``unproved``, and ``limits`` says what else it cannot see.
    """

    violations: Mapping[str, Sequence[Found]]
    checked: Mapping[str, str]
    unproved: Mapping[str, str]
    limits: str

    @property
    def clean(self) -> bool:
        """Whether every invariant that was checked holds."""
        return not self.violations


def verify(read: Reader, terms: Terms, *, account_ids: Sequence[str] = (), since: datetime | None = None) -> Report:
    """Search a snapshot for rows that break an invariant: all of it, or of some accounts, or since an instant.

    Raises NotFound for what is no account of a member, Invalid where a part is chosen in both ways.
    """
    if account_ids and since is not None:
        message = "prove accounts or what was written since an instant, not both at once"
        raise Invalid([Problem(code="CONTRADICTION", message=message, path=("since",))])
    if read.dialect == "postgresql":
        # A proof may take longer than a request, sorts more, and reads all rows of what it reads row by row.
        wanted = {"statement_timeout": "0", "work_mem": "128MB", "cursor_tuple_fraction": "1"}
        read.all(select(*(func.set_config(name, value, True) for name, value in wanted.items())))
    proved, searches = WHOLE, list(_SEARCHES)
    if account_ids:
        proved = scope.accounts(read, account_ids)
    elif since is not None:
        proved = scope.since(micros(since))
        searches.append(strays.search(micros(since)))
    searches += [*documents.searches(read, proved, terms.zone), misplaced(terms.chart)]
    searches = [each for each in searches if proved.reach in each.reaches]
    found: dict[str, list[Found]] = {each.invariant: [] for each in searches}
    for each in searches:
        found[each.invariant] += each.run(read, proved)
    for invariant, rows in _beyond_searches(read, terms, proved):
        found.setdefault(invariant, []).extend(rows)
    return Report(
        violations={name: tuple(found[name]) for name in INVARIANTS if found.get(name)},
        checked={name: says for name, says in INVARIANTS.items() if name in found},
        unproved={name: says for name, says in invariants.WHOLE.items() if name not in found},
        limits=_LIMITS[proved.reach],
    )


def _beyond_searches(read: Reader, terms: Terms, proved: Scope) -> Iterator[tuple[str, Sequence[Found]]]:
    """Yield what is replayed row by row, and what the database itself says."""
    yield "11", order.contradictions(read, proved)
    ladders = {edition.version: edition.program.ladders for edition in terms.versions.editions}
    yield "16", tiers.contradictions(read, proved, terms.zone, ladders, FEW)
    if proved.reach in BEYOND_ACCOUNTS:
        yield "17", [{"guard": name} for name in _unguarded(read, terms)]


def _unguarded(read: Reader, terms: Terms) -> list[str]:
    found = (plugin.declares.lineage for plugin in terms.registry.plugins)
    lineages = [lineage.core(), *(each for each in found if each is not None)]
    return [name for each in lineages for name in guards.missing(read, each.guards, each.metadata)]
