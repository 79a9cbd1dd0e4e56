"""What is known of the members of a plan: profiles, numbers, tags, groups, consent, and how long a membership holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time
from typing import Any

from attrs import frozen

from corekit.activities.effects import (
    Erase,
    JoinGroup,
    Lapse,
    LeaveGroup,
    PersonEffect,
    Renew,
    SetConsent,
    Tag,
    TakeOver,
    UpdateProfile,
)
from corekit.activities.plan import Plan
from corekit.activities.planned import Planned, PlannedEffect
from corekit.activities.reverse import StoredEffect
from corekit.clock import LAST_INSTANT, local_day, micros
from corekit.errors import Refusal
from corekit.ledger.state import Member
from corekit.ledger.store import Conflict
from corekit.members.declared import MOST_TAGS
from corekit.members.person import Known, Person, as_change, changed, known_by, value_at
from corekit.members.profile import ERASED
from corekit.metrics import add_months


@frozen
class _Desk:
    """What an effect on a person is applied to."""

    plan: Plan
    member: Member
    person: Person
    planned: Planned
    row: PlannedEffect


def apply(plan: Plan, member: Member, planned: Planned, effect: PersonEffect, row: PlannedEffect) -> None:
    """Apply an effect on what is known of a member; raise Refusal where it cannot be."""
    _APPLY[type(effect)](_Desk(plan, member, _person(member), planned, row), effect)


def undo(plan: Plan, member: Member, planned: Planned, original: str, stored: StoredEffect, row: PlannedEffect) -> None:
    """Undo a stored effect on a person, as far as nothing later changed the same again.

    ``original`` is the activity that had it.
    """
    _UNDO[stored.kind](_Desk(plan, member, _person(member), planned, row), original, stored.data or {})


def end_of_membership(plan: Plan, begins: int, months: int | None) -> int | None:
    """Return the instant at which a membership that begins ends: the first of the day so many months later."""
    if months is None:
        return None
    day = add_months(local_day(begins, plan.terms.zone), months)
    end = datetime.combine(day, time.min, plan.terms.zone)
    return min(micros(end), LAST_INSTANT)


def claim(plan: Plan, member: Member, known: Iterable[Known], *, unless_named: bool = False) -> None:
    """Let the member be known by these; refuse what belongs to somebody else.

    ``unless_named`` says that the member joins because nobody was known by these a moment ago: who has joined by them
    in between is the one that is meant, so everything is planned again.
    """
    for pair in known:
        holder = plan.known.get(pair)
        if holder is not None and holder != member.id:
            name, value = pair
            if unless_named and pair in plan.stored:
                raise Conflict("somebody joined in between")
            if name == "external_id":
                raise Refusal("MEMBER_EXISTS", external_id=value)
            raise Refusal("IDENTITY_TAKEN", field=name.replace("id:", "external_ids."))
        member.journal.put(plan.known, pair, member.id)


def _person(member: Member) -> Person:
    if member.person is None:
        raise Refusal("MEMBER_UNKNOWN")
    return member.person


def _put(desk: _Desk, **values: Any) -> None:
    desk.member.journal.set(desk.person, "profile", {**desk.person.profile, **values})


# ------------------------------------------------------------------------------------------------------ profiles


def change(
    plan: Plan, member: Member, planned: Planned, person: Person, told: Mapping[str, Any]
) -> Mapping[str, tuple[Any, Any]]:
    """Change what is known of a person; return by path what was before and is after."""
    profile, external_ids, differences = changed(person.profile, person.external_ids, told)
    claim(plan, member, ((name, value) for name, value in known_by(told) if _is_new(person, name, value)))
    for name, value in known_by({**person.profile, "external_ids": person.external_ids}):
        if value != (external_ids.get(name[3:]) if name.startswith("id:") else profile[name]):
            member.journal.put(plan.known, (name, value), None)  # whoever comes next may take it
    member.journal.set(person, "profile", profile)
    member.journal.set(person, "external_ids", external_ids)
    for name in ("attributes", "kind", "birthday"):
        member.journal.set(member, name, profile[name])
    if differences:
        member.journal.push(person.history, (planned, differences))
    return differences


def change_back(plan: Plan, member: Member, planned: Planned, person: Person, original: str) -> None:
    """Take back what an activity changed of a person, as far as nothing later changed it or took it."""
    unchanged = _unchanged(plan, person, original)
    free = {
        path: before
        for path, before in unchanged.items()
        if all(plan.known.get(pair) in {None, member.id} for pair in known_by(as_change({path: before})))
    }
    change(plan, member, planned, person, as_change(free))


def _unchanged(plan: Plan, person: Person, original: str) -> dict[str, Any]:
    """Return by path what was before an activity, of what it changed and nothing changed since."""
    past: Mapping[str, Any] = plan.changes.get(original) or {}
    return {
        path: before
        for path, (before, after) in past.items()
        if value_at(person.profile, person.external_ids, path) == after
    }


def _is_new(person: Person, name: str, value: str) -> bool:
    mine = person.external_ids.get(name[3:]) if name.startswith("id:") else person.profile[name]
    return mine != value


def _update(desk: _Desk, effect: UpdateProfile) -> None:
    _change(desk, effect.changes)


def _change(desk: _Desk, told: Mapping[str, Any]) -> None:
    differences = change(desk.plan, desk.member, desk.planned, desk.person, told)
    desk.row.data = {"fields": sorted(differences)}


def _undo_update(desk: _Desk, original: str, _: Mapping[str, Any]) -> None:
    _change(desk, as_change(_unchanged(desk.plan, desk.person, original)))


def _erase(desk: _Desk, _: Erase) -> None:
    member, person = desk.member, desk.person
    if person.profile["channel"] == ERASED:
        raise Refusal("ERASED")
    blank: dict[str, Any] = dict.fromkeys(person.profile)
    kept = {name: person.profile[name] for name in ("kind", "valid_until")}
    none: dict[str, Any] = {}
    nobody = {**blank, **kept, "channel": ERASED, "attributes": none, "sections": none}
    gone: dict[str, Any] = {"profile": nobody, "external_ids": none, "groups": none, "history": [], "forgotten": True}
    for name, value in gone.items():
        member.journal.set(person, name, value)
    member.journal.set(member, "attributes", none)
    member.journal.set(member, "birthday", None)
    member.journal.set(member, "tags", frozenset[str]())
    desk.row.data = {"was": member.state}
    if member.merged_into is None:
        member.journal.set(member, "state", "cancelled")


def _undo_erase(_: _Desk, __: str, ___: Mapping[str, Any]) -> None:
    raise Refusal("NOT_REVERSIBLE")


# --------------------------------------------------------------------------------------------------- memberships


def _renew(desk: _Desk, effect: Renew) -> None:
    months = effect.months or desk.plan.terms.members.validity_months
    member, ends = desk.member, desk.person.profile["valid_until"]
    if months is None and member.state == "active":
        raise Refusal("MEMBERSHIP_UNLIMITED")
    # Who renews in time loses nothing of what is left.
    until = end_of_membership(desk.plan, max(ends or 0, desk.planned.voucher.at), months)
    desk.row.data = {
        "state": "active",
        "was": member.state,
        "valid_until": until,
        "valid_was": ends,
        "reason": effect.reason,
    }
    member.journal.set(member, "state", "active")
    _put(desk, valid_until=until)


def _lapse(desk: _Desk, effect: Lapse) -> None:
    if effect.valid_until is not None and effect.valid_until != desk.person.profile["valid_until"]:
        raise Refusal("MEMBERSHIP_RENEWED")
    desk.row.data = {"state": "dormant", "was": desk.member.state, "reason": effect.reason}
    desk.member.journal.set(desk.member, "state", "dormant")


def _undo_membership(desk: _Desk, _: str, data: Mapping[str, Any]) -> None:
    member = desk.member
    if member.state == data["state"]:
        member.journal.set(member, "state", data["was"])
    if "valid_was" in data and desk.person.profile["valid_until"] == data["valid_until"]:
        _put(desk, valid_until=data["valid_was"])


# --------------------------------------------------------------------------------------- tags, consent and groups


def _tag(desk: _Desk, effect: Tag) -> None:
    _put_tags(desk, effect.add, effect.remove)


def _put_tags(desk: _Desk, add: Iterable[str], remove: Iterable[str]) -> None:
    member = desk.member
    added, removed = sorted(set(add) - member.tags), sorted(set(remove) & member.tags)
    tags = (member.tags | set(added)) - set(removed)
    if len(tags) > max(MOST_TAGS, len(member.tags)):
        raise Refusal("TAGS_TOO_MANY", most=MOST_TAGS)
    desk.row.data = {"added": added, "removed": removed}
    member.journal.set(member, "tags", tags)


def _undo_tag(desk: _Desk, _: str, data: Mapping[str, Any]) -> None:
    _put_tags(desk, data["removed"], data["added"])


def _consent(desk: _Desk, effect: SetConsent) -> None:
    key = (effect.purpose, effect.channel)
    was, _ = desk.person.consents.get(key, (None, None))
    word = {"purpose": effect.purpose, "channel": effect.channel, "granted": effect.granted}
    desk.row.data = {**word, "was": was}
    desk.member.journal.put(desk.person.consents, key, (effect.granted, desk.planned))


def _undo_consent(desk: _Desk, _: str, data: Mapping[str, Any]) -> None:
    key = (data["purpose"], data["channel"])
    now, _planned = desk.person.consents.get(key, (None, None))
    if now == data["granted"]:
        desk.member.journal.put(desk.person.consents, key, (data["was"], desk.planned))


def _join(desk: _Desk, effect: JoinGroup) -> None:
    if effect.code in desk.person.groups:
        raise Refusal("GROUP_MEMBER", group=effect.code)
    _enter(desk, effect.code, effect.kind, effect.role)


def _enter(desk: _Desk, code: str, kind: str, role: str) -> None:
    plan, member = desk.plan, desk.member
    known = plan.known.get(("group", code))
    if known is not None and known != kind:
        raise Refusal("GROUP_KIND", group=code, kind=known)
    if role == "primary":
        if plan.known.get(("primary", code)) not in {None, member.id}:
            raise Refusal("GROUP_HAS_PRIMARY", group=code)
        member.journal.put(plan.known, ("primary", code), member.id)
    member.journal.put(plan.known, ("group", code), kind)
    member.journal.put(desk.person.groups, code, (kind, role))
    desk.row.data = {"code": code, "kind": kind, "role": role}


def _leave(desk: _Desk, effect: LeaveGroup) -> None:
    if effect.code not in desk.person.groups:
        raise Refusal("GROUP_NOT_MEMBER", group=effect.code)
    _part(desk, effect.code)


def _part(desk: _Desk, code: str) -> None:
    person = desk.person
    kind, role = person.groups[code]
    desk.row.data = {"code": code, "kind": kind, "role": role}
    rest = {each: place for each, place in person.groups.items() if each != code}
    desk.member.journal.set(person, "groups", rest)


def _undo_join(desk: _Desk, _: str, data: Mapping[str, Any]) -> None:
    if data["code"] in desk.person.groups:
        _part(desk, data["code"])


def _undo_leave(desk: _Desk, _: str, data: Mapping[str, Any]) -> None:
    if data["code"] not in desk.person.groups:
        _enter(desk, data["code"], data["kind"], data["role"])


def _take_over(desk: _Desk, effect: TakeOver) -> None:
    person, journal = desk.person, desk.member.journal
    change(desk.plan, desk.member, desk.planned, person, effect.profile)
    _put_tags(desk, effect.tags, ())
    consents, groups = list[list[Any]](), dict[str, list[Any]]()
    for purpose, channel, granted in effect.consents:
        was, _ = person.consents.get((purpose, channel), (None, None))
        consents.append([purpose, channel, granted, was])
        journal.put(person.consents, (purpose, channel), (granted, desk.planned))
    for code, (kind, role) in effect.groups.items():
        groups[code] = [role, person.groups.get(code, (kind, None))[1]]
        _place(desk, code, kind, role)
    desk.row.data = {**(desk.row.data or {}), "consents": consents, "groups": groups}


def _undo_take_over(desk: _Desk, original: str, data: Mapping[str, Any]) -> None:
    person, journal = desk.person, desk.member.journal
    change_back(desk.plan, desk.member, desk.planned, person, original)
    _put_tags(desk, (), data["added"])
    for purpose, channel, granted, was in data["consents"]:
        if person.consents.get((purpose, channel), (None, None))[0] == granted:
            journal.put(person.consents, (purpose, channel), (was, desk.planned))
    for code, (role, was) in data["groups"].items():
        kind, now = person.groups.get(code, ("", None))
        if now == role:
            _place(desk, code, kind, was)


def _place(desk: _Desk, code: str, kind: str, role: str | None) -> None:
    """Let the member have a role in a group, or none."""
    person, journal = desk.person, desk.member.journal
    if person.groups.get(code, ("", None))[1] == "primary":
        journal.put(desk.plan.known, ("primary", code), None)
    if role == "primary":
        journal.put(desk.plan.known, ("primary", code), desk.member.id)
    rest = {each: place for each, place in person.groups.items() if each != code}
    journal.set(person, "groups", rest if role is None else {**rest, code: (kind, role)})


_APPLY: Mapping[type[PersonEffect], Callable[[_Desk, Any], None]] = {
    UpdateProfile: _update,
    Renew: _renew,
    Lapse: _lapse,
    Tag: _tag,
    SetConsent: _consent,
    JoinGroup: _join,
    LeaveGroup: _leave,
    Erase: _erase,
    TakeOver: _take_over,
}
_UNDO: Mapping[str, Callable[[_Desk, str, Mapping[str, Any]], None]] = {
    "UpdateProfile": _undo_update,
    "Renew": _undo_membership,
    "Lapse": _undo_membership,
    "Tag": _undo_tag,
    "SetConsent": _undo_consent,
    "JoinGroup": _undo_join,
    "LeaveGroup": _undo_leave,
    "Erase": _undo_erase,
    "TakeOver": _undo_take_over,
}
