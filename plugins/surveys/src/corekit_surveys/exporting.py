"""Answers one by one, as they were given: as JSON Lines and CSV, and the texts of one question.

They come in the order of their ids, which are drawn by chance: it says nothing of who gave them, or when.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Unpack

import orjson
from attrs import frozen
from sqlalchemy import ColumnElement, Select, Text, func, literal, select

from corekit import Reader, any_of
from corekit.paging import Ask, Page, Span
from corekit_surveys import codes, declared, finding
from corekit_surveys.coercion import is_list, is_object
from corekit_surveys.declared_statistics import QUESTION_UNKNOWN
from corekit_surveys.definition import COMMENT, Survey
from corekit_surveys.importing import DAY, ID, MEMBER, VERSION
from corekit_surveys.settings import settings_of
from corekit_surveys.tables import answer as _answer
from corekit_surveys.tables import survey as _survey
from corekit_surveys.tables import version as _version
from corekit_surveys.tabular import line

if TYPE_CHECKING:
    from corekit import Kit


@frozen
class Told:
    """A text that was answered, and the id of the answer it is part of."""

    id: str
    text: str


def as_json_lines(read: Reader, survey: str) -> Iterator[str]:
    """Yield each answer to a survey as a line of JSON; ``member`` is there where it is of one.

    Raises :class:`corekit.Invalid` (``SURVEYS_UNKNOWN``) before the first line.
    """
    id_, _ = _known(read, survey)
    return (_json_line(row) for row in read.stream(_answers(id_)))


def as_csv(read: Reader, survey: str) -> Iterator[str]:
    """Yield each answer to a survey as a line of CSV, below one with the names of all questions of all versions.

    Of several choices, and of what is ranked, there is ``|`` between them. What a spreadsheet would take for a formula
    begins with an apostrophe. Raises :class:`corekit.Invalid` (``SURVEYS_UNKNOWN``) before the first line.
    """
    id_, versions = _known(read, survey)
    columns = list(dict.fromkeys(each for known in versions.values() for each in _columns(known)))
    return _csv_lines(read, id_, columns)


def texts(kit: Kit, read: Reader, survey: str, question: str, **page: Unpack[Ask]) -> Page[Told]:
    """Return a page of the texts that were answered to a question, or to the other choice of one (``way-Comment``).

    It is empty where fewer answered than statistics show. Raises :class:`corekit.Invalid` (``SURVEYS_UNKNOWN``,
    ``SURVEYS_QUESTION_UNKNOWN``, ``PAGE_SIZE``, ``CURSOR``).
    """
    id_, versions = _known(read, survey)
    numbers = [number for number, known in versions.items() if question in _texts(known)]
    if not numbers:
        raise codes.refused(QUESTION_UNKNOWN, "question", question=question, hint="")
    told: Any = (
        func.json_extract(_answer.c.answers, f'$."{question}"')
        if read.dialect == "sqlite"
        else _answer.c.answers.op("->>")(literal(question, Text))
    )
    columns: list[ColumnElement[Any]] = [_answer.c.id, told.label("text")]
    asked = (any_of(_answer.c.survey_id, [id_]), any_of(_answer.c.version, numbers), told.is_not(None))
    chosen = select(*columns).where(*asked)
    span = Span.of(page, str)
    number: int = read.scalar(select(func.count()).select_from(chosen.subquery()))
    if number < settings_of(kit).least_shown:
        return Page(total=0 if span.counted else None)
    rows = [Told(row.id, row.text) for row in read.all(span.select(chosen, (_answer.c.id,)))]
    return span.page(rows, lambda each: (each.id,), number if span.counted else None)


def _known(read: Reader, survey: str) -> tuple[str, dict[int, Survey]]:
    """Return the id of a survey, and what its versions ask by their numbers, the first one first."""
    versions = _version.c.survey_id == _survey.c.id
    wanted = select(_survey.c.id, _version.c.number, _version.c.definition).join_from(_survey, _version, versions)
    rows = read.all(wanted.where(_survey.c.code == survey.replace("\0", "")).order_by(_version.c.number))
    if not rows:
        raise codes.refused(declared.UNKNOWN, "survey", survey=survey)
    return rows[0].id, {row.number: finding.parsed(row.definition) for row in rows}


def _texts(survey: Survey) -> Iterator[str]:
    for each in survey.questions.values():
        if each.kind in ("text", "comment"):
            yield each.name
        if each.other:
            yield each.name + COMMENT


def _answers(survey: str) -> Select[Any]:
    return select(_answer).where(any_of(_answer.c.survey_id, [survey])).order_by(_answer.c.id)


def _json_line(row: Any) -> str:
    member = {"member": row.member_id} if row.member_id is not None else {}
    told = {"id": row.id, "version": row.version, "day": row.day, **member, "answers": row.answers}
    return orjson.dumps({**told, "skipped": row.skipped}, option=orjson.OPT_APPEND_NEWLINE).decode()


def _columns(survey: Survey) -> Iterator[str]:
    for each in survey.questions.values():
        if each.kind == "matrix":
            yield from (f"{each.name}.{row}" for row in each.rows)
        elif each.kind != "html":
            yield from (each.name, *[each.name + COMMENT] * each.other)


def _csv_lines(read: Reader, survey: str, columns: list[str]) -> Iterator[str]:
    yield line([ID, VERSION, DAY, MEMBER, *columns])
    for row in read.stream(_answers(survey)):
        told = {name: cell for name, answer in row.answers.items() for name, cell in _cells(name, answer)}
        yield line([row.id, row.version, row.day, row.member_id or "", *(told.get(name, "") for name in columns)])


def _cells(name: str, answer: Any) -> Iterator[tuple[str, Any]]:
    if is_object(answer):
        for row, cell in answer.items():
            yield f"{name}.{row}", cell
    elif is_list(answer):
        yield name, "|".join(map(str, answer))
    else:
        yield name, str(answer).lower() if isinstance(answer, bool) else answer
