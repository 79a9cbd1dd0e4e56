"""Build the GraphiQL page that corekit_schema serves, with the licences of what is in it.

    python -m tools.graphiql FOLDER     build into FOLDER
    python -m tools.graphiql --lock     lock schema/graphiql/package-lock.json anew

The lock file names each package by the hash of its content and by no address: npm takes it from the registry it
is configured for, and refuses other bytes.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from tools.node import NodeError, npm

PAGE = Path(__file__).resolve().parent.parent / "schema/graphiql"
LICENCES = "THIRD_PARTY_LICENSES.txt"
LICENCE_FILES = ("licen", "copying", "notice", "thirdparty")

MIT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE."""


class GraphiqlError(Exception):
    """The page cannot be built; says why."""


def build(target: Path) -> None:
    """Build the page into a folder, whose content it replaces."""
    with tempfile.TemporaryDirectory(prefix="graphiql-") as name:
        work = Path(name)
        for path in PAGE.iterdir():
            if path.is_file():
                shutil.copy2(path, work)
        npm(work, "ci")
        npm(work, "run", "build")
        built = work / "dist"
        (built / LICENCES).write_text(licences(work))
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(built, target)


def lock() -> None:
    """Lock the packages that package.json asks for."""
    npm(PAGE, "install", "--package-lock-only")


def licences(work: Path) -> str:
    """Collect the licence texts of all packages that may be in the page, by name."""
    packages = json.loads((work / "package-lock.json").read_text())["packages"]
    shipped = sorted(path for path, package in packages.items() if path and not package.get("dev"))
    head = "The GraphiQL page is built from the packages below; each is followed by its licence."
    return "\n\n".join([head, *(licence(work / path) for path in shipped)]) + "\n"


def licence(package: Path) -> str:
    """Give the name, version and licence texts of an installed package."""
    about = json.loads((package / "package.json").read_text())
    title = f"{about['name']} {about['version']} ({about['license']})"
    files = sorted(path for path in package.iterdir() if path.name.lower().startswith(LICENCE_FILES))
    texts = [path.read_text().strip() for path in files if path.is_file()] or [stated(about)]
    return "\n\n".join(["=" * len(title), title, "=" * len(title), *texts])


def stated(about: dict[str, Any]) -> str:
    """Give the text of the licence that a package without a licence file states."""
    if about["license"] != "MIT":
        raise GraphiqlError(f"{about['name']} has no licence file, and {about['license']} is not known here")
    author = about.get("author") or {"name": f"the authors of {about['name']}"}
    return f"Copyright (c) {author if isinstance(author, str) else author['name']}\n\n{MIT}"


def main(arguments: list[str]) -> None:
    """Build into the folder given, or lock."""
    try:
        lock() if arguments == ["--lock"] else build(Path(arguments[0]))
    except (GraphiqlError, NodeError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
