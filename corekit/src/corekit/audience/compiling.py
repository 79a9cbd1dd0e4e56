"""Rules as data become rules to be judged; what does not hold is refused by its path."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, cast

from attrs import frozen

from corekit.audience.rules import Everybody, FromTier, Measured, OneOf, Rule, Several
from corekit.declares import ErrorText
from corekit.errors import Problem
from corekit.metrics import Window
from corekit.validation import suggest

if TYPE_CHECKING:
    from corekit import Kit

Path = tuple[str | int, ...]
Refuse = Callable[[Path, str], None]
_FORMS = ("all", "any", "bought", "everybody", "group", "kind", "metric", "none", "tag", "tier")
_DEEPEST = 8
_MOST = 100
"""Rules of one list, and names of one rule."""
_LONGEST = 200
_NEVER = 10**6
"""The rank of a tier that the ladder no longer has: nobody stands so high."""


@frozen
class Known:
    """What rules can speak of: the rank of each tier by ladder, kinds of members, and metrics, with those kept by day.

    The first ladder is the one that is meant where a rule names none. Without ``metrics`` any will do.
    """

    ranks: Mapping[str, Mapping[str, int]]
    kinds: Collection[str] = ()
    metrics: Mapping[str, bool] | None = None


def known(kit: Kit) -> Known:
    """Return what rules can speak of now."""
    ranks = {ladder.code: {tier.code: tier.rank for tier in ladder.tiers} for ladder in kit.program.ladders}
    metrics = {name: bool(found) for name, found in kit.terms().windows.items()}
    return Known(ranks, kit.settings.members.kinds, metrics)


def compiled(data: Any, known_: Known) -> Rule:
    """Return what a stored rule means now; what does not hold any more is met by nobody."""
    return _Compiler(known_, lambda _path, _expected: None).rule(data, ())


def checked(data: Any, known_: Known, text: ErrorText, path: Path) -> list[Problem]:
    """Return all that does not hold of a rule that is to be stored, each with its path below ``path``.

    ``text`` is how it is said, with what was ``{expected}``.
    """
    found: list[Problem] = []

    def refuse(place: Path, expected: str) -> None:
        message = text.en.format(expected=expected)
        parameters = {"expected": expected}
        found.append(Problem(code=text.code, message=message, path=(*path, *place), parameters=parameters))

    _Compiler(known_, refuse).rule(data, ())
    return found


class _Compiler:
    def __init__(self, known_: Known, refuse: Refuse) -> None:
        self._known = known_
        self._refuse = refuse

    def rule(self, data: Any, path: Path) -> Rule:
        """Return a rule; where it does not hold, one that nobody meets."""
        if not isinstance(data, dict):
            return self._wrong(path, "expected an object such as {'tier': 'gold'}")
        told = cast("dict[str, Any]", data)
        forms = [name for name in _FORMS if name in told]
        if len(forms) != 1:
            return self._wrong(path, f"expected one of {', '.join(_FORMS)}")
        (form,) = forms
        more = {"tier": {"ladder"}, "metric": {"least", "window"}}.get(form, set[str]())
        for strange in sorted(told.keys() - {form} - more):
            self._wrong((*path, strange), f"a rule by {form} has no {strange}{suggest(strange, more)}")
        make: Callable[[dict[str, Any], str, Path], Rule] = {
            "all": self._several,
            "any": self._several,
            "none": self._several,
            "everybody": self._everybody,
            "tier": self._tier,
            "metric": self._metric,
        }.get(form, self._one_of)
        return make(told, form, path)

    def _several(self, told: dict[str, Any], form: str, path: Path) -> Rule:
        inner: list[Any] = told[form] if isinstance(told[form], list) else []
        if not 1 <= len(inner) <= _MOST:
            return self._wrong((*path, form), f"expected a list of 1 to {_MOST} rules")
        if sum(isinstance(part, str) for part in path) >= _DEEPEST:
            return self._wrong((*path, form), f"expected at most {_DEEPEST} rules within each other")
        rules = [self.rule(each, (*path, form, at)) for at, each in enumerate(inner)]
        return Several(cast("Any", form), tuple(rules))

    def _everybody(self, told: dict[str, Any], form: str, path: Path) -> Rule:
        return Everybody() if told[form] is True else self._wrong((*path, form), "expected true")

    def _tier(self, told: dict[str, Any], form: str, path: Path) -> Rule:
        code, ladder = told[form], told.get("ladder")
        ranks = self._known.ranks
        if ladder is not None and ladder not in ranks:
            hint = suggest(str(ladder), ranks)
            return self._wrong((*path, "ladder"), f"the program has no ladder {ladder!r}{hint}")
        first: Mapping[str, int] = next(iter(ranks.values())) if ranks else {}
        tiers = ranks[ladder] if ladder is not None else first
        if not isinstance(code, str) or code not in tiers:
            return self._wrong((*path, form), f"the ladder has no tier {code!r}{suggest(str(code), tiers)}")
        return FromTier(code, ladder, tiers[code])

    def _one_of(self, told: dict[str, Any], form: str, path: Path) -> Rule:
        given = told[form]
        names: list[Any] = [given] if isinstance(given, str) else []
        if isinstance(given, list):
            names = cast("Any", given)
        if not 1 <= len(names) <= _MOST or not all(
            isinstance(each, str) and 0 < len(each) <= _LONGEST for each in names
        ):
            return self._wrong((*path, form), f"expected a name, or a list of 1 to {_MOST} names")
        for name in names if form == "kind" else ():
            if name not in self._known.kinds:
                self._wrong((*path, form), f"there is no kind {name!r} of members{suggest(name, self._known.kinds)}")
        return OneOf(cast("Any", form), tuple(names))

    def _metric(self, told: dict[str, Any], form: str, path: Path) -> Rule:
        name, least = told[form], told.get("least")
        known_ = self._known.metrics
        plain = str(name).partition("=")[0]
        if not isinstance(name, str) or "\0" in name or (known_ is not None and plain not in known_):
            return self._wrong((*path, form), f"there is no metric {name!r}{suggest(str(name), known_ or ())}")
        if type(least) is not int:
            return self._wrong((*path, "least"), "expected a whole number, in minor units of the metric")
        try:
            window = Window.parse(str(told.get("window", "lifetime")))
        except ValueError as error:
            return self._wrong((*path, "window"), f"expected a window: {error}")
        if window.bucket != "lifetime" and ("=" in name or not (known_ is None or known_[plain])):
            return self._wrong((*path, "window"), f"{name} is kept over the lifetime alone")
        return Measured(name, window, least)

    def _wrong(self, path: Path, expected: str) -> Rule:
        self._refuse(path, expected)
        return FromTier("", None, _NEVER)
