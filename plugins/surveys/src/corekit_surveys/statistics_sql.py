"""The one statement that counts answers: by question, row and value, in groups, on both databases.

It reads the answers as they were given. A text is not told apart from another; of all else each value is counted, so
that what is made of the counts is exact, and made in one place (:mod:`corekit_surveys.statistics_figures`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from attrs import frozen
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Null,
    Select,
    Text,
    case,
    cast,
    column,
    exists,
    func,
    literal,
    null,
    select,
    true,
    union_all,
    values,
)
from sqlalchemy.dialects.postgresql import JSONB

from corekit import Whole, any_of
from corekit.tables import assignment, member_tag, profile
from corekit_surveys.tables import answer

Part = Literal["all", "skipped", "value", "element", "place", "cell"]
"""What a row counts: answers of members, questions left empty, answered questions by value, what was chosen among
several, the places of what was ranked, the rows of a matrix."""
_TEXT = "text"
"""Of these it is counted how many there are, and not which."""
_LISTS = {"element": "list", "place": "ranking", "cell": "table"}


@frozen
class Asked:
    """A question of a version: ``shape`` says what its answers are made of, as in :data:`SHAPES`."""

    version: int
    name: str
    shape: Literal["value", "text", "list", "ranking", "table"]


@frozen(kw_only=True)
class Chosen:
    """Which answers to a survey are counted: days from and to, both included, and versions; None is all of them.

    ``named`` leaves out those that are of no member.
    """

    survey: str
    since: str | None = None
    until: str | None = None
    version: int | None = None
    named: bool = False

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """What an answer has to be."""
        found: list[ColumnElement[bool]] = [any_of(answer.c.survey_id, [self.survey])]
        if self.since is not None:
            found.append(answer.c.day >= self.since)
        if self.until is not None:
            found.append(answer.c.day <= self.until)
        if self.version is not None:
            found.append(answer.c.version == self.version)
        return [*found, *[answer.c.member_id.is_not(None)] * self.named]

    def has(self, day: str, version: int) -> bool:
        """Say whether answers of a day to a version are chosen."""
        after = self.since is None or day >= self.since
        return after and (self.until is None or day <= self.until) and self.version in (None, version)


@frozen
class Split:
    """By what answers are told apart: a ``label`` over ``joined`` tables."""

    label: ColumnElement[Any]
    joined: FromClause = answer


WHOLE = Split(cast(literal(""), Text))
"""All answers together."""
BY_DAY = Split(answer.c.day)
BY_KIND = Split(profile.c.kind, answer.join(profile, profile.c.member_id == answer.c.member_id))
WITH, WITHOUT = "with", "without"


def by_tier(ladder: str, base: str) -> Split:
    """Tell answers apart by the tier in which their members stand now; in ``base`` nobody has a row."""
    stands = (
        (assignment.c.member_id == answer.c.member_id)
        & (assignment.c.ladder == ladder)
        & assignment.c.valid_to.is_(None)
    )
    return Split(func.coalesce(assignment.c.tier, base), answer.outerjoin(assignment, stands))


def by_tag(tag: str) -> Split:
    """Tell answers apart by whether their members have a tag now."""
    tagged = exists().where(member_tag.c.member_id == answer.c.member_id, member_tag.c.tag == tag)
    return Split(case((tagged, WITH), else_=WITHOUT))


def by_attribute(name: str, dialect: str) -> Split:
    """Tell answers apart by an attribute that their members have now, as it is written in JSON."""
    known = profile.c.attributes
    label: ColumnElement[Any] = (
        known.op("->>")(literal(name, Text)) if dialect == "postgresql" else _quoted(known, name)
    )
    return Split(
        func.coalesce(label, cast(literal(""), Text)), answer.join(profile, profile.c.member_id == answer.c.member_id)
    )


def _quoted(known: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    """Return an attribute as PostgreSQL writes it: a text as it is, all else as JSON."""
    path = f'$."{name}"'
    kind = func.json_type(known, path)
    return case(
        (kind == "true", "true"),
        (kind == "false", "false"),
        else_=cast(func.json_extract(known, path), Text),
    )


def sizes(survey: str) -> Select[Any]:
    """Return how many answers to a survey there are, by day and version."""
    columns: list[ColumnElement[Any]] = [answer.c.day, answer.c.version]
    counted = select(*columns, func.count().label("number"))
    return counted.where(*Chosen(survey=survey).conditions).group_by(*columns)


def labels(chosen: Chosen, split: Split, most: int) -> Select[Any]:
    """Return the labels of groups, ``most`` of them."""
    found = select(split.label.label("label")).select_from(split.joined).where(*chosen.conditions)
    return found.distinct().limit(most)


def counts(dialect: str, chosen: Chosen, split: Split, asked: Sequence[Asked]) -> CompoundSelect[Any]:
    """Return how often what was answered: rows of ``part, name, place, value, label, version, number``."""
    json_ = _Postgres() if dialect == "postgresql" else _Sqlite()
    shapes = {each.shape for each in asked}
    parts = [
        _counted(json_, chosen, split, "all", split.joined, null(), null(), null()),
        _skipped(json_, chosen, split),
    ]
    if asked:
        parts.append(_values(json_, chosen, split, asked))
    for part, shape in _LISTS.items():
        if shape in shapes:
            parts.append(_inner(json_, chosen, split, part, [each for each in asked if each.shape == shape]))
    return union_all(*parts)


def _counted(
    json_: _Postgres | _Sqlite,
    chosen: Chosen,
    split: Split,
    part: str,
    source: FromClause,
    name: ColumnElement[Any],
    place: ColumnElement[Any],
    value: ColumnElement[Any],
) -> Select[Any]:
    columns: list[ColumnElement[Any]] = [
        cast(literal(part), Text).label("part"),
        cast(name, Text).label("name"),
        cast(place, Text).label("place"),
        (json_.nothing if isinstance(value, Null) else value).label("value"),
        split.label.label("label"),
        answer.c.version,
        func.count().label("number"),
    ]
    by = [each for each in (name, place, value, split.label, answer.c.version) if not isinstance(each, Null)]
    return select(*columns).select_from(source).where(*chosen.conditions).group_by(*by)


def _skipped(json_: _Postgres | _Sqlite, chosen: Chosen, split: Split) -> Select[Any]:
    names = json_.names(answer.c.skipped)
    source = split.joined.join(names, true())
    return _counted(json_, chosen, split, "skipped", source, names.c.value, null(), null())


def _values(json_: _Postgres | _Sqlite, chosen: Chosen, split: Split, asked: Sequence[Asked]) -> Select[Any]:
    questions = _questions("asked", asked)
    value = case((questions.c.shape == "value", json_.at(questions)), else_=json_.nothing)
    source = split.joined.join(questions, (questions.c.version == answer.c.version) & json_.has(questions))
    return _counted(json_, chosen, split, "value", source, questions.c.name, null(), value)


def _inner(json_: _Postgres | _Sqlite, chosen: Chosen, split: Split, part: str, asked: Sequence[Asked]) -> Select[Any]:
    questions = _questions(f"{part}s", asked)
    inner = json_.cells(questions) if part == "cell" else json_.elements(questions)
    source = split.joined.join(questions, questions.c.version == answer.c.version).join(inner, true())
    places: dict[str, ColumnElement[Any]] = {"element": null(), "place": json_.place(inner), "cell": inner.c.key}
    return _counted(json_, chosen, split, part, source, questions.c.name, places[part], inner.c.value)


def _questions(name: str, asked: Sequence[Asked]) -> Any:
    """Return questions as rows of the statement itself: PostgreSQL then knows how many they are, and takes turns."""
    texts = [column(each, Text) for each in ("name", "shape", "path")]
    # Names are letters, digits and underscores.
    rows = [(each.version, each.name, each.shape, f'$."{each.name}"') for each in asked]
    return values(column("version", Whole), *texts, name=name, literal_binds=True).data(rows).cte(name)


class _Postgres:
    """JSON as PostgreSQL takes it apart."""

    nothing: ColumnElement[Any] = cast(null(), JSONB)

    def at(self, questions: Any) -> ColumnElement[Any]:
        found: ColumnElement[Any] = answer.c.answers.op("->", return_type=JSONB())(questions.c.name)
        return found

    def has(self, questions: Any) -> ColumnElement[bool]:
        return self.at(questions).is_not(None)

    def names(self, listed: ColumnElement[Any]) -> Any:
        return func.jsonb_array_elements_text(listed).table_valued("value", name="left_empty").lateral()

    def elements(self, questions: Any) -> Any:
        each = func.jsonb_array_elements(self.at(questions))
        numbered = each.table_valued(column("value", JSONB), with_ordinality="key", name="inner_").render_derived()
        return numbered.lateral()

    def place(self, inner: Any) -> ColumnElement[Any]:
        """Return the place in a list, from 1."""
        at: ColumnElement[Any] = inner.c.key
        return at

    def cells(self, questions: Any) -> Any:
        return func.jsonb_each(self.at(questions)).table_valued("key", column("value", JSONB), name="inner_").lateral()


class _Sqlite:
    """JSON as SQLite takes it apart."""

    nothing: ColumnElement[Any] = null()

    def at(self, questions: Any) -> ColumnElement[Any]:
        return func.json_extract(answer.c.answers, questions.c.path)

    def has(self, questions: Any) -> ColumnElement[bool]:
        return func.json_type(answer.c.answers, questions.c.path).is_not(None)

    def names(self, listed: ColumnElement[Any]) -> Any:
        return func.json_each(listed).table_valued("value", name="left_empty")

    def elements(self, questions: Any) -> Any:
        return func.json_each(answer.c.answers, questions.c.path).table_valued("key", "value", name="inner_")

    def place(self, inner: Any) -> ColumnElement[Any]:
        """Return the place in a list, from 1."""
        at: ColumnElement[Any] = inner.c.key + 1
        return at

    def cells(self, questions: Any) -> Any:
        return self.elements(questions)
