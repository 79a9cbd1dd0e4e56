"""What is known of the members of a plan: profiles, numbers, tags, groups, consent, and how long a membership holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import Any

from corekit.activities.effects import (
    Erase,
    JoinGroup,
    Lapse,
    LeaveGroup,
    PersonEffect,
    Renew,
    SetConsent,
    Tag,
    UpdateProfile,
)
from corekit.activities.plan import Plan
from corekit.activities.planned import Planned, PlannedEffect
from corekit.clock import LAST_INSTANT, local_day, micros
from corekit.errors import Refusal
from corekit.ledger.state import Member
from corekit.members.declared import MOST_TAGS
from corekit.members.person import Known, Person, as_change, changed, known_by, value_at
from corekit.metrics import add_months


def apply(plan: Plan, member: Member, planned: Planned, effect: PersonEffect, row: PlannedEffect) -> None:
    """Apply an effect on what is known of a member; raise Refusal where it cannot be."""
    person = _person(member)
    if isinstance(effect, UpdateProfile):
        _update(plan, member, planned, person, effect.changes, row)
    elif isinstance(effect, Renew):
        _renew(plan, member, planned, person, effect, row)
    elif isinstance(effect, Lapse):
        _lapse(member, person, effect, row)
    elif isinstance(effect, Tag):
        _tag(member, effect.add, effect.remove, row)
    elif isinstance(effect, SetConsent):
        _consent(member, planned, person, effect, row)
    elif isinstance(effect, JoinGroup):
        _join(plan, member, person, effect, row)
    elif isinstance(effect, LeaveGroup):
        _leave(member, person, effect, row)
    elif isinstance(effect, Erase):
        _erase(plan, member, person, row)


def undo(
    plan: Plan, member: Member, planned: Planned, original: str, kind: str, data: Mapping[str, Any], *, row: PlannedEffect
) -> None:
    """Undo a stored effect on a person, as far as nothing later changed the same again."""
    person = _person(member)
    if kind == "UpdateProfile":
        past: Mapping[str, Any] = plan.changes.get(original) or _planned_changes(person, original)
        back = {
            path: before
            for path, (before, after) in past.items()
            if value_at(person.profile, person.external_ids, path) == after
        }
        _update(plan, member, planned, person, as_change(back), row)
    elif kind in {"Renew", "Lapse"}:
        if member.state == data["state"]:
            member.journal.set(member, "state", data["was"])
        if "valid_was" in data and person.profile["valid_until"] == data["valid_until"]:
            _put(member, person, valid_until=data["valid_was"])
    elif kind == "Tag":
        _tag(member, data["removed"], data["added"], row)
    elif kind == "SetConsent":
        key = (data["purpose"], data["channel"])
        if (person.consents.get(key) or (None,))[0] == data["granted"]:
            member.journal.put(person.consents, key, (data["was"], planned))
    elif kind == "JoinGroup":
        if data["code"] in person.groups:
            _drop_group(member, person, data["code"])
    elif kind == "LeaveGroup":
        if data["code"] not in person.groups:
            _enter(plan, member, person, data["code"], data["kind"], data["role"])
    elif kind == "Erase":
        raise Refusal("NOT_REVERSIBLE")


def end_of_membership(plan: Plan, begins: int, months: int | None) -> int | None:
    """Return the instant at which a membership that begins ends: the first of the day so many months later."""
    if months is None:
        return None
    day = add_months(local_day(begins, plan.terms.zone), months)
    end = datetime.combine(day, time.min, plan.terms.zone)
    return min(micros(end), LAST_INSTANT)


def claim(plan: Plan, member: Member, known: Iterable[Known]) -> None:
    """Let the member be known by these; refuse what belongs to somebody else."""
    for pair in known:
        holder = plan.known.get(pair)
        if holder is not None and holder != member.id:
            name, value = pair
            if name == "external_id":
                raise Refusal("MEMBER_EXISTS", external_id=value)
            raise Refusal("IDENTITY_TAKEN", field=name.replace("id:", "external_ids."))
        member.journal.put(plan.known, pair, member.id)


def _person(member: Member) -> Person:
    if member.person is None:
        raise Refusal("MEMBER_UNKNOWN")
    return member.person


def _put(member: Member, person: Person, **values: Any) -> None:
    member.journal.set(person, "profile", {**person.profile, **values})


def _update(
    plan: Plan, member: Member, planned: Planned, person: Person, told: Mapping[str, Any], row: PlannedEffect
) -> None:
    profile, external_ids, differences = changed(person.profile, person.external_ids, told)
    claim(plan, member, ((name, value) for name, value in known_by(told) if _is_new(person, name, value)))
    member.journal.set(person, "profile", profile)
    member.journal.set(person, "external_ids", external_ids)
    member.journal.set(member, "attributes", profile["attributes"])
    member.journal.set(member, "kind", profile["kind"])
    member.journal.set(member, "birthday", profile["birthday"])
    if differences:
        member.journal.push(person.history, (planned, differences))
    row.data = {"fields": sorted(differences)}


def _is_new(person: Person, name: str, value: str) -> bool:
    mine = person.external_ids.get(name[3:]) if name.startswith("id:") else person.profile[name]
    return mine != value


def _planned_changes(person: Person, activity: str) -> Mapping[str, Any]:
    return next((changes for planned, changes in person.history if planned.incoming.activity.id == activity), {})


def _renew(
    plan: Plan, member: Member, planned: Planned, person: Person, effect: Renew, row: PlannedEffect
) -> None:
    months = effect.months or plan.terms.members.validity_months
    ends = person.profile["valid_until"]
    if months is None and member.state == "active":
        raise Refusal("MEMBERSHIP_UNLIMITED")
    # Who renews in time loses nothing of what is left.
    begins = max(ends or 0, planned.voucher.at)
    until = end_of_membership(plan, begins, months)
    row.data = {
        "state": "active",
        "was": member.state,
        "valid_until": until,
        "valid_was": ends,
        "reason": effect.reason,
    }
    member.journal.set(member, "state", "active")
    _put(member, person, valid_until=until)


def _lapse(member: Member, person: Person, effect: Lapse, row: PlannedEffect) -> None:
    if effect.valid_until is not None and effect.valid_until != person.profile["valid_until"]:
        raise Refusal("MEMBERSHIP_RENEWED")
    row.data = {"state": "dormant", "was": member.state, "reason": effect.reason}
    member.journal.set(member, "state", "dormant")


def _tag(member: Member, add: Iterable[str], remove: Iterable[str], row: PlannedEffect) -> None:
    added = sorted(set(add) - member.tags)
    removed = sorted(set(remove) & member.tags)
    tags = (member.tags | set(added)) - set(removed)
    if len(tags) > max(MOST_TAGS, len(member.tags)):
        raise Refusal("TAGS_TOO_MANY", most=MOST_TAGS)
    row.data = {"added": added, "removed": removed}
    member.journal.set(member, "tags", tags)


def _consent(member: Member, planned: Planned, person: Person, effect: SetConsent, row: PlannedEffect) -> None:
    key = (effect.purpose, effect.channel)
    was = person.consents.get(key)
    row.data = {
        "purpose": effect.purpose,
        "channel": effect.channel,
        "granted": effect.granted,
        "was": was[0] if was else None,
    }
    member.journal.put(person.consents, key, (effect.granted, planned))


def _join(plan: Plan, member: Member, person: Person, effect: JoinGroup, row: PlannedEffect) -> None:
    if effect.code in person.groups:
        raise Refusal("GROUP_MEMBER", group=effect.code)
    _enter(plan, member, person, effect.code, effect.kind, effect.role)
    row.data = {"code": effect.code, "kind": effect.kind, "role": effect.role}


def _enter(plan: Plan, member: Member, person: Person, code: str, kind: str, role: str) -> None:
    known = plan.known.get(("group", code))
    if known is not None and known != kind:
        raise Refusal("GROUP_KIND", group=code, kind=known)
    if role == "primary":
        if plan.known.get(("primary", code)) not in (None, member.id):
            raise Refusal("GROUP_HAS_PRIMARY", group=code)
        member.journal.put(plan.known, ("primary", code), member.id)
    member.journal.put(plan.known, ("group", code), kind)
    member.journal.put(person.groups, code, (kind, role))


def _leave(member: Member, person: Person, effect: LeaveGroup, row: PlannedEffect) -> None:
    if effect.code not in person.groups:
        raise Refusal("GROUP_NOT_MEMBER", group=effect.code)
    kind, role = person.groups[effect.code]
    row.data = {"code": effect.code, "kind": kind, "role": role}
    _drop_group(member, person, effect.code)


def _drop_group(member: Member, person: Person, code: str) -> None:
    rest = {each: value for each, value in person.groups.items() if each != code}
    member.journal.set(person, "groups", rest)


def _erase(plan: Plan, member: Member, person: Person, row: PlannedEffect) -> None:
    if person.profile["channel"] == ERASED:
        raise Refusal("ERASED")
    blank: dict[str, Any] = dict.fromkeys(person.profile)
    kept = {name: person.profile[name] for name in ("kind", "valid_until")}
    member.journal.set(person, "profile", {**blank, **kept, "channel": ERASED, "attributes": {}, "sections": {}})
    member.journal.set(person, "external_ids", {})
    member.journal.set(person, "groups", {})
    member.journal.set(person, "history", [])
    member.journal.set(person, "forgotten", value=True)
    member.journal.set(member, "attributes", {})
    member.journal.set(member, "birthday", None)
    member.journal.set(member, "tags", frozenset[str]())
    row.data = {}
    if member.state != "cancelled":
        row.data = {"was": member.state}
        member.journal.set(member, "state", "cancelled")


ERASED = "erased"
"""The channel of a profile that was erased."""
