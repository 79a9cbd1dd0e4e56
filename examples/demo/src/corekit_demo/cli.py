"""``corekit demo``: settle a year of real purchases, show what became of it, and serve it in GraphiQL."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Annotated

import typer

from corekit.command import NO, emit, open_log, options

if TYPE_CHECKING:
    from corekit import Kit, Settings
    from corekit_demo.clock import WalkingClock
    from corekit_demo.data import Survey
    from corekit_demo.load import Loaded

app = typer.Typer()

FILE = "corekit.toml"
PROGRAM = "program.toml"
"""The program, beside the settings."""
HOST = "127.0.0.1"


@app.command()
def demo(
    ctx: typer.Context,
    *,
    full: Annotated[bool, typer.Option("--full", help="All 2,469 households.")] = False,
    households: Annotated[
        int, typer.Option("--households", min=1, help="How many households, the first by number.")
    ] = 300,
    db: Annotated[
        str | None,
        typer.Option("--db", metavar="URL", help="Keep it in this database; what is there already is not done again."),
    ] = None,
    load_only: Annotated[bool, typer.Option("--load-only", help="Do not serve.")] = False,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="Serve, compare what GraphQL says with the table, stop.")
    ] = False,
    month_ends: Annotated[
        Path | None, typer.Option("--month-ends", metavar="FILE", help="Write tier and points per household and month.")
    ] = None,
    port: Annotated[int, typer.Option("--port", help="The port to serve on; 0 takes a free one.")] = 8000,
) -> None:
    """Settle a year of real purchases and serve GraphiQL over it.

    Without --db a fresh SQLite database is made, which --load-only keeps and everything else removes in the end.
    """
    if load_only and smoke:
        raise typer.BadParameter("--load-only does not serve, so there is nothing to compare: leave out one of them")

    from corekit import Kit
    from corekit_demo import data, serving
    from corekit_demo.clock import WalkingClock
    from corekit_demo.summary import summarise, table
    from corekit_schema import build_app
    from corekit_schema.http.server import run

    config, clock = _config(ctx), WalkingClock()
    with (
        _stopped_by_sigterm(),
        _settings(config, db, keep=load_only) as settings,
        closing(Kit(settings, clock=clock, without=options(ctx).without)) as kit,
        nullcontext() if load_only else _listening(0 if smoke else port) as listening,
    ):
        survey = data.survey(None if full else households)
        _say(f"{len(survey.households):,} households, {survey.baskets:,} baskets, into {kit.database!r}")
        summary = summarise(kit, _load(kit, clock, survey, config.parent / PROGRAM, month_ends))
        emit(ctx, summary, table)
        if listening is not None:
            open_log(ctx)
            _add(kit, survey.households, serving.address(listening))
        violated = _verify(kit)
        if listening is None:
            raise typer.Exit(NO if violated else 0)
        if smoke:
            differences = serving.compare(kit, listening, summary)
            _say("\n".join(differences) or "GraphQL says the same as the table")
            raise typer.Exit(NO if differences or violated else 0)
        emit(ctx, {"url": serving.page(listening, settings)}, lambda shown: shown["url"])
        _say(f"It is {kit.now().astimezone(kit.zone):%d %B %Y, %H:%M}, the day after the last basket. Ctrl-C stops.")
        run(build_app(kit), listening)


def _listening(port: int) -> socket:
    """Take the port before the year is settled, so that nobody waits for a port that is taken."""
    from corekit_schema.http.server import listen

    return listen(HOST, port)


def _load(kit: Kit, clock: WalkingClock, survey: Survey, program: Path, month_ends: Path | None) -> Loaded:
    """Prepare the database, put the program into force and settle the year, with a progress bar."""
    from contextlib import ExitStack

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from corekit.program import apply
    from corekit_demo.load import load
    from corekit_demo.month_ends import MonthEnds

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with ExitStack() as stack:
        kit.upgrade()
        apply(kit, program)
        at_month_end = None
        if month_ends is not None:
            file = stack.enter_context(month_ends.open("w", encoding="utf-8", newline=""))
            at_month_end = MonthEnds(kit, survey.households, file)
        bar = stack.enter_context(Progress(*columns, console=Console(stderr=True)))
        task = bar.add_task("settling", total=survey.baskets)
        return load(kit, clock, survey, progress=lambda settled: bar.advance(task, settled), at_month_end=at_month_end)


def _add(kit: Kit, households: Sequence[int], address: str) -> None:
    """Add what there is to see besides the year, where its plugins are on, and say where it will be."""
    from corekit_demo import besides, serving

    if not {plugin.name for plugin in kit.plugins} >= besides.PLUGINS:
        return
    with serving.served(kit, _listening(0)) as at:
        added = besides.add(at, serving.staff_token(kit.settings), households)
    _say(f"survey {besides.SURVEY}: {added.answered} households have answered")
    _say(f"document {besides.DOCUMENT}: household {households[0]} has it by {address}{added.link}")


def _verify(kit: Kit) -> bool:
    """Prove the books; say how it went, and whether anything is violated."""
    report = kit.verify()
    if report.clean:
        _say(f"verify: clean, {len(report.checked)} invariants hold")
    for invariant, rows in report.violations.items():
        _say(f"verify: violated {invariant}: {report.checked[invariant]} For example: {rows}")
    return not report.clean


def _config(ctx: typer.Context) -> Path:
    """Return the settings file: the one named with --config, else the demo's own."""
    given = options(ctx).config
    source = ctx.find_root().get_parameter_source("config")
    if source is not None and source.name != "DEFAULT":
        return given
    here = Path(__file__).resolve().parent
    # A wheel has it in the package, a checkout beside the folder of sources.
    beside = (folder / FILE for folder in (here, here.parent.parent))
    return next((path for path in beside if path.is_file()), given)


@contextmanager
def _settings(config: Path, db: str | None, *, keep: bool) -> Generator[Settings]:
    """Read the settings, with the database to use and a secret; remove in the end what was made for once only."""
    import secrets
    import shutil
    import tempfile

    from attrs import evolve

    from corekit import Settings

    settings = Settings.load(config)
    settings = evolve(settings, secret=settings.secret or secrets.token_hex(32))
    if db is not None:
        yield _with_documents(evolve(settings, database=db))
        return
    folder = Path(tempfile.mkdtemp(prefix="corekit-demo-"))
    try:
        settings = evolve(settings, database=f"sqlite:///{folder / 'demo.db'}")
        yield _with_documents(settings, store=str(folder / "documents"))
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _with_documents(settings: Settings, **told: str) -> Settings:
    """Return settings with what is told of documents, and with a key for their links where there is none."""
    import secrets

    from attrs import evolve

    if "documents" not in settings.plugins:
        return settings
    made_up = {"signing_keys": [{"id": "demo", "secret": secrets.token_hex(32)}]}
    section = made_up | dict(settings.sections.get("documents", {})) | told
    return evolve(settings, sections={**settings.sections, "documents": section})


@contextmanager
def _stopped_by_sigterm() -> Generator[None]:
    """Let SIGTERM end the command as an interrupt does, so that what was made for once only is removed."""
    import signal

    def stop(*_: object) -> None:
        raise typer.Exit

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _say(text: str) -> None:
    """Say something that is no answer, on standard error."""
    typer.echo(text, err=True)
