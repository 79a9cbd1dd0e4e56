"""A person's rights: to know everything that is known, and to be forgotten while value and its history stay."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event, inspect, select, text

from corekit import Activity, Declares, Invalid, NotFound, Reader
from corekit.activities.read import activities_of
from corekit.members import privacy
from corekit.members.history import changes
from corekit.members.privacy import erasures
from corekit.members.read import consents, members, tags
from corekit.members.tables import profile
from corekit.testing.modules import plugin_module

SECRETS = (
    "Anneliese",
    "anneliese@example.org",
    "+497311234567",
    "Donaustrasse",
    "crm-secret",
    "1990-02-28",
    "e-secret",
)


def person(kit: Any) -> str:
    told = {
        "name": "Anneliese",
        "email": "anneliese@example.org",
        "phone": "+497311234567",
        "birthday": "1990-02-28",
        "identity": {"address": "Donaustrasse 1"},
        "external_id": "e-secret",
        "external_ids": {"crm": "crm-secret"},
        "channel": "web",
    }
    member = str(kit.record(Activity(type="member.registered", payload=told)).member)
    for kind, payload in (
        ("member.updated", {"name": "Anneliese Arbor", "reason": "married"}),
        ("member.tagged", {"add": ["vip"]}),
        ("member.consented", {"purpose": "marketing", "granted": True}),
    ):
        assert kit.record(Activity(type=kind, member=member, payload=payload)).settled
    kit.record(Activity(type="purchase", member=member, amount=4200))
    return member


def stored(kit: Any) -> str:
    """Return everything that the database holds, as text."""
    with kit.database.connect() as connection:
        names = [name for name in inspect(connection).get_table_names() if name.startswith("core_")]
        return "\n".join(str(tuple(row)) for name in names for row in connection.execute(text(f"SELECT * FROM {name}")))


@pytest.mark.row("M9", way="python")
def test_everything_that_is_known_comes_as_one_document_with_what_plugins_know(make_kit: Any) -> None:
    def told(member: str, read: Reader) -> dict[str, Any]:
        assert read.one(select(profile.c.name).where(profile.c.member_id == member)) is not None
        return {"notes": [member]}

    book = plugin_module(Declares(), "book", corekit_export=told)
    silent = plugin_module(Declares(), "silent", corekit_export=lambda: None)
    kit = make_kit(["points", "book", "silent"], modules={"book": book, "silent": silent})
    member = person(kit)
    document = kit.export(member)
    assert document["member"].name == "Anneliese Arbor"
    assert document["plugins"] == {"book": {"notes": [member]}}
    assert document["activities"][0].type == "purchase"
    assert (document["tags"], [each.field for each in document["changes"]]) == (["vip"], ["name"])
    assert document["external_ids"][0].external_id == "crm-secret"


@pytest.mark.row("M9", way="python")
def test_who_is_forgotten_is_nowhere_in_the_database_and_value_stays(make_kit: Any) -> None:
    kit = make_kit(["points"])
    member = person(kit)
    assert all(secret in stored(kit) for secret in SECRETS)
    request = kit.erase(member, reason="asked by letter", actor="staff:mira")
    assert (request.state, request.obstacle) == ("done", None)
    left = stored(kit)
    assert [secret for secret in SECRETS if secret in left] == []
    with kit.read() as read:
        found = members(read, [member])[member]
        assert (found.name, found.state, found.channel) == (None, "cancelled", "erased")
        assert (changes(read, [member])[member], tags(read, [member])[member]) == ([], [])
        assert len(consents(read, [member])[member]) == 1  # that consent was given has to be shown later
    assert kit.record(Activity(type="purchase", member=member, amount=1)).code == "MEMBER_CANCELLED"
    assert kit.verify().clean
    again = kit.record(Activity(type="member.registered", payload={"phone": "+497311234567"}))
    assert again.settled  # a stranger to us


@pytest.mark.row("M9", way="bad_input")
def test_of_a_history_no_page_of_nothing_is_asked_for(make_kit: Any) -> None:
    kit = make_kit()
    member = person(kit)
    with kit.read() as read, pytest.raises(Invalid, match="PAGE_SIZE"):
        changes(read, [member], 0)


@pytest.mark.row("M9", way="python")
def test_who_is_forgotten_by_several_at_once_is_forgotten(make_kit: Any) -> None:
    kit = make_kit()
    member = person(kit)
    together = Barrier(4)

    def erase(_: int) -> str:
        together.wait()
        return str(kit.erase(member).state)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(erase, range(4))) == {"done"}
    assert kit.verify().clean


@pytest.mark.row("M9", way="python")
@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_request_that_somebody_asks_for_again_is_not_closed_before_they_have_it(make_kit: Any) -> None:
    kit = make_kit()
    member = person(kit)
    closing = text(
        "UPDATE core_erasure SET state = 'done' WHERE id IN (SELECT id FROM core_erasure FOR UPDATE SKIP LOCKED)"
    )
    closed: list[int] = []

    def close(_connection: Any, _cursor: Any, sent: str, *_: Any) -> None:
        if sent.startswith("INSERT INTO core_erasure"):
            with kit.database.engine.begin() as other:
                closed.append(other.execute(closing).rowcount)

    asked = privacy._open(kit, member, "asked", None)
    event.listen(kit.database.engine, "after_cursor_execute", close)
    assert privacy._open(kit, member, "asked again", None) == asked
    assert closed == [0]


@pytest.mark.row("M9", way="bad_input")
@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_what_was_forgotten_meanwhile_has_no_obstacle(make_kit: Any) -> None:
    states: list[str] = []

    def erase(member: str, write: Any) -> None:
        if not states:
            states.append("begun")
            with ThreadPoolExecutor(1) as pool:
                states.append(pool.submit(kit.erase, member).result().state)
            raise ValueError("too late")

    kit = make_kit(["book"], modules={"book": plugin_module(Declares(), "book", corekit_erase=erase)})
    request = kit.erase(person(kit))
    assert states == ["begun", "done"]
    assert (request.state, request.obstacle) == ("done", None)


@pytest.mark.row("M9", way="python")
@pytest.mark.parametrize("stays", [0, 1])
def test_who_is_merged_while_one_of_the_two_is_forgotten_is_forgotten_as_well(
    make_kit: Any, monkeypatch: pytest.MonkeyPatch, stays: int
) -> None:
    def opened(*arguments: Any) -> str:
        monkeypatch.undo()
        request = privacy._open(*arguments)
        assert kit.merge(both[stays], both[1 - stays]).settled
        return request

    kit = make_kit()
    forgotten = str(kit.record(Activity(type="member.registered")).member)
    both = forgotten, person(kit)
    monkeypatch.setattr(privacy, "_open", opened)
    request = kit.erase(forgotten)
    assert (request.state, request.obstacle) == ("done", None)
    assert [secret for secret in SECRETS if secret in stored(kit)] == []
    with kit.read() as read:
        assert erasures(read, state="open") == []
    assert kit.verify().clean


@pytest.mark.row("M9", way="python")
def test_what_settles_after_plugins_have_erased_is_erased_by_them_as_well(
    make_kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def settle_own(*activities: Any) -> Any:
        monkeypatch.undo()
        told.append(kit.record(Activity(type="purchase", member=member, amount=100)).outcome)
        return kit.settle_own(*activities)

    def erase(member: str, write: Any) -> None:
        told.append("erased")

    kit = make_kit(["book"], modules={"book": plugin_module(Declares(), "book", corekit_erase=erase)})
    member = person(kit)
    monkeypatch.setattr(kit, "settle_own", settle_own)
    assert kit.erase(member).state == "done"
    assert told == ["erased", "settled", "erased"]


@pytest.mark.row("M9", way="bad_input")
def test_while_a_plugin_cannot_erase_the_request_stays_open_and_says_who(make_kit: Any) -> None:
    ready: list[str] = []

    def erase(member: str, write: Any) -> None:
        if not ready:
            raise ValueError("secret of the plugin")
        ready.append(member)

    book = plugin_module(Declares(), "book", corekit_erase=erase)
    kit = make_kit(["book"], modules={"book": book})
    member = person(kit)
    request = kit.erase(member, reason="asked")
    assert (request.state, "plugin book" in request.obstacle, "secret" in request.obstacle) == ("open", True, False)
    with kit.read() as read:
        assert members(read, [member])[member].name == "Anneliese Arbor"
        assert [each.id for each in erasures(read, state="open")] == [request.id]
    ready.append("now")
    done = kit.erase(member)
    assert (done.id, done.state, done.reason) == (request.id, "done", "asked")
    assert ready == ["now", member, member]  # once more for what was recorded before the core forgot it


@pytest.mark.row("M9", way="bad_input")
def test_a_plugin_erases_in_its_own_tables_only(make_kit: Any) -> None:
    def erase(member: str, write: Any) -> None:
        write.execute(profile.delete().where(profile.c.member_id == member))

    kit = make_kit(["book"], modules={"book": plugin_module(Declares(), "book", corekit_erase=erase)})
    member = person(kit)
    assert kit.erase(member).state == "open"
    with kit.read() as read:
        assert read.scalar(select(profile.c.name).where(profile.c.member_id == member)) == "Anneliese Arbor"


@pytest.mark.row("M9", way="bad_input")
@pytest.mark.parametrize("member", ["nobody", "0" * 32])
def test_nobody_is_not_found(kit: Any, member: str) -> None:
    with pytest.raises(NotFound):
        kit.export(member)
    with pytest.raises(NotFound):
        kit.erase(member)


@pytest.mark.row("M9", way="reversal")
def test_what_was_forgotten_does_not_come_back(kit: Any) -> None:
    member = person(kit)
    kit.erase(member)
    with kit.read() as read:
        newest = activities_of(read, [member], None, first=1)[member].items[0]
    assert newest.type == "member.erased"
    assert kit.reverse(newest.id).code == "NOT_REVERSIBLE"


@pytest.mark.row("M9", way="bad_input")
def test_the_door_does_not_take_an_erasure_that_leaves_the_plugins_out(kit: Any) -> None:
    (outcome,) = kit.record_many([Activity(type="member.erased", member=person(kit))])
    assert [problem.code for problem in outcome.problems] == ["TYPE_INTERNAL"]
