"""``corekit verify``: the proof of the books."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from corekit.cli.context import open_kit
from corekit.cli.output import NO, emit

if TYPE_CHECKING:
    from corekit.ledger.verify import Report

app = typer.Typer()


@app.command()
def verify(ctx: typer.Context) -> None:
    """Prove the books on one snapshot of the live database; exit code 1 where an invariant is violated."""
    report = open_kit(ctx).verify()
    value = {"clean": report.clean, "violations": report.violations, "checked": report.checked}
    emit(ctx, value, lambda _: _show(report))
    if not report.clean:
        raise typer.Exit(NO)


def _show(report: Report) -> str:
    if report.clean:
        return f"clean: {len(report.checked)} invariants hold"
    lines: list[str] = []
    for invariant, rows in report.violations.items():
        lines.append(f"violated {invariant}: {report.checked[invariant]}")
        lines += ["  " + ", ".join(f"{name} {value}" for name, value in row.items()) for row in rows]
    return "\n".join(lines)
