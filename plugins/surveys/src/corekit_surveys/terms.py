"""Of whom a survey asks something, when, how often, and whether it knows who answers: everything but the questions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import frozen

from corekit import Problem
from corekit_surveys import codes, declared

MOST = 10**9
"""The largest number that any of these can be."""


@frozen(kw_only=True)
class Terms:
    """What can be changed of a survey besides its questions.

    It is answered from ``opens_at`` until before ``closes_at`` (None: whenever it is open) by members whom the rule
    ``audience`` lets (None: by all), ``quota`` times in all and ``most`` times by each (None: without end), with
    ``pause_days`` between two of its days. Where it is ``anonymous`` nobody can say who answered what. With
    ``show_results`` who has answered it sees what all have, counted together.
    """

    show_on_home: bool = False
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    audience: Any = None
    quota: int | None = None
    most: int | None = 1
    pause_days: int = 0
    anonymous: bool = False
    show_results: bool = False


def problems(terms: Terms) -> list[Problem]:
    """Return all that does not hold, but for what of the audience depends on the program."""
    found: list[Problem] = []
    if terms.opens_at is not None and terms.closes_at is not None and terms.closes_at <= terms.opens_at:
        found.append(codes.problem(declared.WINDOW, "closes_at"))
    for name, least in (("quota", 1), ("most", 1), ("pause_days", 0)):
        value: int | None = getattr(terms, name)
        if value is not None and not least <= value <= MOST:
            found.append(codes.problem(declared.NUMBER, name, least=str(least), most=str(MOST)))
    if terms.pause_days and terms.most == 1:
        found.append(codes.problem(declared.PAUSE_OF_ONE, "pause_days"))
    return found
