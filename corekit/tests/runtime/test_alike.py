"""What one kit compiled, another one of the process need not compile, if they speak to servers that are alike."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import String, column, select, table
from sqlalchemy.sql.compiler import SQLCompiler

from corekit.db.alike import PostgreSQL, SQLite
from corekit.db.engine import Database


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that are compiled from now on."""
    made: list[str] = []
    original = SQLCompiler.__init__

    def noted(self: SQLCompiler, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        made.append(self.string)

    monkeypatch.setattr(SQLCompiler, "__init__", noted)
    return made


def test_a_statement_is_compiled_once_for_all_databases(url: str, compiled: list[str]) -> None:
    wanted = select(column("code", String).label("not_compiled_before")).select_from(table("core_unit"))
    for _ in range(2):
        database = Database(url)
        with database.read() as read:
            assert read.all(wanted) == []
        with database.connect() as connection:
            assert connection.execute(wanted).all() == []
        database.close()
    assert len([each for each in compiled if "not_compiled_before" in each]) == 1


@pytest.mark.parametrize("dialect", [SQLite, PostgreSQL], ids=["sqlite", "postgresql"])
def test_servers_of_two_versions_are_not_alike(dialect: type[Any]) -> None:
    make: Any = dialect
    one, other = make(), make()
    assert one == other
    assert hash(one) == hash(other)
    other.server_version_info = (99, 0)
    assert one != other
