"""The documentation says what the code says, and its examples run."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer
from typer.main import get_command

from corekit import AccountKind, Activity, Credit, Declares, Kit, Permission, PluginError, Unit, balances
from corekit.cli import app
from corekit.testing import PluginContract
from corekit.testing.modules import plugin_module
from corekit.testing.plugin import MakeKit
from tools.reference.__main__ import differences, pages
from tools.reference.pages import SPECS, specifications
from tools.reference.quotations import QUOTE

ROOT = Path(__file__).resolve().parents[1]
PLUGINS = (ROOT / "docs/plugins.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)

on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


def block(text: str, language: str) -> str:
    """Return the first block of a page in a language."""
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def module(source: str, name: str) -> ModuleType:
    made = ModuleType(name)
    exec(compile(source, name, "exec"), vars(made))
    return made


def markdown() -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.splitlines() if (ROOT / name).exists()]


def anchors(page: Path) -> Iterator[str]:
    """Yield what GitHub calls the headings of a page."""
    for heading in re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# Reference


def test_the_reference_and_the_quotations_are_what_the_code_says() -> None:
    assert differences(pages()) == [], "run make docs"


def test_a_page_that_was_changed_or_left_behind_is_noticed() -> None:
    made = pages()
    changed = {**made, "docs/reference/hooks.md": "otherwise"}
    gone = {name: text for name, text in made.items() if name != "docs/reference/errors.md"}
    assert differences(changed) == ["docs/reference/hooks.md"]
    assert differences(gone) == ["docs/reference/errors.md"]


@pytest.mark.parametrize("specs", SPECS)
def test_every_hook_says_when_it_is_called_what_happens_when_it_raises_and_since_when(specs: ModuleType) -> None:
    found = specifications(specs)
    assert found
    for hook in found:
        text = hook.__doc__ or ""
        assert all(words in text for words in ("Called ", "When it raises"))
        assert re.fullmatch(r"\d+\.\d+", vars(hook)["corekit_since"])


# Links


@pytest.mark.parametrize("name", markdown())
def test_every_link_leads_somewhere(name: str) -> None:
    page = ROOT / name
    lost = [
        f"{place}#{anchor}"
        for place, anchor in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8")))
        if not (target := page.parent / place if place else page).exists()
        or (anchor and target.suffix == ".md" and anchor not in anchors(target))
    ]
    assert lost == []


def test_every_page_can_be_reached_from_the_list_of_pages() -> None:
    listed = set(re.findall(r"\]\(([^)#]+)\)", (ROOT / "docs/README.md").read_text(encoding="utf-8")))
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"} <= listed


# The contract


def test_the_page_on_tests_lists_every_promise_of_the_contract() -> None:
    class Whole(PluginContract):
        plugin = "points"

    page = (ROOT / "docs/testing.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| ([a-z_]+) \|", page.partition("| promise |")[2].partition("\n\n")[0], re.MULTILINE)
    assert sorted(told) == sorted(name.removeprefix("test_") for name in dir(Whole) if name.startswith("test_"))


# Commands


def commands(page: str) -> Iterator[list[str]]:
    """Yield the words of every corekit command that a page shows, without those that stand for something."""
    fenced = "\n".join(re.findall(r"^```.*?^```", page, re.DOTALL | re.MULTILINE))
    indented = r"^(?:\$ |    )(corekit .*)$"
    lines = [*re.findall(r"^(?:\$ )?(corekit .*)$", fenced, re.MULTILINE), *re.findall(indented, page, re.MULTILINE)]
    for line in [*lines, *re.findall(r"`(corekit [^`]+)`", page)]:
        yield re.split(r"\s#|[|`]", line)[0].split()[1:]


def unknown(words: list[str]) -> str | None:
    """Return the first word of a command that the command line does not know: a command or an option."""
    root: Any = get_command(app)
    context, found = typer.Context(root, info_name="corekit"), root
    options = {name: param for param in root.params for name in param.opts}
    left = iter(words)
    for word in left:
        if word.startswith("-"):
            if word not in options:
                return word
            if not options[word].is_flag:
                next(left, None)
        elif re.fullmatch(r"[a-z][a-z-]*", word) and hasattr(found, "commands"):
            below = found.get_command(context, word)
            if below is None:
                return word
            found = below
            options |= {name: param for param in found.params for name in param.opts}
    return None


@pytest.mark.parametrize("name", markdown())
def test_every_command_that_a_page_shows_is_there(name: str) -> None:
    shown = commands((ROOT / name).read_text(encoding="utf-8"))
    assert [" ".join(words) for words in shown if unknown(words)] == []


@pytest.mark.parametrize(
    ("shown", "word"),
    [
        ("$ corekit db downgrade", "downgrade"),
        ("$ corekit db revision stamps --text x", "--text"),
        ("so `corekit settle` it", "settle"),
        ("$ corekit --config settings --json db status", None),
        ("    corekit program apply program.toml     # store it", None),
    ],
)
def test_a_command_that_is_not_there_is_found(shown: str, word: str | None) -> None:
    assert [unknown(words) for words in commands(shown)] == [word]


# Examples


@on_sqlite
def test_the_plugin_of_the_readme_is_a_whole_plugin(make_kit: MakeKit) -> None:
    welcome = module(block(README, "python"), "welcome")
    kit = make_kit(["points"], modules={"welcome": welcome})
    joining = Activity(type="member.registered")
    assert [effect.amount for effect in kit.simulate(joining).effects if effect.rule == "welcome@1"] == [200]
    joined = kit.record(joining)
    assert points(kit, joined.member) == 200
    why = kit.why(joined.activity_id or "")
    assert "welcome@1" in [explained.effect.rule for explained in why.effects]
    kit.reverse(joined.activity_id or "")
    assert points(kit, joined.member) == 0


def points(kit: Kit, member: str) -> int:
    with kit.read() as read:
        return sum(each.available for each in balances(read, [member], kit.now())[member])


def test_the_page_on_plugins_begins_with_the_plugin_of_the_readme() -> None:
    assert block(PLUGINS, "python") == block(README, "python")


def test_the_package_that_is_built_and_installed_is_the_plugin_of_the_readme() -> None:
    package = ROOT / "tests/packages/welcome/src/corekit_welcome/__init__.py"
    assert plain(package.read_text(encoding="utf-8")) == plain(block(README, "python"))


def plain(source: str) -> list[str]:
    """Return the functions of a module without types and docstrings."""
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    for function in functions:
        function.returns = None
        for argument in function.args.args:
            argument.annotation = None
        if ast.get_docstring(function) is not None:
            del function.body[0]
    return [ast.unparse(function) for function in functions]


def test_the_page_on_plugins_quotes_files_that_exist() -> None:
    quoted = {place.partition("#")[0] for place, _ in QUOTE.findall(PLUGINS)}
    assert len(quoted) >= 5
    assert all((ROOT / place).exists() for place in quoted)


@on_sqlite
def test_the_example_of_the_page_on_the_kernel_runs(make_kit: MakeKit, monkeypatch: pytest.MonkeyPatch) -> None:
    source = block((ROOT / "docs/kernel.md").read_text(encoding="utf-8"), "python")
    kit = make_kit()
    monkeypatch.setattr("corekit.Kit", {"corekit.toml": kit}.__getitem__)
    ran: dict[str, Any] = vars(module(source, "example"))
    assert ran["answer"].outcome == "settled"
    assert '# "settled"' in source
    assert ran["kit"].why(ran["answer"].activity_id).activity.external_id == "receipt-1001"


# What a plugin may not do


def reacting(make: Callable[[Activity], object]) -> Callable[..., object]:
    def corekit_react(batch: Any, facts: Any) -> object:
        return [make(activity) for activity in batch]

    return corekit_react


def credit(amount: Any = 5, rule: str = "rogue@1") -> Callable[[Activity], Credit]:
    return lambda activity: Credit(activity, account="points", amount=amount, rule=rule)


def misspelt(batch: object) -> list[object]:
    return [batch]


def strange(activities: object) -> list[object]:
    return [activities]


def lost(_activity: Activity) -> object:
    raise RuntimeError("what nobody but the log is told")


STARTING: Mapping[str, ModuleType] = {
    "misspells a hook": plugin_module(corekit_reakt=misspelt),
    "takes what a hook is not given": plugin_module(corekit_react=strange),
    "needs a plugin that is off": plugin_module(Declares(requires=["points"])),
    "declares what is not its own": plugin_module(
        Declares(permissions=[Permission(name="points.steal", description="All.")])
    ),
}
REACTING: Mapping[str, tuple[Declares, Callable[[Activity], object]]] = {
    "touches an account of a plugin that it does not require": (Declares(), credit()),
    "yields half a point": (Declares(requires=["points"]), credit(amount=0.5)),
    "names no rule": (Declares(requires=["points"]), credit(rule="")),
    "raises": (Declares(), lost),
}


@on_sqlite
@pytest.mark.parametrize("what", STARTING)
def test_what_is_refused_at_start_is_said_as_the_page_says(make_kit: MakeKit, what: str) -> None:
    with pytest.raises(PluginError) as refused:
        make_kit(modules={"rogue": STARTING[what]})
    assert f"| {what} | `{refused.value.message}` |" in PLUGINS


@on_sqlite
@pytest.mark.parametrize("what", REACTING)
def test_what_fails_when_it_reacts_is_said_as_the_page_says(make_kit: MakeKit, what: str) -> None:
    declares, make = REACTING[what]
    kit = make_kit(["points"], modules={"rogue": plugin_module(declares, corekit_react=reacting(make))})
    answer = kit.record(Activity(type="member.registered"))
    assert answer.outcome == "failed"
    assert f"| {what} | `{answer.code}` | `{answer.message}` |" in PLUGINS


def test_the_page_shows_every_refusal_that_is_tested() -> None:
    tables = PLUGINS.split("## What is refused")[1].split("\n## ")[0]
    shown = re.findall(r"^\| ([^|`]+) \| `", tables, re.MULTILINE)
    assert shown == [*STARTING, *REACTING]


PROOFS = re.compile(r"^\| ([\w-]+) \| [^|]+ \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)


def test_the_page_of_the_ledger_says_which_proof_proves_what(make_kit: MakeKit) -> None:
    given = Declares(accounts=[AccountKind(code="given", unit=Unit("given"), lots=True)])
    give = reacting(lambda activity: Credit(activity, account="given", amount=1, rule="given@1"))
    kit = make_kit(modules={"given": plugin_module(given, "given", corekit_react=give)})
    member = kit.record(Activity(type="member.registered")).member
    with kit.read() as read:
        own = [each.account for each in balances(read, [member], kit.now())[member]]
    page = (ROOT / "docs/ledger.md").read_text(encoding="utf-8")
    told = {name: cells for name, *cells in PROOFS.findall(page) if name not in ("invariant", "---")}
    for column, report in enumerate((kit.verify(accounts=own), kit.verify(since=kit.now() - timedelta(days=1)))):
        assert {name for name, cells in told.items() if cells[column] not in ("no", "-")} == set(report.checked)
        assert {name for name, cells in told.items() if cells[column] == "no"} == set(report.unproved)
    assert told.keys() - {"since"} == kit.verify().checked.keys()
