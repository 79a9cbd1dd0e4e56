"""A survey as frozen values: what it asks, of whom what follows, and what answers have to be.

:mod:`corekit_surveys.reading` makes it from SurveyJS's JSON, and :mod:`corekit_surveys.answers` judges answers by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from attrs import field, frozen

from corekit_surveys.expressions import Condition

Kind = Literal[
    "boolean",
    "checkbox",
    "comment",
    "date",
    "dropdown",
    "html",
    "matrix",
    "number",
    "radiogroup",
    "ranking",
    "rating",
    "text",
]
"""What a question is; ``number`` and ``date`` are SurveyJS's ``text`` of that ``inputType``."""
Choice = str | float
SINGLE = frozenset({"dropdown", "radiogroup"})
SELECTING = SINGLE | {"checkbox"}
OTHER = "other"
"""The choice that is completed by a comment, under the name of its question and :data:`COMMENT`."""
NONE = "none"
COMMENT = "-Comment"
SHAPES: Mapping[Kind, str] = {
    "boolean": "boolean",
    "checkbox": "list",
    "matrix": "table",
    "number": "number",
    "ranking": "ranking",
}
"""What an answer is made of, as a variable of an expression; it is a text where nothing is said."""


@frozen(kw_only=True)
class Bounds:
    """What an answer may not be below or above, and what it must be a multiple of; dates as texts."""

    least: float | str | None = None
    most: float | str | None = None
    step: float | None = None


@frozen(kw_only=True)
class Validator:
    """A further check of an answer: its ``kind``, and the numbers, or the condition, that it goes by.

    ``answercount`` counts what was chosen, ``text`` characters; ``numeric`` bounds a number. ``email`` and
    ``expression`` have no numbers.
    """

    kind: Literal["answercount", "email", "expression", "numeric", "text"]
    least: float | None = None
    most: float | None = None
    condition: Condition | None = None


@frozen(kw_only=True)
class Question:
    """One question. ``choices`` are what can be chosen of it, in a matrix for each of its ``rows``.

    ``other`` and ``none`` are the two choices besides. ``each_row`` must be answered where a matrix says so, and
    ``unlike`` where no two rows may be answered alike.
    """

    name: str
    kind: Kind
    shown_if: Condition | None = None
    required: bool = False
    required_if: Condition | None = None
    validators: tuple[Validator, ...] = ()
    choices: tuple[Choice, ...] = ()
    other: bool = False
    none: bool = False
    rows: tuple[str, ...] = ()
    each_row: bool = False
    unlike: bool = False
    bounds: Bounds = Bounds()

    @property
    def selectable(self) -> tuple[Choice, ...]:
        """All that can be chosen."""
        return (*self.choices, *[OTHER] * self.other, *[NONE] * self.none)


@frozen(kw_only=True)
class Page:
    """Questions that are shown together."""

    name: str
    questions: tuple[Question, ...]
    shown_if: Condition | None = None


@frozen(kw_only=True)
class Survey:
    """All pages; ``json`` is what a frontend renders."""

    pages: tuple[Page, ...]
    json: Mapping[str, Any]
    questions: Mapping[str, Question] = field(init=False)

    def __attrs_post_init__(self) -> None:
        questions = {question.name: question for page in self.pages for question in page.questions}
        object.__setattr__(self, "questions", questions)
