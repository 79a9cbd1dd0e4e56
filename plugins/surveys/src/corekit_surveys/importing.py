"""Bringing in answers that were given elsewhere: all of a file, or nothing and what is wrong with it, line by line.

They are answers of no member: who gave them is not known here. Each is judged as one that is given here is.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from attrs import evolve, field, frozen
from sqlalchemy import insert, select

from corekit import Invalid, Problem
from corekit.audit import leave
from corekit_surveys import answers as judging
from corekit_surveys import codes, coercion, declared, finding
from corekit_surveys.declared_statistics import LINE_MALFORMED
from corekit_surveys.definition import COMMENT, Question, Survey
from corekit_surveys.tables import answer as _answer
from corekit_surveys.tables import survey as _survey
from corekit_surveys.tables import version as _version

if TYPE_CHECKING:
    from corekit import Kit

DAY, VERSION, ID, MEMBER = "_day", "_version", "_id", "_member"
"""Columns of CSV that are no questions, whose names begin with a letter."""
_KNOWN = {"answers", "day", "id", "member", "skipped", "version"}
_MOST_PROBLEMS = 100
_AT_ONCE = 1_000


@frozen
class Line:
    """A line of a file: its number from 1, what was answered, on which day and to which version, where it says so."""

    number: int
    answers: Any
    day: Any = None
    version: Any = None


@frozen
class _Target:
    """The survey that is answered: what its versions ask, and the version and the day where a line says none."""

    id: str
    state: str
    version: int
    today: str
    versions: Mapping[int, Survey]
    problems: list[Problem] = field(factory=list[Problem])

    def refuse(self, line: int, found: Iterable[Problem]) -> None:
        self.problems.extend(evolve(each, path=(line, *each.path)) for each in found)


def load(kit: Kit, actor: str | None, survey: str, file: Path) -> int:
    """Bring in the answers of a file, CSV where its name ends so, else JSON Lines; return how many there were.

    A line of JSON is ``{"answers": {...}, "day": "2026-01-31", "version": 1}``, a column of CSV a question, its
    comment, or the row of a matrix (``grid.row``), with ``_day`` and ``_version`` beside them; a cell that is empty is
    not answered. Without a day it is today, without a version the newest. What an export says besides (``id``,
    ``member``, ``skipped``) is not taken over. The file is read twice, a line at a time.

    Raises :class:`corekit.Invalid`: there is no such survey, it was never opened, or lines are not what can be
    answered: each problem at the number of its line and the question, up to a hundred. Nothing is brought in then.
    """
    target = _target(kit, survey)
    for _ in _rows(kit, target, file):
        pass  # only what is wrong is wanted first
    number = 0
    now = kit.now()
    with kit.database.write() as connection:
        there = select(_survey.c.id).where(_survey.c.id == target.id).with_for_update(read=True)
        if connection.execute(there).one_or_none() is None:
            raise codes.refused(declared.UNKNOWN, "survey", survey=survey)
        rows = _rows(kit, target, file)
        while chunk := list(islice(rows, _AT_ONCE)):
            connection.execute(insert(_answer), chunk)
            number += len(chunk)
        leave(connection, now, actor, "surveys.imported", survey, answers=number, file=file.name)
    return number


def _target(kit: Kit, survey: str) -> _Target:
    versions = _version.c.survey_id == _survey.c.id
    columns = [_survey.c[name] for name in ("id", "state", "version")]
    wanted = select(*columns, _version.c.number, _version.c.definition).join_from(_survey, _version, versions)
    with kit.read() as read:
        rows = read.all(wanted.where(_survey.c.code == survey.replace("\0", "")))
        today = kit.now(read).astimezone(kit.zone).date()
    if not rows:
        raise codes.refused(declared.UNKNOWN, "survey", survey=survey)
    if rows[0].state == "draft":
        raise codes.refused(declared.NOT_OPEN, "survey", state=rows[0].state)
    asked = {row.number: finding.parsed(row.definition) for row in rows}
    return _Target(rows[0].id, rows[0].state, rows[0].version, str(today), asked)


def _rows(kit: Kit, target: _Target, file: Path) -> Iterator[dict[str, Any]]:
    """Yield rows to be written; raises Invalid at the end, or once there are too many problems."""
    for line in _csv(target, file) if file.suffix.lower() == ".csv" else _json_lines(target, file):
        if (row := _row(kit, target, line)) is not None:
            yield row
        if len(target.problems) >= _MOST_PROBLEMS:
            break
    if target.problems:
        raise Invalid(target.problems[:_MOST_PROBLEMS])


def _row(kit: Kit, target: _Target, line: Line) -> dict[str, Any] | None:
    """Return the row of a line; None where it is refused."""
    day = line.day or target.today
    version = target.version if line.version in (None, "") else line.version
    if found := _wrong(target, line.answers, day, version):
        target.refuse(line.number, found)
        return None
    return {
        # By chance, so that no order of answers says anything.
        "id": UUID(bytes=kit.entropy(16), version=4).hex,
        "survey_id": target.id,
        "version": version,
        "member_id": None,
        "day": day,
        "answers": line.answers,
        "skipped": judging.skipped(target.versions[version], line.answers),
    }


def _wrong(target: _Target, answers: Any, day: Any, version: Any) -> list[Problem]:
    survey = target.versions.get(version) if type(version) is int else None
    if survey is None:
        known = ", ".join(map(str, target.versions))
        return [_malformed("version", f"one of {known}")]
    if not judging.is_day(day) or day > target.today:
        return [_malformed("day", f"a day such as 2026-01-31, up to {target.today}")]
    if not coercion.is_object(answers):
        return [_malformed("answers", "an object of answers by question")]
    return judging.problems(survey, answers)


def _json_lines(target: _Target, file: Path) -> Iterator[Line]:
    expected = 'an object such as {"answers": {...}, "day": "2026-01-31", "version": 1}'
    with file.open("rb") as lines:
        for number, text in enumerate(lines, 1):
            try:
                told = orjson.loads(text)
            except orjson.JSONDecodeError:
                told = None
            if not coercion.is_object(told) or not told.keys() <= _KNOWN:
                target.refuse(number, [_malformed("", expected)])
                continue
            yield Line(number, told.get("answers"), told.get("day"), told.get("version"))


def _csv(target: _Target, file: Path) -> Iterator[Line]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text)
        head = next(reader, list[str]())
        for cells in reader:
            if len(cells) != len(head):
                target.refuse(reader.line_num, [_malformed("", f"{len(head)} cells, as the first line has")])
                continue
            told = {name: cell for name, cell in zip(head, cells, strict=True) if cell}
            day, version, *_ = (told.pop(name, None) for name in (DAY, VERSION, ID, MEMBER))
            number = int(version) if version is not None and version.isdecimal() else version
            survey = target.versions.get(target.version if number is None else number)  # type: ignore[arg-type]
            yield Line(reader.line_num, _answers(survey, told) if survey else {}, day, number)


def _answers(survey: Survey, cells: Mapping[str, str]) -> dict[str, Any]:
    """Return what cells of CSV say; what they cannot say stays as it is written, and is refused by the judge."""
    found: dict[str, Any] = {}
    for column, cell in cells.items():
        name, dot, row = column.partition(".")
        question = survey.questions.get(name)
        if question is None or question.name + COMMENT == column:
            found[column] = cell
        elif dot and question.kind == "matrix":
            found.setdefault(name, {})[row] = _choice(question, cell)
        else:
            found[column] = _value(question, cell)
    return found


def _value(question: Question, cell: str) -> Any:
    match question.kind:
        case "boolean":
            return {"true": True, "false": False}.get(cell.lower(), cell)
        case "number":
            return _number(cell)
        case "checkbox" | "ranking":
            return [_choice(question, each) for each in cell.split("|")]
        case "dropdown" | "radiogroup" | "rating":
            return _choice(question, cell)
        case _:
            return cell


def _choice(question: Question, cell: str) -> Any:
    """Return the choice that a cell says: a text before a number that is written alike."""
    if cell in question.selectable:
        return cell
    number = _number(cell)
    return number if number in question.selectable else cell


def _number(cell: str) -> Any:
    try:
        return orjson.loads(cell)
    except orjson.JSONDecodeError:
        return cell


def _malformed(place: str, expected: str) -> Problem:
    return codes.problem(LINE_MALFORMED, *[place] * bool(place), expected=expected)
