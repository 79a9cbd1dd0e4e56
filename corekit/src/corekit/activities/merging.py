"""Two members of a plan become one: what the one gives up the other takes over, each by an activity of its own.

``member.merged`` of the member that stays lets ``member.merged_into`` of the other follow, by which that one gives up
everything, and that lets ``member.merged_from`` follow, by which the first takes over what is no value (value arrives
as it does by any transfer). All of it settles in one unit or not at all, and is taken back leaves first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from corekit.activities.activity import Activity
from corekit.activities.effects import GiveUp, Merge
from corekit.activities.moving import give_up
from corekit.activities.persons import change, change_back
from corekit.activities.plan import Plan
from corekit.activities.planned import Planned, PlannedEffect
from corekit.activities.planned_facts import figures_of
from corekit.activities.reverse import MERGED_FROM, MERGED_INTO
from corekit.activities.tiering import stay_of
from corekit.errors import Refusal
from corekit.ledger.state import Member
from corekit.members.person import UNIQUE, Person
from corekit.members.profile import ERASED, SECTIONS
from corekit.members.states import MERGED

MERGEABLE = frozenset({"active", "dormant"})
"""The states in which a member can become a part of another."""
_FILLED = (*UNIQUE, "name", "birthday")


def apply(
    plan: Plan,
    member: Member,
    planned: Planned,
    effect: Merge | GiveUp,
    row: PlannedEffect,
    follow_ons: list[Activity],
) -> None:
    """Let another member become a part of this one, or this one a part of another."""
    if isinstance(effect, Merge):
        _begin(plan, member, planned, follow_ons)
    else:
        _give_up(plan, member, planned, effect, row, follow_ons)


def _begin(plan: Plan, member: Member, planned: Planned, follow_ons: list[Activity]) -> None:
    whom = planned.incoming.activity.members
    if len(whom) != 1:
        raise Refusal("MERGE_WHOM")
    _check(plan.members.get(whom[0]), whom[0], planned.voucher.at)
    plan.links.append((member.id, whom[0]))
    follow_ons.append(planned.child(MERGED_INTO, "merge", whom[0], payload={"into": member.id}))


def _check(other: Member | None, whom: str, at: int) -> None:
    """Refuse where a member cannot become a part of another."""
    if other is None or not other.exists:
        raise Refusal("MERGE_UNKNOWN", member=whom)
    if other.merged_into is not None:
        raise Refusal("MEMBER_MERGED", survivor=other.merged_into)
    if other.state not in MERGEABLE:
        raise Refusal("MERGE_STATE", member=whom, state=other.state)
    for hold in other.holds.values():
        if hold.outcome is None and hold.due_at > at:
            raise Refusal("MERGE_HOLD", member=whom, hold=hold.id)
    for kind, account in other.accounts.items():
        if account.balance < 0:
            raise Refusal("MERGE_DEBT", member=whom, account=kind.removesuffix(".debt"), owed=str(-account.balance))


def _give_up(
    plan: Plan, member: Member, planned: Planned, effect: GiveUp, row: PlannedEffect, follow_ons: list[Activity]
) -> None:
    _check(member, member.id, planned.voucher.at)
    survivor = plan.members[effect.into]
    mine, its = member.person, survivor.person
    if mine is None or its is None:
        raise Refusal("MERGE_UNKNOWN", member=member.id)
    give_up(plan, member, planned, effect.rule, effect.into, follow_ons)
    told = {
        "from": member.id,
        "profile": _lacking(its, mine),
        "tags": sorted(member.tags - survivor.tags),
        "consents": [[*key, granted] for key, granted in _consents(its, mine)],
        "groups": dict(_groups(its, mine)),
        "days": _by_day(member),
        "stays": dict(_stays(plan, member, planned)),
    }
    row.data = {"into": effect.into, "was": member.state, "groups": mine.groups}
    _part(plan, member, mine)
    change(plan, member, planned, mine, _given_away(told["profile"]))
    member.journal.set(member, "state", MERGED)
    member.journal.set(member, "merged_into", effect.into)
    follow_ons.append(planned.child(MERGED_FROM, "merge", effect.into, payload=told))


def undo(plan: Plan, member: Member, planned: Planned, original: str, data: Mapping[str, Any]) -> None:
    """Let a member be one of its own again."""
    person = member.person
    if person is None or person.profile["channel"] == ERASED:
        raise Refusal("NOT_REVERSIBLE")
    member.journal.set(member, "state", data["was"])
    member.journal.set(member, "merged_into", None)
    change_back(plan, member, planned, person, original)
    for code, (kind, role) in data["groups"].items():
        is_primary = role == "primary" and plan.known.get(("primary", code)) is None
        if is_primary:
            member.journal.put(plan.known, ("primary", code), member.id)
        member.journal.put(person.groups, code, (kind, "primary" if is_primary else "supplementary"))


# ---------------------------------------------------------------------------------- what the one has for the other


def _lacking(its: Person, mine: Person) -> dict[str, Any]:
    """Return the change by which the survivor's profile knows what it did not: its own words stay."""
    told = {name: mine.profile[name] for name in _FILLED if mine.profile[name] and not its.profile[name]}
    for name, have, more in (
        ("attributes", its.profile["attributes"], mine.profile["attributes"]),
        ("external_ids", its.external_ids, mine.external_ids),
        *((section, its.profile["sections"].get(section, {}), values) for section, values in _sections(mine)),
    ):
        if lacking := {key: value for key, value in more.items() if key not in have}:
            told[name] = lacking
    ends, others = its.profile["valid_until"], mine.profile["valid_until"]
    if ends is not None and (others is None or others > ends):
        told["valid_until"] = others
    return told


def _sections(person: Person) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((section, person.profile["sections"].get(section, {})) for section in SECTIONS)


def _given_away(profile: Mapping[str, Any]) -> dict[str, Any]:
    """Return the change by which a member is no longer known by what the survivor is known by from now on."""
    told: dict[str, Any] = {name: None for name in UNIQUE if name in profile}
    if "external_ids" in profile:
        told["external_ids"] = dict.fromkeys(profile["external_ids"])
    return told


def _consents(its: Person, mine: Person) -> Iterator[tuple[tuple[str, str], bool]]:
    """Yield the words that become the survivor's: those it has not given, and every no."""
    for key, (granted, _) in mine.consents.items():
        word, _by = its.consents.get(key, (None, None))
        if granted is not None and (word is None or (word and not granted)):
            yield key, granted


def _groups(its: Person, mine: Person) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the groups to which the survivor comes to belong, or as whose primary member."""
    for code, (kind, role) in mine.groups.items():
        if code not in its.groups or role == "primary":
            yield code, (kind, role)


def _part(plan: Plan, member: Member, person: Person) -> None:
    for code, (_, role) in person.groups.items():
        if role == "primary":
            member.journal.put(plan.known, ("primary", code), None)
    member.journal.set(person, "groups", dict[str, tuple[str, str]]())


def _by_day(member: Member) -> dict[str, dict[str, int]]:
    days: dict[str, dict[str, int]] = {}
    for name, values in member.days.items():
        for day, value in values.items():
            if value:
                days.setdefault(str(day), {})[name] = value
    return days


def _stays(plan: Plan, member: Member, planned: Planned) -> Iterator[tuple[str, list[Any]]]:
    """Yield where the member stands by ladder, with the end of that stay, for those on which it ever moved."""
    figures = figures_of(plan.terms, member)
    for ladder in plan.terms.program_at(planned.voucher.at).ladders:
        if member.assignments.get(ladder.code):
            stay = stay_of(member, ladder, figures)
            yield ladder.code, [stay.tier.code, stay.expires_at]
