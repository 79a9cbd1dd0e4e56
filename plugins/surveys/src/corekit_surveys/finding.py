"""Reading surveys: by code, and page by page with filters."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, Unpack

from attrs import frozen
from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from corekit import Invalid, Reader, any_of, micros, moment
from corekit.paging import Ask, Page, Span
from corekit_surveys import codes, declared
from corekit_surveys.definition import Survey
from corekit_surveys.reading import read
from corekit_surveys.tables import answer as _answer
from corekit_surveys.tables import named as _named
from corekit_surveys.tables import place as _place
from corekit_surveys.tables import survey as _survey
from corekit_surveys.tables import version as _version
from corekit_surveys.tables import waiting as _waiting
from corekit_surveys.terms import Terms

State = Literal["draft", "open", "closed"]


@frozen(kw_only=True)
class Kept:
    """A survey as it stands: its ``state``, its terms, the number of its ``version``, and what that asks.

    ``titles`` are by language, as SurveyJS has them: ``default`` for all others. ``places`` are how often a survey with
    a quota was answered; they are 0 where it has none.
    """

    id: str
    code: str
    state: State
    version: int
    definition: Mapping[str, Any]
    titles: Mapping[str, str]
    terms: Terms
    created_at: datetime
    places: int = 0

    @property
    def survey(self) -> Survey:
        """What the version asks."""
        return parsed(self.definition)

    @property
    def left(self) -> int | None:
        """How often it can still be answered; None where there is no end."""
        return None if self.terms.quota is None else max(0, self.terms.quota - self.places)

    def title(self, language: str) -> str:
        """Return what it is called in a language; its code where it has no title."""
        wanted = language.casefold()
        short = wanted.partition("-")[0]
        said = {name.casefold(): text for name, text in self.titles.items()}
        near = next((text for name, text in said.items() if name.partition("-")[0] == short), None)
        return said.get(wanted) or near or said.get("default") or next(iter(said.values()), self.code)


@frozen(kw_only=True)
class Wanted:
    """Which surveys are wanted; what is None does not matter.

    ``search`` is a part of a code or a title. At the instant ``at`` they can be answered, as far as state and schedule
    go. A member answers ``once``, or more often; a quota makes them ``limited``. The audience of each has all that is
    ``named``, such as the tag vip.
    """

    state: str | None = None
    show_on_home: bool | None = None
    search: str | None = None
    at: datetime | None = None
    once: bool | None = None
    limited: bool | None = None
    anonymous: bool | None = None
    named: Mapping[str, str] | None = None


@frozen
class Numbered:
    """A version of a survey."""

    number: int
    definition: Mapping[str, Any]
    created_at: datetime


_NOW = (_version.c.survey_id == _survey.c.id) & (_version.c.number == _survey.c.version)
_KEPT = (
    select(_survey, _version.c.definition, func.coalesce(_place.c.taken, 0).label("places"))
    .join_from(_survey, _version, _NOW)
    .outerjoin(_place, _place.c.survey_id == _survey.c.id)
)


def find(read_: Reader, names: Iterable[str]) -> dict[str, Kept]:
    """Return surveys by code, as they stand now: one statement."""
    asked = sorted({code for code in names if "\0" not in code})
    rows = read_.all(_KEPT.where(any_of(_survey.c.code, asked))) if asked else []
    return {row.code: _kept(row) for row in rows}


def get(read_: Reader, code: str) -> Kept:
    """Return a survey. Raises :class:`corekit.Invalid` (``SURVEYS_UNKNOWN``)."""
    found = find(read_, [code]).get(code)
    if found is None:
        raise Invalid([codes.problem(declared.UNKNOWN, "survey", survey=code)])
    return found


def opened(read_: Reader, *, show_on_home: bool | None = None) -> list[Kept]:
    """Return all surveys that are open, the newest first: one statement."""
    chosen = _filtered(Wanted(state="open", show_on_home=show_on_home))
    return [_kept(row) for row in read_.all(chosen.order_by(_survey.c.created_at.desc(), _survey.c.id.desc()))]


def survey_page(read_: Reader, wanted: Wanted, **page: Unpack[Ask]) -> Page[Kept]:
    """Return a page of surveys, the newest first. Raises :class:`corekit.Invalid` (``PAGE_SIZE``, ``CURSOR``)."""
    span = Span.of(page, int, str, falling=True)
    chosen = _filtered(wanted)
    rows = read_.all(span.select(chosen, (_survey.c.created_at, _survey.c.id)))
    return span.page([_kept(row) for row in rows], _key, span.total(read_, chosen))


def versions(read_: Reader, surveys: Iterable[str]) -> dict[str, list[Numbered]]:
    """Return all versions of surveys by the id of the survey, the newest first: one statement."""
    chosen = select(_version).where(any_of(_version.c.survey_id, sorted(set(surveys))))
    found: dict[str, list[Numbered]] = {}
    for row in read_.all(chosen.order_by(_version.c.survey_id, _version.c.number.desc())):
        found.setdefault(row.survey_id, []).append(Numbered(row.number, row.definition, moment(row.created_at)))
    return found


def counted(read_: Reader, surveys: Iterable[str]) -> dict[str, int]:
    """Return how many answers there are to surveys by their ids, waiting ones as well: one statement."""
    ids = sorted(set(surveys))
    both = (
        select(_answer.c.survey_id)
        .where(any_of(_answer.c.survey_id, ids))
        .union_all(select(_waiting.c.survey_id).where(any_of(_waiting.c.survey_id, ids)))
    )
    each = both.subquery()
    rows = read_.all(select(each.c.survey_id, func.count().label("answers")).group_by(each.c.survey_id))
    found = {row.survey_id: int(row.answers) for row in rows}
    return {id_: found.get(id_, 0) for id_ in ids}


def parsed(definition: Mapping[str, Any]) -> Survey:
    """Return what a definition asks that was understood when it was written."""
    return _parsed(json.dumps(definition))


def titles_of(definition: Mapping[str, Any]) -> dict[str, str]:
    """Return what a definition is called by language; what is said without one is the default."""
    title = definition.get("title", {})
    return {"default": title} if isinstance(title, str) else dict(title)


@lru_cache(maxsize=256)
def _parsed(text: str) -> Survey:
    return read(json.loads(text))


def _filtered(wanted: Wanted) -> Select[Any]:
    return _KEPT.where(*_conditions(wanted))


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        found.append(_survey.c.state == _plain(wanted.state))
    kinds = (
        (_survey.c.show_on_home.is_(True), wanted.show_on_home),
        (_survey.c.anonymous.is_(True), wanted.anonymous),
        (func.coalesce(_survey.c.most, 0) == 1, wanted.once),
        (_survey.c.quota.is_not(None), wanted.limited),
    )
    found += [kind if yes else ~kind for kind, yes in kinds if yes is not None]
    if wanted.search is not None:
        found.append(_survey.c.sought.contains(_plain(wanted.search).casefold(), autoescape=True))
    if wanted.at is not None:
        at = micros(wanted.at)
        found.append(
            and_(
                _survey.c.state == "open",
                or_(_survey.c.opens_at.is_(None), _survey.c.opens_at <= at),
                or_(_survey.c.closes_at.is_(None), _survey.c.closes_at > at),
            )
        )
    for what, name in (wanted.named or {}).items():
        here = (_named.c.survey_id == _survey.c.id) & (_named.c.what == what) & (_named.c.name == _plain(name))
        found.append(select(_named.c.survey_id).where(here).exists())
    return found


def _plain(text: str) -> str:
    """Return a text without what no stored text holds, and PostgreSQL would not even compare."""
    return text.replace("\0", "")


def _kept(row: Any) -> Kept:
    told: dict[str, Any] = {name: getattr(row, name) for name in ("audience", "quota", "most", "pause_days")}
    told |= {name: bool(getattr(row, name)) for name in ("show_on_home", "anonymous", "show_results")}
    told |= {name: None if (at := getattr(row, name)) is None else moment(at) for name in ("opens_at", "closes_at")}
    return Kept(
        id=row.id,
        code=row.code,
        state=row.state,
        version=row.version,
        definition=row.definition,
        titles=row.titles,
        terms=Terms(**told),
        created_at=moment(row.created_at),
        places=row.places,
    )


def _key(kept: Kept) -> tuple[int, str]:
    return micros(kept.created_at), kept.id
