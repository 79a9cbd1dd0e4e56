"""Somebody unknown whom an activity names joins by it, or is refused with every reason."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any

import pytest

from corekit import Activity, Credit, Declares, ErrorText, Refusal
from corekit.activities.why import why
from corekit.members.read import MemberFilter, member_page, members
from corekit.testing.modules import plugin_module

postgresql_only = pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
OPEN = {"region": "DE", "enrolment": {"automatic": ["purchase"]}}
PHONE = {"phone": "0731 1234567"}


def buys(amount: int = 1000, who: Any = PHONE, **more: Any) -> Activity:
    return Activity(type="purchase", identity=who, amount=amount, **more)


def everybody(kit: Any) -> list[Any]:
    with kit.read() as read:
        return list(member_page(read).items)


def gift(batch: Any) -> Any:
    for activity in batch.of("member.registered"):
        yield Credit(activity, account="points", amount=100, rule="gift@1")


@pytest.mark.row("M1", way="python")
def test_who_is_unknown_joins_before_the_purchase_in_the_same_unit(make_kit: Any) -> None:
    welcome = plugin_module(Declares(requires=["points"]), "welcome", corekit_react=gift)
    kit = make_kit(["points", "welcome"], modules={"welcome": welcome}, members=OPEN)
    first = kit.record(buys(external_id="r1", source="pos"))
    (ann,) = everybody(kit)
    assert (first.outcome, first.member, first.seq) == ("settled", ann.id, 2)
    assert (ann.phone, ann.channel, ann.state) == ("+497311234567", "pos", "active")
    again = kit.record(buys(external_id="r1", source="pos"))
    assert (again.activity_id, again.replayed, again.member) == (first.activity_id, True, ann.id)
    second = kit.record(buys(2000, {"phone": "+49 (731) 1234567"}))
    assert (second.member, second.seq) == (ann.id, 3)
    assert len(everybody(kit)) == 1
    assert kit.verify().clean


def test_plugins_prepare_for_who_is_unknown_as_for_somebody_who_has_nothing(make_kit: Any) -> None:
    seen: list[Any] = []

    def prepare(batch: Any, facts: Any) -> None:
        for activity in batch:
            tier = facts.tier(activity)
            seen.append((facts.member(activity).state, facts.balance("points", activity), tier and tier.code))

    curious = plugin_module(Declares(requires=["points"]), "curious", corekit_prepare=prepare, corekit_react=gift)
    kit = make_kit(["points", "curious"], modules={"curious": curious}, members=OPEN)
    assert [each.outcome for each in kit.record_many([buys(100), buys(200, {"email": "a@b.de"})])] == ["settled"] * 2
    assert set(seen) == {("", 0, None)}


@pytest.mark.row("M1", way="python")
@pytest.mark.parametrize(
    "who",
    [
        {"phone": "+497311234567"},
        {"email": "ANN@example.org"},
        {"external_id": "e1"},
        {"external_ids": {"card": "6200-1"}},
        {"external_ids": {"card": "6200-1", "crm": "unknown"}, "email": "ann@example.org"},
    ],
)
def test_a_member_is_found_by_whatever_it_is_known_by(make_kit: Any, who: Any) -> None:
    kit = make_kit()
    profile = {"phone": "+497311234567", "email": "ann@example.org", "external_id": "e1"}
    ann = kit.record(Activity(type="member.registered", payload={**profile, "external_ids": {"card": "6200-1"}})).member
    assert kit.record(buys(who=who)).member == ann
    with kit.read() as read:
        number = members(read, [ann])[ann].number
    assert kit.record(buys(who={"number": number})).member == ann


@pytest.mark.row("M1", way="python")
def test_activities_of_one_chunk_that_name_the_same_person_are_one_member_s(make_kit: Any) -> None:
    kit = make_kit(members=OPEN)
    told = [buys(100), buys(200, {**PHONE, "email": "a@b.de"}), buys(300, {"email": "a@b.de"}), buys(400, PHONE)]
    told.append(Activity(type="member.registered", payload={"email": "c@d.de"}))
    told.append(buys(500, {"email": "c@d.de"}))
    outcomes = list(kit.record_many(told))
    assert [outcome.outcome for outcome in outcomes] == ["settled"] * 6
    assert len({outcome.member for outcome in outcomes[:4]}) == 1
    assert outcomes[4].member == outcomes[5].member
    assert len(everybody(kit)) == 2
    assert kit.verify().clean


@pytest.mark.row("M1", way="python")
def test_what_waits_for_a_worker_names_somebody_as_well(make_kit: Any) -> None:
    kit = make_kit(members=OPEN)
    assert [each.outcome for each in kit.enqueue([buys(external_id="a"), buys(external_id="b")])] == ["waiting"] * 2
    assert kit.work() == 2
    (ann,) = everybody(kit)
    assert ann.seq == 3


@pytest.mark.row("M1", way="bad_input")
@pytest.mark.parametrize(
    ("activity", "path", "code"),
    [
        (buys(who={"phone": "call me"}), ("identity", "phone"), "PHONE"),
        (buys(who={"number": "123456789012"}), ("identity", "number"), "NUMBER_INVALID"),
        (buys(who={"name": "Ann"}), ("identity",), "IDENTITY_MISSING"),
        (buys(who={"fone": "1"}), ("identity", "fone"), "UNKNOWN_FIELD"),
        (buys(who={"email": "a\0@b.de"}), ("identity",), "NOT_STORABLE"),
        (buys(member="0" * 32), ("identity",), "IDENTITY_UNEXPECTED"),
        (Activity(type="purchase", amount=1), ("member",), "MEMBER_MISSING"),
    ],
)
def test_a_name_that_cannot_be_is_told_by_path(make_kit: Any, activity: Activity, path: Any, code: str) -> None:
    kit = make_kit(members=OPEN)
    (outcome,) = kit.record_many([activity])
    assert [(problem.path, problem.code) for problem in outcome.problems] == [(path, code)]


@pytest.mark.row("M1", way="bad_input")
def test_without_a_policy_who_is_unknown_is_refused(kit: Any) -> None:
    unknown = buys(who={"email": "a@b.de"}, external_id="r1")
    first, again = kit.record(unknown), kit.record(unknown)
    assert (first.outcome, first.code, again.replayed) == ("refused", "MEMBER_UNKNOWN", True)
    assert everybody(kit) == []


@pytest.mark.row("M1", way="bad_input")
def test_a_name_that_belongs_to_two_members_is_refused_with_both(kit: Any) -> None:
    ids = [
        kit.record(Activity(type="member.registered", payload=profile)).member
        for profile in ({"email": "a@b.de"}, {"phone": "+497311234567"})
    ]
    refused = kit.record(buys(who={"email": "a@b.de", "phone": "+497311234567"}))
    assert refused.code == "IDENTITY_AMBIGUOUS"
    assert set(refused.parameters["members"].split(", ")) == set(ids)


STRICT = {
    "region": "DE",
    "enrolment": {
        "automatic": ["purchase"],
        "minimum": 5000,
        "fee": 1000,
        "required": ["name", "identity.family_name"],
        "invited": True,
    },
}


def strict(make_kit: Any) -> Any:
    def too_young(applicant: Any, facts: Any) -> Refusal | None:
        assert facts.local(applicant.registration).tzinfo is not None
        young = applicant.profile.get("birthday", "9") > "2010"
        return Refusal("ADULTS_TOO_YOUNG", born=applicant.profile.get("birthday")) if young else None

    def broken(applicant: Any) -> None:
        if applicant.profile.get("name") == "Boom":
            raise ValueError("secret")

    text = ErrorText("ADULTS_TOO_YOUNG", "Born {born}: too young.", "年龄太小。")
    adults = plugin_module(Declares(errors=[text]), "adults", corekit_may_enrol=too_young)
    fragile = plugin_module(None, "fragile", corekit_may_enrol=broken)
    return make_kit(["adults", "fragile"], modules={"adults": adults, "fragile": fragile}, members=STRICT)


@pytest.mark.row("M2", way="bad_input")
def test_every_reason_against_somebody_is_told_at_once_and_again(make_kit: Any) -> None:
    kit = strict(make_kit)
    poor = buys(100, {**PHONE, "birthday": "2020-01-01", "name": "Boom", "fee_paid": 999}, external_id="r1")
    first, again = kit.record(poor), kit.record(poor)
    assert (first.outcome, first.code) == ("refused", "ENROLMENT_REFUSED")
    assert [reason["code"] for reason in first.parameters["reasons"]] == [
        "ENROL_FIELD_MISSING",
        "ENROL_BELOW_MINIMUM",
        "ENROL_FEE",
        "ENROL_NOT_INVITED",
        "ADULTS_TOO_YOUNG",
        "ENROL_VETO_FAILED",
    ]
    assert first.parameters["reasons"][4]["message"] == "Born 2020-01-01: too young."
    assert "secret" not in str(first)
    assert (again.parameters, again.replayed) == (first.parameters, True)
    assert everybody(kit) == []


@pytest.mark.row("M2", way="python")
def test_who_does_what_the_policy_asks_joins(make_kit: Any) -> None:
    kit = strict(make_kit)
    told = {"name": "Ann", "identity": {"family_name": "A"}, "birthday": "1990-01-01"}
    old = {**told, "channel": "import"}  # neither fee nor invitation for history
    inviter = kit.record(Activity(type="member.registered", payload=old))
    assert inviter.settled, inviter
    (member,) = everybody(kit)
    good = {**PHONE, **told, "fee_paid": 1000, "invited_by": member.number}
    assert kit.record(buys(4999, good)).parameters["codes"] == "ENROL_BELOW_MINIMUM"
    strangers = kit.settings.members.number.draw()
    refused = kit.record(buys(5000, {**good, "invited_by": strangers}))
    assert refused.parameters["codes"] == "ENROL_INVITER_UNKNOWN"
    joined = kit.record(buys(5000, good))
    assert joined.settled
    assert len(everybody(kit)) == 2


@pytest.mark.row("M2", way="python")
def test_where_somebody_approves_the_person_waits_and_the_purchase_is_refused(make_kit: Any) -> None:
    kit = make_kit(members={"enrolment": {"automatic": ["purchase"], "approval": "manual"}})
    first = kit.record(buys(who={"email": "a@b.de"}))
    assert (first.outcome, first.code) == ("refused", "MEMBER_PENDING")
    (ann,) = everybody(kit)
    assert (ann.state, ann.id) == ("pending", first.member)
    assert kit.record(Activity(type="member.approved", member=ann.id)).settled
    assert kit.record(buys(who={"email": "a@b.de"})).member == ann.id


@pytest.mark.row("M2", way="bad_input")
def test_a_required_attribute_that_an_identity_does_not_give_is_a_reason(make_kit: Any) -> None:
    kit = make_kit(members=OPEN, profile={"city": {"type": "string", "required": True}})
    refused = kit.record(buys())
    assert [reason["parameters"] for reason in refused.parameters["reasons"]] == [{"field": "attributes.city"}]
    assert kit.record(buys(who={**PHONE, "attributes": {"city": "Ulm"}})).settled


@pytest.mark.row("M1", way="bad_input")
def test_a_plugin_that_fails_at_the_registration_fails_the_purchase_and_the_key_is_tried_again(make_kit: Any) -> None:
    broken = [True]

    def react(batch: Any) -> Any:
        if broken[0] and any(batch.of("member.registered")):
            raise ValueError("no")
        return ()

    fragile = plugin_module(None, "fragile", corekit_react=react)
    kit = make_kit(["fragile"], modules={"fragile": fragile}, members=OPEN)
    failed = kit.record(buys(external_id="r1"))
    assert (failed.outcome, failed.code) == ("failed", "PLUGIN_FAILED")
    assert everybody(kit) == []
    broken[0] = False
    settled = kit.record(buys(external_id="r1"))
    assert (settled.outcome, settled.activity_id) == ("settled", failed.activity_id)
    assert len(everybody(kit)) == 1
    assert kit.verify().clean


@pytest.mark.row("M1", way="reversal")
def test_who_joined_by_a_purchase_stays_a_member_when_the_purchase_is_taken_back(make_kit: Any) -> None:
    welcome = plugin_module(Declares(requires=["points"]), "welcome", corekit_react=gift)
    kit = make_kit(["points", "welcome"], modules={"welcome": welcome}, members=OPEN)
    bought = kit.record(buys())
    assert kit.reverse(bought.activity_id).settled
    (ann,) = everybody(kit)
    assert ann.state == "active"
    assert kit.verify().clean


def test_simulating_a_purchase_of_somebody_unknown_stores_nobody(make_kit: Any) -> None:
    kit = make_kit(members=OPEN)
    assert kit.simulate(buys()).settled
    assert everybody(kit) == []


@pytest.mark.row("M6", way="python")
def test_a_kind_of_member_is_a_fact_for_rules_and_found(make_kit: Any) -> None:
    seen: list[Any] = []

    def react(batch: Any, facts: Any) -> Any:
        seen.extend(facts.member(activity) for activity in batch.of("purchase"))
        return ()

    watcher = plugin_module(None, "watcher", corekit_react=react)
    rules = {"kinds": ["consumer", "distributor"]}
    kit = make_kit(["watcher"], modules={"watcher": watcher}, members=rules)
    told = {"kind": "distributor", "birthday": "1990-02-28"}
    ann = kit.record(Activity(type="member.registered", payload=told)).member
    bea = kit.record(Activity(type="member.registered")).member
    kit.record(Activity(type="member.tagged", member=ann, payload={"add": ["vip"]}))
    for member in (ann, bea):
        kit.record(Activity(type="purchase", member=member, amount=1))
    assert [(fact.kind, str(fact.birthday), sorted(fact.tags)) for fact in seen] == [
        ("distributor", "1990-02-28", ["vip"]),
        ("consumer", "None", []),
    ]
    with kit.read() as read:
        assert [it.id for it in member_page(read, MemberFilter(kind="distributor")).items] == [ann]
    changed = kit.record(Activity(type="member.updated", member=bea, payload={"kind": "distributor"}))
    assert changed.settled
    with kit.read() as read:
        assert why(read, [changed.activity_id])[changed.activity_id].activity.payload == {}


@pytest.mark.row("M1", way="python")
def test_many_tills_that_name_the_same_unknown_person_at_once_make_one_member(make_kit: Any) -> None:
    kit = make_kit(members=OPEN)

    def buy(number: int) -> Any:
        return kit.record(buys(100 + number, external_id=f"r{number}"))

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(buy, range(16)))
    assert {outcome.outcome for outcome in outcomes} == {"settled"}
    (ann,) = everybody(kit)
    assert {outcome.member for outcome in outcomes} == {ann.id}
    assert ann.seq == 17
    assert kit.verify().clean


@postgresql_only
def test_a_purchase_of_a_known_member_costs_two_statements_and_one_that_names_the_member_no_more_than_five(
    make_kit: Any,
) -> None:
    kit = make_kit(members=OPEN)
    ann = kit.record(buys(100)).member
    costs: list[int] = []
    for activity in (Activity(type="purchase", member=ann, amount=100), buys(100)):
        before = kit.statements
        assert kit.record(activity).settled
        costs.append(kit.statements - before)
    assert costs[0] <= 2
    assert costs[1] <= 5


def test_who_joins_by_an_activity_that_is_planned_again_joins_by_that_plan(make_kit: Any) -> None:
    """That the id is taken meanwhile stands for whatever makes a plan be made again."""

    def hinders(batch: Any) -> Any:
        for activity in batch.of("purchase"):
            if not lost:
                lost.append(activity.id)
                other = Thread(target=kit.record, args=[Activity(type="member.registered", id=activity.id)])
                other.start()
                other.join()
        return ()

    lost: list[str] = []
    hinderer = plugin_module(Declares(), "hinderer", corekit_react=hinders)
    kit = make_kit(["hinderer"], modules={"hinderer": hinderer}, members=OPEN)
    assert kit.record(buys()).settled
    assert [each.phone for each in everybody(kit)] == [None, "+497311234567"]
    assert kit.verify().clean
