"""What all tests have in common.

No clock judges them, what a process says as it dies is kept, and memory is not gone through in vain.
"""

from __future__ import annotations

import faulthandler
import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TextIO

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes, or is thought up, says nothing of the rule on a machine with other work.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
LAST_WORDS = pytest.StashKey[TextIO]()


def _folder(config: pytest.Config) -> Path:
    return config.rootpath / "build/last-words"


def _words(config: pytest.Config) -> Iterator[Path]:
    return (each for each in sorted(_folder(config).glob("*.txt")) if each.stat().st_size)


def pytest_configure(config: pytest.Config) -> None:
    """Begin with nothing said."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        for each in _words(config):
            each.unlink()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep what was imported and collected out of what the interpreter looks through for cycles.

    It stays until the end, and to go through it again and again took a fifth of the time of all tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(10_000, 10, 10)


@pytest.hookimpl(trylast=True)  # after pytest's own, which writes where much else is written
def pytest_sessionstart(session: pytest.Session) -> None:
    """Let the interpreter of a worker write down where it is when a signal ends it."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        _folder(session.config).mkdir(parents=True, exist_ok=True)
        words = session.config.stash[LAST_WORDS] = (_folder(session.config) / f"{worker}.txt").open("w")
        faulthandler.enable(words)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Write nothing down any more."""
    if (words := config.stash.get(LAST_WORDS, None)) is not None:
        faulthandler.disable()
        words.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show what workers said as they died."""
    for each in _words(config):
        terminalreporter.section(f"last words of {each.stem}")
        terminalreporter.write(each.read_text())
