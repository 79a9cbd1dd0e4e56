"""Who is asking: whose key or token a request carries."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import or_, update

from corekit import MemberFilter, member_page, micros
from corekit_access import keys, store, tables, tokens
from corekit_access.granting import settings_of
from corekit_access.providers import provider_of
from corekit_access.providers import read as read_provided
from corekit_schema.viewer import Viewer, permissions_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from corekit import Kit, Reader
    from corekit_access.store import Key

FINE = timedelta(minutes=1)
"""How exactly it is known when a key was used last, so that not each request writes."""


class Unknown(Exception):
    """The key or token is one of ours and is not good, or not any more."""


def viewer_of(kit: Kit, request: Request) -> Viewer | None:
    """Return who is asking; None where the request carries nothing of ours. Raises where it does and is not good."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    text, settings = text.strip(), settings_of(kit)
    parts = keys.parts(text)
    with kit.read() as read:
        now = kit.now(read)
        found = store.key(read, parts[0]) if parts is not None and "\0" not in parts[0] else None
        if parts is None and (bearer := tokens.read(settings, text, now)) is not None:
            own = bearer.kind == "member"
            return Viewer(kind="member", member=bearer.id) if own else _staff(kit, read, id_=bearer.id)
    if parts is not None:
        return _service(kit, *parts, found, now)
    provider = provider_of(settings.providers, text)
    if provider is None:
        return None
    said = read_provided(provider, text, now)
    with kit.read() as read:
        return _staff(kit, read, name=said) if provider.kind == "staff" else _member(read, provider.source, said)


def _member(read: Reader, source: str | None, external_id: str) -> Viewer:
    found = member_page(read, MemberFilter(source=source, external_id=external_id), first=1).items
    if not found:
        raise Unknown
    return Viewer(kind="member", member=found[0].id)


def _staff(kit: Kit, read: Reader, *, id_: str = "", name: str = "") -> Viewer:
    found = store.named(read, name) if name else store.staff(read, id_)
    if found is None or not found.active:
        raise Unknown
    allowed = store.permissions_of_roles(store.roles(read), found.roles)
    return Viewer(kind="staff", name=found.name, permissions=allowed & permissions_of(kit))


def _service(kit: Kit, prefix: str, secret: str, found: tuple[Key, str] | None, now: datetime) -> Viewer:
    if found is None or not keys.matches(secret, found[1]) or not found[0].works(now):
        raise Unknown
    key = found[0]
    if key.last_used_at is None or key.last_used_at <= now - FINE:
        stale = or_(tables.key.c.last_used_at.is_(None), tables.key.c.last_used_at <= micros(now - FINE))
        with kit.database.write() as connection:
            change = update(tables.key).where(tables.key.c.prefix == prefix, stale)
            connection.execute(change.values(last_used_at=micros(now)))
    return Viewer(kind="service", name=key.name, permissions=key.permissions & permissions_of(kit))
