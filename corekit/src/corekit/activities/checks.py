"""Effects as plugins yield them: each is checked before it is planned, so that nothing odd reaches the books."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn

import orjson

from corekit.activities.activity import Activity
from corekit.activities.effects import (
    LONGEST_HOLD,
    Across,
    Bundle,
    Capture,
    CaptureAcross,
    Credit,
    Debit,
    Effect,
    Follow,
    Hold,
    HoldAcross,
    Release,
    ReleaseAcross,
    SetAccountState,
    Skipped,
    Tag,
    TakeBack,
    Transfer,
    values_of,
)
from corekit.activities.receiving import LONGEST_TEXT, follow_problems, is_storable
from corekit.activities.terms import Terms
from corekit.clock import FIRST_INSTANT, LAST_INSTANT, micros, moment
from corekit.errors import CorekitError, PluginError, Refusal
from corekit.ids import is_id
from corekit.ledger.voucher import LARGEST_AMOUNT
from corekit.members.rules import is_tag
from corekit.registry import CORE

_PLAIN = (str, int, bool, type(None))


def check(effect: object, plugin: str, terms: Terms, activities: Mapping[str, Activity]) -> None:
    """Raise PluginError where a plugin yields what it may not; the message names both sides and the way out.

    ``activities`` are those of the wave, by id.
    """
    try:
        _check(effect, plugin, terms, activities)
    except CorekitError:
        raise
    except Exception as error:  # an attribute of another type than it should have
        message = f"plugin {plugin} yielded {type(effect).__name__} with values of the wrong type; see its definition"
        raise PluginError(message, code="EFFECT_INVALID", plugin=plugin) from error


def check_refusal(refusal: Refusal, plugin: str, terms: Terms) -> None:
    """Raise PluginError where a plugin refuses with a code that nobody declares, or with what JSON cannot hold."""
    code: Any = refusal.code
    if not isinstance(code, str) or code not in terms.registry.errors:
        _invalid(plugin, f"refuses with the code {code!r}, which nobody declares")
    try:
        plain = orjson.loads(orjson.dumps(refusal.parameters))
    except TypeError:
        plain = None
    if plain is None or not is_storable(plain):
        _invalid(plugin, f"refuses with {code} and parameters that JSON cannot hold; use texts and numbers")


def _check(effect: object, plugin: str, terms: Terms, activities: Mapping[str, Activity]) -> None:
    if not isinstance(effect, Effect):
        _invalid(plugin, f"yielded {type(effect).__name__}; yield effects such as Credit(activity, ...)")
    known = activities.get(effect.activity.id)
    if known is None or (effect.activity is not known and effect.activity != known):
        _invalid(plugin, "yielded an effect for an activity that is not in its batch, or not as it is there")
    rule: Any = effect.rule
    if not isinstance(rule, str) or not 0 < len(rule) <= LONGEST_TEXT or not is_storable(rule):
        _invalid(plugin, f"yielded an effect without a rule; name rule and version, such as rule='{plugin}@1'")
    if effect.otherwise not in (None, "refuse", "drop"):
        _invalid(plugin, f"says otherwise={effect.otherwise!r}; say 'refuse' or 'drop'")
    if isinstance(effect, Bundle):
        _check_bundle(effect, plugin, terms, activities)
    else:
        _check_kind(effect, plugin, terms)


def _check_kind(effect: Effect, plugin: str, terms: Terms) -> None:
    if isinstance(effect, Follow):
        _check_follow(effect, plugin, terms)
    elif isinstance(effect, Credit | Debit | Hold | Transfer):
        _check_value(effect, plugin, terms)
    elif isinstance(effect, Across):
        _check_across(effect, plugin, terms)
    elif isinstance(effect, Capture | Release | CaptureAcross | ReleaseAcross):
        _check_resolving(effect, plugin)
    elif isinstance(effect, Tag):
        _check_tags(effect, plugin)
    elif isinstance(effect, TakeBack | SetAccountState):
        _check_about_account(effect, plugin, terms)
    elif isinstance(effect, Skipped):
        _check_skipped(effect, plugin, terms)
    else:
        _check_own(effect, plugin, terms)


def _check_about_account(effect: TakeBack | SetAccountState, plugin: str, terms: Terms) -> None:
    _check_account(effect.account, plugin, terms)
    if isinstance(effect, SetAccountState):
        if effect.state not in ("open", "no_debit", "frozen"):
            _invalid(plugin, f"sets an account {effect.state!r}; say 'open', 'no_debit' or 'frozen'")
    elif effect.amount is not None:
        _check_amount(effect.amount, plugin)


def _check_bundle(bundle: Bundle, plugin: str, terms: Terms, activities: Mapping[str, Activity]) -> None:
    for effect in bundle.effects:
        if isinstance(effect, Bundle):
            _invalid(plugin, f"yielded a bundle in a bundle of rule {bundle.rule}; put their effects into one")
        _check(effect, plugin, terms, activities)
        if effect.activity.id != bundle.activity.id:
            _invalid(plugin, f"yielded a bundle of rule {bundle.rule} for two activities; one for each")
        if effect.otherwise is not None:
            _invalid(plugin, f"says otherwise inside a bundle of rule {bundle.rule}; the bundle says it for all")


def _check_named(member: str, effect: Effect, plugin: str) -> None:
    if member not in effect.activity.members:
        _invalid(plugin, f"moves value of {member!r} by {effect.rule}, whom the activity does not name in members")


def _check_resolving(effect: Capture | Release | CaptureAcross | ReleaseAcross, plugin: str) -> None:
    if isinstance(effect, CaptureAcross | ReleaseAcross):
        if not is_id(effect.placed_by):
            _invalid(plugin, f"names {effect.placed_by!r} as what placed holds; give the id of that activity")
    elif not is_id(effect.hold):
        _invalid(plugin, f"names {effect.hold!r} as a hold; give the id of the effect that placed it")
    if isinstance(effect, Capture | CaptureAcross) and effect.amount is not None:
        _check_amount(effect.amount, plugin)


def _check_own(effect: Effect, plugin: str, terms: Terms) -> None:
    kind, owner = terms.effects.get(type(effect), (None, CORE))
    if kind is None or owner != plugin:
        message = (
            f"plugin {plugin} yielded {type(effect).__name__}, an effect of {owner}; "
            f"let {owner} react, or declare an effect kind of your own"
        )
        raise PluginError(message, code="EFFECT_NOT_ALLOWED", plugin=plugin, owner=owner)
    if kind.divisible:
        divided: Any = effect
        _check_amount(divided.amount, plugin)
        if divided.shares is not None:
            _check_shares(divided, divided.shares, plugin)
    if not is_storable(values_of(effect, divisible=kind.divisible)):
        _invalid(plugin, f"yielded {type(effect).__name__} with values that JSON cannot hold; use texts and numbers")


def _check_tags(effect: Tag, plugin: str) -> None:
    for tags in (effect.add, effect.remove):
        texts: Any = tags
        if isinstance(texts, str) or not all(isinstance(text, str) and is_tag(text) for text in texts):
            _invalid(plugin, f"tags a member with {texts!r}; give a list of texts without commas and line breaks")


def _check_follow(effect: Follow, plugin: str, terms: Terms) -> None:
    followed = terms.types.get(effect.type)
    is_own = terms.registry.owner("type", effect.type) == plugin
    if followed is None or followed.reversal or (followed.internal and not is_own):
        _invalid(plugin, f"follows with activity type {effect.type!r}, which is not declared")
    if not 0 < len(effect.name) <= LONGEST_TEXT or not is_storable(effect.name):
        _invalid(plugin, f"follows with {effect.type} without a name; give one that tells it from its siblings")
    if effect.member is not None:
        _check_named(effect.member, effect, plugin)
    probe = Activity(type=effect.type, amount=effect.amount, unit=effect.unit, payload=effect.payload)
    if problems := follow_problems(probe, followed, terms):
        _invalid(plugin, f"follows with {effect.type}: {'; '.join(map(str, problems))}")


def _check_amount(amount: object, plugin: str) -> None:
    if type(amount) is not int or not 1 <= amount <= LARGEST_AMOUNT:
        _invalid(plugin, f"yielded an amount of {amount!r}; give a whole number of 1..{LARGEST_AMOUNT}")


def _check_account(account: str, plugin: str, terms: Terms) -> None:
    if account not in terms.chart.books:
        _invalid(plugin, f"names the account kind {account!r}, which no enabled plugin declares")
    if not terms.registry.may_use(plugin, account):
        owner = terms.chart.books[account].owner
        message = (
            f"plugin {plugin} touches {account!r}, an account of {owner}; "
            f"write Declares(requires=[{owner!r}]) in {plugin}"
        )
        raise PluginError(message, code="EFFECT_NOT_ALLOWED", plugin=plugin, owner=owner)


def _check_value(effect: Credit | Debit | Hold | Transfer, plugin: str, terms: Terms) -> None:
    _check_account(effect.account, plugin, terms)
    _check_amount(effect.amount, plugin)
    if isinstance(effect, Transfer):
        _check_named(effect.to, effect, plugin)
        return
    if isinstance(effect, Hold):
        _check_seconds(effect.seconds, plugin)
        return
    if effect.shares is not None:
        _check_shares(effect, effect.shares, plugin)
    if isinstance(effect, Credit):
        if effect.expires_at is not None:
            _check_moment("lapse", effect.expires_at, effect, plugin)
        if effect.available_from is not None:
            _check_moment("become available", effect.available_from, effect, plugin)
            if not terms.chart.books[effect.account].lots:
                _invalid(plugin, f"lets {effect.account!r} become available later, which only a kind with lots can")


def _check_seconds(seconds: object, plugin: str) -> None:
    if seconds is not None and (type(seconds) is not int or not 1 <= seconds <= LONGEST_HOLD):
        _invalid(plugin, f"holds for {seconds!r} seconds; give a whole number of 1..{LONGEST_HOLD}, or None")


def _check_across(effect: Across, plugin: str, terms: Terms) -> None:
    kinds: Any = effect.accounts
    if isinstance(kinds, str) or not kinds or len(set(kinds)) < len(kinds):
        _invalid(plugin, f"takes of the accounts {kinds!r} by {effect.rule}; give a list of different account kinds")
    for kind in kinds:
        _check_account(kind, plugin, terms)
    _check_amount(effect.amount, plugin)
    books = [terms.chart.books[kind] for kind in kinds]
    if len({book.unit.code for book in books}) > 1:
        _invalid(plugin, f"takes of accounts of different units by {effect.rule}; yield an effect for each unit")
    if effect.split not in ("in_turn", "pro_rata"):
        _invalid(plugin, f"splits by {effect.split!r}; say 'in_turn' or 'pro_rata'")
    if effect.split == "pro_rata" and len({book.lots for book in books}) > 1:
        _invalid(plugin, f"takes pro rata of kinds with and without lots by {effect.rule}; name kinds that are alike")
    if isinstance(effect, HoldAcross):
        _check_seconds(effect.seconds, plugin)


def _check_moment(name: str, at: datetime, effect: Effect, plugin: str) -> None:
    if at.tzinfo is None:
        _invalid(plugin, f"gives a time without a zone in an effect of rule {effect.rule}; give it with its zone")
    if not FIRST_INSTANT < micros(at) <= LAST_INSTANT:
        last = moment(LAST_INSTANT).date()
        _invalid(plugin, f"lets an effect of rule {effect.rule} {name} out of range; the last day is {last}")


def _check_skipped(effect: Skipped, plugin: str, terms: Terms) -> None:
    if effect.code not in terms.registry.errors:
        _invalid(plugin, f"skips rule {effect.rule} with the code {effect.code!r}, which nobody declares")
    plain = all(type(value) in _PLAIN for value in effect.parameters.values())
    if not plain or (effect.parameters and not is_storable(effect.parameters)):
        _invalid(plugin, f"skips rule {effect.rule} with parameters that JSON cannot hold; use texts and whole numbers")


def _check_shares(effect: Credit | Debit, shares: Mapping[int, int], plugin: str) -> None:
    if any(type(share) is not int or share < 0 for share in shares.values()):
        _invalid(plugin, f"gives an effect of rule {effect.rule} a share that is no whole number of 0 or more")
    if sum(shares.values()) != effect.amount:
        _invalid(plugin, f"gives an effect of rule {effect.rule} shares that do not sum to its amount")
    if not shares.keys() <= {line.no for line in effect.activity.lines}:
        _invalid(plugin, f"gives an effect of rule {effect.rule} a share of a line that the activity does not have")


def _invalid(plugin: str, what: str) -> NoReturn:
    raise PluginError(f"plugin {plugin} {what}", code="EFFECT_INVALID", plugin=plugin)
