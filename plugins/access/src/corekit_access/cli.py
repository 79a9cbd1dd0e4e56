"""``corekit access``: staff, roles, keys of services, and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from corekit.command import ACTOR, emit, find_member, instant, open_kit

if TYPE_CHECKING:
    from corekit_access.granting import Grantor
    from corekit_access.store import Key, Role, Staff

app = typer.Typer(help="Staff, roles, keys of services, and tokens.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Its or their name.")]
Permissions = Annotated[
    list[str] | None, typer.Option("--permission", "-p", metavar="NAME", help="One of the permissions; say it again.")
]


@app.command()
def roles(ctx: typer.Context) -> None:
    """List the roles and what each allows."""
    from corekit_access import store

    with open_kit(ctx).read() as read:
        found = list(store.roles(read).values())
    emit(ctx, found, lambda found: "\n".join(map(_role, found)) or "no roles")


@app.command()
def staff(ctx: typer.Context) -> None:
    """List staff and their roles, those who left as well."""
    from corekit_access import store

    with open_kit(ctx).read() as read:
        found = store.everybody(read)
    emit(ctx, found, lambda found: "\n".join(map(_staff, found)) or "nobody")


@app.command()
def keys(ctx: typer.Context) -> None:
    """List the keys of services, revoked ones as well; secrets are known to nobody."""
    from corekit_access import store

    with open_kit(ctx).read() as read:
        found = store.keys(read)
    emit(ctx, found, lambda found: "\n".join(map(_key, found)) or "no keys")


@app.command("set-role")
def set_role(ctx: typer.Context, name: Name, *, permission: Permissions = None) -> None:
    """Let a role allow just these permissions; a new one is made."""
    from corekit_access import granting

    emit(ctx, granting.set_role(open_kit(ctx), _operator(), name, permission or ()), _role)


@app.command("set-staff")
def set_staff(
    ctx: typer.Context,
    name: Name,
    *,
    role: Annotated[list[str] | None, typer.Option("--role", help="One of their roles; say it again.")] = None,
    left: Annotated[bool, typer.Option("--left", help="They left: their tokens are good no more.")] = False,
) -> None:
    """Let somebody of staff have just these roles; somebody new is entered."""
    from corekit_access import granting

    emit(ctx, granting.set_staff(open_kit(ctx), _operator(), name, role or (), active=not left), _staff)


@app.command("create-key")
def create_key(
    ctx: typer.Context,
    name: Name,
    *,
    permission: Permissions = None,
    expires: Annotated[str | None, typer.Option(metavar="TIME", help="ISO time from which it opens nothing.")] = None,
) -> None:
    """Make a key for a service, and print it: it is shown this once."""
    from corekit_access import granting

    kit = open_kit(ctx)
    at = instant(expires, kit) if expires is not None else None
    key, secret = granting.create_key(kit, _operator(), name, permission or (), at)
    emit(ctx, {"key": key, "secret": secret}, lambda _: secret)


@app.command("revoke-key")
def revoke_key(
    ctx: typer.Context, prefix: Annotated[str, typer.Argument(metavar="PREFIX", help="How the key begins.")]
) -> None:
    """Let a key open nothing any more."""
    from corekit_access import granting

    emit(ctx, granting.revoke_key(open_kit(ctx), _operator(), prefix), _key)


@app.command()
def token(
    ctx: typer.Context,
    *,
    name: Annotated[str | None, typer.Option("--staff", metavar="NAME", help="For somebody of staff.")] = None,
    member: Annotated[str | None, typer.Option(metavar="MEMBER", help="For a member.")] = None,
    minutes: Annotated[int, typer.Option(min=1, max=1440, help="How long it is good.")] = 60,
) -> None:
    """Print a token for `Authorization: Bearer`."""
    from datetime import timedelta

    from corekit_access import granting

    if (name is None) == (member is None):
        raise typer.BadParameter("say --staff NAME or --member MEMBER, one of them")
    kit = open_kit(ctx)
    id_ = find_member(kit, member).id if member is not None else None
    text = granting.issue_token(kit, _operator(), timedelta(minutes=minutes), staff=name, member=id_)
    emit(ctx, {"token": text}, lambda shown: shown["token"])


def _operator() -> Grantor:
    from corekit_access.granting import Grantor

    return Grantor(ACTOR, None)


def _role(role: Role) -> str:
    return f"{role.name}  {_words(role.permissions)}"


def _staff(somebody: Staff) -> str:
    return f"{somebody.name}  {_words(somebody.roles)}{'' if somebody.active else '  (left)'}"


def _key(key: Key) -> str:
    times = (("expires", key.expires_at), ("used", key.last_used_at), ("revoked", key.revoked_at))
    told = "".join(f"  {what} {at:%Y-%m-%d %H:%M}" for what, at in times if at is not None)
    return f"{key.prefix}  {key.name}  {_words(key.permissions)}{told}"


def _words(names: Sequence[str] | frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
