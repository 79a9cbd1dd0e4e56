"""How Sphinx builds the site. The pages are those of the repository, at their own paths; GitHub shows the same ones."""

from __future__ import annotations

from pathlib import Path

from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from tools.site import navigation
from tools.site.graphql import GraphQL
from tools.site.words import Words

project = "corekit"
html_title = "corekit"
extensions = ["myst_parser"]
root_doc = navigation.FIRST
nitpicky = True
exclude_patterns = [".*", "build", "**/node_modules"]

myst_heading_anchors = 4

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_use_index = False
html_show_copyright = False
html_show_sphinx = False
html_search_language = Words.lang


class PlainFiles(SphinxTransform):
    """Show a link to a file that is no page, such as a module, as the name alone: the site does not hold the code."""

    default_priority = 400

    def apply(self) -> None:
        """Put what a link to a file says in its place."""
        for link in list(self.document.findall(addnodes.download_reference)):
            link.replace_self(link.children)


def choose_pages(app: Sphinx) -> None:
    """Include what the list of pages names, and every decision."""
    root = Path(app.srcdir)
    listed = [page for group in navigation.groups(root) for page in group.pages]
    app.config.include_patterns = [f"{page}.md" for page in sorted({navigation.FIRST, navigation.LIST, *listed})]
    app.config.include_patterns.append(f"{navigation.DECISIONS}/*.md")


def add_contents(app: Sphinx, page: str, source: list[str]) -> None:
    """Add the tables of contents to the first page, and the list of decisions to theirs."""
    if page == app.config.root_doc:
        source[0] += navigation.contents(Path(app.srcdir))
    if page == f"{navigation.DECISIONS}/README":
        source[0] += "\n```{toctree}\n:glob:\n\n[0-9]*\n```\n"


def setup(app: Sphinx) -> None:
    """Tell Sphinx of all this."""
    app.add_search_language(Words)
    app.add_transform(PlainFiles)
    app.add_lexer("graphql", GraphQL)
    app.connect("builder-inited", choose_pages)
    app.connect("source-read", add_contents)
