"""``corekit db``: migrations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from corekit.cli.context import open_kit, open_plugins, open_settings
from corekit.cli.output import NO, emit
from corekit.errors import PluginError

if TYPE_CHECKING:
    from corekit.db.engine import Database
    from corekit.db.lineage import Lineage
    from corekit.db.migrate import Status

app = typer.Typer(help="Migrate the database, and see how far it is.", no_args_is_help=True)


@app.command()
def upgrade(ctx: typer.Context) -> None:
    """Bring the tables of the core and of every enabled plugin to their newest form."""
    revisions = open_kit(ctx).upgrade()
    emit(ctx, {"applied": revisions}, lambda _: f"applied {', '.join(revisions)}" if revisions else "nothing to do")


@app.command()
def status(ctx: typer.Context) -> None:
    """Show where each owner's tables are, and whose tables stay though it is not enabled."""
    from corekit.db import migrate

    database, lineages = _open(ctx)
    owners, advice = migrate.status(database, lineages), database.advice()
    emit(ctx, {"owners": owners, "advice": advice}, lambda _: "\n".join([*map(_line, owners), *advice]))


@app.command()
def check(ctx: typer.Context) -> None:
    """Compare the database with what the code expects; exit code 1 where they differ."""
    from corekit.db import migrate

    differences = migrate.check(*_open(ctx))
    emit(ctx, {"differences": differences}, lambda _: "\n".join(differences) or "no differences")
    if differences:
        raise typer.Exit(NO)


@app.command()
def revision(
    ctx: typer.Context,
    owner: Annotated[str, typer.Argument(help="The plugin whose tables changed, or core.")],
    *,
    message: Annotated[str, typer.Option("--message", "-m", help="What the migration does.")],
    empty: Annotated[bool, typer.Option("--empty", help="Write the frame only.")] = False,
) -> None:
    """Write an owner's next migration: how its tables differ from the database."""
    from corekit.db import migrate
    from corekit.validation import suggest

    database, lineages = _open(ctx)
    by_owner = {lineage.owner: lineage for lineage in lineages}
    if owner not in by_owner:
        raise PluginError(f"{owner!r} brings no tables{suggest(owner, by_owner)}; those who do: {', '.join(by_owner)}")
    path = migrate.revision(database, by_owner[owner], message, empty=empty)
    emit(ctx, {"path": str(path)}, lambda _: f"wrote {path}; read it before you apply it")


def _open(ctx: typer.Context) -> tuple[Database, list[Lineage]]:
    """Open the database alone: these commands must work where a kit cannot start yet."""
    from corekit.db.engine import Database
    from corekit.db.lineage import lineages

    database = Database(open_settings(ctx).database)
    ctx.call_on_close(database.close)
    return database, lineages(open_plugins(ctx))


def _line(status: Status) -> str:
    words: Any = status.current or "empty"
    if status.package is None:
        return f"{status.owner}: {words}, not enabled: its rows are kept"
    return f"{status.owner}: {words}" + (f", waiting: {', '.join(status.pending)}" if status.pending else "")
