"""What is paid in: principal, the bonus of the step that it reaches, and the limits that it keeps to."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from corekit import Activity, Credit, Effect, Facts, Refusal, Skipped
from corekit_stored_value import declared, requests
from corekit_stored_value.approvals import used
from corekit_stored_value.rules import TOP_UP, Currency, Step, left_of
from corekit_stored_value.standing import Known, check_amount, check_frozen, currency_of


@frozen
class _Bonus:
    """What a top-up brings besides, by which step, and what a cap cuts off of it."""

    step: Step | None = None
    amount: int = 0
    cap: str = ""
    cut: int = 0


def topped_up(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Take money in."""
    currency = currency_of(activity, facts)
    bonus = _checked(activity, facts, currency)
    yield from used(activity, facts, currency)
    yield from _credited(activity, currency, bonus)


def requested(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Let a top-up wait until it is paid, if it could be credited now."""
    currency = currency_of(activity, facts)
    _checked(activity, facts, currency)
    yield from used(activity, facts, currency)
    yield requests.awaited(activity, facts)


def paid(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Take in what was requested. Limits are looked at again: what does not fit any more has to be given back."""
    currency = currency_of(activity, facts)
    resolved = requests.paid(activity, facts)
    bonus = _checked(activity, facts, currency)
    yield resolved
    yield from _credited(activity, currency, bonus)


def cancelled(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Let nobody pay what was requested."""
    yield requests.cancelled(activity, facts)


def lapsed(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Let what was requested lapse."""
    yield requests.lapsed(activity, facts)


def _credited(activity: Activity, currency: Currency, bonus: _Bonus) -> Iterator[Effect]:
    """Credit principal and bonus. Both are effects of one activity: that makes them a group."""
    yield Credit(activity, rule=f"{TOP_UP}@1", account=currency.principal, amount=activity.amount)
    if bonus.step is None:
        return
    if bonus.amount:
        yield Credit(activity, rule=bonus.step.rule, account=currency.bonus, amount=bonus.amount)
    if bonus.cut:
        told = {"cap": bonus.cap, "cut": str(bonus.cut)}
        yield Skipped(activity, rule=bonus.step.rule, code=declared.BONUS_CAP.code, parameters=told)


def _checked(activity: Activity, facts: Facts, currency: Currency) -> _Bonus:
    """Return the bonus of a top-up that may be; refuse one that may not."""
    check_amount(activity)
    check_frozen(currency, currency.principal)
    bonus = _bonus(activity, facts, currency)
    if bonus.amount:
        check_frozen(currency, currency.bonus)
    _check_limits(activity, facts, currency, bonus.amount)
    return bonus


def _bonus(activity: Activity, facts: Facts, currency: Currency) -> _Bonus:
    step = currency.step(activity.amount, Known(activity, facts, facts.program(activity)))
    if step is None:
        return _Bonus()
    whole = step.brings(activity.amount)
    had = {window: facts.metric(step.metric, activity, window) for _, window, _ in step.caps}
    cap = left_of(step.caps, had)
    if cap is None or cap[1] >= whole:
        return _Bonus(step, whole)
    return _Bonus(step, cap[1], cap[0], whole - cap[1])


def _check_limits(activity: Activity, facts: Facts, currency: Currency, bonus: int) -> None:
    limits = currency.limits_of(Known(activity, facts, facts.program(activity)))
    if limits is None:
        return
    asked = activity.amount
    if limits.top_up is not None:
        _check("top_up", limits.top_up, limits.top_up, asked)
    if limits.day is not None:
        _check("day", limits.day, limits.day - facts.metric(currency.paid_in, activity, "day"), asked)
    if limits.balance is not None:
        kinds = (currency.principal, currency.bonus)
        has = sum(facts.balance(kind, activity) + facts.held(kind, activity) for kind in kinds)
        _check("balance", limits.balance, limits.balance - has, asked + bonus)


def _check(limit: str, most: int, left: int, asked: int) -> None:
    if asked > left:
        told = {"most": str(most), "left": str(max(0, left)), "asked": str(asked)}
        raise Refusal(declared.LIMIT.code, limit=limit, **told)
