"""Writing surveys, opening and closing them: each change once, in the audit trail, and each version kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from corekit import ErrorText, Invalid, Reader, any_of, micros, new_id
from corekit.audit import leave
from corekit_surveys import codes, declared
from corekit_surveys.definition import Survey
from corekit_surveys.reading import read
from corekit_surveys.tables import survey as _survey
from corekit_surveys.tables import version as _version

if TYPE_CHECKING:
    from corekit import Kit

State = Literal["draft", "open", "closed"]
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_BEFORE: Mapping[State, State] = {"open": "draft", "closed": "open"}


@frozen
class Kept:
    """A survey as it stands: its ``state``, the number of its ``version``, and what that asks."""

    id: str
    code: str
    state: State
    version: int
    survey: Survey


def create(kit: Kit, actor: str, code: str, definition: Any) -> Kept:
    """Write a survey, which is a draft first.

    Raises :class:`corekit.Invalid`: the code is none (``SURVEYS_CODE_INVALID``) or is taken (``SURVEYS_CODE_TAKEN``),
    or the definition is outside of what is understood, each problem at its path below ``definition``.
    """
    if not _CODE.fullmatch(code):
        raise _refused(declared.CODE_INVALID, "code")
    survey = _read(definition)
    now = kit.now()
    with kit.database.write() as connection:
        key, at = new_id(), micros(now)
        row = {"id": key, "code": code, "state": "draft", "version": 1, "created_at": at}
        into = sqlite.insert(_survey) if connection.dialect.name == "sqlite" else postgresql.insert(_survey)
        made = into.values(row).on_conflict_do_nothing().returning(_survey.c.id)
        if connection.execute(made).one_or_none() is None:
            raise _refused(declared.CODE_TAKEN, "code", survey=code)
        connection.execute(insert(_version), _numbered(key, 1, survey, at))
        leave(connection, now, actor, "surveys.created", code)
    return Kept(key, code, "draft", 1, survey)


def revise(kit: Kit, actor: str, code: str, definition: Any) -> Kept:
    """Write another version, which is answered from now on; what was answered to earlier ones stays readable.

    Raises :class:`corekit.Invalid`: there is no such survey, it is closed, or the definition is not understood.
    """
    survey = _read(definition)
    now = kit.now()
    with kit.database.write() as connection:
        known = _locked(connection, code)
        if known.state == "closed":
            raise _refused(declared.STATE, "code", state=known.state)
        number = known.version + 1
        connection.execute(insert(_version), _numbered(known.id, number, survey, micros(now)))
        connection.execute(update(_survey).where(_survey.c.id == known.id).values(version=number))
        leave(connection, now, actor, "surveys.revised", code, version=number)
    return Kept(known.id, code, known.state, number, survey)


def move(kit: Kit, actor: str, code: str, state: Literal["open", "closed"]) -> None:
    """Open a draft, or close what is open. Raises :class:`corekit.Invalid` where it stands otherwise."""
    now = kit.now()
    with kit.database.write() as connection:
        known = _locked(connection, code)
        if known.state != _BEFORE[state]:
            raise _refused(declared.STATE, "code", state=known.state)
        connection.execute(update(_survey).where(_survey.c.id == known.id).values(state=state))
        leave(connection, now, actor, f"surveys.{'opened' if state == 'open' else 'closed'}", code)


def find(read_: Reader, codes_: Iterable[str]) -> dict[str, Kept]:
    """Return surveys by code, as they stand now: one statement."""
    now = (_version.c.survey_id == _survey.c.id) & (_version.c.number == _survey.c.version)
    columns = [_survey.c[name] for name in ("id", "code", "state", "version")]
    wanted = select(*columns, _version.c.definition).join_from(_survey, _version, now)
    rows = read_.all(wanted.where(any_of(_survey.c.code, sorted(set(codes_)))))
    return {row.code: Kept(row.id, row.code, row.state, row.version, parsed(row.definition)) for row in rows}


def parsed(definition: Mapping[str, Any]) -> Survey:
    """Return what a definition asks that was understood when it was written."""
    return _parsed(json.dumps(definition))


@lru_cache(maxsize=256)
def _parsed(text: str) -> Survey:
    return read(json.loads(text))


def _read(definition: Any) -> Survey:
    try:
        return read(definition)
    except Invalid as error:
        placed = (codes.problem_at("definition", each) for each in error.problems)
        raise Invalid(list(placed)) from None


def _numbered(survey: str, number: int, read_: Survey, at: int) -> dict[str, Any]:
    return {"survey_id": survey, "number": number, "definition": dict(read_.json), "created_at": at}


def _locked(connection: Connection, code: str) -> Any:
    known = connection.execute(select(_survey).where(_survey.c.code == code).with_for_update()).one_or_none()
    if known is None:
        raise _refused(declared.UNKNOWN, "code", survey=code)
    return known


def _refused(text: ErrorText, *path: str, **parameters: str) -> Invalid:
    return Invalid([codes.problem(text, *path, **parameters)])
