"""Hooks: who implements them properly, and how they are called."""

# What a hook takes is told from the names of its arguments; in a lambda they have no types.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from types import ModuleType
from typing import Any

import pluggy
import pytest

from corekit import hookspecs
from corekit.activities.activity import Activity, Batch
from corekit.activities.effects import Credit
from corekit.declares import Declares
from corekit.errors import PluginError, PluginRaised, Refusal
from corekit.hooks import Hooks
from corekit.hookspecs import hookimpl, hookspec
from corekit.plugins import discover
from corekit.settings import Settings
from corekit.testing.modules import plugin_module

BATCH = Batch([Activity(type="purchase", member="m" * 32)])
CREDIT = Credit(next(iter(BATCH)), account="points", amount=1, rule="one@1")


Install = Callable[..., None]
NOTHING: Any = None
FACTS: Any = "facts"
"""What a hook gets that looks at nothing."""


def hooks(modules: Mapping[str, ModuleType]) -> Hooks:
    return Hooks(discover(Settings.of(), modules=modules))


def refusal(modules: Mapping[str, ModuleType]) -> str:
    with pytest.raises(PluginError) as caught:
        hooks(modules)
    return str(caught.value)


def ask(called: Hooks, hook: str) -> object:
    if hook == "corekit_prepare":
        return called.prepare(called.preparing[0], BATCH, NOTHING, NOTHING)
    return called.react(called.reacting[0], BATCH, NOTHING)


def test_misspelt() -> None:
    assert refusal({"laurels": plugin_module(corekit_raect=lambda batch: [])}) == (
        "plugin 'laurels' (module rogue) implements corekit_raect, which is no hook of corekit or what is installed "
        "(did you mean 'corekit_react'?); rename it, install what brings it, or start with --without laurels"
    )


def test_wrong_signature() -> None:
    assert refusal({"laurels": plugin_module(corekit_react=lambda batch, fatcs: [])}) == (
        "plugin 'laurels' (module rogue) takes 'fatcs' in corekit_react, but corekit gives batch, facts "
        "(did you mean 'facts'?); rename it, leave it out, or start with --without laurels"
    )


def test_wrong_signature_of_declare() -> None:
    said = refusal({"laurels": plugin_module(corekit_declare=lambda settings: Declares())})
    assert "takes 'settings' in corekit_declare, but corekit gives nothing; rename it, leave it out, or" in said


def test_a_hook_that_is_not_marked() -> None:
    made = ModuleType("unmarked")
    exec("def corekit_react(batch): return []", vars(made))
    assert refusal({"laurels": made}) == (
        "plugin 'laurels' (module unmarked) has a function corekit_react that is not marked as a hook; "
        "put @hookimpl above it, or start with --without laurels"
    )


def test_no_hook_at_all() -> None:
    assert refusal({"laurels": plugin_module()}) == (
        "plugin 'laurels' (module rogue) has no hook in the module rogue; let the entry point name the module that has "
        "them, and mark each with @hookimpl, or start with --without laurels"
    )


def test_wrapping_others() -> None:
    wrapper = ModuleType("wrapper")

    @hookimpl(wrapper=True)
    def corekit_react() -> Generator[None, object, object]:
        return (yield)

    vars(wrapper)["corekit_react"] = corekit_react
    assert "plugin 'laurels' (module wrapper) wraps corekit_react" in refusal({"laurels": wrapper})


def test_a_hook_of_something_that_is_not_installed_may_be_optional() -> None:
    made = ModuleType("optional")

    @hookimpl(optionalhook=True)
    def corekit_laser(beam: object) -> Any: ...

    vars(made)["corekit_laser"] = corekit_laser
    assert hooks({"laurels": made}).reacting == ()


def test_plugins_are_asked_in_their_order() -> None:
    called = hooks(
        {
            "cups": plugin_module(Declares(requires=["laurels"]), corekit_react=lambda batch, facts: []),
            "laurels": plugin_module(corekit_react=lambda batch: []),
            "silent": plugin_module(Declares()),
        }
    )
    assert [plugin.name for plugin in called.reacting] == ["laurels", "cups"]


def test_effects_come_from_generators_lists_or_nothing() -> None:
    def generate(batch: object) -> Any:
        yield CREDIT

    called = hooks(
        {
            "a": plugin_module(corekit_react=generate),
            "b": plugin_module(corekit_react=lambda facts: [CREDIT, CREDIT]),
            "c": plugin_module(corekit_react=lambda: None),
        }
    )
    assert [len(called.react(plugin, BATCH, NOTHING)) for plugin in called.reacting] == [1, 2, 0]


def test_prepared_facts_come_by_plugin() -> None:
    called = hooks(
        {
            "a": plugin_module(corekit_prepare=lambda batch, read: {"m" * 32: len(batch)}),
            "b": plugin_module(corekit_prepare=lambda: None),
            "c": plugin_module(Declares()),
        }
    )
    assert [plugin.name for plugin in called.preparing] == ["a", "b"]
    a, b = (called.prepare(plugin, BATCH, NOTHING, NOTHING) for plugin in called.preparing)
    assert (a, b) == ({"m" * 32: 1}, {})


def test_who_prepares_gets_the_facts_as_it_sees_them() -> None:
    called = hooks({"a": plugin_module(corekit_prepare=lambda facts: {"m" * 32: facts})})
    assert called.prepare(called.preparing[0], BATCH, NOTHING, FACTS) == {"m" * 32: "facts"}


@pytest.mark.parametrize("hook", ["corekit_prepare", "corekit_react"])
def test_who_raised_is_told(hook: str) -> None:
    def broken() -> Any:
        raise ZeroDivisionError("by zero")

    called = hooks({"laurels": plugin_module(**{hook: broken})})
    with pytest.raises(PluginRaised) as caught:
        ask(called, hook)
    assert str(caught.value) == f"plugin 'laurels' (module rogue) raised in {hook}: ZeroDivisionError: by zero"
    assert caught.value.parameters == {"plugin": "laurels", "hook": hook}
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_raising_in_the_middle_of_a_generator_counts_too() -> None:
    def broken() -> Any:
        yield CREDIT
        raise ZeroDivisionError

    called = hooks({"laurels": plugin_module(corekit_react=broken)})
    with pytest.raises(PluginRaised):
        called.react(called.reacting[0], BATCH, NOTHING)


def test_a_refusal_is_an_answer() -> None:
    def refuse() -> Any:
        raise Refusal("SOLD_OUT")

    called = hooks({"laurels": plugin_module(corekit_react=refuse)})
    with pytest.raises(Refusal):
        called.react(called.reacting[0], BATCH, NOTHING)


@pytest.mark.parametrize(
    ("hook", "answer", "said"),
    [
        ("corekit_react", ["a laurel"], "'a laurel' is no effect"),
        ("corekit_prepare", ["a laurel"], r"\['a laurel'\] is no mapping of member id to value"),
    ],
)
def test_answers_of_the_wrong_kind(hook: str, answer: object, said: str) -> None:
    called = hooks({"laurels": plugin_module(**{hook: lambda: answer})})
    with pytest.raises(PluginRaised, match=said):
        ask(called, hook)


def specs(*names: str) -> ModuleType:
    brought = ModuleType("brought")
    for name in names:

        def function(colour: object) -> Any: ...

        function.__name__ = name
        setattr(brought, name, hookspec(function))
    return brought


def test_a_plugin_may_bring_hooks_that_others_implement() -> None:
    called = hooks(
        {
            "laurels": plugin_module(Declares(specs=[specs("corekit_laurels_shine")])),
            "a": plugin_module(corekit_laurels_shine=lambda colour: f"a {colour}"),
            "b": plugin_module(corekit_laurels_shine=lambda colour: None),
            "c": plugin_module(corekit_laurels_shine=lambda colour: f"c {colour}"),
        }
    )
    assert called.each("corekit_laurels_shine", colour="red") == [("a", "a red"), ("b", None), ("c", "c red")]
    assert called.first("corekit_laurels_shine", colour="red") == "a red"


def test_nobody_answers() -> None:
    called = hooks({"laurels": plugin_module(Declares(specs=[specs("corekit_laurels_shine")]))})
    assert called.each("corekit_laurels_shine", colour="red") == []
    assert called.first("corekit_laurels_shine", colour="red") is None


def test_hooks_that_a_plugin_brings_carry_its_name() -> None:
    assert refusal({"laurels": plugin_module(Declares(specs=[specs("corekit_shine")]))}) == (
        "plugin 'laurels' (module rogue) brings the hook corekit_shine; its hooks must begin with corekit_laurels_; "
        "rename it, or start with --without laurels"
    )


def test_a_hook_that_two_bring() -> None:
    shine = specs("corekit_react")
    said = refusal({"laurels": plugin_module(Declares(specs=[shine]))})
    assert said.startswith("plugin 'laurels' (module rogue) brings hook specifications in brought that fail: ")
    assert "corekit_react" in said


def test_who_raised_in_a_hook_that_others_bring() -> None:
    def broken(colour: object) -> Any:
        raise ZeroDivisionError(colour)

    called = hooks(
        {
            "laurels": plugin_module(Declares(specs=[specs("corekit_laurels_shine")])),
            "cups": plugin_module(corekit_laurels_shine=broken),
        }
    )
    with pytest.raises(PluginError, match=r"plugin 'cups' .* raised in corekit_laurels_shine: ZeroDivisionError: red"):
        called.each("corekit_laurels_shine", colour="red")


def test_there_is_no_such_hook() -> None:
    with pytest.raises(PluginError, match=r"there is no hook corekit_reatc \(did you mean 'corekit_react'\?\)"):
        hooks({}).first("corekit_reatc")


def test_installed_distributions_bring_hooks_too(install: Install) -> None:
    source = "from corekit import hookspec\n@hookspec\ndef corekit_laser(beam): ...\n"
    install("acme-laser", plugins={"laser": source}, groups={"corekit.specs": {"laser": "acme_laser_laser"}})
    called = hooks({"laurels": plugin_module(corekit_laser=lambda beam: beam)})
    assert called.each("corekit_laser", beam=3) == [("laurels", 3)]


def test_specifications_that_cannot_be_imported(install: Install) -> None:
    install(
        "acme-laser",
        plugins={"laser": "import no_such_library"},
        groups={"corekit.specs": {"laser": "acme_laser_laser"}},
    )
    said = refusal({})
    assert "acme-laser 1.0 offers hook specifications in acme_laser_laser, which cannot be imported" in said


def test_every_hook_of_the_core_says_when_it_is_called_and_since_when() -> None:
    manager = pluggy.PluginManager("corekit")
    manager.add_hookspecs(hookspecs)
    for name, caller in vars(manager.hook).items():
        if isinstance(caller, pluggy.HookCaller):
            assert name.startswith("corekit_")
            assert caller.spec is not None
            text = caller.spec.function.__doc__ or ""
            assert "Called" in text
            assert "When it raises" in text
            assert vars(caller.spec.function)["corekit_since"] == "0.1"
