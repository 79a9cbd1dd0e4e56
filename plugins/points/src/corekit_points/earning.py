"""What a purchase earns: the pipeline of a rule, as pure functions over activity and facts.

What was charged, turned into the rule's basis, of the lines that count; times the rate; plus what is added; times the
multipliers; rounded down once; capped; if the budget is enough. A rule that does not fire, or not in full, says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any

from attrs import evolve, field, frozen

from corekit import Activity, Facts, Line
from corekit_points import declared
from corekit_points.budgets import lacking
from corekit_points.calendar import Calendar
from corekit_points.rewards.paying import tendered
from corekit_points.rules import Basis, Book, Ratio, Rule, Selection, Stacking, Terms

Reason = tuple[str, dict[str, Any]]
"""Why a rule does not fire: a declared code, and what fills in its sentence."""


@frozen(eq=False)
class Finding:
    """What a rule makes of an activity, in minor units.

    ``counted`` is the money that counts, ``multipliers`` what applied, ``uncapped`` the points before caps,
    ``amount`` what is credited, ``shares`` how much of it belongs to which line (None: there are no lines).
    ``code`` says why there is nothing, or less than uncapped, and ``parameters`` fill in its sentence.
    """

    rule: Rule
    counted: int = 0
    multipliers: tuple[Ratio, ...] = ()
    uncapped: int = 0
    amount: int = 0
    shares: Mapping[int, int] | None = None
    code: str | None = None
    parameters: Mapping[str, Any] = field(factory=dict[str, Any])


def judge(book: Book, activity: Activity, facts: Facts) -> list[Finding]:
    """Return what every rule makes of an activity, in the order of the rules."""
    rules = book.by_activity.get(activity.type)
    if not rules:
        return []
    late = lateness(activity, facts)
    found = [assess(rule, activity, facts, late) for rule in rules]
    if book.budgeted:
        found = [_within_budget(finding, activity, facts) for finding in found]
    return _one_of_each_group(found) if len(found) > 1 else found


def _within_budget(finding: Finding, activity: Activity, facts: Facts) -> Finding:
    """Return what a rule makes of an activity if its budget is enough for that, else why it makes nothing."""
    short = lacking(finding.rule, finding.amount, activity, facts) if finding.amount else None
    if short is None:
        return finding
    return evolve(finding, amount=0, shares=None, code=declared.BUDGET.code, parameters=short)


def earnings(book: Book, activity: Activity, facts: Facts) -> list[Finding]:
    """Return what an activity earns by each rule that credits something."""
    return [finding for finding in judge(book, activity, facts) if finding.amount]


def lateness(activity: Activity, facts: Facts) -> timedelta:
    """Return how long after the fact an activity was reported."""
    return facts.reported(activity) - activity.occurred_at if activity.occurred_at is not None else timedelta(0)


def barred(terms: Terms, activity: Activity, facts: Facts, late: timedelta) -> Reason | None:
    """Return why a rule or a task does not hold for an activity at all; None where it does."""
    if terms.claim is not None and late > terms.claim:
        hours, over = int(terms.claim / timedelta(hours=1)), int((late - terms.claim).total_seconds())
        return declared.CLAIM_TOO_LATE.code, {"hours": hours, "seconds": over}
    if terms.during:
        local = facts.local(activity)
        if not any(_holds(calendar, activity, facts, local) for calendar in terms.during):
            return declared.OUTSIDE_CALENDAR.code, {"calendars": ", ".join(each.id for each in terms.during)}
    if terms.least_tier is not None:
        code, rank = terms.least_tier
        tier = facts.tier(activity, terms.ladder)
        if tier is None or tier.rank < rank:
            return declared.TIER_TOO_LOW.code, {"tier": tier.code if tier is not None else None, "needed": code}
    return None


def assess(rule: Rule, activity: Activity, facts: Facts, late: timedelta = timedelta(0)) -> Finding:
    """Run one activity through the pipeline of one rule."""
    reason = barred(rule.terms, activity, facts, late) or _elsewhere(rule, activity)
    if reason is not None:
        return Finding(rule, code=reason[0], parameters=reason[1])
    counted, weights = _counted(rule, activity)
    if counted <= 0:
        return Finding(rule, code=declared.NOTHING_COUNTS.code)
    if counted < rule.minimum:
        told = {"counted": str(counted), "minimum": str(rule.minimum)}
        return Finding(rule, counted, code=declared.BELOW_MINIMUM.code, parameters=told)
    multipliers, added = _changes(rule, activity, facts) if rule.tiers or rule.calendars else ((), 0)
    top, bottom = combine(rule.stacking, multipliers)
    base = counted if rule.step is None else counted - counted % rule.step
    over, under = rule.rate
    points = (base * over + (rule.add + added) * under) * top // (under * bottom)
    if not points:
        return Finding(rule, counted, multipliers, code=declared.FRACTION.code)
    amount, cap = _capped(rule, points, activity, facts)
    split = share(amount, weights) if weights is not None and amount else None
    if cap is None:
        return Finding(rule, counted, multipliers, points, amount, split)
    told = {"cap": cap, "cut": str(points - amount)}
    return Finding(rule, counted, multipliers, points, amount, split, declared.CAP.code, told)


def _elsewhere(rule: Rule, activity: Activity) -> Reason | None:
    """Return why a rule does not hold at the store of an activity."""
    if rule.stores or rule.no_stores:
        store = activity.payload.get("store")
        if store in rule.no_stores or (rule.stores and store not in rule.stores):
            return declared.STORE.code, {"store": store}
    return None


def _counted(rule: Rule, activity: Activity) -> tuple[int, list[tuple[int, int]] | None]:
    """Return the money that counts, and where there are lines how much of it is whose."""
    shift = _shift(rule.basis, activity.payload) if rule.basis is not None else 0
    if activity.lines:
        weights = _counting(rule.lines, _shifted(activity.lines, shift) if shift else activity.lines)
        return sum([amount for _, amount in weights]), weights
    # Without lines an exclusion finds nothing to exclude, and an inclusion nothing to include.
    return 0 if rule.lines.narrows else activity.amount + shift, None


def _capped(rule: Rule, points: int, activity: Activity, facts: Facts) -> tuple[int, str | None]:
    """Return what is left under the caps, and the cap that cut the most; None where none did."""
    amount, cap = points, None
    if rule.caps.order is not None and amount > rule.caps.order:
        amount, cap = rule.caps.order, "order"
    for window, most, name in rule.windows:
        room = most - facts.metric(rule.metric, activity, window)
        if amount > room:
            amount, cap = max(0, room), name
    return amount, cap


def share(total: int, weights: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Split ``total`` over weighted lines ``(number, weight)``, exactly; who gets nothing is left out.

    Largest remainder (Hamilton): each line gets its quota rounded down, and what is left goes one by one to
    the largest remainders, of equal ones to the lowest line number.
    """
    whole = sum([weight for _, weight in weights])
    shares: dict[int, int] = {}
    remainders: list[tuple[int, int]] = []
    left = total
    for number, weight in weights:
        quota, remainder = divmod(total * weight, whole)
        shares[number] = quota
        left -= quota
        remainders.append((-remainder, number))
    if left:
        remainders.sort()
        for _, number in remainders[:left]:
            shares[number] += 1
    return {number: part for number, part in shares.items() if part} if 0 in shares.values() else shares


@lru_cache(maxsize=4096)
def combine(stacking: Stacking, multipliers: tuple[Ratio, ...]) -> Ratio:
    """Return the one multiplier that several make together.

    ``multiply``: their product. ``add``: one plus what each adds to one, at least 0. ``best``: the largest.
    """
    factors = [Fraction(*ratio) for ratio in multipliers]
    one = Fraction(1)
    if stacking == "best":
        one = max(factors, default=one)
    elif stacking == "add":
        one = max(Fraction(0), one + sum(factor - 1 for factor in factors))
    else:
        for factor in factors:
            one *= factor
    return one.numerator, one.denominator


def _shift(basis: Basis, payload: Mapping[str, Any]) -> int:
    """Return how much the basis of a rule is more, or less, than what was charged."""
    shift = 0
    if basis.discount:
        shift += payload.get("discount", 0)
    if not basis.tax:
        shift -= payload.get("tax", 0)
    if not basis.points_paid:
        shift -= payload.get("points_paid", 0) + tendered(payload)
    return shift


def _shifted(lines: Sequence[Line], shift: int) -> Sequence[Line]:
    """Return lines with what is more or less of the whole spread over them, in proportion to their amounts."""
    weights = [(line.no, line.amount) for line in lines if line.amount]
    if not weights:
        return lines
    parts = share(abs(shift), weights)
    sign = 1 if shift > 0 else -1
    return [evolve(line, amount=max(0, line.amount + sign * parts.get(line.no, 0))) for line in lines]


def _counting(select: Selection, lines: Sequence[Line]) -> list[tuple[int, int]]:
    """Return the number and amount of each line that counts; those of amount 0 have nothing to count."""
    if select.everything:
        return [(line.no, line.amount) for line in lines if line.amount]
    narrows, categories, skus = select.narrows, select.categories, select.skus
    no_categories, no_skus, no_flags = select.no_categories, select.no_skus, select.no_flags
    return [
        (line.no, line.amount)
        for line in lines
        if line.amount
        and line.category not in no_categories
        and line.sku not in no_skus
        and (not line.flags or no_flags.isdisjoint(line.flags))
        and (not narrows or line.category in categories or line.sku in skus)
    ]


def _holds(calendar: Calendar, activity: Activity, facts: Facts, local: Any) -> bool:
    """Say whether a calendar holds for the member of an activity at its local time."""
    if not calendar.holds(local):
        return False
    if calendar.anniversary is None and calendar.birthday is None:
        return True
    return calendar.celebrates(local, facts.member(activity))


def _changes(rule: Rule, activity: Activity, facts: Facts) -> tuple[tuple[Ratio, ...], int]:
    """Return the multipliers of the member's tier and of each calendar that holds, and what calendars add."""
    found: list[Ratio] = []
    added = 0
    if rule.tiers:
        tier = facts.tier(activity, rule.terms.ladder)
        ratio = rule.tiers.get(tier.code) if tier is not None else None
        if ratio is not None:
            found.append(ratio)
    if rule.calendars:
        local = facts.local(activity)
        for calendar in rule.calendars:
            if _holds(calendar, activity, facts, local):
                added += calendar.add
                if calendar.multiplier is not None:
                    found.append(calendar.multiplier)
    return tuple(found), added


def _one_of_each_group(found: list[Finding]) -> list[Finding]:
    """Keep of each group what earns by highest priority, of those the most, of those the first by id."""
    best: dict[str, Finding] = {}
    for finding in found:
        group = finding.rule.group
        if group is not None and finding.amount:
            kept = best.setdefault(group, finding)
            if finding.rule.priority == kept.rule.priority and finding.amount > kept.amount:
                best[group] = finding
    if not best:
        return found
    return [
        _outdone(finding, best[group])
        if (group := finding.rule.group) in best and finding.amount and best[group] is not finding
        else finding
        for finding in found
    ]


def _outdone(finding: Finding, by: Finding) -> Finding:
    told = {"group": finding.rule.group, "by": by.rule.name}
    return Finding(
        finding.rule,
        finding.counted,
        finding.multipliers,
        finding.uncapped,
        code=declared.GROUP.code,
        parameters=told,
    )
