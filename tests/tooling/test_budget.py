from __future__ import annotations

from pathlib import Path

import pytest

from tools import budget


def write(core: Path, name: str, statements: int) -> None:
    path = core / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("pass\n" * statements)


def test_statements_are_counted_per_room(tmp_path: Path) -> None:
    write(tmp_path, "kit.py", 3)
    write(tmp_path, "ledger/lots.py", 4)
    write(tmp_path, "ledger/dialects/sqlite.py", 5)
    assert budget.count(tmp_path) == {"(hall)": (3, 3), "ledger": (9, 9)}


def test_imports_docstrings_comments_and_line_breaks_do_not_count() -> None:
    before = '"""A module."""\nimport os\n\n# why\n'
    source = before + 'def f(\n    a,\n    b,\n):\n    """Do it."""\n    return [\n        a,\n        b,\n    ]\n'
    assert budget.statements(source) == 2


def test_statements_inside_others_count() -> None:
    assert budget.statements("class C:\n    if x:\n        y = 1; z = 2\n") == 4


def test_migrations_and_testing_do_not_count(tmp_path: Path) -> None:
    write(tmp_path, "kit.py", 3)
    write(tmp_path, "testing/contract.py", 5_000)
    write(tmp_path, "db/migrations/versions/0001_first.py", 5_000)
    assert budget.count(tmp_path) == {"(hall)": (3, 3)}


def test_the_budget_may_be_spent_but_not_exceeded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "kit.py", budget.BUDGET)
    budget.main([str(tmp_path)])
    assert "5,000 of 5,000" in capsys.readouterr().out
    write(tmp_path, "more.py", 1)
    with pytest.raises(SystemExit, match="1 statements over"):
        budget.main([str(tmp_path)])
