"""What tasks bring: points for doing something, days in a row, what is done once, and points that are taken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from corekit import Activity, Credit, Debit, Effect, Facts, Skipped
from corekit_points import declared
from corekit_points.budgets import lacking, within
from corekit_points.earning import Reason, barred, lateness
from corekit_points.pending import available_from
from corekit_points.rules import Book, Streak, Task


def rewards(book: Book, activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Yield what each task makes of an activity, and why one makes nothing of it."""
    tasks = book.tasks_by_activity.get(activity.type)
    if not tasks:
        return
    late = lateness(activity, facts)
    for task in tasks:
        reason = barred(task.terms, activity, facts, late) or _used_up(task, activity, facts)
        if reason is not None:
            yield Skipped(activity, rule=task.name, code=reason[0], parameters=reason[1])
        elif task.points < 0:
            yield from _taken(task, activity, facts)
        else:
            yield from _given(task, activity, facts)


def _used_up(task: Task, activity: Activity, facts: Facts) -> Reason | None:
    """Return why the member has done this often enough."""
    for window, most in task.limits:
        if facts.metric(task.done, activity, window) >= most:
            return declared.LIMIT.code, {"limit": "total" if window == "lifetime" else window, "most": most}
    if task.once_per is not None:
        value = activity.payload.get(task.once_per)
        if facts.metric(f"{task.once}={value}", activity) > 0:
            return declared.DONE_BEFORE.code, {"field": task.once_per, "value": value}
    return None


def _given(task: Task, activity: Activity, facts: Facts) -> Iterator[Effect]:
    later = available_from(task.pending, activity, facts)
    given = [(task.name, task.points)]
    if task.streak is not None and not facts.metric(task.done, activity, "day"):
        row = in_a_row(task, task.streak, activity, facts)
        given.append((f"{task.streak_rule(row)}@{task.version}", task.streak.steps.get(row, 0)))
    before = 0
    for rule, amount in given:
        if not amount:
            continue
        if (short := lacking(task, amount, activity, facts, before)) is not None:
            yield Skipped(activity, rule=rule, code=declared.BUDGET.code, parameters=short)
            continue
        credit = Credit(activity, rule=rule, account=task.kind, amount=amount, available_from=later)
        yield within(task, credit, facts)
        before += amount


def in_a_row(task: Task, streak: Streak, activity: Activity, facts: Facts) -> int:
    """Return how many days in a row there are with the activity's own, on the program's clock.

    A day without one ends the row; where the streak repeats, so does a day on which its last step was reached. A row
    that is longer than any step counts as one day more than the longest.
    """
    done = facts.days(task.done, activity, streak.window)
    topped = facts.days(task.topped, activity, streak.window) if streak.repeats else dict[date, int]()
    today = facts.local(activity).date()
    row = 1
    while row <= streak.longest:
        day = today - timedelta(days=row)
        if done.get(day, 0) <= 0 or topped.get(day, 0) > 0:
            break
        row += 1
    return row


def _taken(task: Task, activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Take what there is; what is missing is said."""
    wanted = -task.points
    part = min(wanted, max(0, facts.balance(task.kind, activity)))
    if part:
        yield Debit(activity, rule=task.name, account=task.kind, amount=part)
    if part < wanted:
        told = {"missing": str(wanted - part), "account": task.kind}
        yield Skipped(activity, rule=task.name, code=declared.SHORT.code, parameters=told)
