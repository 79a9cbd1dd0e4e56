"""The audit trail: each change by somebody is in it once, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from corekit import Activity, Invalid, Kit, NotFound
from corekit.audit.tables import audit
from corekit.audit.trail import AuditEntry, audit_page, leave
from corekit.cli import app
from corekit.program import apply_text
from corekit.testing.clock import SettableClock

MIRA, TILL = "staff:mira", "service:till"
PROGRAM = '[program]\nname = "Shop"\n'


def trail(kit: Kit, **how: Any) -> list[AuditEntry]:
    with kit.read() as read:
        return list(audit_page(read, **how).items)


def told(kit: Kit, **how: Any) -> list[tuple[str, str, str]]:
    return [(entry.actor, entry.what, entry.subject) for entry in trail(kit, **how)]


def rows(kit: Kit) -> int:
    with kit.read() as read:
        return int(read.scalar(select(func.count()).select_from(audit)))


def member(kit: Kit, actor: str | None = None) -> str:
    return kit.record(Activity(type="member.registered", actor=actor)).member


# ------------------------------------------------------------------------------------------- one row for each change


@pytest.mark.row("X3", way="python")
def test_a_program_that_staff_applies_leaves_one_row_and_the_same_again_none(kit: Kit) -> None:
    done = apply_text(kit, PROGRAM, actor=MIRA)
    assert not apply_text(kit, PROGRAM + "# words\n", actor=MIRA).changed
    (entry,) = trail(kit)
    assert (entry.actor, entry.kind, entry.what, entry.subject) == (MIRA, "staff", "program.applied", "program")
    assert (entry.parameters, entry.at, entry.activity) == ({"version": 1}, done.applied_at, None)


def test_a_job_that_staff_asks_for_or_runs_leaves_one_row(kit: Kit) -> None:
    asked = kit.jobs.ask("expiry", actor=MIRA)
    kit.jobs.tick()
    run = kit.jobs.run("expiry", actor=TILL)
    kit.jobs.run("expiry")
    entries = trail(kit)
    assert [(it.actor, it.kind, it.what) for it in entries] == [
        (TILL, "service", "job.asked"),
        (MIRA, "staff", "job.asked"),
    ]
    assert [it.parameters["run"] for it in entries] == [run.id, asked.id]


def test_letters_that_staff_retries_or_skips_leave_one_row_and_none_where_there_are_none(kit: Kit) -> None:
    kit.outbox.retry("ears", actor=MIRA)
    who = member(kit)
    kit.deliver()
    kit.outbox.retry("ears", who, actor=MIRA)
    kit.deliver()
    kit.outbox.skip("ears", actor="somebody")
    assert told(kit) == [("somebody", "outbox.skipped", "ears"), (MIRA, "outbox.retried", "ears")]
    assert [it.parameters for it in trail(kit)] == [{"letters": 1, "member": None}, {"letters": 1, "member": who}]
    assert [it.kind for it in trail(kit)] == ["operator", "staff"]


def test_forgetting_a_member_is_one_entry_though_the_core_records_an_activity_for_it(kit: Kit) -> None:
    who = member(kit)
    request = kit.erase(who, reason="asked for", actor=MIRA)
    assert request.state == "done"
    (entry,) = trail(kit)
    assert (entry.what, entry.subject, entry.parameters) == ("member.erasure", who, {"request": request.id})


def test_an_activity_is_in_the_trail_by_itself_and_what_follows_from_it_is_not(kit: Kit) -> None:
    one, other = member(kit, MIRA), member(kit)
    kit.record(Activity(type="purchase", member=one, amount=100, actor=f"member:{one}"))
    merged = kit.merge(one, other, actor=TILL)
    assert next((it.actor, it.what, it.subject, it.activity) for it in trail(kit)) == (
        TILL, "member.merged", one, merged.activity_id,
    )  # fmt: skip
    assert told(kit)[1:] == [(MIRA, "member.registered", one)], "neither what a member did, nor the parts of the merge"
    assert rows(kit) == 0, "there is no second account of an activity"


def test_what_nobody_did_and_what_failed_is_in_no_trail(kit: Kit) -> None:
    with pytest.raises(NotFound):
        kit.erase("0" * 32, actor=MIRA)
    with pytest.raises(NotFound):
        kit.jobs.ask("expirie", actor=MIRA)
    with pytest.raises(NotFound):
        kit.outbox.retry("eras", actor=MIRA)
    apply_text(kit, PROGRAM)
    kit.erase(member(kit))
    assert trail(kit) == []


def test_the_row_stands_and_falls_with_the_change(kit: Kit) -> None:
    def change() -> None:
        with kit.database.write() as connection:
            leave(connection, kit.now(), MIRA, "test.changed", "nothing")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change()
    assert trail(kit) == []


# ------------------------------------------------------------------------------------------------- reading the trail


@pytest.fixture
def busy(kit: Kit, clock: SettableClock) -> list[str]:
    """What a day left, newest first: rows of the trail between activities, several at one instant."""
    for number in range(12):
        clock.advance(seconds=number % 3)
        if number % 2:
            member(kit, TILL)
        else:
            with kit.database.write() as connection:
                leave(connection, kit.now(), (MIRA, "root")[number % 4 // 2], "test.changed", str(number))
    return [entry.id for entry in trail(kit, first=1_000)]


def test_the_trail_is_read_in_pages_newest_first_from_both_ends(kit: Kit, busy: list[str]) -> None:
    assert len(busy) == 12
    times = [entry.at for entry in trail(kit)]
    assert times == sorted(times, reverse=True)
    for size in (1, 5, 12):
        forward, backward = list[str](), list[str]()
        after: str | None = None
        before: str | None = None
        with kit.read() as read:
            while True:
                page = audit_page(read, first=size, after=after)
                forward += [entry.id for entry in page.items]
                if not page.has_next:
                    break
                after = page.cursors[-1]
            while True:
                page = audit_page(read, last=size, before=before)
                backward = [entry.id for entry in page.items] + backward
                if not page.has_previous:
                    break
                before = page.cursors[0]
        assert (forward, backward) == (busy, busy)


def test_the_trail_is_asked_for_an_actor_a_name_and_a_time(kit: Kit, busy: list[str]) -> None:
    entries = trail(kit)
    middle = entries[5].at
    cases: tuple[tuple[dict[str, Any], Callable[[AuditEntry], bool]], ...] = (
        ({"actor": MIRA}, lambda it: it.actor == MIRA),
        ({"actor": TILL, "what": "member.registered"}, lambda it: it.actor == TILL),
        ({"what": "test.changed"}, lambda it: it.what == "test.changed"),
        ({"since": middle}, lambda it: it.at >= middle),
        ({"until": middle}, lambda it: it.at < middle),
        ({"actor": "nobody"}, lambda _: False),
        ({"actor": "no\0body"}, lambda _: False),
    )
    for how, fits in cases:
        assert trail(kit, **how) == [entry for entry in entries if fits(entry)], how
    assert trail(kit, since=middle, until=middle + timedelta(microseconds=1)) == [
        it for it in entries if it.at == middle
    ]


@pytest.mark.row("X3", way="bad_input")
def test_a_page_that_cannot_be_is_refused(kit: Kit) -> None:
    for how, code in (
        ({"first": 0}, "PAGE_SIZE"),
        ({"first": 1_001}, "PAGE_SIZE"),
        ({"after": "x"}, "CURSOR"),
        ({"before": "WzFd"}, "CURSOR"),
    ):
        with pytest.raises(Invalid) as caught:
            trail(kit, **how)
        assert caught.value.problems[0].code == code


def test_a_page_costs_as_much_as_it_is_long(kit: Kit, busy: list[str]) -> None:
    with kit.read() as read:
        audit_page(read, first=3)
        assert read.statements == 2


# -------------------------------------------------------------------------------------------------- the command line


@pytest.mark.row("X3", way="cli")
def test_what_is_done_at_the_command_line_is_in_the_trail_and_shown_by_it(kit: Kit, tmp_path: Path) -> None:
    def run(*words: str) -> Any:
        return CliRunner().invoke(app, ["--config", str(config), *words])

    config, program = tmp_path / "corekit.toml", tmp_path / "program.toml"
    config.write_text(f"[corekit]\ndatabase = {json.dumps(kit.settings.database)}\n")
    program.write_text(PROGRAM)
    who = member(kit, TILL)
    for words in (["program", "apply", str(program)], ["jobs", "run", "expiry"], ["members", "erase", who]):
        assert run(*words).exit_code == 0
    shown = run("audit").stdout.splitlines()
    assert len(shown) == 4
    found = json.loads(run("--json", "audit", "--actor", "cli").stdout)["items"]
    assert {it["what"] for it in found} == {"program.applied", "job.asked", "member.erasure"}
    assert {it["kind"] for it in found} == {"operator"}
    (one,) = run("audit", "--what", "member.registered").stdout.splitlines()
    assert TILL in one
    first = run("audit", "-n", "2").stdout.splitlines()
    rest = run("audit", "--after", first[-1].removeprefix("more: --after ")).stdout.splitlines()
    assert first[:2] + rest == shown
    assert run("audit", "--since", "9999-01-01").stdout == "nothing\n"
    assert run("audit", "--since", "tomorrow").exit_code == 1
