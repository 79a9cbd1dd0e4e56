"""The site of the documentation: every page has its place, every link leads somewhere, search finds both languages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from once import once

from tools.node import node
from tools.site.navigation import NavigationError, groups
from tools.site.words import Words, words

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "README.md": "# Shop\n\n[All pages](docs/README.md)\n",
    "docs/README.md": "# Pages\n\n## Start\n\n| page | what |\n| --- | --- |\n"
    "| [Shop](../README.md) | all |\n| [A](a.md) | one |\n| [Decisions](decisions/README.md) | why |\n",
    "docs/a.md": "# A\n\n## Part\n\nText, [the list](README.md), [this](#part), [code](a.py).\n",
    "docs/a.py": "",
    "docs/decisions/README.md": "# Decisions\n",
    "docs/decisions/0001-one.md": "# One\n",
}

WRONG = [
    ("# A\n\n[x](gone.md)\n", "gone.md"),
    ("# A\n\n[x](#gone)\n", "gone"),
    ("# A\n\n[x](README.md#gone)\n", "gone"),
    ("# A\n\n[x](gone.py)\n", "gone.py"),
    ("# A\n\n![x](gone.png)\n", "gone.png"),
    ("# A\n\n### Too deep\n", "header level"),
    ("# A\n\n```nonsense\nx\n```\n", "nonsense"),
    ("# A\n\n```python\n?=\n```\n", "python"),
]

# What the scripts of the site want of a browser.
BROWSER = """
const window = globalThis;
const document = { addEventListener: () => {}, getElementById: () => ({}), body: {}, readyState: "loading" };
const DOCUMENTATION_OPTIONS = {}, SPHINX_HIGHLIGHT_ENABLED = false;
"""


@pytest.fixture(scope="module")
def site(shared: Path) -> Path:
    """The site of this repository, as `make docs` builds it."""

    def make(out: Path) -> None:
        assert failure(out, ROOT) == ""

    return once(shared / "site", make)


@pytest.fixture
def repository(tmp_path: Path) -> Callable[..., Path]:
    """Make a small repository, in which some pages are other ones."""

    def make(**changed: str) -> Path:
        root = tmp_path / "repository"
        for name, text in {**PAGES, **changed}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        return root

    return make


def failure(out: Path, root: Path) -> str:
    """Build the site of a repository; return what is wrong, or nothing."""
    command = [sys.executable, "-m", "tools.site", str(out), str(root)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert bool(done.stderr) == bool(done.returncode), done.stderr
    return done.stderr


def found(site: Path, asked: Iterable[str]) -> dict[str, list[str]]:
    """Return the pages that the site's own scripts find for each thing that is asked for, best first."""
    scripts = ("_static/language_data.js", "_static/doctools.js", "_static/searchtools.js", "searchindex.js")
    text = "\n".join((site / name).read_text(encoding="utf-8") for name in scripts)
    find = "(asked) => [asked, Search._performSearch(...Search._parseQuery(asked)).reverse().map((each) => each[0])]"
    answer = f"console.log(JSON.stringify(Object.fromEntries({json.dumps(list(asked))}.map({find}))))"
    script = site.with_name("search.js")
    script.write_text(f"{BROWSER}\n{text}\n{answer}", encoding="utf-8")
    answers: dict[str, list[str]] = json.loads(node(ROOT, script))
    return answers


# Navigation


def test_every_page_of_docs_stands_in_one_group() -> None:
    listed = [page for group in groups(ROOT) for page in group.pages]
    assert len(listed) == len(set(listed))
    assert {"README", "docs/plugins", "docs/reference/hooks", "docs/decisions/README"} <= {*listed}


def test_a_page_that_stands_in_no_group_stops_the_build(repository: Callable[..., Path], tmp_path: Path) -> None:
    root = repository(**{"docs/lost.md": "# Lost\n"})
    said = "List each of these in docs/README.md under one of Start: docs/lost\n"
    assert failure(tmp_path / "docs", root) == said


def test_a_page_that_is_listed_twice_stops_the_build(repository: Callable[..., Path]) -> None:
    twice = PAGES["docs/README.md"] + "| [A](a.md) | once more |\n"
    with pytest.raises(NavigationError, match=r"more than once: docs/a"):
        groups(repository(**{"docs/README.md": twice}))


def test_the_side_of_every_page_names_the_groups(site: Path) -> None:
    page = (site / "docs/kernel.html").read_text(encoding="utf-8")
    captions = re.findall(r'<span class="caption-text">([^<]+)</span>', page)
    assert captions == [group.title for group in groups(ROOT)]


# Building


def test_a_small_repository_becomes_a_site(repository: Callable[..., Path], tmp_path: Path) -> None:
    assert failure(tmp_path / "docs", repository()) == ""
    assert (tmp_path / "docs/index.html").read_bytes() == (tmp_path / "docs/README.html").read_bytes()
    assert "One" in (tmp_path / "docs/docs/decisions/README.html").read_text(encoding="utf-8")
    assert not (tmp_path / "docs/_downloads").exists()


def test_what_leads_nowhere_or_cannot_be_shown_stops_the_build(repository: Callable[..., Path], tmp_path: Path) -> None:
    pages = {f"docs/decisions/{number:04}.md": text for number, (text, _) in enumerate(WRONG)}
    root = repository(**pages)
    said, again = failure(tmp_path / "docs", root), failure(tmp_path / "docs", root)
    assert again == said
    lines = {name: [line for line in said.splitlines() if name in line and "WARNING" in line] for name in pages}
    assert [word for (_, word), told in zip(WRONG, lines.values(), strict=True) if word not in "".join(told)] == []


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    def fetched() -> Iterator[str]:
        for page in site.rglob("*.html"):
            yield from re.findall(r"<(?:script|img)[^>]+src=\"([^\"]+)\"", page.read_text(encoding="utf-8"))
            yield from re.findall(r"<link[^>]+stylesheet[^>]+href=\"([^\"]+)\"", page.read_text(encoding="utf-8"))

    places = set(fetched())
    assert any("searchtools" in place for place in places)
    assert not [place for place in places if "//" in place]


# Search


def test_chinese_is_split_into_pairs_and_english_into_words() -> None:
    assert list(words("会员等级, tier_up 与 x2")) == ["会员", "员等", "等级", "tier_up", "与", "x2"]


def test_the_browser_splits_what_is_asked_for_just_so() -> None:
    texts = ["会员等级, tier_up 与 x2", "the ledger's lots", "积分idempotency键", "x"]
    script = f"{Words.js_splitter_code}\nconsole.log(JSON.stringify({json.dumps(texts)}.map(splitQuery)))"
    assert json.loads(node(ROOT, "-e", script)) == [list(words(text)) for text in texts]


def test_search_finds_words_of_both_languages(site: Path) -> None:
    wanted = {
        "idempotency": "README",
        "expiring lots": "docs/ledger",
        "corekit_happened": "docs/delivery",
        "POINTS_BUDGET": "docs/reference/errors",
        "SetTierInput": "docs/reference/schema",
        "会员正被频繁修改": "docs/reference/errors",
        "后续活动": "docs/zh/concepts",
    }
    answers = found(site, [*wanted, "zeppelin", "会飞艇员"])
    assert {asked for asked, page in wanted.items() if page not in answers[asked]} == set()
    assert answers["zeppelin"] == answers["会飞艇员"] == []
