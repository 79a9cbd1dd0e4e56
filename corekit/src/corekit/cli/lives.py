"""``corekit members``: the steps of a member's life, and changes of what is known of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corekit.cli.context import open_kit
from corekit.cli.outcomes import answer
from corekit.cli.output import emit

if TYPE_CHECKING:
    from corekit.kit import Kit
    from corekit.members.read import Member

Id = Annotated[
    str, typer.Argument(metavar="MEMBER", help="The member's id, number, external id, phone or e-mail address.")
]
Key = Annotated[str | None, typer.Option(help="The key of this request; sent again, it changes nothing.")]
Reason = Annotated[str, typer.Option(help="Why.")]
Text = Annotated[str | None, typer.Option()]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A field, such as kind=partner, identity.city=Ulm, external_ids.crm=17, or an attribute.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to ``corekit members``."""
    steps = {
        "approve": ("member.approved", "Take an applicant in."),
        "reject": ("member.rejected", "Do not take an applicant in; --reason says why."),
        "freeze": ("member.frozen", "Let a member earn and spend nothing until unfrozen."),
        "unfreeze": ("member.unfrozen", "Make a frozen member active again."),
        "lapse": ("member.lapsed", "Let a membership run out: the member is dormant until renewed."),
        "cancel": ("member.cancelled", "End a membership."),
        "restore": ("member.restored", "Take a cancelled member back."),
    }
    for name, (activity, does) in steps.items():
        app.command(name, help=does)(_step(activity))
    for command in (renew, update, changes, duplicates, merge, tag, join_group, leave_group, consent):
        app.command(command.__name__.replace("_", "-"))(command)


def _step(activity: str) -> Callable[..., None]:
    def command(ctx: typer.Context, member: Id, reason: Reason = "", key: Key = None) -> None:
        record(ctx, activity, member, {"reason": reason}, key)

    return command


def renew(
    ctx: typer.Context,
    member: Id,
    months: Annotated[int | None, typer.Option(help="For how many months; as the program says if left out.")] = None,
    reason: Reason = "",
    key: Key = None,
) -> None:
    """Prolong a membership; who was dormant is active again."""
    payload: dict[str, Any] = {"reason": reason} if months is None else {"reason": reason, "months": months}
    record(ctx, "member.renewed", member, payload, key)


def update(
    ctx: typer.Context,
    member: Id,
    change: Sets = None,
    remove: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A field that is to be empty.")] = None,
    reason: Reason = "",
    key: Key = None,
) -> None:
    """Change what is known of a member; what is not given stays."""
    payload = told(change)
    for path in remove or ():
        put(payload, path, None)
    record(ctx, "member.updated", member, {**payload, "reason": reason}, key)


def changes(
    ctx: typer.Context, member: Id, first: Annotated[int, typer.Option(help="Of how many activities.")] = 50
) -> None:
    """Show who changed what of a profile, newest first."""
    from corekit.members.history import changes as read_changes

    kit = open_kit(ctx)
    whom = find(kit, member).id
    with kit.read() as read:
        found = read_changes(read, [whom], first)[whom]
    lines = (
        f"{it.at:%Y-%m-%d %H:%M}  {it.actor or it.source:16}  {it.field}: {it.before!r} -> {it.after!r}  {it.reason}"
        for it in found
    )
    emit(ctx, found, lambda _: "\n".join(lines) or "nothing")


def duplicates(ctx: typer.Context, first: Annotated[int, typer.Option(help="How many groups.")] = 50) -> None:
    """List members that are probably one person: same name, born on the same day."""
    from corekit.members.duplicates import duplicates as read_duplicates

    with open_kit(ctx).read() as read:
        found = read_duplicates(read, first=first)
    lines = (f"{it.name}, {it.birthday}: {', '.join(it.members)}" for it in found)
    emit(ctx, found, lambda _: "\n".join(lines) or "nothing")


def merge(
    ctx: typer.Context,
    member: Id,
    other: Annotated[str, typer.Argument(help="The member that becomes a part of it, named in the same ways.")],
    reason: Reason = "",
    key: Key = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what it would do and store nothing.")] = False,
) -> None:
    """Let another member become a part of MEMBER: value, tiers, ids. `corekit activities reverse` makes two again."""
    record(ctx, "member.merged", member, {"reason": reason}, key, other, dry_run=dry_run)


def tag(
    ctx: typer.Context,
    member: Id,
    add: Annotated[list[str] | None, typer.Option(metavar="TAG", help="A tag to put on.")] = None,
    remove: Annotated[list[str] | None, typer.Option(metavar="TAG", help="A tag to take off.")] = None,
    reason: Reason = "",
    key: Key = None,
) -> None:
    """Put tags on a member and take tags off."""
    record(ctx, "member.tagged", member, {"add": add or [], "remove": remove or [], "reason": reason}, key)


def join_group(
    ctx: typer.Context,
    member: Id,
    group: Annotated[str, typer.Argument(help="Code of the group.")],
    kind: Annotated[str, typer.Option(help="family or company.")] = "family",
    role: Annotated[str, typer.Option(help="primary or supplementary.")] = "supplementary",
    reason: Reason = "",
    key: Key = None,
) -> None:
    """Let a member belong to a family or company."""
    record(ctx, "member.joined_group", member, {"group": group, "kind": kind, "role": role, "reason": reason}, key)


def leave_group(
    ctx: typer.Context,
    member: Id,
    group: Annotated[str, typer.Argument(help="Code of the group.")],
    reason: Reason = "",
    key: Key = None,
) -> None:
    """Let a member leave a group."""
    record(ctx, "member.left_group", member, {"group": group, "reason": reason}, key)


def consent(
    ctx: typer.Context,
    member: Id,
    purpose: Annotated[str, typer.Argument(help="For what, such as marketing.")],
    channel: Annotated[str | None, typer.Option(help="On which channel.")] = None,
    *,
    granted: Annotated[bool, typer.Option("--grant/--withdraw", help="Whether consent is given.")] = True,
    evidence: Annotated[str, typer.Option(help="How it was given.")] = "",
    reason: Reason = "",
    key: Key = None,
) -> None:
    """Note that a member consents, or no longer does."""
    payload: dict[str, Any] = {"purpose": purpose, "granted": granted, "evidence": evidence, "reason": reason}
    if channel is not None:
        payload["channel"] = channel
    record(ctx, "member.consented", member, payload, key)


def told(pairs: list[str] | None) -> dict[str, Any]:
    """Return what ``--set`` says: fields of the profile and of its sections by their names, all else as attributes."""
    payload: dict[str, Any] = {}
    for text in pairs or ():
        name, _, value = text.partition("=")
        put(payload, name, value)
    return payload


def put(payload: dict[str, Any], name: str, value: Any) -> None:
    """Put a value where a name leads."""
    from corekit.members.profile import FIXED, SECTIONS, TOLD

    outer, dot, inner = name.partition(".")
    if dot and outer in (*SECTIONS, "external_ids", "attributes"):
        payload.setdefault(outer, {})[inner] = value
    elif name in (*FIXED, *TOLD):
        payload[name] = value
    else:
        payload.setdefault("attributes", {})[name] = value


def instant(text: str, kit: Kit) -> datetime:
    """Return the instant that ISO 8601 text means, on the program's clock where it names no zone; Invalid otherwise."""
    from corekit.errors import Invalid, Problem

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no instant in ISO 8601; write for example 2026-01-31T12:00Z"
        raise Invalid([Problem(code="TYPE", message=message, parameters={"expected": "datetime"})]) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=kit.zone)


def find(kit: Kit, text: str) -> Member:
    """Return the member with that id, number, external id, phone or e-mail address; NotFound otherwise."""
    from corekit.errors import NotFound
    from corekit.members.finding import find as find_member

    with kit.read() as read:
        found = find_member(read, kit.settings, text)
    if found is None:
        raise NotFound(f"there is no member {text}", member=text)
    return found


def record(
    ctx: typer.Context,
    kind: str,
    member: str,
    payload: dict[str, Any],
    key: str | None,
    *others: str,
    dry_run: bool = False,
    **values: Any,
) -> None:
    """Record an activity of a member (none for a registration), and print what became of it.

    ``others`` are the members it names besides, ``values`` whatever else it says, such as ``amount`` and ``unit``.
    """
    from corekit.activities.activity import Activity

    kit = open_kit(ctx)
    known: dict[str, Any] = {"source": "cli"} if key is None else {"source": "cli", "external_id": key}
    activity = Activity(
        type=kind,
        member=find(kit, member).id if member else "",
        members=tuple(find(kit, other).id for other in others),
        payload=payload,
        **(known | values),
    )
    answer(ctx, [kit.simulate(activity) if dry_run else kit.record(activity)])
