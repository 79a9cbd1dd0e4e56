"""What comes back of an activity, and what that undoes: pure arithmetic, exact however a return is cut.

Of a line of amount ``A`` of which ``c`` came back before, a part ``v`` undoes ``floor((c+v)E/A) - floor(cE/A)`` of what
belongs to the line, ``E``. Sums of such differences do not depend on how the line is cut, and end at ``E``. What
belongs to no line is undone in the same way by the amount of the whole activity. What cannot be divided comes back with
the part that completes the whole, and so do lines of amount 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import evolve, frozen

from corekit.activities.activity import Line
from corekit.errors import Refusal

WHOLE_ACTIVITY = 0
"""Stands for the only line of an activity that has none; lines are numbered from 1."""


@frozen
class Return:
    """A part that comes back: per line what came back ``before`` and what comes back ``now``, in minor units.

    ``weights`` are the amounts of the lines that have one; an activity without such a line, and without an amount, has
    no weights: it can only come back as a whole.
    """

    weights: Mapping[int, int]
    before: Mapping[int, int]
    now: Mapping[int, int]

    @property
    def amount(self) -> int:
        """What comes back, in minor units of the activity's unit."""
        return sum(self.now.values())

    @property
    def after(self) -> Mapping[int, int]:
        """What came back of each line, this part included."""
        return {no: self.before.get(no, 0) + self.now.get(no, 0) for no in self.weights}

    @property
    def completes(self) -> bool:
        """Whether nothing is left afterwards."""
        return self.after == self.weights

    def of_shares(self, shares: Mapping[int, int]) -> int:
        """Return how much is undone of what is shared out among lines; shares of lines of amount 0 are left out."""
        return sum(
            _between(self.before.get(no, 0), self.now.get(no, 0), share, self.weights[no])
            for no, share in shares.items()
            if no in self.weights
        )

    def upto(self, amount: int) -> int:
        """Return how much is undone, this part included, of a positive amount that belongs to no line."""
        return sum(self.after.values()) * amount // sum(self.weights.values()) if self.weights else amount

    def of_whole(self, amount: int) -> int:
        """Return how much is undone of what belongs to no line; a negative amount like a positive one."""
        if not self.weights:
            return amount
        undone = _between(sum(self.before.values()), self.amount, abs(amount), sum(self.weights.values()))
        return undone if amount >= 0 else -undone

    def lines(self, lines: Sequence[Line]) -> tuple[Line, ...]:
        """Return the lines that come back, each with the quantity in proportion."""
        found: list[Line] = []
        for line in lines:
            if part := self.now.get(line.no, 0):
                quantity = abs(line.quantity)
                back = _between(self.before.get(line.no, 0), part, quantity, line.amount)
                found.append(evolve(line, amount=part, quantity=back if line.quantity >= 0 else -back))
        return tuple(found)


def in_proportion(amount: int, weights: Sequence[int]) -> list[int]:
    """Share an amount out in proportion to weights, none of which gets more than itself where their sum is enough.

    By nested floors: the first gets ``floor(amount * w / sum)``, and the rest is shared among the others in the same
    way. Each part depends on the amount alone and never falls as it grows, so what is shared out of a growing amount
    in steps sums exactly, however it is cut.
    """
    left, weight = amount, sum(weights)
    parts: list[int] = []
    for each in weights:
        part = left * each // weight if weight else 0
        parts.append(part)
        left -= part
        weight -= each
    return parts


def weights_of(amount: int, lines: Iterable[Line]) -> dict[int, int]:
    """Return what each line of an activity weighs, those of amount 0 left out."""
    weights = {line.no: line.amount for line in lines if line.amount}
    return weights or ({WHOLE_ACTIVITY: abs(amount)} if amount else {})


def returned(
    weights: Mapping[int, int], known: Iterable[int], before: Mapping[int, int], lines: Iterable[Line], amount: int
) -> Return:
    """Return what comes back: the ``lines`` named, or an ``amount`` spread over what is left, or all that is left.

    ``known`` are the numbers of all lines of the activity. Refused: a line that it has not, and more than is left.
    """
    left = {no: weight - before.get(no, 0) for no, weight in weights.items()}
    asked = {line.no: line.amount for line in lines}
    if asked:
        if strange := asked.keys() - set(known):
            raise Refusal("RETURN_LINE_UNKNOWN", line=min(strange))
        now = {no: part for no, part in asked.items() if part}
    elif amount:
        if amount > sum(left.values()):
            raise Refusal("OVER_RETURN", left=str(sum(left.values())), asked=str(amount))
        now = _spread(amount, left)
    else:
        now = {no: part for no, part in left.items() if part}
    for no, part in now.items():
        if part > left.get(no, 0):
            raise Refusal("OVER_RETURN", line=no, left=str(left.get(no, 0)), asked=str(part))
    return Return(weights, before, now)


def _between(before: int, part: int, share: int, weight: int) -> int:
    return (before + part) * share // weight - before * share // weight


def _spread(amount: int, left: Mapping[int, int]) -> dict[int, int]:
    """Spread an amount over what is left of lines, by cumulative floors in the order of their numbers."""
    total = sum(left.values())
    passed = given = 0
    parts: dict[int, int] = {}
    for no in sorted(left):
        passed += left[no]
        upto = passed * amount // total
        if upto > given:
            parts[no] = upto - given
        given = upto
    return parts
