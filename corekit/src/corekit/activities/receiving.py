"""The door: what comes from outside is understood, or is refused with everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from attrs import evolve
from marshmallow import Schema

from corekit.activities import tenders
from corekit.activities.activity import Activity, Line
from corekit.activities.incoming import MERGED, REGISTERED, Incoming, hash_of
from corekit.activities.outcome import Outcome
from corekit.clock import FIRST_INSTANT, LAST_INSTANT, micros, moment
from corekit.declares import ActivityType, ErrorText
from corekit.errors import Invalid, Problem
from corekit.ids import is_id, new_id
from corekit.ledger.voucher import LARGEST_AMOUNT
from corekit.members.person import known_by
from corekit.plain import plain
from corekit.program import refusals
from corekit.validation import load, suggest

if TYPE_CHECKING:
    from corekit.activities.terms import Terms

LONGEST_KEY = 200
LONGEST_TEXT = 200
MOST_LINES = 1_000
MOST_MEMBERS = 100
LARGEST_QUANTITY = 10**12
AHEAD = 300_000_000
"""Clocks differ: an activity may have occurred this many microseconds after now."""
KEY_REUSED = "KEY_REUSED"

ERRORS = (
    ErrorText("TYPE_UNKNOWN", "There is no activity type {type}.", "没有活动类型 {type}。"),
    ErrorText("TYPE_INTERNAL", "Activities of type {type} are recorded by the core itself.", "{type} 由系统自动记录。"),
    ErrorText("AMOUNT_NOT_WHOLE", "An amount is a whole number of minor units.", "金额须为最小单位的整数。"),
    ErrorText("AMOUNT_RANGE", "An amount lies between {least} and {most}.", "金额须在 {least} 与 {most} 之间。"),
    ErrorText("AMOUNT_ZERO", "An amount of zero changes nothing.", "金额不能为零。"),
    ErrorText("AMOUNT_UNEXPECTED", "An activity of type {type} has no amount.", "{type} 类活动没有金额。"),
    ErrorText("UNIT_WRONG", "The unit of this activity is {expected}.", "该活动的单位应为 {expected}。"),
    ErrorText("TIME_RANGE", "The time is out of the range that can be recorded.", "时间超出可记录范围。"),
    ErrorText("TIME_ZONE_MISSING", "Give the time with its zone.", "时间须带时区。"),
    ErrorText("TIME_IN_FUTURE", "This has not happened yet; it is {now}.", "该时间尚未到来，现在是 {now}。"),
    ErrorText("MEMBER_MISSING", "Say which member; an id has 32 hexadecimal digits.", "请提供会员编号。"),
    ErrorText("MEMBERS_TOO_MANY", "At most {most} other members.", "最多涉及 {most} 位其他会员。"),
    ErrorText("MERGE_WHOM", "Name in members the one that becomes a part of this one.", "请指明要并入的一位会员。"),
    ErrorText("LINES_UNEXPECTED", "An activity of type {type} has no lines.", "{type} 类活动没有明细行。"),
    ErrorText("LINES_SUM", "The lines sum to {sum}, the amount says {amount}.", "明细合计 {sum}，总额为 {amount}。"),
    ErrorText("LINES_TOO_MANY", "At most {most} lines.", "最多 {most} 行。"),
    ErrorText("LINE_REPEATED", "Line {no} is there twice.", "第 {no} 行重复。"),
    ErrorText("LINE_INVALID", "Line number, quantity or text is out of range.", "行号、数量或文本超出范围。"),
    ErrorText("REVERSES_MISSING", "Say which activity is taken back.", "请指明要撤销的活动。"),
    ErrorText("REVERSES_UNEXPECTED", "An activity of type {type} takes nothing back.", "{type} 不能撤销其他活动。"),
    ErrorText(
        "KEY_INVALID", "Source and external id have 1 to {most} characters.", "来源与外部编号须为 1 至 {most} 字。"
    ),
    ErrorText(
        "NOT_STORABLE", "This holds a character or a number that cannot be stored.", "含有无法存储的字符或数字。"
    ),
    ErrorText(
        "IDENTITY_MISSING",
        "Name somebody by phone, email, number, external_id or external_ids.",
        "请提供电话、邮箱、会员号或外部编号。",
    ),
    ErrorText("IDENTITY_UNEXPECTED", "Give a member or an identity, not both.", "会员与身份信息只能提供其一。"),
    ErrorText("KEY_REUSED", "This key was used for another body; send a new key.", "该键已用于其他内容。"),
    *tenders.ERRORS,
)
"""The codes of what can be wrong with an activity at the door."""

_TEXTS = {text.code: text.en for text in ERRORS}


def receive(activity: Activity, terms: Terms, now: int) -> Incoming:
    """Check an activity from outside; raise :class:`Invalid` with everything that is wrong."""
    name: Any = activity.type
    kind = terms.types.get(name) if isinstance(name, str) else None
    if kind is None:
        hint = suggest(str(activity.type), terms.types)
        raise Invalid([_problem("TYPE_UNKNOWN", "type", hint=hint, type=str(activity.type))])
    problems: list[Problem] = []
    if kind.internal or activity.parent is not None or activity.depth:
        problems.append(_problem("TYPE_INTERNAL", "type", type=activity.type))
    _check_key(activity, problems)
    activity = _about(activity, terms, problems)
    _check_members(activity, problems)
    if not is_id(activity.id):
        problems.append(_problem("NOT_STORABLE", "id"))
    occurred = _occurred(activity.occurred_at, now, problems)
    _check_amount(activity, kind, terms, problems)
    if activity.lines:
        _check_lines(activity, kind, problems)
    _check_reverses(activity, kind, problems)
    payload = _payload(activity, terms, problems)
    if (edition := terms.versions.edition_at(occurred)).problem is not None:
        problems.append(refusals.problem("PROGRAM_UNREADABLE", "occurred_at", version=edition.version))
    if problems:
        raise Invalid(problems)
    hashed = hash_of(activity, None if activity.occurred_at is None else occurred)
    if activity.occurred_at is None or payload != activity.payload:
        activity = evolve(activity, occurred_at=moment(occurred), payload=payload)
    historical = activity.source in terms.historical
    incoming = Incoming(activity, kind, occurred, payload or None, hash_=hashed, historical=historical)
    incoming.identity = activity.identity
    return incoming


def _about(activity: Activity, terms: Terms, problems: list[Problem]) -> Activity:
    """Return the activity with whom it is about: a member, a new one, or whoever is known by an identity."""
    if activity.identity is not None:
        return evolve(activity, member=new_id(), identity=_identity(activity, terms, problems))
    if activity.type == REGISTERED and not activity.member:
        return evolve(activity, member=new_id())
    if not is_id(activity.member):
        problems.append(_problem("MEMBER_MISSING", "member"))
    return activity


def follow_problems(activity: Activity, kind: ActivityType, terms: Terms) -> list[Problem]:
    """Return what is wrong with what a plugin lets follow: its amount, its unit, its payload."""
    problems: list[Problem] = []
    _check_amount(activity, kind, terms, problems)
    _payload(activity, terms, problems)
    return problems


def key_reused(incoming: Incoming) -> Outcome:
    """Return the answer to a key that was used for another body."""
    problem = _problem(KEY_REUSED, "external_id")
    return Outcome(
        outcome="invalid",
        source=incoming.key[0],
        external_id=incoming.key[1],
        member=incoming.activity.member,
        type=incoming.activity.type,
        code=problem.code,
        message=problem.message,
        problems=(problem,),
    )


def not_understood(activity: Activity, error: Invalid) -> Outcome:
    """Return the answer to what is not understood."""
    return Outcome(
        outcome="invalid",
        source=activity.source,
        external_id=activity.external_id,
        member=activity.member,
        type=activity.type,
        code=error.code,
        parameters=error.parameters,
        message=str(error),
        problems=error.problems,
    )


def _identity(activity: Activity, terms: Terms, problems: list[Problem]) -> Mapping[str, Any]:
    """Return whom an activity names, as the schema of identities reads it."""
    given: Any = activity.identity
    if activity.member or activity.type == REGISTERED:
        problems.append(_problem("IDENTITY_UNEXPECTED", "identity"))
        return {}
    if not is_storable(given):
        problems.append(_problem("NOT_STORABLE", "identity"))
        return {}
    try:
        known: Mapping[str, Any] = load(terms.identity, given, ("identity",))
    except Invalid as error:
        problems.extend(error.problems)
        return {}
    if next(known_by(known), None) is None:
        problems.append(_problem("IDENTITY_MISSING", "identity"))
    return known


def _occurred(given: object, now: int, problems: list[Problem]) -> int:
    if given is None:
        return now
    if not isinstance(given, datetime) or given.tzinfo is None:
        problems.append(_problem("TIME_ZONE_MISSING", "occurred_at"))
        return now
    occurred = micros(given)
    if not FIRST_INSTANT <= occurred <= LAST_INSTANT:
        problems.append(_problem("TIME_RANGE", "occurred_at"))
    elif occurred > now + AHEAD:
        problems.append(_problem("TIME_IN_FUTURE", "occurred_at", now=moment(now).isoformat()))
    return occurred


def _check_key(activity: Activity, problems: list[Problem]) -> None:
    for name in ("source", "external_id"):
        text: object = getattr(activity, name)
        if not isinstance(text, str) or not 0 < len(text) <= LONGEST_KEY or not _is_storable_text(text):
            problems.append(_problem("KEY_INVALID", name, most=LONGEST_KEY))


def _check_members(activity: Activity, problems: list[Problem]) -> None:
    """Check the others whose value it may move."""
    if activity.type == MERGED and len(activity.members) != 1:
        problems.append(_problem("MERGE_WHOM", "members"))
    if not activity.members:
        return
    if len(activity.members) > MOST_MEMBERS:
        problems.append(_problem("MEMBERS_TOO_MANY", "members", most=MOST_MEMBERS))
    for index, member in enumerate(activity.members[:MOST_MEMBERS]):
        if not is_id(member) or member == activity.member:
            problems.append(_problem("MEMBER_MISSING", "members", index))


def _check_reverses(activity: Activity, kind: ActivityType, problems: list[Problem]) -> None:
    if kind.reversal and not is_id(activity.reverses):
        problems.append(_problem("REVERSES_MISSING", "reverses"))
    elif not kind.reversal and activity.reverses is not None:
        problems.append(_problem("REVERSES_UNEXPECTED", "reverses", type=activity.type))


def _check_amount(activity: Activity, kind: ActivityType, terms: Terms, problems: list[Problem]) -> None:
    amount: object = activity.amount
    if type(amount) is not int:
        problems.append(_problem("AMOUNT_NOT_WHOLE", "amount"))
        return
    if kind.reversal:
        _check_returned(amount, activity.unit, problems)
        return
    if kind.amount == "none":
        if amount or activity.unit is not None:
            problems.append(_problem("AMOUNT_UNEXPECTED", "amount", type=activity.type))
        return
    least = -LARGEST_AMOUNT if kind.signed else 0
    if not least <= amount <= LARGEST_AMOUNT:
        problems.append(_problem("AMOUNT_RANGE", "amount", least=str(least), most=str(LARGEST_AMOUNT)))
    elif kind.signed and not amount:
        problems.append(_problem("AMOUNT_ZERO", "amount"))
    if kind.amount in {"own", "any"}:
        units = list(terms.registry.units) if kind.amount == "any" else _own_units(kind.name, terms)
        is_left_out = kind.amount == "any" and not amount and activity.unit is None
        if activity.unit not in units and not is_left_out:
            problems.append(_problem("UNIT_WRONG", "unit", expected=" / ".join(units)))
        return
    expected = terms.unit(kind)
    if activity.unit is not None and activity.unit != expected:
        problems.append(_problem("UNIT_WRONG", "unit", expected=expected))


def _check_returned(amount: int, unit: str | None, problems: list[Problem]) -> None:
    """Check what a reversal says it takes back: a part of the activity's amount, in its unit; 0 means all of it."""
    if not 0 <= amount <= LARGEST_AMOUNT:
        problems.append(_problem("AMOUNT_RANGE", "amount", least="0", most=str(LARGEST_AMOUNT)))
    if unit is not None:
        problems.append(_problem("UNIT_WRONG", "unit", expected="that of the activity"))


def _own_units(type_: str, terms: Terms) -> list[str]:
    """Return the units of the account kinds of the plugin that declares a type."""
    owner = terms.registry.owner("type", type_)
    kinds = terms.registry.kinds.values()
    return [kind.unit.code for kind in kinds if terms.registry.owner("kind", kind.code) == owner]


def _check_lines(activity: Activity, kind: ActivityType, problems: list[Problem]) -> None:
    lines = activity.lines
    if not kind.lines and not kind.reversal:
        problems.append(_problem("LINES_UNEXPECTED", "lines", type=activity.type))
        return
    if len(lines) > MOST_LINES:
        problems.append(_problem("LINES_TOO_MANY", "lines", most=MOST_LINES))
        return
    numbers: set[int] = set()
    total = 0
    for index, line in enumerate(lines):
        amount = line.amount
        if type(amount) is not int or not 0 <= amount <= LARGEST_AMOUNT:
            code = "AMOUNT_NOT_WHOLE" if type(amount) is not int else "AMOUNT_RANGE"
            parameters = {} if code == "AMOUNT_NOT_WHOLE" else {"least": "0", "most": str(LARGEST_AMOUNT)}
            problems.append(_problem(code, "lines", index, "amount", **parameters))
            continue
        if line.no in numbers:
            problems.append(_problem("LINE_REPEATED", "lines", index, "no", no=line.no))
        elif not _is_plausible(line):
            problems.append(_problem("LINE_INVALID", "lines", index))
        numbers.add(line.no)
        total += amount
    if not problems and total != activity.amount:
        problems.append(_problem("LINES_SUM", "amount", sum=str(total), amount=str(activity.amount)))
    elif not problems and kind.reversal and not total:
        problems.append(_problem("AMOUNT_ZERO", "lines"))


def _is_plausible(line: Line) -> bool:
    no, quantity, sku, category = line.no, line.quantity, line.sku, line.category
    return (
        type(no) is int
        and 0 < no < 2**31
        and type(quantity) is int
        and abs(quantity) <= LARGEST_QUANTITY
        and (sku is None or _is_text(sku))
        and (category is None or _is_text(category))
        and (not line.flags or _are_texts(line.flags))
        and (line.unit_price is None or (type(line.unit_price) is int and 0 <= line.unit_price <= LARGEST_AMOUNT))
    )


def _are_texts(flags: Sequence[object]) -> bool:
    return all(isinstance(flag, str) for flag in flags)


def _is_text(text: object) -> bool:
    return text is None or (isinstance(text, str) and len(text) <= LONGEST_TEXT)


_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_MAYBE_NUL = rb"\u0000"


def is_storable(value: object) -> bool:
    """Say whether both databases can keep a document: no NUL, no half of a character, no number beyond 64 bits."""
    try:
        text = orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return False
    return _MAYBE_NUL not in text or not _NUL.search(text)


def _is_storable_text(text: str) -> bool:
    return "\0" not in text and (text.isascii() or is_storable(text))


def _check_storable(activity: Activity, problems: list[Problem]) -> bool:
    """Refuse what no database can keep, with its path; one look at everything is enough where nothing is wrong."""
    if not _is_text(activity.actor):
        problems.append(_problem("NOT_STORABLE", "actor"))
    texts = [(line.sku, line.category, line.flags) for line in activity.lines]
    if is_storable((activity.actor, activity.payload, texts)):
        return True
    parts: list[tuple[tuple[str | int, ...], Any]] = [
        (("actor",), activity.actor),
        *((("payload", str(name)), {name: value}) for name, value in activity.payload.items()),
        *((("lines", index), text) for index, text in enumerate(texts)),
    ]
    problems.extend(_problem("NOT_STORABLE", *path) for path, value in parts if not is_storable(value))
    return False


def _payload(activity: Activity, terms: Terms, problems: list[Problem]) -> Mapping[str, Any]:
    """Return the payload as its schema reads it."""
    given: Any = activity.payload
    if not isinstance(given, Mapping):
        problems.append(Problem(code="TYPE", message="This must be of type object.", path=("payload",)))
        return {}
    if not _check_storable(activity, problems):
        return {}
    schema = terms.schemas[activity.type]
    if schema is None:
        if activity.payload:
            problems.append(Problem(code="UNKNOWN_FIELD", message="This type has no payload.", path=("payload",)))
        return activity.payload
    try:
        payload = loaded(activity.payload, schema)
    except Invalid as error:
        problems.extend(error.problems)
        return activity.payload
    if terms.types[activity.type].tenders:
        problems.extend(tenders.problems(activity, payload, terms))
    return payload


def loaded(payload: Mapping[str, Any], schema: Schema | None) -> Mapping[str, Any]:
    """Return a payload as its schema reads it, as JSON: plugins are given the same at once and from the intake."""
    if schema is None:
        return payload
    if (texts := plain(schema, payload)) is not None:
        return texts
    read: Any = load(schema, dict(payload), ("payload",))
    as_json: Mapping[str, Any] = orjson.loads(orjson.dumps(read, default=str, option=orjson.OPT_NON_STR_KEYS))
    return as_json


def _problem(code: str, *path: str | int, hint: str = "", **parameters: Any) -> Problem:
    return Problem(code=code, message=_TEXTS[code].format(**parameters) + hint, path=path, parameters=parameters)
