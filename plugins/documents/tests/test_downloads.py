"""Downloads over HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from corekit_documents import documents, links

from .conftest import PDF, OpenShop, Shop

Serve = Callable[[Shop], httpx.Client]
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


def code(answer: httpx.Response, status: int) -> str:
    """Return the code of a refusal."""
    assert answer.status_code == status, answer.text
    said: str = answer.json()["code"]
    return said


@pytest.mark.row("D3", way="python")
def test_a_file_comes_whole_in_parts_and_as_a_head_and_counts_once(shop: OpenShop, serve: Serve) -> None:
    here = shop()
    here.document()
    here.upload(name="价目表.pdf")
    member = here.join()
    made, client = here.link(member), serve(here)
    tag = f'"{sha256(PDF).hexdigest()}"'
    head = client.head(made.url)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(PDF)))
    with here.kit.read() as read:
        assert links.by_id(read, [made.link.id])[made.link.id].downloaded_at is None
    whole = client.get(made.url)
    assert (whole.status_code, whole.content) == (200, PDF)
    expected = {
        "accept-ranges": "bytes",
        "cache-control": "no-store",
        "content-disposition": "attachment; filename=\"___.pdf\"; filename*=UTF-8''%E4%BB%B7%E7%9B%AE%E8%A1%A8.pdf",
        "content-length": str(len(PDF)),
        "content-security-policy": "default-src 'none'; sandbox",
        "content-type": "application/pdf",
        "etag": tag,
        "x-content-type-options": "nosniff",
    }
    assert {name: whole.headers[name] for name in expected} == expected
    some = client.get(made.url, headers={"range": "bytes=100-199", "if-range": tag})
    assert (some.status_code, some.content) == (206, PDF[100:200])
    assert some.headers["content-range"] == f"bytes 100-199/{len(PDF)}"
    assert client.get(made.url, headers={"if-none-match": tag}).status_code == 304
    assert client.get(made.url, headers={"range": "bytes=0-1,5-6"}).content == PDF
    with here.kit.read() as read:
        counted = links.by_id(read, [made.link.id])[made.link.id]
    assert here.kit.why(str(counted.activity_id)).activity.type == "documents.downloaded"


@on_sqlite
@pytest.mark.row("D3", way="bad_input")
@pytest.mark.row("D4", way="bad_input")
def test_what_cannot_be_had_is_told_with_its_code(shop: OpenShop, serve: Serve) -> None:
    here = shop('[[documents.quotas]]\ndownloads = 1\nper = "day"\n')
    here.document()
    version = here.upload()
    member = here.join()
    made, other, third = (here.link(member) for _ in range(3))
    client = serve(here)
    get = client.get
    assert code(get(made.url[:-1] + ("A" if made.url[-1] != "A" else "Q")), 404) == "DOCUMENTS_LINK_INVALID"
    assert code(get(made.url + "A"), 404) == "DOCUMENTS_LINK_INVALID"
    assert code(get(made.url.replace("/k1.", "/k2.")), 404) == "DOCUMENTS_LINK_INVALID"
    assert code(get(made.url, headers={"range": "bytes=5-2"}), 400) == "DOCUMENTS_RANGE_MALFORMED"
    outside = get(made.url, headers={"range": "bytes=999999-"})
    assert code(outside, 416) == "DOCUMENTS_RANGE_OUTSIDE"
    assert outside.headers["content-range"] == f"bytes */{len(PDF)}"
    assert code(get(made.url, headers={"if-match": '"other"'}), 412) == "DOCUMENTS_CHANGED"
    assert get(made.url).status_code == 200
    told = get(other.url, headers={"accept-language": "zh"})
    assert code(told, 429) == "DOCUMENTS_QUOTA"
    assert told.json()["message"] == "每位会员按 day 最多下载 1 份，已达上限。"
    assert links.revoke(here.kit, "ada", member=member, document="list") == 3
    assert code(get(made.url), 410) == "DOCUMENTS_LINK_REVOKED"
    here.clock.advance(days=1)
    assert code(get(third.url), 410) == "DOCUMENTS_LINK_EXPIRED"
    fresh = here.link(member)
    here.document(audience={"tier": "gold"})
    assert code(get(fresh.url), 403) == "DOCUMENTS_TIER"
    here.document()
    documents.withdraw(here.kit, "ada", version.id)
    assert code(get(fresh.url), 410) == "DOCUMENTS_LINK_REVOKED"


@on_sqlite
def test_where_the_store_is_down_nothing_is_counted_and_it_can_be_tried_again(
    shop: OpenShop, serve: Serve, store: Path
) -> None:
    here = shop('[[documents.quotas]]\ndownloads = 1\nper = "day"\n')
    here.document()
    version = here.upload()
    made, client = here.link(here.join()), serve(here)
    away = store.with_name("away")
    shutil.move(store, away)
    down = client.get(made.url)
    assert code(down, 503) == "DOCUMENTS_STORE_DOWN"
    assert down.headers["retry-after"] == "5"
    shutil.move(away, store)
    file = store / str(version.key)
    file.rename(file.with_name("elsewhere"))
    file.symlink_to(file.with_name("elsewhere"))
    assert code(client.get(made.url), 503) == "DOCUMENTS_STORE_DOWN"
    file.unlink()
    file.with_name("elsewhere").rename(file)
    assert client.get(made.url).content == PDF


@on_sqlite
def test_nginx_sends_the_file_where_that_is_wanted(shop: OpenShop, serve: Serve) -> None:
    here = shop(settings={"offload": "/kept/", "base_url": "https://shop.example/"})
    here.document()
    version = here.upload()
    made = here.link(here.join())
    assert made.url.startswith("https://shop.example/documents/file/k1.")
    answer = serve(here).get(made.url.removeprefix("https://shop.example"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["x-accel-redirect"] == f"/kept/{version.key}"


@on_sqlite
def test_links_of_an_older_key_are_good_until_it_is_taken_away(shop: OpenShop, serve: Serve) -> None:
    here = shop()
    here.document()
    here.upload()
    made = here.link(here.join())
    new: dict[str, Any] = {"id": "k2", "secret": "another secret of more than thirty-two characters"}
    old: dict[str, Any] = {"id": "k1", "secret": "a secret of more than thirty-two characters"}
    for keys, status in (([new, old], 200), ([new], 404)):
        again = shop(settings={"signing_keys": keys}, database=here.kit.settings.database)
        assert serve(again).get(made.url).status_code == status
