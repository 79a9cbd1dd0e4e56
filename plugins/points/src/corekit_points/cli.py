"""``corekit points``: what the program owes in points, and what a person does to points by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corekit.command import NO, Key, MemberId, emit, open_kit, record
from corekit_points.draws import cli as draws_cli
from corekit_points.rewards.cli import add

if TYPE_CHECKING:
    from corekit_points.budget_report import Spending
    from corekit_points.liability import Liability

app = typer.Typer(
    help="Points: what is owed to members, adjustments, cancellations and transfers by hand, rewards, prize draws.",
    no_args_is_help=True,
)
add(app)

Why = Annotated[str, typer.Option("--reason", help="Why; the statement keeps it.")]
Unit = Annotated[str, typer.Option("--currency", help="The account kind, such as points or points.growth.")]


@app.command()
def liability(
    ctx: typer.Context,
    *,
    months: Annotated[int, typer.Option(help="How many months, the present one included.")] = 12,
    csv: Annotated[Path | None, typer.Option(help="Write the report as CSV.")] = None,
    svg: Annotated[Path | None, typer.Option(help="Draw the report.")] = None,
) -> None:
    """Show what was issued, spent and lapsed by month, what is outstanding, and when it will lapse."""
    from corekit_points.liability import liability as report
    from corekit_points.report import as_csv, as_svg

    kit = open_kit(ctx)
    book: Any = kit.program.sections["points"]
    with kit.read() as read:
        found = report(read, book, kit.zone, kit.now(), months)
    for path, text in ((csv, as_csv(found)), (svg, as_svg(found))):
        if path is not None:
            path.write_text(text, encoding="utf-8")
    emit(ctx, [_plain(each) for each in found], lambda _: _table(found))


@app.command()
def budgets(
    ctx: typer.Context,
    *,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 where one is worth a warning.")] = False,
) -> None:
    """Show how far the budgets of rules are spent in the present window, and where their pace leads."""
    from corekit_points.budget_report import budgets as report

    kit = open_kit(ctx)
    with kit.read() as read:
        found = report(read, kit.program.sections["points"], kit.zone, kit.now())
    emit(ctx, [_budget(each) for each in found], lambda _: _budget_table(found))
    if check and any(each.state != "open" for each in found):
        raise typer.Exit(NO)


@app.command()
def adjust(
    ctx: typer.Context, member: MemberId, amount: int, reason: Why, currency: Unit = "points", key: Key = None
) -> None:
    """Give points, or take them with a negative amount (after --), in minor units."""
    record(ctx, "points.adjustment", member, {"reason": reason}, key, amount=amount, unit=currency)


@app.command()
def cancel(
    ctx: typer.Context,
    member: MemberId,
    activity: Annotated[str, typer.Argument(metavar="ACTIVITY", help="The activity that earned them.")],
    reason: Why,
    *,
    amount: Annotated[int, typer.Option(min=0, help="How many, in minor units; 0: all that are left.")] = 0,
    currency: Unit = "points",
    key: Key = None,
) -> None:
    """Take back points that were gained against the rules."""
    told = {"activity": activity, "reason": reason}
    record(ctx, "points.cancelled", member, told, key, amount=amount, unit=currency)


@app.command()
def transfer(
    ctx: typer.Context,
    member: MemberId,
    receiver: Annotated[str, typer.Argument(metavar="RECEIVER", help="Who gets them, named like the member.")],
    amount: Annotated[int, typer.Argument(min=1, help="How many, in minor units.")],
    reason: Why,
    currency: Unit = "points",
    key: Key = None,
) -> None:
    """Give points of a member to another one, where the program allows it."""
    record(ctx, "points.transferred", member, {"reason": reason}, key, receiver, amount=amount, unit=currency)


@app.command()
def share(
    ctx: typer.Context,
    member: MemberId,
    receiver: Annotated[str, typer.Argument(metavar="RECEIVER", help="The supplementary member, named alike.")],
    amount: Annotated[int, typer.Argument(min=1, help="How many, in minor units.")],
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    currency: Unit = "points",
    key: Key = None,
) -> None:
    """Let a supplementary member have points of the pool, which is the account of the primary one."""
    record(ctx, "points.shared", member, {"reason": reason}, key, receiver, amount=amount, unit=currency)


draws_cli.add_to(app)


def _budget(report: Spending) -> dict[str, Any]:
    return {
        "rule": report.rule,
        "currency": report.currency.code,
        "window": report.span,
        "begins": report.begins,
        "ends": report.ends,
        "budget": report.most,
        "granted": report.granted,
        "left": report.left,
        "percent": report.percent,
        "state": report.state,
        "stops": report.budget.stops,
        "expected": report.expected,
        "spent_by": report.spent_by,
    }


def _budget_table(reports: list[Spending]) -> str:
    from corekit_points.report import whole

    lines = [f"{'rule':20}{'window':12}{'granted':>14}{'budget':>14}{'left':>14}{'share':>7}  {'state':9}at this pace"]
    for each in reports:
        amounts = "".join(
            f"{whole(amount, each.currency.scale):>14}" for amount in (each.granted, each.most, each.left)
        )
        pace = [] if each.expected is None else [f"{whole(each.expected, each.currency.scale)} by the end"]
        pace += [] if each.spent_by is None else [f"spent by {each.spent_by:%Y-%m-%d %H:%M} UTC"]
        lines.append(
            f"{each.rule:20}{each.span:12}{amounts}{each.percent:>6}%  {each.state:9}{', '.join(pace)}".rstrip()
        )
    return "\n".join(lines) if reports else "No rule has a budget."


def _plain(report: Liability) -> dict[str, Any]:
    return {
        "currency": report.currency.code,
        "outstanding": report.outstanding,
        "awaited": report.awaited,
        "months": [
            {
                "month": f"{each.first:%Y-%m}",
                "issued": each.issued,
                "taken_back": each.taken_back,
                "spent": each.spent,
                "expired": each.expired,
                "outstanding": each.outstanding,
            }
            for each in report.months
        ],
        "forecast": [
            {"month": None if each.first is None else f"{each.first:%Y-%m}", "amount": each.amount}
            for each in report.forecast
        ],
    }


def _table(reports: list[Liability]) -> str:
    from corekit_points.report import whole

    lines: list[str] = []
    for report in reports:
        scale = report.currency.scale
        lines.append(f"{report.currency.name} ({report.currency.code})")
        lines.append(f"  {'month':8}{'issued':>14}{'taken back':>14}{'spent':>14}{'expired':>14}{'outstanding':>14}")
        for month in report.months:
            amounts = (month.issued, month.taken_back, month.spent, month.expired, month.outstanding)
            lines.append(f"  {month.first:%Y-%m} " + "".join(f"{whole(each, scale):>14}" for each in amounts))
        for coming in report.forecast:
            when = "never lapses" if coming.first is None else f"lapses in {coming.first:%Y-%m}"
            lines.append(f"  {when}: {whole(coming.amount, scale)}")
    return "\n".join(lines)
