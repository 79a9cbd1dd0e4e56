"""``corekit program``: the operator's rules, from a file into force and back into a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corekit.cli.context import ACTOR, open_kit, options
from corekit.cli.lives import instant
from corekit.cli.output import NO, emit

if TYPE_CHECKING:
    from corekit.kit import Kit
    from corekit.program import Plan, Program, Version, Versions

app = typer.Typer(
    help="Plan, apply and export the program: ladders and the rules of every plugin.", no_args_is_help=True
)

File = Annotated[Path, typer.Argument(help="The program, such as program.toml.")]
From = Annotated[
    str | None,
    typer.Option("--valid-from", metavar="INSTANT", help="From when on it judges; else as the file says, else now."),
]
Reason = Annotated[str, typer.Option("--reason", help="Why; needed where it is valid from a time in the past.")]
Replace = Annotated[
    bool, typer.Option("--replace", help="Give up announced versions that would never hold because of this one.")
]
Number = Annotated[int | None, typer.Option("--version", metavar="N", help="Which one; the one in force if left out.")]


@app.command()
def plan(
    ctx: typer.Context,
    file: File,
    valid_from: From = None,
    reason: Reason = "",
    *,
    replace: Replace = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Leave with 1 where anything would change.")] = False,
) -> None:
    """Show what applying a program would change; nothing is stored.

    Exit code 0, or 1 where apply would refuse it (with --exit-code also where there are changes), 2 for a file that is
    no program.
    """
    from corekit.program import plan

    kit = open_kit(ctx)
    found = plan(kit, file, valid_from=_instant(valid_from, kit), reason=reason, replace=replace)
    value = {
        "changed": found.changed,
        "base": found.base,
        "version": found.version,
        "valid_from": found.valid_from,
        "earliest": found.earliest,
        "replaces": found.replaces,
        "changes": found.changes,
        "problems": found.problems,
    }
    emit(ctx, value, lambda _: _planned(found))
    if found.problems or (exit_code and found.changed):
        raise typer.Exit(NO)


@app.command()
def apply(
    ctx: typer.Context, file: File, valid_from: From = None, reason: Reason = "", *, replace: Replace = False
) -> None:
    """Store a program as the next version; the same content again changes nothing."""
    from corekit.program import apply

    kit = open_kit(ctx)
    done = apply(kit, file, valid_from=_instant(valid_from, kit), reason=reason, replace=replace, actor=ACTOR)
    value = {
        "version": done.version,
        "changed": done.changed,
        "applied_at": done.applied_at,
        "valid_from": done.valid_from,
    }
    emit(ctx, value, lambda _: f"{_applied(kit, done)}\n{_summary(_numbered(kit.terms().versions, done.version))}")


@app.command()
def show(ctx: typer.Context, version: Number = None) -> None:
    """Show the program that is in force, or another version, as it was applied."""
    from corekit.program import export

    kit = open_kit(ctx)
    versions = kit.terms().versions
    if versions.edition_at(_now(kit)).version == 0 and version is None:
        said = "no program was applied yet" if versions.newest == 0 else "no program is in force yet"
        emit(ctx, {"version": 0, "content": None, "applied_at": None, "valid_from": None}, lambda _: said)
        return
    with kit.read() as read:
        found = export(read, versions, kit.now(), version)
    value = {
        "version": found.version,
        "content": found.content,
        "applied_at": found.applied_at,
        "valid_from": found.valid_from,
    }
    emit(ctx, value, lambda _: f"# version {found.version}, applied at {found.applied_at.isoformat()}\n{found.content}")


@app.command()
def export(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Where to write it; printed if left out.")] = None,
    version: Number = None,
) -> None:
    """Write the program in force, or another version, as one file; applied elsewhere it is the same program."""
    from corekit.program import export

    kit = open_kit(ctx)
    with kit.read() as read:
        found = export(read, kit.terms().versions, kit.now(), version)
    if file is None:
        if options(ctx).json:
            emit(ctx, {"version": found.version, "content": found.content})
        else:  # nothing but the file, to the last byte
            typer.echo(found.content, nl=False)
        return
    file.write_text(found.content, encoding="utf-8")
    emit(ctx, {"version": found.version, "file": str(file)}, lambda _: f"version {found.version} is in {file}")


@app.command("versions")
def list_(ctx: typer.Context) -> None:
    """List every version that was applied: when it was announced, from when on it judges, and until when."""
    from corekit.program import versions

    kit = open_kit(ctx)
    holding = kit.terms().versions
    with kit.read() as read:
        found = versions(read)
    rows = [_row(holding, each, _now(kit)) for each in found]
    emit(ctx, rows, lambda _: _listed(rows))


def _row(holding: Versions, version: Version, now: int) -> dict[str, Any]:
    edition = holding.editions[version.version]
    if edition not in holding.holding:
        state = "replaced"
    elif edition is holding.edition_at(now):
        state = "in force"
    else:
        state = "announced" if edition.start > now else "past"
    return {
        "version": version.version,
        "state": state,
        "applied_at": version.applied_at,
        "valid_from": version.valid_from,
        "valid_to": holding.ends(edition),
        "actor": version.actor,
        "reason": version.reason,
    }


def _listed(rows: Sequence[dict[str, Any]]) -> str:
    if not rows:
        return "no program was applied yet"
    lines = (
        f"{row['version']:4}  {row['state']:9}  from {_at(row['valid_from'], 'ever')} to {_at(row['valid_to'], 'on')}"
        f"  applied {_at(row['applied_at'], '-')}  {row['reason'] or ''}".rstrip()
        for row in rows
    )
    return "\n".join(lines)


def _planned(found: Plan) -> str:
    """Return a plan for people."""
    if not found.changed:
        return f"no change: version {found.version} says the same" if found.version else "no change"
    lines = [f"version {found.version} would follow version {found.base}, valid from {_at(found.valid_from, 'ever')}"]
    lines += [f"  {change}" for change in found.changes]
    lines += [f"  version {number} would never hold" for number in found.replaces]
    lines += [f"refused: {problem.message} [{problem.code}]" for problem in found.problems]
    return "\n".join(lines)


def _applied(kit: Kit, done: Version) -> str:
    """Return what became of a version, in a sentence."""
    later = done.valid_from is not None and done.valid_from > kit.now()
    holds = f"holds from {_at(done.valid_from, 'ever')} on" if later else f"{'is' if done.changed else 'was'} in force"
    return f"version {done.version} {holds}" if done.changed else f"no change: version {done.version} {holds}"


def _summary(program: Program) -> str:
    """Return a line for each ladder, and one for the plugins' sections."""
    lines: list[str] = [program.name]
    lines += [f"  ladder {each.code}: {' < '.join(tier.code for tier in each.tiers)}" for each in program.ladders]
    if program.sections:
        lines.append(f"  rules of: {', '.join(program.sections)}")
    return "\n".join(lines)


def _numbered(versions: Versions, number: int) -> Program:
    return versions.editions[number].program


def _at(moment: datetime | None, none: str) -> str:
    return none if moment is None else moment.isoformat()


def _now(kit: Kit) -> int:
    from corekit.clock import micros

    return micros(kit.now())


def _instant(text: str | None, kit: Kit) -> datetime | None:
    return None if text is None else instant(text, kit)
