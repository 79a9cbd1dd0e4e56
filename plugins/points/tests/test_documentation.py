"""The examples of the documentation hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from corekit import Activity, Expiry, Line, MemberFacts, Program, Settings, Tier
from corekit.clock import micros, moment
from corekit.core import declares
from corekit.plugins import discover
from corekit.program import load
from corekit.registry import Registry
from corekit_points.earning import earnings
from corekit_points.rules import Book

DOCS = Path(__file__).parents[3] / "docs"
ZONE = "America/New_York"
SETTINGS = Settings.of(database="sqlite:///unused.db", time_zone=ZONE, plugins=["points"])
AT = datetime(2017, 6, 14, 16, tzinfo=UTC)
_BLOCK = re.compile(r"```toml\n(?P<toml>.*?)```\n(?:\n(?P<table>(?:\|[^\n]*\n)+))?", re.DOTALL)

Row = Mapping[str, str]


def program(text: str) -> Program:
    head = "" if "[program]" in text else '[program]\nname = "Example"\n'
    return load(head + text, Registry.of(declares(SETTINGS), discover(SETTINGS)), SETTINGS)[0]


def rows(table: str) -> list[dict[str, str]]:
    """Read a table of Markdown."""
    names, _, *found = [[cell.strip() for cell in line.strip()[1:-1].split("|")] for line in table.splitlines()]
    return [dict(zip(names, cells, strict=True)) for cells in found]


def examples() -> Iterator[Any]:
    text = (DOCS / "points.md").read_text(encoding="utf-8")
    for number, block in enumerate(_BLOCK.finditer(text), 1):
        for row in rows(block["table"]) if "spends" in (block["table"] or "").partition("\n")[0] else []:
            yield pytest.param(block["toml"], row, id=f"{number}: {', '.join(row.values())}")


@frozen
class Example:
    """The facts that a row of a table states."""

    row: Row

    settings = None

    def unwritten(self, activity: Activity) -> Sequence[Activity]:
        return ()

    def reported(self, activity: Activity) -> datetime:
        assert activity.occurred_at is not None
        return activity.occurred_at + timedelta(hours=int(self.row.get("hours later", "0")))

    def member(self, activity: Activity) -> MemberFacts:
        joined = datetime.fromisoformat(self.row.get("joined", "2017-01-01")).replace(tzinfo=SETTINGS.time_zone)
        born = date.fromisoformat(self.row["born"]) if self.row.get("born") else None
        return MemberFacts(activity.member, "active", 1, joined, {}, birthday=born)

    def tier(self, activity: Activity, ladder: str | None = None) -> Tier | None:
        return Tier("status", self.row["tier"], 0, "") if "tier" in self.row else None

    def metric(self, name: str, activity: Activity, window: str = "lifetime") -> int:
        return int(self.row[{"day": "earned today", "lifetime": "earned ever"}[window]])

    def local(self, activity: Activity) -> datetime:
        return datetime.fromisoformat(self.row.get("at", "2017-06-14 12:00")).replace(tzinfo=SETTINGS.time_zone)


@pytest.mark.row("P2", way="python")
@pytest.mark.row("P3", way="python")
@pytest.mark.parametrize(("toml", "row"), list(examples()))
def test_what_the_page_says_is_what_is_earned(toml: str, row: Row) -> None:
    book: Book = program(toml).sections["points"]
    amount = int(Decimal(row["spends"]) * 100)
    flags = (row["flag"],) if row.get("flag") else ()
    line = Line(1, amount, sku=row.get("sku") or None, category=row.get("category") or None, flags=flags)
    payload: dict[str, Any] = {"store": row["store"]} if row.get("store") else {}
    told = {"tax": "tax", "discount": "discount", "paid with points": "points_paid"}
    payload |= {name: int(Decimal(row[column]) * 100) for column, name in told.items() if row.get(column)}
    bought = Activity(type="purchase", member="0" * 32, amount=amount, lines=(line,), payload=payload, occurred_at=AT)
    facts: Any = Example(row)
    found = {finding.rule.id: finding for finding in earnings(book, bought, facts)}
    for rule in book.rules:
        scale = book.currencies[rule.currency].scale
        earned = Decimal(found[rule.id].amount if rule.id in found else 0).scaleb(-scale)
        assert earned == Decimal(row[rule.id] if rule.id in row else row["points"])


@pytest.mark.parametrize("page", ["points.md", "rewards.md"])
def test_every_block_of_the_page_can_be_applied(page: str) -> None:
    blocks = [block["toml"] for block in _BLOCK.finditer((DOCS / page).read_text(encoding="utf-8"))]
    programs = [block for block in blocks if not block.startswith("[plugins.")]  # those are settings
    assert programs
    for block in programs:
        assert isinstance(program(block).sections["points"], Book)


@pytest.mark.row("P7", way="python")
def test_the_page_says_when_points_lapse() -> None:
    text = (DOCS / "points.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"(\| expiry \|.*?)\n\n", text, re.DOTALL)
    earned = datetime(2017, 8, 31, 15, tzinfo=SETTINGS.time_zone).astimezone(UTC)
    for row in rows(table + "\n"):
        written, said = row["expiry"].strip("`"), row["earned on 31 August 2017, 15:00"]
        book: Book = program(f"[points.currencies.points]\nexpiry = {written}").sections["points"]
        expiry: Expiry | None = book.currencies["points"].expiry
        if expiry is None:
            assert said == "never"
        else:
            gone = moment(expiry.instant(micros(earned), SETTINGS.time_zone)).astimezone(SETTINGS.time_zone)
            assert f"{gone:%Y-%m-%d %H:%M}" == said


def test_the_program_of_the_page_can_be_applied() -> None:
    whole, head = (program(each["toml"]) for each in _BLOCK.finditer((DOCS / "program.md").read_text(encoding="utf-8")))
    assert [tier.code for tier in whole.ladders[0].tiers] == ["ordinary", "silver"]
    assert head.notice_days == 30


def test_the_draw_of_the_page_on_draws_is_a_draw() -> None:
    (text,) = (block["toml"] for block in _BLOCK.finditer((DOCS / "draws.md").read_text(encoding="utf-8")))
    book: Book = program(text).sections["points"]
    assert [prize.id for prize in book.draws["wheel"].prizes] == ["jackpot", "hundred", "coffee", "nothing"]
