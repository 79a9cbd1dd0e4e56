"""Who uses what goes away is warned when it is registered, by file and line, and in the log."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from corekit import deprecations
from corekit.deprecations import CorekitDeprecation, Deprecation
from corekit.hooks import Hooks
from corekit.plugins import discover
from corekit.settings import Settings

Install = Callable[..., None]

OLD = {
    "hook": Deprecation(kind="hook", what="corekit_happened", since="0.8", gone="1.0", instead="corekit_told"),
    "argument": Deprecation(kind="argument", what="corekit_react.facts", since="0.8", gone="1.0", instead="batch"),
    "field": Deprecation(kind="field", what="Declares.budget", since="0.8", gone="1.0", instead="costs"),
    "inner": Deprecation(kind="field", what="Permission.description", since="0.8", gone="1.0", instead="ErrorText"),
    "name": Deprecation(kind="name", what="corekit.Skipped", since="0.8", gone="1.0", instead="corekit.Refusal"),
}
SOURCE = """
from corekit import Permission, Skipped

@hookimpl
def corekit_declare():
    return Declares(budget=9, permissions=[Permission(name="laurels.see", description="See them.")])

@hookimpl
def corekit_react(batch, facts):
    return []

@hookimpl
def corekit_happened(event):
    pass
"""
LINES = {"hook": 14, "argument": 10, "field": 6, "inner": 6, "name": 4}


def started(monkeypatch: pytest.MonkeyPatch, *planted: Deprecation) -> tuple[list[Any], list[Any]]:
    monkeypatch.setattr(deprecations, "DEPRECATED", planted)
    monkeypatch.delitem(vars(sys.modules["corekit"]), "Skipped", raising=False)
    with warnings.catch_warnings(record=True) as caught, capture_logs() as logged:
        warnings.simplefilter("always")
        Hooks(discover(Settings.of(plugins=["laurels"])))
    return [each for each in caught if each.category is CorekitDeprecation], list(logged)


@pytest.mark.parametrize("kind", OLD)
def test_a_plugin_is_told_where_it_uses_what_goes_away(
    kind: str, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("acme-laurels", plugins={"laurels": SOURCE})
    caught, logged = started(monkeypatch, OLD[kind])
    warning = caught[-1]  # the first line of the module imports every name, this one too
    assert (Path(warning.filename).name, warning.lineno) == ("acme_laurels_laurels.py", LINES[kind])
    assert str(warning.message) == (
        f"the {OLD[kind].kind} {OLD[kind].what} is deprecated since 0.8 and gone in 1.0; use {OLD[kind].instead}"
    )
    line = logged[-1]
    assert line["log_level"] == "warning"
    assert line["where"].endswith(f"acme_laurels_laurels.py:{LINES[kind]}")
    assert line["by"] in ("plugin 'laurels' (acme-laurels 1.0)", "acme_laurels_laurels")


def test_a_plugin_that_does_not_use_it_is_not_told(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = (
        "@hookimpl\ndef corekit_declare():\n    return Declares()\n@hookimpl\ndef corekit_react(batch):\n    return []"
    )
    install("acme-laurels", plugins={"laurels": quiet})
    hooks_and_fields = [OLD[kind] for kind in ("hook", "argument", "field", "inner")]
    assert started(monkeypatch, *hooks_and_fields) == ([], [])


def test_what_is_deprecated_now_is_still_there() -> None:
    import corekit  # noqa: PLC0415 - to ask it for names

    assert all(hasattr(corekit, each.what.partition(".")[2]) for each in deprecations.DEPRECATED if each.kind == "name")
