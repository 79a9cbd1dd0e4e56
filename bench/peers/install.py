"""Sets the peers up under `build/peers`: PostGraphile by npm, and Python's in an environment of their own.

They need other versions of libraries than corekit. Both lock files name each package by the hash of its content.

    python -m bench.peers.install --lock    lock bench/peers/package-lock.json anew
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from bench.servers import ROOT
from tools.node import npm

SOURCE = Path(__file__).parent
WORK = ROOT / "build/peers"
REQUIREMENTS = ROOT / "requirements/peers.txt"
_PYTHON = WORK / ".venv/bin/python"


def postgraphile() -> Path:
    """Return the folder of PostGraphile's script, with all that it needs."""
    lock, there = SOURCE / "package-lock.json", WORK / "package-lock.json"
    WORK.mkdir(parents=True, exist_ok=True)
    installed = (WORK / "node_modules").is_dir() and there.is_file() and there.read_bytes() == lock.read_bytes()
    for name in ("package.json", "package-lock.json", "postgraphile.mjs"):
        shutil.copyfile(SOURCE / name, WORK / name)
    if not installed:
        npm(WORK, "ci", "--ignore-scripts")
    return WORK


def python() -> Path:
    """Return the Python that has the libraries of the Python peers."""
    lock, there = REQUIREMENTS, WORK / ".venv/requirements.txt"
    if not there.is_file() or there.read_bytes() != lock.read_bytes():
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, WORK / ".venv"], check=True)
        options = ("--quiet", "--python", _PYTHON, "--require-hashes", "-r", lock)
        subprocess.run([uv, "pip", "install", *options], check=True)
        shutil.copyfile(lock, there)
    return _PYTHON


if __name__ == "__main__":
    if sys.argv[1:] != ["--lock"]:
        sys.exit(__doc__)
    npm(SOURCE, "install", "--package-lock-only", "--ignore-scripts")
