"""What members have answered and not sent: one draft for each survey and member, which the last save replaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson
from attrs import frozen
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from corekit import ErrorText, Invalid, Reader, any_of
from corekit_surveys import answers as judging
from corekit_surveys import catalogue, codes, declared
from corekit_surveys.tables import draft as _draft
from corekit_surveys.tables import survey as _survey
from corekit_surveys.tables import taken as _taken

if TYPE_CHECKING:
    from corekit import Kit

LARGEST = 200_000
"""Bytes."""


@frozen
class Draft:
    """What was saved last. ``id`` is another with each save."""

    id: str
    answers: Mapping[str, Any]


def save(kit: Kit, member: str, survey: str, answers: Mapping[str, Any]) -> Draft:
    """Keep what a member has answered so far, in place of what it had; what is missing may come later.

    Raises :class:`corekit.Invalid`: there is no such survey, it is not open, the member has answered it, answers are
    too large, or of one it is clear that it could not be given (each problem at its path below ``answers``).
    """
    with kit.read() as read:
        known = catalogue.find(read, [survey]).get(survey)
        if known is None:
            raise _refused(declared.UNKNOWN, "survey", survey=survey)
        if known.state != "open":
            raise _refused(declared.NOT_OPEN, "survey", state=known.state)
        if known.id in taken_by(read, [member], [known.id]).get(member, ()):
            raise _refused(declared.ANSWERED_BEFORE, "survey")
    if malformed := judging.malformed(known.survey, answers):
        raise Invalid([codes.problem_at("answers", each) for each in malformed])
    if len(orjson.dumps(answers)) > LARGEST:
        raise _refused(declared.DRAFT_TOO_LARGE, "answers", most=str(LARGEST))
    draft = Draft(uuid4().hex, dict(answers))
    with kit.database.write() as connection:
        row = {"id": draft.id, "survey_id": known.id, "member_id": member, "answers": draft.answers}
        into = sqlite.insert(_draft) if connection.dialect.name == "sqlite" else postgresql.insert(_draft)
        anew = {"id": into.excluded.id, "answers": into.excluded.answers}
        connection.execute(into.values(row).on_conflict_do_update(index_elements=["survey_id", "member_id"], set_=anew))
    return draft


def of_members(read: Reader, members: Iterable[str], surveys: Iterable[str]) -> dict[str, dict[str, Draft]]:
    """Return the drafts of members for surveys, by member and survey: one statement."""
    wanted = select(_draft).where(
        any_of(_draft.c.member_id, sorted(members)), any_of(_draft.c.survey_id, sorted(surveys))
    )
    found: dict[str, dict[str, Draft]] = {}
    for row in read.all(wanted):
        found.setdefault(row.member_id, {})[row.survey_id] = Draft(row.id, row.answers)
    return found


def taken_by(read: Reader, members: Iterable[str], surveys: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return in which of some surveys members took part, by member: one statement."""
    wanted = select(_taken).where(
        any_of(_taken.c.member_id, sorted(members)), any_of(_taken.c.survey_id, sorted(surveys))
    )
    found: dict[str, set[str]] = {}
    for row in read.all(wanted):
        found.setdefault(row.member_id, set()).add(row.survey_id)
    return {member: frozenset(ids) for member, ids in found.items()}


def codes_taken(read: Reader, members: Iterable[str]) -> dict[str, list[str]]:
    """Return the codes of all surveys in which members took part, by member: one statement."""
    columns = select(_taken.c.member_id, _survey.c.code).join_from(_taken, _survey, _survey.c.id == _taken.c.survey_id)
    found: dict[str, list[str]] = {}
    for row in read.all(columns.where(any_of(_taken.c.member_id, sorted(members))).order_by(_survey.c.code)):
        found.setdefault(row.member_id, []).append(row.code)
    return found


def _refused(text: ErrorText, *path: str, **parameters: str) -> Invalid:
    return Invalid([codes.problem(text, *path, **parameters)])
