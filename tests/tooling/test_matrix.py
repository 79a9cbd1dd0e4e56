from __future__ import annotations

from pathlib import Path

import pytest

from tools import matrix
from tools.matrix import Proof, Row

ROW = Row("M1", "Register", ("python", "graphql"), dict.fromkeys(("cli", "reversal", "bad_input"), "later"))


def proof(row: str = "M1", way: str = "python", *, runs: bool = True) -> Proof:
    return Proof("test_m1", [row], {"way": way}, runs)


def row(ways: tuple[str, ...], **without: str) -> Row:
    return Row("M1", "Register", ways, without)


def test_a_row_with_a_test_per_listed_way_has_no_fault() -> None:
    assert matrix.judge([ROW], [proof(way="python"), proof(way="graphql")]) == []


def test_a_listed_way_without_a_test_is_a_fault() -> None:
    assert matrix.judge([ROW], [proof(way="python")]) == ["M1: no test proves graphql"]


def test_a_test_that_never_runs_proves_nothing() -> None:
    proofs = [proof(way="python"), proof(way="graphql", runs=False)]
    assert matrix.judge([ROW], proofs) == ["M1: no test proves graphql"]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (row(("python",), graphql="a", cli="b", reversal="c"), "M1: bad_input is neither listed"),
        (row(matrix.WAYS, cli="b"), "M1: cli is both listed and left out"),
        (row(matrix.WAYS[:-1], bad_input=" "), "M1: bad_input is left out without a reason"),
        (row((*matrix.WAYS, "telepathy")), "M1: telepathy is no way"),
        (Row("M1", "", matrix.WAYS, {}), "M1 has no title"),
    ],
)
def test_a_wrong_row_is_a_fault(row: Row, fault: str) -> None:
    assert [fault in found for found in matrix.judge([row], [])] == [True]


@pytest.mark.parametrize(
    ("proof", "fault"),
    [
        (proof(row="Z9"), "docs/features.toml lists no row Z9"),
        (proof(way="telepathy"), "telepathy is no way"),
        (proof(way="cli"), "does not list cli for M1"),
        (Proof("test_m1", ["M1"], {}), 'write row("M1", way="python")'),
        (Proof("test_m1", ["M1", "M4"], {"way": "python"}), 'write row("M1", way="python")'),
        (Proof("test_m1", ["M1"], {"way": "python", "why": "?"}), 'write row("M1", way="python")'),
    ],
)
def test_a_wrong_mark_is_a_fault(proof: Proof, fault: str) -> None:
    assert [fault in found for found in matrix.judge([ROW], [proof])] == [True]


def test_the_table_shows_counts_gaps_and_what_is_left_out() -> None:
    line = matrix.table([ROW], [proof(), proof()]).splitlines()[1]
    assert line.split() == ["M1", "2", "MISSING", "-", "-", "-", "Register"]


def test_rows_are_read_from_their_file() -> None:
    text = '[M1]\ntitle = "Register"\nways = ["python"]\nwithout.cli = "later"\n'
    assert matrix.read_rows(text) == [row(("python",), cli="later")]


TESTS = """
import pytest

pytestmark = pytest.mark.row("M1", way="python")

def test_runs(): ...

@pytest.mark.skip
def test_is_skipped(): ...

@pytest.mark.xfail
def test_is_expected_to_fail(): ...

def is_no_test(): ...

@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.row("M4", way="cli"))])
def test_with_a_marked_case(x): ...
"""


def test_pytest_is_asked_what_it_would_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(matrix.ROOT))
    (tmp_path / "pyproject.toml").write_text('[tool.pytest]\nmarkers = ["row"]\n')
    (tmp_path / "test_one.py").write_text(TESTS)
    counts = matrix.count(matrix.collect(tmp_path))
    assert counts == {("M1", "python"): 2, ("M4", "cli"): 1}


def test_tests_that_cannot_be_collected_are_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(matrix.ROOT))
    (tmp_path / "test_one.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(SystemExit, match="nothing_of_this_name"):
        matrix.collect(tmp_path)
