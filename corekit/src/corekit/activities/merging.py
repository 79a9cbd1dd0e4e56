"""Two members of a plan become one: what the one gives up the other takes over, each by an activity of its own.

``member.merged`` of the member that stays lets ``member.merged_into`` of the other follow, by which that one gives up
everything, and that lets ``member.merged_from`` follow, by which the first takes over what is no value (value arrives
as it does by any transfer). All of it settles in one unit or not at all, and is taken back leaves first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import evolve

from corekit.activities.activity import Activity
from corekit.activities.effects import Effect, GiveUp, Merge, PassOn, TakeDebt
from corekit.activities.incoming import MERGED as MERGING
from corekit.activities.member_rows import TakeRows
from corekit.activities.moving import give_up, take_debt
from corekit.activities.persons import change, change_back
from corekit.activities.plan import Plan
from corekit.activities.planned import Planned, PlannedEffect
from corekit.activities.planned_facts import figures_of
from corekit.activities.reverse import MERGED_FROM, MERGED_INTO, PASSED_ON
from corekit.activities.terms import Terms
from corekit.activities.tiering import stay_of
from corekit.errors import Refusal
from corekit.ledger.state import Member
from corekit.members.person import UNIQUE, Person
from corekit.members.profile import ERASED, SECTIONS
from corekit.members.states import MERGED

MERGEABLE = frozenset({"active", "dormant"})
"""The states in which a member can become a part of another."""
_FILLED = (*UNIQUE, "name", "birthday")


def passing_rows(terms: Terms, activities: Sequence[Activity]) -> Iterator[tuple[str, Effect]]:
    """Yield owner and effect for each plugin of which rows pass where two members become one."""
    for activity in activities:
        if activity.type == MERGING:
            for effect, (_, owner) in terms.effects.items():
                if issubclass(effect, TakeRows):
                    yield owner, effect(activity, rule="merge@1", giver=activity.members[0])


def apply(
    plan: Plan,
    member: Member,
    planned: Planned,
    effect: Merge | GiveUp | PassOn | TakeDebt,
    row: PlannedEffect,
    follow_ons: list[Activity],
) -> None:
    """Let another member become a part of this one, or this one a part of another."""
    if isinstance(effect, Merge):
        _begin(plan, member, planned, follow_ons)
    elif isinstance(effect, PassOn):
        _pass_on(plan, member, planned, effect, follow_ons)
    elif isinstance(effect, TakeDebt):
        take_debt(plan, member, planned, effect, follow_ons)
    else:
        _give_up(plan, member, planned, effect, row, follow_ons)


def _begin(plan: Plan, member: Member, planned: Planned, follow_ons: list[Activity]) -> None:
    (whom,) = planned.incoming.activity.members
    if whom == member.id:  # it is a part of this one already: what names it is about this one
        raise Refusal("MEMBER_MERGED", survivor=member.id)
    _check(plan.members.get(whom), whom, planned.voucher.at)
    plan.links.append((member.id, whom))
    follow_ons.append(planned.child(MERGED_INTO, "merge", whom, payload={"into": member.id}))


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


def _give_up(
    plan: Plan, member: Member, planned: Planned, effect: GiveUp, row: PlannedEffect, follow_ons: list[Activity]
) -> None:
    _check(member, member.id, planned.voucher.at)
    for kind, account in member.accounts.items():
        if account.balance and kind.removesuffix(".debt") not in plan.terms.chart.books:
            raise Refusal("PLUGIN_OFF", plugin=kind)
    survivor = plan.members[effect.into]
    mine, its = member.person, survivor.person
    if mine is None or its is None:
        raise Refusal("MERGE_UNKNOWN", member=member.id)
    give_up(plan, member, planned, effect.rule, effect.into, follow_ons)
    lacking = _lacking(its, mine)
    told = {
        "from": member.id,
        "owed": _owed(plan, member),
        "profile": lacking,
        "tags": sorted(member.tags - survivor.tags),
        "consents": [[*key, granted] for key, granted in _consents(its, mine)],
        "groups": dict(_groups(its, mine)),
        "days": _by_day(member),
        "stays": dict(_stays(plan, member, planned)),
    }
    row.data = {"into": effect.into, "was": member.state, "groups": mine.groups}
    _part(plan, member, mine)
    change(plan, member, planned, mine, _given_away(lacking))
    member.journal.set(member, "state", MERGED)
    member.journal.set(member, "merged_into", effect.into)
    follow_ons.append(planned.child(MERGED_FROM, "merge", effect.into, payload=told))


def passed_on(plan: Plan, member: Member, planned: Planned) -> Iterator[Activity]:
    """Yield what lets the survivor have, or bear, what a merged member is left with by what comes of it later.

    It follows from the merge, so that it comes back with the merge: a reversal never comes back.
    """
    incoming = planned.incoming
    late = incoming.activity.parent is not None or incoming.activity.reverses is not None
    if member.merged_into is None or member.merge is None or incoming.above is not None or not late:
        return
    into, (merge, depth) = member.merged_into, member.merge
    plan.links.append((member.id, into))
    passing = planned.child(PASSED_ON, "pass", payload={"into": into})
    yield evolve(passing, members=(into,), parent=merge, depth=depth + 1)


def _pass_on(plan: Plan, member: Member, planned: Planned, effect: PassOn, follow_ons: list[Activity]) -> None:
    give_up(plan, member, planned, effect.rule, effect.into, follow_ons)
    told = {"from": member.id, "owed": _owed(plan, member), "days": _measured_since(plan, member)}
    if told["owed"] or told["days"]:
        follow_ons.append(planned.child(MERGED_FROM, "pass", effect.into, payload=told))


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


def _owed(plan: Plan, member: Member) -> dict[str, int]:
    """Return what a member owes, by account kind."""
    books = plan.terms.chart.books.values()
    debts = ((book.code, member.accounts.get(book.debt)) for book in books)
    return {code: -debt.balance for code, debt in debts if debt is not None and debt.balance < 0}


def _measured_since(plan: Plan, member: Member) -> dict[str, dict[str, int]]:
    """Return what a member's activities of this plan measured since it last passed something on."""
    days: dict[str, dict[str, int]] = {}
    for planned in reversed(member.planned):
        if planned.incoming.kind.name == PASSED_ON:
            break
        for (name, day), value in planned.measured(plan.terms.zone).items():
            of_day = days.setdefault(str(day), {})
            of_day[name] = of_day.get(name, 0) + value
    return days


def _stays(plan: Plan, member: Member, planned: Planned) -> Iterator[tuple[str, list[Any]]]:
    """Yield where the member stands by ladder, with the end of that stay, for those on which it ever moved."""
    figures = figures_of(plan.terms, member)
    for ladder in plan.terms.program_at(planned.voucher.at).ladders:
        if member.assignments.get(ladder.code):
            stay = stay_of(member, ladder, figures)
            yield ladder.code, [stay.tier.code, stay.expires_at]
