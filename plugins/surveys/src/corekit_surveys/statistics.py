"""Statistics of a survey: what was answered to each question, by all, or in groups, or over time.

The statements are few and do not grow with the answers: what is asked, how many answers there are by day, and one that
counts them. What fewer than the least number of people answered is withheld (:mod:`corekit_surveys.statistics_groups`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen
from sqlalchemy import func, literal, select

from corekit import Reader, suggest
from corekit_surveys import codes, declared, declared_statistics, finding, statistics_sql
from corekit_surveys import statistics_figures as shaping
from corekit_surveys.definition import SHAPES, Survey
from corekit_surveys.settings import settings_of
from corekit_surveys.statistics_figures import Asked, Figures, Tally
from corekit_surveys.statistics_groups import Cell, blocks, withheld
from corekit_surveys.statistics_sql import Chosen, Split
from corekit_surveys.tables import survey as _survey
from corekit_surveys.tables import version as _version

if TYPE_CHECKING:
    from corekit import Kit

PERIODS: Mapping[str, Callable[[str], str]] = {
    "day": lambda day: day,
    "week": lambda day: str((found := date.fromisoformat(day)) - timedelta(days=found.weekday())),
    "month": lambda day: day[:7],
}
"""What a day belongs to; a week is called by its Monday."""
MOST_GROUPS = 100
_LONGEST = "60s"
"""For a statement, as PostgreSQL writes it."""
_TEXTS = ("text", "comment")
_Key = tuple[str, str]
"""The name and the kind of a question: versions that ask it as the same kind are counted together."""


@frozen(kw_only=True)
class Group:
    """What those of a group answered. ``label`` is its tier, kind, value or period; None where all are together."""

    label: str | None
    respondents: int | None
    questions: Sequence[Figures]


@frozen(kw_only=True)
class Statistics:
    """Statistics of a survey.

    ``respondents`` is the number of answers that are counted: of who answered twice both are. In groups by what is
    known of members ``unnamed`` more are of nobody, and left out. What fewer than ``least`` answered is withheld.
    """

    survey: str
    by: str | None
    respondents: int
    unnamed: int
    least: int
    groups: Sequence[Group]
    surveys: Sequence[Survey] = field(repr=False)
    """What the versions ask, the newest first."""


@frozen
class _Known:
    """A survey with its versions, the newest first."""

    id: str
    versions: Mapping[int, Survey]


def of(
    kit: Kit,
    read: Reader,
    survey: str,
    *,
    by: str | None = None,
    since: date | None = None,
    until: date | None = None,
    version: int | None = None,
) -> Statistics:
    """Return the statistics of a survey: of days ``since`` to ``until``, both included, and of a version, or of all.

    ``by`` says in which groups: ``tier`` or ``tier:LADDER``, ``kind``, ``tag:TAG``, ``attribute:NAME``, each as members
    stand now, or ``day``, ``week``, ``month``. Five statements at most. Raises :class:`corekit.Invalid`: there is no
    such survey (``SURVEYS_UNKNOWN``), no such groups (``SURVEYS_SPLIT_UNKNOWN``) or too many of them
    (``SURVEYS_GROUPS_MANY``), or days or versions are chosen that are few answers apart from others
    (``SURVEYS_SELECTION_SMALL``).
    """
    if read.dialect == "postgresql":  # counting all answers to a large survey takes longer than a request else may
        read.all(select(func.set_config(literal("statement_timeout"), _LONGEST, literal(True))))
    known = _known(read, survey)
    least = settings_of(kit).least_shown
    split = _split(kit, read, by)
    every = [Cell(row.day, row.version, row.number) for row in read.all(statistics_sql.sizes(known.id))]
    days = blocks(every, least)
    first, last = (str(each) if each is not None else None for each in (since, until))
    chosen = Chosen(survey=known.id, since=first, until=last, version=version, named=split is not None)
    cells = [each for each in every if chosen.has(each.day, each.version)]
    _check_whole(days, chosen)
    respondents = sum(each.number for each in cells)
    told: dict[str, Any] = {"survey": survey, "by": by, "least": least, "surveys": list(known.versions.values())}
    if respondents < least or not respondents:
        group = Group(label=None, respondents=respondents, questions=())
        return Statistics(**told, respondents=respondents, unnamed=0, groups=[group] if respondents else [])
    groups = split or (statistics_sql.BY_DAY if by else statistics_sql.WHOLE)
    if split is not None and len(read.all(statistics_sql.labels(chosen, split, MOST_GROUPS + 1))) > MOST_GROUPS:
        raise codes.refused(declared_statistics.GROUPS_MANY, "by", by=str(by), most=str(MOST_GROUPS))
    counted = _counted(read.all(statistics_sql.counts(read.dialect, chosen, groups, _asked(known))), known, days, by)
    named = sum(counted.sizes.values())
    shown = _groups(counted, _questions(known.versions.values()), _order(kit, by, counted.sizes), least)
    if by is None:
        shown = [evolve(each, label=None) for each in shown]
    return Statistics(**told, respondents=named, unnamed=respondents - named, groups=shown)


# What is asked


def _known(read: Reader, survey: str) -> _Known:
    versions = _version.c.survey_id == _survey.c.id
    columns = select(_survey.c.id, _version.c.number, _version.c.definition).join_from(_survey, _version, versions)
    code = survey.replace("\0", "")
    rows = read.all(columns.where(_survey.c.code == code).order_by(_version.c.number.desc()))
    if not rows:
        raise codes.refused(declared.UNKNOWN, "survey", survey=survey)
    return _Known(rows[0].id, {row.number: finding.parsed(row.definition) for row in rows})


def _questions(surveys: Iterable[Survey]) -> dict[_Key, Asked]:
    """Return each question with all that could be chosen in any version, the newest first."""
    found: dict[_Key, tuple[dict[Any, None], dict[str, None]]] = {}
    for survey in surveys:
        for each in survey.questions.values():
            choices, rows = found.setdefault((each.name, each.kind), ({}, {}))
            choices.update(dict.fromkeys(each.selectable))
            rows.update(dict.fromkeys(each.rows))
    return {
        (name, kind): Asked(name=name, kind=kind, choices=tuple(choices), rows=tuple(rows))  # type: ignore[arg-type]
        for (name, kind), (choices, rows) in found.items()
        if kind != "html"
    }


def _asked(known: _Known) -> list[statistics_sql.Asked]:
    return [
        statistics_sql.Asked(number, each.name, _shape(each.kind))
        for number, survey in known.versions.items()
        for each in survey.questions.values()
        if each.kind != "html"
    ]


def _shape(kind: Any) -> Any:
    shape = SHAPES.get(kind)
    return shape if shape in ("list", "ranking", "table") else "text" if kind in _TEXTS else "value"


# What is counted, in which groups


def _split(kit: Kit, read: Reader, by: str | None) -> Split | None:
    """Return how members are told apart; None where they are not."""
    what, _, name = (by or "").partition(":")
    name = name.replace("\0", "")
    if by is None or by in PERIODS:
        return None
    if what == "kind" and not name:
        return statistics_sql.BY_KIND
    if what == "tag" and name:
        return statistics_sql.by_tag(name)
    if what == "attribute" and name and '"' not in name:
        return statistics_sql.by_attribute(name, read.dialect)
    ladders = {each.code: each for each in kit.program.ladders}
    if what == "tier" and ladders and (not name or name in ladders):
        ladder = ladders[name] if name else kit.program.ladders[0]
        return statistics_sql.by_tier(ladder.code, ladder.tiers[0].code)
    raise codes.refused(declared_statistics.SPLIT_UNKNOWN, "by", by=by, hint=suggest(what, ("tier", "kind", *PERIODS)))


def _check_whole(days: Sequence[Sequence[Cell]], chosen: Chosen) -> None:
    for block in days:
        if len({chosen.has(each.day, each.version) for each in block}) > 1:
            span = {"since": block[0].day, "until": block[-1].day}
            raise codes.refused(declared_statistics.SELECTION_SMALL, "since", **span)


@frozen
class _Counted:
    """How many there are in each group, and what was counted of each question there."""

    sizes: dict[str, int] = field(factory=dict[str, int])
    tallies: dict[tuple[str, _Key], Tally] = field(factory=dict[tuple[str, _Key], Tally])


def _counted(rows: Iterable[Any], known: _Known, days: Sequence[Sequence[Cell]], by: str | None) -> _Counted:
    """Gather what was counted; over time a day belongs to the period in which its block ends."""
    found = _Counted()
    period = PERIODS.get(by or "")
    ends = {(each.day, each.version): period(block[-1].day) for block in days for each in block} if period else {}
    for row in rows:
        group = ends[row.label, row.version] if period else row.label
        if row.part == "all":
            found.sizes[group] = found.sizes.get(group, 0) + row.number
            continue
        question = known.versions[row.version].questions[row.name]
        tally = found.tallies.setdefault((group, (question.name, question.kind)), Tally())
        if row.part == "skipped":
            tally.skipped += row.number
            continue
        if row.part == "value":
            tally.answered += row.number
        if row.value is not None:
            tally.add(row.place, row.value, row.number)
    return found


def _groups(counted: _Counted, questions: Mapping[_Key, Asked], order: Sequence[str], least: int) -> list[Group]:
    """Return the groups in their order, without what has to be withheld."""
    hidden = withheld(counted.sizes, least)
    shown: dict[str, list[Figures]] = {group: [] for group in order if group not in hidden}
    for key, asked in questions.items():
        tallies = {group: counted.tallies.get((group, key), Tally()) for group in order}
        few = withheld({group: tally.answered for group, tally in tallies.items()}, least, hidden)
        for group, told in shown.items():
            nothing = Figures(name=asked.name, kind=asked.kind, saw=None, answered=None)
            told.append(nothing if group in few else shaping.figures(asked, tallies[group]))
    return [
        Group(
            label=group, respondents=None if group in hidden else counted.sizes[group], questions=shown.get(group, ())
        )
        for group in order
    ]


def _order(kit: Kit, by: str | None, sizes: Mapping[str, int]) -> list[str]:
    """Return groups as they are shown: tiers as the ladder rises, all else by their labels."""
    what, _, name = (by or "").partition(":")
    if what != "tier":
        return sorted(sizes)
    ladder = next(each for each in kit.program.ladders if name in ("", each.code))
    ranks = [each.code for each in ladder.tiers]
    return sorted(sizes, key=lambda each: (ranks.index(each) if each in ranks else len(ranks), each))
