"""Answers to a survey: statistics of 1,000,000 of them, to the aggregate that counts the same by hand; accepting one.

The answers are made by the database: seven questions, one of several choices, one that not everybody sees, one of
texts. Bare is the fewest SQL that counts the same from the same table, all of one version and nothing withheld, with
its rows fetched; statistics read what the versions ask beside it, and make their figures of it. On PostgreSQL.

Accepted is what members have saved and now send: by the plugin many at once, as they come from an intake, by an ORM in
a unit of work for each. That one locks the member, looks up survey, version, draft and whether it took part, and writes
the same rows. It is helped: nothing is judged, and it looks for no key. What the same is to one ``record`` after
another stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from hashlib import sha256
from statistics import median
from typing import Any
from uuid import uuid4

import psycopg
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Session

from bench import orm_model as model
from bench.compare import Found, ratios, timed
from bench.orm import transactional
from bench.servers import Servers
from corekit import Activity, Kit, Outcome, Settings, micros, new_id
from corekit_surveys import answering, catalogue, statistics, tables

ANSWERS = 1_000_000
ROUNDS = 5
MEMBERS = 6_000
MANY, FEW = 500, 100
"""Answers that are accepted in a round, together and one by one."""
CODE = "canteen"
DEFINITION: dict[str, Any] = {
    "pages": [
        {
            "name": "only",
            "elements": [
                {"type": "radiogroup", "name": "place", "choices": ["here", "there", "nowhere"]},
                {"type": "checkbox", "name": "dishes", "choices": ["fish", "egg", "tofu", "soup"]},
                {"type": "rating", "name": "again", "rateMin": 0, "rateMax": 10},
                {"type": "boolean", "name": "alone"},
                {"type": "text", "name": "visits", "inputType": "number"},
                {"type": "rating", "name": "stars"},
                {"type": "comment", "name": "why", "visibleIf": "{stars} < 3"},
            ],
        }
    ]
}
GIVEN: dict[str, Any] = {
    "place": "here",
    "dishes": ["fish", "soup"],
    "again": 9,
    "alone": True,
    "visits": 3,
    "stars": 2,
    "why": "It was cold.",
}
_FILL = """
INSERT INTO surveys_answer (id, survey_id, version, member_id, day, answers, skipped)
SELECT gen_random_uuid(), %(survey)s, 1, NULL, (date '2026-01-01' + n %% 300)::text,
       jsonb_build_object('place', (array['here', 'there', 'nowhere'])[1 + n %% 3], 'again', n %% 11, 'visits', n %% 50,
                          'alone', n %% 2 = 0, 'stars', 1 + n %% 5)
       || CASE WHEN n %% 4 > 0 THEN jsonb_build_object('dishes', jsonb_build_array('fish', 'soup')) ELSE '{}' END
       || CASE WHEN n %% 5 = 0 THEN jsonb_build_object('why', 'Because ' || n) ELSE '{}' END,
       CASE WHEN n %% 4 > 0 THEN '[]'::jsonb ELSE '["dishes"]' END
       || CASE WHEN n %% 5 = 1 THEN '["why"]'::jsonb ELSE '[]' END
FROM generate_series(1, %(number)s) n
"""
_BARE = """
SELECT key, value, count(*) FROM surveys_answer, jsonb_each(answers)
WHERE survey_id = %(survey)s AND key NOT IN ('dishes', 'why') GROUP BY 1, 2
UNION ALL
SELECT 'dishes', value, count(*) FROM surveys_answer, jsonb_array_elements(answers -> 'dishes')
WHERE survey_id = %(survey)s GROUP BY 2
UNION ALL
SELECT name, NULL, count(*) FROM surveys_answer, (VALUES ('dishes'), ('why')) names(name)
WHERE survey_id = %(survey)s AND answers ? name GROUP BY 1
UNION ALL
SELECT value || ' skipped', NULL, count(*) FROM surveys_answer, jsonb_array_elements_text(skipped)
WHERE survey_id = %(survey)s GROUP BY 1
UNION ALL
SELECT 'all', NULL, count(*) FROM surveys_answer WHERE survey_id = %(survey)s
"""


def measure(servers: Servers, answers: int = ANSWERS) -> list[float]:
    """Return how many times as long the bare aggregate takes as statistics, per round."""
    kit = _kit(servers.empty("postgresql", "answers"))
    survey = _asked(kit)
    with psycopg.connect(kit.settings.database, autocommit=True) as connection:
        connection.execute(_FILL.encode(), {"survey": survey, "number": answers})
        connection.execute("VACUUM ANALYZE surveys_answer")

    by_hand = psycopg.connect(kit.settings.database, autocommit=True, options="-c jit=off")

    def bare(times: int) -> Callable[[], object]:
        def run() -> None:
            for _ in range(times):
                rows = by_hand.execute(_BARE.encode(), {"survey": survey}).fetchall()
                found = {(name, str(value)): number for name, value, number in rows}
                if found["all", "None"] != answers or found["place", "there"] != counted[0].count:
                    raise RuntimeError("the two do not find the same")

        return run

    def ours(times: int) -> Callable[[], object]:
        def run() -> None:
            for _ in range(times):
                with kit.read() as read:
                    statistics.of(kit, read, CODE)

        return run

    with kit.read() as read:
        (group,) = statistics.of(kit, read, CODE).groups
    counted = [each for each in group.questions[0].choices if each.value == "there"]
    found = ratios(timed(ours), timed(bare), numbers=(1, 1), rounds=ROUNDS)
    by_hand.close()
    kit.close()
    return found


def measure_accepting(servers: Servers) -> Found:
    """Return how many times as long the ORM takes to accept what is saved as the plugin, per round."""
    kit = _kit(servers.empty("postgresql", "accepting"))
    _asked(kit)
    joining = [Activity(type="member.registered") for _ in range(MEMBERS)]
    members = iter([each.member for each in kit.record_many(joining)])
    units = _Units(kit.settings.database)

    def saved(times: int) -> list[str]:
        who = [next(members) for _ in range(times)]
        for member in who:
            units.save(member)
        return who

    def accept(sent: Iterable[Outcome]) -> None:
        if not all(outcome.settled for outcome in sent):
            raise RuntimeError("an answer was refused")

    def ours(times: int) -> Callable[[], object]:
        sending = [_sent(member) for member in saved(times)]
        return lambda: accept(kit.record_many(sending))

    def by_orm(times: int) -> Callable[[], object]:
        who = saved(times)

        def run() -> None:
            for member in who:
                units.send(member)

        return run

    def one_by_one(times: int) -> Callable[[], object]:
        sending = [_sent(member) for member in saved(times)]
        return lambda: accept([kit.record(each) for each in sending])

    found = ratios(timed(ours), timed(by_orm), numbers=(MANY, FEW))
    alone = ratios(timed(one_by_one), timed(by_orm), numbers=(FEW, FEW))
    units.engine.dispose()
    kit.close()
    return Found(found, {"the ORM's time : of one record after another": median(alone)})


def _sent(member: str) -> Activity:
    return answering.taking_part(member, CODE, source="web", external_id=member)


def _kit(url: str) -> Kit:
    kit = Kit(Settings.of(database=url, plugins=["surveys"]))
    kit.upgrade()
    return kit


def _asked(kit: Kit) -> str:
    catalogue.create(kit, "staff:ada", CODE, DEFINITION)
    catalogue.move(kit, "staff:ada", CODE, "open")
    with kit.read() as read:
        id_: str = read.scalar(select(tables.survey.c.id))
    return id_


# By an ORM


class Base(DeclarativeBase):
    """The plugin's own tables as classes."""

    metadata = tables.metadata


class Survey(Base):
    """A survey."""

    __table__ = tables.survey


class Version(Base):
    """What it asks."""

    __table__ = tables.version


class Draft(Base):
    """What is not sent yet."""

    __table__ = tables.draft


class Taken(Base):
    """Who took part."""

    __table__ = tables.taken


class Answer(Base):
    """What was answered."""

    __table__ = tables.answer


class _Units:
    """Units of work as two requests have them: saving a draft, and sending it."""

    def __init__(self, url: str) -> None:
        self.engine = transactional(url)

    def save(self, member: str) -> None:
        with Session(self.engine) as session:
            survey, _ = self._looked_up(session)
            known = session.scalars(_of(Draft, survey.id, member)).one_or_none()
            if session.scalars(_of(Taken, survey.id, member)).one_or_none() is not None or known is not None:
                raise RuntimeError("somebody answers twice")
            row = {"id": uuid4().hex, "ticket": uuid4().hex, "survey_id": survey.id, "member_id": member}
            session.add(Draft(**row, answers=GIVEN, saved_at=_now()))
            session.commit()

    def send(self, member: str) -> None:
        with Session(self.engine) as session:
            who = session.get_one(model.Member, member, with_for_update=True)
            survey, version = self._looked_up(session)
            if session.scalars(_of(Taken, survey.id, member)).one_or_none() is not None:
                raise RuntimeError("somebody answers twice")
            draft: Any = session.scalars(_of(Draft, survey.id, member)).one()
            at = max(who.last_at + 1, _now())
            who.seq += 1
            who.last_at = at
            activity, effect, day = new_id(), new_id(), str(datetime.now(UTC).date())
            key: dict[str, Any] = {"member_id": member, "recorded_at": at}
            about = {"survey": survey.id, "version": version.number, "draft": draft.id, "day": day}
            asked = {"survey_id": survey.id, "member_id": member, "day": day}
            hashed = sha256(activity.encode()).hexdigest()[:32]
            session.add_all(
                [
                    model.Request(scope="web", key=member, hash=hashed, outcome="settled", activity_id=activity, **key),
                    model.Activity(
                        id=activity,
                        seq=who.seq,
                        type="surveys.answered",
                        occurred_at=at,
                        source="web",
                        external_id=member,
                        amount=0,
                        unit="USD",
                        payload={"survey": CODE},
                        program=1,
                        depth=0,
                        state="settled",
                        measures={},
                        **key,
                    ),
                    model.Effect(
                        id=effect,
                        activity_id=activity,
                        no=0,
                        owner="surveys",
                        kind="surveys.take_part",
                        rule="answered@1",
                        amount=0,
                        data=about,
                        shares={},
                        state="applied",
                        undone=0,
                        unfunded=0,
                    ),
                    model.Outbox(activity_id=activity, topic="surveys.answered", **key),
                    Taken(**asked, times=1),
                    Answer(id=draft.id, **asked, version=version.number, answers=draft.answers, skipped=[]),
                ]
            )
            session.delete(draft)
            session.commit()

    def _looked_up(self, session: Session) -> tuple[Any, Any]:
        survey: Any = session.scalars(select(Survey).where(tables.survey.c.code == CODE)).one()
        newest = (tables.version.c.survey_id == survey.id) & (tables.version.c.number == survey.version)
        return survey, session.scalars(select(Version).where(newest)).one()


def _of(kind: type[Draft | Taken], survey: str, member: str) -> Any:
    known = kind.__table__.c
    return select(kind).where(known.survey_id == survey, known.member_id == member)


def _now() -> int:
    return micros(datetime.now(UTC))
