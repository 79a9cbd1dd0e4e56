"""How far budgets are spent: by rule what was granted in the window that holds now, and where its pace leads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import structlog
from attrs import frozen

from corekit import Job, Reader, Work, micros, moment
from corekit_points.budgets import span_of
from corekit_points.calendar import midnight
from corekit_points.granting import Given, given_by
from corekit_points.rules import Book, Budget, Currency

_log = structlog.get_logger("corekit.points")


@frozen(kw_only=True)
class Spending:
    """How far the budget of a rule, or a task, is spent in its window, in minor units.

    ``begins`` and ``ends`` bound the window; that without bounds (``total``) begins with the first grant. ``now`` is
    the instant of the report.
    """

    rule: str
    currency: Currency
    budget: Budget
    span: str
    begins: datetime | None
    ends: datetime | None
    granted: int
    now: datetime

    @property
    def most(self) -> int:
        """The budget."""
        return self.budget.most

    @property
    def left(self) -> int:
        """What is left; negative where only a warning was given and more was granted."""
        return self.most - self.granted

    @property
    def percent(self) -> int:
        """What share is granted, in whole percent, rounded down."""
        return self.granted * 100 // self.most

    @property
    def state(self) -> Literal["open", "warning", "spent"]:
        """``warning`` from the share on that the budget names, ``spent`` where nothing is left."""
        over, under = self.budget.warn_at
        if self.left <= 0:
            return "spent"
        return "warning" if self.granted * under >= self.most * over else "open"

    @property
    def expected(self) -> int | None:
        """What will be granted by the end of the window at the pace so far; None where it has no end or just begins."""
        elapsed = self._elapsed
        if self.ends is None or self.begins is None or not elapsed:
            return None
        return self.granted * (micros(self.ends) - micros(self.begins)) // elapsed

    @property
    def spent_by(self) -> datetime | None:
        """When nothing will be left at the pace so far; None where that is past, or after the end of the window."""
        elapsed = self._elapsed
        if self.begins is None or not elapsed or self.granted <= 0 or self.left <= 0:
            return None
        by = moment(micros(self.begins) + -(-elapsed * self.most // self.granted))
        return by if self.ends is None or by < self.ends else None

    @property
    def _elapsed(self) -> int:
        return max(0, micros(self.now) - micros(self.begins)) if self.begins is not None else 0


def budgets(read: Reader, book: Book, zone: ZoneInfo, now: datetime) -> list[Spending]:
    """Return how far each budget of a program is spent, by rule. One statement, which passes the effects once.

    It sums up the credits of the books, so it says the same of budgets that stop their rule and of those that do not.
    """
    spans = {
        id_: span_of(each.budget, now.astimezone(zone).date()) for id_, each in book.budgeted.items() if each.budget
    }
    if not spans:
        return []
    bounds = {
        id_: [None if day is None else midnight(day, zone) for day in (first, after)]
        for id_, (_, first, after) in spans.items()
    }
    wanted = [
        Given(id_, book.budgeted[id_].kind, *(None if bound is None else micros(bound) for bound in bounds[id_]))
        for id_ in spans
    ]
    given: dict[int, tuple[int, int]] = {row.number: (int(row.amount), row.first) for row in read.all(given_by(wanted))}
    found = {wanted[number].rule: each for number, each in given.items()}
    currencies = {currency.kind: currency for currency in book.currencies.values()}
    reports: list[Spending] = []
    for id_, (span, *_) in sorted(spans.items()):
        earner, (begins, ends) = book.budgeted[id_], bounds[id_]
        granted, first = found.get(id_, (0, None))
        if earner.budget is not None:
            reports.append(
                Spending(
                    rule=id_,
                    currency=currencies[earner.kind],
                    budget=earner.budget,
                    span=span,
                    begins=moment(first) if begins is None and first is not None else begins,
                    ends=ends,
                    granted=granted,
                    now=now,
                )
            )
    return reports


def _watch(work: Work) -> Mapping[str, Any]:
    """Say once of each budget, and window, that it is worth a warning, and once that it is spent."""
    kit = work.kit
    done = [run.told for run in kit.jobs.runs(BUDGETS.name) if run.state == "done"]
    before: Mapping[str, Any] = (done[0] if done else None) or {}
    with kit.read() as read:
        found = budgets(read, kit.program.sections["points"], kit.zone, work.at)
    past = {f"{each.rule} {each.span}": each for each in found if each.state != "open"}
    for name, each in past.items():
        if before.get(name) not in (each.state, "spent"):
            _log.warning(
                "points budget",
                rule=each.rule,
                span=each.span,
                state=each.state,
                granted=each.granted,
                budget=each.most,
                percent=each.percent,
            )
    return {name: each.state for name, each in past.items()}


BUDGETS = Job(
    name="points.budgets",
    run=_watch,
    description="Warns in the log, once, when a rule has granted so much of its budget, and when all.",
    schedule="5 * * * *",
)
