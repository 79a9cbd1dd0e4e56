"""Where a page stands: the groups of `docs/README.md`, which GitHub shows as a table and the site beside every page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import attrs

FIRST = "README"
LIST = "docs/README"
DECISIONS = "docs/decisions"
GROUP = re.compile(r"^## (.+)$", re.MULTILINE)
PAGE = re.compile(r"^\| \[([^\]]+)\]\(([^)#]+)\.md\)", re.MULTILINE)


class NavigationError(Exception):
    """A page stands in no group, or in two."""


@attrs.frozen
class Group:
    """A heading of the list of pages, and what the pages below it are called, by their paths without `.md`."""

    title: str
    pages: Mapping[str, str]


def groups(root: Path) -> list[Group]:
    """Read the groups, which hold every page of docs/ once; a decision stands with the decisions."""
    _, *parts = GROUP.split((root / f"{LIST}.md").read_text(encoding="utf-8"))
    found = [
        Group(title=title, pages={placed(page): name for name, page in PAGE.findall(text)})
        for title, text in zip(parts[::2], parts[1::2], strict=True)
    ]
    listed = [placed(page) for text in parts[1::2] for _, page in PAGE.findall(text)]
    if twice := {page for page in listed if listed.count(page) > 1}:
        raise NavigationError(f"{LIST}.md lists more than once: {', '.join(sorted(twice))}")
    if lost := {page for page in written(root) if page not in {*listed, LIST}}:
        titles = ", ".join(group.title for group in found)
        raise NavigationError(f"List each of these in {LIST}.md under one of {titles}: {', '.join(sorted(lost))}")
    return found


def placed(link: str) -> str:
    """Return the path from the root to which the list links."""
    parts: list[str] = []
    for part in (PurePosixPath(LIST).parent / link).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def written(root: Path) -> list[str]:
    """List the pages of docs/ without the decisions, of which the list names the first page only."""
    pages = (path.relative_to(root).with_suffix("").as_posix() for path in (root / "docs").rglob("*.md"))
    return sorted(page for page in pages if PurePosixPath(page).parent.as_posix() != DECISIONS)


def contents(root: Path) -> str:
    """Return the tables of contents for the side of every page, as MyST has them."""
    return "\n".join(map(toctree, groups(root)))


def toctree(group: Group) -> str:
    """Return one table of contents, which the page itself does not show; the first page stands for the list as well."""
    entries = [f"All pages </{LIST}>" if page == FIRST else f"{name} </{page}>" for page, name in group.pages.items()]
    lines = [f":caption: {group.title}", ":hidden:", "", *entries]
    return "\n".join(["", "```{toctree}", *lines, "```", ""])
