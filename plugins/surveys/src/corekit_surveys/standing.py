"""Whether a member can answer a survey now, and everything that speaks against it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from attrs import frozen
from sqlalchemy import select

from corekit import Invalid, Reader, any_of
from corekit.audience import Rule, Who, Why, compiled, known, people
from corekit.audience import reasons as outside
from corekit_surveys import codes, declared
from corekit_surveys.finding import Kept
from corekit_surveys.tables import taken as _taken

if TYPE_CHECKING:
    from corekit import Kit

_ACTIVE = "active"


@frozen
class Took:
    """How often a member took part in a survey, and on which day last."""

    times: int
    day: date


@frozen(kw_only=True)
class Entry:
    """A survey, how a member took part in it (None: never), and everything that speaks against doing so now."""

    member_id: str
    survey: Kept
    took: Took | None
    reasons: tuple[Why, ...]

    @property
    def can_answer(self) -> bool:
        """Whether nothing does."""
        return not self.reasons


def reasons(survey: Kept, took: Took | None, now: datetime) -> Iterator[Why]:
    """Yield what speaks against answering a survey at ``now``, which is on the program's clock."""
    terms = survey.terms
    if survey.state != "open":
        yield declared.NOT_OPEN.code, {"state": survey.state}
    if terms.opens_at is not None and now < terms.opens_at:
        yield declared.NOT_YET.code, {"opens": terms.opens_at.isoformat()}
    if terms.closes_at is not None and now >= terms.closes_at:
        yield declared.OVER.code, {"closes": terms.closes_at.isoformat()}
    if took is not None:
        yield from _again(survey, took, now.date())
    if survey.left == 0:
        yield declared.QUOTA_FULL.code, {}


def barred(rule: Rule | None, who: Who) -> Iterator[Why]:
    """Yield why a member is outside of an audience; nothing where it is everybody."""
    if rule is not None:
        for what, parameters in outside(rule, who):
            yield declared.OUTSIDE[what].code, parameters


def _again(survey: Kept, took: Took, today: date) -> Iterator[Why]:
    terms = survey.terms
    if terms.most is not None and took.times >= terms.most:
        if terms.most == 1:
            yield declared.ANSWERED_BEFORE.code, {}
        else:
            yield declared.ANSWERED_MOST.code, {"most": str(terms.most)}
    elif today < (free := took.day + timedelta(days=terms.pause_days)):
        yield declared.PAUSE.code, {"day": free.isoformat()}


def judged(
    read: Reader, kit: Kit, members: Collection[str], now: datetime, surveys: Sequence[Kept]
) -> dict[str, list[Entry]]:
    """Return for each member what speaks against each survey; a fixed number of statements.

    Who does not exist, or is a part of another member now, is left out.
    """
    means = known(kit)
    rules = {each.id: compiled(each.terms.audience, means) for each in surveys if each.terms.audience is not None}
    found = people(read, kit, members, now, rules.values())
    took = taken_by(read, found, [each.id for each in surveys])
    local = now.astimezone(kit.zone)
    return {
        member: [
            Entry(
                member_id=member,
                survey=each,
                took=(has := took.get(member, {}).get(each.id)),
                reasons=(*_of_state(state), *reasons(each, has, local), *barred(rules.get(each.id), who)),
            )
            for each in surveys
        ]
        for member, (state, who) in found.items()
    }


def check(kit: Kit, read: Reader, member: str, survey: Kept) -> None:
    """Raise :class:`corekit.Invalid` with everything that speaks against a member answering a survey now."""
    texts = kit.registry.errors
    found = judged(read, kit, [member], kit.now(read), [survey]).get(member)
    if found is None:
        raise Invalid([codes.problem(texts["MEMBER_UNKNOWN"], "member_id")])
    if whys := [why for each in found for why in each.reasons]:
        raise Invalid([codes.problem(texts[code], "survey", **parameters) for code, parameters in whys])


def taken_by(read: Reader, members: Iterable[str], surveys: Iterable[str]) -> dict[str, dict[str, Took]]:
    """Return how members took part in some surveys, by member and survey: one statement."""
    wanted = select(_taken).where(
        any_of(_taken.c.member_id, sorted(members)), any_of(_taken.c.survey_id, sorted(surveys))
    )
    found: dict[str, dict[str, Took]] = {}
    for row in read.all(wanted):
        found.setdefault(row.member_id, {})[row.survey_id] = Took(row.times, date.fromisoformat(row.day))
    return found


def _of_state(state: str) -> Iterator[Why]:
    if state != _ACTIVE:
        yield f"MEMBER_{state.upper()}", {}
