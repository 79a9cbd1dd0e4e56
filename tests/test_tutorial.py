"""The tutorial leads from an empty folder to a plugin that is tested and works: what it says is done, and compared."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from reader import Reader
from wheelhouse import strangers

from tools.wheels import ROOT

TUTORIAL = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")


@pytest.fixture
def reader(wheels: Path, empty: Path) -> Iterator[Reader]:
    """Somebody in an empty folder who has Python and the built wheels."""
    bare = Path(sys.base_prefix, "bin")
    paths = [place for place in os.environ["PATH"].split(os.pathsep) if not Path(place).is_relative_to(sys.prefix)]
    reader = Reader(empty, strangers(wheels) | {"PATH": os.pathsep.join([str(bare), *paths])})
    yield reader
    reader.close()


def test_the_tutorial_does_what_it_says(reader: Reader) -> None:
    status, said = reader.run("command -v corekit")
    assert (status, said) == (1, ""), "the reader must not have what the tutorial installs"
    reader.follows(TUTORIAL)


# Who reads it


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Reader]:
    """Somebody in an empty folder who has nothing but a shell."""
    reader = Reader(tmp_path, {"PATH": os.environ["PATH"]})
    yield reader
    reader.close()


def page(*blocks: str) -> str:
    return "\n".join(f"Prose.\n\n{block}\n" for block in blocks)


def console(text: str) -> str:
    return f"```console\n{text}\n```"


@pytest.mark.parametrize(
    "shown",
    [
        "$ echo one; echo two\none\ntwo",
        "$ echo one; echo two\n…\ntwo",
        "$ echo one; echo two\n…",
        "$ echo one two three\none … three",
        "$ echo 01a21a513ef3764e860dbba0865d4e0a\n01956f3a…\n$ echo 01956f3a… | cut -c 1-5\n01a21",
        "$ true\n$ cd /\n$ pwd\n/",
        "$ printf one\none",
        "$ false | cat",
    ],
)
def test_what_comes_as_it_is_shown_is_right(other: Reader, shown: str) -> None:
    other.follows(page(console(shown)))


@pytest.mark.parametrize(
    "shown",
    [
        "$ echo one; echo two\none",
        "$ echo one; echo two\ntwo\n…",
        "$ echo one two\none … two",
        "$ echo 1.5\n1.6",
        "$ echo 1x5\n1.5",
        "$ echo 01a21a51\n01956f3a…",
        "$ false",
        "$ no-such-command",
        "$ exit",
    ],
)
def test_what_comes_otherwise_is_noticed(other: Reader, shown: str) -> None:
    with pytest.raises(AssertionError):
        other.follows(page(console(shown)))


def test_files_are_written_and_functions_replaced(other: Reader, tmp_path: Path) -> None:
    (tmp_path / "two.py").write_text("A = 1\n\n\ndef f():\n    return 1\n\n\n@f\ndef g():\n    return 2\n")
    edit = "<!-- edit two.py -->\n```python\ndef f():\n    two = 2\n    return two\n```"
    other.follows(page("<!-- write one.txt -->\n```text\none\n```", console("$ cat one.txt\none"), edit))
    wanted = "A = 1\n\n\ndef f():\n    two = 2\n    return two\n\n\n@f\ndef g():\n    return 2\n"
    assert (tmp_path / "two.py").read_text() == wanted
    with pytest.raises(KeyError):
        other.follows(page("<!-- edit two.py -->\n```python\ndef h():\n    return 3\n```"))
