"""Storing anonymous answers: in groups, in an order drawn by chance, in a transaction in which nobody takes part.

While a survey goes on some answers always wait, so that those that are left at its end are enough for a group, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, insert, select

from corekit import Invalid, Job, Work, any_of, micros
from corekit_surveys import codes, declared
from corekit_surveys.answers import skipped
from corekit_surveys.definition import Survey
from corekit_surveys.drafts import drawn
from corekit_surveys.finding import parsed
from corekit_surveys.sealing import unseal
from corekit_surveys.settings import SurveysSettings, settings_of
from corekit_surveys.tables import answer as _answer
from corekit_surveys.tables import survey as _survey
from corekit_surveys.tables import version as _version
from corekit_surveys.tables import waiting as _waiting

if TYPE_CHECKING:
    from corekit import Kit


def store(kit: Kit, survey: str) -> int:
    """Store what waits of a survey (by its id), as far as it is enough, and return how many answers that were.

    Raises :class:`corekit.Invalid` (``SURVEYS_SEALED``) where the key is gone that sealed one; then all of them wait.
    """
    settings, now = settings_of(kit), kit.now()
    day = now.astimezone(kit.zone).date().isoformat()
    with kit.database.write() as connection:
        known = connection.execute(select(_survey).where(_survey.c.id == survey).with_for_update()).one()
        stopped = known.state != "open" or (known.closes_at is not None and known.closes_at <= micros(now))
        waiting = connection.execute(
            select(_waiting).where(_waiting.c.survey_id == survey).order_by(_waiting.c.version, _waiting.c.id)
        ).all()
        asked = select(_version.c.number, _version.c.definition).where(_version.c.survey_id == survey)
        surveys = {row.number: parsed(row.definition) for row in connection.execute(asked)}
        number = 0
        for version, rows in groupby(waiting, attrgetter("version")):
            over = stopped or version != known.version
            chosen = _chosen(kit, list(rows), settings.smallest_group, over=over)
            _write(connection, settings, surveys[version], chosen, day)
            number += len(chosen)
    return number


def _chosen(kit: Kit, rows: Sequence[Any], least: int, *, over: bool) -> dict[str, Any]:
    """Return those that are stored now, by the id that each gets, in the order of these: one drawn by chance.

    All of them where no more come, provided that they are ``least``; else all but so many.
    """
    stays = 0 if over else least
    if len(rows) - stays < least:
        return {}
    drawn_ = {drawn(kit): row for row in rows}
    return {id_: drawn_[id_] for id_ in sorted(drawn_)[stays:]}


def _write(
    connection: Connection, settings: SurveysSettings, asked: Survey, chosen: Mapping[str, Any], day: str
) -> None:
    if not chosen:
        return
    rows: list[dict[str, Any]] = []
    for id_, row in chosen.items():
        answers = unseal(settings, row.survey_id, row.sealed)
        if answers is None:
            raise Invalid([codes.problem(declared.SEALED)])
        told = {"id": id_, "survey_id": row.survey_id, "version": row.version, "member_id": None, "day": day}
        rows.append({**told, "answers": answers, "skipped": skipped(asked, answers)})
    connection.execute(delete(_waiting).where(any_of(_waiting.c.id, [row.id for row in chosen.values()])))
    connection.execute(insert(_answer), rows)


def _run(work: Work) -> dict[str, Any]:
    """Store what is enough of each survey; one transaction for each."""
    with work.kit.read() as read:
        surveys = [row.survey_id for row in read.all(select(_waiting.c.survey_id).distinct())]
    stored = 0
    for survey in sorted(surveys):
        stored += store(work.kit, survey)
        work.beat()
    return {"stored": stored}


STORE = Job(
    name="surveys.store",
    run=_run,
    description="Stores anonymous answers, once enough of them wait to be stored together.",
    schedule="*/10 * * * *",
)
