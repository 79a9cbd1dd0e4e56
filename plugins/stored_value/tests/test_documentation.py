"""The examples of the documentation hold."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

from attrs import frozen

from corekit import Settings
from corekit.core import declares
from corekit.plugins import discover
from corekit.program import load
from corekit.registry import Registry
from corekit_stored_value.rules import Book

PAGE = Path(__file__).parents[3] / "docs/stored-value.md"
SETTINGS = Settings.of(database="sqlite:///unused.db", plugins=["stored_value"])
_BLOCK = re.compile(
    r"```toml\n(?P<toml>.*?)```\n(?:\n\| pays in \| bonus \|\n\|[^\n]*\n(?P<rows>(?:\|[^\n]*\n)+))?", re.DOTALL
)


@frozen
class Anybody:
    """Who stands in no tier."""

    day: date = date(2027, 1, 1)
    named: bool = False

    def tier(self, ladder: str | None) -> str | None:
        return None


def test_each_example_is_a_program_and_brings_what_its_table_says() -> None:
    checked = 0
    for block in _BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        text = f'[program]\nname = "Example"\n{block["toml"]}'
        program, _ = load(text, Registry.of(declares(SETTINGS), discover(SETTINGS)), SETTINGS)
        book: Book = program.sections["stored_value"]
        for paid, bonus in re.findall(r"\| ([0-9.]+) \| ([0-9.]+) \|", block["rows"] or ""):
            assert _bonus(book, paid) == _cents(bonus), paid
            checked += 1
    assert checked == 4


def _bonus(book: Book, paid: str) -> int:
    step: Any = book.own.step(_cents(paid), Anybody())
    return 0 if step is None else step.brings(_cents(paid))


def _cents(text: str) -> int:
    whole, _, rest = text.partition(".")
    return int(whole) * 100 + int(rest or 0)
