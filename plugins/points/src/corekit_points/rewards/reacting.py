"""What is read before, and what follows from, the activities of rewards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import field, frozen

from corekit import Activity, Batch, Debit, Effect, Facts, Follow, Reader, Refusal, micros
from corekit_points.calendar import midnight
from corekit_points.rewards import codes, declared, redeeming, stock
from corekit_points.rewards.catalogue import Reward
from corekit_points.rewards.reasons import Standing, reasons
from corekit_points.rewards.redeeming import HandOver, Redemption, Reserve

TYPES = tuple(each.name for each in declared.ACTIVITIES)
"""The activities to which rewards react."""


@frozen(kw_only=True)
class Seen:
    """What was read for a member: how often it had rewards, by reward and day, what is left, and redemptions.

    ``redemptions`` are by id and by the hash of their code.
    """

    had: Mapping[str, Mapping[str, int]] = field(factory=dict[str, Mapping[str, int]])
    left: Mapping[str, int] = field(factory=dict[str, int])
    redemptions: Mapping[str, Redemption] = field(factory=dict[str, Redemption])


NOTHING = Seen()


def load(batch: Batch, read: Reader, facts: Facts) -> Mapping[str, Seen]:
    """Read what redemptions and what becomes of them need: three statements at most, and none where nobody asks."""
    asking = [
        (activity.member, reward)
        for activity in batch.of(declared.REDEEMED.name)
        if (reward := _wanted(activity, facts)) is not None
    ]
    limited = {reward.id for _, reward in asking if reward.limits}
    had = redeeming.had(read, {member for member, reward in asking if reward.limits}, limited)
    left = stock.left(read, (reward.id for _, reward in asking if reward.stocked))
    resolving = [*batch.of(declared.FULFILLED.name, declared.CANCELLED.name, declared.EXPIRED.name)]
    found: dict[str, dict[str, Redemption]] = {}
    if resolving:
        ids, hashes = {_named(each) for each in resolving}, {_hash(each) for each in resolving}
        # What takes one back is about who redeemed it, also where that is a part of another member by now.
        taken_back = {each.reverses: each.member for each in resolving}
        for each in redeeming.named(read, ids, hashes):
            for member in (each.member_id, taken_back.get(each.id, each.member_id)):
                theirs = found.setdefault(member, {})
                theirs[each.id] = each
                if each.code is not None:
                    theirs[each.code] = each
    about = {member for member, _ in asking} | {activity.member for activity in resolving}
    return {member: Seen(had=had.get(member, {}), left=left, redemptions=found.get(member, {})) for member in about}


def react(activity: Activity, seen: Seen, facts: Facts) -> Iterator[Effect]:
    """Yield what follows from an activity of rewards."""
    if activity.type == declared.REDEEMED.name:
        yield from _redeem(activity, seen, facts)
    elif activity.type == declared.FULFILLED.name:
        yield _fulfil(activity, seen)
    else:  # the kernel takes the redemption back; it remains to be said whether it may
        _check_reserved(_redemption(activity, seen))


def _redeem(activity: Activity, seen: Seen, facts: Facts) -> Iterator[Effect]:
    reward = _wanted(activity, facts)
    if reward is None:
        raise Refusal(declared.REWARD_UNKNOWN.code, reward=str(activity.payload["reward"]))
    if activity.amount != reward.price.money:
        raise Refusal(declared.PRICE.code, expected=str(reward.price.money), asked=str(activity.amount))
    local = facts.local(activity)
    standing = Standing(
        day=local.date(),
        tier=facts.tier(activity, reward.ladder) if reward.least_tier is not None else None,
        available=facts.balance(reward.price.account, activity),
        had=seen.had.get(reward.id, {}),
        left=seen.left.get(reward.id) if reward.stocked else None,
    )
    for code, parameters in reasons(reward, standing):
        raise Refusal(code, **parameters)
    yield Debit(activity, rule=reward.rule, account=reward.price.account, amount=reward.price.points)
    # The last piece may be gone by now, which only its row knows: then all of this is refused.
    yield Reserve(
        activity,
        rule=reward.rule,
        reward=reward.id,
        stocked=reward.stocked,
        state="reserved" if reward.gives is None else "fulfilled",
        code=_code(activity, reward, facts),
        day=standing.day.isoformat(),
        expires_at=_expires(reward, local),
        redemption=activity.id,
    )
    if reward.gives is not None:
        given = reward.gives
        yield Follow(
            activity,
            rule=reward.rule,
            type=given.activity,
            name=f"reward:{reward.id}",
            amount=given.amount,
            unit=given.unit,
            payload=given.payload,
        )


def _code(activity: Activity, reward: Reward, facts: Facts) -> str | None:
    """Return the hash of the code by which it is fetched."""
    secret: str | None = facts.settings.code_secret
    if reward.gives is not None or secret is None:
        return None
    return codes.digest(codes.code_of(secret, activity.id))


def _expires(reward: Reward, local: datetime) -> int | None:
    """Return the instant from which on it cannot be fetched: the midnight after the last day."""
    if reward.collect_days is None:
        return None
    return micros(midnight(local.date() + timedelta(days=reward.collect_days + 1), local.tzinfo))


def _fulfil(activity: Activity, seen: Seen) -> HandOver:
    found = _redemption(activity, seen)
    _check_reserved(found)
    assert activity.occurred_at is not None
    if found.expires_at is not None and found.expires_at <= activity.occurred_at:
        raise Refusal(declared.TOO_LATE.code, at=found.expires_at.isoformat())
    return HandOver(activity, rule="fulfilled@1", redemption=found.id, store=activity.payload.get("store"))


def _check_reserved(found: Redemption) -> None:
    """Refuse what was fetched, cancelled or left too long, and say when."""
    at = found.resolved_at.isoformat() if found.resolved_at is not None else ""
    if found.state == "fulfilled":
        raise Refusal(declared.ALREADY_FULFILLED.code, at=at, store=found.store or "-")
    if found.state == "cancelled":
        raise Refusal(declared.ALREADY_CANCELLED.code, at=at)
    if found.state == "expired":
        raise Refusal(declared.TOO_LATE.code, at=found.expires_at.isoformat() if found.expires_at else at)


def _redemption(activity: Activity, seen: Seen) -> Redemption:
    """Return the redemption that an activity is about, if it is one of the member's."""
    code = _hash(activity)
    found = seen.redemptions.get(code or _named(activity))
    if found is not None:
        return found
    if code:
        raise Refusal(declared.CODE_UNKNOWN.code)
    raise Refusal(declared.REDEMPTION_UNKNOWN.code, redemption=_named(activity))


def _wanted(activity: Activity, facts: Facts) -> Reward | None:
    """Return the reward that is asked for, as the program of that time has it."""
    book: Any = facts.program(activity)
    found: Reward | None = book.rewards.get(activity.payload["reward"]) if book is not None else None
    return found


def _named(activity: Activity) -> str:
    return activity.reverses or str(activity.payload.get("redemption", ""))


def _hash(activity: Activity) -> str:
    """Return the hash of the code that was shown; nothing where none was."""
    text = activity.payload.get("code")
    return codes.digest(codes.read(text)) if text is not None else ""
