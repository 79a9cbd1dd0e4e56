"""What questions, choices and rows are called, in a language: as the newest version says that has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from corekit_surveys.coercion import is_object
from corekit_surveys.definition import NONE, OTHER, Survey

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {"true": "Yes", "false": "No", OTHER: "Other", NONE: "None"},
    "zh": {"true": "是", "false": "否", OTHER: "其他", NONE: "无"},
}
"""What SurveyJS writes where a definition says nothing."""
_LISTS: Mapping[str, str] = {"matrix": "columns", "rating": "rateValues"}


@frozen
class Wording:
    """The texts of a survey's versions, the newest first, in a ``language`` such as ``zh``."""

    surveys: Sequence[Survey] = field(repr=False)
    language: str
    _elements: Mapping[str, Mapping[str, Any]] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        found = {each["name"]: each for survey in reversed(self.surveys) for each in _elements(survey)}
        object.__setattr__(self, "_elements", found)

    @property
    def survey(self) -> str:
        """What the survey is called; empty where it has no title."""
        return self._text(self.surveys[0].json.get("title"), "")

    def question(self, name: str) -> str:
        """Return what a question asks; its name where it has no title."""
        return self._text(self._elements[name].get("title"), name)

    def choice(self, name: str, value: Any) -> str:
        """Return what a choice of a question is called."""
        element = self._elements[name]
        if isinstance(value, bool):
            word = "true" if value else "false"
            return self._text(element.get(f"label{word.title()}"), self._word(word))
        if value in (OTHER, NONE) and "columns" not in element:
            return self._text(element.get(f"{value}Text"), self._word(value))
        return self._item(element.get(_LISTS.get(element["type"], "choices")), value)

    def row(self, name: str, value: str) -> str:
        """Return what a row of a matrix is called."""
        return self._item(self._elements[name].get("rows"), value)

    def _item(self, items: Any, value: Any) -> str:
        texts = (each.get("text") for each in items or () if is_object(each) and each["value"] == value)
        return self._text(next(texts, None), str(value))

    def _word(self, word: str) -> str:
        return _WORDS.get(self.language[:2], _WORDS["en"])[word]

    def _text(self, text: Any, otherwise: str) -> str:
        """Return a text in the language, or one of its region, or the default."""
        if not is_object(text):
            return str(text) if text else otherwise
        wanted = self.language.lower()
        by_language = {name.lower(): each for name, each in text.items()}
        near = (each for name, each in by_language.items() if name[:2] == wanted[:2])
        return str(by_language.get(wanted) or next(near, None) or by_language.get("default") or otherwise)


def _elements(survey: Survey) -> Iterator[Mapping[str, Any]]:
    for page in survey.json["pages"]:
        yield from page["elements"]
