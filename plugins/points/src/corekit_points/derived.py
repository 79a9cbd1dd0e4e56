"""What follows from a book: the account kinds of its currencies, and the metrics of its rules and tasks."""

from __future__ import annotations

from collections.abc import Iterator

from corekit import AccountKind, Metric, Unit
from corekit_points.pool.declared import SHARED
from corekit_points.pool.shared import GIVEN
from corekit_points.rules import CURRENCY, Book


def accounts(book: Book) -> list[AccountKind]:
    """Return the account kind of each currency."""
    return [
        AccountKind(
            code=currency.kind,
            unit=Unit(currency.kind, currency.scale, "points"),
            name=currency.name,
            lots=True,
            expiry=currency.expiry,
            clawback=currency.clawback,
            grace=currency.grace,
        )
        for currency in book.currencies.values()
    ]


def metrics(book: Book) -> list[Metric]:
    """Return what was earned of each currency, and by each rule whose caps look back."""
    return [*_earned(book), *_capped(book), *_done(book), *_shared(book)]


def _earned(book: Book) -> Iterator[Metric]:
    for currency in book.currencies.values():
        name = "points.earned" if currency.code == CURRENCY else f"points.earned.{currency.code}"
        yield Metric(name=name, credits=currency.kind, description=f"{currency.name} earned, by whatever rule")


def _capped(book: Book) -> Iterator[Metric]:
    for rule in book.rules:
        if rule.windows:
            windows = tuple(window for window, _, _ in rule.windows if window != "lifetime")
            said = f"what the rule {rule.id!r} credited"
            yield Metric(name=rule.metric, credits=rule.kind, rule=rule.id, windows=windows, description=said)


def _shared(book: Book) -> Iterator[Metric]:
    if book.pool is not None and book.pool.limits:
        windows = tuple(window for window, _ in book.pool.limits)
        said = "what was shared of the pool"
        yield Metric(name=GIVEN, activities=(SHARED.name,), windows=windows, description=said)


def _done(book: Book) -> Iterator[Metric]:
    """Count what tasks ask for: how often, on which days, of which values, and when a streak reached its last step."""
    for task in book.tasks:
        said = f"for the task {task.id!r}"
        windows = {window for window, _ in task.limits}
        if task.streak is not None:
            windows |= {"day", task.streak.window}
        if windows:
            kept = tuple(sorted(windows - {"lifetime"}))
            how_often = f"how often this was done, {said}"
            yield Metric(
                name=task.done, activities=(task.activity,), measure="count", windows=kept, description=how_often
            )
        if task.once_per is not None:
            of_each = f"how often {task.once_per} had a value, {said}"
            yield Metric(
                name=task.once, activities=(task.activity,), measure="count", by=task.once_per, description=of_each
            )
        if task.streak is not None and task.streak.repeats:
            rule = task.streak_rule(task.streak.longest)
            last = f"the last step of the streak, {said}"
            yield Metric(
                name=task.topped, credits=task.kind, rule=rule, windows=(task.streak.window,), description=last
            )
