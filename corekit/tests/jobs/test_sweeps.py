"""Sweeps: what the database writes at once is what settling one by one writes, and nothing is done twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import corekit_fees as fees
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields
from sqlalchemy import Text, cast, event, func, literal, null, select, union_all

from corekit import Activity, ActivityType, Json, PluginError, Section, hookimpl
from corekit.activities.tables import activity, intake, request
from corekit.ledger.tables import lot
from corekit.program import apply_text

EXAMPLES = settings(
    max_examples=10,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# What members did before: coins earned (the last digit says in how many months they lapse) and spent, on which day.
doings = st.lists(
    st.tuples(
        st.sampled_from(["fees.earn", "fees.earn", "fees.spend", "fees.plain"]), st.integers(1, 90), st.integers(0, 29)
    ),
    max_size=5,
)
later = st.sampled_from([30, 100])
"""Before anything lapses, and when some of it has."""
ends = st.sampled_from(["", "member.frozen", "member.cancelled"])


@pytest.mark.row("X5", way="python")
def test_a_fee_is_one_activity_per_member_and_each_can_ask_why(house: Any) -> None:
    poor, enough, rich = house.joins(3)
    house.does(enough, "fees.earn", 100)
    house.does(rich, "fees.earn", 400)
    run = house.kit.jobs.run("fees.yearly")
    assert (run.state, run.found, run.settled, run.waiting, run.refused) == ("done", 3, 3, 0, 0)
    assert [house.balances(each).get("fees", 0) for each in (poor, enough, rich)] == [0, 60, 320]
    (found,) = house.rows(activity, "id", type="fees.fee", member_id=rich)
    why = house.kit.why(found[0])
    assert [(e.effect.kind, e.effect.amount, e.effect.rule, e.effect.state) for e in why.effects] == [
        ("Debit", 80, "fee.rich@1", "applied")
    ]
    (found,) = house.rows(activity, "id", type="fees.fee", member_id=poor)
    (dropped,) = house.kit.why(found[0]).effects
    assert (dropped.effect.state, dropped.effect.code) == ("dropped", "INSUFFICIENT")
    assert house.is_proved()


def test_a_fee_takes_what_lapses_first_then_what_is_oldest(house: Any) -> None:
    (member,) = house.joins()
    for coins in (39, 31, 30, 21):  # in 9 months, in 1, in 24, in 1
        house.does(member, "fees.earn", coins)
    house.kit.jobs.run("fees.yearly")
    assert house.rows(lot, "issued", "consumed") == [(21, 9), (30, 0), (31, 31), (39, 0)]
    assert house.is_proved()


def test_a_second_run_with_the_same_key_does_nothing_and_another_year_is_another_key(house: Any, year: Any) -> None:
    (member,) = house.joins()
    house.does(member, "fees.earn", 100)
    assert house.kit.jobs.run("fees.yearly").settled == 1
    again = house.kit.jobs.run("fees.yearly")
    assert (again.state, again.found, again.settled) == ("done", 0, 0)
    house.clock.set(house.clock() + year)
    assert house.kit.jobs.run("fees.yearly").settled == 1
    assert house.balances(member) == {"fees": 20}
    assert house.is_proved()


@pytest.mark.parametrize("way", ["refuse", "drop"])
def test_who_cannot_pay_is_refused_or_the_fee_is_dropped_as_the_sweep_says(make_house: Any, way: str) -> None:
    house = make_house(fees.plugin(fees.fee(otherwise=way)))
    (member,) = house.joins()
    run = house.kit.jobs.run("fees.yearly")
    assert (run.settled, run.refused) == ((0, 1) if way == "refuse" else (1, 0))
    rows = house.rows(request, "outcome", "code", "parameters", member_id=member)
    refused = ("refused", "INSUFFICIENT", {"account": "fees", "available": "0", "held": "0", "needed": "40"})
    assert (refused in rows) is (way == "refuse")
    assert house.kit.jobs.run("fees.yearly").found == 0, "it was answered"
    assert house.is_proved()


def test_what_comes_to_a_frozen_account_is_dropped_by_a_worker(house: Any) -> None:
    frozen, other = house.joins(2)
    house.does(frozen, "account.frozen", payload={"account": "fees"})
    run = house.kit.jobs.run("fees.gift")
    assert (run.settled, run.waiting) == (1, 1)
    assert (house.balances(frozen), house.balances(other)["fees"] > 0) == ({"fees": 0}, True)
    assert house.is_proved()


@pytest.mark.row("X5", way="reversal")
def test_each_activity_of_a_sweep_can_be_reversed_except_an_expiry(house: Any) -> None:
    (member,) = house.joins()
    house.does(member, "fees.earn", 101)
    house.kit.jobs.run("fees.yearly")
    house.kit.jobs.run("fees.gift")
    for kind in ("fees.gift", "fees.fee"):
        (found,) = house.rows(activity, "id", type=kind)
        house.clock.advance(seconds=1)
        assert house.kit.reverse(found[0]).settled
    assert house.balances(member) == {"fees": 101}
    house.clock.advance(days=31)
    assert house.kit.jobs.run("expiry").settled == 1
    (found,) = house.rows(activity, "id", type="fees.expired")
    assert house.kit.reverse(found[0]).code == "REVERSAL_OF_EXPIRY"
    assert house.is_proved()


def test_what_a_plugin_may_react_to_is_left_to_workers_and_ends_the_same(make_house: Any) -> None:
    house = make_house(fees.plugin(reacts=None))
    members = house.joins(3)
    for member in members:
        house.does(member, "fees.earn", 100)
    run = house.kit.jobs.run("fees.yearly")
    assert (run.settled, run.waiting) == (0, 3)
    assert house.count(intake) == 0, "called by hand, it settles them in the same run"
    assert [house.balances(member) for member in members] == [{"fees": 60}] * 3
    assert house.kit.jobs.run("fees.yearly").found == 0
    assert house.is_proved()


def test_a_ladder_that_measures_the_type_makes_the_rows_wait(make_house: Any) -> None:
    program = """
        [program]
        name = "Test"
        [[ladders]]
        code = "main"
        name = "Main"
        [[ladders.tiers]]
        code = "base"
        name = "Base"
        [[ladders.tiers]]
        code = "payer"
        name = "Payer"
        criteria = [{ metric = "fees.times", window = "lifetime", at_least = 1 }]
    """
    house = make_house(program=program)
    (member,) = house.joins()
    house.does(member, "fees.earn", 100)
    run = house.kit.jobs.run("fees.yearly")
    assert (run.settled, run.waiting) == (0, 1)
    assert house.count(activity, type="tier.changed") == 1
    assert house.is_proved()


def test_a_scheduled_run_leaves_what_is_left_to_workers(make_house: Any) -> None:
    house = make_house(fees.plugin(reacts=None))
    house.does(house.joins()[0], "fees.earn", 100)
    house.kit.jobs.ask("fees.yearly")
    (run,) = house.kit.jobs.tick()
    assert (run.state, run.waiting, house.count(intake)) == ("done", 1, 1)
    assert house.kit.jobs.run("fees.yearly").found == 0, "what waits is not asked for again"


def test_members_with_something_due_go_by_the_ordinary_path_where_it_lapses_first(house: Any) -> None:
    due, plain = house.joins(2)
    for member in (due, plain):
        house.does(member, "fees.earn", 50)
    house.does(due, "fees.earn", 101)
    house.clock.advance(days=31)
    run = house.kit.jobs.run("fees.yearly")
    assert (run.settled, run.waiting) == (1, 1)
    assert [house.balances(each)["fees"] for each in (due, plain)] == [10, 10]
    kinds = [row[1] for row in house.rows(activity, "seq", "type", member_id=due)]
    assert kinds[-2:] == ["fees.expired", "fees.fee"]
    assert house.is_proved()


@pytest.mark.parametrize(
    ("sweep", "otherwise"),
    [("fees.yearly", "drop"), ("fees.yearly", "refuse"), ("fees.gift", None), ("fees.note", None)],
)
def test_a_sweep_ends_where_settling_one_by_one_ends(make_house: Any, sweep: str, otherwise: Any) -> None:
    """The same members, by the same plugin that might react: then each row is settled like any other activity."""
    declared = [fees.fee(otherwise=otherwise), fees.GIFT, fees.NOTE]
    fast, slow = make_house(fees.plugin(*declared)), make_house(fees.plugin(*declared, reacts=None))

    @EXAMPLES
    @given(
        scripts=st.lists(st.tuples(doings, ends), min_size=2, max_size=5),
        chunk=st.sampled_from([1, 2, 5_000]),
        day=later,
    )
    def property_(scripts: list[Any], chunk: int, day: int) -> None:
        both: list[Any] = []
        start = fast.clock()
        for house in (fast, slow):
            fast.clock.set(start)
            members = house.joins(len(scripts))
            for member, (script, end) in zip(members, scripts, strict=True):
                for kind, amount, when in sorted(script, key=lambda step: step[2]):
                    fast.clock.set(start + timedelta(days=when))
                    house.does(member, kind, amount)
                if end:
                    house.does(member, end)
            fast.clock.set(start + timedelta(days=day))
            house.kit.jobs.run(sweep, chunk=chunk)
            both.append((house, members))
        assert fast.books(both[0][1]) == slow.books(both[1][1])
        fast.clock.set(start + timedelta(days=500))

    property_()
    assert fast.count(activity, type=fees.fee().activity_type if "yearly" in sweep else sweep)
    assert fast.is_proved()
    assert slow.is_proved()


def test_an_expiry_by_sweep_is_what_the_touch_of_an_account_makes(house: Any) -> None:
    @EXAMPLES
    @given(scripts=st.lists(doings, min_size=1, max_size=4), chunk=st.sampled_from([1, 2, 5_000]))
    def property_(scripts: list[Any], chunk: int) -> None:
        start = house.clock()
        both: list[list[str]] = []
        for _ in range(2):
            house.clock.set(start)
            members = house.joins(len(scripts))
            for member, script in zip(members, scripts, strict=True):
                for kind, amount, day in sorted(script, key=lambda step: step[2]):
                    house.clock.set(start + timedelta(days=day))
                    house.does(member, kind, amount)
            both.append(members)
        at = start + timedelta(days=300)
        house.clock.set(at)
        swept, touched = both
        # Each kept apart: a purchase touches, and comes after the expiry on both sides.
        for member in touched:
            assert house.kit.record(Activity(type="purchase", member=member, occurred_at=at)).settled
        house.kit.jobs.run("expiry", go=True, chunk=chunk)
        for member in swept:
            assert house.kit.record(Activity(type="purchase", member=member, occurred_at=at)).settled
        assert house.books(swept) == house.books(touched)
        house.clock.set(start + timedelta(days=900))
        house.kit.jobs.run("expiry", go=True)

    property_()
    assert house.count(activity, type="fees.expired")
    assert house.is_proved()


def test_a_gift_to_who_owes_goes_by_the_ordinary_path_and_pays_first(house: Any) -> None:
    (member,) = house.joins()
    earned = house.does(member, "fees.earn", 20)
    house.does(member, "fees.spend", 20)
    house.clock.advance(seconds=1)
    house.kit.reverse(earned.activity_id)
    assert house.balances(member)["fees.debt"] == -20
    run = house.kit.jobs.run("fees.gift")
    assert (run.settled, run.waiting) == (0, 1)
    assert house.balances(member) == {"fees": 0, "fees.debt": -13}
    assert house.is_proved()


@pytest.mark.parametrize("reacts", [("fees.earn",), None])
def test_a_sweep_without_an_effect_records_what_its_select_tells(make_house: Any, reacts: Any) -> None:
    def told(bounds: Any) -> Any:
        rows = fees.notes(bounds).subquery()
        return select(*rows.c, literal({"why": "x'y", "n": 1}, Json()).label("payload"))

    house = make_house(fees.plugin(evolve(fees.NOTE, select=told), reacts=reacts))
    house.joins(2)
    house.kit.jobs.run("fees.note")
    assert house.rows(activity, "payload", "amount", type="fees.note") == [({"why": "x'y", "n": 1}, 0)] * 2
    assert house.is_proved()


@pytest.mark.parametrize("effect", ["Debit", "Credit"])
def test_an_account_kind_without_lots_is_swept_as_well(make_house: Any, effect: Any) -> None:
    declared = [fees.fee(account="fees.plain", effect=effect)]
    fast, slow = make_house(fees.plugin(*declared)), make_house(fees.plugin(*declared, reacts=None))
    books: list[Any] = []
    for house in (fast, slow):
        house.clock.set("2026-05-01T00:00:00+00:00")
        members = house.joins(3)
        for member, amount in zip(members, (10, 100), strict=False):
            house.does(member, "fees.plain", amount)
        run = house.kit.jobs.run("fees.yearly")
        assert (run.settled, run.waiting) == ((3, 0) if house is fast else (0, 3))
        books.append(house.books(members))
        assert house.is_proved()
    assert books[0] == books[1]


def test_a_run_as_of_an_instant_settles_then(house: Any) -> None:
    (member,) = house.joins()
    house.does(member, "fees.earn", 100)
    at = house.clock() + timedelta(days=3)
    house.kit.jobs.run("fees.yearly", at)
    micros = int(at.timestamp() * 1_000_000)
    assert house.rows(activity, "occurred_at", "recorded_at", type="fees.fee") == [(micros, micros)]


def test_many_members_in_small_chunks_are_each_done_once(house: Any) -> None:
    members = house.joins(25)
    for member in members:
        house.does(member, "fees.earn", 100)
    run = house.kit.jobs.run("fees.yearly", chunk=4)
    assert (run.settled, house.count(activity, type="fees.fee")) == (25, 25)
    assert house.is_proved()


@pytest.mark.parametrize("chunk", [1, 3])
def test_a_member_with_several_rows_is_done_row_by_row(make_house: Any, chunk: int) -> None:
    def twice(bounds: Any) -> Any:
        one = fees.gifts(bounds).subquery()
        kept = [
            select(one.c.member_id, one.c.key.concat(suffix).label("key"), one.c.amount, one.c.rule) for suffix in "ab"
        ]
        both = union_all(*kept).subquery()
        return select(both)

    house = make_house(fees.plugin(evolve(fees.GIFT, select=twice)))
    members = house.joins(5)
    assert house.kit.jobs.run("fees.gift", chunk=chunk).settled == 10
    assert [house.balances(member) for member in members] == [{"fees": 14}] * 5
    assert house.is_proved()


@pytest.mark.parametrize(("chunk", "looks"), [(1, 16), (4, 4), (100, 1)])
def test_all_rows_of_a_member_are_left_to_workers_at_once_by_a_select_that_is_built_once(
    make_house: Any, chunk: int, looks: int
) -> None:
    built: list[Any] = []

    def thrice(bounds: Any) -> Any:
        built.append(bounds)
        one = fees.notes(bounds).subquery()
        kept = [
            select(one.c.member_id, one.c.key.concat(suffix).label("key"), one.c.amount, one.c.rule) for suffix in "abc"
        ]
        return select(union_all(*kept).subquery())

    house = make_house(fees.plugin(evolve(fees.NOTE, select=thrice), reacts=None))
    members = house.joins(5)
    sent: list[str] = []
    for engine in house.kit.database.engines:
        event.listen(engine, "before_cursor_execute", lambda *args: sent.append(args[2]))
    run = house.kit.jobs.run("fees.note", chunk=chunk)
    assert (run.found, run.waiting) == (15, 15)
    assert [house.count(activity, type="fees.note", member_id=member) for member in members] == [3] * 5
    assert len(built) == 2, "once to survey, once for all chunks"
    assert sum("INSERT INTO corekit_swept (" in text for text in sent) == looks
    assert house.is_proved()


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_the_select_of_a_sweep_alone_may_take_its_time_and_join_sets(make_house: Any) -> None:
    names = ("statement_timeout", "enable_hashjoin", "plan_cache_mode")

    def settings_then(bounds: Any) -> Any:
        rows = fees.notes(bounds).subquery()
        told = func.jsonb_build_object(*(each for name in names for each in (name, func.current_setting(name))))
        return select(*rows.c, told.label("payload"))

    house = make_house(fees.plugin(evolve(fees.NOTE, select=settings_then)))
    house.joins()
    later: list[tuple[str, ...]] = []

    def look(connection: Any, _cursor: Any, text: str, *_: Any) -> None:
        if text.lstrip().startswith("INSERT INTO core_activity"):
            cursor = connection.connection.cursor()
            cursor.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
            later.append(cursor.fetchone())

    for engine in house.kit.database.engines:
        event.listen(engine, "before_cursor_execute", look)
    house.kit.jobs.run("fees.note")
    chosen = dict(zip(names, ("0", "on", "force_custom_plan"), strict=True))
    assert house.rows(activity, "payload", type="fees.note") == [(chosen,)]
    assert later == [("10s", "off", "force_generic_plan")]


# What is declared wrongly


def _refused(make_house: Any, *sweeps: Any) -> str:
    with pytest.raises(PluginError) as refusal:
        make_house(fees.plugin(*sweeps))
    return str(refusal.value)


def test_a_sweep_must_record_a_type_of_its_own_that_nobody_else_records(make_house: Any) -> None:
    assert "does not declare" in _refused(make_house, fees.fee(activity_type="purchase"))
    assert "internal=True" in _refused(make_house, fees.fee(activity_type="fees.spend"))
    assert "an effect or an account alone" in _refused(make_house, fees.fee(account=None))
    assert "sweeps already" in _refused(make_house, fees.fee(), fees.fee(name="fees.again"))
    assert "not its own" in _refused(make_house, fees.fee(name="yearly"))


@pytest.mark.parametrize(
    ("column", "value"), [("amount", 0), ("amount", 10**15 + 1), ("key", "k" * 200), ("rule", None), ("key", None)]
)
def test_a_select_that_gives_what_no_activity_can_be_is_refused_before_anything_is_written(
    make_house: Any, column: str, value: Any
) -> None:
    def odd(bounds: Any) -> Any:
        rows = fees.gifts(bounds).subquery()
        given = cast(null(), Text) if value is None else literal(value)
        return select(*[given.label(c.name) if c.name == column else c for c in rows.c])

    house = make_house(fees.plugin(evolve(fees.GIFT, select=odd)))
    house.joins(2)
    with pytest.raises(PluginError) as refusal:
        house.kit.jobs.run("fees.gift")
    assert refusal.value.code == "SWEEP_INVALID"
    assert house.count(activity, type="fees.gift") == 0
    (run,) = house.kit.jobs.runs("fees.gift")
    assert (run.state, run.code) == ("failed", "SWEEP_INVALID")


def test_a_sweep_takes_back_the_activities_that_its_select_names(make_house: Any) -> None:
    def earned(bounds: Any) -> Any:
        key = func.replace(cast(activity.c.id, Text), "-", "")
        return select(
            activity.c.member_id,
            key.label("key"),
            literal(0).label("amount"),
            literal("back@1").label("rule"),
            activity.c.id.label("reverses"),
        ).where(bounds.within(activity.c.member_id), activity.c.type == "fees.earn")

    back = evolve(fees.NOTE, name="fees.back", activity_type="fees.back", select=earned)
    type_ = ActivityType(name="fees.back", internal=True, reversal=True)
    house = make_house(fees.plugin(back, types=(*fees.TYPES, type_)))
    first, second = house.joins(2)
    for coins in (39, 31):
        house.does(first, "fees.earn", coins)
    run = house.kit.jobs.run("fees.back")
    assert (run.found, run.waiting) == (2, 2)
    house.kit.work()
    assert (house.balances(first), house.balances(second)) == ({"fees": 0}, {})
    assert house.count(activity, type="fees.back", state="settled") == 2
    assert house.kit.jobs.run("fees.back").found == 0
    assert house.is_proved()


def test_a_sweep_of_reversals_says_what_it_takes_back(make_house: Any) -> None:
    type_ = ActivityType(name="fees.note", internal=True, reversal=True)
    others = [each for each in fees.TYPES if each.name != "fees.note"]
    house = make_house(fees.plugin(fees.NOTE, types=(*others, type_)))
    house.joins()
    with pytest.raises(PluginError, match="what it reverses"):
        house.kit.jobs.run("fees.note")


def test_an_account_of_another_unit_or_of_nobody_is_refused(make_house: Any) -> None:
    for sweep in (
        fees.fee(account="fees.gone"),
        evolve(fees.NOTE, activity_type="fees.note", effect="Debit", account="fees"),
    ):
        house = make_house(fees.plugin(sweep))
        with pytest.raises(PluginError) as refusal:
            house.kit.jobs.run(sweep.name)
        assert refusal.value.code == "SWEEP_INVALID"


def test_a_plugin_is_not_asked_about_types_to_which_it_says_it_does_not_react(make_house: Any) -> None:
    module = fees.plugin()
    asked: list[str] = []
    react = module.corekit_react

    @hookimpl
    def corekit_react(batch: Any, facts: Any) -> Any:
        asked.extend(each.type for each in batch)
        yield from react(batch, facts)

    vars(module)["corekit_react"] = corekit_react
    house = make_house(module)
    (member,) = house.joins()
    house.does(member, "purchase", 5)
    house.does(member, "fees.earn", 5)
    assert asked == ["fees.earn"]


def test_a_select_sees_what_the_program_says_at_its_instant(make_house: Any) -> None:
    seen: list[tuple[Any, str]] = []

    class Fees(Schema):
        amount = fields.Integer(load_default=0)

    def select_(bounds: Any) -> Any:
        seen.append((bounds.program, str(bounds.zone)))
        chosen: Any = fees.yearly(bounds)
        return chosen.where(literal(bounds.program["amount"]) > 0)

    program = '[program]\nname = "Shop"\n[fees]\namount = {}\n'
    plugin = fees.plugin(fees.fee(select=select_), program=Section(schema=Fees))
    house = make_house(plugin, program=program.format(5), time_zone="Asia/Shanghai")
    house.joins()
    assert house.kit.jobs.run("fees.yearly").settled == 1
    assert {(found["amount"], zone) for found, zone in seen} == {(5, "Asia/Shanghai")}
    apply_text(house.kit, program.format(0))
    house.joins()
    assert house.kit.jobs.run("fees.yearly").found == 0
