"""Why a program that is right in itself cannot follow those that were applied before."""

from __future__ import annotations

from typing import Any

from corekit.declares import ErrorText
from corekit.errors import Problem

ERRORS = (
    ErrorText(
        "PROGRAM_IN_PAST",
        "It is {now}: a program valid from {valid_from} would judge what has happened; give a reason to allow it.",
        "现在是 {now}：自 {valid_from} 生效会影响已发生的活动，须说明理由。",
    ),
    ErrorText(
        "PROGRAM_BEHIND",
        "Version {version} has been valid since {since}; a later one cannot begin before it, at {valid_from}.",
        "版本 {version} 自 {since} 起已生效，新版本不能早于该时间（{valid_from}）。",
    ),
    ErrorText(
        "PROGRAM_NOTICE",
        "Version {version} promises {days} days of notice: {missing} are missing; {earliest} is the first instant.",
        "版本 {version} 承诺提前 {days} 天公布，还差 {missing} 天；最早 {earliest} 生效。",
    ),
    ErrorText(
        "PROGRAM_REPLACES",
        "Version {version}, announced for {valid_from}, would never hold; allow it to be replaced.",
        "已公布于 {valid_from} 生效的版本 {version} 将不再生效，须明确允许替换。",
    ),
    ErrorText(
        "PROGRAM_UNREADABLE",
        "Version {version} of the program, valid then, does not fit the plugins that are on.",
        "当时有效的方案版本 {version} 与已启用的插件不符。",
    ),
    ErrorText(
        "PROGRAM_FIXED",
        "{what} {name} has {old} since version {version}, which never changes; {new} needs another name.",
        "{what} {name} 自版本 {version} 起为 {old}，不可更改；{new} 须另取名称。",
    ),
)
"""The codes, each with its sentences."""

_TEXTS = {text.code: text.en for text in ERRORS}


def problem(code: str, *path: str, **parameters: Any) -> Problem:
    """Return the problem of a code, with its sentence."""
    return Problem(code=code, path=path, message=_TEXTS[code].format(**parameters), parameters=parameters)
