"""Surveys keep what every plugin promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from corekit import Activity
from corekit.testing import House, PluginContract
from corekit_surveys import catalogue, drafts

DEFINITION = {"pages": [{"name": "first", "elements": [{"type": "rating", "name": "stars", "isRequired": True}]}]}


class TestSurveys(PluginContract):
    """Surveys keep all promises."""

    plugin = "surveys"
    kept: ClassVar = {
        "surveys_survey": "a survey stays, whoever answered it",
        "surveys_version": "each version of a survey stays",
        "surveys_draft": "what was answered and taken back is a draft again",
    }

    def history(self, house: House) -> Iterator[Activity]:
        """Let each member take part."""
        yield from super().history(house)
        with house.kit.read() as read:
            known = catalogue.find(read, ["lunch"])
        if not known:
            catalogue.create(house.kit, "staff:ada", "lunch", DEFINITION)
            catalogue.move(house.kit, "staff:ada", "lunch", "open")
        for number, member in enumerate(house.members):
            drafts.save(house.kit, member, "lunch", {"stars": 1 + number % 5})
            yield house.does(member, "surveys.answered", payload={"survey": "lunch"}, days=7)
