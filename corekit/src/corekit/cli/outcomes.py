"""How commands show values to people, and answer with what became of activities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from corekit.cli.output import NO, emit
from corekit.values import fields_of

if TYPE_CHECKING:
    from corekit.activities.outcome import Outcome


def outline(value: Any, indent: str = "") -> str:
    """Return a value as an outline, a line per field; what is None or empty is left out."""
    fields = _fields(value)
    if fields is None:
        return f"{indent}{value}"
    lines: list[str] = []
    for name, inner in fields.items():
        parts: list[Any] = list(inner) if inner.__class__ in {tuple, list} else [inner]
        for part in parts:
            if _fields(part) is not None:
                lines += [f"{indent}{name}:", outline(part, indent + "  ")]
            elif part is not None and part != "":
                lines.append(f"{indent}{name}: {part}")
    return "\n".join(lines)


def _fields(value: Any) -> Mapping[str, Any] | None:
    named: Any = fields_of(value) or value
    return named if issubclass(named.__class__, Mapping) else None


def listed(cursors: Sequence[str], lines: Iterable[str], *, more: bool) -> str:
    """Return the lines of a page, and how to go on."""
    return "\n".join([*lines, *([f"more: --after {cursors[-1]}"] if more else [])]) or "nothing"


def answer(ctx: typer.Context, outcomes: Sequence[Outcome]) -> None:
    """Print outcomes, one as it is and several as a list; exit with 1 unless each was settled."""
    value: Any = outcomes[0] if len(outcomes) == 1 else outcomes
    emit(ctx, value, lambda _: "\n\n".join(map(outline, outcomes)))
    if not all(outcome.settled for outcome in outcomes):
        raise typer.Exit(NO)
