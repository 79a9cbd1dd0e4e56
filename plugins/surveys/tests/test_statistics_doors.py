"""Statistics, charts, answers out and in, and comments: over GraphQL and on the command line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from corekit import Invalid
from corekit.cli import app
from corekit_schema import ANONYMOUS, Viewer
from corekit_schema.testing import Door
from corekit_surveys import catalogue, charts, comments, exporting, importing, statistics, statistics_charts
from corekit_surveys.charts import Bar, Point
from corekit_surveys.statistics_figures import Promoters
from corekit_surveys.wording import Wording

Open = Callable[..., Any]
ASKED: dict[str, Any] = {
    "title": {"default": "Lunch", "zh-cn": "午餐"},
    "pages": [
        {
            "name": "first",
            "elements": [
                {
                    "type": "checkbox",
                    "name": "dishes",
                    "title": {"default": "What?", "zh-cn": "吃了什么？"},
                    "choices": [{"value": 1, "text": {"default": "<Fish>", "zh-cn": "鱼"}}, "=egg"],
                    "showOtherItem": True,
                },
                {"type": "rating", "name": "again", "rateMin": 0, "rateMax": 10},
                {"type": "matrix", "name": "grades", "rows": ["taste", "place"], "columns": [1, 2]},
                {"type": "boolean", "name": "alone", "labelTrue": "Alone"},
                {"type": "ranking", "name": "order", "choices": ["a", "b"]},
                {"type": "comment", "name": "words"},
            ],
        }
    ],
}
ANSWERS: list[dict[str, Any]] = [
    {"dishes": [1, "=egg"], "again": 10, "grades": {"taste": 1}, "alone": True, "order": ["b", "a"], "words": "=2+2"},
    {"dishes": [1, "other"], "dishes-Comment": "soup, hot", "again": 0, "words": "好吃"},
]


@pytest.fixture
def shop(canteen: Open, tmp_path: Path) -> Any:
    """Two answers to a survey, of which nothing is withheld."""
    shop = canteen(sections={"surveys": {"least_shown": 1}})
    catalogue.create(shop.kit, "staff:ada", "meal", ASKED)
    catalogue.move(shop.kit, "staff:ada", "meal", "open")
    file = tmp_path / "meal.jsonl"
    days = ("2020-01-31", "2020-02-01")
    given = [{"answers": each, "day": day} for each, day in zip(ANSWERS, days, strict=True)]
    file.write_text("".join(json.dumps(each) + "\n" for each in given))
    importing.load(shop.kit, "staff:ada", "meal", file)
    return shop


# GraphQL

STATISTICS = """
query ($by: String, $since: String, $question: String) {
  surveysStatistics(survey: "meal", by: $by, since: $since) {
    by respondents unnamed least trend(question: $question)
    groups {
      label respondents
      questions(names: ["dishes", "again", "grades", "order", "words"]) {
        name title kind withheld saw answered days chart
        choices { value text count share }
        numbers { count least most sum mean lowerQuartile median upperQuartile }
        promoters { promoters passives detractors score }
        rows { name text answered choices { value count } numbers { mean } }
        places { value text first meanPlace }
      }
    }
  }
}
"""

RESULTS = '{ surveysResults(survey: "meal") { respondents groups { questions { name } } } }'
CHANGE = """
mutation ($shown: Boolean) { surveysChange(input: {code: "meal", showResults: $shown}) {
  survey { showResults } userErrors { code } } }
"""
WRITE = """
mutation ($t: String!) {
  surveysComment(input: {survey: "meal", text: $t}) { comment { id state } userErrors { code path } }
}
"""
DECIDE = "mutation ($id: String!) { surveysDecide(input: {commentId: $id, shown: true}) { comment { state } } }"
TEXTS = """
query ($q: String!, $after: String) {
  surveysTexts(survey: "meal", question: $q, first: 1, after: $after) {
    nodes { text }
    pageInfo { endCursor }
    totalCount
  }
}
"""


@pytest.mark.row("S4", way="graphql")
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_who_has_answered_sees_what_all_have_where_the_survey_shows_it(shop: Any) -> None:
    door, other = Door(shop.kit), shop.join()
    shop.answer_to("meal", shop.member, sent=True, again=7)
    shop.answer_to("meal", other, sent=False, again=7)

    def seen(viewer: Viewer) -> Any:
        return door.data(RESULTS, viewer)["surveysResults"]

    mine = Viewer(kind="member", member=shop.member)
    assert seen(mine) is None
    assert door.data(CHANGE, shown=True)["surveysChange"] == {"survey": {"showResults": True}, "userErrors": []}
    assert seen(mine)["respondents"] == len(ANSWERS) + 1
    assert len(seen(mine)["groups"][0]["questions"]) == len(ASKED["pages"][0]["elements"])
    for viewer in Viewer(kind="member", member=other), door.staff:
        assert seen(viewer) is None
    assert "UNAUTHENTICATED" in str(door.ask(RESULTS, ANONYMOUS)["errors"])


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_graphql_tells_what_was_answered_to_who_may_know(shop: Any) -> None:
    door = Door(shop.kit)
    found = door.data(STATISTICS)["surveysStatistics"]
    assert (found["respondents"], found["least"], found["trend"]) == (2, 1, None)
    (group,) = found["groups"]
    figures = {each["name"]: each for each in group["questions"]}
    assert figures["dishes"]["title"] == "What?"
    assert figures["dishes"]["choices"] == [
        {"value": 1, "text": "<Fish>", "count": 2, "share": "1"},
        {"value": "=egg", "text": "=egg", "count": 1, "share": "0.5"},
        {"value": "other", "text": "Other", "count": 1, "share": "0.5"},
    ]
    assert figures["again"]["promoters"] == {"promoters": 1, "passives": 0, "detractors": 1, "score": "0"}
    assert (figures["again"]["numbers"]["mean"], figures["again"]["numbers"]["upperQuartile"]) == ("5", "10")
    assert figures["grades"]["rows"][0]["numbers"] == {"mean": "1"}
    assert [(each["text"], each["meanPlace"]) for each in figures["order"]["places"]] == [("b", "1"), ("a", "2")]
    assert figures["words"]["chart"] is None
    assert "&lt;Fish&gt;" in figures["dishes"]["chart"]

    over_time = door.data(STATISTICS, by="month", question="again")["surveysStatistics"]
    assert [(each["label"], each["respondents"]) for each in over_time["groups"]] == [("2020-01", 1), ("2020-02", 1)]
    assert over_time["trend"].startswith("<svg")
    for viewer in (Viewer(kind="member", member=shop.member), Viewer(kind="staff", name="bob")):
        assert "FORBIDDEN" in str(door.ask(STATISTICS, viewer)["errors"])
    wrong: dict[str, dict[str, Any]] = {
        "SURVEYS_SPLIT_UNKNOWN": {"by": "age"},
        "DATE": {"since": "yesterday"},
        "SURVEYS_QUESTION_UNKNOWN": {"by": "day", "question": "x"},
    }
    for code, asked in wrong.items():
        assert code in str(door.ask(STATISTICS, **asked)["errors"])


@pytest.mark.row("S5", way="graphql")
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_graphql_lets_members_comment_and_staff_decide(shop: Any) -> None:
    door, ann = Door(shop.kit), Viewer(kind="member", member=shop.member)
    made = door.data(WRITE, ann, t="nice")["surveysComment"]["comment"]
    assert made["state"] == "pending"
    refused = door.data(WRITE, ann, t=" ")["surveysComment"]
    assert [each["code"] for each in refused["userErrors"]] == ["SURVEYS_COMMENT_INVALID"]
    assert "FORBIDDEN" in str(door.ask(WRITE, t="x")["errors"])

    shown, anybody = '{ surveysComments(survey: "meal") { nodes { text } } }', Viewer(kind="anonymous")
    assert door.data(shown, anybody) == {"surveysComments": {"nodes": []}}
    mine = '{ surveysOwnComments(survey: "meal", first: 5) { nodes { text state } totalCount } }'
    other = Viewer(kind="member", member=shop.join())
    assert door.data(mine, ann)["surveysOwnComments"]["nodes"] == [{"text": "nice", "state": "pending"}]
    assert door.data(mine, other)["surveysOwnComments"] == {"nodes": [], "totalCount": 0}
    every = '{ surveysModeration(survey: "meal", state: "pending") { nodes { text memberId } totalCount } }'
    assert door.data(every)["surveysModeration"]["totalCount"] == 1
    assert door.data(DECIDE, id=made["id"])["surveysDecide"]["comment"]["state"] == "shown"
    assert door.data(shown, anybody) == {"surveysComments": {"nodes": [{"text": "nice"}]}}
    assert door.data(mine, ann)["surveysOwnComments"]["nodes"] == [{"text": "nice", "state": "shown"}]
    assert "UNAUTHENTICATED" in str(door.ask(mine, anybody)["errors"])
    assert "FORBIDDEN" in str(door.ask(mine)["errors"])  # staff write none
    who = '{ surveysComments(survey: "meal") { nodes { memberId decidedBy } } }'
    assert "staff:mira" in str(door.data(who))
    for denied in (door.ask(every, ann), door.ask(DECIDE, ann, id=made["id"]), door.ask(who, ann)):
        assert "FORBIDDEN" in str(denied["errors"])


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_texts_are_read_in_pages_and_withheld_where_they_are_few(shop: Any, canteen: Open) -> None:
    door = Door(shop.kit)
    first = door.data(TEXTS, q="words")["surveysTexts"]
    second = door.data(TEXTS, q="words", after=first["pageInfo"]["endCursor"])["surveysTexts"]
    assert {first["nodes"][0]["text"], second["nodes"][0]["text"]} == {"=2+2", "好吃"}
    assert first["totalCount"] == 2
    assert door.data(TEXTS, q="dishes-Comment")["surveysTexts"]["nodes"] == [{"text": "soup, hot"}]
    assert "SURVEYS_QUESTION_UNKNOWN" in str(door.ask(TEXTS, q="again")["errors"])
    few = canteen(sections={"surveys": {"least_shown": 2}})
    few.answer(stars=1, why="cold")
    with few.kit.read() as read:
        assert exporting.texts(few.kit, read, "lunch", "why").items == ()


# Charts


def test_charts_are_pictures_with_words_and_without_scripts() -> None:
    evil = "<script>alert(1)</script>&\"'\x00\x07"
    long = "这是一个非常非常非常非常长的选项名称，放不下"
    for svg in (
        charts.bars(evil, [Bar(evil, Fraction(1, 2), "50 % (1)"), Bar(long, Fraction(1), "100 %")]),
        charts.bars("nothing", []),
        charts.trend(evil, [Point(evil, Fraction(1), "1"), Point("b", None, ""), Point("c", Fraction(3), "3")]),
        charts.trend("nothing", []),
        charts.promoters(evil, Promoters(3, 0, 1), ("贬损者", evil, "推荐者")),
    ):
        root = ET.fromstring(svg)
        names = [each.tag.partition("}")[2] for each in root.iter()]
        assert names[0] == "svg"
        assert {"title", "desc"} < set(names)
        assert not {"script", "style", "image", "a", "foreignObject"} & set(names)
        assert root.attrib["aria-label"] == "".join(root[0].itertext())
        assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_titles_and_choices_are_in_the_language_that_is_asked_for(shop: Any) -> None:
    with shop.kit.read() as read:
        found = statistics.of(shop.kit, read, "meal")
    chinese, english = (Wording(found.surveys, language) for language in ("zh", "en"))
    assert (chinese.survey, english.survey) == ("午餐", "Lunch")
    assert [chinese.choice("dishes", each) for each in (1, "=egg", "other")] == ["鱼", "=egg", "其他"]
    assert [english.choice("alone", each) for each in (True, False)] == ["Alone", "No"]
    drawn = {each.name: statistics_charts.chart(each, chinese) for each in found.groups[0].questions}
    assert {name for name, svg in drawn.items() if svg is None} == {"words"}
    assert "吃了什么？" in (drawn["dishes"] or "")
    assert "推荐者" in (drawn["again"] or "")


# Answers out and in


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_answers_go_out_as_they_were_given_and_come_in_again(shop: Any, canteen: Open, tmp_path: Path) -> None:
    with shop.kit.read() as read:
        lines = [json.loads(each) for each in exporting.as_json_lines(read, "meal")]
        table = list(csv.DictReader(exporting.as_csv(read, "meal")))
        named = [json.loads(each) for each in exporting.as_json_lines(read, "lunch")]
        assert named == []
    assert [each["id"] for each in lines] == sorted(each["id"] for each in lines) == [each["_id"] for each in table]
    assert sorted((each["answers"] for each in lines), key=str) == sorted(ANSWERS, key=str)
    assert all(each.keys() == {"id", "version", "day", "answers", "skipped"} for each in lines)  # of no member
    row = next(each for each in table if each["again"] == "10")
    assert {name: row[name] for name in ("dishes", "grades.taste", "grades.place", "alone", "order", "words")} == {
        "dishes": "1|=egg",
        "grades.taste": "1",
        "grades.place": "",
        "alone": "true",
        "order": "b|a",
        "words": "'=2+2",
    }
    assert (row["_day"], row["_version"], row["_member"]) == ("2020-01-31", "1", "")

    again, file = canteen(), tmp_path / "again.csv"
    catalogue.create(again.kit, "staff:ada", "meal", ASKED)
    catalogue.move(again.kit, "staff:ada", "meal", "open")
    with shop.kit.read() as read:
        file.write_text("".join(exporting.as_csv(read, "meal")))
    assert importing.load(again.kit, "staff:ada", "meal", file) == 2
    with again.kit.read() as read:
        back = [json.loads(each) for each in exporting.as_json_lines(read, "meal")]
    plain = [{**each, "words": each["words"].replace("=2", "'=2")} for each in ANSWERS]
    assert sorted((each["answers"] for each in back), key=str) == sorted(plain, key=str)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        (
            "x.jsonl",
            """\
{"answers": {"stars": 9}}
{"answers": {"stars": 5}, "day": "2999-01-01"}
no
[]
{"answers": {"stars": 5}}
{"answers": {"stars": 5}, "version": 7}
{"answers": 1}
{"who": 1}
""",
            [
                "1.stars ANSWER_NO_CHOICE",
                "2.day LINE_MALFORMED",
                "3 LINE_MALFORMED",
                "4 LINE_MALFORMED",
                "6.version LINE_MALFORMED",
                "7.answers LINE_MALFORMED",
                "8 LINE_MALFORMED",
            ],
        ),
        (
            "x.csv",
            "_version,stars,why\n1,1,cold\n,,\n1,two\n2,1,\n1,5,cold\n",
            [
                "3.stars ANSWER_MISSING",
                "4 LINE_MALFORMED",
                "5.version LINE_MALFORMED",
                "6.why ANSWER_HIDDEN",
            ],
        ),
        ("x.jsonl", '{"answers": {"stars": 9}}\n' * 200, ["1.stars ANSWER_NO_CHOICE"]),
    ],
)
def test_a_file_comes_in_wholly_or_not_at_all(
    canteen: Open, tmp_path: Path, name: str, text: str, found: list[str]
) -> None:
    shop, file = canteen(), tmp_path / name
    file.write_text(text)
    with pytest.raises(Invalid) as caught:
        importing.load(shop.kit, "staff:ada", "lunch", file)
    told = [f"{'.'.join(map(str, each.path))} {each.code.removeprefix('SURVEYS_')}" for each in caught.value.problems]
    assert told[: len(found)] == found
    assert len(told) == (100 if len(found) == 1 else len(found))
    with shop.kit.read() as read:
        assert list(exporting.as_json_lines(read, "lunch")) == []


# The command line


@pytest.fixture
def run(shop: Any, tmp_path: Path) -> Callable[..., str]:
    """Run a command on the shop's database, and return what it says."""
    config = tmp_path / "corekit.toml"
    section = "[plugins.surveys]\nleast_shown = 1\n"
    config.write_text(f'[corekit]\ndatabase = "{shop.kit.settings.database}"\nplugins = ["surveys"]\n{section}')
    return lambda *words: CliRunner().invoke(app, ["--config", str(config), *words]).output


@pytest.mark.row("S4", way="cli")
@pytest.mark.row("S5", way="cli")
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_the_command_line_does_all_of_it(shop: Any, run: Callable[..., Any], tmp_path: Path) -> None:
    shown = run("surveys", "statistics", "meal")
    assert "meal: 2 answers" in shown
    assert "again: 2 of 2 answered, mean 5, median 0, net promoter score 0" in shown
    told = json.loads(run("--json", "surveys", "statistics", "meal", "--by", "month"))
    assert [each["label"] for each in told["groups"]] == ["2020-01", "2020-02"]
    table, svg = tmp_path / "meal.csv", tmp_path / "meal.svg"
    run("surveys", "statistics", "meal", "--csv", str(table), "--svg", str(svg), "--question", "again")
    assert ET.fromstring(svg.read_text()).tag.endswith("svg")
    rows = [row for row in csv.DictReader(table.read_text().splitlines()) if row["question"] == "dishes"]
    assert [(row["value"], row["count"], row["share"]) for row in rows] == [
        ("1", "2", "1"),
        ("'=egg", "1", "0.5"),
        ("other", "1", "0.5"),
    ]
    run("surveys", "statistics", "meal", "--by", "day", "--svg", str(svg))
    assert "Respondents" in svg.read_text()

    lines = tmp_path / "out.jsonl"
    lines.write_text(run("surveys", "export", "meal"))
    assert "2 answers imported" in run("surveys", "import", "meal", str(lines))
    lines.write_text('{"answers": {"again": 11}}')
    assert "1.again: The answer is none of the choices." in run("surveys", "import", "meal", str(lines))
    assert run("surveys", "export", "meal", "--format", "csv").count("\n") == 5

    assert "pending" in run("surveys", "comment", shop.member, "meal", "nice")
    (made,) = json.loads(run("--json", "surveys", "comments", "meal"))
    assert json.loads(run("--json", "surveys", "comments", "meal", "--member", shop.member)) == [made]
    assert "no comments" in run("surveys", "comments", "meal", "--member", shop.join())
    assert "hidden" in run("surveys", "decide", made["id"], "hidden", "--reason", "not nice")
    assert "no comments" in run("surveys", "comments", "meal", "--state", "shown")
    assert comments.LONGEST == 2_000
