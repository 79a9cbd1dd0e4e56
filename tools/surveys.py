"""Compare `corekit_surveys` with survey-core: random definitions with answers, judged by both.

Compared is, for each pair:

- which questions are shown, and which of those shown are wrong,
- whether survey-core completes the survey with just these answers, and drops none of them.

Answers of a form that no frontend sends are refused here before anything else, whatever survey-core makes of them; of
those only the refusal is compared, where survey-core has a notion of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from attrs import frozen

from corekit_surveys import answers as judging
from corekit_surveys import codes, coercion
from corekit_surveys.definition import COMMENT, Survey
from corekit_surveys.reading import read
from tools.random_surveys import Pair


@frozen
class Verdict:
    """What is shown, what of it is wrong, and whether all of it is accepted as it is.

    ``shown`` is None where answers are refused before that is asked; ``stricter`` says that survey-core has no notion
    of what they are refused for.
    """

    shown: frozenset[str] | None
    wrong: frozenset[str]
    accepted: bool
    stricter: bool = False


BEFOREHAND = {codes.ANSWER_UNKNOWN.code, codes.ANSWER_NO_CHOICE.code, codes.ANSWER_MALFORMED.code}


def judged(survey: Survey, answers: Mapping[str, Any]) -> Verdict:
    """Return what this package says."""
    problems = judging.problems(survey, answers)
    found = {problem.code for problem in problems}
    if found & BEFOREHAND:
        return Verdict(None, frozenset(), accepted=False, stricter=found == {codes.ANSWER_MALFORMED.code})
    wrong = {str(each.path[0]).removesuffix(COMMENT) for each in problems if each.code != codes.ANSWER_HIDDEN.code}
    return Verdict(judging.visible(survey, answers), frozenset(wrong), accepted=not problems)


def differences(compared: Sequence[Pair], theirs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield where the two do not agree, with the pair."""
    surveys: dict[int, Survey] = {}
    for pair, said in zip(compared, theirs, strict=True):
        key = id(pair.definition)
        if key not in surveys:
            surveys[key] = read(pair.definition)
        ours = judged(surveys[key], pair.answers)
        them = Verdict(frozenset(said["shown"]), frozenset(said["wrong"]), accepted=said["accepted"])
        if not (ours == them if ours.shown is not None else ours.stricter or not them.accepted):
            yield f"{ours}\n  {them}\n  {json.dumps(pair.definition)}\n  {json.dumps(pair.answers)}"


def write(compared: Sequence[Pair], path: Path) -> None:
    """Write pairs as JSON lines."""
    lines = (json.dumps({"definition": pair.definition, "answers": pair.answers}) for pair in compared)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def load(path: Path) -> list[dict[str, Any]]:
    """Read what survey-core said, as JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _shown(*_: Any) -> bool:
    return True


def _as_it_is(value: Any) -> Any:
    return value


def _in_order(left: Any, right: Any, **_: Any) -> bool:
    return bool(left == right)


def _exactly(value: float, step: float) -> bool:
    return value % step == 0


PLANTED: Mapping[str, tuple[Any, str, Callable[..., Any]]] = {
    "all is shown": (judging, "holds", _shown),
    "white space counts": (coercion, "trimmed", _as_it_is),
    "texts are texts": (coercion, "understood", _as_it_is),
    "lists are in order": (coercion, "_same_lists", _in_order),
    "characters are counted": (coercion, "units", _as_it_is),
    "steps are exact": (judging, "_is_multiple", _exactly),
}
"""What could have been done otherwise, each of which has to be noticed."""


def noticed(fault: str, compared: Sequence[Pair], theirs: Sequence[Mapping[str, Any]]) -> int:
    """Return how many pairs differ once something is done otherwise."""
    module, name, instead = PLANTED[fault]
    with patch.object(module, name, instead):
        return sum(1 for _ in differences(compared, theirs))
