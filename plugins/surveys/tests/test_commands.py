"""Surveys on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from corekit.cli import app

from .conftest import LUNCH, Canteen


@pytest.mark.row("S1", way="cli")
@pytest.mark.row("S3", way="cli")
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_a_survey_is_written_changed_answered_and_deleted(canteen: Callable[..., Canteen], tmp_path: Path) -> None:
    shop = canteen()
    config, file, wrong = (tmp_path / name for name in ("corekit.toml", "tea.json", "wrong.json"))
    config.write_text(f'[corekit]\ndatabase = "{shop.kit.settings.database}"\nplugins = ["surveys"]\n')
    file.write_text(json.dumps(LUNCH), encoding="utf-8")
    wrong.write_text("{")

    def runs(*words: str, human: bool = False) -> tuple[int, Any]:
        ways = () if human else ("--json",)
        done = CliRunner().invoke(app, ["--config", str(config), *ways, "surveys", *words])
        return done.exit_code, done.output if human else json.loads(done.stdout or done.stderr)

    def does(*words: str) -> Any:
        code, answer = runs(*words)
        assert code == 0, answer
        return answer

    assert (does("add", "tea", str(file))["state"], does("revise", "tea", str(file))["version"]) == ("draft", 2)
    terms = ("--home", "--opens", "2026-01-01", "--closes", "2027-01-01", "--quota", "9", "--most", "2", "--pause", "1")
    changed = does("change", "tea", *terms, "--audience", '{"tag": "vip"}', "--results")
    assert changed["terms"]["show_results"]
    assert (changed["terms"]["quota"], changed["terms"]["opens_at"], changed["left"]) == (
        9,
        "2026-01-01T00:00:00+00:00",
        9,
    )
    assert does("open", "tea")["state"] == "open"
    assert [each["code"] for each in does("list", "--home", "--named", "tag=vip", "--search", "TEA")] == ["tea"]
    assert does("list", "--state", "closed") == []
    shown = does("show", "tea", "--member", shop.member)
    assert shown["definition"]["pages"] == LUNCH["pages"]
    assert shown["reasons"] == [{"code": "SURVEYS_TAG", "message": "It asks members with the tag vip."}]
    code, refused = runs("answer", shop.member, "tea", '{"stars": 5}')
    assert (code, refused["error"]["code"]) == (1, "SURVEYS_TAG")
    assert does("answer", shop.member, "lunch", '{"stars": 1}', "--save")["saved_at"]
    assert runs("answer", shop.member, "lunch", '{"why": "cold"}')[0] == 1
    for _ in range(2):
        assert does("answer", shop.member, "lunch", '{"stars": 1}', "--key", "k")["outcome"] == "settled"
    assert does("close", "lunch")["state"] == "closed"
    assert runs("delete", "lunch")[1]["error"]["code"] == "SURVEYS_BEGUN"
    shown = runs("list", human=True)[1]
    assert "lunch" in shown
    assert "9 of 9 left" in shown
    assert "can answer: It asks" in runs("show", "tea", "--member", shop.member, human=True)[1]
    assert does("delete", "tea")["code"] == "tea"
    for words, code in (
        (("show", "tea"), 1),
        (("list", "--named", "vip"), 2),
        (("add", "cake", str(wrong)), 2),
        (("answer", shop.member, "lunch", "[]"), 2),
    ):
        assert runs(*words, human=True)[0] == code, words
