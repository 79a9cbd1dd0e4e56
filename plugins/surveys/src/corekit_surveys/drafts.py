"""What members have answered and not sent: one draft for each survey and member, which the last save replaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from attrs import frozen
from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from corekit import ErrorText, Invalid, Reader, any_of, micros, moment
from corekit.tables import member as _member
from corekit_surveys import answers as judging
from corekit_surveys import codes, declared, finding, standing
from corekit_surveys.finding import Kept
from corekit_surveys.sealing import seal, unseal
from corekit_surveys.settings import SurveysSettings, settings_of
from corekit_surveys.tables import draft as _draft
from corekit_surveys.tables import survey as _survey
from corekit_surveys.tables import taken as _taken

if TYPE_CHECKING:
    from corekit import Kit

LARGEST = 200_000
"""Bytes."""


@frozen
class Draft:
    """What a member saved last; ``answers`` are None where they are sealed and the key is gone.

    ``id`` is another with each save.
    """

    id: str
    member_id: str
    answers: Mapping[str, Any] | None
    saved_at: datetime


def save(kit: Kit, member: str, survey: str, answers: Mapping[str, Any]) -> Draft:
    """Keep what a member has answered so far, in place of what it had; what is missing may come later.

    Raises :class:`corekit.Invalid`: there is no such survey, the member cannot answer it now (with everything that
    speaks against it), answers are too large, or of one it is clear that it could not be given (each problem at its
    path below ``answers``).
    """
    with kit.database.write() as connection:
        _hold(connection, member, survey)
        known = _asked(kit, Reader(connection), member, survey, answers)
        draft = Draft(drawn(kit), member, dict(answers), kit.now())
        row = {
            "id": draft.id,
            "ticket": drawn(kit),
            "survey_id": known.id,
            "member_id": member,
            **_kept(kit, known, draft.answers),
            "saved_at": micros(draft.saved_at),
        }
        into = sqlite.insert(_draft) if connection.dialect.name == "sqlite" else postgresql.insert(_draft)
        anew = {name: into.excluded[name] for name in ("id", "ticket", "answers", "sealed", "saved_at")}
        connection.execute(into.values(row).on_conflict_do_update(index_elements=["survey_id", "member_id"], set_=anew))
    return draft


def _hold(connection: Connection, member: str, survey: str) -> None:
    """Let nobody forget or merge the member, send for it, or change the survey until this is done.

    In this order, as where answers are sent: no two wait for each other.
    """
    theirs, named = any_of(_member.c.id, [member]), _survey.c.code == survey.replace("\0", "")
    connection.execute(select(_member.c.id).where(theirs).with_for_update(read=True))
    connection.execute(select(_survey.c.id).where(named).with_for_update(read=True))


def _asked(kit: Kit, read: Reader, member: str, survey: str, answers: Mapping[str, Any]) -> Kept:
    """Return the survey that answers are to, if the member may give such now."""
    known = finding.get(read, survey)
    standing.check(kit, read, member, known)
    if malformed := judging.malformed(known.survey, answers):
        raise Invalid([codes.problem_at("answers", each) for each in malformed])
    if len(orjson.dumps(answers)) > LARGEST:
        raise _refused(declared.DRAFT_TOO_LARGE, "answers", most=str(LARGEST))
    return known


def _kept(kit: Kit, survey: Kept, answers: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return answers as they are kept: those to an anonymous survey are sealed."""
    if not survey.terms.anonymous:
        return {"answers": answers, "sealed": None}
    settings = settings_of(kit)
    if not settings.keys:
        raise _refused(declared.NO_KEY, "survey")
    return {"answers": None, "sealed": seal(settings, kit.entropy, survey.id, answers or {})}


def drawn(kit: Kit) -> str:
    """Return an id that tells neither when it was drawn nor after which: a UUID of version 4."""
    return UUID(bytes=kit.entropy(16), version=4).hex


def of_members(
    read: Reader, settings: SurveysSettings, members: Iterable[str], surveys: Iterable[str]
) -> dict[str, dict[str, Draft]]:
    """Return the drafts of members for surveys, by member and survey: one statement."""
    wanted = select(_draft).where(
        any_of(_draft.c.member_id, sorted(members)), any_of(_draft.c.survey_id, sorted(surveys))
    )
    found: dict[str, dict[str, Draft]] = {}
    for row in read.all(wanted):
        answers = row.answers if row.sealed is None else unseal(settings, row.survey_id, row.sealed)
        draft = Draft(row.id, row.member_id, answers, moment(row.saved_at))
        found.setdefault(row.member_id, {})[row.survey_id] = draft
    return found


def codes_taken(read: Reader, members: Iterable[str]) -> dict[str, list[str]]:
    """Return the codes of all surveys in which members took part, by member: one statement."""
    columns = select(_taken.c.member_id, _survey.c.code).join_from(_taken, _survey, _survey.c.id == _taken.c.survey_id)
    found: dict[str, list[str]] = {}
    for row in read.all(columns.where(any_of(_taken.c.member_id, sorted(members))).order_by(_survey.c.code)):
        found.setdefault(row.member_id, []).append(row.code)
    return found


def _refused(text: ErrorText, *path: str, **parameters: str) -> Invalid:
    return Invalid([codes.problem(text, *path, **parameters)])
