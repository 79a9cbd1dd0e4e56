"""What nobody came for in time is taken back: points and piece return."""

from __future__ import annotations

from sqlalchemy import SelectBase, Text, cast, func, literal, select

from corekit import Bounds, Limits, Sweep
from corekit_points.rewards.declared import EXPIRED
from corekit_points.rewards.tables import redemption


def unfetched(bounds: Bounds) -> SelectBase:
    """Select the redemptions whose time is over, each with the activity that is to be taken back."""
    return select(
        redemption.c.member_id,
        func.replace(cast(redemption.c.id, Text), "-", "").label("key"),
        literal(0).label("amount"),
        literal("unfetched@1").label("rule"),
        redemption.c.id.label("reverses"),
    ).where(
        bounds.within(redemption.c.member_id), redemption.c.state == "reserved", redemption.c.expires_at <= bounds.at
    )


UNFETCHED = Sweep(
    name="points.unfetched",
    activity_type=EXPIRED.name,
    select=unfetched,
    description="Takes back redemptions that nobody came for in time.",
    schedule="15 * * * *",
    limits=Limits(members=None),
)
