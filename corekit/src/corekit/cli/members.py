"""``corekit members``: register, find and show members, and lead them through the states of their life."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from corekit.cli.context import open_kit
from corekit.cli.files import Metrics, Where, add_files_to, chosen, ranges, stands
from corekit.cli.greeting import greet
from corekit.cli.lives import Id, Key, Sets, Text, add_to, find, instant, record, told
from corekit.cli.outcomes import listed, outline
from corekit.cli.output import emit
from corekit.cli.privacy import add_privacy_to

app = typer.Typer(help="Register, find, show and change members; lead them through their lives.", no_args_is_help=True)

First = Annotated[int, typer.Option(help="How many.")]
After = Annotated[str | None, typer.Option(metavar="CURSOR", help="Where to go on.")]


@app.command("list")
def list_(  # noqa: PLR0913, PLR0917 - one for each option
    ctx: typer.Context,
    state: Text = None,
    channel: Text = None,
    name: Annotated[str | None, typer.Option(help="How the name begins.")] = None,
    tier: Annotated[str | None, typer.Option(metavar="LADDER/TIER", help="Where the member stands now.")] = None,
    where: Where = None,
    metric: Metrics = None,
    first: First = 20,
    after: After = None,
) -> None:
    """List members in the order in which they joined."""
    from corekit.members.read import MemberFilter, member_page

    kit = open_kit(ctx)
    told: dict[str, Any] = chosen(where, kit) | {"tier": stands(tier), "measured": ranges(metric, kit)}
    wanted = MemberFilter(state=state, channel=channel, name=name, **told)
    with kit.read() as read:
        page = member_page(read, wanted, first=first, after=after)
    lines = (f"{it.id}  {it.state:9}  {it.external_id or '-':16}  {it.name or '-'}" for it in page.items)
    emit(ctx, page.told, lambda _: listed(page.cursors, lines, more=page.has_next))


@app.command()
def show(
    ctx: typer.Context,
    member: Id,
    at: Annotated[
        str | None, typer.Option(help="What it had and where it stood at this instant, such as 2026-01-31T12:00Z.")
    ] = None,
) -> None:
    """Show a member: who it is, what it has or had, where it stands or stood, and how far the next tier is."""
    from corekit.ledger.history import balances_at
    from corekit.ledger.read import balances
    from corekit.members.read import consents, external_ids, groups, tags
    from corekit.tiers.read import progress, standing

    kit = open_kit(ctx)
    found = find(kit, member)
    then = instant(at, kit) if at else None
    with kit.read() as read:
        had = balances_at(read, [found.id], then) if then else balances(read, [found.id], kit.now())
        value = {
            "member": found,
            "tags": tags(read, [found.id])[found.id],
            "groups": groups(read, [found.id])[found.id],
            "consents": consents(read, [found.id])[found.id],
            "external_ids": external_ids(read, [found.id])[found.id],
            "balances": had[found.id],
            "standing": standing(read, [found.id], then)[found.id],
            "progress": progress(kit.program, read, [found.id], kit.now(), kit.zone)[found.id],
        }
    emit(ctx, value, outline)


@app.command()
def register(
    ctx: typer.Context,
    external_id: Text = None,
    channel: Text = None,
    name: Text = None,
    email: Text = None,
    phone: Text = None,
    attribute: Sets = None,
    key: Key = None,
) -> None:
    """Register a member."""
    given = {
        "external_id": external_id,
        "channel": channel,
        "name": name,
        "email": email,
        "phone": phone,
    }
    payload = {name: value for name, value in given.items() if value is not None}
    record(ctx, "member.registered", "", payload | told(attribute), key)


app.command()(greet)
add_to(app)
add_files_to(app)
add_privacy_to(app)
