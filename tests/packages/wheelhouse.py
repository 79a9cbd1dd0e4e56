"""A folder of wheels, ours and those of everything they need, and environments in which nothing else is.

Ours are built, and the others packed again from where the tests' own environment has them: so nothing comes from a
network, and whoever installs from the folder installs as strangers do, with every requirement resolved.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
import venv
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.wheels import ROOT, build, distributions

UV = Path(sysconfig.get_path("scripts"), "uv")
OURS = [*distributions(ROOT), *(path.parent for path in sorted((ROOT / "tests/packages").glob("*/pyproject.toml")))]
NEEDED = ("corekit[testing]", "acme-stamps[testing]", "hatchling", "editables")
"""What strangers install, and with what they build; these and all they require have a wheel."""
_LEFT_OUT = {"INSTALLER", "REQUESTED", "direct_url.json"}
"""What an installer wrote about its own work."""


def fill(wheels: Path) -> None:
    """Put every wheel into a new folder."""
    wheels.mkdir()
    with ThreadPoolExecutor(2) as pool:
        for built in pool.map(partial(build, target=wheels.with_name("built")), OURS):
            built.rename(wheels / built.name)
    for name in _required(NEEDED):
        pack(metadata.distribution(name), wheels)


def environment(folder: Path, wheels: Path, *requirements: str) -> Path:
    """Make an environment with these requirements in a folder, and return its Python."""
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv/bin/python"
    command: list[str | Path] = [UV, "pip", "install", "--quiet", "--no-config", "--python", python, *requirements]
    subprocess.run(command, check=True, env=strangers(wheels) | {"UV_CACHE_DIR": str(wheels.parent / "cache")})
    return python


def strangers(wheels: Path) -> dict[str, str]:
    """Return the variables of somebody who has these wheels, no network, and nothing of this repository."""
    own = ("PYTHON", "PIP_", "UV_", "VIRTUAL_ENV", "COREKIT_", "PYTEST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    # The server to test against is theirs as well.
    kept |= {name: value for name, value in os.environ.items() if name.startswith("COREKIT_TEST_")}
    pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    pip |= {"PIP_NO_COMPILE": "1"}  # Python compiles what it imports
    return kept | pip | {"UV_OFFLINE": "1", "UV_NO_INDEX": "1", "UV_FIND_LINKS": str(wheels)}


def pack(distribution: metadata.Distribution, folder: Path) -> Path:
    """Write the wheel of what is installed."""
    said = distribution.read_text("WHEEL") or ""
    tags = [line.partition(": ")[2].split("-") for line in said.splitlines() if line.startswith("Tag: ")]
    parts = [".".join(dict.fromkeys(part)) for part in zip(*tags, strict=True)]
    name = canonicalize_name(distribution.name).replace("-", "_")
    path = folder / f"{'-'.join([name, distribution.version, *parts])}.whl"
    # Scripts stand elsewhere; an installer makes them anew.
    files = [file for file in distribution.files or () if file.parts[0] != ".." and file.suffix != ".pyc"]
    (own_record,) = (file for file in files if file.match("*.dist-info/RECORD"))
    record = [f"{own_record},,"]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in files:
            if file != own_record and file.name not in _LEFT_OUT:
                archive.write(file.locate(), str(file))
                record.append(f"{file},{f'{file.hash.mode}={file.hash.value}' if file.hash else ''},{file.size or ''}")
        archive.writestr(str(own_record), "\n".join(record) + "\n")
    return path


def _required(texts: Iterable[str]) -> Iterator[str]:
    """Yield the distributions of others that these require, and all that those do."""
    ours = {canonicalize_name(metadata_name(path)) for path in OURS}
    coming, seen = [Requirement(text) for text in texts], set[str]()
    while coming:
        requirement = coming.pop()
        extras = {"", *requirement.extras}
        name = canonicalize_name(requirement.name)
        if seen.issuperset(found := {f"{name}[{extra}]" for extra in extras}):
            continue
        if name not in ours and f"{name}[]" not in seen:
            yield name
        seen |= found
        for text in metadata.requires(name) or ():
            below = Requirement(text)
            if below.marker is None or any(below.marker.evaluate({"extra": extra}) for extra in extras):
                coming.append(below)


def metadata_name(distribution: Path) -> str:
    """Read a distribution's name."""
    lines = (distribution / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    return next(line.split('"')[1] for line in lines if line.startswith("name ="))
