"""What rules have granted: counted for budgets that stop them, summed up from the books for all others.

Only a rule that is stopped by its budget writes here: one row for each window, locked as the last thing before the
commit. Whatever else asks sums up the credits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import evolve, frozen
from sqlalchemy import Select, and_, bindparam, case, func, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from corekit import Applied, Batch, EffectKind, Facts, PluginWrite, Reader
from corekit.tables import activity as _activity
from corekit.tables import effect as _effect
from corekit_points import declared
from corekit_points.budgets import Grant, Key, key_of
from corekit_points.prepared import EMPTY, Prepared
from corekit_points.rules import Book, Rule, Task
from corekit_points.tables import budget as _budget

_KEY = (_budget.c.rule, _budget.c.span, _budget.c.since)
_back = _budget.alias("back")
_RETURNED = func.coalesce(
    select(_back.c.amount)
    .where(*(_back.c[column.name] == column for column in _KEY), _back.c.what == "returned")
    .correlate(_budget)
    .scalar_subquery(),
    0,
)
_SPENT = select(*_KEY, (_budget.c.amount - _RETURNED).label("spent")).where(
    tuple_(*_KEY).in_(bindparam("keys", expanding=True)), _budget.c.what == "granted"
)
"""What is granted of budgets and did not come back."""
_MORE = (
    update(_budget)
    .where(*(column == bindparam(f"its_{column.name}") for column in _KEY), _budget.c.what == "granted")
    .values(amount=_budget.c.amount + bindparam("more"))
)
"""Grants so much more of a budget."""
_MORE_IF_LEFT = _MORE.where(_budget.c.amount - _RETURNED + bindparam("more") <= bindparam("most"))


def load(batch: Batch, read: Reader, facts: Facts) -> Mapping[str, Mapping[Key, int]]:
    """Return, for each member alike, what is spent of the budgets that could stop a rule for the batch.

    One statement, and none where no rule has such a budget.
    """
    keys: set[Key] = set()
    for activity in batch:
        book: Book | None = facts.program(activity)
        if book is not None and book.budgeted:
            earners: list[Rule | Task] = [
                *book.by_activity.get(activity.type, ()),
                *book.tasks_by_activity.get(activity.type, ()),
            ]
            keys.update(key_of(earner, activity, facts) for earner in earners if earner.budget and earner.budget.stops)
    if not keys:
        return {}
    rows = read.all(_SPENT.params(keys=sorted(keys)))
    spent = {(row.rule, row.span, row.since): int(row.spent) for row in rows}
    return dict.fromkeys({activity.member for activity in batch}, spent)


def _apply(write: PluginWrite, effects: Sequence[Applied]) -> list[str]:
    """Grant in the order in which they come; return those for which not enough is left."""
    grants: dict[Key, Grant] = {each.effect.key: each.effect for each in effects}
    if len(grants) == 1 and _granted_all(write, [each.effect for each in effects]):
        return []
    spent = _lock(write, grants)
    if lacking := sorted(grants.keys() - spent.keys()):
        _begin(write, [grants[key] for key in lacking])
        spent = _lock(write, grants)
    granted: Counter[Key] = Counter()
    failed: list[str] = []
    for each in effects:
        grant: Grant = each.effect
        if spent[grant.key] + granted[grant.key] + grant.amount <= grant.most:
            granted[grant.key] += grant.amount
        else:
            failed.append(each.id)
    if granted:  # the rows are locked, so what was compared still holds
        write.execute(_MORE, [{**_its(key), "more": amount} for key, amount in granted.items()])
    return failed


def _granted_all(write: PluginWrite, grants: Sequence[Grant]) -> bool:
    """Grant all of one budget, if it is there and enough is left: as nearly always, in one statement."""
    wanted = {"more": sum(each.amount for each in grants), "most": min(each.most for each in grants)}
    return bool(write.execute(_MORE_IF_LEFT, [{**_its(grants[0].key), **wanted}]).rowcount)


def _its(key: Key) -> dict[str, Any]:
    return {f"its_{column.name}": value for column, value in zip(_KEY, key, strict=True)}


def _lock(write: PluginWrite, keys: Iterable[Key]) -> dict[Key, int]:
    """Lock the rows of budgets, always in the same order, and return what is spent of each."""
    locking = _SPENT.order_by(*_KEY).with_for_update(key_share=True, of=_budget)
    rows = write.execute(locking.params(keys=sorted(keys)))
    return {(row.rule, row.span, row.since): int(row.spent) for row in rows}


def _begin(write: PluginWrite, grants: Sequence[Grant]) -> None:
    """Enter rows of budgets, each with what its rule gave in the window before the budget stopped it."""
    given = [Given(each.budget, each.account, each.begins, each.since) for each in grants if each.since]
    before = {row.number: int(row.amount) for row in write.execute(given_by(given))} if given else {}
    amounts = {(each.rule, each.until): before.get(number, 0) for number, each in enumerate(given)}
    rows = [_row(each.key, "granted", amounts.get((each.budget, each.since), 0)) for each in grants]
    write.execute(_insert(write).on_conflict_do_nothing(), rows)


def _undo(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Give back what is undone."""
    back: Counter[Key] = Counter()
    for each in effects:
        back[each.effect.key] += each.effect.amount
    add = _insert(write)
    more = {"amount": _budget.c.amount + add.excluded.amount}
    rows = [_row(key, "returned", back[key]) for key in sorted(back)]
    write.execute(add.on_conflict_do_update(index_elements=list(_budget.primary_key), set_=more), rows)


def _insert(write: PluginWrite) -> postgresql.Insert | sqlite.Insert:
    return sqlite.insert(_budget) if write.dialect == "sqlite" else postgresql.insert(_budget)


def _row(key: Key, what: str, amount: int) -> dict[str, Any]:
    rule, span, since = key
    return {"rule": rule, "span": span, "since": since, "what": what, "amount": amount}


def _moved(before: Prepared | None, grant: Grant, sign: int) -> Prepared:
    known = before or EMPTY
    spent = {**known.budgets, grant.key: known.budgets.get(grant.key, 0) + sign * grant.amount}
    return evolve(known, budgets=spent)


GRANT = EffectKind(
    name="points.grant",
    effect=Grant,
    apply=_apply,
    undo=_undo,
    fold=lambda before, grant: _moved(before, grant, 1),
    unfold=lambda before, grant: _moved(before, grant, -1),
    divisible=True,
    refusal=declared.BUDGET.code,
)


@frozen
class Given:
    """What is asked for: what a rule credited to an account kind for what occurred in a time, in microseconds."""

    rule: str
    account: str
    begins: int | None = None
    until: int | None = None


def given_by(wanted: Sequence[Given]) -> Select[*tuple[Any, ...]]:
    """Select ``number`` in ``wanted``, ``amount`` and the ``first`` time at which something was credited.

    What came back by returns is left out; what was cancelled by hand counts, for it was given out. One pass over the
    effects.
    """
    numbered = [(_matches(each), number) for number, each in enumerate(wanted)]
    number = case(*numbered)
    back = _effect.alias("back")
    cancelled = select(func.coalesce(func.sum(back.c.amount), 0)).where(
        back.c.undoes == _effect.c.id, back.c.kind == "TakeBack"
    )
    left = _effect.c.amount - _effect.c.undone + cancelled.scalar_subquery()
    return (
        select(
            number.label("number"),
            func.sum(case((_effect.c.undone > 0, left), else_=_effect.c.amount)).label("amount"),
            func.min(_activity.c.occurred_at).label("first"),
        )
        .join_from(_effect, _activity, _activity.c.id == _effect.c.activity_id)
        .where(
            _effect.c.owner == "points",
            _effect.c.kind == "Credit",
            _effect.c.state == "applied",
            _effect.c.undoes.is_(None),
            or_(*(matching for matching, _ in numbered)),
        )
        .group_by(number)
    )


def _matches(wanted: Given) -> Any:
    # Each version of the rule, and the steps of a task's streak.
    names = (_effect.c.rule.startswith(f"{wanted.rule}{after}", autoescape=True) for after in "@.")
    bounds = [] if wanted.begins is None else [_activity.c.occurred_at >= wanted.begins]
    bounds += [] if wanted.until is None else [_activity.c.occurred_at < wanted.until]
    return and_(or_(*names), _effect.c.account_kind == wanted.account, *bounds)
