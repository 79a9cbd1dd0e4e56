"""Budgets that stop their rule: whether enough is left of one, and the grant that a credit then stands or falls with.

A window is the calendar day, month or year in which an activity occurred, on the program's clock, or all time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache

from attrs import field, frozen

from corekit import Activity, Bundle, Credit, Effect, Facts, Window, micros
from corekit_points.calendar import midnight
from corekit_points.prepared import prepared
from corekit_points.rules import Book, Budget, Rule, Task

Key = tuple[str, str, int]
"""What is counted as one: the rule, the name of the window, and from when in it the budget stops the rule.

That instant is 0 where it did before the window began. Otherwise what was granted before it counts as well.
"""


@frozen
class Grant(Effect):
    """So much of the budget that a rule has for all members; it fails where less is left than that."""

    amount: int = field(kw_only=True)
    shares: Mapping[int, int] | None = field(default=None, kw_only=True)
    budget: str = field(kw_only=True)
    account: str = field(kw_only=True)
    span: str = field(kw_only=True)
    begins: int = field(kw_only=True)
    since: int = field(kw_only=True)
    most: int = field(kw_only=True)

    @property
    def key(self) -> Key:
        """What it is counted with."""
        return self.budget, self.span, self.since


def key_of(earner: Rule | Task, activity: Activity, facts: Facts) -> Key:
    """Return what a grant for an activity is counted with."""
    name, begins = _span(earner, activity, facts)
    since = _stopping_since(earner, activity, facts)
    return earner.id, name, since if since > begins else 0


def lacking(
    earner: Rule | Task, amount: int, activity: Activity, facts: Facts, before: int = 0
) -> dict[str, str] | None:
    """Return what fills in why the budget is not enough; None where it is, or there is none that stops the rule.

    ``before`` is what the activity itself takes of it besides.
    """
    budget = earner.budget
    if budget is None or not budget.stops:
        return None
    key = key_of(earner, activity, facts)
    spent: Mapping[Key, int] = prepared(activity, facts).budgets
    left = budget.most - spent.get(key, 0) - before
    return None if amount <= left else {"span": key[1], "left": str(max(0, left)), "wanted": str(amount)}


def within(earner: Rule | Task, credit: Credit, facts: Facts) -> Credit | Bundle:
    """Return a credit that stands or falls with what is left of the budget, if one stops the rule."""
    budget = earner.budget
    if budget is None or not budget.stops:
        return credit
    rule, span, since = key_of(earner, credit.activity, facts)
    grant = Grant(
        credit.activity,
        rule=credit.rule,
        amount=credit.amount,
        shares=credit.shares,
        budget=rule,
        account=credit.account,
        span=span,
        begins=_span(earner, credit.activity, facts)[1] if since else 0,
        since=since,
        most=budget.most,
    )
    # A spent budget never refuses what has happened, nor what somebody asks for.
    return Bundle(credit.activity, rule=credit.rule, otherwise="drop", effects=(grant, credit))


@lru_cache(maxsize=1024)
def span_of(budget: Budget, day: date) -> tuple[str, date | None, date | None]:
    """Return the name of the window that holds a day, its first day and the day after its last; None: no such day."""
    if budget.per == "total":
        return budget.per, None, None
    first, last = Window.parse(budget.per).days(day)
    return first.isoformat()[: {"day": 10, "month": 7, "year": 4}[budget.per]], first, last + timedelta(days=1)


def _span(earner: Rule | Task, activity: Activity, facts: Facts) -> tuple[str, int]:
    """Return the name of the window that an activity counts for, and its first instant."""
    local = facts.local(activity)
    if earner.budget is None or earner.budget.per == "total":
        return "total", 0
    name, first, _ = span_of(earner.budget, local.date())
    return name, 0 if first is None else micros(midnight(first, local.tzinfo))


def _stopping_since(earner: Rule | Task, activity: Activity, facts: Facts) -> int:
    """Return from when on, without a break, every version of the program lets a budget of this kind stop the rule."""
    since = 0
    for valid_from, book in facts.history(activity):
        if not _alike(earner, book):
            break
        since = 0 if valid_from is None else micros(valid_from)
    return since


def _alike(earner: Rule | Task, book: Book | None) -> bool:
    other = book.budgeted.get(earner.id) if book is not None else None
    if other is None or other.budget is None or earner.budget is None or not other.budget.stops:
        return False
    return (other.kind, other.budget.per) == (earner.kind, earner.budget.per)
