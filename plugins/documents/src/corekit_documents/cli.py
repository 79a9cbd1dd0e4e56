"""``corekit documents``."""

from __future__ import annotations

import typer

app = typer.Typer(help="Documents: files that members may download, by rules.", no_args_is_help=True)
