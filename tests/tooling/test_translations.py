from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import translations
from tools.translations import PAGES, faults, sections

ENGLISH = """# Shop

[简体中文](docs/zh/README.md)

A shop. [More](docs/more.md)

## Buy

```console
# no heading
$ buy --now
```

    indented

Pay first.
"""
CHINESE = """# 商店
<!-- en: {} -->

[English](../../README.md)

一家商店。[更多](../more.md)

## 购买
<!-- en: {} -->

```console
# no heading
$ buy --now
```

    indented

请先付款。
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "docs/zh").mkdir(parents=True)
    (tmp_path / "README.md").write_text(ENGLISH, encoding="utf-8")
    numbers = [section.number for section in sections(ENGLISH)]
    (tmp_path / "docs/zh/README.md").write_text(CHINESE.format(*numbers), encoding="utf-8")
    return tmp_path


def change(repository: Path, name: str, old: str, new: str) -> list[str]:
    text = (repository / name).read_text(encoding="utf-8")
    assert old in text
    (repository / name).write_text(text.replace(old, new), encoding="utf-8")
    return list(faults(repository))


def test_the_translations_are_in_step() -> None:
    translations.main([])


def test_what_is_in_step_has_no_fault(repository: Path) -> None:
    assert list(faults(repository)) == []
    assert change(repository, "README.md", "A shop. [More]", "A\nshop.\n[More]") == []


def test_a_section_that_changed_is_named_with_its_new_number(repository: Path) -> None:
    (fault,) = change(repository, "README.md", "Pay first.", "Pay later.")
    number = sections((repository / "README.md").read_text(encoding="utf-8"))[1].number
    assert fault == (
        f"docs/zh/README.md: `Buy` has changed: bring `购买` up to date and write <!-- en: {number} --> in it"
    )
    mark = re.findall(r"<!-- en: \w+ -->", (repository / "docs/zh/README.md").read_text(encoding="utf-8"))[1]
    assert change(repository, "docs/zh/README.md", mark, f"<!-- en: {number} -->") == []


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("README.md", "Pay first.", "Pay first.\n\n## Return\n\nLater.", "from `Return` against nothing on"),
        ("docs/zh/README.md", "## 购买", "### 购买", "from `Buy` against `购买` on"),
        ("docs/zh/README.md", "$ buy --now", "$ buy", "the code in `购买` is not that of `Buy`"),
        ("docs/zh/README.md", "    indented", "    缩进", "the code in `购买` is not that of `Buy`"),
        ("docs/zh/README.md", "../more.md", "../less.md", "do not both link to docs/less.md, docs/more.md"),
        ("docs/zh/README.md", "[English](../../README.md)", "", "docs/zh/README.md: link to README.md under the title"),
        ("docs/zh/README.md", "<!-- en: ", "<!-- ", "`Buy` has no mark"),
    ],
)
def test_what_is_out_of_step_is_said(repository: Path, name: str, old: str, new: str, said: str) -> None:
    assert any(said in fault for fault in change(repository, name, old, new))


def test_a_page_is_wanted_in_chinese_as_soon_as_it_is_there(repository: Path) -> None:
    assert PAGES["docs/tutorial.md"] == "docs/zh/tutorial.md"
    (repository / "docs/tutorial.md").write_text("# Tutorial\n", encoding="utf-8")
    assert list(faults(repository)) == ["docs/zh/tutorial.md: docs/tutorial.md is not translated"]
