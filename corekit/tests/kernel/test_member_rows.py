"""What plugins keep of members in tables of their own: it passes where two become one, goes back, and is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from corekit_keeps import tables
from corekit_toy.tables import holding
from sqlalchemy import func, insert, select

from corekit import Activity, Applied, Busy, Declares, Lineage, MemberRows, PluginWrite
from corekit.activities.tables import moved_row
from corekit.ids import new_id
from corekit.removal import remove
from corekit.testing.modules import plugin_module

NOTE, TICKET, SEAT = (MemberRows(each.c.member_id) for each in (tables.note, tables.ticket, tables.seat))
PLACE = new_id()


def keeping(*rows: MemberRows, by: str = "keeps") -> ModuleType:
    """Return a plugin with what it declares of its rows."""
    lineage = Lineage(owner=by, package=f"corekit_{by}", metadata=rows[0].member.table.metadata)
    return plugin_module(Declares(lineage=lineage, members=rows), by)


@pytest.fixture
def house(make_world: Callable[..., Any]) -> Any:
    return make_world(modules={"keeps": keeping(NOTE, TICKET, SEAT)})


def write(world: Any, table: Any, *rows: dict[str, Any]) -> None:
    with world.kit.database.write() as connection:
        connection.execute(insert(table), [*rows])


def note(world: Any, member: str, *texts: str) -> None:
    write(world, tables.note, *({"id": new_id(), "member_id": member, "text": each} for each in texts))


def ticket(world: Any, member: str, kind: str | None, *, over: bool = False) -> None:
    write(world, tables.ticket, {"id": new_id(), "member_id": member, "kind": kind, "over": over})


def seat(world: Any, member: str, place: str) -> None:
    write(world, tables.seat, {"place_id": place, "member_id": member})


def kept(world: Any, table: Any, column: Any, *members: str | None) -> list[list[Any]]:
    """Return what each member has in a table."""
    with world.kit.read() as read:
        rows = read.all(select(table.c.member_id, column).order_by(column))
    return [[row[1] for row in rows if row[0] == member] for member in members]


def noted(world: Any) -> int:
    with world.kit.read() as read:
        return int(read.scalar(select(func.count()).select_from(moved_row)))


def test_rows_pass_to_the_survivor_and_just_those_go_back(house: Any) -> None:
    ann, bob = house.member(), house.member()
    note(house, ann, "own")
    note(house, bob, "first", "second")
    merged = house.kit.merge(ann, bob)
    assert merged.settled
    assert kept(house, tables.note, tables.note.c.text, ann, bob) == [["first", "own", "second"], []]
    note(house, ann, "later")
    assert house.kit.reverse(merged.activity_id).settled
    assert kept(house, tables.note, tables.note.c.text, ann, bob) == [["later", "own"], ["first", "second"]]
    assert noted(house) == 0
    assert house.is_proved()


def test_of_two_merges_the_earlier_is_taken_back_alone(house: Any) -> None:
    ann, bob, cas = (house.member() for _ in range(3))
    note(house, bob, "b")
    note(house, cas, "c")
    first = house.kit.merge(ann, bob)
    assert house.kit.merge(ann, cas).settled
    assert house.kit.reverse(first.activity_id).settled
    assert kept(house, tables.note, tables.note.c.text, ann, bob, cas) == [["c"], ["b"], []]
    assert noted(house) == 1


def test_notes_go_with_the_plugin_and_nobody_elses(make_world: Callable[..., Any], tmp_path: Path) -> None:
    piece = MemberRows(holding.c.member_id)
    world = make_world(modules={"keeps": keeping(NOTE), "toy": keeping(piece, by="toy")})
    ann, bob, cas = (world.member() for _ in range(3))
    for member in (bob, cas):
        note(world, member, member)
        write(world, holding, {"effect_id": new_id(), "member_id": member, "item": "card"})
    merges = [world.kit.merge(ann, member) for member in (bob, cas)]
    assert noted(world) == 4
    remove(world.kit, "toy", archive=tmp_path / "toy.zip")
    assert noted(world) == 2
    url = world.kit.database.url.render_as_string(hide_password=False)
    without = make_world(database=url, modules={"keeps": keeping(NOTE)})
    assert kept(without, tables.note, tables.note.c.text, ann) == [sorted([bob, cas])]
    assert [without.kit.reverse(each.activity_id).code for each in merges] == ["PLUGIN_OFF", "PLUGIN_OFF"]
    assert without.is_proved()


def test_why_names_the_plugin_whose_rows_passed(house: Any) -> None:
    merged = house.kit.merge(house.member(), house.member())
    told = [(each.effect.owner, each.effect.kind) for each in house.kit.why(merged.activity_id).effects]
    assert ("keeps", "keeps.member_rows") in told


@pytest.mark.parametrize("at_once", [False, True])
def test_rows_go_along_a_chain_and_come_back_in_turn(house: Any, *, at_once: bool) -> None:
    ann, bob, cas = (house.member() for _ in range(3))
    for member, text in ((ann, "a"), (bob, "b"), (cas, "c")):
        note(house, member, text)
    coming: list[Activity] = []
    for member, other in ((bob, cas), (ann, bob)):
        house.clock.advance(seconds=1)
        coming.append(house.activity(member, "member.merged", members=(other,)))
    chunks = [coming] if at_once else [[each] for each in coming]
    first, second = (answer for chunk in chunks for answer in house.kit.record_many(chunk))
    assert kept(house, tables.note, tables.note.c.text, ann, bob, cas) == [["a", "b", "c"], [], []]
    assert house.kit.reverse(second.activity_id).settled
    assert kept(house, tables.note, tables.note.c.text, ann, bob, cas) == [["a"], ["b", "c"], []]
    assert house.kit.reverse(first.activity_id).settled
    assert kept(house, tables.note, tables.note.c.text, ann, bob, cas) == [["a"], ["b"], ["c"]]


def test_what_both_have_under_the_same_unique_key_stays_with_each(house: Any) -> None:
    ann, bob = house.member(), house.member()
    ticket(house, ann, "train")
    for kind, over in (("train", False), ("train", True), ("bus", False), (None, False)):
        ticket(house, bob, kind, over=over)
    ids = tables.ticket.c.id
    before = kept(house, tables.ticket, ids, ann, bob)
    merged = house.kit.merge(ann, bob)
    assert kept(house, tables.ticket, tables.ticket.c.kind, bob) == [["train"]]
    (left,) = kept(house, tables.ticket, ids, bob)
    assert left[0] in before[1]
    assert len(kept(house, tables.ticket, ids, ann)[0]) == 4
    assert house.kit.reverse(merged.activity_id).settled
    assert kept(house, tables.ticket, ids, ann, bob) == before


def test_rows_known_by_what_others_have_too_pass_by_member(house: Any) -> None:
    ann, bob, cas = (house.member() for _ in range(3))
    alone = new_id()
    for member, place in ((ann, PLACE), (bob, PLACE), (cas, PLACE), (bob, alone), (cas, alone)):
        seat(house, member, place)
    before = kept(house, tables.seat, tables.seat.c.place_id, ann, bob, cas)
    merged = house.kit.merge(ann, bob)
    assert kept(house, tables.seat, tables.seat.c.place_id, bob, cas) == [[PLACE], before[2]]
    assert kept(house, tables.seat, tables.seat.c.place_id, ann) == [before[2]]
    assert house.kit.reverse(merged.activity_id).settled
    assert kept(house, tables.seat, tables.seat.c.place_id, ann, bob, cas) == before


def test_a_plugin_does_its_part_once_for_all_merges_of_a_chunk(make_world: Callable[..., Any]) -> None:
    told: list[tuple[str, Any]] = []

    def tell(what: str) -> Callable[[PluginWrite, Sequence[Applied]], None]:
        def do(by: PluginWrite, merges: Sequence[Applied]) -> None:
            found = by.execute(select(tables.note.c.member_id).distinct())
            whose = {row.member_id for row in found}
            told.append((what, [(each.member in whose, each.effect.giver in whose) for each in merges]))

        return do

    rows = MemberRows(tables.note.c.member_id, before=tell("before"), after=tell("after"), back=tell("back"))
    house = make_world(modules={"keeps": keeping(rows)})
    pairs = [(house.member(), house.member()) for _ in range(3)]
    for _, other in pairs:
        note(house, other, "mine")
    merges = [house.activity(member, "member.merged", members=(other,)) for member, other in pairs]
    answers = list(house.kit.record_many(merges))
    assert told == [("before", [(False, True)] * 3), ("after", [(True, False)] * 3)]
    back = [house.activity(each.member, "reversal", reverses=each.activity_id) for each in answers]
    assert all(answer.settled for answer in house.kit.record_many(back))
    assert told[2:] == [("back", [(False, True)] * 3)]


@pytest.mark.parametrize("when", ["before", "after"])
def test_where_a_plugin_raises_nothing_passes(make_world: Callable[..., Any], when: str) -> None:
    broken = [True]

    def fail(*_: object) -> None:
        if broken:
            raise RuntimeError

    given: dict[str, Any] = {when: fail}
    house = make_world(modules={"keeps": keeping(MemberRows(tables.note.c.member_id, **given))})
    ann, bob = house.member(), house.member()
    note(house, bob, "mine")
    failed = house.kit.merge(ann, bob, external_id="m-1")
    assert (failed.outcome, failed.code, failed.parameters) == ("failed", "PLUGIN_FAILED", {"plugin": "keeps"})
    assert kept(house, tables.note, tables.note.c.text, ann, bob) == [[], ["mine"]]
    assert noted(house) == 0
    broken.clear()
    assert house.kit.merge(ann, bob, external_id="m-1").settled
    assert house.is_proved()


@pytest.mark.parametrize("whom", [0, 1])
def test_who_is_forgotten_takes_the_rows_along(house: Any, whom: int) -> None:
    ann, bob, cas = members = [house.member() for _ in range(3)]
    for member in members:
        note(house, member, "secret")
        ticket(house, member, "train")
        seat(house, member, PLACE)
    house.kit.merge(ann, bob)
    assert house.kit.erase(members[whom]).state == "done"
    for table in (tables.note, tables.ticket, tables.seat):
        assert [len(each) for each in kept(house, table, table.c.member_id, ann, bob, cas)] == [0, 0, 1]
    assert noted(house) == 0
    assert house.is_proved()


def test_rows_stay_or_no_longer_name_anybody_where_that_is_declared(make_world: Callable[..., Any]) -> None:
    rows = [
        MemberRows(tables.note.c.member_id, erase="anonymise"),
        MemberRows(tables.ticket.c.member_id, merge="stay"),
    ]
    house = make_world(modules={"keeps": keeping(*rows)})
    ann, bob = house.member(), house.member()
    note(house, bob, "of whom?")
    ticket(house, bob, "train")
    house.kit.merge(ann, bob)
    assert kept(house, tables.ticket, tables.ticket.c.kind, ann, bob) == [[], ["train"]]
    assert house.kit.erase(ann).state == "done"
    assert kept(house, tables.note, tables.note.c.text, ann, bob, None) == [[], [], ["of whom?"]]
    assert kept(house, tables.ticket, tables.ticket.c.kind, ann, bob) == [[], []]


def test_a_merge_waits_for_a_plugin_that_is_suspended(house: Any) -> None:
    ann, bob = house.member(), house.member()
    note(house, bob, "mine")
    assert house.kit.suspend("keeps")
    with pytest.raises(Busy, match="keeps"):
        house.kit.merge(ann, bob, external_id="m-1")
    assert kept(house, tables.note, tables.note.c.text, ann, bob) == [[], ["mine"]]
    assert house.kit.resume("keeps")
    assert house.kit.merge(ann, bob, external_id="m-1").settled
    assert kept(house, tables.note, tables.note.c.text, ann, bob) == [["mine"], []]


def test_without_the_plugin_a_merge_is_not_taken_back(house: Any, make_world: Callable[..., Any]) -> None:
    merged = house.kit.merge(house.member(), house.member())
    bare = make_world(database=house.kit.database.url.render_as_string(hide_password=False))
    refused = bare.kit.reverse(merged.activity_id)
    assert (refused.code, refused.parameters) == ("PLUGIN_OFF", {"plugin": "keeps"})
    assert house.kit.reverse(merged.activity_id).settled


def test_a_plugin_writes_what_the_kernel_notes_in_no_other_call(make_world: Callable[..., Any]) -> None:
    def erase(member: str, write: PluginWrite) -> None:
        write.execute(insert(moved_row), [{"effect_id": member, "relation": "keeps_note", "row_id": member}])

    lineage = Lineage(owner="keeps", package="corekit_keeps", metadata=tables.metadata)
    module = plugin_module(Declares(lineage=lineage, members=[NOTE]), "keeps", corekit_erase=erase)
    house = make_world(modules={"keeps": module})
    assert house.kit.erase(house.member()).state == "open"
    assert noted(house) == 0
