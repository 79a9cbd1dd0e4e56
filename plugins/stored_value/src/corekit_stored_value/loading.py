"""Reading what activities of a chunk need to know: a statement for each kind of it, none where nothing is needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select

from corekit import Activity, Batch, Facts, Reader, any_of
from corekit.tables import account as _account
from corekit.tables import activity as _activity
from corekit_stored_value import approvals, declared, declared_reports, quotes, requests
from corekit_stored_value.prepared import Approval, Prepared, Request, Target
from corekit_stored_value.rules import Book, Currency, Used

TYPES = (
    *approvals.NEEDED,
    declared.PAID.name,
    declared.CANCELLED.name,
    declared.LAPSED.name,
    declared.CHARGED_BACK.name,
    declared_reports.FEE_WAIVED.name,
)
"""The activities for which something is read."""


def load(batch: Batch, read: Reader, facts: Facts) -> Mapping[str, Prepared]:
    """Return what was read of each member."""
    requested, approved = _requests(batch, read), _approvals(batch, read, facts)
    targets, closed, used = _targets(batch, read), _closed(batch, read), _used(batch, read, facts)
    return {
        member: Prepared(
            requests=requested.get(member, {}),
            approvals=approved.get(member, {}),
            targets=targets.get(member, {}),
            closed=closed.get(member, frozenset()),
            used=used.get(member, {}),
        )
        for member in requested.keys() | approved.keys() | targets.keys() | used.keys()
    }


def _requests(batch: Batch, read: Reader) -> Mapping[str, Mapping[str, Request]]:
    """Return the requests that are named."""
    ending = list(batch.of(declared.PAID.name, declared.CANCELLED.name, declared.LAPSED.name))
    if not ending:
        return {}
    return requests.named(read, {each.member for each in ending}, {str(each.payload["request"]) for each in ending})


def _approvals(batch: Batch, read: Reader, facts: Facts) -> Mapping[str, Mapping[str, Approval]]:
    """Return the approvals of those who do what needs one."""
    members = {each.member for each in batch.of(*approvals.NEEDED) if _needs_approval(each, facts)}
    return approvals.open_to(read, members) if members else {}


def _needs_approval(activity: Activity, facts: Facts) -> bool:
    book: Book = facts.program(activity)
    currency = book.currencies.get(str(activity.unit))
    return currency is not None and approvals.limit_of(activity, currency) is not None


def _targets(batch: Batch, read: Reader) -> Mapping[str, Mapping[str, Target]]:
    """Return what is charged back, and what is waived."""
    taking_back = batch.of(declared.CHARGED_BACK.name, declared_reports.FEE_WAIVED.name)
    asked = {str(each.reverses) for each in taking_back}
    if not asked:
        return {}
    columns = [_activity.c[name] for name in ("member_id", "id", "type", "unit")]
    found: dict[str, dict[str, Target]] = {}
    for member, key, type_, unit in read.all(select(*columns).where(any_of(_activity.c.id, sorted(asked)))):
        found.setdefault(member, {})[key] = Target(type_, unit)
    return found


def _closed(batch: Batch, read: Reader) -> Mapping[str, frozenset[str]]:
    """Return which accounts of those who are charged something back are closed already."""
    members = {each.member for each in batch.of(declared.CHARGED_BACK.name)}
    if not members:
        return {}
    theirs = select(_account.c.member_id, _account.c.kind).where(any_of(_account.c.member_id, sorted(members)))
    found: dict[str, set[str]] = {}
    for member, kind in read.all(theirs.where(_account.c.state != "open")):
        found.setdefault(member, set()).add(kind)
    return {member: frozenset(kinds) for member, kinds in found.items()}


def _used(batch: Batch, read: Reader, facts: Facts) -> Mapping[str, Mapping[str, Used]]:
    """Return what became of the money of those who take it out, where that decides how much it is."""
    leaving = list(batch.of(declared.WITHDRAWN.name))
    books: Iterable[Book] = [facts.program(each) for each in leaving]
    asked = [
        (each, book) for each, book in zip(leaving, books, strict=True) if book.withdrawal != "remaining_principal"
    ]
    currencies: dict[str, Currency] = {}
    for _, book in asked:
        currencies |= book.currencies
    return quotes.used_by(read, {each.member for each, _ in asked}, currencies.values()) if asked else {}
