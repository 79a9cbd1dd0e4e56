"""``corekit plugins``: what is on, where it comes from, and what it declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import typer

from corekit.cli.context import open_plugins
from corekit.cli.output import emit
from corekit.cli.removal import remove

if TYPE_CHECKING:
    from marshmallow import Schema

    from corekit.hooks import Hooks
    from corekit.plugins import Plugin

app = typer.Typer(invoke_without_command=True)
app.command("remove")(remove)


@app.callback()
def plugins(ctx: typer.Context) -> None:
    """Show which plugins are on, from which distribution and version, and everything they declare."""
    if ctx.invoked_subcommand is not None:
        return
    from corekit.hooks import Hooks

    found = open_plugins(ctx)
    hooks = Hooks(found)
    emit(ctx, [_describe(plugin, hooks) for plugin in found], _show)


def _describe(plugin: Plugin, hooks: Hooks) -> dict[str, Any]:
    declares = plugin.declares
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "requires": list(declares.requires),
        "hooks": hooks.names(plugin.name),
        "settings": _keys(declares.settings),
        "program": _keys(declares.program.schema if declares.program else None),
        "tables": sorted(declares.lineage.metadata.tables) if declares.lineage else [],
        "accounts": [kind.code for kind in declares.accounts],
        "activities": [kind.name for kind in declares.activities],
        "effects": [kind.name for kind in declares.effects],
        "metrics": [metric.name for metric in declares.metrics],
        "permissions": [permission.name for permission in declares.permissions],
        "errors": [error.code for error in declares.errors],
        "specs": [module.__name__ for module in declares.specs],
        "budget": declares.budget,
    }


def _keys(schema: type[Schema] | None) -> list[str]:
    """Return the keys of a section that the plugin reads."""
    return sorted(cast("Any", schema()).fields) if schema is not None else []


def _show(found: list[dict[str, Any]]) -> str:
    lines: list[str] = []
    for plugin in found:
        lines.append(f"{plugin['name']}  ({plugin['distribution']} {plugin['version']})")
        rest = {key: value for key, value in plugin.items() if key not in ("name", "distribution", "version")}
        lines += [
            f"  {key:<12} {value if isinstance(value, int) else ', '.join(value)}"
            for key, value in rest.items()
            if value
        ]
    return "\n".join(lines) or "no plugin is on"
