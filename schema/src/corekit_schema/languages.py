"""In which language a client is answered, and the sentences of codes in it.

English and Simplified Chinese. The sentences of a code are declared beside the code (:class:`corekit.ErrorText`); what
the server says of requests themselves is in a table here. English is what whoever refuses says, and stands where there
is no other sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal, cast

from attrs import field, frozen

from corekit.declares import ErrorText

Language = Literal["en", "zh"]
_QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")
_TRADITIONAL = {"hant", "tw", "hk", "mo"}
"""Who reads these is not told Simplified Chinese unless they ask for that as well."""

_REQUESTS: Mapping[str, str] = {
    "BAD_REQUEST": "不是有效的 GraphQL 请求。",
    "FORBIDDEN": "您无权执行此操作。",
    "METHOD_NOT_ALLOWED": "请用 POST 发送；GET 仅限查询。",
    "PAGE_SIZE": "每页最多 {limit} 项。",
    "PERSISTED_QUERY_NOT_FOUND": "没有此编号的文档。",
    "PERSISTED_QUERY_NOT_SUPPORTED": "此处没有可引用的文档，请发送正文。",
    "PERSISTED_QUERY_ONLY": "只执行登记过的文档，请发送其编号。",
    "RATE_LIMITED": "请求过多，请在 {retryAfter} 秒后重试。",
    "TOO_COSTLY": "查询开销过大，请减少内容。",
    "TOO_DEEP": "查询层级过深。",
    "TOO_LARGE": "请求过大。",
    "TOO_SLOW": "处理超时，请减少内容后重试。",
    "UNAUTHENTICATED": "请出示有效令牌以说明身份。",
    "UNSUPPORTED_MEDIA_TYPE": "请以 JSON 发送请求。",
}
"""What the server says of requests, in Simplified Chinese, by code."""


@lru_cache(maxsize=256)
def language_of(accept: str | None) -> Language:
    """Return the language that ``Accept-Language`` likes best of those there are; English where it likes none."""
    best, most = "en", 0.0
    for language, quality in _ranges(accept or ""):
        if quality > most:
            best, most = language, quality
    return "zh" if best == "zh" else "en"


@frozen
class Speech:
    """Says sentences in a client's language: those of ``texts``, and those of requests. Each is given in English."""

    language: Language = "en"
    texts: Mapping[str, ErrorText] = field(factory=dict[str, ErrorText])

    def say(self, code: str, english: str, parameters: Mapping[str, Any]) -> str:
        """Return the sentence of a code; the English one where there is no other, or a parameter of it is missing."""
        text = self.texts.get(code)
        return english if self.language == "en" or text is None else _filled(text.zh, english, parameters)

    def say_of_request(self, code: str, english: str, parameters: Mapping[str, Any]) -> str:
        """Return what the server says of a request itself; the English sentence where there is no other."""
        return english if self.language == "en" else _filled(_REQUESTS.get(code), english, parameters)


ENGLISH = Speech()


def _filled(text: str | None, english: str, parameters: Mapping[str, Any]) -> str:
    try:
        return english if text is None else text.format_map({name: _shown(it) for name, it in parameters.items()})
    except KeyError:
        return english


def _shown(value: Any) -> Any:
    return "、".join(map(str, cast("list[Any]", value))) if isinstance(value, list | tuple) else value


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    """Yield the languages that a header names and there are, with how much each is liked, and nothing garbled."""
    for part in accept.lower().split(","):
        tag, *parameters = (text.strip() for text in part.split(";"))
        language, *subtags = tag.split("-")
        quality = next((text.removeprefix("q=") for text in parameters if text.startswith("q=")), "1")
        if language == "zh" and not _TRADITIONAL.isdisjoint(subtags):
            continue
        if language in {"en", "zh"} and _QUALITY.fullmatch(quality):
            yield language, float(quality)
