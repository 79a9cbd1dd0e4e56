"""Reading staff, roles and keys."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from attrs import field, frozen
from sqlalchemy import Select, bindparam, select

from corekit import Reader, Shape, any_of, prepared
from corekit_access import tables


def _names(stored: Iterable[str]) -> frozenset[str]:
    return frozenset(stored)


@frozen
class Role:
    """A name for permissions."""

    name: str
    permissions: frozenset[str] = field(converter=_names)


@frozen
class Staff:
    """Somebody who works here. Who is not ``active`` is nobody to us, whatever token they hold."""

    id: str
    name: str
    active: bool = field(converter=bool)
    roles: frozenset[str] = field(converter=_names)
    created_at: datetime


@frozen
class Key:
    """What is known of a key of a service; its secret is not."""

    prefix: str
    name: str
    permissions: frozenset[str] = field(converter=_names)
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def works(self, now: datetime) -> bool:
        """Say whether it opens anything at an instant."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


_ROLE = Shape(Role, tables.role)
_STAFF = Shape(Staff, tables.staff)
_KEY = Shape(Key, tables.key)


@prepared
def _roles() -> Select[Any]:
    return select(*_ROLE.columns).order_by(tables.role.c.name)


@prepared
def _named() -> Select[Any]:
    return select(*_STAFF.columns).where(tables.staff.c.name == bindparam("name"))


@prepared
def _staff() -> Select[Any]:
    return select(*_STAFF.columns).where(any_of(tables.staff.c.id, bindparam("ids")))


@prepared
def _key() -> Select[Any]:
    return select(*_KEY.columns, tables.key.c.hash).where(tables.key.c.prefix == bindparam("prefix"))


def _only(rows: list[Any]) -> Any:
    """Return the row that there is, if there is one."""
    return rows[0] if rows else None


def roles(read: Reader) -> dict[str, Role]:
    """Return the roles by name."""
    return {row.name: _ROLE(row) for row in read.all(_roles())}


def everybody(read: Reader) -> list[Staff]:
    """Return staff by name, those who left as well."""
    return [_STAFF(row) for row in read.all(select(*_STAFF.columns).order_by(tables.staff.c.name))]


def named(read: Reader, name: str) -> Staff | None:
    """Return who is called so."""
    if "\0" in name:
        return None  # no stored text holds it, and PostgreSQL would not even compare
    row = _only(read.all(_named(), name=name))
    return None if row is None else _STAFF(row)


def staff(read: Reader, id_: str) -> Staff | None:
    """Return who has this id."""
    row = _only(read.all(_staff(), ids=[id_]))
    return None if row is None else _STAFF(row)


def keys(read: Reader) -> list[Key]:
    """Return the keys, the oldest first, revoked ones as well."""
    order = (tables.key.c.created_at, tables.key.c.prefix)
    return [_KEY(row) for row in read.all(select(*_KEY.columns).order_by(*order))]


def key(read: Reader, prefix: str) -> tuple[Key, str] | None:
    """Return a key and what is kept of its secret."""
    row = _only(read.all(_key(), prefix=prefix))
    return None if row is None else (_KEY(row), str(row.hash))


def permissions_of_roles(known: dict[str, Role], names: frozenset[str]) -> frozenset[str]:
    """Return what roles allow together."""
    return frozenset(each for name in names if name in known for each in known[name].permissions)
