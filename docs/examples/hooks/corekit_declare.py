"""Coffee cards: an account that counts cups, and an activity that fills it."""

from __future__ import annotations

from corekit import AccountKind, ActivityType, Declares, Expiry, Unit, hookimpl


@hookimpl
def corekit_declare() -> Declares:
    """Declare what the plugin brings; names begin with the plugin's own, ``coffee``."""
    return Declares(
        accounts=[AccountKind(code="coffee", unit=Unit("coffee", kind="counter"), lots=True, expiry=Expiry(months=6))],
        activities=[ActivityType(name="coffee.poured", description="Somebody had a coffee.", amount="coffee")],
    )
