"""The commands of the Makefile, with nothing but Python's standard library.

Each command first sets up what it needs: on a fresh machine `python dev.py test` creates `.venv`, installs
the hashed requirements and the packages, builds the GraphiQL page and runs the tests. Stamps make the second
run free.
"""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / "python"
ASSETS = ROOT / "schema/src/corekit_schema/graphiql"
PLUGINS = sorted(f"plugins/{path.parent.name}" for path in ROOT.glob("plugins/*/pyproject.toml"))
DISTRIBUTIONS = ("corekit", "schema", *PLUGINS, "examples/acme_stamps", "examples/demo")
OLDEST = (3, 11)
FUZZED = (
    "corekit/tests/model",
    "examples/demo/tests/test_medals.py",
    "plugins/documents/tests/test_fuzz.py",
    "plugins/documents/tests/test_s3.py",
    "plugins/medals/tests/test_remembered.py",
    "schema/tests/test_differential.py",
    "plugins/stored_value/tests/test_model.py",
    "plugins/stored_value/tests/test_close_of_many.py",
)


def main(arguments: list[str]) -> None:
    """Run the command that the first argument names, with the others."""
    if sys.version_info < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        sys.exit(f"corekit needs Python {oldest} or later, this is {sys.version.split()[0]}: make PYTHON=...")
    name, *rest = arguments or ["help"]
    if name not in COMMANDS:
        sys.exit(f"python dev.py COMMAND [ARGUMENT ...], where COMMAND is one of: {', '.join(COMMANDS)}")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of interpreters start, and would compile it all again
    COMMANDS[name](rest)


# Commands


def env(_: list[str]) -> None:
    """Set up `.venv` and the GraphiQL page."""
    environment()
    if not stamped(ASSETS / "index.html", graphiql_sources()):
        graphiql([])


def demo(arguments: list[str]) -> None:
    """Run the demo program."""
    env([])
    run(BIN / "corekit", "demo", *arguments)


def frontend(arguments: list[str]) -> None:
    """Build the page of examples/frontend, and serve it over a house of its own."""
    env([])
    run(PYTHON, "-m", "tools.frontend", *arguments)


def test(arguments: list[str]) -> None:
    """Run all tests, three at a time: on two cores, one of them waits for a disk, a server or another process."""
    env([])
    run(PYTHON, "-m", "pytest", "-n", "3", "--dist", "worksteal", *arguments)


def fuzz(arguments: list[str]) -> None:
    """Play with the model, and compare the executor, for longer; the number that is printed does the same again."""
    env([])
    number = os.environ.setdefault("COREKIT_FUZZ", str(secrets.randbelow(1_000_000)))
    print(f"COREKIT_FUZZ={number} make fuzz", file=sys.stderr, flush=True)
    test([*FUZZED, *arguments])


def clients(arguments: list[str]) -> None:
    """Run the clients that people use against a server, all or those named."""
    env([])
    run(PYTHON, "-m", "tools.clients", *arguments)


def check(arguments: list[str]) -> None:
    """Run all checks, or those named."""
    env([])
    run(PYTHON, "-m", "tools.check", *arguments)


def bench(arguments: list[str]) -> None:
    """Measure."""
    env([])
    run(PYTHON, "-m", "bench", *arguments)


def docs(arguments: list[str]) -> None:
    """Generate the reference pages and build the site."""
    env([])
    run(PYTHON, "-m", "tools.reference")
    run(PYTHON, "-m", "tools.site", *arguments)


def graphiql(_: list[str]) -> None:
    """Build the GraphiQL page anew."""
    environment()
    with step("building the GraphiQL page"):
        run(PYTHON, "-m", "tools.graphiql", ASSETS)
    stamp(ASSETS / "index.html", graphiql_sources())


def requirements(arguments: list[str]) -> None:
    """Lock what has changed, or all anew (`--upgrade`), in one resolution that the other files share."""
    environment()
    lock("dev", *arguments)
    for part in ("runtime", "bootstrap"):
        lock(part, "--constraint", "requirements/dev.txt")
    lock("peers", *arguments)
    for module in ("tools.graphiql", "tools.clients", "tools.frontend", "bench.peers.install"):
        run(PYTHON, "-m", module, "--lock")
    env([])


def clean(_: list[str]) -> None:
    """Remove what was built and cached, but not the environment."""
    caches = (".hypothesis", ".import_linter_cache", ".mypy_cache", ".pytest_cache", ".ruff_cache")
    page = (ROOT / "examples/frontend" / made for made in ("dist", "node_modules", "src/generated"))
    for path in (ROOT / "build", ASSETS, *page, *(ROOT / cache for cache in caches)):
        shutil.rmtree(path, ignore_errors=True)


DOERS = (env, demo, frontend, test, fuzz, clients, check, bench, docs, graphiql, requirements, clean)
COMMANDS = {f.__name__: f for f in DOERS}


# Steps


def environment() -> None:
    """Install the hashed requirements and the distributions of this repository into `.venv`."""
    sources = environment_sources()
    if stamped(PYTHON, sources):
        return
    with step("setting up .venv"):
        if not usable():
            create()
        install = (BIN / "uv", "pip", "install", "--quiet", "--python", PYTHON)
        run(*install, "--require-hashes", "-r", "requirements/dev.txt")
        # The build back end is among the requirements: nothing is fetched that has no hash.
        run(
            *install,
            "--no-deps",
            "--no-build-isolation",
            *(a for path in DISTRIBUTIONS for a in ("-e", path)),
        )
    stamp(PYTHON, sources)


def usable() -> bool:
    """Say whether there is an environment, of this Python and made in this place."""
    settings, scripts = VENV / "pyvenv.cfg", BIN / "activate"
    return (
        (BIN / "uv").exists()
        and f"= {platform.python_version()}\n" in settings.read_text()
        and str(VENV) in scripts.read_text()
    )


def create() -> None:
    """Create the environment and let pip install what installs the rest."""
    try:
        venv.create(VENV, clear=True, with_pip=True)
    except subprocess.CalledProcessError:
        sys.exit("This Python has no pip to give to an environment. On Debian: apt-get install python3-venv")
    run(PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", "requirements/bootstrap.txt")


def lock(name: str, *options: str) -> None:
    """Write `requirements/<name>.txt`: for every platform, with hashes, without the address of a registry."""
    run(
        *(
            BIN / "uv",
            "pip",
            "compile",
            "--quiet",
            f"requirements/{name}.in",
            "-o",
            f"requirements/{name}.txt",
        ),
        *("--universal", "--python-version", ".".join(map(str, OLDEST)), "--generate-hashes"),
        *("--no-emit-index-url", "--no-annotate", "--custom-compile-command", "make requirements"),
        *(a for path in DISTRIBUTIONS for a in ("--no-emit-package", distribution_name(path))),
        *options,
    )


def distribution_name(path: str) -> str:
    """Read a distribution's name; without tomllib, which a Python that is refused here may lack."""
    lines = (ROOT / path / "pyproject.toml").read_text().splitlines()
    return next(line.split('"')[1] for line in lines if line.startswith("name ="))


def environment_sources() -> list[Path]:
    """List the files that decide what is in the environment."""
    projects = [ROOT / path / "pyproject.toml" for path in DISTRIBUTIONS]
    return [ROOT / "requirements/bootstrap.txt", ROOT / "requirements/dev.txt", *projects]


def graphiql_sources() -> list[Path]:
    """List the files that decide what the GraphiQL page is."""
    folder = ROOT / "schema/graphiql"
    return [ROOT / "tools/graphiql.py", *sorted(path for path in folder.iterdir() if path.is_file())]


# Stamps: a file in .venv that says from which sources something was made


def stamped(product: Path, sources: list[Path]) -> bool:
    """Say whether a product exists and was made from these sources as they are now, with this Python."""
    path = stamp_path(product)
    return product.exists() and path.exists() and path.read_text() == digest(sources)


def stamp(product: Path, sources: list[Path]) -> None:
    """Remember that a product was made from these sources as they are now."""
    stamp_path(product).write_text(digest(sources))


def stamp_path(product: Path) -> Path:
    """Name the stamp of a product."""
    return VENV / f"stamp-{product.parent.name}"


def digest(sources: list[Path]) -> str:
    """Sum up the content of files, this Python and where this repository is."""
    total = hashlib.sha256(f"{sys.version} {ROOT}".encode())
    for path in sources:
        total.update(path.read_bytes())
    return total.hexdigest()


# Running


def run(*command: str | Path) -> None:
    """Run a command in the root of the repository; end with its exit code where it fails."""
    done = subprocess.run([str(word) for word in command], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


@contextmanager
def step(what: str) -> Generator[None]:
    """Say what takes long, and how long it took."""
    began = time.monotonic()
    print(f"{what} ...", file=sys.stderr, flush=True)
    yield
    print(f"{what}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
