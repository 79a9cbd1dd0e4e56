"""Compare a database of the demo with points, expiry, spending and tiers computed from the raw data.

    python independent.py DATABASE [--month-ends FILE]

DATABASE is a SQLite file or a URL (``sqlite:///...``, ``postgresql://...``) that ``corekit demo`` has loaded, FILE what
its ``--month-ends`` wrote. Differences are counted, the first ones printed; the exit code is 0 without any, 1 with
some, 2 where the script cannot run. It imports nothing of corekit and reads the tables by plain SQL; what should be in
them is computed in ``independent_rules.py``.
"""

from __future__ import annotations

import argparse
import csv
import sqlite3
import sys
from pathlib import Path
from typing import Any

from independent_rules import CannotRun, Household, Program, compute, read_program

HERE = Path(__file__).resolve().parent
MOST_SHOWN = 20


def query(database: str, statement: str) -> list[tuple[Any, ...]]:
    """Ask a database, read only."""
    if database.startswith("postgresql"):
        import psycopg  # noqa: PLC0415 - who compares a file needs no driver

        url = "postgresql://" + database.partition("://")[2]
        with psycopg.connect(url) as connection:
            return connection.execute(statement.encode()).fetchall()
    path = database.removeprefix("sqlite:///")
    if not Path(path).is_file():
        raise CannotRun(f"there is no database {path}")
    file = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return file.execute(statement).fetchall()
    finally:
        file.close()


Figures = dict[tuple[str, str], object]
"""By household and name of the figure."""

ACTIVITIES = """
    SELECT p.external_id, sum(a.amount), count(*) FROM core_activity a JOIN core_profile p ON p.member_id = a.member_id
     WHERE a.type = 'purchase' AND a.state = 'settled' GROUP BY p.external_id"""
STANDING = """
    SELECT p.external_id, t.ladder, t.tier FROM core_tier_assignment t JOIN core_profile p ON p.member_id = t.member_id
     WHERE t.valid_to IS NULL"""
BALANCES = """
    SELECT p.external_id, a.credits_posted - a.debits_posted
      FROM core_account a JOIN core_profile p ON p.member_id = a.member_id WHERE a.kind = 'points'"""
MOVED = """
    SELECT p.external_id, d.kind, c.kind, sum(m.amount) FROM core_posting m
      JOIN core_account d ON d.id = m.debit_account_id JOIN core_account c ON c.id = m.credit_account_id
      JOIN core_profile p ON p.member_id = coalesce(d.member_id, c.member_id)
     GROUP BY p.external_id, d.kind, c.kind"""
LOTS = """
    SELECT p.external_id, l.expires_at, sum(l.issued), sum(l.consumed), sum(l.expired) FROM core_lot l
      JOIN core_account a ON a.id = l.account_id JOIN core_profile p ON p.member_id = a.member_id
     GROUP BY p.external_id, l.expires_at"""
NAMES = {
    ("points.issued", "points"): "points issued",
    ("points", "points.redeemed"): "points spent",
    ("points", "points.breakage"): "points expired",
}


def found_figures(database: str, program: Program) -> Figures:
    """Read the figures of every member."""
    found: Figures = {}
    for (household,) in query(database, "SELECT external_id FROM core_profile"):
        found[household, "tier"] = program.tiers[0].code
    for household, ladder, tier in query(database, STANDING):
        if ladder == program.ladder:
            found[household, "tier"] = tier
    for household, cents, number in query(database, ACTIVITIES):
        found[household, "cents spent"], found[household, "baskets"] = int(cents), number
    for household, balance in query(database, BALANCES):
        found[household, "points"] = balance
    for household, debit, credit, amount in query(database, MOVED):
        name = NAMES.get((debit, credit), f"moved from {debit} to {credit}")
        found[household, name] = int(amount)
    for household, lapses, *parts in query(database, LOTS):
        found[household, f"lots until {lapses}"] = [int(part) for part in parts]
    return found


def computed_figures(households: dict[int, Household]) -> Figures:
    """Return the same figures as they were computed."""
    computed: Figures = {}
    for number, result in households.items():
        household = str(number)
        computed[household, "tier"] = result.tier
        computed[household, "cents spent"] = result.cents
        computed[household, "baskets"] = result.baskets
        if result.lots:
            computed[household, "points"] = result.available
        for name, part in (("points issued", 0), ("points spent", 1), ("points expired", 2)):
            if amount := sum(lot[part] for lot in result.lots.values()):
                computed[household, name] = amount
        for lapses, lot in result.lots.items():
            computed[household, f"lots until {round(lapses.timestamp()) * 1_000_000}"] = lot
    return computed


def month_figures(path: Path) -> Figures:
    """Read the file of month ends."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {(row["household"], f"end of {row['month']}"): (row["tier"], int(row["points"])) for row in rows}


def differences(found: Figures, computed: Figures) -> list[str]:
    """Say what differs, household by household."""
    keys = sorted(set(found) | set(computed), key=lambda key: (key[0].zfill(10), key[1]))
    return [
        f"household {key[0]}, {key[1]}: the database says {found.get(key)}, computed is {computed.get(key)}"
        for key in keys
        if found.get(key) != computed.get(key)
    ]


def main() -> int:
    """Compare, and return the exit code."""
    parser = argparse.ArgumentParser(description="Compare a database of the demo with what the raw data say.")
    parser.add_argument("database", help="a SQLite file, or a URL")
    parser.add_argument("--month-ends", type=Path, metavar="FILE", help="what `corekit demo --month-ends` wrote")
    given = parser.parse_args()
    program = read_program(HERE)
    found = found_figures(given.database, program)
    number = len({household for household, _ in found})  # the demo takes the first households by number
    chosen = compute(program, number)
    wrong = differences(found, computed_figures(chosen))
    if given.month_ends is not None:
        months: Figures = {
            (str(household), f"end of {month}"): state
            for household, each in chosen.items()
            for month, state in each.months.items()
        }
        wrong += differences(month_figures(given.month_ends), months)
    for line in wrong[:MOST_SHOWN]:
        print(line)
    cents = sum(each.cents for each in chosen.values())
    bought = sum(each.baskets for each in chosen.values())
    verdict = f"{len(wrong):,} differences" if wrong else "no difference"
    print(f"{number:,} households, {bought:,} baskets, {cents // 100:,}.{cents % 100:02} spent: {verdict}")
    return 1 if wrong or not number else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CannotRun as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
