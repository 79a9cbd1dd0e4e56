"""Lets a plugin take all the memory that there is, in a process of its own, and prints what became of it as JSON."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "packages"))

from corekit_rogue import plugin
from corekit_toy import plugin as toy

from corekit import Activity, Kit, Outcome
from corekit.log import configure
from corekit.settings import Settings

MORE = 512 * 1024 * 1024
"""Bytes that the process may take beyond what it has."""


def hoard(_: object) -> None:
    """Take memory, in ever smaller pieces, until there is none."""
    held: list[bytearray] = []
    size = 64 * 1024 * 1024
    while True:
        try:
            held.append(bytearray(size))
        except MemoryError:
            if size < 1024:
                raise
            size //= 2


def main(url: str, place: str) -> None:
    configure(as_json=True)
    kit = Kit(Settings.of(database=url, plugins=["toy", "rogue"]), modules={"toy": toy, "rogue": plugin})
    member, other = (kit.record(Activity(type="member.registered")).member for _ in range(2))

    def does(who: str, type_: str, amount: int = 0) -> Outcome:
        return kit.record(Activity(type=type_, member=who, amount=amount))

    assert does(member, "rogue.act").settled
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MORE
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    plugin.armed[place] = hoard
    answers = [does(member, "rogue.act"), does(other, "toy.earn", 5), does(member, "rogue.act")]
    plugin.armed.clear()
    answers.append(does(member, "rogue.act"))
    print(json.dumps([[each.outcome, each.code] for each in answers]))  # noqa: T201
    kit.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
