"""Uploads over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from corekit import Invalid
from corekit_documents import uploads

from .conftest import PDF, OpenShop, Shop

Serve = Callable[[Shop], httpx.Client]
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


def begun(shop: Shop, **told: Any) -> uploads.Upload:
    about: dict[str, Any] = {"language": "en", "name": "list.pdf", "media_type": "application/pdf", **told}
    return uploads.begin(shop.kit, "ada", "list", **about)


def files(store: Path) -> list[Path]:
    """Return what lies in the store."""
    return [path for path in store.rglob("*") if path.is_file()]


def test_a_file_is_sent_once_by_its_link(shop: OpenShop, serve: Serve, store: Path) -> None:
    here = shop()
    here.document()
    client = serve(here)
    first = begun(here, size=len(PDF), checksum=sha256(PDF).hexdigest().upper())
    done = client.put(first.url, content=PDF)
    assert (done.status_code, done.json()["number"], done.json()["sha256"]) == (201, 1, sha256(PDF).hexdigest())
    again = client.put(first.url, content=PDF)
    assert (again.status_code, again.json()["code"]) == (409, "DOCUMENTS_UPLOAD_OVER")
    assert client.put(begun(here).url, content=PDF).json()["number"] == 2
    assert client.put(begun(here, language="zh").url, content=PDF).json()["number"] == 1
    assert len(files(store)) == 3
    assert all(path.read_bytes() == PDF for path in files(store))


@on_sqlite
@pytest.mark.row("D1", way="bad_input")
def test_what_is_not_what_was_said_leaves_nothing_and_can_be_sent_again(
    shop: OpenShop, serve: Serve, store: Path
) -> None:
    here = shop(settings={"largest": 200_000})
    here.document()
    client = serve(here)

    def pieces(content: bytes) -> Iterator[bytes]:
        yield from (content[at : at + 10_000] for at in range(0, len(content), 10_000))

    large = PDF + bytes(200_000)
    cases: list[tuple[dict[str, object], bytes, int, str]] = [
        ({}, large, 413, "DOCUMENTS_TOO_LARGE"),
        ({"size": 10}, PDF, 422, "DOCUMENTS_SIZE_WRONG"),
        ({"size": len(PDF) + 1}, PDF, 422, "DOCUMENTS_SIZE_WRONG"),
        ({"checksum": "0" * 64}, PDF, 422, "DOCUMENTS_CHECKSUM_WRONG"),
        ({}, b"<html><script>alert(1)</script>", 415, "DOCUMENTS_TYPE_WRONG"),
        ({"media_type": "text/plain"}, PDF, 415, "DOCUMENTS_TYPE_WRONG"),
        ({"media_type": "image/png"}, PDF, 415, "DOCUMENTS_TYPE_WRONG"),
        ({}, b"", 422, "DOCUMENTS_EMPTY"),
    ]
    for about, content, status, code in cases:
        begun_ = begun(here, **about)
        for given in (content, pieces(content)):  # with a length, and in chunks
            answer = client.put(begun_.url, content=given)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert files(store) == []
    waiting = begun(here)
    assert client.put(waiting.url, content=b"no pdf").status_code == 415
    assert client.put(waiting.url, content=PDF).status_code == 201
    late = begun(here)
    here.clock.advance(hours=2)
    assert client.put(late.url, content=PDF).json()["code"] == "DOCUMENTS_UPLOAD_EXPIRED"
    assert client.put(late.url[:-1], content=PDF).json()["code"] == "DOCUMENTS_LINK_INVALID"
    assert client.put(late.url.replace("/upload/", "/file/"), content=PDF).status_code == 405


@on_sqlite
def test_what_may_not_be_uploaded_is_refused_before_it_comes(shop: OpenShop) -> None:
    here = shop(settings={"largest": 1000})
    here.document()
    for about, code in (
        ({"media_type": "text/html"}, "DOCUMENTS_TYPE_NOT_ALLOWED"),
        ({"size": 1001}, "DOCUMENTS_TOO_LARGE"),
    ):
        with pytest.raises(Invalid, match=code):
            begun(here, **about)
    with pytest.raises(Invalid, match="DOCUMENTS_UNKNOWN"):
        uploads.begin(here.kit, None, "none", language="en", name="a", media_type="text/plain")
    without = shop(settings={"signing_keys": []})
    without.document()
    with pytest.raises(Invalid, match="DOCUMENTS_NO_SIGNING_KEY"):
        begun(without)
