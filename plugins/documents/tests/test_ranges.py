"""Ranges and tags, as RFC 9110 says them."""

from __future__ import annotations

import pytest

from corekit_documents import ranges
from corekit_documents.headers import disposition

TAG = ranges.etag("ab")


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=2-4", 2, 5),
        ("bytes=2-", 2, 10),
        ("bytes=2-99", 2, 10),
        ("bytes=-3", 7, 10),
        ("bytes=-99", 0, 10),
        ("BYTES = 2 - 4", 2, 5),
        ("bytes=,2-4,", 2, 5),
        (f"bytes=2-{'9' * 5000}", 2, 10),
        (f"bytes={'0' * 5000}2-4", 2, 5),
    ],
)
def test_a_range_is_these_bytes(text: str, start: int, end: int) -> None:
    assert ranges.part({"range": text}, TAG, 10) == ranges.Part(start, end)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"range": "lines=1-2"},
        {"range": "bytes=0-1,3-4"},
        {"range": "bytes=0-1", "if-range": '"cd"'},
        {"range": "bytes=0-1", "if-range": 'W/"ab"'},
        {"range": "bytes=0-1", "if-range": "Thu, 27 Nov 2025 06:00:00 GMT"},
    ],
)
def test_all_else_is_the_whole_file(headers: dict[str, str]) -> None:
    assert ranges.part(headers, TAG, 10) == ranges.Part(0, 10, whole=True)
    assert ranges.part({"range": "bytes=0-1", "if-range": TAG}, TAG, 10) == ranges.Part(0, 2)


@pytest.mark.parametrize(
    "text",
    ["", "bytes", "bytes=", "bytes=,", "bytes=a-b", "bytes=4-2", "bytes=-", "bytes=1-2-3", "bytes=\u0661-\u0662"],
)
def test_what_cannot_be_read_is_malformed(text: str) -> None:
    with pytest.raises(ranges.Malformed):
        ranges.part({"range": text}, TAG, 10)


@pytest.mark.parametrize("text", ["bytes=10-", "bytes=10-20", "bytes=-0", f"bytes={'9' * 30}-"])
def test_a_range_without_a_byte_is_outside(text: str) -> None:
    with pytest.raises(ranges.Outside):
        ranges.part({"range": text}, TAG, 10)


def test_tags_say_which_file_is_meant() -> None:
    for text, known, other in (
        ('"ab"', True, False),
        ('"cd", "ab"', True, False),
        ('W/"ab"', True, True),
        ("*", True, False),
        ('"cd"', False, True),
        ("ab", False, True),
        ('"cd", ???, "ab"', False, True),
    ):
        assert ranges.is_known({"if-none-match": text}, TAG) is known, text
        assert ranges.is_other({"if-match": text}, TAG) is other, text
    assert not ranges.is_known({}, TAG)
    assert not ranges.is_other({}, TAG)


def test_a_name_is_told_to_old_clients_and_to_new_ones() -> None:
    assert disposition("价目表 2026.pdf") == (
        "attachment; filename=\"___ 2026.pdf\"; filename*=UTF-8''%E4%BB%B7%E7%9B%AE%E8%A1%A8%202026.pdf"
    )
    assert disposition('a"b\r\n/../%41;x.pdf').startswith('attachment; filename="a_b___..__41_x.pdf"; ')
    assert disposition("a   b.pdf") == "attachment; filename=\"a b.pdf\"; filename*=UTF-8''a%20%20%20b.pdf"
