"""What a download does: its link is marked as used, once, unless the quota of the member is used up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import field, frozen
from sqlalchemy import bindparam, select, update

from corekit import (
    Activity,
    Applied,
    Batch,
    Effect,
    EffectKind,
    Facts,
    Id,
    PluginWrite,
    Reader,
    Refusal,
    any_of,
    micros,
    moment,
)
from corekit_documents import declared, quotas
from corekit_documents.program import Book
from corekit_documents.quotas import Had
from corekit_documents.tables import document as _document
from corekit_documents.tables import link as _link


@frozen
class Use(Effect):
    """A link is used for the first time."""

    link: str = field(kw_only=True)


@frozen
class Seen:
    """A link as it stands, with the category of its document; instants in microseconds."""

    expires_at: int
    revoked_at: int | None
    downloaded_at: int | None
    category: str | None


@frozen
class Prepared:
    """What was read of a member: the links that are named, and what it downloaded within the windows of quotas."""

    links: Mapping[str, Seen]
    had: Sequence[Had]


def load(batch: Batch, read: Reader, facts: Facts) -> Mapping[str, Prepared]:
    """Return what is to be known of each member who downloads: two statements, or none."""
    asking = list(batch.of(declared.DOWNLOADED.name))
    if not asking:
        return {}
    links = _links(read, asking)
    days = [
        quotas.first(quota, facts.local(activity).date())
        for activity in asking
        for quota in _book(facts, activity).quotas
    ]
    members = {activity.member for activity in asking}
    had = quotas.downloads(read, members, min(days), facts.local(asking[0]).tzinfo) if days else {}
    return {member: Prepared(links.get(member, {}), had.get(member, ())) for member in members}


def downloaded(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Mark the link as used."""
    known: Prepared | None = facts.prepared(activity)
    link = str(activity.payload["link"])
    seen = known.links.get(link) if known is not None else None
    if known is None or seen is None:
        raise Refusal(declared.LINK_UNKNOWN.code, link=link)
    assert activity.occurred_at is not None  # the kernel has said when
    if seen.revoked_at is not None:
        raise Refusal(declared.LINK_REVOKED.code)
    if seen.downloaded_at is not None:
        raise Refusal(declared.ALREADY.code, at=moment(seen.downloaded_at).isoformat())
    if micros(activity.occurred_at) >= seen.expires_at:
        raise Refusal(declared.LINK_EXPIRED.code)
    used = quotas.used(_book(facts, activity).quotas, known.had, facts.local(activity).date())
    for code, parameters in quotas.reasons(used, seen.category):
        raise Refusal(code, **parameters)
    yield Use(activity, rule="downloaded@1", link=link)


def _book(facts: Facts, activity: Activity) -> Book:
    book: Book = facts.program(activity)
    return book


def _links(read: Reader, asking: Sequence[Activity]) -> Mapping[str, Mapping[str, Seen]]:
    columns = [_link.c[name] for name in ("member_id", "id", "expires_at", "revoked_at", "downloaded_at")]
    chosen = (
        select(*columns, _document.c.category)
        .select_from(_link.outerjoin(_document, _document.c.code == _link.c.document))
        .where(
            any_of(_link.c.id, sorted({str(each.payload["link"]) for each in asking})),
            any_of(_link.c.member_id, sorted({each.member for each in asking})),
        )
    )
    found: dict[str, dict[str, Seen]] = {}
    for member, id_, *values in read.all(chosen):
        found.setdefault(member, {})[id_] = Seen(*values)
    return found


_USE = (
    update(_link)
    .where(_link.c.id == bindparam("its_link"))
    .values(downloaded_at=bindparam("its_instant"), activity_id=bindparam("its_activity", type_=Id))
)


def _use(write: PluginWrite, effects: Sequence[Applied]) -> list[str]:
    """Mark links as used; return those that were, or were revoked, a moment ago."""
    asked = any_of(_link.c.id, [each.effect.link for each in effects])
    still = (_link.c.downloaded_at.is_(None), _link.c.revoked_at.is_(None))
    locked = write.execute(select(_link.c.id).where(asked, *still).order_by(_link.c.id).with_for_update())
    unused = set(locked.scalars())
    good = [each for each in effects if each.effect.link in unused]
    if good:
        rows = [
            {"its_link": each.effect.link, "its_instant": each.at, "its_activity": each.activity_id} for each in good
        ]
        write.execute(_USE, rows)
    return [each.id for each in effects if each.effect.link not in unused]


def _forget(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Let links be as if they had never been used: the quota is free again."""
    asked = any_of(_link.c.id, [each.effect.link for each in effects])
    write.execute(update(_link).where(asked).values(downloaded_at=None, activity_id=None))


USE = EffectKind(
    name="documents.use",
    effect=Use,
    apply=_use,
    undo=_forget,
    refusal=declared.LINK_REVOKED.code,
)
