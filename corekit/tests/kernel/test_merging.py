"""Two members become one: everything of the one is the other's, in one unit, and back again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from corekit import Activity, Batch, Credit, Declares, Refusal
from corekit.activities.tables import activity as activities
from corekit.activities.tables import intake, metric, metric_day
from corekit.clock import micros
from corekit.ledger.tables import account, lot
from corekit.members.read import MemberFilter, consents, external_ids, groups, member_page, members, tags
from corekit.testing.modules import plugin_module
from corekit.tiers.asof import figures
from corekit.tiers.read import history, standing

LADDERS = """
[program]
name = "Corner shop"

[[ladders]]
code = "main"
name = "Main"
tiers = [
  {code = "base", name = "Base"},
  {code = "silver", name = "Silver", criteria = [{metric = "spend", window = "rolling 1 year", at_least = "100.00"}]},
  {code = "gold", name = "Gold", criteria = [{metric = "spend", window = "rolling 1 year", at_least = "300.00"}]},
]
"""


@pytest.fixture
def shop(make_world: Any, toy: Any) -> Any:
    members = {"purposes": ["marketing"], "consent_channels": ["email", "sms"], "region": "DE"}
    return make_world(modules={"toy": toy}, program=LADDERS, members=members, profile={"size": {"type": "integer"}})


def known(world: Any, member: str) -> dict[str, Any]:
    """Return everything that the books and the profile say of a member, its history left out."""
    left = lot.c.issued - lot.c.consumed - lot.c.held - lot.c.expired
    lots = (
        select(account.c.kind, lot.c.expires_at, lot.c.available_from, left)
        .join(account, account.c.id == lot.c.account_id)
        .where(left > 0)
    )
    balances = select(account.c.kind, account.c.credits_posted - account.c.debits_posted)
    with world.kit.read() as read:
        found = members(read, [member])[member]
        told = {name: getattr(found, name) for name in KNOWN}
        return {
            **told,
            "lots": sorted((list(row) for row in read.all(lots.where(account.c.member_id == member))), key=str),
            "balances": {row[0]: row[1] for row in read.all(balances.where(account.c.member_id == member)) if row[1]},
            "external_ids": {each.source: each.external_id for each in external_ids(read, [member])[member]},
            "tags": tags(read, [member])[member],
            "groups": {each.code: each.role for each in groups(read, [member])[member]},
            "consents": {(each.purpose, each.channel): each.granted for each in consents(read, [member])[member]},
            "tiers": {each.ladder: (each.tier, each.expires_at) for each in standing(read, [member])[member]},
            "metrics": _values(read, metric, member),
            "days": _values(read, metric_day, member),
        }


KNOWN = (
    "state",
    "merged_into",
    "name",
    "phone",
    "email",
    "external_id",
    "number",
    "birthday",
    "attributes",
    "sections",
)


def _values(read: Any, table: Any, member: str) -> list[Any]:
    return sorted(tuple(row[1:]) for row in read.all(select(table).where(table.c.member_id == member)) if row[-1])


def tier(world: Any, member: str) -> str | None:
    with world.kit.read() as read:
        return next((each.tier for each in standing(read, [member])[member]), None)


def search(world: Any, **wanted: Any) -> list[str]:
    with world.kit.read() as read:
        return [each.id for each in member_page(read, MemberFilter(**wanted)).items]


@pytest.mark.row("M3", way="python")
@pytest.mark.row("M3", way="reversal")
def test_value_goes_over_as_it_is_and_comes_back(world: Any) -> None:
    ann, bob = world.member(), world.member()
    world.does(ann, "toy.earn", 10)
    world.does(bob, "toy.earn", 50, payload={"days": 2})
    world.does(bob, "toy.earn_plain", 7)
    world.does(bob, "toy.earn_strict", 8)
    world.does(bob, "toy.earn", 30)
    before = known(world, ann), known(world, bob)
    merged = world.kit.merge(ann, bob, reason="the same person", actor="staff:1")
    assert merged.settled, merged
    assert known(world, bob)["lots"] == []
    assert known(world, ann)["lots"] == sorted([*before[0]["lots"], *before[1]["lots"]], key=str)
    assert known(world, ann)["balances"] == {"toy": 90, "toy.plain": 7, "toy.strict": 8}
    assert (known(world, bob)["state"], known(world, bob)["merged_into"]) == ("merged", ann)
    assert world.is_proved()
    back = world.kit.reverse(merged.activity_id)
    assert back.settled, back
    assert (known(world, ann), known(world, bob)) == before
    assert world.is_proved()


@pytest.mark.row("M3", way="python")
@pytest.mark.row("M3", way="reversal")
def test_the_survivor_is_known_by_what_it_lacked_and_the_rest_leads_to_it(shop: Any) -> None:
    ann = shop.member(name="Ann", phone="0731 111111", external_ids={"card": "1"})
    bob = shop.member(
        phone="0731 222222",
        email="ann@shop.example",
        external_id="crm-7",
        external_ids={"card": "2", "app": "a7"},
        birthday="1990-02-28",
        identity={"city": "Ulm"},
        attributes={"size": 42},
    )
    shop.does(ann, "member.consented", payload={"purpose": "marketing", "channel": "sms", "granted": True})
    shop.does(bob, "member.consented", payload={"purpose": "marketing", "channel": "sms", "granted": False})
    shop.does(bob, "member.consented", payload={"purpose": "marketing", "channel": "email", "granted": True})
    shop.does(bob, "member.tagged", payload={"add": ["vip"]})
    shop.does(bob, "member.joined_group", payload={"group": "smiths", "role": "primary"})
    shop.does(ann, "member.joined_group", payload={"group": "smiths"})
    before = known(shop, ann), known(shop, bob)
    merged = shop.kit.merge(ann, bob)
    assert merged.settled, merged
    now = known(shop, ann)
    assert (now["name"], now["phone"], now["email"], now["external_id"]) == (
        "Ann",
        before[0]["phone"],
        "ann@shop.example",
        "crm-7",
    )
    assert now["external_ids"] == {"card": "1", "app": "a7"}
    assert (now["birthday"], now["sections"], now["attributes"]) == (
        "1990-02-28",
        {"identity": {"city": "Ulm"}},
        {"size": 42},
    )
    assert now["consents"] == {("marketing", "sms"): False, ("marketing", "email"): True}, "a no of either counts"
    assert (now["tags"], now["groups"]) == (["vip"], {"smiths": "primary"})
    for named in (
        {"number": before[1]["number"]},
        {"phone": before[1]["phone"]},
        {"email": "ann@shop.example"},
        {"external_ids": {"card": "2"}},
        {"number": before[0]["number"], "external_ids": {"card": "2"}},
    ):
        bought = shop.kit.record(Activity(type="purchase", amount=100, identity=named))
        assert (bought.settled, bought.member) == (True, ann), named
    assert shop.does(bob, "purchase", 100).member == ann, "by its id as well"
    assert search(shop, number=before[1]["number"]) == [ann]
    assert search(shop, source="card", external_id="2") == [ann]
    assert search(shop) == [ann]
    assert search(shop, state="merged") == [bob]
    assert shop.is_proved()
    assert shop.kit.reverse(merged.activity_id).settled
    for member, then in zip((ann, bob), before, strict=True):
        after = known(shop, member)
        assert {name: after[name] for name in then if name not in SPENT} == {
            name: then[name] for name in then if name not in SPENT
        }
    assert shop.does(bob, "purchase", 100).member == bob
    assert shop.is_proved()


SPENT = {"lots", "balances", "metrics", "days", "tiers"}
"""What the purchases in between changed."""


@pytest.mark.row("M3", way="python")
@pytest.mark.row("M3", way="reversal")
def test_what_both_spent_counts_and_on_its_day(shop: Any) -> None:
    ann, bob = shop.member(), shop.member()
    shop.does(bob, "purchase", 12_000)
    shop.clock.advance(days=100)
    shop.does(ann, "purchase", 20_000)
    before = known(shop, ann), known(shop, bob)
    assert (tier(shop, ann), tier(shop, bob)) == ("silver", "silver")
    shop.clock.advance(seconds=1)
    moment = shop.clock()
    shop.clock.advance(seconds=1)
    merged = shop.kit.merge(ann, bob)
    assert tier(shop, ann) == "gold"
    assert known(shop, ann)["metrics"] == [("spend", 32_000), ("visits", 2)]
    assert {row[1] for row in known(shop, ann)["days"]} == {row[1] for each in before for row in each["days"]}
    with shop.kit.read() as read:
        assert [each.tier for each in standing(read, [ann], moment)[ann]] == ["silver"], "as of then it is as it was"
    assert shop.is_proved()
    assert shop.kit.reverse(merged.activity_id).settled
    after = known(shop, ann)
    assert (after["metrics"], after["days"]) == (before[0]["metrics"], before[0]["days"])
    assert (tier(shop, ann), tier(shop, bob)) == ("silver", "silver")
    assert shop.is_proved()
    with shop.kit.read() as read:
        assert [each.reason for each in history(read, [ann])[ann]] == ["qualified", "qualified", "reversal"]


def test_as_of_any_moment_figures_are_what_they_were_then(shop: Any) -> None:
    ann, bob = shop.member(), shop.member()
    shop.does(bob, "purchase", 1_200)
    shop.does(ann, "purchase", 2_000)
    moments: list[int] = []

    def seen() -> list[int]:
        with shop.kit.read() as read:
            told = [figures(read, [ann], shop.kit.program.ladders[0], shop.kit.zone, at)[ann] for at in moments]
        return [each.totals["spend"] for each in told]

    merged = None
    for step in ("before", "merge", "back"):
        shop.clock.advance(seconds=5)
        if step == "merge":
            merged = shop.kit.merge(ann, bob)
        elif merged is not None:
            assert shop.kit.reverse(merged.activity_id).settled
        shop.clock.advance(seconds=5)
        moments.append(micros(shop.clock()))
    assert seen() == [2_000, 3_200, 2_000]


def test_what_cannot_be_spent_yet_goes_over_as_it_is(world: Any, toy: Any) -> None:
    later = world.clock() + timedelta(days=5)

    def credits_(activity: Activity) -> Credit:
        return Credit(activity, rule="later@1", account="toy", amount=10, available_from=later)

    toy.rogue.append(credits_)
    ann, bob = world.member(), world.member()
    world.does(bob, "toy.yield")
    world.does(bob, "toy.earn", 3)
    before = known(world, ann), known(world, bob)
    merged = world.kit.merge(ann, bob)
    assert known(world, ann)["lots"] == before[1]["lots"]
    assert world.does(ann, "toy.spend", 4).code == "INSUFFICIENT"
    assert world.is_proved()
    assert world.kit.reverse(merged.activity_id).settled
    assert (known(world, ann), known(world, bob)) == before
    world.clock.advance(days=6)
    assert world.does(bob, "toy.spend", 13).settled
    assert world.is_proved()


@pytest.mark.row("M3", way="python")
def test_who_comes_with_the_better_tier_keeps_it(shop: Any) -> None:
    ann, bob = shop.member(), shop.member()
    shop.does(bob, "purchase", 31_000)
    shop.clock.advance(days=500)
    assert tier(shop, bob) == "gold"
    merged = shop.kit.merge(ann, bob)
    assert tier(shop, ann) == "gold", "although the window has passed"
    assert shop.is_proved()
    assert shop.kit.reverse(merged.activity_id).settled
    assert (tier(shop, ann) or "base", tier(shop, bob)) == ("base", "gold")
    assert shop.is_proved()


@pytest.mark.row("M3", way="bad_input")
def test_what_stands_against_it_is_told_and_nothing_happens(shop: Any) -> None:
    ann, bob, cas = shop.member(), shop.member(), shop.member()
    shop.does(bob, "toy.earn", 10)
    held = shop.does(bob, "hold.placed", 4, unit="toys", payload={"account": "toy"})
    hold = held.effects[0].id
    refused = shop.kit.merge(ann, bob, external_id="m-1")
    assert (refused.code, refused.parameters) == ("MERGE_HOLD", {"member": bob, "hold": hold})
    assert shop.kit.merge(ann, bob, external_id="m-1").replayed
    shop.does(bob, "hold.released", payload={"hold": hold})
    shop.does(cas, "member.frozen")
    assert shop.kit.merge(ann, cas).parameters == {"member": cas, "state": "frozen"}
    assert shop.kit.merge(cas, ann).code == "MEMBER_FROZEN"
    assert shop.kit.merge(ann, "0" * 32).code == "MERGE_UNKNOWN"
    for members_ in ((), (bob, cas)):
        (invalid,) = shop.kit.record_many([shop.activity(ann, "member.merged", members=members_)])
        assert (invalid.outcome, invalid.code) == ("invalid", "MERGE_WHOM")
    merged = shop.kit.merge(ann, bob)
    assert merged.settled, merged
    again = shop.kit.merge(ann, bob)
    assert (again.code, again.parameters["survivor"]) == ("MEMBER_MERGED", ann)
    turned = shop.kit.merge(bob, ann)
    assert (turned.code, turned.parameters["survivor"]) == ("MEMBER_MERGED", ann)
    (into,) = merged.follow_ons
    part = shop.kit.reverse(into.activity_id)
    assert (part.code, part.parameters["merge"]) == ("REVERSAL_OF_MERGE_PART", merged.activity_id)
    part = shop.kit.reverse(into.follow_ons[-1].activity_id)
    assert (part.code, part.parameters["merge"]) == ("REVERSAL_OF_MERGE_PART", into.activity_id)
    assert shop.is_proved()


def test_simulating_a_merge_tells_all_of_it_and_changes_nothing(shop: Any) -> None:
    ann, bob = shop.member(), shop.member(phone="0731 222222")
    shop.does(bob, "toy.earn", 10)
    before = known(shop, ann), known(shop, bob)
    told = shop.kit.simulate(shop.activity(ann, "member.merged", members=(bob,)))
    assert [each.type for each in told.follow_ons[0].follow_ons] == ["transfer.received", "member.merged_from"]
    assert (known(shop, ann), known(shop, bob)) == before


@pytest.mark.parametrize("breaks", ["member.merged", "member.merged_into", "transfer.received", "member.merged_from"])
@pytest.mark.parametrize("how", ["raises", "refuses"])
def test_where_a_plugin_fails_at_any_part_nothing_of_the_merge_stands(
    make_world: Any, toy: Any, breaks: str, how: str
) -> None:
    broken = {breaks}

    def react(batch: Batch) -> Any:
        for activity in batch:
            if activity.type in broken:
                raise (RuntimeError("secret") if how == "raises" else Refusal("RUDE_NO"))
        return ()

    from corekit import ErrorText  # noqa: PLC0415

    rude = plugin_module(Declares(errors=[ErrorText("RUDE_NO", "No.", "不。")]), "rude", corekit_react=react)
    world = make_world(modules={"toy": toy, "rude": rude})
    ann, bob = world.member(), world.member()
    world.does(bob, "toy.earn", 10)
    before = known(world, ann), known(world, bob)
    answer = world.kit.merge(ann, bob, external_id="m-1")
    expected = ("failed", "PLUGIN_FAILED") if how == "raises" else ("refused", "RUDE_NO")
    assert (answer.outcome, answer.code) == expected
    assert (known(world, ann), known(world, bob)) == before
    with world.kit.read() as read:
        assert not read.all(select(intake))
        assert not read.all(select(activities).where(activities.c.type == "member.merged_into"))
    assert world.is_proved()
    broken.clear()
    if how == "raises":
        assert world.kit.merge(ann, bob, external_id="m-1").settled, "the same key tries it again"
        assert world.is_proved()


def test_members_become_one_along_a_chain_and_fall_apart_in_turn(shop: Any) -> None:
    ann, bob, cas = (shop.member(external_ids={"card": str(number)}) for number in range(3))
    for number, member in enumerate((ann, bob, cas), 1):
        shop.does(member, "toy.earn", 10**number)
        shop.does(member, "purchase", 100 * 10**number)
    before = sum(known(shop, member)["balances"]["toy"] for member in (ann, bob, cas))
    first = shop.kit.merge(bob, cas)
    second = shop.kit.merge(ann, bob)
    assert known(shop, ann)["balances"]["toy"] == before
    bought = shop.kit.record(Activity(type="purchase", amount=100, identity={"external_ids": {"card": "2"}}))
    assert bought.member == ann
    assert search(shop, source="card", external_id="2") == [ann]
    early = shop.kit.reverse(first.activity_id)
    assert (early.code, early.parameters["survivor"]) == ("MEMBER_MERGED", ann)
    assert shop.is_proved()
    assert shop.kit.reverse(second.activity_id).settled
    assert shop.kit.reverse(first.activity_id).settled
    assert [known(shop, member)["state"] for member in (ann, bob, cas)] == ["active"] * 3
    assert shop.is_proved()


def test_in_one_chunk_what_comes_before_goes_over_and_what_comes_after_reaches_the_survivor(shop: Any) -> None:
    ann, bob = shop.member(), shop.member()
    coming: list[Activity] = []
    for kind, member, amount in (
        ("toy.earn", bob, 5),
        ("member.merged", ann, 0),
        ("toy.earn", bob, 7),
        ("toy.earn", ann, 1),
    ):
        shop.clock.advance(seconds=1)
        others = (bob,) if kind == "member.merged" else ()
        coming.append(shop.activity(member, kind, amount, members=others))
    answers = list(shop.kit.record_many(coming))
    assert [(each.outcome, each.member) for each in answers] == [
        ("settled", bob),
        ("settled", ann),
        ("settled", ann),
        ("settled", ann),
    ]
    assert known(shop, ann)["balances"] == {"toy": 13}
    assert shop.is_proved()


def test_a_worker_leads_what_waits_for_a_merged_member_to_the_survivor(shop: Any) -> None:
    ann, bob = shop.member(), shop.member()
    shop.kit.enqueue([Activity(type="toy.earn", member=bob, amount=5)])
    assert shop.kit.merge(ann, bob).settled
    assert shop.kit.work() == 1
    assert known(shop, ann)["balances"] == {"toy": 5}
    assert shop.is_proved()


def test_who_was_merged_is_forgotten_with_the_survivor_and_then_stays_a_part(shop: Any) -> None:
    ann, bob = shop.member(name="Ann"), shop.member(name="Anne", phone="0731 222222")
    merged = shop.kit.merge(ann, bob)
    with shop.kit.read():
        document = shop.kit.export(bob)
    assert (document["member"].name, [each["member"].name for each in document["merged"]]) == ("Ann", ["Anne"])
    assert shop.kit.erase(bob).state == "done"
    assert [known(shop, member)["name"] for member in (ann, bob)] == [None, None]
    assert [known(shop, member)["state"] for member in (ann, bob)] == ["cancelled", "merged"]
    assert shop.kit.reverse(merged.activity_id).code == "NOT_REVERSIBLE"
    assert shop.is_proved()


@pytest.mark.row("M3", way="reversal")
@pytest.mark.parametrize("named", ["by the old id", "by the survivor"])
def test_a_refund_of_what_the_other_one_bought_is_the_survivors(shop: Any, named: str) -> None:
    ann, bob = shop.member(), shop.member()
    shop.does(ann, "toy.earn", 20)
    bought = shop.does(bob, "purchase", 10_000)
    before = known(shop, ann), known(shop, bob)
    merged = shop.kit.merge(ann, bob)
    assert known(shop, ann)["balances"] == {"toy": 120}
    whom = bob if named == "by the old id" else ann
    back = shop.does(whom, "refund", 4_000, reverses=bought.activity_id)
    assert (back.settled, back.member) == (True, bob)
    assert known(shop, ann)["balances"] == {"toy": 80}
    assert known(shop, ann)["metrics"] == [("spend", 6_000), ("visits", 1)]
    assert known(shop, bob)["balances"] == {}
    assert shop.is_proved()
    assert shop.does(whom, "refund", reverses=bought.activity_id).settled
    assert known(shop, ann)["balances"] == {"toy": 20}
    assert known(shop, ann)["metrics"] == []
    assert shop.is_proved()
    assert shop.kit.reverse(merged.activity_id).settled
    assert (known(shop, ann)["balances"], known(shop, bob)["balances"]) == ({"toy": 20}, {})
    assert known(shop, ann)["metrics"] == before[0]["metrics"]
    assert shop.is_proved()


def test_the_refund_of_what_the_other_one_spent_comes_to_the_survivor(world: Any) -> None:
    ann, bob = world.member(), world.member()
    world.does(bob, "toy.earn", 30, payload={"days": 9})
    spent = world.does(bob, "toy.spend", 25)
    merged = world.kit.merge(ann, bob)
    before = known(world, ann)
    assert before["balances"] == {"toy": 5}
    assert world.does(bob, "refund", reverses=spent.activity_id).settled
    after = known(world, ann)
    assert after["balances"] == {"toy": 30}
    assert {row[1] for row in after["lots"]} == {row[1] for row in before["lots"]}, "with the expiry it had"
    assert world.is_proved()
    assert world.kit.reverse(merged.activity_id).settled
    assert (known(world, ann)["balances"], known(world, bob)["balances"]) == ({}, {"toy": 30})
    assert world.is_proved()


@pytest.mark.parametrize("has", [0, 12, 500])
@pytest.mark.parametrize("kind", ["", "_plain"])
def test_what_the_other_one_owes_the_survivor_pays_or_owes(world: Any, kind: str, has: int) -> None:
    ann, bob = world.member(), world.member()
    earned = world.does(bob, f"toy.earn{kind}", 40)
    world.does(bob, f"toy.spend{kind}", 40)
    world.kit.reverse(earned.activity_id)
    if has:
        world.does(ann, f"toy.earn{kind}", has, payload={"days": 5})
    before = known(world, ann), known(world, bob)
    account = f"toy{kind.replace('_', '.')}"
    assert before[1]["balances"] == {f"{account}.debt": -40}
    merged = world.kit.merge(ann, bob)
    assert merged.settled, merged
    rest = {account: has - 40} if has > 40 else {f"{account}.debt": has - 40}
    assert (known(world, ann)["balances"], known(world, bob)["balances"]) == (rest, {})
    assert world.is_proved()
    assert world.kit.reverse(merged.activity_id).settled
    assert (known(world, ann), known(world, bob)) == before
    assert world.is_proved()


def test_what_was_spent_in_between_is_owed_as_after_any_reversal(world: Any) -> None:
    ann, bob = world.member(), world.member()
    world.does(bob, "toy.earn", 50)
    merged = world.kit.merge(ann, bob)
    world.does(ann, "toy.spend", 30)
    assert world.kit.reverse(merged.activity_id).settled
    assert (known(world, ann)["balances"], known(world, bob)["balances"]) == ({"toy.debt": -30}, {"toy": 50})
    assert world.is_proved()


def test_where_what_was_spent_cannot_be_owed_the_two_stay_one(world: Any) -> None:
    ann, bob = world.member(), world.member()
    world.does(bob, "toy.earn_strict", 50)
    world.does(bob, "toy.earn", 10)
    merged = world.kit.merge(ann, bob)
    world.does(ann, "toy.spend_strict", 30)
    before = known(world, ann), known(world, bob)
    refused = world.kit.reverse(merged.activity_id)
    assert (refused.outcome, refused.code) == ("refused", "CLAWBACK_SHORTFALL")
    assert (known(world, ann), known(world, bob)) == before, "not half of it"
    assert world.is_proved()


earning = st.tuples(st.sampled_from(["toy.earn", "toy.earn_plain", "toy.earn_kind"]), st.integers(1, 300))
spending = st.tuples(st.sampled_from(["toy.spend", "toy.spend_plain", "toy.tip"]), st.integers(1, 300))
buying = st.tuples(st.just("purchase"), st.sampled_from([900, 9_000, 15_000, 40_000]))
others = st.tuples(st.sampled_from(["wait", "reverse"]), st.integers(1, 200))
scripts = st.lists(st.tuples(st.booleans(), st.one_of(earning, spending, buying, others)), max_size=14)


def test_whatever_happened_a_merge_keeps_all_value_and_taking_it_back_restores_both(shop: Any) -> None:
    @settings(
        max_examples=25,
        database=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(script=scripts)
    def property_(script: list[Any]) -> None:
        ann, bob = shop.member(), shop.member()
        _play(shop, script, ann, bob)
        for member in (ann, bob):
            shop.does(member, "member.tagged", payload={"add": ["seen"]})  # what is due lapses
        before = known(shop, ann), known(shop, bob)
        merged = shop.kit.merge(ann, bob)
        assert merged.settled, merged
        now = known(shop, ann)
        assert known(shop, bob)["balances"] == {}
        for kind in ("toy", "toy.plain", "toy.kind"):
            assert _total(now, kind) == sum(_total(each, kind) for each in before), kind
        for name in ("spend", "visits"):
            assert dict(now["metrics"]).get(name, 0) == sum(dict(each["metrics"]).get(name, 0) for each in before)
        assert shop.kit.verify().clean, shop.kit.verify().violations
        assert shop.kit.reverse(merged.activity_id).settled
        assert _steady(known(shop, ann)) == _steady(before[0])
        assert _steady(known(shop, bob)) == _steady(before[1])
        shop.clock.advance(days=1)

    property_()
    assert shop.is_proved()


def _play(world: Any, script: list[Any], ann: str, bob: str) -> None:
    done: list[tuple[str, str]] = []
    for is_bob, (what, number) in script:
        member = bob if is_bob else ann
        if what == "wait":
            world.clock.advance(days=number)
        elif what == "reverse":
            if done:
                world.kit.reverse(done[number % len(done)][1])
        else:
            payload = {"days": number} if what.startswith("toy.earn") and number % 2 else {}
            outcome = world.does(member, what, number, payload=payload)
            if outcome.settled:
                done.append((member, outcome.activity_id))


def _total(member: dict[str, Any], kind: str) -> int:
    balances = member["balances"]
    return int(balances.get(kind, 0) + balances.get(f"{kind}.debt", 0))


def _steady(member: dict[str, Any]) -> dict[str, Any]:
    """Leave out what says the same in two ways: who never moved stands in the first tier."""
    return {**member, "tiers": {ladder: stay for ladder, stay in member["tiers"].items() if stay[0] != "base"}}


def test_what_failed_of_the_other_one_and_is_tried_again_comes_to_the_survivor(world: Any, toy: Any) -> None:
    ann, bob = world.member(), world.member()
    toy.broken.add("link")
    world.does(bob, "toy.chain", 2)
    assert known(world, bob)["balances"] == {"toy": 2}
    merged = world.kit.merge(ann, bob)
    toy.broken.clear()
    world.kit.retry_failed()
    world.kit.work()
    assert (known(world, ann)["balances"], known(world, bob)["balances"]) == ({"toy": 3}, {})
    assert world.is_proved()
    assert world.kit.reverse(merged.activity_id).settled
    assert (known(world, ann)["balances"], known(world, bob)["balances"]) == ({}, {"toy": 3})
    assert world.is_proved()


def test_what_is_earned_by_both_while_they_become_one_is_all_there(make_world: Any, toy: Any) -> None:
    live = make_world(modules={"toy": toy}, clock=lambda: datetime.now(UTC))
    ann, bob = live.member(), live.member()
    coming = [Activity(type="toy.earn", member=(ann, bob)[number % 2], amount=1) for number in range(24)]
    coming.insert(12, Activity(type="member.merged", member=ann, members=(bob,)))
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(live.kit.record, coming))
    assert all(answer.settled for answer in answers), [answer.code for answer in answers if not answer.settled]
    assert (known(live, ann)["balances"], known(live, bob)["balances"]) == ({"toy": 24}, {})
    assert live.is_proved()
    (merge,) = (answer for answer in answers if answer.type == "member.merged")
    assert live.kit.reverse(merge.activity_id).settled
    assert _total(known(live, ann), "toy") + _total(known(live, bob), "toy") == 24
    assert live.is_proved()
