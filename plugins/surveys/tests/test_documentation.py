"""The page on surveys shows what is understood, all of it, and its example is."""

from __future__ import annotations

import json
import re
from pathlib import Path

from corekit_surveys import properties
from corekit_surveys.expressions import COMPARISONS
from corekit_surveys.reading import read

PAGE = (Path(__file__).resolve().parents[3] / "docs/surveys.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_is_a_survey() -> None:
    assert list(read(json.loads(EXAMPLE)).questions) == ["stars", "dishes", "why"]


def test_all_that_may_be_asked_is_listed() -> None:
    checks = (properties.SURVEY, properties.PAGE, *properties.QUESTIONS.values(), *properties.VALIDATORS.values())
    known = {name for each in checks for name in each} | {*properties.QUESTIONS, *properties.VALIDATORS, *COMPARISONS}
    missing = sorted(name for name in known if not re.search(rf"`[^`\n]*\b{name}\b[^`\n]*`", PAGE))
    assert missing == []
