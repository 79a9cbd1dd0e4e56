"""A plugin is removed for good: its value goes where it is told to, its rows into an archive, its tables away."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import inspect, text

from corekit import AccountKind, Activity, ActivityType, Batch, Credit, Declares, Effect, Invalid, Kit, NotFound, Unit
from corekit.activities.read import activities_of
from corekit.audit.trail import audit_page
from corekit.errors import Busy, Unavailable
from corekit.ledger.read import balances
from corekit.removal import InUse, Removal, archive, closing, remove, removing
from corekit.testing.clock import SettableClock
from corekit.testing.modules import plugin_module

Remove = Callable[..., Removal]
Off = Callable[[], Any]


def keeps(name: str) -> ModuleType:
    """Return a plugin that keeps an account kind in the same unit, and one in another."""
    kinds = [
        AccountKind(code=name, unit=Unit("toys"), lots=True),
        AccountKind(code=f"{name}.plain", unit=Unit("toys")),
        AccountKind(code=f"{name}.stones", unit=Unit("stones")),
    ]
    spend = ActivityType(name=f"{name}.told", description="Nothing.")
    return plugin_module(Declares(accounts=kinds, activities=[spend]), name)


@pytest.fixture
def world(make_world: Callable[..., Any], toy: ModuleType) -> Any:
    return make_world(modules={"toy": toy, "box": keeps("box")})


@pytest.fixture
def off(world: Any, make_world: Callable[..., Any]) -> Off:
    """Open the database of the world without the toy."""
    url = world.kit.database.url.render_as_string(hide_password=False)
    return lambda: make_world(database=url, modules={"box": keeps("box")})


@pytest.fixture
def take(world: Any, tmp_path: Path) -> Remove:
    """Remove the toy, into an archive, with its value written off; or as the test says."""

    def take(**options: Any) -> Removal:
        given: dict[str, Any] = {"value_to": "write-off", "archive": tmp_path / "toy.zip", "actor": "staff:mira"}
        return remove(world.kit, "toy", **(given | options))

    return take


def tables(kit: Kit) -> set[str]:
    return set(inspect(kit.database.engine).get_table_names())


def audited(kit: Kit) -> list[Any]:
    with kit.read() as read:
        return [each for each in audit_page(read, first=50).items if each.what == "plugin.removed"]


def history(kit: Kit, member: str) -> list[Any]:
    """Return a member's activities, the latest first."""
    with kit.read() as read:
        return list(activities_of(read, [member], first=50)[member].items)


def house(kit: Kit, kind: str) -> int:
    """Return what a house account received less what it gave."""
    statement = text(
        "SELECT coalesce(sum(CASE WHEN c.kind = :kind THEN p.amount ELSE 0 END), 0)"
        " - coalesce(sum(CASE WHEN d.kind = :kind THEN p.amount ELSE 0 END), 0) FROM core_posting p"
        " JOIN core_account c ON c.id = p.credit_account_id JOIN core_account d ON d.id = p.debit_account_id"
    )
    with kit.database.connect() as connection:
        return int(connection.execute(statement, {"kind": kind}).scalar_one())


# ---------------------------------------------------------------------------------------------- what stands against it


def test_who_installs_it_again_after_it_was_suspended_begins_anew(world: Any, take: Remove) -> None:
    world.kit.suspend("toy", "it gave twice")
    take()
    assert world.kit.suspensions() == []


def test_value_that_members_have_stands_against_it(world: Any, take: Remove) -> None:
    world.does(world.member(), "toy.earn", 70)
    with pytest.raises(InUse) as refused:
        take(value_to=None)
    assert refused.value.message == (
        "plugin 'toy' (module corekit_toy.plugin) cannot be removed: members have 70 toys of toy (members: 1); "
        "say where that goes: --value-to write-off, or another kind of the same unit"
    )
    assert "toy_stock" in tables(world.kit)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("bxo", "there is no account kind bxo (did you mean 'box'?)"),
        ("toy.plain", "toy.plain is one of its own kinds, and goes with it"),
        ("box.stones", "box.stones is kept in stones, not in toys"),
    ],
)
def test_where_value_goes_must_fit(world: Any, take: Remove, target: str, said: str) -> None:
    world.does(world.member(), "toy.earn", 70)
    with pytest.raises(InUse) as refused:
        take(value_to=target)
    assert refused.value.parameters["obstacles"] == [said]


def test_tables_without_an_archive_stand_against_it(take: Remove) -> None:
    with pytest.raises(InUse, match="its tables, and what waits for it, go into an archive; say --archive FILE"):
        take(archive=None)


def test_what_waits_for_it_stands_against_it_unless_it_is_given_up(world: Any, take: Remove, tmp_path: Path) -> None:
    member = world.member()
    world.kit.enqueue([world.activity(member, "toy.earn", 5), world.activity(member, "purchase", 50, unit="USD")])
    with pytest.raises(InUse, match=r"something waits for it \(activities: 1, events: 0\); run `corekit worker`"):
        take()
    take(drop_waiting=True)
    with world.kit.database.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM core_intake").scalar() == 1
    with zipfile.ZipFile(tmp_path / "toy.zip") as zipped:
        (waiting,) = zipped.read("core_intake.jsonl").splitlines()
    assert json.loads(waiting)["member_id"].replace("-", "") == member


def test_events_that_could_not_be_delivered_stand_against_it_unless_they_are_given_up(
    make_world: Callable[..., Any], tmp_path: Path
) -> None:
    def deaf(event: object) -> None:
        raise RuntimeError(event)

    kit = make_world(modules={"loud": plugin_module(None, "loud", corekit_happened=deaf)}).kit
    kit.record(Activity(type="member.registered"))
    kit.deliver()
    with pytest.raises(InUse) as refused:
        remove(kit, "loud")
    waits, kept = refused.value.parameters["obstacles"]
    assert waits.startswith("something waits for it (activities: 0, events: 1); run `corekit worker`")
    assert kept == "its tables, and what waits for it, go into an archive; say --archive FILE"
    assert remove(kit, "loud", drop_waiting=True, archive=tmp_path / "loud.zip").done
    assert kit.outbox.standings() == []
    with zipfile.ZipFile(tmp_path / "loud.zip") as zipped:
        assert json.loads(zipped.read("core_outbox_letter.jsonl"))["plugin"] == "loud"


def test_a_plugin_without_tables_needs_no_archive(make_world: Callable[..., Any]) -> None:
    kit = make_world(modules={"box": keeps("box")}).kit
    assert remove(kit, "box").done
    assert [row.parameters["archive"] for row in audited(kit)] == [None]


def test_a_plugin_that_requires_it_stands_against_it(make_world: Callable[..., Any], toy: ModuleType) -> None:
    kit = make_world(modules={"toy": toy, "shelf": plugin_module(Declares(requires=["toy"]))}).kit
    with pytest.raises(InUse, match="shelf requires it; remove that first"):
        remove(kit, "toy", archive=Path("toy.zip"))


def test_tables_of_others_that_refer_to_its_own_stand_against_it(world: Any, take: Remove) -> None:
    with world.kit.database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE other_shelf (item TEXT REFERENCES toy_stock (item))")
    with pytest.raises(InUse, match="the tables other_shelf refer to its own; remove what brings them first"):
        take()


def test_a_plugin_that_is_not_on_is_unknown(world: Any) -> None:
    with pytest.raises(NotFound, match=r"there is no plugin toi on \(did you mean 'toy'\?\)"):
        remove(world.kit, "toi")


def test_an_archive_is_never_overwritten(take: Remove, tmp_path: Path) -> None:
    (tmp_path / "toy.zip").write_text("something dear")
    with pytest.raises(Invalid, match="exists already; name another file"):
        take()
    assert (tmp_path / "toy.zip").read_text() == "something dear"


def test_a_rehearsal_changes_nothing(world: Any, take: Remove, tmp_path: Path) -> None:
    world.stock(3)
    member = world.member()
    world.does(member, "toy.earn", 70)
    before = world.rows()
    found = take(dry_run=True)
    assert (found.done, found.obstacles, found.survey.tables) == (False, (), {"toy_holding": 0, "toy_stock": 1})
    assert [(each.kind, each.value) for each in found.survey.holdings] == [("toy", 70)]
    assert world.rows() == before
    assert not (tmp_path / "toy.zip").exists()


# -------------------------------------------------------------------------------------------------------- what it does


def test_rows_are_in_the_archive_and_tables_are_gone_and_nobody_elses(
    world: Any, take: Remove, off: Off, tmp_path: Path
) -> None:
    world.stock(5)
    member = world.member()
    world.does(member, "toy.take")
    others = {name for name in tables(world.kit) if not name.startswith("toy_")}
    done = take()
    assert tables(world.kit) == others
    content = (tmp_path / "toy.zip").read_bytes()
    assert done.sha256 == sha256(content).hexdigest()
    with zipfile.ZipFile(tmp_path / "toy.zip") as zipped:
        manifest = json.loads(zipped.read("manifest.json"))
        (stock,) = map(json.loads, zipped.read("toy_stock.jsonl").splitlines())
    assert stock["pieces"] == 4
    assert manifest["rows"] == {"core_intake": 0, "core_outbox_letter": 0, "toy_holding": 1, "toy_stock": 1}
    assert (manifest["plugin"], manifest["accounts"][0]["code"]) == ("toy", "toy")
    (row,) = audited(world.kit)
    assert (row.actor, row.subject, row.parameters["sha256"]) == ("staff:mira", "toy", done.sha256)
    assert off().is_proved()


def test_what_members_have_goes_to_the_house(world: Any, take: Remove, off: Off) -> None:
    rich, poor = world.member(), world.member()
    world.does(rich, "toy.earn", 70, payload={"days": 10})
    world.does(rich, "toy.earn_plain", 5)
    world.does(poor, "toy.earn", 3)
    assert take().closed == 3
    bare = off()
    assert (bare.balances(rich), bare.balances(poor)) == ({"toy": 0, "toy.plain": 0}, {"toy": 0})
    assert (house(bare.kit, "toy.breakage"), house(bare.kit, "toy.plain.breakage")) == (73, 5)
    assert bare.is_proved()


def test_what_members_have_goes_to_another_kind_with_its_expiry(world: Any, take: Remove, off: Off) -> None:
    member = world.member()
    world.does(member, "toy.earn", 70, payload={"days": 10})
    world.does(member, "toy.earn", 7)
    take(value_to="box")
    bare = off()
    assert bare.balances(member) == {"toy": 0, "box": 77}
    bare.clock.advance(days=11)
    bare.kit.sweep("expiry")
    assert bare.balances(member) == {"toy": 0, "box": 7}
    assert bare.is_proved()


def test_what_is_set_aside_goes_as_well(world: Any, take: Remove, off: Off) -> None:
    member = world.member()
    world.does(member, "toy.earn", 70)
    world.does(member, "hold.placed", 60, unit="toys", payload={"account": "toy"})
    assert take(dry_run=True).survey.holdings[0].held == 60
    take(value_to="box")
    bare = off()
    with bare.kit.read() as read:
        found = {each.kind: each.available for each in balances(read, [member], bare.clock())[member]}
    assert found == {"toy": 0, "box": 70}
    assert bare.is_proved()


@pytest.mark.parametrize(("target", "left"), [("write-off", 0), ("box", -40)])
def test_what_members_owe_is_borne_by_the_house_or_owed_in_the_other_kind(
    world: Any, take: Remove, off: Off, target: str, left: int
) -> None:
    member = world.member()
    earned = world.does(member, "toy.earn", 70)
    world.does(member, "toy.spend", 40)
    world.kit.reverse(earned.activity_id)
    assert world.balances(member)["toy.debt"] == -40
    assert take(value_to=target).survey.holdings[0].owed == 40
    bare = off()
    assert bare.balances(member)["toy.debt"] == 0
    assert bare.balances(member).get("box.debt", 0) == left
    assert bare.is_proved()


def test_what_cannot_be_spent_yet_goes_as_well_and_cannot_be_spent_there_yet(
    make_world: Callable[..., Any], clock: SettableClock
) -> None:
    soon, later = clock() + timedelta(days=5), clock() + timedelta(days=90)

    def react(batch: Batch) -> Iterator[Effect]:
        for activity in batch.of("late.given"):
            yield Credit(activity, rule="now@1", account="late", amount=3, expires_at=later)
            yield Credit(activity, rule="late@1", account="late", amount=70, expires_at=soon, available_from=soon)

    declares = Declares(
        accounts=[AccountKind(code="late", unit=Unit("toys"), lots=True)], activities=[ActivityType(name="late.given")]
    )
    late = plugin_module(declares, "late", corekit_react=react)
    world = make_world(modules={"late": late, "box": keeps("box")})
    member = world.member()
    world.does(member, "late.given")
    soon += timedelta(days=1)
    world.does(member, "late.given")
    remove(world.kit, "late", value_to="box")
    with world.kit.read() as read:
        found = {each.kind: each.available for each in balances(read, [member], clock())[member]}
    assert (world.balances(member), found["box"]) == ({"late": 0, "box": 146}, 6)
    assert world.is_proved()


@pytest.mark.parametrize("step", ["member.frozen", "member.cancelled"])
def test_members_who_may_do_nothing_lose_nothing_either(world: Any, take: Remove, off: Off, step: str) -> None:
    member = world.member()
    world.does(member, "toy.earn", 70)
    world.does(member, step, payload={"reason": "a test"})
    take(value_to="box")
    assert off().balances(member) == {"toy": 0, "box": 70}


@pytest.mark.parametrize("target", [None, "box", "box.plain"])
def test_as_long_as_it_is_there_a_closing_can_be_taken_back(world: Any, target: str | None) -> None:
    member = world.member()
    world.does(member, "toy.earn", 70, payload={"days": 10})
    assert closing.close_accounts(world.kit, "toy", "toy", target, lambda _: None) == {}
    closed = next(each for each in history(world.kit, member) if each.type == "account.closed")
    assert world.kit.reverse(closed.id).settled
    assert {kind: each for kind, each in world.balances(member).items() if each} == {"toy": 70}
    accounts = ("toy.breakage", "toy.redeemed", "toy.transfer", "box.transfer", "box.plain.transfer", "box.issued")
    assert {account: house(world.kit, account) for account in accounts} == dict.fromkeys(accounts, 0)
    assert world.is_proved()


def test_history_stays_readable_and_is_not_taken_back(world: Any, take: Remove, off: Off) -> None:
    world.stock(5)
    member = world.member()
    done = [world.does(member, "toy.earn", 70), world.does(member, "toy.take")]
    take()
    bare = off()
    told = bare.kit.why(done[0].activity_id).effects[0].effect
    assert (told.account, told.amount, told.rule) == ("toy", 70, "earn@1")
    assert [each.type for each in history(bare.kit, member)][:3] == ["account.closed", "toy.taken", "toy.take"]
    for each in done:
        refused = bare.kit.reverse(each.activity_id)
        assert (refused.outcome, refused.code, refused.parameters) == ("refused", "PLUGIN_OFF", {"plugin": "toy"})
    assert bare.does(member, "purchase", 900).settled
    assert bare.is_proved()


# ------------------------------------------------------------------------------------------------------- interruptions


class Killed(BaseException):
    """As if the process had ended here."""


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, *, after: bool, call: int = 1) -> Generator[None]:
    """End the process at a call, before or after it did its work."""
    real, calls = getattr(owner, name), [0]

    def dying(*arguments: Any, **options: Any) -> Any:
        calls[0] += 1
        if calls[0] == call and not after:
            raise Killed
        found = real(*arguments, **options)
        if calls[0] == call:
            raise Killed
        return found

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, dying)
        yield


STEPS = {
    "first-chunk": (Kit, "settle_own", False, 1),
    "between-chunks": (Kit, "settle_own", True, 2),
    "before-the-archive": (archive.Archive, "write", False, 1),
    "after-the-archive": (archive.Archive, "write", True, 1),
    "before-the-audit": (removing, "leave", False, 1),
    "after-the-audit": (removing, "leave", True, 1),
    "before-the-name": (archive.Archive, "keep", False, 1),
    "after-the-name": (archive.Archive, "keep", True, 1),
}


@pytest.mark.parametrize("step", STEPS)
def test_interrupted_anywhere_it_goes_on(
    world: Any, take: Remove, off: Off, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr("corekit.removal.closing.CHUNK", 2)
    world.stock(5)
    members = [world.member() for _ in range(5)]
    for member in members:
        world.does(member, "toy.earn", 10)
        world.does(member, "toy.take")
    owner, name, after, call = STEPS[step]
    with killed_at(monkeypatch, owner, name, after=after, call=call), pytest.raises(Killed):
        take(value_to="box")
    assert world.is_proved()
    assert take(value_to="box").done
    bare = off()
    assert [bare.balances(member) for member in members] == [{"toy": 0, "box": 10}] * 5
    assert not [name for name in tables(bare.kit) if name.startswith("toy_")]
    assert len(audited(bare.kit)) == 1
    with zipfile.ZipFile(tmp_path / "toy.zip") as zipped:
        assert len(zipped.read("toy_holding.jsonl").splitlines()) == 5
    assert not (tmp_path / "toy.zip.part").exists()
    assert bare.is_proved()


def test_an_archive_that_cannot_be_written_leaves_everything(
    world: Any, take: Remove, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.stock(5)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("corekit.removal.archive.os.fsync", full)
    with pytest.raises(Unavailable, match="No space left on device; nothing was dropped"):
        take()
    assert world.shelf()[0] == 5


def test_value_that_comes_meanwhile_is_not_lost(world: Any, take: Remove, monkeypatch: pytest.MonkeyPatch) -> None:
    member = world.member()
    world.does(member, "toy.earn", 10)
    real = closing.close_accounts

    def late(*arguments: Any) -> Any:
        found = real(*arguments)
        world.does(member, "toy.earn", 3)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(removing, "close_accounts", late)
        with pytest.raises(Busy, match=r"others gave value meanwhile: 3 toys of toy \(members: 1\)"):
            take()
    assert {"toy_stock", "toy_alembic_version"} <= tables(world.kit)
    assert take().closed == 1
    assert house(world.kit, "toy.breakage") == 13


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_others_who_use_its_tables_are_not_waited_for_long(world: Any, take: Remove) -> None:
    with world.kit.database.write() as connection:
        connection.exec_driver_sql("LOCK TABLE toy_stock IN ROW EXCLUSIVE MODE")
        with pytest.raises(Busy, match="others use the tables of toy; stop what runs with it"):
            take()
    assert take().done


def test_an_owner_whose_name_begins_like_anothers_keeps_its_tables(world: Any, take: Remove) -> None:
    with world.kit.database.write() as connection:
        for table in ("toy_box_alembic_version", "toy_box_card"):
            connection.exec_driver_sql(f"CREATE TABLE {table} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    take()
    assert {"toy_box_card", "toy_box_alembic_version"} <= tables(world.kit)
