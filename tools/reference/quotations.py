"""Code that pages quote: what stands in the repository now, under each comment that names its place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
QUOTE = re.compile(r"<!-- (\S+) -->\n```(\w+)\n.*?\n```", re.DOTALL)


def quoted(text: str) -> str:
    """Return a page with the code under each `<!-- path#names -->` as it is in the repository now."""
    return QUOTE.sub(lambda found: f"<!-- {found[1]} -->\n```{found[2]}\n{quotation(found[1])}\n```", text)


def quotation(place: str) -> str:
    """Return what stands at a place: a whole file, or the named definitions of a module."""
    path, _, names = place.partition("#")
    text = (ROOT / path).read_text(encoding="utf-8")
    if not names:
        return text.strip()
    lines = text.splitlines()
    found = {name: "\n".join(lines[slice(*span)]) for name, span in definitions(ast.parse(text))}
    return "\n\n\n".join(found[name] for name in names.split(","))


def definitions(module: ast.Module) -> Iterator[tuple[str, tuple[int, int | None]]]:
    """Yield the name and the lines of every function, class and value of a module, decorators included."""
    for node in module.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, (node.lineno - 1, node.end_lineno)
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, (min(each.lineno for each in (node, *node.decorator_list)) - 1, node.end_lineno)
