"""The demo serves its members in GraphiQL."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from corekit.cli import app


def test_smoke_asks_over_http_and_finds_what_the_table_says(tmp_path: Path) -> None:
    # A process of its own: it sets up logging, and its database is gone with it.
    command = [str(Path(sys.executable).parent / "corekit"), "demo", "--households", "3", "--smoke"]
    environment = {"TMPDIR": str(tmp_path), "PATH": ""}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "GraphQL says the same as the table" in done.stderr
    assert "survey year-2017: 3 households have answered" in done.stderr
    assert "document guide: household 1 has it by http://127.0.0.1:" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_port_that_is_taken_is_said_before_anything_is_settled(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        url = f"sqlite:///{tmp_path / 'demo.db'}"
        done = CliRunner().invoke(app, ["demo", "--households", "1", "--db", url, "--port", port])
    assert done.exit_code == 2
    assert "CANNOT_LISTEN" in done.stderr
    assert not (tmp_path / "demo.db").exists()


def test_what_contradicts_itself_is_refused() -> None:
    done = CliRunner().invoke(app, ["demo", "--load-only", "--smoke"])
    assert done.exit_code == 2
    assert "--load-only does not serve" in done.stderr


def test_a_settings_file_that_is_named_is_used(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--config", str(tmp_path / "other.toml"), "demo", "--load-only"])
    assert done.exit_code == 2
    assert "there is no settings file" in done.stderr
