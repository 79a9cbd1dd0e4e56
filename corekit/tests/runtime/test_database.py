"""Databases: their recipes, snapshots to read from, transactions to write in."""

from __future__ import annotations

from typing import Any, cast

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from corekit.activities.tables import outbox
from corekit.db.engine import Database
from corekit.db.prepared import Prepared
from corekit.db.reader import any_of
from corekit.errors import SettingsError, Unavailable
from corekit.ids import new_id
from corekit.members.tables import member


def enter(database: Database, *members: str) -> None:
    rows = [
        {"id": each, "state": "active", "seq": number, "last_at": 0, "joined_at": 0}
        for number, each in enumerate(members)
    ]
    with database.write() as connection:
        connection.execute(insert(member), rows)


def count(database: Database) -> int:
    with database.read() as read:
        return len(read.all(select(member.c.id)))


def driver(connection: Any) -> Any:
    return connection.connection.driver_connection


# -------------------------------------------------------------------------------------------------------- recipes


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_every_connection_of_sqlite_is_set_up(database: Database) -> None:
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "busy_timeout": 10_000,
    }
    with database.connect() as connection:
        assert {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted} == wanted


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_every_connection_of_postgresql_is_set_up(database: Database) -> None:
    wanted = {
        "lock_timeout": "3s",
        "statement_timeout": "10s",
        "idle_in_transaction_session_timeout": "15s",
        "jit": "off",
        "application_name": "corekit",
        "synchronous_commit": "on",
    }
    with database.connect() as connection:
        assert {name: connection.exec_driver_sql(f"SHOW {name}").scalar() for name in wanted} == wanted


def test_transactions_are_begun_by_hand(database: Database) -> None:
    with database.connect() as connection:
        raw = driver(connection)
        raw.execute(f"INSERT INTO core_member VALUES ('{new_id()}', 'active', 0, 0, 0, NULL)")
    assert count(database) == 1


def test_ids_come_back_as_they_went_in_on_the_raw_connection_too(database: Database) -> None:
    name = new_id()
    enter(database, name)
    with database.connect() as connection:
        assert driver(connection).execute("SELECT id FROM core_member").fetchone()[0] == name
        if database.dialect == "postgresql":
            assert driver(connection).execute("SELECT id FROM core_member", binary=True).fetchone()[0] == name


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_what_the_url_says_wins(url: str) -> None:
    database = Database(f"{url}{'&' if '?' in url else '?'}options=-c%20lock_timeout%3D1s&application_name=till")
    with database.connect() as connection:
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "1s"
        assert connection.exec_driver_sql("SHOW jit").scalar() == "off"
        assert connection.exec_driver_sql("SHOW application_name").scalar() == "till"
    database.close()


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_server_that_may_lose_what_it_confirmed_is_refused(url: str) -> None:
    database = Database(f"{url}{'&' if '?' in url else '?'}options=-c%20synchronous_commit%3Doff")
    with pytest.raises(Unavailable, match=r"synchronous_commit is 'off'.*; set it to 'on'"), database.connect():
        pass
    database.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("no url", "corekit.database is no URL; write sqlite:///file.db or postgresql://..."),
        ("sqlite://", "SQLite in memory serves one connection only; name a file"),
        ("sqlite:///:memory:", "SQLite in memory serves one connection only; name a file"),
        ("mysql://localhost/shop", "corekit.database: mysql is not supported; use sqlite or postgresql"),
    ],
)
def test_urls_that_cannot_be_used(url: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Database(url)
    assert said in str(caught.value)


@pytest.mark.parametrize("url", ["sqlite:////no/such/folder/x.db", "postgresql://u:s3cret@/shop?host=/no/such/folder"])
def test_a_database_that_does_not_answer(url: str) -> None:
    database = Database(url)
    with pytest.raises(Unavailable, match=r"the database .* does not answer") as caught, database.connect():
        pass
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(database)
    database.close()


# -------------------------------------------------------------------------------------------------------- writing


def test_a_write_is_kept_as_a_whole_or_not_at_all(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            connection.execute(insert(member).values(id=new_id(), state="active", seq=0, last_at=0, joined_at=0))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert count(database) == 0
    enter(database, new_id())
    assert count(database) == 1


# -------------------------------------------------------------------------------------------------------- reading


def test_a_reader_sees_one_moment(database: Database) -> None:
    enter(database, new_id())
    with database.read() as read:
        before = len(read.all(select(member.c.id)))
        enter(database, new_id())
        assert len(read.all(select(member.c.id))) == before
    assert count(database) == 2


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_connection_that_was_lost_while_it_waited_costs_a_reader_nothing(database: Database) -> None:
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
    with database.read() as one, database.read() as other:
        assert one.all(select(member.c.id)) == other.all(select(member.c.id)) == []
    with database.write() as connection:
        connection.exec_driver_sql(others + "pg_backend_pid()")
    assert count(database) == 0


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
@pytest.mark.parametrize("statement", [select(member.c.id), Prepared(select(member.c.id))])
def test_a_connection_that_is_lost_under_a_reader_is_said_and_the_next_is_another(
    database: Database, statement: Any
) -> None:
    def read_and_lose() -> None:
        with database.read() as read:
            read.all(statement)
            with database.write() as connection:
                others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                connection.exec_driver_sql(others + " AND pid <> pg_backend_pid()")
            read.all(statement)

    with pytest.raises(Unavailable, match="does not answer"):
        read_and_lose()
    assert count(database) == 0


def test_a_reader_cannot_write(database: Database) -> None:
    with database.read() as read, pytest.raises(DBAPIError):
        read.source.connection.execute(update(member).values(seq=1))
    enter(database, new_id())  # and leaves the connection as it was


@pytest.mark.parametrize("statement", [update(member).values(seq=1), text("SELECT 1"), "SELECT 1", text("x").columns()])
def test_a_reader_takes_selects_only(database: Database, statement: object) -> None:
    with (
        database.read() as read,
        pytest.raises(TypeError, match=r"a reader takes a select\(\) of SQLAlchemy Core, not "),
    ):
        read.all(cast("Any", statement))


def test_one_row_one_value_or_none(database: Database) -> None:
    name = new_id()
    with database.read() as read:
        assert read.one(select(member)) is None
        assert read.scalar(select(member.c.id)) is None
    enter(database, name)
    with database.read() as read:
        row = read.one(select(member.c.id, member.c.seq))
        assert row is not None
        assert tuple(row) == (name, 0)
        assert read.scalar(select(member.c.id)) == name
        assert read.statements == 2


@pytest.mark.parametrize("size", [0, 1, 2, 3000])
def test_any_of_many_is_one_statement_whatever_their_number(database: Database, size: int) -> None:
    enter(database, *(names := [new_id() for _ in range(3)]))
    wanted = [*names[:size], *(new_id() for _ in range(size - 3))]
    query = select(member.c.id).where(any_of(member.c.id, wanted))
    assert str(query.compile(database.engine)) == str(
        select(member.c.id).where(any_of(member.c.id, [])).compile(database.engine)
    )
    with database.read() as read:
        assert sorted(row.id for row in read.all(query)) == sorted(names[:size])
        assert read.statements == 1


def test_what_is_no_identifier_is_that_of_nobody(database: Database) -> None:
    enter(database, name := new_id())
    with database.read() as read:
        query = select(member.c.id).where(any_of(member.c.id, ["nobody", name, "", "\0", name.upper()]))
        assert [row.id for row in read.all(query)] == [name]


def test_any_of_numbers_and_texts(database: Database) -> None:
    enter(database, *(names := [new_id() for _ in range(3)]))
    with database.read() as read:
        query = select(member.c.id).order_by(member.c.seq)
        assert [row.id for row in read.all(query.where(any_of(member.c.seq, [0, 2])))] == [names[0], names[2]]
        assert len(read.all(query.where(any_of(member.c.state, ["active", "gone"])))) == 3
        assert [row.id for row in read.all(query.where(~any_of(member.c.seq, [0, 2])))] == [names[1]]
        assert read.all(select(outbox.c.position).where(any_of(outbox.c.topic, {"x"}))) == []


def test_what_settlement_began_and_did_not_end_is_found_by_nobody(database: Database) -> None:
    with database.settle() as settling:
        settling.driver.execute("BEGIN IMMEDIATE" if database.dialect == "sqlite" else "BEGIN")
        left = settling.driver
    with database.settle() as settling:
        assert settling.driver is not left
    enter(database, new_id())
    assert count(database) == 1
