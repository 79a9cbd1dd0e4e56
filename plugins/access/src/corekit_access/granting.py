"""Giving and taking: roles, permissions, keys and tokens. Nobody gives what they do not have.

Each change leaves a row in the audit trail, in its own transaction, and none where everything is so already.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from attrs import frozen
from sqlalchemy import insert, select, update

from corekit import ErrorText, Invalid, Problem, Reader, any_of, micros, new_id
from corekit.audit import leave
from corekit.tables import member as members
from corekit_access import declared, store, tables, tokens
from corekit_access.keys import new_key
from corekit_access.settings import AccessSettings
from corekit_schema.viewer import permissions_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlalchemy import Connection

    from corekit import Kit


@frozen
class Grantor:
    """Who gives: the name for the audit trail, and what they may do themselves.

    None is everything: whoever can open the database, as an operator at the command line, needs no permission.
    """

    actor: str
    permissions: frozenset[str] | None


def settings_of(kit: Kit) -> AccessSettings:
    """Return the plugin's settings."""
    found: AccessSettings = next(plugin.settings for plugin in kit.plugins if plugin.name == "access")
    return found


def set_role(kit: Kit, by: Grantor, name: str, permissions: Iterable[str]) -> store.Role:
    """Let a role be a name for just these permissions. Raises :class:`corekit.Invalid`."""
    wanted = store.Role(name, frozenset(permissions))
    with _changing(kit) as (connection, read, now):
        before = store.roles(read).get(name)
        _may_give(kit, by, wanted.permissions - (before.permissions if before else frozenset()), "permissions")
        if before == wanted:
            return wanted
        listed = sorted(wanted.permissions)
        change: Any = insert(tables.role).values(name=name, permissions=listed)
        if before is not None:
            change = update(tables.role).where(tables.role.c.name == name).values(permissions=listed)
        connection.execute(change)
        leave(connection, now, by.actor, "access.role_set", name, permissions=listed)
    return wanted


def set_staff(kit: Kit, by: Grantor, name: str, roles: Iterable[str], *, active: bool = True) -> store.Staff:
    """Let somebody of staff have just these roles, or leave (not ``active``). Raises :class:`corekit.Invalid`."""
    wanted = frozenset(roles)
    with _changing(kit) as (connection, read, now):
        known = store.roles(read)
        for role in sorted(wanted - known.keys()):
            raise _invalid(declared.ROLE_UNKNOWN, "roles", role=role)
        before = store.named(read, name)
        had = before.roles if before is not None and before.active else frozenset[str]()
        if active:
            given = store.permissions_of_roles(known, wanted) - store.permissions_of_roles(known, had)
            _may_give(kit, by, given, "roles")
        values = {"active": active, "roles": sorted(wanted)}
        if before is None:
            id_ = new_id()
            connection.execute(insert(tables.staff).values(id=id_, name=name, created_at=micros(now), **values))
        elif (before.active, before.roles) == (active, wanted):
            return before
        else:
            id_ = before.id
            connection.execute(update(tables.staff).where(tables.staff.c.id == id_).values(**values))
        leave(connection, now, by.actor, "access.staff_set", name, **values)
        found = store.staff(read, id_)
    assert found is not None
    return found


def create_key(
    kit: Kit, by: Grantor, name: str, permissions: Iterable[str], expires_at: datetime | None = None
) -> tuple[store.Key, str]:
    """Make a key for a service; return it with its text, which is told nowhere else.

    Raises :class:`corekit.Invalid`.
    """
    wanted = sorted(frozenset(permissions))
    prefix, text, kept = new_key()
    with _changing(kit) as (connection, read, now):
        _may_give(kit, by, wanted, "permissions")
        if expires_at is not None and expires_at <= now:
            raise _invalid(declared.EXPIRED, "expires_at")
        expires = micros(expires_at) if expires_at is not None else None
        row = {"prefix": prefix, "name": name, "hash": kept, "permissions": wanted, "created_at": micros(now)}
        connection.execute(insert(tables.key).values(**row, expires_at=expires))
        told = {"name": name, "permissions": wanted, "expires_at": expires_at.isoformat() if expires_at else None}
        leave(connection, now, by.actor, "access.key_created", prefix, **told)
        found = store.key(read, prefix)
    assert found is not None
    return found[0], text


def revoke_key(kit: Kit, by: Grantor, prefix: str) -> store.Key:
    """Let a key open nothing any more. Raises :class:`corekit.Invalid`."""
    with _changing(kit) as (connection, read, now):
        found = store.key(read, prefix)
        if found is None or found[0].revoked_at is not None:
            raise _invalid(declared.KEY_UNKNOWN, "prefix", prefix=prefix)
        change = update(tables.key).where(tables.key.c.prefix == prefix).values(revoked_at=micros(now))
        connection.execute(change)
        leave(connection, now, by.actor, "access.key_revoked", prefix, name=found[0].name)
        after = store.key(read, prefix)
    assert after is not None
    return after[0]


def issue_token(
    kit: Kit, by: Grantor, lifetime: timedelta, *, staff: str | None = None, member: str | None = None
) -> str:
    """Return a token for somebody of staff, by name, or for a member, by id. Raises :class:`corekit.Invalid`."""
    settings = settings_of(kit)
    if not settings.signing_keys:
        raise _invalid(declared.NO_SIGNING_KEY)
    with _changing(kit) as (connection, read, now):
        if staff is not None:
            found = store.named(read, staff)
            if found is None or not found.active:
                raise _invalid(declared.STAFF_UNKNOWN, "staff", name=staff)
            _may_give(kit, by, store.permissions_of_roles(store.roles(read), found.roles), "staff")
            bearer = tokens.Bearer("staff", found.id)
        else:
            if member is None or not read.all(select(members.c.id).where(any_of(members.c.id, [member]))):
                raise Invalid([Problem(code="NOT_FOUND", message="There is no such member.", path=("member_id",))])
            bearer = tokens.Bearer("member", member)
        seconds = int(lifetime.total_seconds())
        leave(connection, now, by.actor, "access.token_issued", staff or bearer.id, of=bearer.kind, seconds=seconds)
    return tokens.issue(settings, bearer, now, lifetime)


@contextmanager
def _changing(kit: Kit) -> Generator[tuple[Connection, Reader, datetime]]:
    """Give a transaction in which nobody else gives or takes."""
    now = kit.now()
    with kit.database.write() as connection:
        if kit.database.dialect == "postgresql":
            connection.exec_driver_sql("LOCK TABLE access_role IN SHARE ROW EXCLUSIVE MODE")
        yield connection, Reader(connection), now


def _may_give(kit: Kit, by: Grantor, permissions: Iterable[str], where: str) -> None:
    known = permissions_of(kit)
    for name in sorted(permissions):
        if name not in known:
            raise _invalid(declared.PERMISSION_UNKNOWN, where, permission=name)
        if by.permissions is not None and name not in by.permissions:
            raise _invalid(declared.NOT_HELD, where, permission=name)


def _invalid(text: ErrorText, *path: str, **parameters: Any) -> Invalid:
    message = text.en.format(**parameters)
    return Invalid([Problem(code=text.code, message=message, path=path, parameters=parameters)])
