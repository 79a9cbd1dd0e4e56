"""``corekit plugins``: what is on, where it comes from, what it declares, and whether it is suspended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from attrs import asdict

from corekit.cli.context import ACTOR, open_kit, open_plugins, open_settings
from corekit.cli.output import emit
from corekit.cli.removal import remove

if TYPE_CHECKING:
    from marshmallow import Schema

    from corekit.hooks import Hooks
    from corekit.plugins import Plugin
    from corekit.suspension.suspensions import Suspension

app = typer.Typer(invoke_without_command=True)
app.command("remove")(remove)

Name = Annotated[str, typer.Argument(metavar="PLUGIN", help="The plugin.")]


@app.callback()
def plugins(ctx: typer.Context) -> None:
    """Show which plugins are on, from where, all that they declare, and which are suspended; or let one rest."""
    if ctx.invoked_subcommand is not None:
        return
    from corekit.hooks import Hooks

    found = open_plugins(ctx)
    hooks = Hooks(found)
    resting = _suspensions(ctx)
    emit(ctx, [_describe(plugin, hooks, resting.get(plugin.name)) for plugin in found], _show)


@app.command()
def suspend(
    ctx: typer.Context,
    plugin: Name,
    *,
    reason: Annotated[str, typer.Option(help="Why; whoever is turned away is told.")] = "",
) -> None:
    """Let no process call a plugin until it is resumed; what it may react to is answered PLUGIN_SUSPENDED."""
    changed = open_kit(ctx).suspend(plugin, reason, actor=ACTOR)
    emit(ctx, {"changed": changed}, lambda _: f"{plugin} is suspended" if changed else f"{plugin} was suspended before")


@app.command()
def resume(ctx: typer.Context, plugin: Name) -> None:
    """Let a plugin be called again; what waited for it is settled by the next worker."""
    changed = open_kit(ctx).resume(plugin, actor=ACTOR)
    emit(ctx, {"changed": changed}, lambda _: f"{plugin} is resumed" if changed else f"{plugin} was not suspended")


def _suspensions(ctx: typer.Context) -> Mapping[str, Suspension]:
    """Return who is suspended, as far as the database says so: plugins are shown before there is one as well."""
    from sqlalchemy.exc import DBAPIError

    from corekit.db.engine import Database
    from corekit.errors import Unavailable
    from corekit.suspension.suspensions import read_suspensions

    database = Database(open_settings(ctx).database)
    ctx.call_on_close(database.close)
    if database.dialect == "sqlite" and not Path(database.url.database or "").is_file():
        return {}
    try:
        with database.read() as read:
            return read_suspensions(read).plugins
    except (Unavailable, DBAPIError):
        return {}


def _describe(plugin: Plugin, hooks: Hooks, suspension: Suspension | None) -> dict[str, Any]:
    declares = plugin.declares
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "suspended": None if suspension is None else asdict(suspension),
        "requires": list(declares.requires),
        "hooks": hooks.names(plugin.name),
        "settings": _keys(declares.settings),
        "program": _keys(declares.program.schema if declares.program else None),
        "tables": sorted(declares.lineage.metadata.tables) if declares.lineage else [],
        "members": sorted(str(rows.member) for rows in declares.members),
        "accounts": [kind.code for kind in declares.accounts],
        "activities": [kind.name for kind in declares.activities],
        "effects": [kind.name for kind in declares.effects],
        "metrics": [metric.name for metric in declares.metrics],
        "permissions": [permission.name for permission in declares.permissions],
        "errors": [error.code for error in declares.errors],
        "tenders": list(declares.tenders),
        "specs": [module.__name__ for module in declares.specs],
        "budget": declares.budget,
    }


def _keys(schema: type[Schema] | None) -> list[str]:
    """Return the keys of a section that the plugin reads."""
    return sorted(cast("Any", schema()).fields) if schema is not None else []


_HEAD = ("name", "distribution", "version", "suspended")


def _show(found: list[dict[str, Any]]) -> str:
    lines: list[str] = []
    for plugin in found:
        lines.append(f"{plugin['name']}  ({plugin['distribution']} {plugin['version']})")
        if (resting := plugin["suspended"]) is not None:
            by = resting["actor"] or "the breaker"
            lines.append(f"  suspended since {resting['since']:%Y-%m-%d %H:%M} by {by}: {resting['reason']}")
        lines += [
            f"  {key:<12} {value if isinstance(value, int) else ', '.join(value)}"
            for key, value in plugin.items()
            if value and key not in _HEAD
        ]
    return "\n".join(lines) or "no plugin is on"
