"""What a command works with: the options of the tree, the settings, and an open kit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from attrs import frozen

if TYPE_CHECKING:
    from corekit.kit import Kit
    from corekit.plugins import Plugin
    from corekit.settings import Settings


_KIT = "corekit.kit"
ACTOR = "cli"
"""Who changes something at the command line: an operator, whoever that is."""


@frozen
class Options:
    """The options that stand before the command."""

    config: Path = Path("corekit.toml")
    json: bool = False
    without: tuple[str, ...] = ()


def options(ctx: typer.Context) -> Options:
    """Return the options of the tree."""
    return ctx.ensure_object(Options)


def open_settings(ctx: typer.Context) -> Settings:
    """Read the settings file; SettingsError where it cannot be used."""
    from corekit.settings import Settings

    return Settings.load(options(ctx).config)


def open_plugins(ctx: typer.Context) -> tuple[Plugin, ...]:
    """Return the plugins that are on; nothing but their modules is loaded."""
    from corekit.plugins import discover

    open_log(ctx)
    return discover(open_settings(ctx), options(ctx).without)


def open_log(ctx: typer.Context) -> None:
    """Let the log stand on standard error from now on, as JSON where ``--json`` was given."""
    from corekit.log import configure

    configure(as_json=options(ctx).json)


def open_kit(ctx: typer.Context) -> Kit:
    """Return the kit that the settings file describes, opened once; it is closed when the command ends."""
    if (opened := ctx.meta.get(_KIT)) is not None:
        known: Kit = opened
        return known
    from corekit.kit import Kit

    open_log(ctx)
    kit = Kit(open_settings(ctx), without=options(ctx).without)
    ctx.call_on_close(kit.close)
    ctx.meta[_KIT] = kit
    return kit
