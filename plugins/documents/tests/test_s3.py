"""The same in a bucket: a server of S3 on this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from moto.server import ThreadedMotoServer

from corekit_documents import verifying
from corekit_documents.store import PART

from .conftest import PDF, OpenShop, Shop

LARGE = PDF * 120
"""More than two parts."""


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


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.row("D3", way="python")
def test_a_bucket_takes_gives_and_lists_files_as_a_folder_does(
    shop: OpenShop, serve: Callable[[Shop], httpx.Client], s3: str, store: Path
) -> None:
    options = {
        "endpoint": s3,
        "region": "us-east-1",
        "access_key_id": "a",
        "secret_access_key": "b",
    }
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
