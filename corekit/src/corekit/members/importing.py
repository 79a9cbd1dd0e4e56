"""Registering members from a CSV or JSON Lines file, through the same door as everybody else."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Literal, TextIO, cast
from zoneinfo import ZoneInfo

import orjson
from attrs import define

from corekit.activities.activity import Activity
from corekit.activities.incoming import REGISTERED
from corekit.activities.outcome import Outcome
from corekit.declares import ErrorText
from corekit.errors import Invalid, Problem
from corekit.members.profile import FIELDS, FIXED, LISTS, TOLD
from corekit.validation import suggest

if TYPE_CHECKING:
    from corekit.kit import Kit

SOURCE = "import"
KEY = "external_id"
CHUNK = 2_000
"""Rows of one transaction. They are new members, for whom nobody waits, and larger ones cost less a row."""
_OUTER = ("payload", "attributes")
_BROUGHT_BY = {"account": "opening", "ladder": "tiers"}
"""In which columns stands what a refusal names."""
_NAMED = re.compile(r"(external_ids\.[^\s.][^.]{0,99}|opening\.\S{1,100}|tiers\.\S{1,100})")
"""Columns for ids of other systems by source, for value by account kind, for tiers by ladder."""

ERRORS = (
    ErrorText("COLUMN_UNKNOWN", "No profile has the column {column}.", "没有 {column} 列。"),
    ErrorText("COLUMN_MISSING", "The column {column} is missing.", "缺少 {column} 列。"),
    ErrorText("COLUMN_REPEATED", "The column {column} is there twice.", "{column} 列重复。"),
    ErrorText("ROW_UNREADABLE", "This is not a row of the file's columns in UTF-8.", "此行无法按列读取（UTF-8）。"),
)
"""The codes of what can be wrong with a file."""


@define
class Report:
    """What became of the rows of a file, or would become of them."""

    rows: int = 0
    registered: int = 0
    unchanged: int = 0
    rejected: int = 0


def import_members(
    kit: Kit,
    lines: Iterable[str],
    rejects: TextIO | None = None,
    *,
    form: Literal["csv", "jsonl"] = "csv",
    dry_run: bool = False,
    progress: Callable[[Report], object] | None = None,
) -> Report:
    """Register a member for each row of a file, and report on them.

    ``csv`` is a file with a header: the columns are the fields of a profile, ``identity.city`` and the like for its
    sections (several texts with semicolons between them), ``external_ids.<source>``, and the custom attributes; empty
    cells are left out. What the member had in another system stands in ``opening.<account kind>``, lots with semicolons
    between them, each an amount in minor units and ``@`` and when it lapses if it does (an instant, or a day, which it
    does not live to see), and in ``tiers.<ladder>``; it is taken over with the registration or not at all. ``jsonl``
    has one JSON object a line, as the payload of ``member.registered``.

    ``external_id`` is each row's key, so that the same file can be sent again: what is registered stays as it is. Rows
    that cannot be registered are written to ``rejects`` (line, field, code, reason); the others go on. ``dry_run``
    stores nothing, so it sees that something is twice in the file only within a chunk. Memory does not grow with the
    file.
    Raises :class:`Invalid` where the header cannot be used.
    """
    task = _Import(rejects)
    rows = registrations(kit, lines, form)
    for outcome in kit.record_many(task.activities(rows), chunk=CHUNK, simulate=dry_run):
        task.take(outcome)
        if progress is not None:
            progress(task.report)
    task.take(None)
    return task.report


def registrations(
    kit: Kit, lines: Iterable[str], form: Literal["csv", "jsonl"] = "csv"
) -> Iterator[tuple[int, Activity | Invalid]]:
    """Yield for each row of a file its line, and the registration, or why it cannot be read."""
    return _rows(lines, kit) if form == "csv" else _objects(lines)


class _Import:
    """The rows on their way: what is read waits in its order for its answer."""

    def __init__(self, rejects: TextIO | None) -> None:
        self.report = Report()
        self._waiting: deque[tuple[int, Sequence[Problem]]] = deque()
        self._rejects = csv.writer(rejects) if rejects is not None else None
        self._write("line", "field", "code", "reason")

    def activities(self, rows: Iterable[tuple[int, Activity | Invalid]]) -> Iterator[Activity]:
        for line, row in rows:
            self._waiting.append((line, row.problems if isinstance(row, Invalid) else ()))
            if isinstance(row, Activity):
                yield row

    def take(self, outcome: Outcome | None) -> None:
        """Count what an answer says of the oldest row that waits for one, and the unreadable rows before it."""
        while self._waiting and self._waiting[0][1]:
            self._reject(*self._waiting.popleft())
        if outcome is None:
            return
        line, _ = self._waiting.popleft()
        if not outcome.settled:
            self._reject(line, _problems(outcome))
            return
        self.report.rows += 1
        self.report.unchanged += outcome.replayed
        self.report.registered += not outcome.replayed

    def _reject(self, line: int, problems: Sequence[Problem]) -> None:
        self.report.rows += 1
        self.report.rejected += 1
        for problem in problems:
            field = ".".join(part for part in problem.path if isinstance(part, str) and part not in _OUTER)
            self._write(line, field, problem.code, problem.message)

    def _write(self, *cells: object) -> None:
        if self._rejects is not None:
            self._rejects.writerow(cells)


def _problems(outcome: Outcome) -> Sequence[Problem]:
    if outcome.problems:
        return outcome.problems
    code = outcome.code or outcome.outcome.upper()
    parameters = outcome.parameters
    named = (f"{prefix}.{parameters[name]}" for name, prefix in _BROUGHT_BY.items() if name in parameters)
    field: str = parameters.get("field") or next(named, KEY)
    return [Problem(code=code, message=outcome.message or code, path=(field,))]


def _rows(lines: Iterable[str], kit: Kit) -> Iterator[tuple[int, Activity | Invalid]]:
    """Yield each row with its line: the registration, or why it cannot be read."""
    reader = csv.reader(lines, strict=True)
    header = next(reader, None) or []
    columns = _columns(header, (*FIXED, *TOLD, *FIELDS, *kit.settings.profile))
    unreadable = Invalid([Problem(code="ROW_UNREADABLE", message=ERRORS[3].en)])
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield reader.line_num, unreadable
            continue
        if not cells:
            continue
        # A byte that is no UTF-8 was read as a lone surrogate.
        is_text = all(not "\ud800" <= letter <= "\udfff" for cell in cells for letter in cell)
        if len(cells) != len(columns) or not is_text:
            yield reader.line_num, unreadable
            continue
        told = _told(dict(zip(columns, map(str.strip, cells), strict=True)), kit.zone)
        yield reader.line_num, _registration(told)


def _objects(lines: Iterable[str]) -> Iterator[tuple[int, Activity | Invalid]]:
    """Yield the registration of each line of JSON, or why it cannot be read."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            told: Any = orjson.loads(line.encode("utf-8"))
        except (orjson.JSONDecodeError, UnicodeEncodeError):
            told = None
        if isinstance(told, dict):
            yield number, _registration(cast("dict[str, Any]", told))
        else:
            yield number, Invalid([Problem(code="ROW_UNREADABLE", message=ERRORS[3].en)])


def _told(row: dict[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """Return a row of a CSV file as the payload of a registration."""
    payload: dict[str, Any] = {"attributes": {}}
    for name, text in row.items():
        outer, dot, inner = name.partition(".")
        if not text:
            continue
        if outer == "opening":
            payload.setdefault(outer, {})[inner] = [_lot(lot, zone) for lot in text.split(";")]
        elif dot:
            payload.setdefault(outer, {})[inner] = text.split(";") if name in LISTS else text
        elif name in (*FIXED, *TOLD):
            payload[name] = text
        else:
            payload["attributes"][name] = text
    return payload


def _lot(text: str, zone: ZoneInfo) -> dict[str, str]:
    """Return a lot as a cell writes it: ``70``, ``70@2027-01-01`` or ``70@2027-01-01T00:00:00+00:00``."""
    amount, at, lapses = map(str.strip, text.partition("@"))
    if not at:
        return {"amount": amount}
    with suppress(ValueError):  # what is no day is left to the schema, which says so
        lapses = datetime.combine(date.fromisoformat(lapses), time(), zone).isoformat()
    return {"amount": amount, "expires_at": lapses}


def _registration(told: dict[str, Any]) -> Activity | Invalid:
    key = told.get(KEY)
    if not isinstance(key, str) or not key:
        return Invalid([Problem(code="REQUIRED", message="Each row needs its key.", path=(KEY,))])
    return Activity(type=REGISTERED, source=SOURCE, external_id=key, payload={"channel": SOURCE, **told})


def _columns(header: list[str], known: tuple[str, ...]) -> list[str]:
    """Return the names of the columns; Invalid with everything that is wrong with them."""
    names = [name.strip() for name in header]
    found = [
        *(
            ("COLUMN_UNKNOWN", name, suggest(name, known))
            for name in names
            if name not in known and not _NAMED.fullmatch(name)
        ),
        *(("COLUMN_REPEATED", name, "") for name in dict.fromkeys(names) if names.count(name) > 1),
        *(("COLUMN_MISSING", KEY, "") for _ in range(KEY not in names)),
    ]
    texts = {text.code: text.en for text in ERRORS}
    if problems := [
        Problem(code=code, message=texts[code].format(column=name) + hint, path=(name,), parameters={"column": name})
        for code, name, hint in found
    ]:
        raise Invalid(problems)
    return names
