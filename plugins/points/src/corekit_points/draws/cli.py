"""``corekit points draw``, ``draws``, ``reveal``, ``results``: prize draws on the command line."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from corekit.command import NO, Key, MemberId, emit, open_kit, record

DrawId = Annotated[str, typer.Argument(metavar="DRAW", help="The id of the draw in the program.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to ``corekit points``."""
    for command in (draw, draws, reveal, results):
        app.command()(command)


def draw(
    ctx: typer.Context,
    member: MemberId,
    draw: DrawId,
    *,
    pulls: Annotated[int, typer.Option(min=1, help="How many times.")] = 1,
    client_seed: Annotated[str, typer.Option(help="What the member adds to chance: hexadecimal digits.")] = "",
    key: Key = None,
) -> None:
    """Pull in a prize draw for a member."""
    record(ctx, "points.drawn", member, {"draw": draw, "pulls": pulls, "client_seed": client_seed}, key)


def draws(
    ctx: typer.Context,
    *,
    periods: Annotated[int, typer.Option(min=1, help="How many periods, the next one included.")] = 3,
) -> None:
    """Show the prize draws, what is left of their prizes, and what was promised of their seeds."""
    from corekit_points.draws import reading

    kit = open_kit(ctx)
    book: Any = kit.program.sections["points"]
    with kit.read() as read:
        seeds = reading.seeds(read, book.draws, periods)
        taken = reading.taken(read, book.draws)
    found = [
        {
            "draw": each.id,
            "name": each.name,
            "price": each.price,
            "prizes": [
                {
                    "prize": prize.id,
                    "weight": prize.weight,
                    "left": None if prize.stock is None else max(0, prize.stock - taken.get((each.id, prize.id), 0)),
                }
                for prize in each.prizes
            ],
            "seeds": [
                {"period": seed.period, "commitment": seed.commitment, "seed": seed.seed}
                for seed in seeds.get(each.id, ())
            ],
        }
        for each in book.draws.values()
    ]
    emit(ctx, found, lambda _: _table(found))


def reveal(ctx: typer.Context) -> None:
    """Reveal the seeds of periods that are over, and promise those of the present and the next period."""
    kit = open_kit(ctx)
    told = dict(kit.jobs.run("points.draws").told or {})
    emit(ctx, told, lambda _: f"{told.get('revealed', 0)} revealed, {told.get('promised', 0)} promised")


def results(
    ctx: typer.Context,
    draw: DrawId,
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="Such as 2026-01-15.")],
) -> None:
    """Write as JSON what anybody needs to recompute a period of a draw."""
    import orjson

    from corekit_points.draws.reading import proof

    with open_kit(ctx).read() as read:
        told = proof(read, draw, period)
    emit(ctx, told, lambda _: orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    if told is None:
        raise typer.Exit(NO)


def _table(found: list[dict[str, Any]]) -> str:
    lines: list[str] = []
    for each in found:
        lines.append(f"{each['name']} ({each['draw']}), {each['price']} a pull")
        total = sum(prize["weight"] for prize in each["prizes"])
        for prize in each["prizes"]:
            left = "" if prize["left"] is None else f", {prize['left']} left"
            lines.append(f"  {prize['prize']:24}{prize['weight']:>12} of {total}{left}")
        lines += [
            f"  {seed['period']:12}{seed['commitment']}  {seed['seed'] or 'not revealed yet'}" for seed in each["seeds"]
        ]
    return "\n".join(lines) if found else "The program has no draw."
