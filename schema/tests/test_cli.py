"""The command line of the schema: print, token, serve, and what it must not import."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from corekit import Kit, Settings
from corekit.cli import app
from corekit_schema import tokens
from corekit_schema.http.server import listen
from corekit_schema.ids import global_id

SECRET = "a secret of more than thirty-two characters"
MEMBER = "0" * 32


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A settings file for development, and its database."""
    path = tmp_path / "corekit.toml"
    database = tmp_path / "test.db"
    path.write_text(
        f'[corekit]\ndatabase = "sqlite:///{database}"\nplugins = []\ndevelopment = true\nsecret = "{SECRET}"\n'
    )
    kit = Kit(path)
    kit.upgrade()
    kit.close()
    return path


def run(config: Path, *arguments: str) -> Any:
    return CliRunner().invoke(app, ["--config", str(config), *arguments])


def viewer(config: Path, token: str) -> Any:
    return tokens.read(Settings.load(config), token.strip(), datetime.now(UTC), {"members.read"})


def test_the_schema_is_printed(config: Path) -> None:
    done = run(config, "schema", "print")
    assert done.exit_code == 0
    assert done.stdout.count("\ntype Member implements Node {") == 1
    told = json.loads(run(config, "--json", "schema", "print").stdout)
    assert told["sdl"].strip() == done.stdout.strip()
    assert told["types"]["Member"] == "core"
    assert told["fields"]["Mutation.register"] == "core"


def test_a_staff_token_may_do_everything(config: Path) -> None:
    found = viewer(config, run(config, "token", "--staff", "--name", "mira").stdout)
    assert (found.kind, found.name, found.permissions) == ("staff", "mira", {"members.read"})


@pytest.mark.parametrize("member", [MEMBER, global_id("Member", MEMBER)])
def test_a_member_token_is_for_one_member(config: Path, member: str) -> None:
    found = viewer(config, json.loads(run(config, "token", "--member", member, "--json").stdout)["token"])
    assert (found.kind, found.member, found.permissions) == ("member", MEMBER, frozenset())


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["token"], 2, "--staff or --member"),
        (["token", "--staff", "--member", MEMBER], 2, "--staff or --member"),
        (["token", "--member", "somebody"], 1, "ID_INVALID"),
        (["serve", "--port", "99999"], 2, ""),
    ],
)
def test_what_cannot_be_done_is_said_with_its_exit_code(
    config: Path, arguments: list[str], status: int, said: str
) -> None:
    done = run(config, *arguments)
    assert done.exit_code == status, done.output
    assert said in done.output


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [("development = true", "development = false", "development"), (SECRET, "short", "secret")],
)
def test_there_are_no_tokens_without_development_and_a_secret(config: Path, old: str, new: str, said: str) -> None:
    config.write_text(config.read_text().replace(old, new))
    done = run(config, "token", "--staff")
    assert done.exit_code == 2
    assert said in done.output
    assert "[SETTINGS]" in done.output


def test_an_address_that_is_taken_is_named(config: Path) -> None:
    taken = listen("127.0.0.1", 0)
    done = run(config, "serve", "--port", str(taken.getsockname()[1]))
    taken.close()
    assert done.exit_code == 2, done.output
    assert "[CANNOT_LISTEN]" in done.output


def test_serve_answers_with_the_token_that_it_prints_and_ends_by_a_signal(config: Path) -> None:
    command = [sys.executable, "-c", "from corekit.cli import main; main()"]
    arguments = ["--config", str(config), "serve", "--port", "0"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        endpoint = process.stdout.readline().split()[1]
        page, _, token = process.stdout.readline().split()[1].partition("#token=")
        answer = httpx.post(
            endpoint,
            json={"query": "query Who { viewer { kind } }"},
            headers={"authorization": f"Bearer {token}"},
            timeout=30,
        )
        process.send_signal(signal.SIGINT)
        log = process.stderr.read()
    assert answer.json()["data"] == {"viewer": {"kind": "STAFF"}}
    assert page.endswith("/graphiql/")
    (line,) = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert (line["operation"], line["viewer"], line["level"]) == ("Who", "staff", "info")


def test_help_imports_nothing_of_graphql_or_the_web() -> None:
    text = (
        "import sys\n"
        "from corekit.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'graphene', 'graphql', 'starlette', 'uvicorn', 'sqlalchemy', 'alembic', 'joserfc', 'structlog'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    for arguments in (["--help"], ["serve", "--help"], ["schema", "--help"], ["token", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", text, *arguments], capture_output=True, text=True, check=True, env=os.environ
        )
        assert done.stdout.splitlines()[-1] == "[]", done.stdout
        assert arguments[0] in done.stdout or "serve" in done.stdout
