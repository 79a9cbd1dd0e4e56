"""What there is to see besides the year, while it is served: a survey with some answers, and a document.

The demo meets other plugins as everybody does: over GraphQL, and by the links that it gives.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any
from urllib.request import Request, urlopen

from attrs import frozen

from corekit import CorekitError
from corekit_demo import serving
from corekit_demo.journey import member_id
from corekit_schema import global_id

PLUGINS = frozenset({"surveys", "documents"})
SURVEY = "year-2017"
DOCUMENT = "guide"
TITLES = {"en": "Member guide", "zh": "会员指南"}
"""What the document is called; there is a file in each of these languages."""
ANSWERING = 10
"""So many households answer at most; an operation has no more mutations."""
_RATES = 11
_HOURS = ("morning", "evening", "sunday", "evening")
_AGAIN = {"SURVEYS_CODE_TAKEN", "SURVEYS_STATE"}
"""What is said where the survey was there before."""


class NotAdded(CorekitError):
    """The survey or the document was refused, though it should not have been."""

    code = "DEMO_NOT_ADDED"


@frozen
class Besides:
    """How many households have answered, and the path by which the first of them has the document."""

    answered: int
    link: str


def add(address: str, token: str, households: Sequence[int]) -> Besides:
    """Add both, by a server at an address and a token of staff. What is there already stays as it is.

    Raises :class:`NotAdded` where the server refuses something.
    """
    door = _Door(address, token)
    members = [global_id("Member", member_id(household)) for household in households[:ANSWERING]]
    survey = {"code": SURVEY, "definition": json.loads(_content("survey.json")), "showResults": True}
    survey["showOnHome"] = True
    document = {"code": DOCUMENT, "titles": TITLES, "audience": {"everybody": True}}
    door.ask("DemoBegin", survey=survey, code=SURVEY, document=document)
    answers = [
        {"survey": SURVEY, "memberId": member, "answers": _answers(each), "idempotencyKey": f"{SURVEY} {each}"}
        for each, member in zip(households, members, strict=False)
    ]
    door.answer(answers)
    entries = door.ask("DemoVersions", member=members[0])["member"]["documents"]["nodes"]
    versions = next(each["versions"] for each in entries if each["document"]["code"] == DOCUMENT)
    there = {each["language"] for each in versions}
    for language in sorted(TITLES.keys() - there):
        upload = {"document": DOCUMENT, "language": language, "name": f"{TITLES[language]}.txt"}
        begun = door.ask("DemoUpload", upload=upload | {"mediaType": "text/plain"})
        door.put(begun["documentsUpload"]["url"], _content(f"guide.{language}.txt"))
    link = door.ask("DemoLink", link={"document": DOCUMENT, "memberId": members[0]})
    return Besides(len(members), link["documentsLink"]["url"])


@frozen
class _Door:
    """Asks a server, most of it by the operations of ``besides.graphql``."""

    address: str
    token: str

    def ask(self, name: str, **variables: Any) -> dict[str, Any]:
        """Return what one of these operations answers."""
        return self._asked(_content("besides.graphql").decode(), name, variables)

    def answer(self, answers: Sequence[Mapping[str, Any]]) -> None:
        """Send answers of several members, as one operation."""
        named = {f"answer{at}": each for at, each in enumerate(answers)}
        takes = " ".join(f"${name}: SurveysAnswerInput!" for name in named)
        fields = " ".join(
            f"{name}: surveysAnswer(input: ${name}) {{ userErrors {{ code message }} }}" for name in named
        )
        self._asked(f"mutation DemoAnswers({takes}) {{ {fields} }}", "DemoAnswers", named)

    def _asked(self, text: str, name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        body = {"query": text, "operationName": name, "variables": variables}
        answer = serving.ask(f"{self.address}/graphql", self.token, body)
        data: dict[str, Any] = answer.get("data") or {}
        errors = [each for field in data.values() if field is not None for each in field.get("userErrors", ())]
        if wrong := [*answer.get("errors", ()), *(each for each in errors if each["code"] not in _AGAIN)]:
            raise NotAdded(f"{name}: {wrong[0]['message']}")
        return data

    def put(self, path: str, content: bytes) -> None:
        """Send a file."""
        # The address is our own server's.
        with urlopen(Request(f"{self.address}{path}", content, method="PUT"), timeout=serving.TIMEOUT):  # noqa: S310
            return


def _answers(household: int) -> dict[str, Any]:
    """Return what a household answers, by its number alone."""
    return {"recommend": household * 7 % _RATES, "open": _HOURS[household % len(_HOURS)]}


def _content(name: str) -> bytes:
    return files("corekit_demo").joinpath(name).read_bytes()
