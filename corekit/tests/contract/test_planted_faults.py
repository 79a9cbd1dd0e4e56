"""The contract suite is tested: a card that keeps every promise passes it, and each fault is caught by its own test."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree as ET

HERE = Path(__file__).parent
ROOT = HERE.parents[2]

sys.path.insert(0, str(HERE))


def test_each_fault_is_caught_by_the_test_that_is_meant_for_it(tmp_path: Path) -> None:
    planted = import_module("planted")
    cards = {name: each for name, each in vars(planted).items() if name.startswith("Test")}
    faulty = {f"{name}.test_{each.breaks}[{each.dialect}]": each for name, each in cards.items() if each.breaks}
    found, output = run(tmp_path, ["TestCard", "TestDeviates.test_exact[sqlite]", *faulty])
    whole = {name: message for name, message in found.items() if name.startswith("TestCard.")}
    assert not any(whole.values()), output
    missed = [name for name, each in faulty.items() if each.says not in (found[name] or "")]
    assert missed == [], output
    promises = {name for name in dir(planted.TestCard) if name.startswith("test_")}
    assert {f"test_{each.breaks}" for each in faulty.values()} == promises
    assert {f"{name}[{dialect}]" for name in promises for dialect in ("sqlite", "postgresql")} == {
        name.removeprefix("TestCard.") for name in whole
    }
    assert "card: exact: a mark is for ever" in output
    print(f"\n{len(promises)} promises, {len(faulty)} planted faults, each caught by its own test")  # noqa: T201


def run(folder: Path, tests: list[str]) -> tuple[dict[str, str | None], str]:
    """Run tests of the cards; return why each failed, None where it did not, and what was printed."""
    report = folder / "report.xml"
    nodes = [f"{HERE / 'planted.py'}::{name.replace('.', '::')}" for name in tests]
    options = ["-q", "-p", "no:cacheprovider", "--junitxml", str(report), "--rootdir", str(ROOT)]
    command = [sys.executable, "-m", "pytest", *options, *nodes]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found: dict[str, str | None] = {}
    for case in ET.parse(report).iter("testcase"):
        failure = case.find("failure")
        name = f"{str(case.get('classname')).rpartition('.')[2]}.{case.get('name')}"
        found[name] = None if failure is None else f"{failure.get('message')} {failure.text}"
    return found, done.stdout
