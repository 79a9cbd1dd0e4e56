"""The promises about a plugin among others: it gets along, costs little, and the rest does without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from corekit.activities.activity import Activity
from corekit.errors import CorekitError
from corekit.hookspecs import hookimpl
from corekit.plugins import discover, offered
from corekit.settings import Settings
from corekit.testing.contract.trial import Trial, broken, refusal
from corekit.testing.house import House
from corekit.testing.public import private_imports
from corekit.testing.recorder import recording


class Company:
    """It works with what it requires alone, with every other installed plugin, and in any order."""

    def test_company(self, contract: Trial) -> None:
        """Live the history alone, among all others, and in the opposite order; look at what it imports."""
        contract.lived()[0].proved()
        lived: list[Any] = []
        names = [*_others(contract), *contract.contract.also, *contract.installed]
        for order in (names, names[::-1]):
            house, _, _ = contract.lived(plugins=list(dict.fromkeys(order)))
            house.proved()
            lived.append((house.worth(), house.rows(alike=True)))
        if lived[0] != lived[1]:
            seen = f"in the order {', '.join(names)}: {lived[0]}; the other way round: {lived[1]}"
            way = "name in Declares(requires=...) whose names it uses, and rely on no other order"
            broken(f"{contract.plugin}: the order of the plugins in the settings decides nothing", seen, way)
        module = contract.found.module.__name__
        if private := private_imports(module if contract.modules else module.partition(".")[0]):
            way = "import public names of corekit and corekit_schema, and meet other plugins by activities and effects"
            broken(f"{contract.plugin}: it imports what is public, and no other plugin", _listed(private), way)


class Frugal:
    """It loads little when a kit starts, and sends no more statements for an activity than it says."""

    def test_frugal(self, contract: Trial) -> None:
        """Import it in a process of its own; count the statements of each activity of the history."""
        module = contract.found.module
        if getattr(module, "__file__", None) is not None:
            others = tuple(each.module.__name__ for each in contract.company[:-1])
            if more := sorted(
                _loaded((*others, module.__name__)) - _loaded(others) - {module.__name__.partition(".")[0]}
            ):
                way = "import them in the functions that use them"
                broken(f"{contract.plugin}: at start it loads nothing heavy", f"it loads {', '.join(more)}", way)
        house = contract.house()
        budget, most = contract.found.declares.budget, 0
        for activity in contract.history(house):
            with recording(house.kit) as recorder:
                house.settle([activity])
            most = max(most, recorder.statements.get(contract.plugin, 0))
        if most > budget:
            way = f"read and write less, or say so: Declares(budget={most})"
            broken(f"{contract.plugin}: it keeps to its budget", f"budget={budget}, and one activity costs {most}", way)


class Broken:
    """When it is broken, start-up stops with one message that names it and the way out; the rest does without it."""

    def test_broken(self, contract: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
        """Break it, and start; start without it on a database in which it has left its rows, and go on."""
        house, _, _ = contract.lived()
        url = house.kit.database.url.render_as_string(hide_password=False)
        rest = contract.house(kit=contract.kit(bare=True, database=url))
        if seen := _stops(rest):
            way = "leave nothing in the database that works by itself: no triggers, no rules on tables of others"
            broken(f"{contract.plugin}: with --without {contract.plugin} the rest goes on", seen, way)
        monkeypatch.setattr(contract.found.module, "corekit_declare", hookimpl(_break), raising=False)
        said = refusal(contract.kit) or "nothing"
        if contract.plugin not in said or f"--without {contract.plugin}" not in said:
            broken(f"{contract.plugin}: where it is broken, the start says so and the way out", said, "report this")


def _stops(rest: House) -> str | None:
    """Return what stops those who are left: somebody joins, a member of before buys, what happened is delivered."""
    try:
        rest.settle([Activity(type="member.registered"), Activity(type="purchase", member=rest.members[0], amount=500)])
        rest.kit.deliver()
        rest.proved()
    except Exception as error:  # noqa: BLE001 - whatever it is, the plugin that is not there has caused it
        return str(error).partition("\n")[0]
    return None


def _break() -> None:
    raise RuntimeError("broken by its contract")


def _others(contract: Trial) -> list[str]:
    """Return the names of all other installed plugins that start by themselves."""
    starting: list[str] = []
    for name in offered():
        if name == contract.plugin:
            continue
        try:
            discover(Settings.of(plugins=[*starting, name]))
        except CorekitError:
            continue  # it asks for settings, or for what is not there
        starting.append(name)
    return starting


@cache
def _loaded(modules: tuple[str, ...]) -> set[str]:
    """Return the top-level modules that are loaded where a kit starts with some modules, the standard library apart."""
    code = f"import sys, json, corekit.kit, {', '.join(modules)}" if modules else "import sys, json, corekit.kit"
    code += "; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)  # noqa: S603 - this Python, and names of modules
    return {
        name for name in json.loads(done.stdout) if name not in sys.stdlib_module_names and not name.startswith("_")
    }


def _listed(found: list[tuple[str, int, str]]) -> str:
    return "; ".join(f"{file}:{line} imports {name}" for file, line, name in found)
