"""Metrics of a plan: what an activity and the credits it caused add to them."""

from __future__ import annotations

from corekit.activities.planned import Planned
from corekit.activities.terms import Terms
from corekit.clock import day_number
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
    if not measures:
        return
    day = day_number(terms.day(planned.measured_on))
    for name, value in measures.items():
        if value:
            member.journal.put(member.metrics, name, member.metrics.get(name, 0) + value)
            days = member.days.get(name)
            if days is None:
                days = {}
                member.journal.put(member.days, name, days)
            member.journal.put(days, day, days.get(day, 0) + value)
