"""Taking an activity back, by reference to its stored effects: no rule runs again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import Factory, define

from corekit.activities.planned import PlannedEffect
from corekit.declares import ErrorText

ERRORS = (
    ErrorText(
        "REVERSAL_UNKNOWN", "The member has no settled activity {activity}.", "该会员没有已结算的活动 {activity}。"
    ),
    ErrorText("REVERSAL_OF_REVERSAL", "A reversal is not reversed; record the activity again.", "撤销不能再被撤销。"),
    ErrorText("REVERSAL_OF_EXPIRY", "What lapsed is not given back by a reversal; adjust instead.", "过期不能被撤销。"),
    ErrorText("PLUGIN_OFF", "This is of plugin {plugin}, which is not enabled.", "插件 {plugin} 未启用。"),
    ErrorText(
        "TAKE_BACK_TOO_MUCH",
        "Of {account} only {left} is left to be taken back, not {asked}.",
        "{account} 可收回的只剩 {left}，不足 {asked}。",
    ),
    ErrorText("ALREADY_REVERSED", "This activity has been taken back already.", "该活动已被撤销。"),
)


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

    @property
    def remaining(self) -> int:
        """What has not been taken back of it yet."""
        return self.amount - self.undone if self.state == "applied" else 0

    def undoing(self, amount: int) -> PlannedEffect:
        """Return the effect that takes back a part of this one."""
        return PlannedEffect(
            self.owner, self.kind, self.rule, account=self.account, amount=amount, data=self.data, undoes=self.id
        )


@define
class Original:
    """An activity that may be taken back, with its effects and the follow-ons below it."""

    id: str
    member: str
    type: str
    occurred: int
    is_reversal: bool
    parent: str | None
    seq: int
    measures: Mapping[str, int]
    is_reversed: bool
    effects: tuple[StoredEffect, ...]
    children: list[Original] = Factory(list["Original"])

    @classmethod
    def loaded(cls, row: tuple[Any, ...]) -> Original:
        """Make an original of the database's row."""
        activity, member, kind, occurred, is_reversal, parent, seq, measures, is_reversed, found = row
        effects: list[Any] = found or []
        stored = (
            StoredEffect(*effect[:9]) for effect in sorted(effects, key=lambda effect: effect[9]) if effect is not None
        )
        return cls(
            activity,
            member,
            kind,
            occurred,
            bool(is_reversal),
            parent,
            seq,
            measures or {},
            bool(is_reversed),
            tuple(stored),
        )

    def below(self) -> Iterator[Original]:
        """Yield the follow-ons of this activity and of its follow-ons, leaves first, newest first."""
        for child in sorted(self.children, key=lambda child: child.seq, reverse=True):
            yield from child.below()
            yield child

    @property
    def is_expiry(self) -> bool:
        """Whether it let value lapse."""
        return any(effect.kind == "Expire" for effect in self.effects)
