"""What attempts at settling a chunk found out, for the next one."""

from __future__ import annotations

from attrs import Factory, define

from corekit.activities.incoming import Key
from corekit.activities.outcome import Failure
from corekit.activities.own_effects import GuardFailed, HeldBack
from corekit.activities.own_kinds import Guarded, Lesson
from corekit.activities.plan import Sunk
from corekit.activities.planned import Place
from corekit.errors import Busy, Refusal
from corekit.ledger.segments import Written


@define
class Known:
    """What earlier attempts at a chunk found out: by the activity's key, and of whom; ``written`` is of all chunks."""

    written: Written
    guarded: Guarded = Factory(dict[tuple[Key, Place], str])
    lessons: dict[Key, list[Lesson]] = Factory(dict[Key, list[Lesson]])
    broken: dict[Key, Failure] = Factory(dict[Key, Failure])
    refused: dict[Key, Refusal] = Factory(dict[Key, Refusal])
    held: dict[Key, Busy] = Factory(dict[Key, Busy])
    members: set[str] = Factory(set[str])
    """Whom plans touched: their own members, and those to whom value of them moves."""

    def learn(self, what: GuardFailed | HeldBack | Sunk) -> None:
        """Keep why something cannot settle as it was planned."""
        if isinstance(what, GuardFailed):
            self.guarded.update(what.failed)
            for key, lesson in what.lessons:
                learnt = self.lessons.setdefault(key, [])
                if lesson in learnt:
                    self.guarded[key, lesson.place] = lesson.kind.refusal
                learnt.append(lesson)
        elif isinstance(what, HeldBack):
            self.held.update(dict.fromkeys(what.keys, what.reason))
        elif isinstance(what.reason, Busy):
            self.held[what.key] = what.reason
        elif isinstance(what.reason, Failure):
            self.broken[what.key] = what.reason
        else:
            self.refused[what.key] = what.reason
