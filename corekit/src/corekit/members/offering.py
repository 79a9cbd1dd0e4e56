"""Asking the plugins what members can have now: each once, for all members that somebody asks about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import nullcontext
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog
from attrs import evolve

from corekit.activities.plugin_read import PluginRead
from corekit.clock import micros
from corekit.db.reader import Reader
from corekit.errors import Busy, PluginError, PluginRaised, Refusal
from corekit.ledger.read import balances
from corekit.log import raised_at
from corekit.members.read import members, tags
from corekit.members.states import allowed
from corekit.offers import MemberNow, Offer, Offers, check
from corekit.suspension.suspensions import read_suspensions
from corekit.tiers.read import standing

if TYPE_CHECKING:
    from corekit.kit import Kit
    from corekit.plugins import Plugin

_log = structlog.get_logger("corekit.offers")


def offers(read: Reader, kit: Kit, ids: Iterable[str], now: datetime) -> dict[str, Offers]:
    """Return what each member can have at ``now``: each plugin is asked once, for all of them.

    A plugin that is suspended, or raises, is left out and named. Where a member may do nothing at all, as one that is
    frozen, that is the reason of each offer that has none of its own.
    """
    found: dict[str, list[Offer]] = {each: [] for each in ids}
    missing: list[str] = []
    if found and kit.hooks.offering:
        people = members_now(read, kit, list(found), now)
        stops = {each.id: allowed(each.state, "") for each in people}
        resting = read_suspensions(read)
        for plugin in kit.hooks.offering:
            try:
                resting.check(plugin.name)
                made = _of_plugin(read, kit, plugin, people, now)
            except (PluginRaised, PluginError, Busy) as error:
                if error.parameters.get("plugin") != plugin.name:
                    raise
                _log.error("plugin is left out", hook="corekit_offers", **raised_at(error))
                missing.append(plugin.name)
                continue
            for offer in made:
                code = stops[offer.member]
                refused = offer.reason or (Refusal(code) if code is not None else None)
                found[offer.member].append(evolve(offer, reason=refused))
    return {member: Offers(tuple(made), tuple(missing)) for member, made in found.items()}


def members_now(read: Reader, kit: Kit, ids: Collection[str], now: datetime) -> list[MemberNow]:
    """Return members as they stand at ``now``; those that do not exist are left out. Four statements."""
    has, stands, tagged = balances(read, ids, now), standing(read, ids), tags(read, ids)
    ladders = kit.terms().program_at(micros(now)).ladders
    people: list[MemberNow] = []
    for member in members(read, ids).values():
        codes = {each.ladder: each.tier for each in stands[member.id]}
        people.append(
            MemberNow(
                id=member.id,
                state=member.state,
                kind=member.kind,
                attributes=member.attributes,
                tiers={ladder.code: ladder.tier(codes.get(ladder.code)) for ladder in ladders},
                available={each.kind: each.available for each in has[member.id]},
                tags=frozenset(tagged[member.id]),
            )
        )
    return people


def _of_plugin(read: Reader, kit: Kit, plugin: Plugin, people: Sequence[MemberNow], now: datetime) -> Sequence[Offer]:
    own = PluginRead(plugin.name, read.dialect, lambda: nullcontext(read))
    program = kit.terms().program_at(micros(now)).sections.get(plugin.name)
    registry, currency = kit.registry, kit.settings.currency.code
    right = partial(check, plugin.name, {each.id for each in people}, {*registry.units, currency}, registry.errors)
    ask = partial(kit.hooks.offers, plugin, people, own, now, program, right)
    try:
        made = kit.breaker.call(plugin.name, ask, number=len(people))
    except BaseException:
        own.end(spoilt=True)
        raise
    if (stopped := own.end()) is not None:
        raise stopped
    return made
