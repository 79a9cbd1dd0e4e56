"""Run the checks of this repository, all or those named: `python -m tools.check [NAME ...]`.

Each check is a command that fails when something is wrong, so that each can be run, and be seen to fail,
alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


@attrs.frozen
class Check:
    """A command that is silent, or says what may be known, and fails when something is wrong."""

    name: str
    what: str
    command: tuple[str | Path, ...]
    says: bool = False


def tool(module: str) -> tuple[str | Path, ...]:
    """Name the command that runs a module of this folder."""
    return (sys.executable, "-m", f"tools.{module}")


def checks() -> list[Check]:
    """List all checks; the slowest first, so that two at a time are done soonest."""
    return [
        Check("pyright", "types, strict", (BIN / "pyright", "--warnings")),
        Check("mypy", "types, strict", (BIN / "mypy", ".")),
        Check("matrix", "rows of features and their tests", tool("matrix"), says=True),
        Check("wheels", "what is in each wheel", tool("wheels")),
        Check("imports", "who imports whom", (BIN / "lint-imports", "--no-logo")),
        Check("format", "format", (BIN / "ruff", "format", "--check", ".")),
        Check("lint", "lint", (BIN / "ruff", "check", ".")),
        Check("budget", "lines of the core", tool("budget"), says=True),
        Check("tree", "what is committed", tool("tree")),
    ]


def run(check: Check) -> bool:
    """Run one check and print how it went; its output where it fails or has something to say."""
    began = time.monotonic()
    environment = os.environ | {"NO_COLOR": "1"}
    done = subprocess.run(check.command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    passed = done.returncode == 0
    line = f"{'ok' if passed else 'FAILED':8}{check.name:10}{check.what} ({time.monotonic() - began:.0f} s)\n"
    output = "" if passed and not check.says else f"\n{done.stdout}{done.stderr}\n"
    sys.stdout.write(line + output)
    sys.stdout.flush()
    return passed


def main(names: list[str]) -> None:
    """Run the checks named, or all."""
    every = checks()
    unknown = set(names) - {check.name for check in every}
    if unknown:
        known = ", ".join(check.name for check in every)
        sys.exit(f"No check is called {', '.join(sorted(unknown))}; the checks are {known}")
    chosen = [check for check in every if not names or check.name in names]
    with ThreadPoolExecutor(2) as pool:
        passed = list(pool.map(run, chosen))
    if not all(passed):
        failed = ", ".join(check.name for check, ok in zip(chosen, passed, strict=True) if not ok)
        sys.exit(f"\nFailed: {failed}. One alone: python dev.py check NAME")


if __name__ == "__main__":
    main(sys.argv[1:])
