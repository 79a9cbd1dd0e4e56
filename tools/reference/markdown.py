"""Markdown, as the pages write it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable

Rows = Iterable[Iterable[str]]


def prose(text: str | None) -> str:
    """Return a docstring as Markdown."""
    return re.sub(r"(?::\w+)?:?`{1,2}~?([^`]+)`{1,2}", r"`\1`", inspect.cleandoc(text or ""))


def table(head: Iterable[str], rows: Rows) -> str:
    """Return a table."""
    names = list(head)
    return "\n".join([row(names), row("---" for _ in names), *map(row, rows)])


def row(cells: Iterable[str]) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"
