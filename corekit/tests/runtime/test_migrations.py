"""Migrations: one lineage per owner, each on its own, each as a whole or not at all."""

from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, Text, inspect

from corekit.db import migrate
from corekit.db.base import NAMING, table
from corekit.db.engine import Database
from corekit.db.lineage import Lineage, core, ordered
from corekit.db.types import Id
from corekit.errors import PluginError, Unavailable
from corekit.ids import new_id
from corekit.members.tables import member
from corekit.migrations import guards

Write = Callable[..., Lineage]

SCRIPT = """
import sqlalchemy as sa
from alembic import op
from corekit.db import types

revision = {revision!r}
down_revision = {down!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
"""
STAMPS = """
op.create_table(
    "stamps_card",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("member_id", types.Id(), sa.ForeignKey("core_member.id", ondelete="RESTRICT"), nullable=False),
    sa.Column("colour", sa.Text, nullable=False),
    sqlite_strict=True,
)
"""
SHOP = """
op.create_table("shop_store", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text, nullable=False))
"""
VISIT = """
op.create_table(
    "visits_visit",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("store_id", sa.Integer, sa.ForeignKey("shop_store.id", ondelete="CASCADE"), nullable=False),
)
"""
REBUILD = """
with op.batch_alter_table("shop_store", recreate="auto") as batch:
    batch.alter_column("name", type_=sa.String(200), existing_type=sa.Text(), existing_nullable=False)
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write the package of a plugin with tables: its migrations, one script for each body."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    packages: set[str] = set()

    def write(owner: str, *bodies: str, metadata: MetaData | None = None, after: tuple[str, ...] = ()) -> Lineage:
        package = f"{owner}_package"
        versions = tmp_path / package / "migrations" / "versions"
        versions.mkdir(parents=True, exist_ok=True)
        (tmp_path / package / "__init__.py").touch()
        names = [f"{owner}_{number:04d}" for number in range(1, len(bodies) + 1)]
        for name, down, body in zip(names, [None, *names], bodies, strict=False):
            frame = SCRIPT.format(revision=name, down=down)
            (versions / f"{name}.py").write_text(frame + textwrap.indent(body.strip(), "    ") + "\n")
        importlib.invalidate_caches()
        packages.add(package)
        return Lineage(owner=owner, package=package, metadata=metadata or MetaData(), after=after)

    yield write
    for package in packages:
        sys.modules.pop(package, None)


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    database = Database(empty_url)
    yield database
    database.close()


def stamps_tables(*more: Column[Any]) -> MetaData:
    metadata = MetaData(naming_convention=NAMING)
    table(
        "stamps_card",
        Column("id", Integer, primary_key=True),
        Column("member_id", Id, ForeignKey(member.c.id, ondelete="RESTRICT"), nullable=False),
        Column("colour", Text, nullable=False),
        *more,
        meta=metadata,
    )
    return metadata


def run(database: Database, *statements: str) -> None:
    with database.write() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def column(database: Database, query: str) -> list[Any]:
    with database.connect() as connection:
        return list(connection.exec_driver_sql(query).scalars())


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def foreign_keys(database: Database) -> bool:
    """Say whether every connection that waits in the pool enforces foreign keys."""
    return database.dialect != "sqlite" or column(database, "PRAGMA foreign_keys") == [1]


# ----------------------------------------------------------------------------------------------------------- core


def test_the_core_migrates_and_has_no_difference(empty: Database) -> None:
    assert migrate.upgrade(empty, [core()]) == ["core_0001", "core_0002", "core_0003"]
    assert migrate.check(empty, [core()]) == []
    assert migrate.upgrade(empty, [core()]) == []
    assert migrate.status(empty, [core()]) == [migrate.Status("core", "corekit", "core_0003")]


def test_what_another_upgrade_was_faster_with_is_not_told(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def pending(*arguments: Any) -> dict[str, list[str]]:
        monkeypatch.undo()
        found = migrate.pending(*arguments)
        assert migrate.upgrade(empty, [core()]) == found["core"]
        return found

    monkeypatch.setattr(migrate, "pending", pending)
    assert migrate.upgrade(empty, [core()]) == []


def test_the_core_has_its_guards_after_migrating(empty: Database) -> None:
    migrate.upgrade(empty, [core()])
    with empty.read() as read:
        assert guards.missing(read, guards.GUARDS, core().metadata) == []


def test_an_empty_database_says_what_waits(empty: Database) -> None:
    assert migrate.status(empty, [core()]) == [
        migrate.Status("core", "corekit", None, ("core_0001", "core_0002", "core_0003"))
    ]
    assert "core: revision core_0001 is not applied" in migrate.check(empty, [core()])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ALTER TABLE core_profile ADD COLUMN nickname TEXT", "core: remove column core_profile nickname"),
        ("DROP INDEX ix_core_lot_open", "core: add index ix_core_lot_open"),
        ("CREATE TABLE core_extra (id INTEGER)", "core: remove table core_extra"),
        ("DROP TABLE core_intake", "core: add table core_intake"),
    ],
)
def test_a_difference_is_found(database: Database, change: str, said: str) -> None:
    run(database, change)
    assert said in migrate.check(database, [core()])


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ALTER TABLE core_unit DROP CONSTRAINT ck_core_unit_scale", "core: add constraint ck_core_unit_scale"),
        ("ALTER TABLE core_profile ALTER COLUMN channel DROP NOT NULL", "core: modify nullable core_profile channel"),
    ],
)
def test_a_difference_in_constraints_is_found(database: Database, change: str, said: str) -> None:
    run(database, change)
    assert any(difference.startswith(said) for difference in migrate.check(database, [core()]))


# -------------------------------------------------------------------------------------------------------- owners


def test_every_owner_has_its_own_version_table(empty: Database, write: Write) -> None:
    lineages = [write("stamps", STAMPS, metadata=stamps_tables()), core()]
    assert migrate.upgrade(empty, lineages) == ["core_0001", "core_0002", "core_0003", "stamps_0001"]
    assert column(empty, "SELECT version_num FROM stamps_alembic_version") == ["stamps_0001"]
    assert column(empty, "SELECT version_num FROM core_alembic_version") == ["core_0003"]
    assert migrate.check(empty, lineages) == []


def test_lineages_come_after_those_they_refer_to(write: Write) -> None:
    lineages = [write("a", after=("b",)), write("b", after=("c", "absent")), write("c"), core()]
    assert [lineage.owner for lineage in ordered(lineages)] == ["core", "c", "b", "a"]


def test_lineages_in_a_circle(write: Write) -> None:
    with pytest.raises(PluginError, match=r"the tables of these plugins refer to each other: .*; break the circle"):
        ordered([write("a", after=("b",)), write("b", after=("a",)), core()])


def test_off_while_the_others_migrate_and_on_again_rows_are_kept(database: Database, write: Write) -> None:
    stamps, shop = write("stamps", STAMPS), write("shop", SHOP)
    migrate.upgrade(database, [core(), stamps, shop])
    name = new_id()
    run(
        database,
        f"INSERT INTO core_member VALUES ('{name}', 'active', 0, 0, 0, NULL)",
        f"INSERT INTO stamps_card VALUES (1, '{name}', 'red')",
    )

    write("shop", SHOP, REBUILD)
    more = write("stamps", STAMPS, 'op.add_column("stamps_card", sa.Column("count", sa.Integer))')
    assert migrate.upgrade(database, [core(), shop]) == ["shop_0002"]
    assert migrate.check(database, [core()]) == []
    assert migrate.status(database, [core(), shop])[-1] == migrate.Status("stamps", None, "stamps_0001")
    assert column(database, "SELECT colour FROM stamps_card") == ["red"]

    assert migrate.upgrade(database, [core(), shop, more]) == ["stamps_0002"]
    assert column(database, "SELECT colour FROM stamps_card WHERE count IS NULL") == ["red"]


def test_an_owner_whose_name_begins_like_anothers_keeps_its_tables_apart(database: Database, write: Write) -> None:
    stamps = write("stamps", STAMPS, metadata=stamps_tables())
    gold = write("stamps_gold", 'op.create_table("stamps_gold_card", sa.Column("id", sa.Integer, primary_key=True))')
    migrate.upgrade(database, [core(), stamps, gold])
    assert migrate.check(database, [core(), stamps]) == []


# --------------------------------------------------------------------------------------------------------- traps


def test_rebuilding_a_table_does_not_delete_what_refers_to_it(empty: Database, write: Write) -> None:
    shop, visits = write("shop", SHOP), write("visits", VISIT, after=("shop",))
    migrate.upgrade(empty, [shop, visits])
    run(empty, "INSERT INTO shop_store VALUES (1, 'Main Street')", "INSERT INTO visits_visit VALUES (7, 1)")

    write("shop", SHOP, REBUILD)
    assert migrate.upgrade(empty, [shop, visits]) == ["shop_0002"]
    assert column(empty, "SELECT id FROM visits_visit") == [7]
    assert foreign_keys(empty)


def test_a_migration_that_fails_half_way_leaves_nothing(empty: Database, write: Write) -> None:
    shop = write("shop", SHOP)
    migrate.upgrade(empty, [shop])
    write("shop", SHOP, 'op.create_table("shop_half", sa.Column("id", sa.Integer))\nraise RuntimeError("half way")')
    said = r"revision shop_0002 of 'shop' failed \(RuntimeError: half way\); nothing was changed; repair it, or start"
    with pytest.raises(PluginError, match=said):
        migrate.upgrade(empty, [shop])
    assert tables(empty) == {"shop_store", "shop_alembic_version"}
    assert column(empty, "SELECT version_num FROM shop_alembic_version") == ["shop_0001"]
    assert foreign_keys(empty)


def test_several_revisions_of_an_owner_are_one_transaction(empty: Database, write: Write) -> None:
    with pytest.raises(PluginError, match="revision shop_0002"):
        migrate.upgrade(empty, [write("shop", SHOP, 'raise RuntimeError("second")')])
    assert "shop_store" not in tables(empty)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_a_migration_that_leaves_rows_without_what_they_refer_to_is_undone(empty: Database, write: Write) -> None:
    shop, visits = write("shop", SHOP), write("visits", VISIT, after=("shop",))
    migrate.upgrade(empty, [shop, visits])
    run(empty, "INSERT INTO shop_store VALUES (1, 'Main Street')", "INSERT INTO visits_visit VALUES (7, 1)")
    write("shop", SHOP, 'op.execute("DELETE FROM shop_store")')
    said = (
        r"a migration of 'shop' leaves rows that refer to nothing \(visits_visit -> shop_store\); nothing was changed"
    )
    with pytest.raises(Unavailable, match=said):
        migrate.upgrade(empty, [shop, visits])
    assert column(empty, "SELECT name FROM shop_store") == ["Main Street"]
    assert foreign_keys(empty)


def test_rebuilding_a_guarded_table_keeps_its_guards(database: Database, write: Write) -> None:
    metadata = MetaData(naming_convention=NAMING)
    Table("shop_store", metadata, Column("id", Integer, primary_key=True), Column("name", Text))
    guard = guards.Guard(table="shop_store", keys=[["id"]])
    plain = write("shop", SHOP, metadata=metadata)
    shop = Lineage(owner="shop", package=plain.package, metadata=metadata, guards=[guard])
    migrate.upgrade(database, [shop])
    write("shop", SHOP, REBUILD, metadata=metadata)
    migrate.upgrade(database, [shop])
    with database.read() as read:
        assert guards.missing(read, [guard], metadata) == []


def test_a_database_of_a_newer_version_is_refused(database: Database) -> None:
    run(database, "UPDATE core_alembic_version SET version_num = 'core_9999'")
    with pytest.raises(
        Unavailable, match=r"the database has revision core_9999 of 'core', which the installed corekit"
    ):
        migrate.upgrade(database, [core()])


def test_a_lineage_of_no_package(database: Database) -> None:
    lost = Lineage(owner="lost", package="no_such_package", metadata=MetaData())
    with pytest.raises(PluginError, match="the lineage of 'lost' names the package no_such_package, which does not"):
        migrate.upgrade(database, [lost])


# ------------------------------------------------------------------------------------------------------ revisions


def test_a_revision_is_written_from_the_difference(database: Database, write: Write) -> None:
    stamps = write("stamps", STAMPS, metadata=stamps_tables(Column("count", Integer)))
    migrate.upgrade(database, [core(), stamps])
    assert migrate.check(database, [stamps]) == ["stamps: add column stamps_card count"]

    path = migrate.revision(database, stamps, "count the stamps")
    assert path.name == "stamps_0002_count_the_stamps.py"
    assert migrate.upgrade(database, [stamps]) == ["stamps_0002"]
    assert migrate.check(database, [stamps]) == []


def test_an_empty_revision_changes_nothing(database: Database, write: Write) -> None:
    shop = write("shop", SHOP)
    migrate.upgrade(database, [shop])
    path = migrate.revision(database, shop, "by hand", empty=True)
    assert path.read_text().startswith('"""by hand."""')
    assert migrate.upgrade(database, [shop]) == ["shop_0002"]


def test_a_revision_waits_for_those_before_it(database: Database, write: Write) -> None:
    with pytest.raises(
        Unavailable, match="revision shop_0001 of 'shop' is not applied; run `corekit db upgrade` first"
    ):
        migrate.revision(database, write("shop", SHOP), "too early")
