"""``corekit surveys``: statistics, answers out and in, and comments."""

from __future__ import annotations

import typer

from corekit_surveys import cli_statistics

app = typer.Typer(help="Surveys: what members are asked, and what they answer.", no_args_is_help=True)
cli_statistics.add_to(app)
