"""Build every wheel and look at what is in it: `python -m tools.wheels`.

A wheel holds its one import package, whole and without tests, its licence, and nothing else.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IGNORED = {"__pycache__"}
PAGE = "graphiql/index.html"
PAGE_LICENCES = "graphiql/THIRD_PARTY_LICENSES.txt"


def distributions(root: Path) -> list[Path]:
    """Find the folders that are distributions."""
    patterns = ("*/pyproject.toml", "plugins/*/pyproject.toml", "examples/*/pyproject.toml")
    return sorted(path.parent for pattern in patterns for path in root.glob(pattern))


def build(distribution: Path, target: Path) -> Path:
    """Build the wheel of a distribution into a folder of its own."""
    folder = target / distribution.name
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=distribution, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{distribution} cannot be built:\n{done.stdout}{done.stderr}")
    return next(folder.glob("*.whl"))


def faults(wheel: Path, distribution: Path) -> Iterator[str]:
    """Say what is wrong with the wheel of a distribution."""
    packages = [path for path in (distribution / "src").iterdir() if path.name not in IGNORED]
    if len(packages) != 1:
        yield f"src/ has {len(packages)} import packages, not one"
        return
    package = packages[0]
    with zipfile.ZipFile(wheel) as archive:
        found = set(archive.namelist())
        page = archive.read(f"{package.name}/{PAGE}").decode() if f"{package.name}/{PAGE}" in found else None
    about = f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"
    inside = {name for name in found if not name.startswith(f"{about}/")}
    wanted = {f"{package.name}/{path}" for path in files(package)} | forced(distribution)
    yield from (f"{name} is missing" for name in sorted(wanted - inside))
    yield from (f"{name} does not belong" for name in sorted(inside - wanted))
    yield from (f"{name} is a test" for name in sorted(inside) if is_test(name))
    for name in (f"{package.name}/py.typed", f"{about}/licenses/LICENSE"):
        if name not in found:
            yield f"{name} is missing"
    if page is not None:
        yield from page_faults(page, {name.removeprefix(f"{package.name}/") for name in inside})


def page_faults(page: str, inside: set[str]) -> Iterator[str]:
    """Say what is wrong with the GraphiQL page: all it names stands beside it, and the licences do too."""
    if PAGE_LICENCES not in inside:
        yield f"{PAGE_LICENCES} is missing"
    for name in re.findall(r'(?:src|href)="([^"]+)"', page):
        if f"graphiql/{name.removeprefix('./')}" not in inside:
            yield f"the GraphiQL page asks for {name}, which is not in the wheel"


def files(package: Path) -> Iterator[str]:
    """List what an import package has, relative to it; an empty file in its place says enough."""
    for path in package.rglob("*"):
        if path.is_file() and not IGNORED.intersection(path.parts):
            yield path.relative_to(package).as_posix()


def forced(distribution: Path) -> set[str]:
    """List what the project file puts into the wheel from elsewhere, by its name in there."""
    project = distribution / "pyproject.toml"
    part = tomllib.loads(project.read_text()) if project.exists() else {}
    for key in ("tool", "hatch", "build", "targets", "wheel", "force-include"):
        part = part.get(key, {})
    return set(part.values())


def is_test(name: str) -> bool:
    """Say whether a file in a wheel is a test; what a template has in the place of one is not."""
    path = Path(name)
    if path.suffix == ".tmpl":
        return False
    return "tests" in path.parts or path.name == "conftest.py" or path.name.startswith("test_")


def main(arguments: list[str]) -> None:
    """Build and look at all wheels of a repository; this one, unless another is named."""
    root = Path(arguments[0]) if arguments else ROOT
    found: list[str] = []
    with tempfile.TemporaryDirectory(prefix="wheels-") as target:
        for distribution in distributions(root):
            wheel = build(distribution, Path(target))
            found += [f"{wheel.name}: {fault}" for fault in faults(wheel, distribution)]
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main(sys.argv[1:])
