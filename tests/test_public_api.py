"""What is public is kept, line by line, and what breaks who uses it is done only where the changelog says so.

`COREKIT_SNAPSHOTS=write` writes the snapshots anew; a change that breaks is written only where a fragment in
`changelog.d` says its sentence. What is only added needs no fragment, but is seen in the snapshot. The GraphQL schema
has snapshots of its own (`schema/tests/test_snapshot.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

import corekit.hookspecs
import corekit_schema.hookspecs
from tools import surface

ROOT = Path(__file__).resolve().parent.parent
SNAPSHOTS = Path(__file__).parent / "snapshots"
KEPT: Mapping[str, Callable[[], dict[str, str]]] = {
    "corekit": partial(surface.surface, "corekit"),
    "corekit_schema": partial(surface.surface, "corekit_schema"),
    "hooks": partial(surface.hooks, (corekit.hookspecs, corekit_schema.hookspecs)),
    "commands": partial(surface.commands, ("corekit", "corekit-schema")),
    "settings": surface.settings,
}


def unlisted(before: Mapping[str, str], after: Mapping[str, str], fragments: str) -> list[str]:
    """Return what breaks and is not said."""
    said = " ".join(fragments.split())
    return [sentence for sentence in surface.breaking(before, after) if sentence not in said]


@pytest.mark.parametrize("name", KEPT)
def test_what_is_public_is_what_was_kept(name: str) -> None:
    lines = KEPT[name]()
    path = SNAPSHOTS / f"{name}.txt"
    fragments = "\n".join(each.read_text(encoding="utf-8") for each in sorted(ROOT.glob("changelog.d/*.*.md")))
    before = surface.read(path.read_text(encoding="utf-8")) if path.exists() else {}
    breaks = unlisted(before, lines, fragments)
    assert breaks == [], "who uses it breaks; say each of these sentences in a fragment of changelog.d, or do not do it"
    if os.environ.get("COREKIT_SNAPSHOTS") == "write":
        path.write_text(surface.written(lines), encoding="utf-8")
    assert surface.written(lines) == path.read_text(encoding="utf-8")


BEFORE = {
    "corekit.Kit": "class",
    "corekit.Kit.read": "method",
    "corekit.Kit.read()": "-> Reader",
    "corekit.Kit.work": "method",
    "corekit.Kit.work(chunk)": "or 500: int",
    "corekit db": "command",
    "corekit db --to": "or None, text",
}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"corekit.Kit.read": "", "corekit.Kit.read()": ""}, "`corekit.Kit.read` was removed."),
        ({"corekit.Kit.work(chunk)": ""}, "`corekit.Kit.work(chunk)` was removed."),
        ({"corekit.Kit.read()": "-> None"}, "`corekit.Kit.read()` changed from `-> Reader` to `-> None`."),
        ({"corekit.Kit.work(limit)": "required: int"}, "`corekit.Kit.work(limit)` was added and is required."),
        ({"corekit db --from": "required, text"}, "`corekit db --from` was added and is required."),
        ({"corekit db --to": ""}, "`corekit db --to` was removed."),
    ],
)
def test_what_breaks_must_be_said(change: dict[str, str], sentence: str) -> None:
    after = {name: value for name, value in {**BEFORE, **change}.items() if value}
    assert unlisted(BEFORE, after, "Other things change.") == [sentence]
    assert unlisted(BEFORE, after, f"Of the API: {sentence} Do otherwise.") == []


def test_what_is_only_added_breaks_nobody() -> None:
    more = {
        "corekit.New": "class",
        "corekit.New(name)": "required, place 0: str",
        "corekit.Kit.work(limit)": "or None: int | None",
        "corekit db --dry-run": "or False, flag",
        "corekit files": "command",
        "corekit files(path)": "required, path",
    }
    assert unlisted(BEFORE, {**BEFORE, **more}, "") == []


def test_a_change_that_is_planted_in_the_code_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(self: object, chunk: int = 100) -> int:
        return chunk

    before = KEPT["corekit"]()
    monkeypatch.setattr(corekit.Kit, "work", work)
    monkeypatch.delattr(corekit.Kit, "merge")
    assert list(surface.breaking(before, KEPT["corekit"]())) == [
        "`corekit.Kit.merge` was removed.",
        "`corekit.Kit.work(chunk)` changed from `or 500: int` to `or 100, place 1: int`.",
        "`corekit.Kit.work(limit)` was removed.",
    ]
