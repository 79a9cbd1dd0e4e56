from __future__ import annotations

from pathlib import Path

import pytest

from tools import budget


def write(core: Path, name: str, lines: int) -> None:
    path = core / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("# line\n" * lines)


def test_lines_are_counted_per_room(tmp_path: Path) -> None:
    write(tmp_path, "kit.py", 3)
    write(tmp_path, "ledger/lots.py", 4)
    write(tmp_path, "ledger/dialects/sqlite.py", 5)
    assert budget.count(tmp_path) == {"(hall)": 3, "ledger": 9}


def test_migrations_and_testing_do_not_count(tmp_path: Path) -> None:
    write(tmp_path, "kit.py", 3)
    write(tmp_path, "testing/contract.py", 5_000)
    write(tmp_path, "db/migrations/versions/0001_first.py", 5_000)
    assert budget.count(tmp_path) == {"(hall)": 3}


def test_a_room_may_reach_its_ceiling_but_not_exceed_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "tiers/ladder.py", budget.CEILINGS["tiers"])
    budget.main([str(tmp_path)])
    assert "tiers" in capsys.readouterr().out
    write(tmp_path, "tiers/more.py", 1)
    with pytest.raises(SystemExit, match="Above the ceiling: tiers"):
        budget.main([str(tmp_path)])


def test_a_new_room_needs_a_ceiling(tmp_path: Path) -> None:
    write(tmp_path, "attic/old.py", 1)
    with pytest.raises(SystemExit, match="attic"):
        budget.main([str(tmp_path)])
