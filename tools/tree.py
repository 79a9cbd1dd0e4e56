"""Look at what is committed, or would be: `python -m tools.tree [FOLDER]`.

No lock file with addresses of registries, no path of the machine it was written on, one licence everywhere.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = re.compile(r"(^|/)(requirements/.*\.txt|package-lock\.json)$")
ADDRESS = re.compile(
    r"\bfile:|--(extra-)?index-url|--find-links|\"resolved\"|^\s*-e |https?://\S*/(-/|packages/|simple)"
)
HOMES = re.compile(r"(?<![\w.\-/}:])/(home|root|Users|work|workspaces?|opt|mnt|srv)/\w")


def committed(root: Path) -> list[str]:
    """List the files that git has, or would have after adding everything it does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return sorted(name for name in set(listed.split("\0")) if name and (root / name).is_file())


def faults(root: Path, names: list[str]) -> Iterator[str]:
    """Say what is wrong with these files."""
    for name in names:
        if Path(name).name == "uv.lock":
            yield f"{name}: records addresses of registries; requirements/*.txt do without"
        text = (root / name).read_bytes().decode(errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            if str(root) in line or str(Path.home()) + "/" in line or HOMES.search(line):
                yield f"{name}:{number}: names a path of one machine"
            if LOCKS.search(name) and ADDRESS.search(line):
                yield f"{name}:{number}: names an address; a hash says which bytes, and that is enough"
    yield from licence_faults(root, names)


def licence_faults(root: Path, names: list[str]) -> Iterator[str]:
    """Say which distribution has another licence than the root; a wheel takes only what is in its folder."""
    licence = (root / "LICENSE").read_text()
    for name in names:
        if name.endswith("/LICENSE") and (root / name).read_text() != licence:
            yield f"{name}: differs from the LICENSE at the root"


def main(arguments: list[str]) -> None:
    """Look at a repository; this one, unless another is named."""
    root = Path(arguments[0]).resolve() if arguments else ROOT
    if found := list(faults(root, committed(root))):
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main(sys.argv[1:])
