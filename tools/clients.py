"""Run the clients that people use against a server.

    python -m tools.clients [NAME ...]  run all, or those named
    python -m tools.clients --lock      lock clients/package-lock.json anew

A server over a small database serves on a free port; each client is a script in `clients/`, which runs on node.
One line per client says what held; a client that finds anything else fails the command.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import structlog
from attrs import frozen

from corekit import Activity, Kit, Settings
from corekit.program import apply
from corekit_schema import Viewer, assemble_for, build_app, tokens
from corekit_schema.testing import serving
from corekit_surveys import catalogue
from corekit_surveys.terms import Terms
from tools import frontend as page
from tools import random_surveys
from tools import surveys as comparing
from tools.house import THINGS, house
from tools.node import NodeError, node, npm

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "clients"
WORK = ROOT / "build/clients"
PLUGINS = sorted(path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml"))
PROGRAM = SOURCE / "program.toml"
NAMES = (
    *(
        "李雷",
        "韩梅梅",
        "欧阳静",
        "Zoë Müller",
        "王小明",
        "林涛",
        "魏华",
        "张伟",
        "王芳",
        "刘洋",
        "陈静",
        "赵磊",
        "周婷",
    ),
    *("吴昊", "徐丽", "孙鹏", "马超", "朱琳", "胡晓", "郭强", "何敏", "高翔", "罗兰", "郑爽爽", "司马青"),
)
MANIFEST = WORK / "generated/persisted-documents.json"
"""What graphql-codegen writes."""
SURVEY = {"pages": [{"name": "lunch", "elements": [{"type": "rating", "name": "stars"}]}]}
"""What the members are asked, as the examples of GraphiQL answer it."""
PURCHASES = 4
STEP = 3_000
"""What the purchases of one member are larger than those of the one before; after ten it begins anew."""
SCREENSHOT = WORK / "graphiql.png"
PICTURES = WORK / "frontend"
EXAMPLES = 12
"""Operations for each root field."""
LEAST = 500
"""Operations in all."""
PAIRS = 5_000
"""Definitions of surveys with answers to them."""
SECRET = "only clients of this machine are signed with it"  # noqa: S105 - the server lives for a minute


@frozen
class World:
    """What clients find: a kit with members, the ids of those by name, and the server over it."""

    kit: Kit
    members: Mapping[str, str]
    url: str

    def settings(self, **more: str) -> dict[str, str]:
        """Return what a client is told by its environment."""
        token = self.token(Viewer(kind="staff", name="clients"))
        told = {"COREKIT_URL": self.url, "COREKIT_TOKEN": token, "COREKIT_MEMBERS": str(len(NAMES))}
        return told | more

    def token(self, viewer: Viewer) -> str:
        """Return a token that lasts as long as the clients run."""
        return tokens.issue(self.kit.settings, viewer, datetime.now(UTC))

    @contextmanager
    def trusting(self, manifest: Path) -> Generator[str]:
        """Serve the documents of a manifest, and nothing else."""
        settings = _settings(self.kit.settings.database, trusted="only", manifest=str(manifest))
        with ExitStack() as stack:
            kit = Kit(settings)
            stack.callback(kit.close)
            yield f"{stack.enter_context(serving(build_app(kit))).base_url}/graphql"


def audit(world: World) -> str:
    """Run the server audits of graphql-http."""
    return node(WORK, "audit.mjs", settings=world.settings())


def codegen(world: World) -> str:
    """Let graphql-codegen compile the documents, check their types, and name them to a server that wants names."""
    compiled(world)
    node(WORK, _command("typescript", "bin/tsc"))
    with world.trusting(MANIFEST) as url:
        return node(WORK, "manifest.mjs", settings=world.settings(COREKIT_TRUSTED_URL=url))


def apollo(world: World) -> str:
    """Let Apollo Client ask with what graphql-codegen wrote."""
    compiled(world)
    with world.trusting(MANIFEST) as url:
        return node(WORK, "apollo.ts", settings=world.settings(COREKIT_TRUSTED_URL=url))


def urql(world: World) -> str:
    """Let urql ask with what graphql-codegen wrote."""
    compiled(world)
    return node(WORK, "urql.ts", settings=world.settings())


def relay(world: World) -> str:
    """Let relay-compiler compile its documents, and Relay ask for them by the ids of its manifest."""
    (WORK / "schema.graphql").write_text(assemble_for(world.kit).sdl(), encoding="utf-8")
    (WORK / "relay/persisted.json").write_text("{}", encoding="utf-8")
    (WORK / "relay/__generated__").mkdir()
    node(WORK, _command("relay-compiler", "cli.js"))
    with world.trusting(WORK / "relay/persisted.json") as url:
        return node(WORK, "relay/run.cjs", settings=world.settings(COREKIT_TRUSTED_URL=url))


def schemathesis(world: World) -> str:
    """Let schemathesis generate operations for every root field; afterwards the books must be right."""
    seed = os.environ.get("COREKIT_FUZZ", "1")
    told = world.settings()
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", told["COREKIT_URL"], "--seed", seed]
    command += ["--header", f"Authorization: Bearer {told['COREKIT_TOKEN']}", "--checks", "answered"]
    # How fast this machine makes operations up says nothing of the server.
    command += ["--max-examples", str(EXAMPLES), "--suppress-health-check", "all"]
    hooks = os.environ | {"SCHEMATHESIS_HOOKS": "tools.generated", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=WORK, env=hooks, capture_output=True, text=True, check=False)
    found = re.search(r"(\d+) generated", done.stdout)
    generated = int(found[1]) if found else 0
    violated = world.kit.verify().violations
    if done.returncode or generated < LEAST or violated:
        raise NodeError(f"COREKIT_FUZZ={seed}: {generated} generated, books {violated}\n{done.stdout}{done.stderr}")
    return f"{generated} operations, each answered, the books are right (COREKIT_FUZZ={seed})"


def graphiql(world: World) -> str:
    """Let Chromium, for which no other host exists, open GraphiQL and run every example."""
    name = NAMES[1]
    told = world.settings(
        COREKIT_CHROMIUM=chromium(),
        COREKIT_MEMBER_NAME=name,
        COREKIT_MEMBER_TOKEN=world.token(Viewer(kind="member", member=world.members[name])),
        COREKIT_SCREENSHOT=str(SCREENSHOT),
    )
    return node(WORK, "graphiql.mjs", settings=told)


def frontend(_: World) -> str:
    """Let Chromium open the page of `examples/frontend` in both languages, its server knows no other queries."""
    page.install()
    page.build()
    PICTURES.mkdir()
    with house(page.MANIFEST) as opened, page.served(opened.trusting, 0) as (address, _said):
        told = {
            "COREKIT_ASKED": opened.origin,
            "COREKIT_CHROMIUM": chromium(),
            "COREKIT_DOCUMENTS": str(THINGS),
            "COREKIT_ORIGIN": address,
            "COREKIT_PICTURES": str(PICTURES),
            "COREKIT_STAFF": opened.staff_token(),
            "COREKIT_TOKEN": opened.token(),
        }
        return node(WORK, "frontend.mjs", settings=told)


def surveys(_: World) -> str:
    """Let survey-core judge random surveys, which it has to judge as we do; each fault planted has to be noticed."""
    seed = int(os.environ.get("COREKIT_FUZZ", "1"))
    made = random_surveys.pairs(seed, PAIRS)
    comparing.write(made, WORK / "surveys.jsonl")
    node(WORK, "surveys.mjs", "surveys.jsonl", "judged.jsonl")
    theirs = comparing.load(WORK / "judged.jsonl")
    if differing := list(comparing.differences(made, theirs)):
        shown = "\n".join(differing[:3])
        raise NodeError(f"COREKIT_FUZZ={seed}: {len(differing)} of {PAIRS} pairs differ, such as\n{shown}")
    noticed = {fault: comparing.noticed(fault, made, theirs) for fault in comparing.PLANTED}
    if missed := [fault for fault, number in noticed.items() if not number]:
        raise NodeError(f"COREKIT_FUZZ={seed}: nothing shows that {', '.join(missed)}")
    accepted = sum(each["accepted"] for each in theirs)
    return (
        f"{PAIRS} pairs judged as survey-core judges them, {accepted} accepted; "
        f"{len(noticed)} planted faults noticed (COREKIT_FUZZ={seed})"
    )


CLIENTS: dict[str, Callable[[World], str]] = {
    f.__name__: f for f in (audit, codegen, apollo, urql, relay, surveys, graphiql, frontend, schemathesis)
}


def compiled(world: World) -> None:
    """Let graphql-codegen compile the documents, where it has not yet."""
    if not MANIFEST.exists():
        config = ("--config", "codegen.ts")
        node(WORK, _command("@graphql-codegen/cli", "cjs/bin.js"), *config, settings=world.settings())


def chromium() -> str:
    """Return Chromium; where there is none, Debian's is installed, with a font for Chinese."""
    found = os.environ.get("COREKIT_CHROMIUM") or shutil.which("chromium")
    if found:
        return found
    if shutil.which("apt-get") is None:
        raise NodeError("There is no Chromium; install it, or say where it is with COREKIT_CHROMIUM")
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    for words in (["update"], ["install", "--yes", "--no-install-recommends", "chromium", "fonts-noto-cjk"]):
        done = subprocess.run([*as_root, "apt-get", "--quiet", *words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise NodeError(f"There is no Chromium, and apt-get could not install it:\n{done.stdout}{done.stderr}")
    return chromium()


def install() -> None:
    """Put the scripts and the packages of the lock file into the work folder; packages that are there stay."""
    lock = SOURCE / "package-lock.json"
    there = WORK / "package-lock.json"
    modules = WORK / "node_modules"
    same = modules.is_dir() and there.is_file() and there.read_bytes() == lock.read_bytes()
    for path in WORK.iterdir() if WORK.is_dir() else ():
        if path != modules:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(SOURCE, WORK, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    if not same:
        npm(WORK, "ci")


@contextmanager
def world() -> Generator[World]:
    """Serve a database with members, each with purchases; it is removed in the end."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="corekit-clients-"))
        kit = Kit(_settings(f"sqlite:///{folder}/clients.db"))
        stack.callback(kit.close)
        kit.upgrade()
        apply(kit, PROGRAM)
        joinings = [Activity(type="member.registered", payload={"name": name}) for name in NAMES]
        joined = list(kit.record_many(joinings))
        purchases = [
            Activity(type="purchase", member=each.member, amount=STEP * (number % 10 + 1))
            for number, each in enumerate(joined)
            for _ in range(PURCHASES)
        ]
        for outcome in [*joined, *kit.record_many(purchases)]:
            if not outcome.settled:
                raise RuntimeError(f"{outcome.outcome}: {outcome.code} {outcome.message} {outcome.problems}")
        kit.jobs.run("points.draws")
        catalogue.create(kit, None, "lunch", SURVEY, Terms(most=None))
        catalogue.move(kit, None, "lunch", "open")
        members = {name: each.member for name, each in zip(NAMES, joined, strict=True) if each.member}
        yield World(kit, members, f"{stack.enter_context(serving(build_app(kit))).base_url}/graphql")


def _settings(database: str, **graphql: str) -> Settings:
    return Settings.of(
        database=database, plugins=PLUGINS, currency="CNY", development=True, secret=SECRET, graphql=graphql
    )


def _command(package: str, path: str) -> Path:
    return WORK / "node_modules" / package / path


def main(names: list[str]) -> None:
    """Run all clients, or those named; what one wrote, the next may use."""
    if names == ["--lock"]:
        npm(SOURCE, "install", "--package-lock-only")
        return
    if unknown := set(names) - set(CLIENTS):
        sys.exit(f"No client is called {', '.join(sorted(unknown))}; the clients are {', '.join(CLIENTS)}")
    # A line per request is of no interest here, what went wrong inside is.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    install()
    failed = False
    with world() as served:
        for name, client in CLIENTS.items():
            if names and name not in names:
                continue
            began = time.monotonic()
            try:
                passed, said = True, client(served).strip()
            except NodeError as error:
                passed, said = False, str(error)
            failed |= not passed
            seconds = time.monotonic() - began
            print(f"{'ok' if passed else 'FAILED':8}{name:14}{said} ({seconds:.0f} s)", flush=True)
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
