"""``corekit medals``: the catalogue, what members hold, and what is given, taken and found."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer
from attrs import asdict

from corekit.command import Key, MemberId, emit, find_member, open_kit, record

if TYPE_CHECKING:
    from corekit_medals.catalogue import Catalogue
    from corekit_medals.progress import Standing

app = typer.Typer(help="Medals: what members achieved.", no_args_is_help=True)

Named = Annotated[str, typer.Argument(metavar="MEDAL", help="The name of the medal in the program.")]
OfLevel = Annotated[int, typer.Option("--level", min=1, max=100, help="The level.")]
Why = Annotated[str, typer.Option("--reason", help="Why; the activity keeps it.")]


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """Show all medals, the secret ones as well, with who holds them and what is left."""
    from corekit_medals.loading import editions
    from corekit_medals.progress import spread

    kit = open_kit(ctx)
    book: Catalogue = kit.program.sections["medals"]
    keys = [(medal.id, level.number) for medal in book.medals.values() for level in medal.levels]
    with kit.read() as read:
        rare, given = spread(read, keys), editions(read, book.limited)
    rows: list[dict[str, Any]] = [
        {
            "medal": medal.id,
            "level": level.number,
            "name": (level.words or medal.words)["en"].name if "en" in (level.words or medal.words) else medal.id,
            "secret": medal.secret,
            "holders": rare[medal.id, level.number].holders,
            "per_mille": rare[medal.id, level.number].per_mille,
            "left": None if medal.edition is None else medal.edition - given.get((medal.id, level.number), 0),
        }
        for medal in book.medals.values()
        for level in medal.levels
    ]
    emit(ctx, rows, lambda shown: "\n".join(map(_listed, shown)) or "no medals")


@app.command()
def show(ctx: typer.Context, member: MemberId) -> None:
    """Show what a member holds, and how near it is to the rest."""
    from corekit_medals.progress import standings

    kit = open_kit(ctx)
    id_ = find_member(kit, member).id
    with kit.read() as read:
        found = standings(read, kit.program.sections["medals"], kit.program, [id_], kit.now())[id_]
    emit(ctx, [_plain(each) for each in found], lambda rows: "\n".join(map(_standing, rows)) or "no medals")


@app.command()
def award(
    ctx: typer.Context, member: MemberId, medal: Named, reason: Why, *, level: OfLevel = 1, key: Key = None
) -> None:
    """Give a member a medal."""
    record(ctx, "medals.awarded", member, {"medal": medal, "level": level, "reason": reason}, key)


@app.command()
def revoke(
    ctx: typer.Context, member: MemberId, medal: Named, reason: Why, *, level: OfLevel = 1, key: Key = None
) -> None:
    """Take a medal from a member; its criteria do not bring it back."""
    record(ctx, "medals.revoked", member, {"medal": medal, "level": level, "reason": reason}, key)


@app.command()
def arrange(
    ctx: typer.Context,
    member: MemberId,
    *,
    pin: Annotated[list[str] | None, typer.Option(help="A medal to pin; say it again for the next.")] = None,
    then: Annotated[list[str] | None, typer.Option(help="A medal that follows; say it again for the next.")] = None,
    key: Key = None,
) -> None:
    """Pin medals of a member, and put others in order."""
    record(ctx, "medals.arranged", member, {"pinned": pin or [], "others": then or []}, key)


@app.command()
def backfill(
    ctx: typer.Context,
    *,
    preview: Annotated[bool, typer.Option("--preview", help="Only say how many members would be awarded.")] = False,
) -> None:
    """Award medals to all who met their criteria before; what depends on other medals comes in a further round."""
    from corekit_medals import backfill as finding

    kit = open_kit(ctx)
    if preview:
        with kit.read() as read:
            found = finding.preview(kit, read)
        emit(ctx, found, lambda rows: "\n".join(f"{each.medal}:{each.level}  {each.members} members" for each in rows))
        return
    awarded = finding.run(kit)
    emit(ctx, {"awarded": awarded}, lambda told: f"{told['awarded']} awarded")


def _listed(row: dict[str, Any]) -> str:
    left = "" if row["left"] is None else f"  {row['left']} left"
    secret = "  secret" if row["secret"] else ""
    name = f"{row['medal']}:{row['level']}"
    return f"{name:24}{row['holders']:>10} hold it, {row['per_mille']} per mille{left}{secret}  {row['name']}"


def _plain(each: Standing) -> dict[str, Any]:
    held = each.award
    return {
        "medal": each.medal.id,
        "level": each.level.number,
        "held": held is not None,
        "since": held.since if held is not None else None,
        "reason": held.reason if held is not None else None,
        "pinned": held is not None and bool(held.pinned),
        "percent": each.percent,
        "steps": [asdict(step) for step in each.steps],
    }


def _step(step: dict[str, Any]) -> str:
    value, needed = (Decimal(step[name]).scaleb(-step["scale"]) for name in ("value", "needed"))
    return f"{step['kind']} {value} of {needed} {step['unit'] or step['counts'] or ''}".rstrip()


def _standing(row: dict[str, Any]) -> str:
    name = f"{row['medal']}:{row['level']}"
    if row["held"]:
        return (
            f"{name:24}since {row['since']:%Y-%m-%d %H:%M} UTC ({row['reason']}){'  pinned' if row['pinned'] else ''}"
        )
    steps = ", ".join(map(_step, row["steps"]))
    return f"{name:24}{row['percent']:>3} %  {steps}"
