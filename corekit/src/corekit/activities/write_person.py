"""From what a plan made of a person to rows: differences to what the database holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from corekit.ledger.rows import Rows
from corekit.ledger.state import Member
from corekit.members.person import UNIQUE, Known, Person


def add_person(rows: Rows, member: Member) -> None:
    """Add what changed of who a member is."""
    if member.tags is not member.tags_loaded:
        _add_tags(rows, member)
    person = member.person
    if person is None:
        return
    if member.is_new:
        rows["profile"].append((member.id, *person.values()))
    elif person.profile is not person.base[0]:
        rows["profile_changed"].append((member.id, *person.values()))
    _add_external_ids(rows, member.id, person)
    _add_consents(rows, member.id, person)
    _add_groups(rows, member.id, person)
    for planned, changes in person.history:
        rows["profile_change"].append((planned.incoming.activity.id, member.id, changes))
    if person.forgotten:
        rows["forgotten"].append((member.id,))


def add_freed(rows: Rows, known: Mapping[Known, str | None], members: Sequence[Member]) -> None:
    """Add what members give up that another one takes in the same unit: that is written first."""
    for member in members:
        if member.person is None or not member.person.base[0]:
            continue
        before, after = member.person.base[0], member.person.profile
        if any(known.get((name, before[name]), member.id) not in {None, member.id} for name in UNIQUE if before[name]):
            kept = (after[name] if after[name] == before[name] else None for name in UNIQUE)
            rows.setdefault("profile_freed", []).append((member.id, *kept))


def _add_tags(rows: Rows, member: Member) -> None:
    for tag in sorted(member.tags - member.tags_loaded):
        rows["tag"].append((member.id, tag))
    for tag in sorted(member.tags_loaded - member.tags):
        rows["tag_gone"].append((member.id, tag))


def _add_external_ids(rows: Rows, member: str, person: Person) -> None:
    known = person.base[1]
    for source, name in known.items():
        if person.external_ids.get(source) != name:
            rows["external_id_gone"].append((source, name, member))
    for source, name in person.external_ids.items():
        if known.get(source) != name:
            rows["external_id"].append((source, name, member))


def _add_consents(rows: Rows, member: str, person: Person) -> None:
    for key, (granted, by) in person.consents.items():
        if by is None:
            continue
        if granted is not None:
            rows["consent"].append((member, *key, granted, by.incoming.activity.id, by.voucher.at))
        elif key in person.base[2]:
            rows["consent_gone"].append((member, *key))


def _add_groups(rows: Rows, member: str, person: Person) -> None:
    known = person.base[3]
    for code, place in known.items():
        if person.groups.get(code) != place:
            rows["group_gone"].append((member, code))
    for code, place in person.groups.items():
        if known.get(code) != place:
            rows["group_member"].append((member, code, *place))
