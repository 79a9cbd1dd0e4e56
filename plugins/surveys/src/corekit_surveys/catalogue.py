"""Writing surveys, opening and closing them: each change once, in the audit trail, and each version kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from corekit import ErrorText, Invalid, Problem, Reader, micros, new_id
from corekit.audience import checked, compiled, known, named
from corekit.audit import leave
from corekit_surveys import codes, declared, tables
from corekit_surveys.definition import Survey
from corekit_surveys.finding import Kept, State, find, titles_of
from corekit_surveys.reading import read
from corekit_surveys.settings import settings_of
from corekit_surveys.terms import Terms, problems

if TYPE_CHECKING:
    from datetime import datetime

    from corekit import Kit

_survey = tables.survey
_version = tables.version
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_BEFORE: Mapping[str, frozenset[State]] = {"open": frozenset({"draft", "closed"}), "closed": frozenset({"open"})}
_SAID = {"open": "surveys.opened", "closed": "surveys.closed"}


def create(kit: Kit, actor: str | None, code: str, definition: Any, terms: Terms | None = None) -> Kept:
    """Write a survey, which is a draft first.

    Raises :class:`corekit.Invalid`: the code is none (``SURVEYS_CODE_INVALID``) or is taken (``SURVEYS_CODE_TAKEN``),
    the definition is outside of what is understood, each problem at its path below ``definition``, or the terms do not
    hold.
    """
    terms = terms or Terms()
    if not _CODE.fullmatch(code):
        raise _refused(declared.CODE_INVALID, "code")
    survey = _read(definition, _wrong(kit, terms))
    now = kit.now()
    with kit.database.write() as connection:
        key, at = new_id(), micros(now)
        row = {"id": key, "code": code, "state": "draft", "version": 1, "created_at": at}
        row |= _row(terms) | _titled(code, survey)
        into = sqlite.insert(_survey) if connection.dialect.name == "sqlite" else postgresql.insert(_survey)
        made = into.values(row).on_conflict_do_nothing().returning(_survey.c.id)
        if connection.execute(made).one_or_none() is None:
            raise _refused(declared.CODE_TAKEN, "code", survey=code)
        connection.execute(insert(_version), _numbered(key, 1, survey, at))
        _follow(kit, connection, key, terms)
        leave(connection, now, actor, "surveys.created", code, **_told(terms))
        return _found(connection, code)


def revise(kit: Kit, actor: str | None, code: str, definition: Any) -> Kept:
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
        _change(connection, known.id, version=number, **_titled(code, survey))
        leave(connection, now, actor, "surveys.revised", code, version=number)
        return _found(connection, code)


def change(kit: Kit, actor: str | None, code: str, terms: Terms) -> Kept:
    """Let other terms hold of a survey from now on, also of one that is open.

    Whether it is anonymous stays once somebody has answered it or begun to. Raises :class:`corekit.Invalid` with all
    that does not hold.
    """
    if wrong := _wrong(kit, terms):
        raise Invalid(wrong)
    now = kit.now()
    with kit.database.write() as connection:
        known = _locked(connection, code)
        if bool(known.anonymous) != terms.anonymous and _is_begun(connection, known.id):
            raise _refused(declared.ANONYMITY, "anonymous")
        before = _found(connection, code)
        if before.terms != terms:
            _change(connection, known.id, **_row(terms))
            _follow(kit, connection, known.id, terms)
            leave(connection, now, actor, "surveys.changed", code, **_told(terms))
        return _found(connection, code)


def move(kit: Kit, actor: str | None, code: str, state: Literal["open", "closed"]) -> Kept:
    """Open a draft, close what is open, or open it again. Raises :class:`corekit.Invalid` where it stands otherwise."""
    now = kit.now()
    with kit.database.write() as connection:
        known = _locked(connection, code)
        if known.state not in _BEFORE[state]:
            raise _refused(declared.STATE, "code", state=known.state)
        _change(connection, known.id, state=state)
        leave(connection, now, actor, _SAID[state], code)
        return _found(connection, code)


def remove(kit: Kit, actor: str | None, code: str) -> Kept:
    """Delete a survey that nobody has answered or begun to answer, with its comments, and return what it was.

    Raises :class:`corekit.Invalid`: there is no such survey, or it stays (``SURVEYS_BEGUN``).
    """
    now = kit.now()
    with kit.database.write() as connection:
        known = _locked(connection, code)
        if _is_begun(connection, known.id):
            raise _refused(declared.BEGUN, "code")
        before = _found(connection, code)
        for each in (tables.version, tables.named, tables.place, tables.comment):
            connection.execute(delete(each).where(each.c.survey_id == known.id))
        connection.execute(delete(_survey).where(_survey.c.id == known.id))
        leave(connection, now, actor, "surveys.deleted", code)
        return before


def _wrong(kit: Kit, terms: Terms) -> list[Problem]:
    """Return all that does not hold of terms."""
    found = problems(terms)
    if terms.audience is not None:
        found += checked(terms.audience, known(kit), declared.AUDIENCE, ("audience",))
    if terms.anonymous and not settings_of(kit).keys:
        found.append(codes.problem(declared.NO_KEY, "anonymous"))
    return found


def _is_begun(connection: Connection, survey: str) -> bool:
    """Say whether anything is known of somebody who took part, or began to."""
    about = (tables.taken, tables.draft, tables.shelf, tables.answer, tables.waiting)
    seen = (select(each.c.survey_id).where(each.c.survey_id == survey).exists() for each in about)
    return any(connection.execute(select(*seen)).one())


def _follow(kit: Kit, connection: Connection, survey: str, terms: Terms) -> None:
    """Let what is kept beside a survey be as its terms say: of what its audience is made, and its places."""
    about = tables.named
    connection.execute(delete(about).where(about.c.survey_id == survey))
    if terms.audience is not None:
        parts = named(compiled(terms.audience, known(kit)))
        rows = [{"survey_id": survey, "what": what, "name": name} for what, name in sorted(parts)]
        if rows:
            connection.execute(insert(about), rows)
    _count(connection, survey, limited=terms.quota is not None)


def _count(connection: Connection, survey: str, *, limited: bool) -> None:
    """Count how often a survey was answered, where that has an end; who answers counts on."""
    place, taken = tables.place, tables.taken
    if not limited:
        connection.execute(delete(place).where(place.c.survey_id == survey))
        return
    into = sqlite.insert(place) if connection.dialect.name == "sqlite" else postgresql.insert(place)
    times = select(func.coalesce(func.sum(taken.c.times), 0)).where(taken.c.survey_id == survey)
    connection.execute(into.values(survey_id=survey, taken=times.scalar_subquery()).on_conflict_do_nothing())


def _read(definition: Any, others: list[Problem] | None = None) -> Survey:
    """Return what a definition asks; raises with all problems of it, and with others that were found."""
    found = list(others or ())
    try:
        survey = read(definition)
    except Invalid as error:
        found += [codes.problem_at("definition", each) for each in error.problems]
        raise Invalid(found) from None
    if found:
        raise Invalid(found)
    return survey


def _numbered(survey: str, number: int, read_: Survey, at: int) -> dict[str, Any]:
    return {"survey_id": survey, "number": number, "definition": dict(read_.json), "created_at": at}


def _titled(code: str, survey: Survey) -> dict[str, Any]:
    """Return what a survey is called, and the text in which it is searched."""
    titles = titles_of(survey.json)
    return {"titles": titles, "sought": "\n".join([code, *titles.values()]).casefold()}


def _row(terms: Terms) -> dict[str, Any]:
    names = ("show_on_home", "audience", "quota", "most", "pause_days", "anonymous", "show_results")
    return {name: getattr(terms, name) for name in names} | {
        "opens_at": _instant(terms.opens_at),
        "closes_at": _instant(terms.closes_at),
    }


def _told(terms: Terms) -> dict[str, Any]:
    """Return terms as the audit trail keeps them: what is not as it is of itself."""
    row, usual = _row(terms), _row(Terms())
    return {name: value for name, value in row.items() if value != usual[name]}


def _instant(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def _change(connection: Connection, survey: str, **values: Any) -> None:
    connection.execute(update(_survey).where(_survey.c.id == survey).values(values))


def _found(connection: Connection, code: str) -> Kept:
    return find(Reader(connection), [code])[code]


def _locked(connection: Connection, code: str) -> Any:
    asked = select(_survey).where(_survey.c.code == code).with_for_update()
    known = connection.execute(asked).one_or_none() if "\0" not in code else None
    if known is None:
        raise _refused(declared.UNKNOWN, "code", survey=code)
    return known


def _refused(text: ErrorText, *path: str, **parameters: str) -> Invalid:
    return Invalid([codes.problem(text, *path, **parameters)])
