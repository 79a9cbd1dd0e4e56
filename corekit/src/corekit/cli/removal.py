"""``corekit plugins remove``: take a plugin away for good."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corekit.cli.context import ACTOR, open_log, open_settings, options
from corekit.cli.output import DONE, NO, emit

if TYPE_CHECKING:
    from corekit.kit import Kit
    from corekit.removal import Removal


def remove(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The plugin; it is installed, and may be off already.")],
    *,
    value_to: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="Where the value of its account kinds goes: write-off, or another kind."),
    ] = None,
    drop_waiting: Annotated[
        bool, typer.Option("--drop-waiting", help="Give up what waits for it; the archive has it.")
    ] = False,
    archive: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The zip file for the rows of its tables.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do, and do nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a plugin for good: move its value, archive its rows, drop its tables. The ledger's history stays."""
    from corekit.removal import remove as remove_plugin

    kit = _open(ctx, name)
    take = partial(remove_plugin, kit, name, value_to=value_to, drop_waiting=drop_waiting, archive=archive, actor=ACTOR)
    planned = take(dry_run=True)
    if dry_run or planned.done:
        emit(ctx, planned, _said)
        raise typer.Exit(NO if planned.obstacles else DONE)
    if not planned.obstacles and not yes:
        typer.echo(_said(planned), err=True)
        typer.confirm("There is no way back but from a backup. Remove it?", abort=True, err=True)
    emit(ctx, take(), _said)


def _open(ctx: typer.Context, name: str) -> Kit:
    """Open a kit in which the plugin is on, whether or not the settings name it."""
    from attrs import evolve

    from corekit.kit import Kit

    settings = open_settings(ctx)
    if name not in settings.plugins:
        settings = evolve(settings, plugins=(*settings.plugins, name))
    open_log(ctx)
    kit = Kit(settings, without=options(ctx).without)
    ctx.call_on_close(kit.close)
    return kit


def _said(removal: Removal) -> str:
    found = removal.survey
    would = "" if removal.done else "would be "
    lines = [f"{found.label} is removed" if removal.done else f"{found.label} would be removed"]
    lines += [f"  {would}closed: {holding}" for holding in found.holdings]
    if found.waiting or found.letters:
        lines.append(f"  {would}given up: {found.waiting} activities and {found.letters} events that wait for it")
    lines += [f"  {would}dropped: {name}, {rows} rows" for name, rows in found.tables.items()]
    if removal.archive is not None:
        digest = f" (SHA-256 {removal.sha256})" if removal.sha256 else ""
        lines.append(f"  {would}archived in {removal.archive}{digest}")
    lines += [f"  against it: {obstacle}" for obstacle in removal.obstacles]
    if removal.done:
        lines.append(f"Take {found.plugin!r} off the plugins in corekit.toml, then uninstall its distribution.")
    return "\n".join(lines)
