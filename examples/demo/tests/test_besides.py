"""What there is to see besides the year is there once, however often the demo is served."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from corekit import Activity
from corekit.testing import MakeKit
from corekit_demo import besides, journey
from corekit_demo.serving import staff_token
from corekit_documents import documents
from corekit_schema import ANONYMOUS, Viewer, build_app
from corekit_schema.testing import Door, serving

HOUSEHOLDS = (1, 2, 3)
SEEN = """{ surveysStatistics(survey: "year-2017") { respondents }
  documents(first: 5) { nodes { code title(language: "zh") downloads } } }"""
STAFF = Viewer(kind="staff", name="demo", permissions=frozenset({"surveys.statistics", "documents.read"}))


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_households_answer_a_survey_once_and_download_a_document(make_kit: MakeKit, tmp_path: Path) -> None:
    told: dict[str, Any] = {"store": str(tmp_path), "signing_keys": [{"id": "k", "secret": "of this test alone" * 2}]}
    plugins = ["points", "demo", "surveys", "documents"]
    kit = make_kit(plugins, sections={"documents": told}, development=True, secret="also of this test alone" * 2)
    joining = [Activity(type="member.registered", member=journey.member_id(each)) for each in HOUSEHOLDS]
    assert all(outcome.settled for outcome in kit.record_many(joining))
    with serving(build_app(kit)) as client:
        address = str(client.base_url).rstrip("/")
        added = [besides.add(address, staff_token(kit.settings), HOUSEHOLDS) for _ in range(2)]
        guide = client.get(added[0].link).content
    assert [each.answered for each in added] == [len(HOUSEHOLDS)] * 2
    with kit.read() as read:
        versions = documents.versions_of(read, [besides.DOCUMENT])[besides.DOCUMENT]
    assert [(each.language, each.number) for each in versions] == [("en", 1), ("zh", 1)]
    assert guide == files("corekit_demo").joinpath("guide.en.txt").read_bytes()
    door = Door(kit)
    assert door.data(SEEN, STAFF) == {
        "surveysStatistics": {"respondents": len(HOUSEHOLDS)},
        "documents": {"nodes": [{"code": "guide", "title": "会员指南", "downloads": 1}]},
    }
    assert door.ask(SEEN, ANONYMOUS)["errors"]
