"""Drives the packages where they are installed: `python drive.py URL` prints what happened as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import corekit_stamps
from corekit_stamps.tables import stamp, stock, won
from sqlalchemy import func, select

import corekit
from corekit import Activity, Kit, Outcome, balances


def main(config: str) -> None:
    """Let two members earn, fill cards, and give everything back."""
    kit = Kit(config)
    kit.upgrade()
    said: dict[str, Any] = {"from": [str(Path(str(module.__file__)).parent) for module in (corekit, corekit_stamps)]}

    def points(member: str) -> int:
        with kit.read() as read:
            return sum(each.available for each in balances(read, [member], kit.now())[member])

    def mugs() -> tuple[int, int]:
        with kit.read() as read:
            return read.scalar(select(stock.c.pieces)), read.scalar(select(func.count()).select_from(won))

    def stamps(*members: str) -> list[int]:
        with kit.read() as read:
            rows = [row[0] for row in read.all(select(stamp.c.member_id))]
        return [rows.count(member) for member in members]

    def buy(member: str) -> Outcome:
        return kit.record(Activity(type="purchase", member=member, amount=1000))

    join = Activity(type="member.registered")
    said["simulated"] = [(each.rule, each.amount) for each in kit.simulate(join).effects]
    joined = kit.record(join)
    ada, bob = joined.member, kit.record(Activity(type="member.registered")).member
    said["welcome"] = points(ada)
    said["why"] = [(e.effect.owner, e.effect.rule, e.effect.amount) for e in kit.why(joined.activity_id or "").effects]
    bought = [buy(ada) for _ in range(3)]
    said["card"] = [[(e.kind, e.state) for e in each.effects] for each in bought]
    said["won"] = [each.type for each in bought[2].follow_ons]
    said["with_prize"] = points(ada), mugs()
    third = Activity(type="purchase", member=bob, amount=1000)
    said["bulk"] = [
        [(e.kind, e.state, e.code) for e in each.effects]
        for each in kit.record_many([Activity(type="purchase", member=bob, amount=1000) for _ in range(6)] + [third])
    ]
    said["sold_out"] = points(bob), mugs()
    said["reversed"] = kit.reverse(bought[2].activity_id or "").outcome, points(ada), mugs()
    said["again"] = [(e.kind, e.state) for e in buy(ada).effects], mugs()
    said["gone"] = kit.reverse(joined.activity_id or "").outcome, points(ada)
    cat, dan = (kit.record(Activity(type="member.registered")).member for _ in range(2))
    buy(cat)
    second = [buy(dan) for _ in range(2)][1]
    merged = kit.merge(cat, dan)
    said["merged"] = merged.outcome, stamps(cat, dan)
    said["one_less"] = kit.reverse(second.activity_id or "").outcome, stamps(cat, dan)
    said["by_the_old_id"] = buy(dan).member == cat, stamps(cat, dan)
    said["two_again"] = kit.reverse(merged.activity_id or "").outcome, stamps(cat, dan)
    said["violations"] = list(kit.verify().violations)
    kit.close()
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
