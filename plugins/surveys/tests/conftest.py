"""A canteen that asks its members how lunch was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit import Activity, Kit, Outcome
from corekit.testing.plugin import MakeKit
from corekit_surveys import answering, catalogue, drafts

LUNCH: dict[str, Any] = {
    "title": {"default": "How was lunch?", "zh-cn": "午餐怎么样？"},
    "pages": [
        {
            "name": "first",
            "elements": [
                {"type": "rating", "name": "stars", "isRequired": True},
                {"type": "comment", "name": "why", "visibleIf": "{stars} < 3"},
            ],
        }
    ],
}


class Canteen:
    """Does what happens around one survey, with one member."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.member = self.join()
        self.people: list[str] = []
        catalogue.create(kit, "staff:ada", "lunch", LUNCH)
        catalogue.move(kit, "staff:ada", "lunch", "open")

    def join(self, **payload: Any) -> str:
        return self.kit.record(Activity(type="member.registered", payload=payload)).member

    def answer(self, member: str | None = None, **answers: Any) -> Outcome:
        return answering.answer(self.kit, member or self.member, "lunch", answers)

    def answer_to(self, survey: str, member: str, *, sent: bool, **answers: Any) -> None:
        """Answer another survey, and send it or do not."""
        if sent:
            assert answering.answer(self.kit, member, survey, answers).settled
        else:
            drafts.save(self.kit, member, survey, answers)

    def send(self, survey: str = "lunch", **given: Any) -> Outcome:
        """Send what was saved."""
        return self.kit.record(
            Activity(type="surveys.answered", member=self.member, payload={"survey": survey}, **given)
        )

    def rows(self, statement: Any) -> list[tuple[Any, ...]]:
        with self.kit.read() as read:
            return [tuple(row) for row in read.all(statement)]


@pytest.fixture
def canteen(make_kit: MakeKit) -> Callable[..., Canteen]:
    """Open a canteen, with further plugins and what a kit is made of."""
    return lambda *plugins, **told: Canteen(make_kit(["surveys", *plugins], **told))
