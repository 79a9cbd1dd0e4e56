"""``corekit surveys``: statistics and charts, answers out and in, and comments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from corekit.command import ACTOR, MemberId, emit, find_member, open_kit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from corekit_surveys.comments import Comment
    from corekit_surveys.statistics import Statistics
    from corekit_surveys.wording import Wording

Code = Annotated[str, typer.Argument(metavar="SURVEY", help="The code of the survey.")]
OfComment = Annotated[str, typer.Argument(metavar="COMMENT", help="The id of the comment.")]
Language = Annotated[str, typer.Option(help="In which language titles and choices are.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import")(import_)
    for command in (statistics, export, comments, comment, decide):
        app.command(command.__name__)(command)


def statistics(  # noqa: PLR0913 - its options
    ctx: typer.Context,
    survey: Code,
    *,
    by: Annotated[
        str | None, typer.Option(help="In groups: tier, kind, tag:TAG, attribute:NAME, day, week or month.")
    ] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="DAY", help="Only from this day on.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Only up to this day.")] = None,
    version: Annotated[int | None, typer.Option(help="Only answers to this version.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write them into a file as CSV.")] = None,
    svg: Annotated[Path | None, typer.Option(help="Write the chart of a question into a file.")] = None,
    question: Annotated[
        str | None, typer.Option(help="Which question; over time, how many took part where left out.")
    ] = None,
    language: Language = "en",
) -> None:
    """Show what was answered to a survey: by all, in groups, or over time."""
    from corekit_surveys import statistics as counting
    from corekit_surveys.statistics_tables import as_csv, as_json, as_text
    from corekit_surveys.wording import Wording

    kit = open_kit(ctx)
    days = {"since": _day(since), "until": _day(until)}
    with kit.read() as read:
        found = counting.of(kit, read, survey, by=by, **days, version=version)
    wording = Wording(found.surveys, language)
    if csv is not None:
        csv.write_text(as_csv(found, wording), encoding="utf-8")
    if svg is not None:
        svg.write_text(_chart(found, question, wording), encoding="utf-8")
    emit(ctx, as_json(found), lambda _: as_text(found, wording))


def export(
    ctx: typer.Context,
    survey: Code,
    form: Annotated[Literal["csv", "jsonl"], typer.Option("--format", help="How they are written.")] = "jsonl",
) -> None:
    """Write all answers to a survey, one line for each."""
    from corekit_surveys import exporting

    with open_kit(ctx).read() as read:
        lines: Iterator[str] = (
            exporting.as_csv(read, survey) if form == "csv" else exporting.as_json_lines(read, survey)
        )
        for line in lines:
            typer.echo(line, nl=False)


def import_(
    ctx: typer.Context,
    survey: Code,
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="JSON Lines, or CSV where its name says so.")
    ],
) -> None:
    """Bring in answers that were given elsewhere, of no member: all of a file, or none."""
    from corekit_surveys import importing

    number = importing.load(open_kit(ctx), ACTOR, survey, file)
    emit(ctx, {"imported": number}, lambda shown: f"{shown['imported']} answers imported")


def comments(
    ctx: typer.Context,
    survey: Code,
    *,
    state: Annotated[
        Literal["pending", "shown", "hidden"] | None, typer.Option(help="Only those in this state.")
    ] = None,
    member: Annotated[str | None, typer.Option(metavar="MEMBER", help="Only what this member wrote.")] = None,
    first: Annotated[int, typer.Option(min=1, max=1000, help="How many of the newest to show.")] = 50,
) -> None:
    """Show the comments on a survey, the newest first."""
    from corekit_surveys.comments import comment_page

    kit = open_kit(ctx)
    writer = find_member(kit, member).id if member is not None else None
    with kit.read() as read:
        found = comment_page(read, survey, state, member=writer, first=first).items
    emit(ctx, found, lambda shown: "\n".join(map(_comment, shown)) or "no comments")


def comment(
    ctx: typer.Context, member: MemberId, survey: Code, text: Annotated[str, typer.Argument(help="The comment.")]
) -> None:
    """Write a comment for a member; it waits to be decided on."""
    from corekit_surveys.comments import write

    kit = open_kit(ctx)
    emit(ctx, write(kit, find_member(kit, member).id, survey, text), _comment)


def decide(
    ctx: typer.Context,
    comment_id: OfComment,
    state: Annotated[Literal["shown", "hidden"], typer.Argument(help="Whether it is shown or hidden.")],
    *,
    reason: Annotated[str | None, typer.Option(help="Why; it is kept.")] = None,
) -> None:
    """Show a comment, or hide it."""
    from corekit_surveys.comments import decide as deciding

    emit(ctx, deciding(open_kit(ctx), ACTOR, comment_id, state, reason), _comment)


def _chart(found: Statistics, question: str | None, wording: Wording) -> str:
    """Return the chart that is asked for; over time a line, else of one question."""
    from corekit_surveys import statistics_charts
    from corekit_surveys.statistics import PERIODS

    if question is not None and not any(question in each.questions for each in found.surveys):
        raise typer.BadParameter(f"--question: the survey asks no {question}")
    if found.by in PERIODS:
        return statistics_charts.trend(found.groups, question, wording)
    if question is None or found.by is not None:
        raise typer.BadParameter("--svg shows a --question, or what there was --by day, week or month")
    figures = (each for group in found.groups for each in group.questions if each.name == question)
    drawn = next((statistics_charts.chart(each, wording) for each in figures), None)
    if drawn is None:
        raise typer.BadParameter("there is nothing to draw of this question, or too few answered it")
    return drawn


def _day(text: str | None) -> date | None:
    from datetime import date

    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write for example 2027-12-24") from None


def _comment(each: Comment) -> str:
    return f"{each.created_at:%Y-%m-%d %H:%M}  {each.state:8}{each.id}  {each.member_id}  {each.text}"
