"""`python -m tools.site [FOLDER [REPOSITORY]]` builds the site, into build/docs; a warning is an error."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from sphinx.cmd.build import build_main

from tools.site.navigation import NavigationError, groups

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def main(arguments: list[str]) -> None:
    """Build the site of a repository, this one unless another is named, or stop with what is wrong."""
    out = Path(arguments[0]) if arguments else ROOT / "build/docs"
    root = Path(arguments[1]) if arguments[1:] else ROOT
    try:
        groups(root)
    except NavigationError as error:
        sys.exit(str(error))
    words = ("--builder", "html", "--conf-dir", HERE, "--doctree-dir", out.with_name(f"{out.name}-read"))
    # Each time anew: of a page that it has read before, Sphinx does not say again what is wrong with it.
    anew = ("--fresh-env", "--write-all", "--fail-on-warning", "--quiet")
    if build_main([*map(str, words), *anew, str(root), str(out)]):
        sys.exit("The site is not built; each warning above is an error.")
    # The first page is README.html, as it is called in the repository; who opens the folder finds it too.
    shutil.copyfile(out / "README.html", out / "index.html")
    print(f"The site is {out / 'index.html'}")


if __name__ == "__main__":
    main(sys.argv[1:])
