"""``corekit tiers``: set tiers, ask for them, make use of them, and see what would become of them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from corekit.cli.context import open_kit
from corekit.cli.lives import Id, Key, find, instant, record
from corekit.cli.outcomes import outline
from corekit.cli.output import emit

app = typer.Typer(help="Set, request, use and preview tiers.", no_args_is_help=True)

Ladder = Annotated[str, typer.Argument(metavar="LADDER", help="The ladder's code.")]
Actor = Annotated[str | None, typer.Option(help="Who does it; whoever locks a tier can change it again.")]


@app.command("set")
def set_(
    ctx: typer.Context,
    member: Id,
    ladder: Ladder,
    tier: Annotated[str, typer.Argument(metavar="TIER", help="The tier's code.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    lock_until: Annotated[str | None, typer.Option(metavar="TIME", help="Nobody else changes it until then.")] = None,
    actor: Actor = None,
    key: Key = None,
) -> None:
    """Put a member into a tier."""
    payload: dict[str, Any] = {"ladder": ladder, "tier": tier, "reason": reason}
    if lock_until is not None:
        payload["locked_until"] = instant(lock_until, open_kit(ctx)).isoformat()
    record(ctx, "tier.set", member, payload, key, actor=actor)


@app.command()
def request(ctx: typer.Context, member: Id, ladder: Ladder, key: Key = None) -> None:
    """Let a member rise to the tier for which it qualifies."""
    record(ctx, "tier.requested", member, {"ladder": ladder}, key)


@app.command()
def claim(
    ctx: typer.Context,
    member: Id,
    ladder: Ladder,
    benefit: Annotated[str, typer.Argument(metavar="BENEFIT", help="The benefit's name.")],
    quantity: Annotated[int, typer.Option(help="How often at once.")] = 1,
    key: Key = None,
) -> None:
    """Let a member take a benefit of its tier."""
    payload = {"ladder": ladder, "benefit": benefit, "quantity": quantity}
    record(ctx, "tier.benefit_claimed", member, payload, key)


@app.command()
def show(
    ctx: typer.Context,
    member: Id,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="Where it stood at this instant.")] = None,
    *,
    occurred: Annotated[bool, typer.Option("--occurred", help="By what had occurred until then.")] = False,
) -> None:
    """Show where a member stands or stood, where it ever stood, what its tiers bring, and how far the next ones are."""
    from corekit.tiers.benefits import benefits
    from corekit.tiers.read import history, progress, standing

    kit = open_kit(ctx)
    found = find(kit, member)
    moment = instant(at, kit) if at is not None else None
    with kit.read() as read:
        stands = standing(read, [found.id], moment, by="occurred" if occurred else "recorded")[found.id]
        value = {
            "standing": stands,
            "history": history(read, [found.id])[found.id],
            "benefits": benefits(kit.program, read, [found.id], kit.now(), kit.zone)[found.id],
            "progress": progress(kit.program, read, [found.id], kit.now(), kit.zone)[found.id],
        }
    emit(ctx, value, outline)


@app.command()
def preview(
    ctx: typer.Context,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="At this ISO time instead of now.")] = None,
    ladder: Annotated[str | None, typer.Option(help="Only this ladder.")] = None,
    member: Annotated[list[str] | None, typer.Option(help="Only this member; can be repeated.")] = None,
    first: Annotated[int, typer.Option(min=0, help="How many.")] = 100,
) -> None:
    """Show what would change if tiers were evaluated at a moment; nothing is changed."""
    from corekit.tiers.preview import preview as look

    kit = open_kit(ctx)
    members = [find(kit, each).id for each in member] if member else None
    found = look(kit, instant(at, kit) if at else None, ladder=ladder, members=members, first=first)
    lines = [
        f"{it.member}  {it.ladder}  {it.from_tier} -> {it.to_tier or it.from_tier}  {it.type} ({it.reason})"
        for it in found
    ]
    emit(ctx, found, lambda _: "\n".join(lines) or "nothing would change")
