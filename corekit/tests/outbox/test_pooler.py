"""Behind a pooler in transaction mode nothing rests on a session: no prepared statement, no setting, no lock.

`.ci/run` runs this with pgbouncer itself. Elsewhere each connection forgets all of its session between two uses.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Flag
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, make_url

from corekit import Activity, Kit, Settings, SettingsError
from corekit.db import migrate
from corekit.db.engine import POOLER, Database
from corekit.testing.plugin import MakeKit

pytestmark = pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
ENV = "COREKIT_TEST_PGBOUNCER"
"""Set to 1, or to the path of the program, it asks for pgbouncer itself."""
SERVERS = 9
"""Connections of pgbouncer to the database: fewer than there are clients, so they are shared."""
CONFIG = """
[databases]
* = host={host} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {servers}
"""
TRIES = 200
WORKERS, WRITERS, MEMBERS, EACH = 3, 2, 8, 40


@pytest.fixture
def kit(make_kit: MakeKit, ears: Any) -> Iterator[Kit]:
    """A kit behind a pooler; its tables were made straight at the server."""
    modules = {"ears": ears.module()}
    straight = make_kit(modules=modules)
    with pooled(straight.settings.database) as url:
        kit = Kit(Settings.of(database=url, plugins=["ears"]), modules=modules)
        forget(kit.database)
        yield kit
        kit.close()


@contextmanager
def pooled(url: str) -> Generator[str]:
    """Give the URL of a database as it is reached through a pooler."""
    if ENV not in os.environ:
        yield make_url(url).update_query_dict({POOLER: "transaction"}).render_as_string(hide_password=False)
        return
    server, own, program = make_url(url), free_port(), pgbouncer()
    host = str(server.query.get("host", server.host))
    config = CONFIG.format(host=host, user=server.username, own=own, servers=SERVERS)
    # It does not run as root; whoever owns the folder of the server's socket may use it.
    other = ["-u", Path(host).owner() if host.startswith("/") else "nobody"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as folder:
        Path(folder).chmod(0o755)
        file = Path(folder, "pgbouncer.ini")
        file.write_text(config)
        with subprocess.Popen([program, "-q", *other, file]) as bouncer:
            try:
                address = f"postgresql://{server.username}@127.0.0.1:{own}/{server.database}"
                wait_for(address, bouncer)
                yield f"{address}?{POOLER}=transaction"
            finally:
                bouncer.terminate()


def pgbouncer() -> str:
    asked = os.environ[ENV]
    program = shutil.which("pgbouncer" if asked == "1" else asked, path=f"{os.environ['PATH']}:/usr/sbin")
    assert program is not None, f"{ENV} asks for pgbouncer, which is not there: apt-get install pgbouncer"
    return program


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def wait_for(address: str, bouncer: subprocess.Popen[bytes]) -> None:
    for _ in range(TRIES):
        assert bouncer.poll() is None, "pgbouncer ended; it says why above"
        try:
            psycopg.connect(address, connect_timeout=5).close()
        except psycopg.errors.ConnectionTimeout:
            break
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("pgbouncer does not reach the database")


def forget(database: Database) -> None:
    """Where there is no pgbouncer: let every connection come as one that somebody else used before."""
    if ENV in os.environ:
        return
    for engine in database.engines:

        @event.listens_for(engine, "checkout")
        def discard(raw: psycopg.Connection[Any], *_: object) -> None:
            raw.execute("DISCARD ALL")

        assert discard is not None


def test_writers_workers_and_a_deliverer_share_fewer_connections_than_they_are(kit: Kit, ears: Any, check: Any) -> None:
    members = [kit.record(Activity(type="member.registered")).member for _ in range(MEMBERS)]
    for turn in range(3):
        kit.enqueue(
            Activity(type="purchase", member=member, amount=turn + 1) for member in members for _ in range(EACH)
        )
    written = Flag()

    def work(_: int) -> int:
        return kit.work(chunk=50)

    def write(number: int) -> None:
        for turn in range(EACH):
            kit.record(Activity(type="purchase", member=members[(number + turn) % MEMBERS], amount=7))

    def tell() -> None:
        while not written.is_set():
            kit.deliver()

    with ThreadPoolExecutor(WORKERS + WRITERS + 1) as pool:
        teller = pool.submit(tell)
        done = pool.map(work, range(WORKERS))
        list(pool.map(write, range(WRITERS)))
        assert sum(done) == 3 * MEMBERS * EACH
        written.set()
        teller.result()
    while kit.deliver():
        pass
    check(kit, ears)
    assert len({event.id for event in ears.heard}) == MEMBERS * (1 + 3 * EACH) + WRITERS * EACH
    report = kit.verify()
    assert report.clean, report.violations


def test_tables_are_not_made_through_a_pooler(kit: Kit) -> None:
    with pytest.raises(SettingsError, match="straight"):
        migrate.revision(kit.database, kit.lineages()[0], "more")


def test_an_operator_is_told_which_limits_the_role_needs(kit: Kit) -> None:
    (advice,) = kit.database.advice()
    assert "SET statement_timeout = '10s'" in advice


def test_no_other_mode_is_spoken(url: str) -> None:
    with pytest.raises(SettingsError, match="pooler"):
        Database("postgresql://somewhere/db?pooler=statement")
