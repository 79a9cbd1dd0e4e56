"""Who answers a survey, when and how often: asked when answers are saved, and again when they are sent."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from corekit import Activity, Batch, Facts, Invalid, Reader
from corekit.testing.clock import SettableClock
from corekit_surveys import answering, catalogue, drafts, finding, standing, tables
from corekit_surveys.terms import Terms

from .conftest import Canteen

Open = Callable[..., Canteen]
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PROGRAM = """
[program]
name = "Canteen"

[[ladders]]
code = "status"
name = "Status"

[[ladders.tiers]]
code = "basic"
name = "Basic"

[[ladders.tiers]]
code = "gold"
name = "Gold"
criteria = [{metric = "spend", window = "lifetime", at_least = "100"}]
"""


def change(shop: Canteen, **terms: Any) -> None:
    catalogue.change(shop.kit, "staff:ada", "lunch", Terms(**terms))


def said(shop: Canteen, member: str) -> list[str]:
    """Return what speaks against a member answering, as it is told."""
    kit = shop.kit
    with kit.read() as read:
        (entry,) = standing.judged(read, kit, [member], kit.now(read), finding.opened(read))[member]
    assert entry.can_answer == (not entry.reasons)
    return [code for code, _ in entry.reasons]


CASES: list[tuple[dict[str, Any], str | None]] = [
    ({"opens_at": NOW}, None),
    ({"opens_at": NOW + HOUR}, "SURVEYS_NOT_YET"),
    ({"closes_at": NOW + HOUR}, None),
    ({"closes_at": NOW}, "SURVEYS_OVER"),
    ({"audience": {"everybody": True}}, None),
    ({"audience": {"tag": ["vip", "new"]}}, None),
    ({"audience": {"tag": "old"}}, "SURVEYS_TAG"),
    ({"audience": {"kind": "partner"}}, "SURVEYS_KIND"),
    ({"audience": {"tier": "basic"}}, None),
    ({"audience": {"tier": "gold"}}, "SURVEYS_TIER"),
    ({"audience": {"group": "family"}}, "SURVEYS_GROUP"),
    ({"audience": {"bought": "tea"}}, "SURVEYS_BOUGHT"),
    ({"audience": {"metric": "spend", "least": 100}}, None),
    ({"audience": {"metric": "spend", "least": 101}}, "SURVEYS_METRIC"),
    ({"audience": {"none": [{"tag": "vip"}]}}, "SURVEYS_EXCLUDED"),
    ({"audience": {"any": [{"tier": "gold"}, {"tag": "vip"}]}}, None),
]


@pytest.mark.row("S3", way="bad_input")
def test_it_is_answered_within_its_time_and_by_its_audience(canteen: Open, clock: SettableClock) -> None:
    clock.set(NOW)
    shop = canteen(program=PROGRAM, members={"kinds": ["consumer", "partner"]})
    for terms, code in CASES:
        shop.member = shop.join()
        shop.kit.record(Activity(type="member.tagged", member=shop.member, payload={"add": ["vip"]}))
        shop.kit.record(Activity(type="purchase", member=shop.member, amount=100))
        change(shop)
        drafts.save(shop.kit, shop.member, "lunch", {"stars": 5})
        change(shop, **terms)
        assert said(shop, shop.member) == ([code] if code else []), terms
        assert shop.send().code == code, terms
        if code is not None:
            with pytest.raises(Invalid, match=code):
                drafts.save(shop.kit, shop.member, "lunch", {"stars": 5})


def test_a_member_answers_as_often_as_it_is_asked_to(canteen: Open, clock: SettableClock) -> None:
    clock.set(NOW)
    shop = canteen()
    change(shop, most=3, pause_days=7)
    first = shop.answer(stars=1)
    assert first.settled
    clock.set(NOW + timedelta(days=7) - 13 * HOUR)
    assert said(shop, shop.member) == ["SURVEYS_PAUSE"]
    clock.set(NOW + timedelta(days=7) - 12 * HOUR)  # the day, not the hour
    assert shop.answer(stars=2).settled
    clock.set(NOW + timedelta(days=14))
    last = shop.answer(stars=3)
    clock.set(NOW + timedelta(days=21))
    assert said(shop, shop.member) == ["SURVEYS_ANSWERED_MOST"]
    assert sorted(shop.rows(select(tables.answer.c.day))) == [("2026-01-15",), ("2026-01-22",), ("2026-01-29",)]

    shop.kit.reverse(last.activity_id or "")
    shop.kit.reverse(first.activity_id or "")
    counted = shop.rows(select(tables.taken.c.times, tables.taken.c.day))
    assert counted == [(1, "2026-01-22")]
    assert said(shop, shop.member) == []


def test_no_more_is_answered_than_is_wanted(canteen: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = canteen()
    kit = shop.kit
    assert shop.answer(stars=1).settled
    change(shop, quota=3)  # the answer that is there counts
    members = [shop.join() for _ in range(4)]
    for member in members:
        drafts.save(kit, member, "lunch", {"stars": 5})
    told = [answering.taking_part(member, "lunch") for member in members[:3]]
    outcomes = list(kit.record_many(told))
    assert [each.code for each in outcomes] == [None, None, "SURVEYS_QUOTA_FULL"]
    assert shop.rows(select(tables.place.c.taken)) == [(3,)]
    assert said(shop, members[3]) == ["SURVEYS_QUOTA_FULL"]

    kit.reverse(outcomes[0].activity_id or "")
    load, read = answering.load, dict[str, Any]()

    def loading(batch: Batch, reader: Reader, facts: Facts) -> Any:
        found = load(batch, reader, facts)
        return {member: read.setdefault(member, known) for member, known in found.items()}

    monkeypatch.setattr(answering, "load", loading)
    for member in members[2:]:  # both have seen that there is one place left
        assert kit.simulate(answering.taking_part(member, "lunch")).settled
    last = [kit.record(answering.taking_part(member, "lunch")) for member in members[2:]]
    assert [each.code for each in last] == [None, "SURVEYS_QUOTA_FULL"]
    assert shop.rows(select(tables.place.c.taken)) == [(3,)]
    monkeypatch.undo()

    change(shop, quota=None)
    assert shop.answer(members[3], stars=2).settled
    kit.reverse(last[0].activity_id or "")
    change(shop, quota=4)
    assert shop.rows(select(tables.place.c.taken)) == [(3,)]
    assert said(shop, shop.join()) == []


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_of_many_who_answer_at_once_no_more_than_are_wanted_do(canteen: Open) -> None:
    shop = canteen(sections={"surveys": {"keys": ["a key of the tests that is long enough for it"]}})
    change(shop, anonymous=True, quota=5)
    members = [shop.join() for _ in range(12)]

    def answers(member: str) -> bool:
        try:
            return answering.answer(shop.kit, member, "lunch", {"stars": 1}).settled
        except Invalid as refused:
            return {each.code for each in refused.problems} != {"SURVEYS_QUOTA_FULL"}

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(answers, members)) == [False] * 7 + [True] * 5
    assert len(shop.rows(select(tables.waiting.c.id))) == 5


@pytest.mark.row("S1", way="bad_input")
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_terms_that_cannot_hold_are_refused_where_they_stand(canteen: Open) -> None:
    shop = canteen()
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"opens_at": NOW, "closes_at": NOW}, "closes_at", "SURVEYS_WINDOW"),
        ({"quota": 0}, "quota", "SURVEYS_NUMBER"),
        ({"most": 0}, "most", "SURVEYS_NUMBER"),
        ({"most": None, "pause_days": -1}, "pause_days", "SURVEYS_NUMBER"),
        ({"pause_days": 1}, "pause_days", "SURVEYS_PAUSE_OF_ONE"),
        ({"audience": {"tier": "gold"}}, "audience.tier", "SURVEYS_AUDIENCE"),
        ({"audience": {"any": [{"kind": "robot"}]}}, "audience.any.0.kind", "SURVEYS_AUDIENCE"),
    ]
    for terms, path, code in wrong:
        with pytest.raises(Invalid) as caught:
            change(shop, **terms)
        assert [(".".join(map(str, each.path)), each.code) for each in caught.value.problems] == [(path, code)], terms
    with pytest.raises(Invalid, match="SURVEYS_UNKNOWN"):
        catalogue.change(shop.kit, "staff:ada", "lun\0ch", Terms())
