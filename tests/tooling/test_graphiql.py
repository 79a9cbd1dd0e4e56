from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools import clients, graphiql, node


def package(folder: Path, **about: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    about = {"name": "thing", "version": "1.0.0", "license": "MIT"} | about
    (folder / "package.json").write_text(json.dumps(about))
    return folder


def test_a_package_brings_its_own_licence_and_notices(tmp_path: Path) -> None:
    package(tmp_path)
    (tmp_path / "LICENSE.md").write_text("Do as you like.")
    (tmp_path / "ThirdPartyNotices.txt").write_text("Made with care.")
    text = graphiql.licence(tmp_path)
    assert "thing 1.0.0 (MIT)" in text
    assert "Do as you like." in text
    assert "Made with care." in text


@pytest.mark.parametrize(
    ("author", "holder"),
    [("Ada", "Ada"), ({"name": "Ada"}, "Ada"), (None, "the authors of thing")],
)
def test_a_package_without_a_licence_file_gets_the_text_it_names(tmp_path: Path, author: object, holder: str) -> None:
    text = graphiql.licence(package(tmp_path, author=author))
    assert f"Copyright (c) {holder}\n\nPermission is hereby granted" in text


def test_a_licence_that_is_not_known_stops_the_build(tmp_path: Path) -> None:
    with pytest.raises(graphiql.GraphiqlError, match=r"Strange-1\.0 is not known"):
        graphiql.licence(package(tmp_path, license="Strange-1.0"))


def test_only_what_is_shipped_is_listed(tmp_path: Path) -> None:
    package(tmp_path / "node_modules/thing")
    package(tmp_path / "node_modules/builder", name="builder")
    packages = {"": {}, "node_modules/thing": {}, "node_modules/builder": {"dev": True}}
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": packages}))
    text = graphiql.licences(tmp_path)
    assert "thing 1.0.0" in text
    assert "builder" not in text


def test_npm_says_why_it_failed(tmp_path: Path) -> None:
    with pytest.raises(node.NodeError, match=r"(?s)npm-cli\.js ci failed:.*package-lock\.json"):
        node.npm(tmp_path, "ci")


@pytest.mark.parametrize("folder", [graphiql.PAGE, clients.SOURCE])
def test_every_package_is_locked_by_its_hash(folder: Path) -> None:
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    assert [path for path, package in packages.items() if path and "integrity" not in package] == []
