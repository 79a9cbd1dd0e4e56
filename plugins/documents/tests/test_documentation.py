"""The examples of the documentation hold."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from corekit.audience import Known, checked
from corekit_documents import declared
from corekit_documents.settings import SettingsSchema

from .conftest import OpenShop

PAGE = Path(__file__).parents[3] / "docs/documents.md"
RULE = re.compile(r"`(\{\"\w+\".*?\})`(?=[,| ])")


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_the_settings_the_program_and_the_rules_of_the_page_are_understood(shop: OpenShop) -> None:
    text = PAGE.read_text(encoding="utf-8")
    settings, program = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    told: dict[str, Any] = tomllib.loads(settings)["plugins"]["documents"]
    assert SettingsSchema().load(told)
    here = shop(program.replace('[documents.categories.prices]\nen = "Price lists"\nzh = "价目表"\n', ""))
    assert [each.most for each in here.kit.program.sections["documents"].quotas] == [20, 3]
    known = Known({"status": {"basic": 0, "gold": 1}}, ("partner",), {"spend": True})
    rules = [each for each in RULE.findall(text) if "..." not in each]
    assert len(rules) >= 8
    for rule in rules:
        assert checked(json.loads(rule), known, declared.RULE, ()) == [], rule
