"""``corekit members``: register, find and show members, and lead them through the states of their life."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corekit.cli.context import open_kit
from corekit.cli.outcomes import answer, listed, outline
from corekit.cli.output import NO, emit

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from corekit.kit import Kit
    from corekit.members.read import Member

app = typer.Typer(help="Register, find and show members; freeze, cancel and restore them.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="MEMBER", help="The member's id, or its external id.")]
Key = Annotated[str | None, typer.Option(help="The key of this request; sent again, it changes nothing.")]
Reason = Annotated[str, typer.Option(help="Why.")]
First = Annotated[int, typer.Option(help="How many.")]
After = Annotated[str | None, typer.Option(metavar="CURSOR", help="Where to go on.")]
Text = Annotated[str | None, typer.Option()]


@app.command("list")
def list_(
    ctx: typer.Context,
    state: Text = None,
    channel: Text = None,
    external_id: Text = None,
    name: Annotated[str | None, typer.Option(help="How the name begins.")] = None,
    tier: Annotated[str | None, typer.Option(metavar="LADDER/TIER", help="Where the member stands now.")] = None,
    first: First = 20,
    after: After = None,
) -> None:
    """List members in the order in which they joined."""
    from corekit.members.read import MemberFilter, member_page

    ladder, slash, code = (tier or "").partition("/")
    if tier and not slash:
        raise typer.BadParameter("write LADDER/TIER", param_hint="--tier")
    stands = (ladder, code) if tier else None
    wanted = MemberFilter(state=state, channel=channel, external_id=external_id, name=name, tier=stands)
    with open_kit(ctx).read() as read:
        page = member_page(read, wanted, first=first, after=after)
    lines = (f"{it.id}  {it.state:9}  {it.external_id or '-':16}  {it.name or '-'}" for it in page.items)
    emit(ctx, page, lambda _: listed(page.cursors, lines, more=page.has_next))


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
    from corekit.tiers.read import progress, standing

    kit = open_kit(ctx)
    found = find(kit, member)
    then = instant(at, kit.zone) if at else None
    with kit.read() as read:
        had = balances_at(read, [found.id], then) if then else balances(read, [found.id], kit.now())
        value = {
            "member": found,
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
    attribute: Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="An attribute.")] = None,
    key: Key = None,
) -> None:
    """Register a member."""
    given = {"external_id": external_id, "channel": channel, "name": name, "email": email, "phone": phone}
    attributes = dict[str, str]()
    for text in attribute or ():
        attributes[text.partition("=")[0]] = text.partition("=")[2]
    payload = {name: value for name, value in given.items() if value is not None} | {"attributes": attributes}
    _record(ctx, "member.registered", "", payload, key)


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


def _step(name: str, activity: str, does: str) -> Callable[..., None]:
    def command(ctx: typer.Context, member: Id, reason: Reason = "", key: Key = None) -> None:
        _record(ctx, activity, member, {"reason": reason}, key)

    return app.command(name, help=does)(command)


freeze = _step("freeze", "member.frozen", "Let a member earn and spend nothing until unfrozen.")
unfreeze = _step("unfreeze", "member.unfrozen", "Make a frozen member active again.")
cancel = _step("cancel", "member.cancelled", "End a membership.")
restore = _step("restore", "member.restored", "Take a cancelled member back.")


def instant(text: str, zone: ZoneInfo) -> datetime:
    """Return the instant that ISO 8601 text means, in ``zone`` where it names none; Invalid otherwise."""
    from corekit.errors import Invalid, Problem

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no instant; write for example 2026-01-31T12:00Z"
        raise Invalid([Problem(code="TYPE", message=message, parameters={"expected": "datetime"})]) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def find(kit: Kit, text: str) -> Member:
    """Return the member with that id or external id; NotFound otherwise."""
    from corekit.errors import NotFound
    from corekit.ids import is_id
    from corekit.members.read import MemberFilter, member_page, members

    with kit.read() as read:
        found = members(read, [text]).get(text) if is_id(text) else None
        found = found or next(iter(member_page(read, MemberFilter(external_id=text)).items), None)
    if found is None:
        raise NotFound(f"there is no member {text}", member=text)
    return found


def _record(ctx: typer.Context, kind: str, member: str, payload: dict[str, Any], key: str | None) -> None:
    from corekit.activities.activity import Activity

    kit = open_kit(ctx)
    known: dict[str, Any] = {} if key is None else {"external_id": key}
    whom = find(kit, member).id if member else ""
    answer(ctx, [kit.record(Activity(type=kind, member=whom, source="cli", payload=payload, **known))])
