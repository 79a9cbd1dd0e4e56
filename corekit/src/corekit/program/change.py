"""Changing the program: what a file would change and when, why it may not, and putting it into force."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from corekit.audit.trail import leave
from corekit.clock import micros
from corekit.db.reader import Reader
from corekit.errors import Invalid, Problem, SettingsError
from corekit.ledger import chart
from corekit.program.differences import Change, differences
from corekit.program.program import load
from corekit.program.refusals import problem
from corekit.program.store import Version, add, hash_of, numbered, read_versions, words
from corekit.program.versions import Edition, Versions

if TYPE_CHECKING:
    from corekit.kit import Kit
    from corekit.registry import Registry

_WORDS_ONLY = (("program", "name"),)
"""Changes that need no notice, because nobody is judged by them."""
_DAY = timedelta(days=1)


@frozen(kw_only=True)
class Plan:
    """What applying a program would do.

    It is compared with version ``base``, which would judge the instant ``valid_from`` otherwise (0: nothing was
    applied). ``replaces`` are versions announced for later, which would never hold. ``problems`` say why it would be
    refused, ``earliest`` from when on the notice that was promised allows it.
    """

    base: int
    version: int
    valid_from: datetime | None
    changes: tuple[Change, ...] = ()
    replaces: tuple[int, ...] = ()
    earliest: datetime | None = None
    problems: tuple[Problem, ...] = ()
    edition: Edition = field(repr=False, eq=False)

    @property
    def changed(self) -> bool:
        """Whether applying it would store a version."""
        return bool(self.changes or self.replaces)


def plan(kit: Kit, path: Path | str, **how: Any) -> Plan:
    """Return what applying the program of a file would do; ``how`` as for :func:`plan_text`."""
    return plan_text(kit, read_text(Path(path)), **how)


def plan_text(
    kit: Kit, text: str, *, valid_from: datetime | None = None, reason: str = "", replace: bool = False
) -> Plan:
    """Return what applying a program would do, nothing is stored; ``valid_from`` etc. as for :func:`apply_text`.

    Raises :class:`SettingsError` where the text cannot be used as a program.
    """
    with kit.read() as read:
        return _plan(kit, read, text, valid_from, reason, kit.now(), replace=replace)


def apply(kit: Kit, path: Path | str, **how: Any) -> Version:
    """Store the program of a file and let it hold; ``how`` as for :func:`apply_text`."""
    return apply_text(kit, read_text(Path(path)), **how)


def apply_text(
    kit: Kit,
    text: str,
    *,
    valid_from: datetime | None = None,
    reason: str = "",
    replace: bool = False,
    actor: str | None = None,
) -> Version:
    """Store a program as the next version; what follows from it enters the chart of accounts.

    It judges what occurs from ``valid_from`` on: as given, else as its file says, else now; the first version judges
    whatever occurred before as well. An instant without an offset is on the program's clock, and one in the past needs
    a ``reason``; a version that was announced and would never hold is given up only with ``replace``. The same content
    again (layout, comments and ``valid_from`` apart) changes nothing. Raises :class:`SettingsError` where the text
    cannot be used, and :class:`Invalid` where it cannot follow what was applied before, with every reason.
    """
    # Terms knows the program; the program need not know terms to be read.
    from corekit.activities.terms import Terms  # noqa: PLC0415

    with kit.database.write() as connection:
        if kit.database.dialect == "postgresql":
            # Of two who apply at once the second shall see what the first one did.
            connection.exec_driver_sql("LOCK TABLE core_program IN SHARE ROW EXCLUSIVE MODE")
        now = kit.now()  # for the second no version of the first is one that was announced
        read = Reader(connection)
        known = read_versions(read, kit.declared, kit.settings)
        planned = _plan(kit, read, text, valid_from, reason, now, replace=replace, known=known)
        if planned.problems:
            raise Invalid(planned.problems)
        if not planned.changed:
            return numbered(read, planned.base)
        done = Version(
            planned.version,
            text,
            now,
            changed=True,
            valid_from=planned.valid_from,
            actor=actor,
            reason=reason or None,
        )
        add(connection, done)
        leave(connection, now, actor, "program.applied", "program", version=done.version)
        after = Versions([*known.editions, planned.edition])
        terms = Terms.of(kit.settings, after, kit.hooks)
        chart.sync(connection, terms.registry, terms.chart)
    kit.renew()
    return done


def export(read: Reader, versions: Versions, now: datetime, version: int | None = None) -> Version:
    """Return a version (the one that holds now, where none is named) as it was applied, comments and all.

    Its content applied to an empty database gives the same program. Raises NotFound where there is none.
    """
    return numbered(read, versions.edition_at(micros(now)).version if version is None else version)


def read_text(path: Path) -> str:
    """Return the text of a file; SettingsError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError(f"the program {path} cannot be read: {reason}", path=str(path)) from None


def changes_from(versions: Versions, edition: Edition) -> tuple[Change, ...]:
    """Return what a version changes for members when it begins to hold."""
    before = versions.edition_at(max(edition.start, 0) - 1)
    return differences(words(before.content), words(edition.content)) if before.version else ()


def _plan(
    kit: Kit,
    read: Reader,
    text: str,
    valid_from: datetime | None,
    reason: str,
    now: datetime,
    *,
    replace: bool,
    known: Versions | None = None,
) -> Plan:
    known = known or read_versions(read, kit.declared, kit.settings)
    number = known.newest + 1
    program, registry = load(text, kit.declared, kit.settings, version=number)
    begins = valid_from or program.valid_from or (now if known.newest else None)
    if begins is not None:  # in UTC, since of one zone Python compares what clocks show
        begins = (begins if begins.tzinfo else begins.replace(tzinfo=kit.zone)).astimezone(UTC)
    edition = Edition(evolve(program, valid_from=begins), registry, text, hash_of(text), now)
    base = known.edition_at(edition.start)
    coming = known.after(edition.start)
    if base.hash == edition.hash and not (replace and coming):
        return Plan(base=base.version, version=base.version, valid_from=base.program.valid_from, edition=base)
    given_up = (*([base] if base.start == edition.start > micros(now) else []), *coming)
    made = Plan(
        base=base.version,
        version=number,
        valid_from=begins,
        changes=differences(words(base.content), words(text)),
        replaces=tuple(each.version for each in given_up),
        edition=edition,
    )
    earliest = _earliest(known, edition, now, kit)
    problems = [*_problems(known, made, now, reason, replace=replace), *fixed(known, registry)]
    if earliest is not None and begins is not None and begins < earliest:
        before = known.edition_at(edition.start - 1)
        missing = -((begins - earliest) // _DAY)
        days = before.program.notice_days
        told = {"version": before.version, "days": days, "missing": missing, "earliest": earliest.isoformat()}
        problems.append(problem("PROGRAM_NOTICE", "program", "valid_from", **told))
    return evolve(made, earliest=earliest, problems=tuple(problems))


def _earliest(known: Versions, edition: Edition, now: datetime, kit: Kit) -> datetime | None:
    """Return the first instant at which a change may hold by the notice of what it changes; None: at any."""
    before = known.edition_at(edition.start - 1)
    days = before.program.notice_days
    if not days or not before.version:
        return None
    changed = differences(words(before.content), words(edition.content))
    if all(change.path in _WORDS_ONLY for change in changed):
        return None
    # Days of the program's calendar, so that a change of clocks is no hour too few.
    return (now.astimezone(kit.zone) + timedelta(days=days)).astimezone(UTC)


def _problems(known: Versions, made: Plan, now: datetime, reason: str, *, replace: bool) -> Iterator[Problem]:
    """Yield what is wrong with when a version begins."""
    begins, present = made.valid_from, known.edition_at(micros(now))
    if begins is None or not known.newest:
        return
    told = {"valid_from": begins.isoformat()}
    since = present.program.valid_from
    if since is not None and begins < since:
        told |= {"version": str(present.version), "since": since.isoformat()}
        yield problem("PROGRAM_BEHIND", "program", "valid_from", **told)
        return
    if begins < now and not reason:
        yield problem("PROGRAM_IN_PAST", "program", "valid_from", now=now.isoformat(), **told)
    for version in made.replaces if not replace else ():
        announced = known.editions[version].program.valid_from
        at = announced.isoformat() if announced else ""
        yield problem("PROGRAM_REPLACES", "program", "valid_from", version=version, valid_from=at)


def fixed(known: Versions, registry: Registry) -> Iterator[Problem]:
    """Yield what of a registry may not be said otherwise than an earlier version did, because the books rest on it."""
    for what, name, old, new in known.registry.clashes(registry):
        since = next(each.version for each in known.editions if each.registry.has(what, name))
        told = {"what": what, "name": name, "old": old, "new": new, "version": since}
        yield problem("PROGRAM_FIXED", **told)
