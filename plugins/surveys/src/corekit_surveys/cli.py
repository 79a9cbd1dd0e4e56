"""``corekit surveys``: writing surveys, opening and closing them, answering for members, and what comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from corekit.command import ACTOR, Key, MemberId, emit, find_member, instant, open_kit, record
from corekit_surveys import cli_statistics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corekit_surveys.finding import Kept
    from corekit_surveys.terms import Terms

app = typer.Typer(help="Surveys: what members are asked, and what they answer.", no_args_is_help=True)
cli_statistics.add_to(app)

Code = Annotated[str, typer.Argument(metavar="SURVEY", help="The survey's name, such as lunch-2026.")]
File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE", help="What it asks: SurveyJS's JSON.")
]


@app.command("list")
def list_(  # noqa: PLR0913 - an option for each
    ctx: typer.Context,
    *,
    state: Annotated[str | None, typer.Option(help="Only those that are draft, open or closed.")] = None,
    search: Annotated[str | None, typer.Option(help="Only those of which the code or a title has this.")] = None,
    home: Annotated[bool, typer.Option("--home", help="Only those that a home page shows.")] = False,
    once: Annotated[bool | None, typer.Option("--once/--often", help="How often a member answers them.")] = None,
    limited: Annotated[bool | None, typer.Option("--quota/--no-quota", help="Whether they have a quota.")] = None,
    anonymous: Annotated[bool | None, typer.Option("--anonymous/--by-name", help="Whether they are anonymous.")] = None,
    named: Annotated[
        list[str] | None,
        typer.Option(metavar="WHAT=NAME", help="Only those with this in their audience, such as tag=vip."),
    ] = None,
    first: Annotated[int, typer.Option(min=1, max=1000, help="How many of the newest to show.")] = 50,
) -> None:
    """List surveys, the newest first, with how many have answered."""
    from corekit_surveys import finding

    wanted = finding.Wanted(
        state=state,
        search=search,
        show_on_home=True if home else None,
        once=once,
        limited=limited,
        anonymous=anonymous,
        named=_named(named or []),
    )
    with open_kit(ctx).read() as read:
        found = finding.survey_page(read, wanted, first=first).items
        answers = finding.counted(read, [each.id for each in found])
    rows = [_told(each, answers[each.id]) for each in found]
    emit(ctx, rows, lambda shown: "\n".join(map(_line, shown)) or "no surveys")


@app.command()
def show(
    ctx: typer.Context,
    survey: Code,
    *,
    member: Annotated[str | None, typer.Option(metavar="MEMBER", help="Whether this one can answer it now.")] = None,
) -> None:
    """Show a survey, what it asks, and whether a member can answer it now."""
    from corekit_surveys import finding, standing

    kit = open_kit(ctx)
    with kit.read() as read:
        known = finding.get(read, survey)
        shown = _told(known, finding.counted(read, [known.id])[known.id]) | {"definition": known.definition}
        if member is not None:
            id_ = find_member(kit, member).id
            entries = standing.judged(read, kit, [id_], kit.now(read), [known]).get(id_, [])
            texts = kit.registry.errors
            shown["reasons"] = [
                {"code": code, "message": texts[code].en.format(**parameters)}
                for entry in entries
                for code, parameters in entry.reasons
            ]
    emit(ctx, shown, _shown)


@app.command()
def add(ctx: typer.Context, survey: Code, file: File) -> None:
    """Write a survey, which is a draft first, and which everybody answers once; `change` says otherwise."""
    from corekit_surveys import catalogue

    emit(ctx, _told(catalogue.create(open_kit(ctx), ACTOR, survey, _json(file))), _line)


@app.command()
def revise(ctx: typer.Context, survey: Code, file: File) -> None:
    """Let a survey ask something else from now on; what was answered before stays."""
    from corekit_surveys import catalogue

    emit(ctx, _told(catalogue.revise(open_kit(ctx), ACTOR, survey, _json(file))), _line)


@app.command()
def change(  # noqa: PLR0913 - an option for each
    ctx: typer.Context,
    survey: Code,
    *,
    home: Annotated[bool, typer.Option("--home", help="A home page shows it.")] = False,
    opens: Annotated[str | None, typer.Option(metavar="TIME", help="From when on it is answered.")] = None,
    closes: Annotated[str | None, typer.Option(metavar="TIME", help="From when on it is not any more.")] = None,
    audience: Annotated[
        str | None, typer.Option(metavar="JSON", help='Who answers it, such as \'{"tier": "gold"}\'; else everybody.')
    ] = None,
    quota: Annotated[int | None, typer.Option(help="How many answers are wanted; else without end.")] = None,
    most: Annotated[int, typer.Option(min=0, help="How often a member answers it; 0: without end.")] = 1,
    pause: Annotated[int, typer.Option(metavar="DAYS", help="From one answer of a member to the next.")] = 0,
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Nobody can say who answered what.")] = False,
    results: Annotated[bool, typer.Option("--results", help="Who has answered it sees what all have.")] = False,
) -> None:
    """Let other terms hold of a survey. What is left out is not so any more."""
    from corekit_surveys import catalogue
    from corekit_surveys.terms import Terms

    kit = open_kit(ctx)
    terms = Terms(
        show_on_home=home,
        opens_at=instant(opens, kit) if opens is not None else None,
        closes_at=instant(closes, kit) if closes is not None else None,
        audience=_parsed(audience, "--audience") if audience is not None else None,
        quota=quota,
        most=most or None,
        pause_days=pause,
        anonymous=anonymous,
        show_results=results,
    )
    emit(ctx, _told(catalogue.change(kit, ACTOR, survey, terms)), _line)


@app.command("open")
def open_(ctx: typer.Context, survey: Code) -> None:
    """Open a survey, also one that was closed."""
    from corekit_surveys import catalogue

    emit(ctx, _told(catalogue.move(open_kit(ctx), ACTOR, survey, "open")), _line)


@app.command()
def close(ctx: typer.Context, survey: Code) -> None:
    """Let nobody answer a survey any more."""
    from corekit_surveys import catalogue

    emit(ctx, _told(catalogue.move(open_kit(ctx), ACTOR, survey, "closed")), _line)


@app.command()
def delete(ctx: typer.Context, survey: Code) -> None:
    """Delete a survey that nobody has answered or begun to."""
    from corekit_surveys import catalogue

    emit(ctx, _told(catalogue.remove(open_kit(ctx), ACTOR, survey)), lambda shown: f"{shown['code']} is gone")


@app.command()
def answer(
    ctx: typer.Context,
    member: MemberId,
    survey: Code,
    answers: Annotated[str, typer.Argument(metavar="JSON", help="The answers by question, such as '{\"stars\": 5}'.")],
    *,
    save: Annotated[bool, typer.Option("--save", help="Only save them; the member goes on later.")] = False,
    key: Key = None,
) -> None:
    """Answer a survey for a member; what is refused stays saved."""
    from corekit_surveys import answering, drafts

    kit = open_kit(ctx)
    id_, told = find_member(kit, member).id, _answers(answers)
    if save:
        saved = drafts.save(kit, id_, survey, told)
        emit(ctx, {"saved_at": saved.saved_at}, lambda shown: f"saved at {shown['saved_at']:%Y-%m-%d %H:%M}")
        return
    given = {"source": "cli"} if key is None else {"source": "cli", "external_id": key}
    answering.save(kit, id_, survey, told, **given)
    record(ctx, "surveys.answered", member, {"survey": survey}, key)


def _named(given: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        what, equals, name = text.partition("=")
        if not equals or what not in ("tier", "kind", "tag", "group", "bought", "metric"):
            raise typer.BadParameter(f"{text} is nothing to look for; write for example tag=vip")
        found[what] = name
    return found


def _answers(text: str) -> dict[str, Any]:
    found = _parsed(text, "the answers")
    if not isinstance(found, dict):
        raise typer.BadParameter("the answers are an object, such as {}")
    return cast("dict[str, Any]", found)


def _json(file: Path) -> Any:
    return _parsed(file.read_text(encoding="utf-8"), str(file))


def _parsed(text: str, what: str) -> Any:
    import json

    try:
        return json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"{what} is no JSON: {error}") from None


def _told(survey: Kept, answers: int | None = None) -> dict[str, Any]:
    terms = survey.terms
    told = {
        "code": survey.code,
        "title": survey.title("en"),
        "state": survey.state,
        "version": survey.version,
        "terms": terms,
        "left": survey.left,
    }
    return told if answers is None else told | {"answers": answers}


def _line(row: Mapping[str, Any]) -> str:
    terms: Terms = row["terms"]
    window = "".join(
        f"  {what} {at:%Y-%m-%d %H:%M}" for what, at in (("from", terms.opens_at), ("until", terms.closes_at)) if at
    )
    often = "once" if terms.most == 1 else f"{terms.most or 'any'} times, {terms.pause_days} days between"
    left = "" if row["left"] is None else f"  {row['left']} of {terms.quota} left"
    anonymous = "  anonymous" if terms.anonymous else ""
    audience = "" if terms.audience is None else f"  audience {terms.audience}"
    answers = f"  {row['answers']} answers" if "answers" in row else ""
    head = f"{row['code']:24}{row['state']:8}v{row['version']}  {row['title']}"
    return f"{head}  {often}{anonymous}{window}{left}{audience}{answers}"


def _shown(row: Mapping[str, Any]) -> str:
    import json

    lines = [_line(row), json.dumps(row["definition"], ensure_ascii=False, indent=2)]
    if "reasons" in row:
        lines.append("can answer: " + (" ".join(each["message"] for each in row["reasons"]) or "yes"))
    return "\n".join(lines)
