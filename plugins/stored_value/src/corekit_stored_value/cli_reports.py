"""``corekit stored-value``: fees by hand, the daily close, reports, movements and slips."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from corekit.command import NO, Key, MemberId, emit, find_member, instant, open_kit, record

if TYPE_CHECKING:
    from corekit import Kit
    from corekit_stored_value.close import ClosedDay
    from corekit_stored_value.rules import Book

Csv = Annotated[Path | None, typer.Option("--csv", help="Write it as CSV.")]
Where = Annotated[str | None, typer.Option(help="Where.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (charge_fee, waive_fee, close, closes, liability, fees, movements, slip):
        app.command(command.__name__.replace("_", "-"))(command)


def charge_fee(
    ctx: typer.Context,
    member: MemberId,
    fee: Annotated[str, typer.Argument(help="The id of the fee in the program.")],
    channel: Annotated[
        str | None, typer.Option(help="How it was paid; left out, it is taken from what the member stored.")
    ] = None,
    store: Where = None,
    key: Key = None,
) -> None:
    """Charge a fee of the program; it stays unpaid where what the member stored is not enough."""
    told = {"fee": fee, "channel": channel, "store": store}
    payload = {name: value for name, value in told.items() if value is not None}
    record(ctx, "stored_value.fee_due", member, payload, key)


def waive_fee(
    ctx: typer.Context,
    activity: Annotated[str, typer.Argument(metavar="ACTIVITY", help="The activity that charged it.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
    amount: Annotated[int, typer.Option(min=0, help="How much, in minor units; 0: all that is left of it.")] = 0,
    key: Key = None,
) -> None:
    """Waive a fee, wholly or in part: what was paid of it comes back."""
    from corekit_stored_value.fee_report import check_is_fee

    with open_kit(ctx).read() as read:
        member = check_is_fee(read, activity)
    record(ctx, "stored_value.fee_waived", member, {"reason": reason}, key, reverses=activity, amount=amount)


def close(
    ctx: typer.Context,
    day: Annotated[str | None, typer.Option(help="Up to and including this day; yesterday if left out.")] = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Sum up all postings as well; exit with 1 where the close is not equal.")
    ] = False,
) -> None:
    """Close the business days that are over and not closed yet: opening + in - out = closing, for good."""
    from corekit_stored_value import close as closing

    kit = open_kit(ctx)
    wanted = None if day is None else _day(day)
    made = closing.close(kit, wanted)
    with kit.read() as read:
        last = closing.last_closed(read)
        found = closing.closed(read, wanted or last) if last is not None else None
        wrong = closing.unequal(read, found) if check and found is not None else []
    told = {"closed": [str(each.day) for each in made], "unequal": wrong}
    emit(ctx, told, lambda _: _told(made, wrong, check=check))
    if wrong:
        raise typer.Exit(NO)


def closes(
    ctx: typer.Context,
    since: Annotated[str, typer.Option("--from", help="The first day.")],
    until: Annotated[str | None, typer.Option("--to", help="The last day; the first one if left out.")] = None,
    csv: Csv = None,
) -> None:
    """Show the closed days from one to another, by account kind, store and channel."""
    from corekit_stored_value import tabular
    from corekit_stored_value.close import closed_days

    kit = open_kit(ctx)
    first = _day(since)
    with kit.read() as read:
        found = closed_days(read, first, first if until is None else _day(until))
    text = tabular.of_closes(found, tabular.scales(kit.registry.kinds))
    _write(csv, text)
    emit(ctx, [_plain(each) for each in found], lambda _: _columns(text))


def liability(
    ctx: typer.Context,
    quarters: Annotated[int, typer.Option(help="How many quarters, the present one included.")] = 8,
    csv: Csv = None,
) -> None:
    """Show what was issued, spent, lapsed and withdrawn by quarter, and what is outstanding."""
    from corekit_stored_value import tabular
    from corekit_stored_value.liability import liability as report

    kit = open_kit(ctx)
    with kit.read() as read:
        found = report(read, _book(kit), kit.zone, kit.now(), quarters)
    text = tabular.of_liability(found)
    _write(csv, text)
    names = ("name", "issued", "taken_back", "spent", "lapsed", "withdrawn", "outstanding")
    told = [
        {"account": each.kind, "quarters": [{name: getattr(it, name) for name in names} for it in each.quarters]}
        for each in found
    ]
    emit(ctx, told, lambda _: _columns(text))


def fees(
    ctx: typer.Context,
    months: Annotated[int, typer.Option(help="How many months, the present one included.")] = 12,
    csv: Csv = None,
) -> None:
    """Show what fees were charged, paid, left unpaid and waived, by month, kind and store."""
    import attrs

    from corekit_stored_value import tabular
    from corekit_stored_value.fee_report import fees as report

    kit = open_kit(ctx)
    with kit.read() as read:
        found = report(read, kit.zone, kit.now(), months)
    text = tabular.of_fees(found, _book(kit).own.unit.scale)
    _write(csv, text)
    emit(ctx, [attrs.asdict(each) for each in found], lambda _: _columns(text))


def movements(
    ctx: typer.Context,
    member: Annotated[str | None, typer.Option(help="Only those of a member.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only on accounts of this kind.")] = None,
    type: Annotated[str | None, typer.Option(help="Only by activities of this type.")] = None,  # noqa: A002 - its name
    store: Annotated[str | None, typer.Option(help="Only at this store.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Only from this day or instant on.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Only before this day or instant.")] = None,
    form: Annotated[Literal["csv", "jsonl"], typer.Option("--format", help="How they are written.")] = "csv",
) -> None:
    """Write what moved on the accounts of stored value, one line for each entry."""
    from corekit_stored_value import statement, tabular

    kit = open_kit(ctx)
    chosen = statement.Filter(
        member=None if member is None else find_member(kit, member).id,
        kind=kind,
        type=type,
        store=store,
        since=_instant(kit, since),
        until=_instant(kit, until),
    )
    with kit.read() as read:
        found = statement.movements(read, chosen)
        lines: Iterator[str] = (
            statement.as_csv(found, tabular.scales(kit.registry.kinds))
            if form == "csv"
            else statement.as_json_lines(found)
        )
        for line in lines:
            typer.echo(line, nl=False)


def slip(
    ctx: typer.Context,
    activity: Annotated[str, typer.Argument(metavar="ACTIVITY", help="The top-up.")],
    language: Annotated[Literal["en", "zh"], typer.Option(help="In which language.")] = "en",
) -> None:
    """Write the slip of a top-up as a page of HTML to be printed."""
    from corekit_stored_value import slip as slips

    kit = open_kit(ctx)
    with kit.read() as read:
        found = slips.slip(read, _book(kit), activity)
    number = find_member(kit, found.owner).number
    typer.echo(slips.as_html(found.named(number), kit.program.name, kit.zone, language), nl=False)


def _book(kit: Kit) -> Book:
    book: Book = kit.program.sections["stored_value"]
    return book


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no date; write for example 2027-12-24"
        raise typer.BadParameter(message) from None


def _instant(kit: Kit, text: str | None) -> datetime | None:
    return None if text is None else instant(text, kit)


def _write(path: Path | None, text: str) -> None:
    if path is not None:
        path.write_text(text, encoding="utf-8")


def _plain(day: ClosedDay) -> dict[str, Any]:
    names = ("kind", "store", "channel", "opening", "ins", "outs", "late", "closing", "types")
    lines = [{name: getattr(line, name) for name in names} for line in day.lines]
    return {"day": str(day.day), "closed_at": day.closed_at, "lines": lines}


def _told(made: list[ClosedDay], wrong: list[Any], *, check: bool) -> str:
    said = [f"closed {each.day}: {len(each.lines)} lines" for each in made] or ["nothing was left to be closed"]
    said += [f"{'/'.join(place)}: kept {kept}, summed up {summed}" for place, kept, summed in wrong]
    return "\n".join([*said, *(["equal to the postings"] if check and not wrong else [])])


def _columns(text: str) -> str:
    """Show CSV as columns: texts to the left, numbers to the right."""
    import csv

    rows = list(csv.reader(text.splitlines()))
    wide = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    numbers = [at for at in range(len(wide)) if all(_is_number(row[at]) for row in rows[1:])]

    def cell(at: int, value: str) -> str:
        return value.rjust(wide[at]) if at in numbers else value.ljust(wide[at])

    return "\n".join("  ".join(cell(at, value) for at, value in enumerate(row)).rstrip() for row in rows)


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()
