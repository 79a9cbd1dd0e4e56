"""Build the page of `examples/frontend`, and serve it over a house of its own.

python -m tools.frontend [--port PORT]        build and serve it, until Ctrl-C
python -m tools.frontend --develop            serve its sources: the page follows each change
python -m tools.frontend --lock               lock examples/frontend/package-lock.json anew
"""

from __future__ import annotations

import argparse
import logging
import re
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import structlog

from corekit_schema.http.server import CannotListen, listen
from tools.house import SHOWN, house
from tools.node import NodeError, npm, running

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "examples/frontend"
MANIFEST = PAGE / "src/generated/persisted-documents.json"
"""The operations of the page by their ids, as graphql-codegen writes them."""
HOST = "127.0.0.1"
PORT = 5173
ADDRESS = re.compile(r"http://[\d.]+:\d+")
COLOURS = re.compile(r"\x1b\[[\d;]*m")


def install() -> None:
    """Install the packages of the lock file, unless they are there."""
    lock, there = PAGE / "package-lock.json", PAGE / "node_modules/.locked.json"
    if not there.is_file() or there.read_bytes() != lock.read_bytes():
        npm(PAGE, "ci", "--ignore-scripts")
        there.write_bytes(lock.read_bytes())


def build() -> str:
    """Make the types of the documents, check all types, and build the page into `dist`; return what was said."""
    npm(PAGE, "run", "generate")
    return npm(PAGE, "run", "build")


@contextmanager
def served(origin: str, port: int, *, develop: bool = False) -> Generator[tuple[str, IO[str]]]:
    """Let vite serve the page before a server at an origin; give the page's address, and what vite says further."""
    vite = PAGE / "node_modules/vite/bin/vite.js"
    command = [*([] if develop else ["preview"]), "--host", HOST, "--port", str(port)]
    with running(PAGE, vite, *command, settings={"COREKIT_ORIGIN": origin}) as said:
        before: list[str] = []
        for line in said:
            before.append(line)
            if found := ADDRESS.search(COLOURS.sub("", line)):
                yield found[0], said
                return
        raise NodeError(f"vite does not serve:\n{''.join(before)}")


def main(arguments: list[str]) -> None:
    """Serve the page, or lock its packages."""
    parser = argparse.ArgumentParser(prog="python -m tools.frontend", description="The example of a frontend.")
    parser.add_argument("--port", type=int, default=PORT, help=f"the port of the page; {PORT}")
    parser.add_argument("--develop", action="store_true", help="serve the sources, and follow each change")
    parser.add_argument("--lock", action="store_true", help="lock the packages anew, and nothing else")
    wanted = parser.parse_args(arguments)
    if wanted.lock:
        npm(PAGE, "install", "--package-lock-only")
        return
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    listen(HOST, wanted.port).close()  # nobody waits for a port that is taken
    print("building the page ...", flush=True)
    install()
    build()
    print("settling a year of purchases ...", flush=True)
    # Sources that change ask what no manifest has.
    manifest = None if wanted.develop else MANIFEST
    with house(manifest) as opened, served(opened.trusting, wanted.port, develop=wanted.develop) as (address, said):
        print(f"\n{address}/#token={opened.token()}\n\nThe page of household {SHOWN}. Ctrl-C stops.", flush=True)
        sys.stdout.writelines(said)


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)  # then too nothing is left of the house
    try:
        main(sys.argv[1:])
    except (CannotListen, NodeError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
