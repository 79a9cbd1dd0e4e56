"""``corekit members import`` and ``export``: members from files and into files."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from corekit.cli.context import open_kit
from corekit.cli.output import NO, emit

if TYPE_CHECKING:
    from corekit.kit import Kit
    from corekit.members.measured import Measured

Where = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="number, phone, email, kind, tag, group, external_id, source."),
]
Metrics = Annotated[
    list[str] | None,
    typer.Option(
        metavar="METRIC/WINDOW=LEAST..MOST",
        help="How much was measured, in minor units: spend/year=100000.. or, over the whole life, visits=..0.",
    ),
]
_LINES = (".jsonl", ".ndjson")
_RANGE = re.compile(r"(?P<metric>[^/]+?)(/(?P<window>[^/=]+))?=(?P<least>-?\d{1,18})?\.\.(?P<most>-?\d{1,18})?")
_WHERE = ("number", "phone", "email", "kind", "tag", "group", "external_id", "source")


def chosen(pairs: list[str] | None, kit: Kit) -> dict[str, Any]:
    """Return what ``--where`` says, telephone numbers and e-mail addresses in their normal form."""
    from corekit.members.profile import normal_email, normal_phone

    found: dict[str, Any] = {}
    for text in pairs or ():
        name, equals, value = text.partition("=")
        if not equals or name not in _WHERE:
            raise typer.BadParameter(f"write NAME=VALUE, with a name of {', '.join(_WHERE)}", param_hint="--where")
        normal = {"phone": normal_phone(value, kit.settings.members.region), "email": normal_email(value)}.get(name)
        found[name] = normal or value
    return found


def ranges(texts: list[str] | None, kit: Kit) -> tuple[Measured, ...]:
    """Read METRIC/WINDOW=LEAST..MOST, as seen from today."""
    from corekit.members.measured import measured

    found: list[Measured] = []
    for text in texts or ():
        match = _RANGE.fullmatch(text)
        if match is None:
            raise typer.BadParameter("write METRIC/WINDOW=LEAST..MOST", param_hint="--metric")
        least, most = (int(bound) if bound else None for bound in match.group("least", "most"))
        found.append(measured(kit, match["metric"], match["window"] or "lifetime", least=least, most=most))
    return tuple(found)


def add_files_to(app: typer.Typer) -> None:
    """Add the commands to ``corekit members``."""
    app.command("import")(import_)
    app.command()(export)


def import_(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV with a header, or JSON Lines (.jsonl), in UTF-8.")
    ],
    rejects: Annotated[Path | None, typer.Option(help="Where to write the rows that cannot be registered.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row and store nothing.")] = False,
) -> None:
    """Register a member for each row of a file. The same file again changes nothing.

    Columns are external_id (the key) and the other fields of a profile, such as name, phone, identity.city,
    external_ids.crm, and the custom attributes.
    """
    from rich.console import Console
    from rich.progress import open as watch

    from corekit.members.importing import import_members

    kit = open_kit(ctx)
    with ExitStack() as stack:
        console = Console(stderr=True)
        reading = watch(file, "r", encoding="utf-8-sig", errors="surrogateescape", newline="", console=console,
                        description="importing", disable=not console.is_terminal)  # fmt: skip
        out = stack.enter_context(rejects.open("w", encoding="utf-8", newline="")) if rejects else None
        report = import_members(kit, stack.enter_context(reading), out, form=_form(file), dry_run=dry_run)
    stored = "would be " if dry_run else ""
    emit(ctx, report, lambda it: f"{it.rows} rows: {it.registered} {stored}registered, {it.unchanged} known, "
         f"{it.rejected} rejected")  # fmt: skip
    if report.rejected:
        raise typer.Exit(NO)


def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Where to write: CSV, or JSON Lines (.jsonl).")],
    state: Annotated[str | None, typer.Option()] = None,
    tier: Annotated[str | None, typer.Option(metavar="LADDER/TIER", help="Where the members stand now.")] = None,
    where: Where = None,
    metric: Metrics = None,
) -> None:
    """Write members to a file, as of one moment, in the form in which they can be imported."""
    from corekit.members.exporting import export_members
    from corekit.members.read import MemberFilter

    kit = open_kit(ctx)
    wanted = MemberFilter(state=state, tier=stands(tier), measured=ranges(metric, kit), **chosen(where, kit))
    with file.open("w", encoding="utf-8", newline="") as out:
        number = export_members(kit, out, wanted, form=_form(file))
    emit(ctx, {"members": number}, lambda it: f"{it['members']} members")


def _form(file: Path) -> Literal["csv", "jsonl"]:
    return "jsonl" if file.suffix in _LINES else "csv"


def stands(tier: str | None) -> tuple[str, str] | None:
    """Read LADDER/TIER."""
    if tier is None:
        return None
    ladder, slash, code = tier.partition("/")
    if not slash:
        raise typer.BadParameter("write LADDER/TIER", param_hint="--tier")
    return ladder, code
