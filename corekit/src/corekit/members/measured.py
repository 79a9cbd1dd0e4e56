"""Which members did how much: a metric over a window, as a condition of a search."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from attrs import frozen
from sqlalchemy import ColumnElement, func, select

from corekit.activities.tables import metric as _total
from corekit.activities.tables import metric_day as _day
from corekit.clock import day_number
from corekit.declares import ErrorText
from corekit.errors import Invalid, Problem
from corekit.members.tables import member as _member
from corekit.metrics import LIFETIME, MEMBERSHIP_YEAR, Window
from corekit.validation import suggest

if TYPE_CHECKING:
    from corekit.kit import Kit

ERRORS = (
    ErrorText("METRIC_UNKNOWN", "There is no metric {metric}.", "没有指标 {metric}。"),
    ErrorText(
        "WINDOW_UNKNOWN",
        "{window} is no window to search by; use day, month, year, lifetime or for example rolling 12 months.",
        "{window} 不是可用于查询的时间窗口。",
    ),
    ErrorText("RANGE_EMPTY", "A range needs a bound, and {least} is not above {most}.", "范围无效。"),
)
"""The codes of what can be wrong with such a condition."""


@frozen(kw_only=True)
class Measured:
    """Members whose metric, summed over a window as it is seen from ``day``, is from ``least`` to ``most``.

    Both ends belong to the range. Amounts are in minor units. Where nothing was measured the sum is 0.
    """

    metric: str
    window: Window
    day: date
    least: int | None = None
    most: int | None = None

    def condition(self) -> ColumnElement[bool]:
        """Return it of the members that a statement selects: each member's own rows are summed, by their key."""
        value = self._sum()
        within = [value >= self.least] if self.least is not None else []
        within += [value <= self.most] if self.most is not None else []
        return within[0] if len(within) == 1 else value.between(self.least, self.most)

    def _sum(self) -> ColumnElement[int]:
        if self.window == LIFETIME:
            rows = select(func.sum(_total.c.value)).where(_total.c.metric == self.metric)
            return func.coalesce(rows.where(_total.c.member_id == _member.c.id).scalar_subquery(), 0)
        first, last = map(day_number, self.window.days(self.day))
        rows = select(func.sum(_day.c.value)).where(_day.c.metric == self.metric, _day.c.day.between(first, last))
        return func.coalesce(rows.where(_day.c.member_id == _member.c.id).scalar_subquery(), 0)


def measured(
    kit: Kit, metric: str, window: str = "lifetime", *, least: int | None = None, most: int | None = None
) -> Measured:
    """Return the condition that a metric lies in a range, as seen from today; Invalid where that cannot be asked.

    A membership year is another one for each member, so nobody is found by it.
    """
    known = kit.terms().windows
    name, _, value = metric.partition("=")
    if name not in known or "\0" in value:
        raise _invalid("METRIC_UNKNOWN", kit, suggest(metric, known), metric=metric)
    try:
        asked = Window.parse(window)
    except ValueError:
        raise _invalid("WINDOW_UNKNOWN", kit, window=window) from None
    if asked == MEMBERSHIP_YEAR:
        raise _invalid("WINDOW_UNKNOWN", kit, window=window)
    if (least is None and most is None) or (least is not None and most is not None and least > most):
        raise _invalid("RANGE_EMPTY", kit, least=least, most=most)
    return Measured(metric=metric, window=asked, day=kit.now().astimezone(kit.zone).date(), least=least, most=most)


def _invalid(code: str, kit: Kit, hint: str = "", **parameters: Any) -> Invalid:
    message = kit.terms().message(code, parameters) + hint
    return Invalid([Problem(code=code, message=message, path=("metric",), parameters=parameters)])
