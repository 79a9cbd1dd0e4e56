"""What tests of the plugin runtime need: distributions as pip leaves them."""

from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

HEADER = "from corekit import *\nfrom corekit import hookimpl, Declares\n"

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Put a distribution on the path: its metadata, and a module for each plugin that it offers."""
    before = set(sys.modules)

    def install(
        name: str,
        version: str = "1.0",
        *,
        plugins: Mapping[str, str] | None = None,
        requires: Sequence[str] = (),
        groups: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        site = tmp_path / f"site-{name}"
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        needs = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
        modules = {plugin: f"{name.replace('-', '_')}_{plugin}" for plugin in plugins or {}}
        points = {"corekit": modules, **(groups or {})}
        (info / "entry_points.txt").write_text(
            "".join(
                f"[{group}]\n" + "".join(f"{point} = {value}\n" for point, value in offered.items())
                for group, offered in points.items()
            )
        )
        for plugin, source in (plugins or {}).items():
            (site / f"{modules[plugin]}.py").write_text(HEADER + textwrap.dedent(source))
        monkeypatch.setattr(sys, "path", [str(site), *sys.path])
        importlib.invalidate_caches()

    yield install
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
