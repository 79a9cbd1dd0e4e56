"""Lines of CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Any


def line(cells: Iterable[Any]) -> str:
    """Return cells as a line of CSV; a text that would be a formula begins with an apostrophe."""
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerow([_harmless(each) for each in cells])
    return text.getvalue()


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
