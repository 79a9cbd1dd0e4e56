"""``corekit program``: the operator's rules, from a file into force."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corekit.cli.context import open_kit
from corekit.cli.output import emit

if TYPE_CHECKING:
    from corekit.program import Program

app = typer.Typer(help="Apply the program: ladders and the rules of every plugin.", no_args_is_help=True)


@app.command()
def apply(ctx: typer.Context, file: Annotated[Path, typer.Argument(help="The program, such as program.toml.")]) -> None:
    """Check a program and put it into force; the same program again changes nothing."""
    from corekit.program import apply

    kit = open_kit(ctx)
    done = apply(kit, file)
    value = {"version": done.version, "changed": done.changed, "applied_at": done.applied_at}
    said = f"version {done.version} is in force" if done.changed else f"no change: version {done.version} was in force"
    emit(ctx, value, lambda _: f"{said}\n{_summary(kit.program)}")


@app.command()
def show(ctx: typer.Context) -> None:
    """Show the program that is in force, as it was applied."""
    from corekit.program import newest

    kit = open_kit(ctx)
    with kit.read() as read:
        found = newest(read)
    if found is None:
        emit(ctx, {"version": 0, "content": None, "applied_at": None}, lambda _: "no program was applied yet")
        return
    value = {"version": found.version, "content": found.content, "applied_at": found.applied_at}
    emit(ctx, value, lambda _: f"# version {found.version}, applied at {found.applied_at.isoformat()}\n{found.content}")


def _summary(program: Program) -> str:
    """Return a line for each ladder, and one for the plugins' sections."""
    lines: list[str] = [program.name]
    lines += [f"  ladder {each.code}: {' < '.join(tier.code for tier in each.tiers)}" for each in program.ladders]
    if program.sections:
        lines.append(f"  rules of: {', '.join(program.sections)}")
    return "\n".join(lines)
