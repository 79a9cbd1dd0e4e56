"""Metrics of a plan: what an activity and the credits it caused add to them."""

from __future__ import annotations

from collections.abc import Mapping

from corekit.activities.planned import Planned
from corekit.activities.terms import Terms
from corekit.ledger.state import Member


def measure(terms: Terms, member: Member, planned: Planned) -> None:
    """Add what a planned activity measures to the metrics of its member, on the day on which it counts."""
    activity = planned.incoming.activity
    measures = planned.measures
    for metric in terms.measured.get(activity.type, ()):
        name = metric.name if metric.by is None else f"{metric.name}={activity.payload.get(metric.by)}"
        measures[name] = activity.amount if metric.measure == "amount" else 1
    for effect in planned.effects:
        if effect.kind == "Credit" and effect.undoes is None and effect.state == "applied":
            for metric in terms.credited.get(effect.account or "", ()):
                if metric.rule is None or metric.rule == effect.rule.partition("@")[0]:
                    measures[metric.name] = measures.get(metric.name, 0) + effect.amount
    for (name, day), value in planned.measured(terms.zone).items():
        member.journal.put(member.metrics, name, member.metrics.get(name, 0) + value)
        days = member.days.get(name)
        if days is None:
            days = {}
            member.journal.put(member.days, name, days)
        member.journal.put(days, day, days.get(day, 0) + value)


def shift(planned: Planned, days: Mapping[str, Mapping[str, int]], sign: int = 1) -> None:
    """Let a planned activity count what was measured on other days; ``sign`` -1 takes that back."""
    for day, values in days.items():
        for name, value in values.items():
            key = name, int(day)
            planned.shifted[key] = planned.shifted.get(key, 0) + sign * value
