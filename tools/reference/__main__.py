"""`python -m tools.reference` writes the pages; with `--check` it fails where they differ from what the code says."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping

from corekit import Kit, Settings
from tools.reference.codes import PLUGINS
from tools.reference.markdown import table
from tools.reference.pages import PAGES
from tools.reference.quotations import ROOT, quoted

REFERENCE = "docs/reference"
QUOTING = ("docs/draws.md", "docs/plugins.md", "docs/testing.md")
MARK = "<!-- Made by `make docs` from the code; do not edit. -->"


def main(arguments: list[str]) -> None:
    """Write the pages, or compare them with those there are."""
    if arguments not in ([], ["--check"]):
        sys.exit("python -m tools.reference [--check]")
    differing = differences(made := pages())
    if arguments and differing:
        sys.exit(f"not what the code says: {', '.join(differing)}; run make docs")
    for name in differing:
        path = ROOT / name
        if name in made:
            path.parent.mkdir(exist_ok=True)
            path.write_text(made[name], encoding="utf-8")
        else:
            path.unlink()


def differences(made: Mapping[str, str]) -> list[str]:
    """Return the pages that differ from what the code says, are missing, or should not be there."""
    names = {*made, *(path.relative_to(ROOT).as_posix() for path in (ROOT / REFERENCE).glob("*"))}
    there = {name: (ROOT / name).read_text(encoding="utf-8") for name in names if (ROOT / name).exists()}
    return sorted(name for name in names if there.get(name) != made.get(name))


def pages() -> dict[str, str]:
    """Return every page that is made from the code, by its path."""
    with tempfile.TemporaryDirectory() as folder:
        kit = Kit(Settings.of(database=f"sqlite:///{folder}/never.db", plugins=list(PLUGINS)))
        try:
            bodies = {name: (title, "\n\n".join(body(kit))) for name, (title, _, body) in PAGES.items()}
        finally:
            kit.close()
    listing = table(("page", "what it lists"), ((f"[{t}]({name}.md)", about) for name, (t, about, _) in PAGES.items()))
    bodies["README"] = ("Reference", listing)
    made = {f"{REFERENCE}/{name}.md": f"{MARK}\n\n# {title}\n\n{text}\n" for name, (title, text) in bodies.items()}
    return made | {name: quoted((ROOT / name).read_text(encoding="utf-8")) for name in QUOTING}


if __name__ == "__main__":
    main(sys.argv[1:])
