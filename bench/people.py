"""Write a file of made-up members, every hundredth row of it bad in a known way.

    python -m bench.people 1000000 people.csv planted.csv
    corekit members import people.csv --rejects rejects.csv
    cut -d, -f1-3 rejects.csv | diff planted.csv -

The last command prints nothing: what was rejected is what was planted, line by line, field and code.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from attrs import frozen

COLUMNS = (
    "external_id",
    "name",
    "email",
    "phone",
    "birthday",
    "identity.city",
    "lifestyle.household_size",
    "external_ids.card",
)
PLANTED = ("line", "field", "code")
EVERY = 100
"""One row of so many is bad."""
_GIVEN = ("Ann", "Bea", "Cem", "Dora", "Emil", "Fatma", "Gerd", "Hoa", "Ida", "Jürgen", "Kofi", "Lúcia", "Mei")
_FAMILY = ("Arslan", "Bauer", "Costa", "Dąbrowski", "Evans", "Fuchs", "García", "Hofmann", "Ito", "Jansen", "Kaya")
_CITIES = ("Ulm", "Köln", "Augsburg", "Halle (Saale)", "Graz", "Luzern, Stadt", "Bozen")

Row = dict[str, str]


@frozen
class Bad:
    """A way of being bad: what it makes of a good row, given an earlier good row, and what is said of it."""

    spoil: Callable[[Row, Row], Any]
    problems: Sequence[tuple[str, str]]


def _put(**values: str) -> Callable[[Row, Row], Any]:
    """Put texts into a row; a column is written with two underscores for its point."""
    told = {name.replace("__", "."): value for name, value in values.items()}
    return lambda row, _: row.update(told)


def _copy(column: str) -> Callable[[Row, Row], Any]:
    """Put what an earlier row has in a column."""
    return lambda row, earlier: row.update({column: earlier[column]})


BAD = {
    "no key": Bad(_put(external_id=""), [("external_id", "REQUIRED")]),
    "key of another": Bad(_copy("external_id"), [("external_id", "KEY_REUSED")]),
    "e-mail of another": Bad(_copy("email"), [("email", "IDENTITY_TAKEN")]),
    "telephone of another": Bad(_copy("phone"), [("phone", "IDENTITY_TAKEN")]),
    "card of another": Bad(_copy("external_ids.card"), [("external_ids.card", "IDENTITY_TAKEN")]),
    "no e-mail": Bad(_put(email="ann at example.com"), [("email", "EMAIL")]),
    "no telephone": Bad(_put(phone="none"), [("phone", "PHONE")]),
    "no date": Bad(_put(birthday="31.12.1980"), [("birthday", "TYPE")]),
    "no number": Bad(_put(lifestyle__household_size="two"), [("lifestyle.household_size", "TYPE")]),
    "too large": Bad(_put(lifestyle__household_size="101"), [("lifestyle.household_size", "RANGE")]),
    "too long": Bad(_put(name="x" * 201), [("name", "LENGTH")]),
    "line break": Bad(_put(identity__city="Ulm\x0bMitte"), [("identity.city", "PATTERN")]),
    "two at once": Bad(
        _put(birthday="soon", identity__city="x" * 201), [("birthday", "TYPE"), ("identity.city", "LENGTH")]
    ),
    "cell missing": Bad(lambda row, _: row.popitem(), [("", "ROW_UNREADABLE")]),
    "no UTF-8": Bad(_put(name="J\udcfcrgen"), [("", "ROW_UNREADABLE")]),
}
"""Every way, in turn."""


def person(number: int) -> Row:
    """Return the good row of somebody; two numbers share nothing by which somebody is known."""
    given, family = _GIVEN[number % len(_GIVEN)], _FAMILY[number % len(_FAMILY)]
    return {
        "external_id": f"crm-{number:08}",
        "name": f"{given} {family}",
        "email": f"member.{number}@example.com",
        "phone": f"+49 731 {number:08}",
        "birthday": f"{1940 + number % 70}-{number % 12 + 1:02}-{number % 28 + 1:02}",
        "identity.city": _CITIES[number % len(_CITIES)],
        "lifestyle.household_size": str(number % 5 + 1),
        "external_ids.card": f"{number:013}",
    }


def rows(number: int, first: int = 0) -> Iterator[tuple[Sequence[str], Sequence[tuple[str, str]]]]:
    """Yield the cells of so many rows, each with the fields and codes of what is wrong with it."""
    ways = list(BAD.values())
    for each in range(first, first + number):
        row = person(each)
        if (each + 1) % EVERY:
            yield list(row.values()), ()
            continue
        turn = (each - first) // EVERY
        way = ways[turn % len(ways)]
        # Of the same chunk in one round of the ways, of long ago in the next.
        near = turn // len(ways) % 2 == 0
        way.spoil(row, person(first + EVERY * (turn if near else turn // 2)))
        yield list(row.values()), way.problems


def lines(number: int, first: int = 0) -> Iterator[str]:
    """Yield the lines of a file."""
    yield line(COLUMNS)
    for cells, _ in rows(number, first):
        yield line(cells)


def planted(number: int, first: int = 0) -> Iterator[tuple[int, str, str]]:
    """Yield line, field and code of everything that is wrong with a file."""
    for place, (_, problems) in enumerate(rows(number, first), 2):
        for field, code in problems:
            yield place, field, code


def line(cells: Sequence[str]) -> str:
    """Return cells as a line of the file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def main(arguments: Sequence[str]) -> None:
    """Write the file, and what is wrong with it."""
    parser = argparse.ArgumentParser("python -m bench.people", description="Write a file of made-up members.")
    parser.add_argument("rows", type=int, help="how many")
    parser.add_argument("file", type=Path, help="the CSV file to write")
    parser.add_argument("planted", type=Path, help="where to write what is wrong with it")
    asked = parser.parse_args(arguments)
    with ExitStack() as stack:
        file, wrong = [
            stack.enter_context(path.open("w", encoding="utf-8", errors="surrogateescape", newline=""))
            for path in (asked.file, asked.planted)
        ]
        file.writelines(lines(asked.rows))
        csv.writer(wrong, lineterminator="\n").writerows([PLANTED, *planted(asked.rows)])


if __name__ == "__main__":
    main(sys.argv[1:])
