"""`corekit plugins remove` with an installed plugin, and what is read of it once it is gone."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from corekit import Activity, Kit
from corekit.cli import app
from corekit.testing.plugin import MakeKit
from corekit_schema import Context, Viewer, assemble_for, global_id, permissions_of
from corekit_schema.execution.executor import Executor

Corekit = Callable[..., Any]

PROGRAM = '[program]\nname = "Corner shop"\n[[points.rules]]\nid = "base"\nactivity = "purchase"\nrate = "1"\n'
QUERY = """
query History($id: ID!) {
  member(id: $id) { balances { kind amount: available { digits } }
    activities(first: 9) { nodes { type effects { kind account amount { digits } } } } }
}
"""


@pytest.fixture
def kit(make_kit: MakeKit) -> Kit:
    return make_kit(["points"], program=PROGRAM)


@pytest.fixture
def corekit(kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corekit:
    """Run a command over the database of the kit, with points on or off."""
    monkeypatch.delenv("COREKIT_DEBUG", raising=False)
    url = json.dumps(kit.database.url.render_as_string(hide_password=False))

    def run(*words: str, on: bool = True, asked: str = "") -> Any:
        file = tmp_path / "corekit.toml"
        file.write_text(f"[corekit]\ndatabase = {url}\nplugins = {json.dumps(['points'] if on else [])}\n")
        return CliRunner().invoke(app, ["--config", str(file), *words], input=asked, prog_name="corekit")

    return run


@pytest.fixture
def bought(kit: Kit) -> tuple[str, str]:
    """A member and its purchase, which earned points."""
    member = kit.record(Activity(type="member.registered")).member
    outcome = kit.record(Activity(type="purchase", member=member, amount=1200))
    return member, outcome.activity_id or ""


@pytest.mark.usefixtures("bought")
@pytest.mark.parametrize("enabled", ["on", "off"])
def test_it_is_refused_in_one_line_while_members_have_something(corekit: Corekit, enabled: str) -> None:
    done = corekit("plugins", "remove", "points", "--yes", on=enabled == "on")
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: plugin 'points' (corekit-points 0.1.0) cannot be removed: members have 12 points of")
    assert "say --archive FILE" in line
    assert line.endswith("[PLUGIN_IN_USE]")


@pytest.mark.usefixtures("bought")
def test_a_rehearsal_says_what_it_would_do(corekit: Corekit, tmp_path: Path) -> None:
    words = ("plugins", "remove", "points", "--dry-run")
    refused = corekit(*words)
    assert refused.exit_code == 1
    assert "against it: members have 12 points of points (members: 1); say where that goes" in refused.stdout
    archive = str(tmp_path / "points.zip")
    done = corekit(*words, "--value-to", "write-off", "--archive", archive, "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert (told["done"], told["survey"]["holdings"][0]["value"]) == (False, 12)
    assert not Path(archive).exists()


@pytest.mark.usefixtures("bought")
def test_whoever_is_asked_and_says_no_keeps_it(corekit: Corekit, tmp_path: Path) -> None:
    words = ("plugins", "remove", "points", "--value-to", "write-off", "--archive", str(tmp_path / "points.zip"))
    done = corekit(*words, asked="n\n")
    assert done.exit_code == 1
    assert "would be dropped: points_budget" in done.stderr
    assert corekit("db", "check").exit_code == 0


def test_once_it_is_gone_its_history_is_read(
    kit: Kit, corekit: Corekit, make_kit: MakeKit, bought: tuple[str, str], tmp_path: Path
) -> None:
    member, purchase = bought
    archive = tmp_path / "points.zip"
    done = corekit(
        *("plugins", "remove", "points", "--value-to", "write-off", "--archive", str(archive), "--yes"), on=False
    )
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "plugin 'points' (corekit-points 0.1.0) is removed"
    with zipfile.ZipFile(archive) as zipped:
        assert json.loads(zipped.read("manifest.json"))["version"] == "0.1.0"

    def off(*words: str) -> str:
        found = corekit(*words, on=False)
        assert (found.exit_code, found.stderr) == (0, "")
        return str(found.stdout)

    assert "points" not in off("db", "status")
    assert "account: points" in off("activities", "why", purchase)
    shown = off("activities", "list", member)
    assert "account.closed" in shown
    assert "purchase" in shown
    assert "clean" in off("verify")
    assert "plugin.removed" in off("audit")
    refused = corekit("activities", "reverse", purchase, on=False)
    assert refused.exit_code == 1
    assert "PLUGIN_OFF" in refused.stdout

    bare = make_kit(database=kit.database.url.render_as_string(hide_password=False))
    told = asked(bare, member)
    closed, bought_ = told["activities"]["nodes"][:2]
    assert closed["type"] == "account.closed"
    assert [(each["kind"], each["account"], each["amount"]["digits"]) for each in bought_["effects"]] == [
        ("Credit", "points", "12")
    ]


def asked(kit: Kit, member: str) -> Any:
    """Ask GraphQL for a member's activities."""
    schema = assemble_for(kit)
    viewer = Viewer(kind="staff", name="mira", permissions=permissions_of(kit))
    with Context(kit, viewer, schema.nodes) as context:
        answer = Executor(schema.graphql).execute(QUERY, context, variables={"id": global_id("Member", member)})
    assert not answer.errors
    data: Any = answer.data
    return data["member"]
