"""Read SurveyJS's JSON into a :class:`~corekit_surveys.definition.Survey`, or say by path all that is outside of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard, cast

from attrs import define, field

from corekit import ErrorText, Invalid, Problem
from corekit_surveys import codes, coercion, properties
from corekit_surveys.codes import Path
from corekit_surveys.coercion import is_list, is_object
from corekit_surveys.definition import (
    NONE,
    OTHER,
    SELECTING,
    SHAPES,
    Bounds,
    Choice,
    Kind,
    Page,
    Question,
    Survey,
    Validator,
)
from corekit_surveys.expressions import LISTS, Condition, Variable
from corekit_surveys.parsing import NotUnderstood, parse
from corekit_surveys.properties import Check

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
_VARIABLE = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_]*)(?:\.(?P<row>[^.\[\]]+)|\[(?P<index>0|[1-9][0-9]{0,2})\])?")
RESERVED = frozenset(
    [
        *("survey", "self", "parent", "matrix", "composite", "item", "choice", "column", "row", "prevrow", "nextrow"),
        *("totalrow", "rowindex", "visiblerowindex", "rowvalue", "rowname", "rowtitle", "panel", "prevpanel"),
        *("nextpanel", "parentpanel", "panelindex", "visiblepanelindex", "locale", "pageno", "pagecount"),
        *("questioncount", "correctanswers", "correctedanswers", "correctedanswercount", "incorrectanswers"),
        *("incorrectedanswers", "incorrectedanswercount", "length", "constructor", "tostring", "valueof"),
        "hasownproperty",
    ]
)
"""Names that mean something else to survey-core, or to JavaScript."""
CLEARING = {"clearInvisibleValues": "onHiddenContainer"}
"""Added to each definition: what is hidden is forgotten at once, so that nothing hangs on an answer nobody sees."""


def read(json: Any) -> Survey:
    """Return the survey that a definition describes. Raises Invalid with every problem, each at its path."""
    reader = _Reader()
    survey = reader.survey(json)
    if reader.problems:
        raise Invalid(reader.problems)
    return survey


def _is_kind(kind: Any) -> TypeGuard[Kind]:
    return isinstance(kind, str) and kind in properties.QUESTIONS


def _kind(element: Mapping[str, Any]) -> Any:
    kind = element.get("type")
    typed = element.get("inputType") if kind == "text" else None
    return typed if typed in ("number", "date") else kind


def _value_of(item: Any) -> Any:
    return item.get("value") if is_object(item) else item


@define
class _Reader:
    """Collects problems, and knows what expressions may refer to."""

    problems: list[Problem] = field(factory=list[Problem])
    kinds: dict[str, Kind] = field(factory=dict[str, Kind])
    rows: dict[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]])
    taken: set[str] = field(factory=set[str])

    def survey(self, json: Any) -> Survey:
        known = self.known(json, (), properties.SURVEY, "pages")
        pages = self.listed(known, (), "pages", 1, 50)
        for page in pages:
            self.look_ahead(page)
        read = tuple(self.page(page, ("pages", at)) for at, page in enumerate(pages))
        return Survey(pages=read, json={**known, **CLEARING})

    def look_ahead(self, page: Any) -> None:
        """Note what expressions may refer to, which may come later; what is wrong with it is said when it is read."""
        elements = page.get("elements") if is_object(page) else None
        for element in elements if is_list(elements) else ():
            if not is_object(element) or not isinstance(element.get("name"), str):
                continue
            if _is_kind(kind := _kind(element)) and kind != "html":
                self.kinds[element["name"]] = kind
                rows = element.get("rows")
                values = [_value_of(row) for row in rows] if kind == "matrix" and is_list(rows) else []
                self.rows[element["name"]] = tuple(row for row in values if isinstance(row, str))

    def page(self, json: Any, path: Path) -> Page:
        known = self.known(json, path, properties.PAGE, "name", "elements")
        name = self.name(known, path, "page:")
        elements = self.listed(known, path, "elements", 1, 100)
        questions = tuple(self.question(each, (*path, "elements", at)) for at, each in enumerate(elements))
        return Page(name=name, questions=questions, shown_if=self.condition(known, path, "visibleIf"))

    def question(self, json: Any, path: Path) -> Question:
        kind = _kind(json) if is_object(json) else None
        if not _is_kind(kind):
            kinds = ", ".join(kind for kind in properties.QUESTIONS if kind not in ("number", "date"))
            self.refuse(codes.KIND_UNKNOWN, (*path, "type"), kind=str(kind), known=kinds)
            return Question(name="", kind="html")
        known = self.known(json, path, properties.QUESTIONS[kind], "name")
        if "isRequired" in known and "requiredIf" in known:
            self.refuse(codes.ONE_OF_TWO, path, one="isRequired", other="requiredIf")
        return Question(
            name=self.name(known, path, ""),
            kind=kind,
            shown_if=self.condition(known, path, "visibleIf"),
            required=known.get("isRequired", False),
            required_if=self.condition(known, path, "requiredIf"),
            validators=self.validators(known, path, kind),
            choices=self.choices(known, path, kind),
            other=known.get("showOtherItem", False),
            none=known.get("showNoneItem", False),
            rows=self.its_rows(known, path) if kind == "matrix" else (),
            each_row=known.get("eachRowRequired", False),
            unlike=known.get("eachRowUnique", False),
            bounds=self.bounds(known, path),
        )

    def name(self, known: Mapping[str, Any], path: Path, prefix: str) -> str:
        name = known.get("name", "")
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name.lower() in RESERVED:
            if "name" in known:
                self.refuse(codes.NAME_INVALID, (*path, "name"), reserved=", ".join(sorted(RESERVED)))
            return ""
        if (same := prefix + name.lower()) in self.taken:
            self.refuse(codes.NAME_TAKEN, (*path, "name"), name=name)
        self.taken.add(same)
        return name

    # What can be chosen

    def choices(self, known: Mapping[str, Any], path: Path, kind: Kind) -> tuple[Choice, ...]:
        if kind in SELECTING:
            return self.items(known, path, "choices", 1, reserved=(OTHER, NONE))
        if kind == "ranking":
            # survey-core answers by itself where there is but one.
            return self.items(known, path, "choices", 2)
        if kind == "matrix":
            # survey-core takes a cell of 0 for one that is empty.
            return self.items(known, path, "columns", 1, reserved=(0,))
        return self.rates(known, path) if kind == "rating" else ()

    def rates(self, known: Mapping[str, Any], path: Path) -> tuple[Choice, ...]:
        if "rateValues" in known:
            for other in ("rateMin", "rateMax", "rateStep"):
                if other in known:
                    self.refuse(codes.ONE_OF_TWO, path, one="rateValues", other=other)
            return self.items(known, path, "rateValues", 2, most=properties.MOST_RATES)
        least, most, step = (
            int(known.get(f"rate{name}", usual)) for name, usual in (("Min", 1), ("Max", 5), ("Step", 1))
        )
        if least >= most:
            self.refuse(codes.RANGE_EMPTY, (*path, "rateMax"), least=str(least), most=str(most))
        elif (most - least) % step or (most - least) // step >= properties.MOST_RATES:
            expected = f"rateMin and up to {properties.MOST_RATES - 1} steps"
            self.refuse(codes.PROPERTY_INVALID, (*path, "rateMax"), expected=expected)
        return tuple(range(least, most + 1, step))

    def its_rows(self, known: Mapping[str, Any], path: Path) -> tuple[str, ...]:
        rows = self.items(known, path, "rows", 1)
        questions = {name.lower() for name in self.kinds}
        for at, row in enumerate(rows):
            place = (*path, "rows", at)
            if not isinstance(row, str):
                self.refuse(codes.PROPERTY_INVALID, place, expected="a text")
            elif row.lower() in questions | RESERVED:
                # In a condition of the matrix survey-core would take it for the row.
                self.refuse(codes.NAME_TAKEN, place, name=row)
        return tuple(str(row) for row in rows)

    def items(
        self,
        known: Mapping[str, Any],
        path: Path,
        name: str,
        least: int,
        *,
        most: int = 200,
        reserved: Sequence[Choice] = (),
    ) -> tuple[Choice, ...]:
        found: list[Choice] = []
        if name not in known:
            self.refuse(codes.PROPERTY_MISSING, path, property=name)
            return ()
        for at, item in enumerate(self.listed(known, path, name, least, most)):
            place = (*path, name, at)
            if is_object(item):
                self.known(item, place, properties.ITEM, "value")
            given = _value_of(item)
            if expected := properties.value(given):
                self.refuse(codes.PROPERTY_INVALID, place, expected=expected)
            elif any(coercion.equal(given, each) for each in (*found, *reserved)):
                self.refuse(codes.NAME_TAKEN, place, name=str(given))
            else:
                found.append(given)
        return tuple(found)

    def bounds(self, known: Mapping[str, Any], path: Path) -> Bounds:
        least, most = known.get("min"), known.get("max")
        if least is not None and most is not None and least > most:
            self.refuse(codes.RANGE_EMPTY, (*path, "max"), least=str(least), most=str(most))
        return Bounds(least=least, most=most, step=known.get("step"))

    # Conditions and validators

    def validators(self, known: Mapping[str, Any], path: Path, kind: Kind) -> tuple[Validator, ...]:
        listed = self.listed(known, path, "validators", 1, 10)
        return tuple(self.validator(each, (*path, "validators", at), kind) for at, each in enumerate(listed))

    def validator(self, json: Any, path: Path, kind: Kind) -> Validator:
        of = json.get("type") if is_object(json) else None
        if not isinstance(of, str) or kind not in properties.VALIDATED.get(of, ()):
            fit = ", ".join(name for name, kinds in properties.VALIDATED.items() if kind in kinds)
            self.refuse(codes.KIND_UNKNOWN, (*path, "type"), kind=str(of), known=fit)
            return Validator(kind="email")
        needed = ("expression",) if of == "expression" else ()
        known = self.known(json, path, {**properties.VALIDATOR, **properties.VALIDATORS[of]}, *needed)
        least, most = (next((known[name] for name in known if name.startswith(part)), None) for part in ("min", "max"))
        if least is not None and most is not None and least > most:
            self.refuse(codes.RANGE_EMPTY, path, least=str(least), most=str(most))
        return Validator(
            kind=cast("Any", of), least=least, most=most, condition=self.condition(known, path, "expression")
        )

    def condition(self, known: Mapping[str, Any], path: Path, name: str) -> Condition | None:
        if name not in known:
            return None
        try:
            return parse(known[name], self.variable)
        except NotUnderstood as error:
            self.refuse(error.text, (*path, name), **error.parameters)
            return None

    def variable(self, text: str) -> Variable:
        """Return what ``{text}`` refers to."""
        found = _VARIABLE.fullmatch(text)
        kind = self.kinds.get(found["name"]) if found else None
        if found is None or kind is None:
            raise NotUnderstood(codes.EXPRESSION_UNKNOWN, name=text)
        name, row, index = found["name"], found["row"], found["index"]
        shape = SHAPES.get(kind, "text")
        if row is not None and row not in self.rows[name]:
            raise NotUnderstood(codes.EXPRESSION_UNKNOWN, name=text)
        if index is not None and shape not in LISTS:
            raise NotUnderstood(codes.EXPRESSION_UNKNOWN, name=text)
        if row is not None:
            return Variable(question=name, shape="cell", row=row)
        if index is not None:
            return Variable(question=name, shape="text", index=int(index))
        return Variable(question=name, shape=shape)

    # Objects and lists

    def known(self, json: Any, path: Path, checks: Mapping[str, Check], *needed: str) -> dict[str, Any]:
        """Return the properties of an object that are what they have to be; of the others it is said what they are."""
        if not is_object(json):
            self.refuse(codes.NOT_AN_OBJECT, path)
            return {}
        found: dict[str, Any] = {}
        for name, value in json.items():
            check = checks.get(name)
            if check is None:
                self.refuse(codes.PROPERTY_UNKNOWN, (*path, name), property=name, known=", ".join(checks))
            elif expected := check(value):
                self.refuse(codes.PROPERTY_INVALID, (*path, name), expected=expected)
            else:
                found[name] = value
        for name in needed:
            if name not in json:
                self.refuse(codes.PROPERTY_MISSING, path, property=name)
        return found

    def listed(self, known: Mapping[str, Any], path: Path, name: str, least: int, most: int) -> list[Any]:
        """Return a property that has to be a list; it is empty where it is none, or is not there."""
        json = known.get(name)
        if is_list(json) and least <= len(json) <= most:
            return json
        if name in known:
            self.refuse(codes.NOT_A_LIST, (*path, name), least=str(least), most=str(most))
        return []

    def refuse(self, text: ErrorText, path: Path, **parameters: str) -> None:
        self.problems.append(codes.problem(text, *path, **parameters))
