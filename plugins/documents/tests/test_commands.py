"""Documents on the command line, and whether table and store agree."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from corekit_documents import links, uploads

from .conftest import PDF, OpenShop, Run, Shop


@pytest.mark.row("D1", way="cli")
@pytest.mark.row("D2", way="cli")
@pytest.mark.row("D3", way="cli")
@pytest.mark.row("D4", way="cli")
def test_documents_are_set_uploaded_linked_and_logged(
    shop: OpenShop, run: Callable[[Shop], Run], tmp_path: Path
) -> None:
    here = shop()
    command = run(here)
    member = here.join()

    def does(*words: str) -> Any:
        code, answer = command("documents", *words)
        assert code == 0, answer
        return answer

    does("set", "list", "--title", "en=Price list", "--title", "zh=价目表", "--audience", '{"tier": "gold"}')
    file = tmp_path / "=list.pdf"
    file.write_bytes(PDF)
    version = does("upload", "list", str(file))
    assert (version["state"], version["size"], version["number"]) == ("complete", len(PDF), 1)
    shown = does("show", member)
    assert shown[0]["reasons"] == [{"code": "DOCUMENTS_TIER", "message": "It is from tier gold on."}]
    code, refused = command("documents", "link", member, "list")
    assert (code, refused["error"]["code"]) == (1, "DOCUMENTS_TIER")
    here.buys(member, 200_00)
    made = does("link", member, "list")
    assert made["url"].startswith("/documents/file/k1.")
    with here.kit.read() as read:
        links.count(here.kit, links.by_id(read, [made["link"]["id"]])[made["link"]["id"]])
    (logged,) = does("log", "--member", member)["items"]
    assert (logged["document"], logged["number"]) == ("list", 1)
    out = tmp_path / "log.csv"
    assert does("log", "--csv", str(out))["downloads"] == 1
    head, line = out.read_text(encoding="utf-8").splitlines()
    assert head.startswith("at,member,document,")
    assert line.split(",")[5] == "'=list.pdf"
    (listed,) = does("list")["items"]
    assert (listed["downloads"], listed["members"]) == (1, 1)
    assert does("revoke", "--member", member) == {"revoked": 1}
    assert does("withdraw", version["id"])["state"] == "withdrawn"
    assert "no: It is from tier gold" not in command("documents", "show", member, human=True)[1]
    assert "list/" not in command("documents", "list", human=True)[1]
    assert "1 downloads by 1" in command("documents", "list", human=True)[1]


def test_wrong_words_are_refused(shop: OpenShop, run: Callable[[Shop], Run]) -> None:
    command = run(shop())
    wrong = [
        (("set", "A list", "--title", "en=List"), 1),
        (("set", "list", "--title", "List"), 2),
        (("set", "list", "--title", "en=List", "--audience", "{"), 2),
        (("set", "list", "--title", "en=List", "--audience", '{"tier": "none"}'), 1),
        (("revoke",), 2),
        (("withdraw", "none"), 1),
    ]
    for words, code in wrong:
        assert command("documents", *words, human=True)[0] == code, words


@pytest.mark.row("D1", way="python")
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_table_checksums_and_store_agree_or_it_is_said(shop: OpenShop, run: Callable[[Shop], Run], store: Path) -> None:
    here = shop()
    command = run(here)
    here.document()
    assert command("documents", "verify")[1]["faults"] == []
    gone, other, shorter, good, linked = (here.upload() for _ in range(5))
    assert command("documents", "verify") == (0, {"versions": 5, "bytes": 5 * len(PDF), "faults": []})
    (store / str(gone.key)).unlink()
    (store / str(other.key)).write_bytes(PDF[:-1] + b"!")
    (store / str(shorter.key)).write_bytes(PDF[:-1])
    (store / str(linked.key)).unlink()
    (store / str(linked.key)).symlink_to(store / str(good.key))
    stray = store / "ab" / "stray"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"nobody's")
    code, found = command("documents", "verify")
    assert code == 1
    assert {(each["version"], each["wrong"]) for each in found["faults"]} == {
        (gone.id, "missing"),
        (other.id, "checksum"),
        (shorter.id, "size"),
        (linked.id, "missing"),
        (None, "stray"),
    }
    assert "4 faults" in command("documents", "verify", "--sizes", human=True)[1]
    uploads.wait(here.kit, "ada", "list", language="en", name="a.txt", media_type="text/plain")
    assert command("documents", "clean")[1] == {"files": 0, "bytes": 0, "uploads": 1}
    os.utime(stray, (0, 0))
    assert command("documents", "clean")[1] == {"files": 1, "bytes": 8, "uploads": 0}
    assert (stray.exists(), (store / str(good.key)).exists()) == (False, True)
