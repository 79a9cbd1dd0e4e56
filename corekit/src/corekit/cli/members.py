"""``corekit members``: register, find and show members, and lead them through the states of their life."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corekit.cli.context import open_kit
from corekit.cli.lives import Id, Key, Sets, Text, add_to, find, record, told
from corekit.cli.outcomes import listed, outline
from corekit.cli.output import NO, emit

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from corekit.kit import Kit

app = typer.Typer(help="Register, find, show and change members; lead them through their lives.", no_args_is_help=True)

First = Annotated[int, typer.Option(help="How many.")]
After = Annotated[str | None, typer.Option(metavar="CURSOR", help="Where to go on.")]


@app.command("list")
def list_(
    ctx: typer.Context,
    state: Text = None,
    channel: Text = None,
    name: Annotated[str | None, typer.Option(help="How the name begins.")] = None,
    tier: Annotated[str | None, typer.Option(metavar="LADDER/TIER", help="Where the member stands now.")] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="number, phone, email, kind, tag, group, external_id, source."),
    ] = None,
    first: First = 20,
    after: After = None,
) -> None:
    """List members in the order in which they joined."""
    from corekit.members.read import MemberFilter, member_page

    ladder, slash, code = (tier or "").partition("/")
    if tier and not slash:
        raise typer.BadParameter("write LADDER/TIER", param_hint="--tier")
    stands = (ladder, code) if tier else None
    kit = open_kit(ctx)
    wanted = MemberFilter(state=state, channel=channel, name=name, tier=stands, **_chosen(where, kit))
    with kit.read() as read:
        page = member_page(read, wanted, first=first, after=after)
    lines = (f"{it.id}  {it.state:9}  {it.external_id or '-':16}  {it.name or '-'}" for it in page.items)
    emit(ctx, page, lambda _: listed(page.cursors, lines, more=page.has_next))


@app.command()
def show(
    ctx: typer.Context,
    member: Id,
    at: Annotated[str | None, typer.Option(help="Where it stood at this instant, such as 2026-01-31T12:00Z.")] = None,
) -> None:
    """Show a member: who it is, what it has, where it stands or stood, and how far the next tier is."""
    from corekit.ledger.read import balances
    from corekit.members.read import consents, external_ids, groups, tags
    from corekit.tiers.read import progress, standing

    kit = open_kit(ctx)
    found = find(kit, member)
    with kit.read() as read:
        value = {
            "member": found,
            "tags": tags(read, [found.id])[found.id],
            "groups": groups(read, [found.id])[found.id],
            "consents": consents(read, [found.id])[found.id],
            "external_ids": external_ids(read, [found.id])[found.id],
            "balances": balances(read, [found.id], kit.now())[found.id],
            "standing": standing(read, [found.id], instant(at, kit.zone) if at else None)[found.id],
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


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV file with a header, in UTF-8.")],
    rejects: Annotated[Path | None, typer.Option(help="Where to write the rows that cannot be registered.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row and store nothing.")] = False,
) -> None:
    """Register a member for each row of a CSV file. The same file again changes nothing.

    Columns are external_id (the key), name, email, phone, channel and the custom attributes.
    """
    from rich.console import Console
    from rich.progress import open as watch

    from corekit.members.importing import import_members

    kit = open_kit(ctx)
    with ExitStack() as stack:
        console = Console(stderr=True)
        reading = watch(file, "r", encoding="utf-8-sig", errors="surrogateescape", newline="", console=console,
                        description="importing", disable=not console.is_terminal)  # fmt: skip
        out = stack.enter_context(rejects.open("w", encoding="utf-8", newline="")) if rejects else None
        report = import_members(kit, stack.enter_context(reading), out, dry_run=dry_run)
    stored = "would be " if dry_run else ""
    emit(ctx, report, lambda it: f"{it.rows} rows: {it.registered} {stored}registered, {it.unchanged} known, "
         f"{it.rejected} rejected")  # fmt: skip
    if report.rejected:
        raise typer.Exit(NO)


add_to(app)

_WHERE = ("number", "phone", "email", "kind", "tag", "group", "external_id", "source")


def _chosen(pairs: list[str] | None, kit: Kit) -> dict[str, Any]:
    """Return what ``--where`` says, telephone numbers and e-mail addresses in their normal form."""
    from corekit.members.profile import normal_email, normal_phone

    chosen: dict[str, str] = {}
    for text in pairs or ():
        name, equals, value = text.partition("=")
        if not equals or name not in _WHERE:
            raise typer.BadParameter(f"write NAME=VALUE, with a name of {', '.join(_WHERE)}", param_hint="--where")
        normal = {"phone": normal_phone(value, kit.settings.members.region), "email": normal_email(value)}.get(name)
        chosen[name] = normal or value
    return chosen


def instant(text: str, zone: ZoneInfo) -> datetime:
    """Return the instant that ISO 8601 text means, in ``zone`` where it names none; Invalid otherwise."""
    from corekit.errors import Invalid, Problem

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no instant; write for example 2026-01-31T12:00Z"
        raise Invalid([Problem(code="TYPE", message=message, parameters={"expected": "datetime"})]) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
