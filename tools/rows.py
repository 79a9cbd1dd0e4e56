"""A pytest plugin that writes which row of features each test proves, as pytest itself would run the tests.

Used by `tools.matrix`: `pytest --collect-only -p tools.rows --rows FILE`. Pytest is asked, rather than the
source read, so that a mark on what is not collected proves nothing, and a mark inherited from a contract
suite counts.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

NEVER_RUN = {"skip", "xfail"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the file to write."""
    parser.addoption("--rows", type=Path, required=True, help="where to write the rows and their tests")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Write an object per mark: the test, the arguments of the mark as they are, whether the test is run."""
    proofs = [
        {
            "test": item.nodeid,
            "arguments": [str(argument) for argument in mark.args],
            "options": {name: str(value) for name, value in mark.kwargs.items()},
            "runs": NEVER_RUN.isdisjoint(own.name for own in item.iter_markers()),
        }
        for item in session.items
        for mark in item.iter_markers("row")
    ]
    session.config.option.rows.write_text(json.dumps(proofs))
