"""Documents keep what every plugin promises."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

from sqlalchemy import insert

from corekit import Activity, micros
from corekit.ids import named_id
from corekit.testing import House, PluginContract
from corekit_documents import documents, tables

PROGRAM = """
[program]
name = "Corner shop"

[[documents.quotas]]
downloads = 2
per = "month"
"""


class TestDocuments(PluginContract):
    """Documents keep all promises."""

    plugin = "documents"
    program = PROGRAM
    sections: ClassVar = {"documents": {"signing_keys": [{"id": "k", "secret": "a secret of the tests, long enough"}]}}
    kept: ClassVar = {
        "documents_document": "what there is to download is the house's, and not of members",
        "documents_version": "files are the house's, and not of members",
        "documents_link": "a link is made before anything is downloaded, and stays when that is taken back",
    }

    def history(self, house: House) -> Iterator[Activity]:
        """Add downloads by links, more than the quota allows."""
        yield from super().history(house)
        links = _links(house)
        for number in range(3):
            for member, ids in links.items():
                yield house.does(member, "documents.downloaded", payload={"link": ids[number]}, days=6 + number)


def _links(house: House) -> dict[str, list[str]]:
    """Make a document, a version of it, and links, three for each member, as they are made before anybody downloads."""
    documents.set_document(house.kit, None, "list", titles={"en": "List"}, audience={"everybody": True})
    version = named_id(f"{house.began} version")
    began, ends = micros(house.began), micros(house.began + timedelta(days=400))
    links = {member: [named_id(f"{member} {house.began} {at}") for at in range(3)] for member in house.members}
    rows: list[dict[str, Any]] = [
        {"id": id_, "member_id": member, "document": "list", "version_id": version, "issued_at": began}
        for member, ids in links.items()
        for id_ in ids
    ]
    with house.kit.database.write() as connection:
        connection.execute(insert(tables.link).values(expires_at=ends), rows)
    return links
