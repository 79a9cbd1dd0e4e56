"""How a command answers with what became of activities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from corekit.cli.output import NO, emit

if TYPE_CHECKING:
    from corekit.activities.outcome import Outcome


def answer(ctx: typer.Context, outcomes: Sequence[Outcome], *, simulated: bool = False) -> None:
    """Print outcomes, one as it is and several as a list; exit with 1 unless each was settled."""
    value: Any = outcomes[0] if len(outcomes) == 1 else outcomes
    emit(ctx, value, lambda _: "\n".join(_said(outcome, simulated=simulated) for outcome in outcomes))
    if not all(outcome.settled for outcome in outcomes):
        raise typer.Exit(NO)


def _said(outcome: Outcome, *, simulated: bool, depth: int = 0) -> str:
    verdict = f"would be {outcome.outcome}" if simulated else outcome.outcome
    verdict += " before" if outcome.replayed else ""
    why = f": {outcome.message} [{outcome.code}]" if outcome.code else ""
    indent = "  " * depth
    lines = [f"{indent}{outcome.type} {verdict}{why}  member {outcome.member}  activity {outcome.activity_id}"]
    for effect in outcome.effects:
        dropped = "" if effect.code is None else f" {effect.state} [{effect.code}]"
        lines.append(f"{indent}  {effect.kind} {effect.amount} {effect.account or ''} by {effect.rule}{dropped}")
    return "\n".join([*lines, *(_said(each, simulated=simulated, depth=depth + 1) for each in outcome.follow_ons)])
