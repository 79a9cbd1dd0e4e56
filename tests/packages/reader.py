"""Somebody who reads a page and does what it says, in a shell, in an empty folder.

Of a page it reads, in order: blocks of ``console``, in which a line that begins with ``$`` is typed and the others must
be what comes then; and blocks under ``<!-- write PATH -->`` or ``<!-- edit PATH -->``, which are a file, or functions
that take the place of those of the same name. ``…`` stands for anything within a line, and alone in a line for any
lines. Digits that end in it, ``01956f3a…``, stand for the id that the reader was told in their place, from then on.
"""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import frozen

from tools.reference.quotations import definitions

BLOCK = re.compile(
    r"(?:<!-- (?P<verb>write|edit) (?P<path>\S+) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)```", re.DOTALL
)
ID = re.compile(r"\b([0-9a-f]{8})…")
REST = "…"


@frozen
class Typed:
    """A command, and what the page shows of its output; None where it shows nothing."""

    command: str
    shown: str | None


@frozen
class Written:
    """A file that is written, or a part of one that is replaced."""

    path: str
    text: str
    whole: bool


def steps(page: str) -> Iterator[Typed | Written]:
    """Yield what a page tells its reader to do."""
    for block in BLOCK.finditer(page):
        if block["verb"]:
            yield Written(block["path"], block["text"], whole=block["verb"] == "write")
        elif block["language"] == "console":
            for part in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                yield Typed(command, shown or None)


class Reader:
    """A shell in a folder, and what its owner was told."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Open the shell."""
        self._known: dict[str, str] = {}
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def close(self) -> None:
        """Close the shell, and end what was left running in it."""
        os.killpg(self._shell.pid, signal.SIGKILL)
        self._shell.communicate()

    def follows(self, page: str) -> None:
        """Do what a page says; AssertionError where something else comes than it shows."""
        for step in steps(page):
            if isinstance(step, Written):
                self._write(step)
            else:
                self._type(step)

    def run(self, command: str) -> tuple[int, str]:
        """Type a command; return its status and what it says."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        mark = uuid.uuid4().hex
        self._shell.stdin.write(f"{command}\nprintf '\\n{mark} %s\\n' $?\n")
        self._shell.stdin.flush()
        said: list[str] = []
        for line in self._shell.stdout:
            if line.startswith(mark):
                return int(line.removeprefix(mark)), "".join(said).removesuffix("\n")
            said.append(line)
        raise AssertionError(f"the shell ended at {command}:\n{''.join(said)}")

    def _type(self, typed: Typed) -> None:
        command = ID.sub(lambda found: self._known[found[1]], typed.command)
        status, said = self.run(command)
        if typed.shown is None:
            assert status == 0, f"$ {command}\n{said}"
            return
        said = said if said.endswith("\n") else f"{said}\n"
        found = re.fullmatch(pattern(typed.shown, self._known), said)
        assert found is not None, f"$ {command}\n{said}\n\nThe page shows:\n\n{typed.shown}"
        self._known |= {name.removeprefix("id_"): value for name, value in found.groupdict().items()}

    def _write(self, written: Written) -> None:
        _, folder = self.run("pwd")
        path = Path(folder.strip(), written.path)
        if written.whole:
            assert not path.exists()
            path.write_text(written.text, encoding="utf-8")
            return
        path.write_text(replaced(path.read_text(encoding="utf-8"), written.text), encoding="utf-8")


def replaced(text: str, by: str) -> str:
    """Return the text of a module with functions in the place of those of the same name."""
    lines = text.splitlines()
    places = dict(definitions(ast.parse(text)))
    for name, span in definitions(ast.parse(by)):
        lines[slice(*places[name])] = by.splitlines()[slice(*span)]
        places = dict(definitions(ast.parse("\n".join(lines))))
    return "\n".join(lines) + "\n"


def pattern(shown: str, known: Mapping[str, str]) -> str:
    """Return the expression that output has to match to be what a page shows."""
    parts: list[str] = []
    new: set[str] = set()
    for line in shown.splitlines(keepends=True):
        if line.strip() == REST:
            parts.append(r"(?:.*\n)*?")
            continue
        rest = line
        while (found := ID.search(rest)) is not None:
            digits = found[1]
            parts.append(_literal(rest[: found.start()]))
            if digits in known:
                parts.append(known[digits])
            elif digits in new:
                parts.append(f"(?P=id_{digits})")
            else:
                new.add(digits)
                parts.append(f"(?P<id_{digits}>[0-9a-f]{{32}})")
            rest = rest[found.end() :]
        parts.append(_literal(rest))
    return "".join(parts)


def _literal(text: str) -> str:
    return ".*".join(map(re.escape, text.split(REST)))
