"""``corekit verify``: the proof of the books."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from corekit.cli.context import open_kit
from corekit.cli.lives import instant
from corekit.cli.output import COULD_NOT, NO, emit, fail
from corekit.errors import CorekitError

if TYPE_CHECKING:
    from corekit.proof.verify import Report

app = typer.Typer()


@app.command()
def verify(
    ctx: typer.Context,
    account: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Prove only this account of a member, from its own rows; can be repeated."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Prove only members for whom something was recorded at this time or later."),
    ] = None,
) -> None:
    """Prove the books on one snapshot of the live database; exit code 1 where an invariant is violated.

    With --account or --since it says which invariants it cannot prove.
    """
    kit = open_kit(ctx)
    try:
        report = kit.verify(accounts=account or (), since=None if since is None else instant(since, kit))
    except CorekitError as error:
        fail(ctx, error, COULD_NOT)
    emit(ctx, {"clean": report.clean, **_told(report)}, lambda _: _show(report))
    if not report.clean:
        raise typer.Exit(NO)


def _told(report: Report) -> dict[str, object]:
    names = ("violations", "checked", "unproved", "limits")
    return {name: getattr(report, name) for name in names}


def _show(report: Report) -> str:
    lines: list[str] = []
    if report.clean:
        lines.append(f"clean: {len(report.checked)} invariants hold")
    for invariant, rows in report.violations.items():
        lines.append(f"violated {invariant}: {report.checked[invariant]}")
        lines += ["  " + ", ".join(f"{name} {value}" for name, value in row.items()) for row in rows]
    lines += [f"not proved {invariant}: {says}" for invariant, says in report.unproved.items()]
    return "\n".join([*lines, *filter(None, [report.limits])])
