"""The same in a bucket: a server of S3 on this machine."""

from __future__ import annotations

import asyncio
import random
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import from_url

from corekit import Invalid, SettingsError
from corekit_documents import links, uploads, verifying
from corekit_documents.store import PART
from corekit_schema import build_app

from .conftest import PDF, OpenShop, Shop
from .test_fuzz import FUZZ, Requests, ask, made_links

LARGE = PDF * 120
"""More than two parts."""
NAME = "价目表  2026.pdf"
REQUESTS = 5_000 if FUZZ else 200


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of a server of S3 with a bucket."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    server.start()
    address = f"http://127.0.0.1:{port}"
    httpx.put(f"{address}/files").raise_for_status()
    yield address
    server.stop()


def _options(s3: str) -> dict[str, str]:
    return {"endpoint": s3, "region": "us-east-1", "access_key_id": "a", "secret_access_key": "b"}


def _bucket(s3: str) -> Any:
    return from_url("s3://files/leading", config=_options(s3), client_options={"allow_http": True})  # type: ignore[call-overload]


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.row("D3", way="python")
def test_a_bucket_takes_gives_and_lists_files_as_a_folder_does(
    shop: OpenShop, serve: Callable[[Shop], httpx.Client], s3: str, store: Path
) -> None:
    options = _options(s3)
    here = shop(settings={"store": "s3://files/shop", "store_options": options})
    here.document()
    version = here.upload(LARGE)
    assert len(LARGE) > 2 * PART
    made, client = here.link(here.join()), serve(here)
    assert client.get(made.url).content == LARGE
    some = client.get(made.url, headers={"range": f"bytes={PART - 5}-{PART + 4}"})
    assert (some.status_code, some.content) == (206, LARGE[PART - 5 : PART + 5])
    assert verifying.verify(here.kit).faults == ()
    assert httpx.get(f"{s3}/files/shop/{version.key}").content == LARGE
    httpx.put(f"{s3}/files/shop/ab/stray", content=b"nobody's").raise_for_status()
    assert [(each.key, each.wrong) for each in verifying.verify(here.kit, sizes=True).faults] == [("ab/stray", "stray")]
    here.clock.set("2030-01-01T00:00")
    assert verifying.clean(here.kit, "ada").files == 1
    assert verifying.verify(here.kit, sizes=True).faults == ()
    assert not store.exists()
    away = shop(settings={"store": "s3://nowhere/shop", "store_options": options}, database=here.kit.settings.database)
    link = away.link(away.join())
    assert serve(away).get(link.url).status_code == 503


@pytest.fixture
def leading_on(shop: OpenShop, s3: str) -> Callable[..., Shop]:
    """Open a shop whose links lead on to addresses of the bucket, which is empty."""
    for each in _bucket(s3).list().collect():
        _bucket(s3).delete(each["path"])

    def open_(program: str = "", **told: Any) -> Shop:
        settings = {"store": "s3://files/leading", "store_options": _options(s3), "links": "store", "store_seconds": 20}
        return shop(program, settings=settings | told.pop("settings", {}), **told)

    return open_


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.row("D3", way="python")
def test_a_link_leads_on_to_an_address_of_the_bucket_which_says_what_we_would(
    leading_on: Callable[..., Shop], serve: Callable[[Shop], httpx.Client], s3: str
) -> None:
    here = leading_on()
    here.document()
    version = here.upload(LARGE, name=NAME)
    made, client = here.link(here.join()), serve(here)

    def downloaded() -> Any:
        with here.kit.read() as read:
            return links.by_id(read, [made.link.id])[made.link.id].downloaded_at

    head = client.head(made.url, follow_redirects=True)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(LARGE)), b"")
    assert downloaded() is None
    led = client.get(made.url)
    assert (led.status_code, led.content, led.headers["cache-control"]) == (302, b"", "no-store")
    assert downloaded() is not None
    address = urlsplit(led.headers["location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{s3}/files/leading/{version.key}"
    assert parse_qs(address.query)["X-Amz-Expires"] == ["20"]
    whole = httpx.get(led.headers["location"])
    assert (whole.status_code, whole.content) == (200, LARGE)
    said = {name: whole.headers[name] for name in ("content-disposition", "content-type", "cache-control")}
    assert said == {
        "content-disposition": 'attachment; filename="___ 2026.pdf"; '
        "filename*=UTF-8''%E4%BB%B7%E7%9B%AE%E8%A1%A8%20%202026.pdf",
        "content-type": "application/pdf",
        "cache-control": "no-store",
    }
    some = client.get(made.url, headers={"range": "bytes=5-9"}, follow_redirects=True)
    assert (some.status_code, some.content) == (206, LARGE[5:10])


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.row("D3", way="bad_input")
@pytest.mark.row("D4", way="bad_input")
def test_where_a_link_leads_on_it_is_asked_all_the_same(
    leading_on: Callable[..., Shop], serve: Callable[[Shop], httpx.Client]
) -> None:
    here = leading_on('[[documents.quotas]]\ndownloads = 1\nper = "day"\n')
    here.document()
    here.upload()
    member = here.join()
    made, other, client = here.link(member), here.link(member), serve(here)
    address = client.get(made.url).headers["location"]
    refused = [client.get(other.url)]
    assert client.get(made.url).status_code == 302
    here.document(audience={"tier": "gold"})
    refused.append(client.get(made.url))
    here.document()
    assert links.revoke(here.kit, "ada", link=made.link.id) == 1
    refused.append(client.get(made.url))
    here.clock.advance(days=1)
    refused.append(client.get(other.url))
    codes = [(each.status_code, each.json()["code"]) for each in refused]
    assert codes == [
        (429, "DOCUMENTS_QUOTA"),
        (403, "DOCUMENTS_TIER"),
        (410, "DOCUMENTS_LINK_REVOKED"),
        (410, "DOCUMENTS_LINK_EXPIRED"),
    ]
    assert not any("location" in each.headers for each in refused)
    assert httpx.get(address).content == PDF  # what was signed before lives out its seconds


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.row("D1", way="python")
def test_what_a_bucket_cannot_send_under_its_name_we_send_and_what_is_not_there_does_not_count(
    leading_on: Callable[..., Shop], serve: Callable[[Shop], httpx.Client], s3: str
) -> None:
    here = leading_on('[[documents.quotas]]\ndownloads = 1\nper = "day"\n')
    here.document()
    version = here.upload()
    made, client = here.link(here.join()), serve(here)
    bucket = _bucket(s3)
    bucket.delete(str(version.key))
    assert [each.wrong for each in verifying.verify(here.kit).faults] == ["missing"]
    assert client.get(made.url).status_code == 503
    bucket.put(str(version.key), PDF[:-1])
    assert client.get(made.url).status_code == 503
    bucket.put(str(version.key), PDF)
    ours = client.get(made.url)  # the quota is as it was
    assert (ours.status_code, ours.content) == (200, PDF)
    assert verifying.verify(here.kit).faults == ()
    bucket.put("ab/stray", b"nobody's")
    here.clock.set("2030-01-01T00:00")
    assert verifying.clean(here.kit, "ada").files == 1
    assert verifying.verify(here.kit).faults == ()
    options = {"store": "s3://nowhere/shop"}
    away = leading_on(settings=options, database=here.kit.settings.database)
    link = away.link(away.join())
    assert serve(away).get(link.url).json()["code"] == "DOCUMENTS_STORE_DOWN"


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.row("D3", way="bad_input")
@pytest.mark.parametrize("store", ["documents", "gs://files", "memory://"])
def test_what_signs_no_addresses_is_refused_at_start(leading_on: Callable[..., Shop], store: str) -> None:
    with pytest.raises(SettingsError) as caught:
        leading_on(settings={"store": store})
    assert "let store be one, such as s3://bucket/prefix, or write own" in str(caught.value)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.row("D1", way="bad_input")
def test_what_was_not_said_leaves_nothing_in_a_bucket(leading_on: Callable[..., Shop], s3: str) -> None:
    here = leading_on(settings={"largest": len(PDF)})
    here.document()
    about: dict[str, Any] = {"language": "en", "name": "list.pdf", "media_type": "application/pdf"}
    wrong: list[tuple[dict[str, Any], bytes]] = [
        ({}, LARGE),
        ({"checksum": "0" * 64}, PDF),
        ({}, PDF[:0]),
        ({}, b"MZ" + PDF[2:]),
    ]
    for told, content in wrong:
        version = uploads.wait(here.kit, "ada", "list", **about, **told)
        with pytest.raises(Invalid):
            here.send(version, content)
    assert _bucket(s3).list().collect() == []
    assert here.upload().state == "complete"
    assert verifying.verify(here.kit).faults == ()


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.row("D3", way="bad_input")
def test_no_request_is_led_on_to_what_was_not_granted(leading_on: Callable[..., Shop]) -> None:
    here, draw = leading_on(), random.Random(11)
    granted, hidden = (b"%PDF-1.7\n" + draw.randbytes(2_000) for _ in range(2))
    good, bad = made_links(here, granted, hidden)
    requests, seen = Requests(int(FUZZ or 0), good, bad, '"tag"'), Counter[int]()
    key = links.opened(here.kit, good[0].rpartition("/")[2]).version.key

    async def run() -> None:
        app = build_app(here.kit)
        for _ in range(REQUESTS):
            asked = requests.one()
            answer = await ask(app, asked)
            seen[answer.status] += 1
            assert answer.status != 500, (asked, answer)
            assert granted[9:99] not in answer.body, asked
            assert hidden[9:99] not in answer.body, asked
            if answer.status == 302:
                assert asked.method in {"GET", "HEAD"}
                assert urlsplit(answer.headers["location"]).path == f"/files/leading/{key}"
            else:
                assert "location" not in answer.headers or answer.status in {307, 308}, (asked, answer)

    asyncio.run(run())
    assert set(seen) >= {302, 403, 404, 405, 410}
    assert seen[302] > REQUESTS * 0.15
