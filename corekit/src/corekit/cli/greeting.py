"""``corekit members greet``: what somebody at the counter wants to know of a member, at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corekit.cli.context import open_kit
from corekit.cli.outcomes import outline
from corekit.cli.output import emit

if TYPE_CHECKING:
    from corekit.activities.terms import Terms
    from corekit.offers import Offer


def greet(
    ctx: typer.Context,
    member: Annotated[
        str, typer.Argument(metavar="MEMBER", help="The member's number, phone, e-mail address, external id or id.")
    ],
) -> None:
    """Show where a member stands, what it has, what lapses next, and what it can have now."""
    from corekit.errors import NotFound
    from corekit.ledger.read import balances
    from corekit.members.finding import find, survivor
    from corekit.members.offering import offers
    from corekit.tiers.read import progress

    kit = open_kit(ctx)
    with kit.read() as read:
        found = find(read, kit.settings, member)
        if found is None:
            raise NotFound(f"there is no member {member}", member=member)
        found, now = survivor(read, found), kit.now(read)
        offered = offers(read, kit, [found.id], now)[found.id]
        value = {
            "member": {name: getattr(found, name) for name in ("id", "number", "name", "state")},
            "tiers": progress(kit.program, read, [found.id], now, kit.zone)[found.id],
            "balances": balances(read, [found.id], now)[found.id],
            "offers": [_told(each, kit.terms()) for each in offered.offers],
            "missing": list(offered.missing),
        }
    kit.suspend_broken()
    emit(ctx, value, outline)


def _told(offer: Offer, terms: Terms) -> Mapping[str, Any]:
    reason = offer.reason
    why = None
    if reason is not None:
        message = terms.message(reason.code, reason.parameters)
        why = {"code": reason.code, "message": message, "parameters": reason.parameters}
    return {
        "kind": offer.kind,
        "code": offer.code,
        "title": dict(offer.title),
        "price": dict(offer.price),
        "reason": why,
    }
