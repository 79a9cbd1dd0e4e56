"""What happens to documents, their files and links at the very moment at which somebody else does something."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from sqlalchemy import func, select, text

from corekit import Invalid, Kit
from corekit.audit.trail import audit_page
from corekit.testing.at_once import when
from corekit_documents import documents, links, tables, uploads
from corekit_documents.settings import settings_of
from corekit_documents.store import Store
from corekit_documents.verifying import verify

from .conftest import PDF, OpenShop, Shop, in_pieces

on_postgresql = pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


def is_free(kit: Kit, table: str) -> bool:
    """Say whether a row of a table can be changed without waiting for somebody."""
    with kit.database.engine.begin() as other:
        return bool(other.execute(text(f"SELECT 1 FROM {table} FOR UPDATE SKIP LOCKED")).all())


def said(shop: Shop, what: str) -> int:
    """Return how often the audit trail says that something was done."""
    with shop.kit.read() as read:
        return sum(each.what == what for each in audit_page(read, first=1_000).items)


@on_postgresql
def test_a_document_that_two_make_at_once_is_as_the_second_says(shop: OpenShop) -> None:
    here = shop()
    when(here.kit, "before", "INSERT INTO documents_document", lambda: here.document(category="prices"))
    here.document()
    with here.kit.read() as read:
        (found,) = documents.every(read)
    assert found.category is None
    assert said(here, "documents.set") == 2


@on_postgresql
def test_a_document_that_is_set_back_to_what_it_was_is_said_to_be(shop: OpenShop) -> None:
    here = shop()
    here.document()

    def change() -> None:
        if is_free(here.kit, "documents_document"):
            here.document(category="prices")

    when(here.kit, "before", "UPDATE documents_document", change)
    here.document()
    with here.kit.read() as read:
        (found,) = documents.every(read)
    assert (found.category, said(here, "documents.set")) in ((None, 1), (None, 3))


@on_postgresql
def test_a_version_that_two_withdraw_at_once_is_withdrawn_once(shop: OpenShop) -> None:
    here = shop()
    here.document()
    version = here.upload()

    def withdraw() -> None:
        if is_free(here.kit, "documents_version"):
            documents.withdraw(here.kit, "bob", version.id)

    when(here.kit, "before", "UPDATE documents_version", withdraw)
    documents.withdraw(here.kit, "ada", version.id)
    assert said(here, "documents.withdrawn") == 1


@on_sqlite
def test_a_file_stays_whose_sender_went_away_while_it_was_entered(shop: OpenShop) -> None:
    here = shop()
    here.document()
    version = uploads.wait(here.kit, "ada", "list", language="en", name="list.pdf", media_type="application/pdf")
    store, over = Store(settings_of(here.kit)), Event()

    async def send() -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(uploads.receive(here.kit, store, version, in_pieces(PDF)))
        task.add_done_callback(lambda _: over.set())

        def leave() -> None:
            loop.call_soon_threadsafe(task.cancel)
            assert over.wait(10)

        when(here.kit, "before", "UPDATE documents_version", leave)
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(send())
    with here.kit.read() as read:
        assert documents.versions(read, [version.id])[version.id].state == "complete"
    assert verify(here.kit).faults == ()


def test_who_is_forgotten_while_a_link_is_made_gets_none(shop: OpenShop) -> None:
    here = shop()
    here.document()
    here.upload()
    member = here.join()
    when(here.kit, "before", "BEGIN", lambda: here.kit.erase(member))
    with pytest.raises(Invalid, match="MEMBER_CANCELLED"):
        here.link(member)
    with here.kit.read() as read:
        assert read.scalar(select(func.count()).select_from(tables.link)) == 0


@on_postgresql
def test_nobody_is_forgotten_between_being_looked_at_and_getting_a_link(shop: OpenShop) -> None:
    here = shop()
    here.document()
    here.upload()
    member, free = here.join(), list[bool]()
    when(here.kit, "before", "INSERT INTO documents_link", lambda: free.append(is_free(here.kit, "core_member")))
    here.link(member)
    assert free == [False]


@on_postgresql
def test_links_are_revoked_in_the_order_in_which_they_are_used(shop: OpenShop) -> None:
    here = shop()
    here.document()
    here.upload()
    member = here.join()
    first, second = sorted(here.link(member).link.id for _ in range(2))
    with here.kit.database.write() as using:
        for document in ("other", "list"):  # so it lies behind the second, in the table and its indexes
            moving = text("UPDATE documents_link SET document = :document WHERE id = :id")
            using.execute(moving, {"document": document, "id": first})
    with ThreadPoolExecutor(1) as pool, here.kit.database.write() as using:
        lock = "SELECT id FROM documents_link WHERE id = :id FOR UPDATE SKIP LOCKED"
        assert len(using.execute(text(lock), {"id": first}).all()) == 1
        revoked = pool.submit(links.revoke, here.kit, "ada", document="list")
        while not waits(here.kit):
            assert not revoked.done()
        assert len(using.execute(text(lock), {"id": second}).all()) == 1
    assert revoked.result() == 2


def waits(kit: Kit) -> bool:
    """Say whether anybody waits for a lock."""
    with kit.database.engine.connect() as other:
        asked = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return other.execute(text(asked)).first() is not None
