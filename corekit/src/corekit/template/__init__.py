"""A new plugin: a complete project, written from the files in ``plugin/``.

In their names and their text ``{{name}}`` and a few other words in double braces stand for what differs from one plugin
to another. They end in ``.tmpl``, so that no tool takes them for what they will be.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from importlib import metadata
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path

from attrs import frozen

from corekit.errors import CorekitError
from corekit.installed import Distribution
from corekit.plugins import GROUP, RESERVED, offered
from corekit.validation import suggest

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_MOST = 40
"""Characters of a name: those of tables and indexes begin with it, and databases cut longer ones."""
_OF_PROGRAMS = ("activities", "ladders", "program")
"""What a program file calls its own parts, beside the sections of plugins."""
_SUFFIX = ".tmpl"


class NotWritten(CorekitError):
    """There cannot be such a project: ``problems`` says all that speaks against it. Nothing was written."""

    code = "NEW_PLUGIN"


@frozen(kw_only=True)
class NewPlugin:
    """What a new plugin is called, and where its project is written.

    ``requires`` are plugins that are installed and that it builds on.
    """

    name: str
    package: str
    requires: tuple[str, ...] = ()
    into: Path

    def write(self) -> list[Path]:
        """Write the project and return its files; raises :class:`NotWritten` with everything that speaks against it."""
        if problems := list(self._problems()):
            raise NotWritten("; ".join(problems), problems=problems)
        words = self._words()
        content = {self.into / filled(path, words): filled(text, words) for path, text in templates()}
        try:
            for path, text in content.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        except OSError as error:
            said = f"{error.filename} cannot be written ({error.strerror}); name another folder with --into"
            raise NotWritten(said, problems=[said]) from error
        return sorted(content)

    def _problems(self) -> Iterator[str]:
        known = offered()
        if problem := _name_problem(self.name, known):
            yield problem
        elif problem := _package_problem(self.package):
            yield f"{problem}; name another one with --package"
        for name in self.requires:
            if name not in known:
                way = "install what offers it, or leave it out"
                yield f"no plugin {name!r} is installed{suggest(name, known)}; {way}"
        if self.into.exists() and not (self.into.is_dir() and not any(self.into.iterdir())):
            yield f"{self.into} exists already and is not an empty folder; name another one with --into"

    def _words(self) -> Mapping[str, str]:
        parts = self.name.split("_")
        known = offered()
        needed = {name: known[name][0] for name in self.requires}
        return {
            "name": self.name,
            "NAME": self.name.upper(),
            "Name": "".join(part.capitalize() for part in parts),
            "Title": " ".join(parts).capitalize(),
            "field": parts[0] + "".join(part.capitalize() for part in parts[1:]),
            "package": self.package,
            "distribution": self.package.replace("_", "-"),
            "range": _range(metadata.version(GROUP)),
            "dependencies": "".join(f'  "{each.name}{_range(each.version)}",\n' for each in needed.values()),
            "required": ", ".join(f'"{name}"' for name in self.requires),
            "requires": "".join(f'"{name}", ' for name in self.requires),
        }


def templates() -> Iterator[tuple[str, str]]:
    """Yield path and text of each file of the template, as they stand."""
    yield from _below(files(__name__) / "plugin", "")


def filled(text: str, words: Mapping[str, str]) -> str:
    """Return a text with a word in place of each ``{{word}}`` that is known."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: words[found[1]], text)


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        if each.is_dir():
            yield from _below(each, f"{path}{each.name}/")
        elif each.name.endswith(_SUFFIX):
            yield path + each.name.removesuffix(_SUFFIX), each.read_text(encoding="utf-8")


def _name_problem(name: str, known: Mapping[str, list[Distribution]]) -> str | None:
    """Say why a plugin cannot be called so."""
    if not _NAME.fullmatch(name) or len(name) > _MOST or keyword.iskeyword(name):
        form = f"a-z, 0-9 and single _ in between, at most {_MOST} characters, and no word of Python"
        return f"{name!r} is no name for a plugin: write {form}, such as 'gift_cards'"
    if name in RESERVED or name in _OF_PROGRAMS:
        return f"no plugin may be called {name!r}: the name is the core's own; choose another one"
    if name in known:
        sides = " and ".join(f"{each.name} {each.version}" for each in known[name])
        return f"there is a plugin {name!r} already, of {sides}; choose another name, or uninstall it"
    return None


def _package_problem(package: str) -> str | None:
    """Say why a package cannot be called so."""
    if not _NAME.fullmatch(package) or keyword.iskeyword(package):
        return f"{package!r} is no name for a package"
    if find_spec(package) is not None:
        return f"there is a package {package!r} already"
    return None


def _range(version: str) -> str:
    """Return what a project asks for of a distribution: this version or a later one that breaks nothing."""
    major, minor, *_ = (*version.split("."), "0")
    return f">={major}.{minor},<0.{int(minor) + 1}" if major == "0" else f">={major}.{minor},<{int(major) + 1}"
