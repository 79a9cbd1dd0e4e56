"""Surveys keep what every plugin promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from sqlalchemy import insert

from corekit import Activity, micros
from corekit.ids import named_id
from corekit.testing import House, PluginContract
from corekit_surveys import catalogue, finding, tables
from corekit_surveys.terms import Terms

DEFINITION = {"pages": [{"name": "first", "elements": [{"type": "rating", "name": "stars", "isRequired": True}]}]}


class TestSurveys(PluginContract):
    """Surveys keep all promises."""

    plugin = "surveys"
    kept: ClassVar = {
        "surveys_survey": "a survey stays, whoever answered it",
        "surveys_version": "each version of a survey stays",
        "surveys_named": "of what the audience of a survey is made stays with it",
        "surveys_place": "a survey with a quota counts, and counts again when it is taken back",
        "surveys_draft": "what was answered and taken back is a draft again",
    }

    def history(self, house: House) -> Iterator[Activity]:
        """Let each member take part."""
        yield from super().history(house)
        for member in _drafts(house):
            yield house.does(member, "surveys.answered", payload={"survey": "lunch"}, days=7)


def _drafts(house: House) -> dict[str, str]:
    """Open a survey and save a draft of each member, as they are saved before anybody takes part."""
    with house.kit.read() as read:
        known = finding.find(read, ["lunch"]).get("lunch")
    if known is None:
        terms = Terms(quota=1000, audience={"any": [{"group": "family"}, {"everybody": True}]})
        catalogue.create(house.kit, "staff:ada", "lunch", DEFINITION, terms)
        known = catalogue.move(house.kit, "staff:ada", "lunch", "open")
    drafts = {member: named_id(f"{member} {house.began} draft") for member in house.members}
    rows: list[dict[str, Any]] = [
        {
            "id": id_,
            "ticket": id_,
            "survey_id": known.id,
            "member_id": member,
            "answers": {"stars": 1 + at},
            "saved_at": micros(house.began),
        }
        for at, (member, id_) in enumerate(drafts.items())
    ]
    with house.kit.database.write() as connection:
        connection.execute(insert(tables.draft), rows)
    return drafts
