"""Hold the pages in Chinese against those in English: `python -m tools.translations [FOLDER]`.

Each section of a translation says under its heading which text it translates: `<!-- en: 1a2b3c4d -->`. The number sums
up the English section, and is another one as soon as that changes. Code and links are the same in both.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "README.md": "docs/zh/README.md",
    "docs/concepts.md": "docs/zh/concepts.md",
    "docs/tutorial.md": "docs/zh/tutorial.md",
    "docs/life-cycle.svg": "docs/zh/life-cycle.svg",
}
"""The pages and pictures that are there in Chinese too, as soon as there are any."""

HEADING = re.compile(r"(#+) (.+)")
MARK = re.compile(r"<!-- en: (\w+) -->")
LINK = re.compile(r"\]\(([^)#\s]*)")


@attrs.frozen
class Section:
    """What stands under a heading, the heading included; code apart from the rest."""

    level: int
    title: str
    text: str
    code: str

    @property
    def number(self) -> str:
        """Sum the section up, however its lines are broken."""
        return hashlib.sha256(" ".join(f"{self.text} {self.code}".split()).encode()).hexdigest()[:8]


def sections(page: str) -> list[Section]:
    """Cut a page at its headings."""
    found: list[tuple[int, str, list[str], list[str]]] = []
    fenced = False
    for line in page.splitlines():
        fence = line.startswith("```")
        heading = None if fenced else HEADING.fullmatch(line)
        if heading or not found:
            found.append((len(heading[1]), heading[2], [line], []) if heading else (0, "", [line], []))
            continue
        *_, text, code = found[-1]
        (code if fenced or fence or line.startswith("    ") else text).append(line)
        fenced ^= fence
    return [Section(level, title, "\n".join(text), "\n".join(code)) for level, title, text, code in found]


def faults(root: Path) -> Iterator[str]:
    """Say what is missing or no longer right in the translations of a repository."""
    for english, chinese in PAGES.items():
        if not (root / english).exists():
            continue
        if not (root / chinese).exists():
            yield f"{chinese}: {english} is not translated"
            continue
        ours, theirs = (sections((root / name).read_text(encoding="utf-8")) for name in (english, chinese))
        for page, top, to in ((english, ours[0], chinese), (chinese, theirs[0], english)):
            if page.endswith(".md") and to not in links(page, top):
                yield f"{page}: link to {to} under the title"
        for one, other in zip_longest(ours, theirs):
            if one is None or other is None or one.level != other.level:
                names = (f"`{each.title}`" if each else "nothing" for each in (one, other))
                yield f"{chinese}: its headings are other ones from {' against '.join(names)} on"
                break
            yield from (f"{chinese}: {fault}" for fault in differences(english, one, chinese, other))


def differences(english: str, one: Section, chinese: str, other: Section) -> Iterator[str]:
    """Say in what a section differs from the one that it translates."""
    original, translation = one.title or english, other.title or chinese
    mark = MARK.search(other.text)
    if mark is None or mark[1] != one.number:
        what = "has no mark" if mark is None else "has changed"
        yield f"`{original}` {what}: bring `{translation}` up to date and write <!-- en: {one.number} --> in it"
    if one.code != other.code:
        yield f"the code in `{translation}` is not that of `{original}`"
    originals = {there: here for here, there in PAGES.items()}
    lead, theirs = (
        {originals.get(to, to) for to in links(name, each)} for name, each in ((english, one), (chinese, other))
    )
    if missing := (lead ^ theirs) - {english}:
        yield f"`{translation}` and `{original}` do not both link to {', '.join(sorted(missing))}"


def links(page: str, section: Section) -> set[str]:
    """Return where a section leads: addresses, and paths from the root."""
    places = {place for place in LINK.findall(section.text) if place}
    return {
        place if ":" in place else posixpath.normpath(posixpath.join(posixpath.dirname(page), place))
        for place in places
    }


def main(arguments: list[str]) -> None:
    """Look at a repository; this one, unless another is named."""
    root = Path(arguments[0]).resolve() if arguments else ROOT
    if wrong := list(faults(root)):
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main(sys.argv[1:])
