"""What the plugin's tables hold of a person: told."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, select

from corekit import Reader, moment
from corekit_surveys import comments, tables


def exported(member: str, read: Reader) -> dict[str, Any] | None:
    """Return what a member answered, what it has saved, where it took part, and its comments, as JSON."""
    drafts = [row for each in (tables.draft, tables.shelf) for row in read.all(_by_code(each, member))]
    told = {
        "taken": [
            {"survey": row.code, "times": row.times, "last": row.day}
            for row in read.all(_by_code(tables.taken, member))
        ],
        "drafts": [
            {"survey": row.code, "saved_at": moment(row.saved_at).isoformat(), **_answers(row)} for row in drafts
        ],
        "answers": [
            {"survey": row.code, "version": row.version, "day": row.day, "answers": row.answers}
            for row in read.all(_by_code(tables.answer, member))
        ],
        "comments": comments.of_member(read, member),
    }
    return told if any(told.values()) else None


def _answers(row: Any) -> dict[str, Any]:
    """Return what is saved; what is sealed is told as it is kept, since only the kit has the key."""
    return {"answers": row.answers} if row.sealed is None else {"sealed": row.sealed}


def _by_code(table: Table, member: str) -> Any:
    theirs = select(tables.survey.c.code, table).join(tables.survey, tables.survey.c.id == table.c.survey_id)
    return theirs.where(table.c.member_id == member).order_by(tables.survey.c.code)
