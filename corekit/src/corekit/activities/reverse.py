"""Taking an activity back, by reference to its stored effects: no rule runs again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import Factory, define

from corekit.activities.activity import Activity, Line
from corekit.activities.planned import PlannedEffect
from corekit.activities.returns import WHOLE_ACTIVITY, Return, in_proportion, returned, weights_of
from corekit.declares import ErrorText
from corekit.ledger.segments import Told

ERRORS = (
    ErrorText(
        "REVERSAL_UNKNOWN", "The member has no settled activity {activity}.", "该会员没有已结算的活动 {activity}。"
    ),
    ErrorText("REVERSAL_OF_REVERSAL", "A reversal is not reversed; record the activity again.", "撤销不能再被撤销。"),
    ErrorText("REVERSAL_OF_EXPIRY", "What lapsed is not given back by a reversal; adjust instead.", "过期不能被撤销。"),
    ErrorText("PLUGIN_OFF", "This is of plugin {plugin}, which is not enabled.", "插件 {plugin} 未启用。"),
    ErrorText("ACCOUNT_EMPTY", "There is nothing left of {account}.", "{account} 已无余额。"),
    ErrorText(
        "TAKE_BACK_TOO_MUCH",
        "Of {account} only {left} is left to be taken back, not {asked}.",
        "{account} 可收回的只剩 {left}，不足 {asked}。",
    ),
    ErrorText("ALREADY_REVERSED", "This activity has been taken back already.", "该活动已被撤销。"),
    ErrorText(
        "REVERSAL_OF_RECEIPT", "This came from a transfer; take back {transfer} instead.", "请撤销转出活动 {transfer}。"
    ),
    ErrorText(
        "REVERSAL_OF_MERGE_PART",
        "This is a part of a merge; take back what it follows from, {merge}, up to the activity member.merged.",
        "这是合并的一部分，请撤销其上级活动 {merge}（直至 member.merged）。",
    ),
    ErrorText("OVER_RETURN", "Only {left} is left to come back, not {asked}.", "可退的只剩 {left}，不足 {asked}。"),
    ErrorText("RETURN_LINE_UNKNOWN", "The activity has no line {line}.", "该活动没有第 {line} 行。"),
)

GIVES = frozenset({"Credit", "Receive"})
"""The kinds of effects that give value: they are taken back out of the lot that they made."""
RECEIVED = "transfer.received"
"""The activity by which value arrives that another member gave."""
MERGED_INTO = "member.merged_into"
"""The activity by which a member becomes a part of another and gives up all it has."""
MERGED_FROM = "member.merged_from"
"""The activity by which the other takes that over."""
PASSED_ON = "member.passed_on"
"""The activity by which a merged member passes on what something that was taken back left with it."""
WITH_PARENT = frozenset({RECEIVED, MERGED_INTO, MERGED_FROM, PASSED_ON})
"""What settles, and comes back, together with what it follows from, or neither does."""
CLOSED = "account.closed"
"""The activity by which what a member has of an account kind goes elsewhere, because its plugin is removed."""
HOLD_EXPIRED = "hold.expired"
"""The activity by which a hold lapses."""


@define
class StoredEffect:
    """An effect as the database holds it; ``undone`` grows with what the plan takes back."""

    id: str
    owner: str
    kind: str
    rule: str
    account: str | None
    amount: int
    undone: int
    data: Mapping[str, Any] | None
    state: str
    shares: Mapping[str, int] | None

    @property
    def across(self) -> str | None:
        """The first of the debits, or captures, that take from several accounts at once and come back together."""
        told = self.data or {}
        return told.get("across") if self.kind in {"Debit", "Capture"} else None

    @property
    def remaining(self) -> int:
        """What has not been taken back of it yet."""
        return self.amount - self.undone if self.state == "applied" else 0

    def part(self, back: Return, together: Sequence[StoredEffect] = ()) -> int:
        """Return how much of it is undone by a part that comes back; ``together`` are those it is one of."""
        if back.completes:
            return self.remaining
        if self.state != "applied" or self.kind in {"Hold", "Transfer"}:
            return 0
        if together:
            amounts = [each.amount for each in together]
            part = in_proportion(back.upto(sum(amounts)), amounts)[together.index(self)] - self.undone
        elif self.shares is None:
            part = back.of_whole(self.amount)
        else:
            part = back.of_shares({int(no): share for no, share in self.shares.items()})
        return min(part, self.remaining)  # some of it may have been taken back by itself before

    def undoing(self, amount: int) -> PlannedEffect:
        """Return the effect that takes back a part of this one."""
        return PlannedEffect(
            self.owner, self.kind, self.rule, account=self.account, amount=amount, data=self.data, undoes=self.id
        )


@define
class Original:
    """An activity that may be taken back, with its effects, the follow-ons below it, and what came back already.

    ``is_reversed`` says that nothing of it is left; ``dimensions`` is what its postings and holds stand under.
    """

    id: str
    member: str
    type: str
    occurred: int
    is_reversal: bool
    parent: str | None
    seq: int
    measures: Mapping[str, int]
    amount: int
    unit: str | None
    lines: tuple[Line, ...]
    returned: Mapping[int, int]
    is_reversed: bool
    effects: tuple[StoredEffect, ...]
    dimensions: Told
    children: list[Original] = Factory(list["Original"])

    @classmethod
    def loaded(cls, row: tuple[Any, ...]) -> Original:
        """Make an original of the database's row."""
        activity, member, kind, occurred, is_reversal, parent, seq, measures, amount, unit = row[:10]
        found, found_lines, parts, segments, back, times = row[10:]
        effects: list[Any] = found or []
        stored = (StoredEffect(*effect[1:]) for effect in sorted(effects, key=lambda effect: effect[0]))
        lines = tuple(_line(line) for line in sorted(found_lines or [], key=_number))
        returned: dict[int, int] = dict(parts or ()) or ({WHOLE_ACTIVITY: int(back)} if back else {})
        weights = weights_of(amount, lines)
        is_reversed = times > 0 and sum(returned.values()) == sum(weights.values())
        return cls(
            activity,
            member,
            kind,
            occurred,
            bool(is_reversal),
            parent,
            seq,
            measures or {},
            amount,
            unit,
            lines,
            returned,
            is_reversed,
            tuple(stored),
            {name: value for segment in segments or () for name, value in segment.items()},
        )

    def below(self) -> Iterator[Original]:
        """Yield the follow-ons of this activity and of its follow-ons, leaves first, newest first."""
        for child in sorted(self.children, key=lambda child: child.id, reverse=True):
            yield from child.below()
            yield child

    def coming_back(self, asked: Activity) -> Return:
        """Return the part that a reversal takes back; refused where that is more than is left."""
        weights = weights_of(self.amount, self.lines)
        known = (line.no for line in self.lines)
        return returned(weights, known, self.returned, asked.lines, asked.amount)

    def together(self, effect: StoredEffect) -> Sequence[StoredEffect]:
        """Return the effects by which value was taken from several accounts at once, if this is one of them."""
        across = effect.across
        return [each for each in self.effects if each.across == across] if across is not None else ()

    @property
    def is_expiry(self) -> bool:
        """Whether it let value lapse."""
        return self.type == HOLD_EXPIRED or any(effect.kind == "Expire" for effect in self.effects)


def _line(row: list[Any]) -> Line:
    no, amount, sku, category, quantity, unit_price, flags = row
    return Line(no, amount, sku, category, quantity, unit_price, tuple(flags or ()))


def _number(line: list[Any]) -> int:
    number: int = line[0]
    return number
