"""What follows from an activity: medals whose criteria it meets, and what is given, taken and arranged by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from attrs import field, frozen

from corekit import Activity, Effect, Facts, Follow, Refusal, micros
from corekit_medals import counting, declared, rules, waiting
from corekit_medals.awarding import Arrange, Award, BackFill, End, Ending, Grant
from corekit_medals.catalogue import Catalogue, Entry, Group, Medal
from corekit_medals.history import event
from corekit_medals.loading import UNSEEN, Key, Seen


@frozen
class _Now:
    """A member as an activity finds it, the activity included."""

    seen: Seen
    activity: Activity
    facts: Facts
    day: int
    shelves: Sequence[counting.Shelf]
    cells: Callable[[counting.Tally], counting.Cells]
    """What was counted, of what is written and of what settles before in the same chunk."""
    known: dict[Any, int] = field(factory=dict[Any, int])
    _tiers: dict[str, str | None] = field(factory=dict[str, "str | None"])

    @property
    def held(self) -> AbstractSet[Key]:
        """What it holds."""
        return self.seen.held.keys()

    def tier(self, ladder: str) -> str | None:
        """Return its tier; where it changes just now, the one that it comes into."""
        if ladder not in self._tiers:
            told = self.activity.payload
            if self.activity.type in rules.TIERED and told["ladder"] == ladder:
                self._tiers[ladder] = str(told["to_tier" if self.activity.type == "tier.changed" else "tier"])
            else:
                found = self.facts.tier(self.activity, ladder)
                self._tiers[ladder] = None if found is None else found.code
        return self._tiers[ladder]

    def rises(self, ladder: str) -> bool:
        """Say whether it stands in another one by now: the activity may have occurred before the last change."""
        found = self.facts.tier_now(self.activity, ladder)
        return self.tier(ladder) != (None if found is None else found.code)


def _now(activity: Activity, seen: Seen, book: Catalogue, facts: Facts) -> _Now:
    day = (facts.local(activity).date() - rules.EPOCH).days
    if seen.draft is not None:
        return _Now(seen, activity, facts, day, book.shelves, seen.draft.cells)
    later = [*(event(each, book.zone) for each in facts.unwritten(activity)), event(activity, book.zone)]
    return _Now(seen, activity, facts, day, book.shelves, lambda tally: seen.history.cells(tally, later))


def react(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Yield what follows from an activity."""
    book: Catalogue = facts.program(activity)
    read: Seen | None = facts.prepared(activity)
    seen = read or UNSEEN
    if activity.type == declared.REVIEWED.name:
        yield from _review(activity, seen, book, facts)
    elif (by_hand := BY_HAND.get(activity.type)) is not None:
        yield from by_hand(activity, seen, book)
    elif _is_to_be_reviewed(activity, seen, book):
        yield Follow(activity, rule="review@1", type=declared.REVIEWED.name, name="medals")
    if activity.type in book.touched and read is not None and (groups := _groups(activity, seen, book, facts)):
        yield from _met(activity, seen, book, facts, groups)


def _met(activity: Activity, seen: Seen, book: Catalogue, facts: Facts, groups: Sequence[Group]) -> Iterator[Effect]:
    """Yield an award for each medal of some groups whose criteria are met now."""
    told = activity.payload
    if activity.type == declared.WON.name and told["reason"] == "found":
        return  # what follows from that is found in the same way
    now = _now(activity, seen, book, facts)
    assert activity.occurred_at is not None
    since = datetime.fromisoformat(told["since"]) if activity.type == declared.WON.name else activity.occurred_at
    for medal, level in (entry for group in groups for entry in _reached(group, now)):
        if _is_open((medal, level), seen):
            yield Award(
                activity,
                rule=medal.rule,
                medal=medal.id,
                level=level.number,
                since=micros(since),
                reason="met",
                edition=medal.edition,
            )


def _groups(activity: Activity, seen: Seen, book: Catalogue, facts: Facts) -> Sequence[Group]:
    """Return the groups that an activity can touch, of which there is still something to be won."""
    if seen.draft is None:
        return [group for group in book.touching(activity) if any(_is_open(entry, seen) for entry in group.entries)]
    seen.draft.go_to(activity, facts.unwritten(activity))
    # What came back without having been foreseen is read with the next chunk, and what is met now is found by night.
    if seen.draft.has_return:
        return []
    return seen.draft.groups(activity)


def _reached(group: Group, now: _Now) -> Sequence[Entry]:
    """Return what of a group is met now, and note until when it need not be asked again."""
    if (waits := waiting.out_of_season(group.days, now.day)) is not None:
        reached: Sequence[Entry] = ()
    elif group.leaf is None:
        when = group.entries[0][1].when
        reached = group.entries if rules.holds(when, now, group.days) else ()
        waits = None if reached else waiting.waits(when, now, group.days)
    else:
        reached = group.reached(rules.value(group.leaf, now, group.days))
        waits = _waits_for_more(group, group.leaf, now, len(reached))
    if now.seen.draft is not None:
        now.seen.draft.wait(group, waits)
    return reached


def _waits_for_more(group: Group, leaf: rules.Counted | rules.Streak, now: _Now, reached: int) -> waiting.Waits | None:
    """Return how long it takes until more of a group can be met; None where what is met may be awarded later."""
    if now.seen.draft is None or reached == len(group.entries):
        return None
    if reached and any(medal.edition is not None for medal, _ in group.entries[:reached]):
        return None
    return waiting.waits_for(leaf, group.leasts[reached], now, group.days)


def _is_open(entry: Entry, seen: Seen) -> bool:
    """Say whether a member can still win a level of a medal."""
    medal, level = entry
    key = (medal.id, level.number)
    return key not in seen.held and key not in seen.taken and not _is_out(medal, key, seen)


def _is_to_be_reviewed(activity: Activity, seen: Seen, book: Catalogue) -> bool:
    """Say whether an activity takes back what was counted, of a member who holds what can be revoked for it."""
    if activity.type not in book.returns or activity.reverses not in seen.history.happened:
        return False
    return any(_is_revocable(book, key) for key, held in seen.held.items() if not held.given)


def _is_out(medal: Medal, key: Key, seen: Seen) -> bool:
    return medal.edition is not None and seen.given.get(key, 0) >= medal.edition


def _is_revocable(book: Catalogue, key: Key) -> bool:
    found = book.find(*key)
    return found is not None and found[0].on_reversal == "revoke"


def _review(activity: Activity, seen: Seen, book: Catalogue, facts: Facts) -> Iterator[Effect]:
    """End what was awarded for what came back, where what is left does not do."""
    now = _now(activity, seen, book, facts)
    for key, held in sorted(seen.held.items()):
        found = book.find(*key)
        if found is None or held.given or found[0].on_reversal != "revoke":
            continue
        medal, level = found
        if not rules.keeps(level.when, now, medal.days):
            yield _ended(activity, medal, key, "returned")


# By hand


def _given(activity: Activity, seen: Seen, book: Catalogue) -> Iterator[Effect]:
    medal, key = _named(activity, book)
    if key in seen.held:
        raise Refusal(declared.HELD.code, medal=key[0], level=key[1])
    assert activity.occurred_at is not None
    yield Grant(
        activity,
        rule="by_hand@1",
        medal=medal.id,
        level=key[1],
        since=micros(activity.occurred_at),
        reason="given",
        edition=medal.edition,
    )


def _found(activity: Activity, seen: Seen, book: Catalogue) -> Iterator[Effect]:
    """Award what was found to have been met, unless it is held by now, or there is none any more."""
    told = activity.payload
    key: Key = (told["medal"], told["level"])
    found = book.find(*key)
    if found is not None and key not in seen.held and key not in seen.taken and not _is_out(found[0], key, seen):
        medal = found[0]
        yield BackFill(
            activity,
            rule=medal.rule,
            medal=medal.id,
            level=key[1],
            since=told["since"],
            reason="found",
            edition=medal.edition,
            otherwise="drop",
        )


def _taken(activity: Activity, seen: Seen, book: Catalogue) -> Iterator[Effect]:
    medal, key = _named(activity, book)
    if key not in seen.held:
        raise Refusal(declared.NOT_HELD.code, medal=key[0], level=key[1])
    yield _ended(activity, medal, key, "taken")


def _ended(activity: Activity, medal: Medal, key: Key, reason: Ending) -> End:
    rule = "by_hand@1" if reason == "taken" else medal.rule
    limited = medal.edition is not None
    return End(activity, rule=rule, medal=key[0], level=key[1], reason=reason, limited=limited)


def _arranged(activity: Activity, seen: Seen, _book: Catalogue) -> Iterator[Effect]:
    """Show the pinned ones first, then the others that are named, then what is left in the order of its awards."""
    pinned: Sequence[str] = activity.payload["pinned"]
    others: Sequence[str] = activity.payload["others"]
    places: dict[str, int] = {}
    for medal in (*pinned, *others):
        if medal in places:
            raise Refusal(declared.TWICE.code, medal=medal)
        if all(medal != held for held, _ in seen.held):
            raise Refusal(declared.NOT_HELD.code, medal=medal, level=1)
        places[medal] = len(places) + 1
    were = {medal: (medal, held.place, held.pinned) for (medal, _), held in sorted(seen.held.items())}
    shown = tuple((medal, places.get(medal), medal in pinned) for medal in were)
    yield Arrange(activity, rule="arranged@1", shown=shown, were=tuple(were.values()))


def _named(activity: Activity, book: Catalogue) -> tuple[Medal, Key]:
    name, level = activity.payload["medal"], activity.payload["level"]
    if name not in book.medals:
        raise Refusal(declared.UNKNOWN.code, medal=name)
    found = book.find(name, level)
    if found is None:
        raise Refusal(declared.LEVEL_UNKNOWN.code, medal=name, level=level)
    return found[0], (name, level)


BY_HAND: Mapping[str, Callable[[Activity, Seen, Catalogue], Iterator[Effect]]] = {
    declared.AWARDED.name: _given,
    declared.REVOKED.name: _taken,
    declared.ARRANGED.name: _arranged,
    declared.QUALIFIED.name: _found,
}
"""What is done besides judging."""
ALWAYS = (*BY_HAND, declared.REVIEWED.name)
"""The types of activities to which medals react, whatever they ask for."""
