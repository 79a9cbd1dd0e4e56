from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools import tree

HOME = str(Path("/", "home", "somebody", "corekit"))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    for name, text in {"LICENSE": "Free\n", "corekit/LICENSE": "Free\n", ".gitignore": "build/\n"}.items():
        write(tmp_path, name, text)
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def faults(root: Path) -> list[str]:
    return list(tree.faults(root, tree.committed(root)))


def test_a_clean_tree_has_no_fault(repository: Path) -> None:
    write(repository, "README.md", "See https://graphql.org/learn/ and `/graphql`.\n")
    assert faults(repository) == []
    tree.main([str(repository)])


def test_what_git_ignores_does_not_count(repository: Path) -> None:
    write(repository, "build/uv.lock", HOME)
    assert faults(repository) == []


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("uv.lock", "", "records addresses"),
        ("plugins/points/uv.lock", "", "records addresses"),
        ("docs/a.md", f"See {HOME}/x.py", "names a path of one machine"),
        ("requirements/dev.txt", "--index-url https://example.org/simple", "names an address"),
        ("requirements/dev.txt", "thing @ file:thing-1.0.whl", "names an address"),
        ("requirements/dev.txt", "-e corekit", "names an address"),
        ("schema/graphiql/package-lock.json", '"resolved": "thing.tgz"', "names an address"),
        ("plugins/points/LICENSE", "Not so free\n", "differs from the LICENSE"),
    ],
)
def test_a_planted_fault_is_found(repository: Path, name: str, text: str, fault: str) -> None:
    write(repository, name, text)
    assert [fault in found for found in faults(repository)] == [True]
    with pytest.raises(SystemExit, match=fault):
        tree.main([str(repository)])


def test_the_path_of_the_repository_itself_is_found(repository: Path) -> None:
    write(repository, "docs/a.md", f"cd {repository}\n")
    assert faults(repository) == ["docs/a.md:1: names a path of one machine"]
