"""Drives the packages where they are installed: `python drive.py CONFIG PROGRAM` prints what happened as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

import acme_stamps
import corekit
from acme_stamps.tables import day, drink
from corekit import Activity, Kit, Outcome, balances
from corekit.program import apply


def main(config: str, program: str) -> None:
    """Let members earn, fill cards, ask for drinks, and give everything back."""
    kit = Kit(config)
    kit.upgrade()
    apply(kit, Path(program))
    said: dict[str, Any] = {"from": [str(Path(str(module.__file__)).parent) for module in (corekit, acme_stamps)]}

    def has(member: str) -> dict[str, int]:
        with kit.read() as read:
            return {each.kind: each.available for each in balances(read, [member], kit.now())[member]}

    def poured(*members: str) -> list[int]:
        with kit.read() as read:
            drinks = read.all(select(drink.c.member_id))
            whole = read.scalar(select(func.coalesce(func.sum(day.c.poured), 0)))
        return [int(whole), *([row.member_id for row in drinks].count(member) for member in members)]

    def redemption(member: str) -> Activity:
        return Activity(type="stamps.redeemed", member=member, payload={"drink": "mocha"})

    def fill(member: str) -> list[Outcome]:
        return [kit.record(Activity(type="purchase", member=member, amount=400)) for _ in range(9)]

    def effects(outcome: Outcome) -> list[Any]:
        return [(each.kind, each.rule, each.amount) for each in outcome.effects]

    join = Activity(type="member.registered")
    said["simulated"] = effects(kit.simulate(join))
    joined = kit.record(join)
    ada, bob = joined.member, kit.record(Activity(type="member.registered")).member
    said["why"] = [(e.effect.owner, e.effect.rule, e.effect.amount) for e in kit.why(joined.activity_id or "").effects]
    bought = fill(ada)
    fill(bob)
    said["stamp"] = effects(bought[0]), has(ada)
    asked = kit.simulate(redemption(ada)), kit.record(redemption(ada))
    said["redeemed"] = [[effects(each), [below.type for below in each.follow_ons]] for each in asked], has(ada)
    sold_out = next(iter(kit.record_many([redemption(bob)])))
    said["sold_out"] = sold_out.outcome, sold_out.code, has(bob), poured(ada, bob)
    said["reversed"] = kit.reverse(asked[1].activity_id or "").outcome, has(ada), poured(ada, bob)
    bobs = kit.record(redemption(bob))
    merged = kit.merge(ada, bob)
    said["merged"] = bobs.outcome, merged.outcome, has(ada), poured(ada, bob)
    said["by_the_old_id"] = fill(bob)[0].member == ada, has(ada)["stamps"]
    said["two_again"] = kit.reverse(merged.activity_id or "").outcome, has(bob), poured(ada, bob)
    said["gone"] = kit.reverse(joined.activity_id or "").outcome, has(ada)["points"]
    said["violations"] = list(kit.verify().violations)
    kit.close()
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
