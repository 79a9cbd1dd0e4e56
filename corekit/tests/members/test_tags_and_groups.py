"""Tags, families and companies, and consent: what is put on is found, and comes off again."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import Activity, Batch, Declares
from corekit.activities import attempt
from corekit.activities.effects import Tag
from corekit.ledger.postgresql import PostgreSQL
from corekit.ledger.store import Conflict
from corekit.members.read import MemberFilter, consents, group_places, groups, member_page, tags
from corekit.testing.modules import plugin_module


def join(kit: Any, **profile: Any) -> str:
    return str(kit.record(Activity(type="member.registered", payload=profile)).member)


def does(kit: Any, member: str, step: str, **payload: Any) -> Any:
    return kit.record(Activity(type=step, member=member, payload=payload))


def tagged(kit: Any, member: str) -> list[str]:
    with kit.read() as read:
        return tags(read, [member])[member]


@pytest.mark.row("M8", way="python")
@pytest.mark.row("M8", way="reversal")
def test_tags_come_and_go_and_a_reversal_takes_back_its_own(kit: Any) -> None:
    ann, bea = join(kit), join(kit)
    does(kit, ann, "member.tagged", add=["vip", "press"])
    second = does(kit, ann, "member.tagged", add=["vip", "golf"], remove=["press", "unknown"])
    assert tagged(kit, ann) == ["golf", "vip"]
    with kit.read() as read:
        assert [it.id for it in member_page(read, MemberFilter(tag="vip")).items] == [ann]
    assert kit.reverse(second.activity_id).settled
    assert (tagged(kit, ann), tagged(kit, bea)) == (["press", "vip"], [])


@pytest.mark.row("M8", way="python")
def test_a_plugin_tags_by_an_effect_that_goes_with_its_activity(make_kit: Any) -> None:
    def react(batch: Batch) -> Any:
        for activity in batch.of("purchase"):
            yield Tag(activity, rule="big@1", add=["big spender"])

    spender = plugin_module(Declares(), "spender", corekit_react=react)
    kit = make_kit(["spender"], modules={"spender": spender})
    ann = join(kit)
    bought = [Activity(type="purchase", member=ann, amount=1, external_id=key) for key in "12"]
    first, second = kit.record_many(bought)
    assert tagged(kit, ann) == ["big spender"]
    kit.reverse(second.activity_id)
    assert tagged(kit, ann) == ["big spender"]
    kit.reverse(first.activity_id)
    assert tagged(kit, ann) == []


@pytest.mark.row("M8", way="bad_input")
@pytest.mark.parametrize("bad", [{"add": [5]}, {"add": "vip"}, {"add": ["a\nb"]}])
def test_a_plugin_that_tags_with_what_is_no_tag_fails_at_its_activity(make_kit: Any, bad: Any) -> None:
    def react(batch: Batch) -> Any:
        yield from (Tag(activity, rule="r@1", **bad) for activity in batch.of("purchase"))

    kit = make_kit(["spender"], modules={"spender": plugin_module(None, "spender", corekit_react=react)})
    failed = kit.record(Activity(type="purchase", member=join(kit), amount=1))
    assert (failed.outcome, failed.code) == ("failed", "EFFECT_INVALID")


@pytest.mark.row("M8", way="bad_input")
@pytest.mark.parametrize(
    ("payload", "code"),
    [({}, "NOTHING_GIVEN"), ({"add": ["a"], "remove": ["a"]}, "FORBIDDEN"), ({"add": ["a,b"]}, "PATTERN")],
)
def test_tags_that_cannot_be_are_told(kit: Any, payload: Any, code: str) -> None:
    (outcome,) = kit.record_many([Activity(type="member.tagged", member=join(kit), payload=payload)])
    assert [problem.code for problem in outcome.problems] == [code]


@pytest.mark.row("M8", way="bad_input")
def test_a_member_has_a_hundred_tags_at_most(kit: Any) -> None:
    ann = join(kit)
    assert does(kit, ann, "member.tagged", add=[f"t{number}" for number in range(100)]).settled
    assert does(kit, ann, "member.tagged", add=["one more"]).code == "TAGS_TOO_MANY"
    assert does(kit, ann, "member.tagged", add=["one more"], remove=["t1"]).settled


def places(kit: Any, code: str) -> list[tuple[str, str]]:
    with kit.read() as read:
        return [(place.member, place.role) for place in group_places(read, code)]


@pytest.mark.row("M8", way="python")
@pytest.mark.row("M8", way="reversal")
def test_a_family_has_one_primary_member_and_any_number_of_supplementary_ones(kit: Any) -> None:
    ann, bea, cleo = join(kit), join(kit), join(kit)
    primary = does(kit, ann, "member.joined_group", group="smith", role="primary")
    assert does(kit, bea, "member.joined_group", group="smith").settled
    assert does(kit, cleo, "member.joined_group", group="smith", role="primary").code == "GROUP_HAS_PRIMARY"
    assert sorted(places(kit, "smith")) == sorted([(ann, "primary"), (bea, "supplementary")])
    left = does(kit, bea, "member.left_group", group="smith")
    assert places(kit, "smith") == [(ann, "primary")]
    assert kit.reverse(left.activity_id).settled
    assert kit.reverse(primary.activity_id).settled
    assert places(kit, "smith") == [(bea, "supplementary")]
    assert does(kit, cleo, "member.joined_group", group="smith", role="primary").settled
    with kit.read() as read:
        assert [it.id for it in member_page(read, MemberFilter(group="smith")).items] == [bea, cleo]
        assert [(place.code, place.kind) for place in groups(read, [bea])[bea]] == [("smith", "family")]


@pytest.mark.row("M8", way="bad_input")
def test_a_place_in_a_group_that_cannot_be_is_refused(kit: Any) -> None:
    ann, bea = join(kit), join(kit)
    assert does(kit, ann, "member.left_group", group="smith").code == "GROUP_NOT_MEMBER"
    assert does(kit, ann, "member.joined_group", group="smith", kind="company").settled
    assert does(kit, ann, "member.joined_group", group="smith", kind="company").code == "GROUP_MEMBER"
    refused = does(kit, bea, "member.joined_group", group="smith", kind="family")
    assert (refused.code, refused.parameters["kind"]) == ("GROUP_KIND", "company")
    told = [
        Activity(type="member.joined_group", member=member, payload={"group": "jones", "role": "primary"})
        for member in (ann, bea)
    ]
    assert sorted(outcome.outcome for outcome in kit.record_many(told)) == ["refused", "settled"]


@pytest.mark.row("M8", way="bad_input")
def test_who_joins_a_new_group_while_another_does_joins_that_one(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bea = join(kit), join(kit)

    def write(*arguments: Any) -> set[str]:
        monkeypatch.undo()
        assert does(kit, bea, "member.joined_group", group="smith", kind="company").settled
        return attempt.Attempt._write(*arguments)

    monkeypatch.setattr(attempt.Attempt, "_write", write)
    refused = does(kit, ann, "member.joined_group", group="smith", kind="family")
    assert (refused.code, refused.parameters["kind"]) == ("GROUP_KIND", "company")


@pytest.mark.row("M8", way="bad_input")
@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_of_two_who_make_a_group_at_once_one_waits_for_the_other(kit: Any) -> None:
    with kit.database.settle() as first, kit.database.settle() as second:
        one, two = PostgreSQL(first.wire), PostgreSQL(second.wire)
        one.begin()
        two.begin()
        one.come_alone()
        second.connection.exec_driver_sql("SET LOCAL lock_timeout = '1ms'")
        with pytest.raises(Conflict, match="LockNotAvailable"):
            two.come_alone()
        one.rollback()
        two.rollback()


def test_leaving_and_joining_again_in_one_chunk_changes_the_role(kit: Any, clock: Any) -> None:
    ann = join(kit)
    does(kit, ann, "member.joined_group", group="smith")
    told = [
        Activity(type="member.left_group", member=ann, payload={"group": "smith"}, external_id="1"),
        Activity(
            type="member.joined_group", member=ann, payload={"group": "smith", "role": "primary"}, external_id="2"
        ),
    ]
    assert all(outcome.settled for outcome in kit.record_many(told))
    assert places(kit, "smith") == [(ann, "primary")]


@pytest.mark.row("M9", way="python")
@pytest.mark.row("M9", way="reversal")
def test_consent_is_the_last_word_by_purpose_and_channel(kit: Any, clock: Any) -> None:
    ann = join(kit)
    does(kit, ann, "member.consented", purpose="marketing", channel="email", granted=True, evidence="form 7")
    clock.advance(days=1)
    withdrawn = does(kit, ann, "member.consented", purpose="marketing", channel="email", granted=False)
    does(kit, ann, "member.consented", purpose="profiling", granted=True)

    def words() -> list[tuple[str, str, bool]]:
        with kit.read() as read:
            return [(it.purpose, it.channel, it.granted) for it in consents(read, [ann])[ann]]

    assert words() == [("marketing", "email", False), ("profiling", "any", True)]
    with kit.read() as read:
        assert consents(read, [ann])[ann][0].since == clock()
    assert kit.reverse(withdrawn.activity_id).settled
    assert words() == [("marketing", "email", True), ("profiling", "any", True)]
    does(kit, ann, "member.cancelled")
    assert does(kit, ann, "member.consented", purpose="marketing", channel="email", granted=False).settled


@pytest.mark.row("M9", way="reversal")
def test_a_first_word_that_is_taken_back_was_never_said(kit: Any) -> None:
    ann = join(kit)
    said = does(kit, ann, "member.consented", purpose="marketing", granted=True)
    assert kit.reverse(said.activity_id).settled
    with kit.read() as read:
        assert consents(read, [ann])[ann] == []


@pytest.mark.row("M9", way="bad_input")
def test_consent_for_what_nobody_declared_is_told_by_path(kit: Any) -> None:
    told = {"purpose": "selling", "channel": "pigeon"}
    (outcome,) = kit.record_many([Activity(type="member.consented", member=join(kit), payload=told)])
    assert [(problem.path[-1], problem.code) for problem in outcome.problems] == [
        ("purpose", "NOT_ONE_OF"),
        ("channel", "NOT_ONE_OF"),
        ("granted", "REQUIRED"),
    ]
