"""Which plugins are on: every refusal names both sides and the way out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import pytest
from marshmallow import Schema, fields

from corekit.declares import Declares
from corekit.errors import CorekitError, PluginError, SettingsError
from corekit.plugins import discover
from corekit.settings import Settings
from corekit.testing.modules import plugin_module

Install = Callable[..., None]
Modules = Mapping[str, ModuleType] | None


def refusal(
    modules: Modules = None,
    without: Sequence[str] = (),
    error: type[CorekitError] = PluginError,
    **settings: Any,
) -> str:
    with pytest.raises(error) as caught:
        discover(Settings.of(**settings), without, modules)
    return str(caught.value)


def names(modules: Modules = None, without: Sequence[str] = (), **settings: Any) -> list[str]:
    return [plugin.name for plugin in discover(Settings.of(**settings), without, modules)]


def test_nothing_is_on_that_is_not_listed(install: Install) -> None:
    install("acme-laurels", plugins={"laurels": ""})
    assert names() == []
    assert names(plugins=["laurels"]) == ["laurels"]


def test_a_plugin_knows_its_distribution_and_version(install: Install) -> None:
    install("acme-laurels", "2.3", plugins={"laurels": ""})
    (plugin,) = discover(Settings.of(plugins=["laurels"]))
    assert plugin.label == "plugin 'laurels' (acme-laurels 2.3)"


def test_plugins_come_after_those_they_require_then_by_name() -> None:
    modules = {
        "zebra": plugin_module(),
        "coupons": plugin_module(Declares(requires=["zebra"])),
        "apples": plugin_module(Declares(requires=["coupons"])),
        "laurels": plugin_module(),
    }
    assert names(modules) == ["laurels", "zebra", "coupons", "apples"]


def test_not_installed_did_you_mean(install: Install) -> None:
    install("acme-laurels", plugins={"laurels": ""})
    assert refusal(plugins=["laurles"]) == (
        "plugin 'laurles' is enabled but not installed (did you mean 'laurels'?); "
        "install its distribution, take 'laurles' off the list of plugins in corekit.toml, "
        "or start with --without laurles"
    )


def test_offered_twice(install: Install) -> None:
    install("acme-laurels", "1.0", plugins={"laurels": ""})
    install("other-laurels", "2.0", plugins={"laurels": ""})
    assert refusal(plugins=["laurels"]) == (
        "plugin 'laurels' is offered by acme-laurels 1.0 and by other-laurels 2.0; "
        "uninstall all but one, or start with --without laurels"
    )


def test_needs_another_corekit(install: Install) -> None:
    install("acme-laurels", plugins={"laurels": ""}, requires=["corekit>=7,<8"])
    said = refusal(plugins=["laurels"])
    assert said.startswith("plugin 'laurels' (acme-laurels 1.0) needs corekit<8,>=7, but corekit 0.")
    assert "install a version of one of them that fits the other" in said


def test_needs_another_version_of_the_distribution_of_a_plugin(install: Install) -> None:
    install("acme-laurels", "1.0", plugins={"laurels": ""})
    install("acme-cups", plugins={"cups": ""}, requires=["acme-laurels>=2"])
    assert "plugin 'cups' (acme-cups 1.0) needs acme-laurels>=2, but acme-laurels 1.0 runs" in refusal(plugins=["cups"])


def test_an_extra_counts_where_what_it_asks_for_is_installed(install: Install) -> None:
    extra = "corekit-schema>=7; extra == 'graphql'"
    install("acme-laurels", plugins={"laurels": ""}, requires=[extra, "never-heard-of-it>=3; extra == 'x'"])
    assert "needs corekit-schema>=7, but corekit-schema 0." in refusal(plugins=["laurels"])


def test_what_other_distributions_are_in_is_not_our_business(install: Install) -> None:
    install("acme-laurels", plugins={"laurels": ""}, requires=["attrs<1"])
    assert names(plugins=["laurels"]) == ["laurels"]


def test_requirement_not_enabled() -> None:
    modules = {"cups": plugin_module(Declares(requires=["laurels"]))}
    assert refusal(modules) == (
        "plugin 'cups' (module rogue) requires plugin 'laurels', which is not enabled; "
        "add 'laurels' to the plugins in corekit.toml, take 'cups' off, or start with --without cups"
    )


def test_requirement_misspelt() -> None:
    modules = {"cups": plugin_module(Declares(requires=["laurles"])), "laurels": plugin_module()}
    assert "requires plugin 'laurles', which is not enabled (did you mean 'laurels'?)" in refusal(modules)


def test_requirement_left_out_by_hand() -> None:
    modules = {"cups": plugin_module(Declares(requires=["laurels"])), "laurels": plugin_module()}
    assert "requires plugin 'laurels', which is left out by --without" in refusal(modules, without=["laurels"])
    assert names(modules, without=["cups"]) == ["laurels"]


def test_leaving_out_what_is_not_on() -> None:
    said = refusal({"laurels": plugin_module()}, without=["laurles"])
    assert said == "--without laurles: no such plugin is enabled (did you mean 'laurels'?)"


def test_requirements_in_a_circle() -> None:
    modules = {
        "before": plugin_module(Declares(requires=["cups"])),
        "cups": plugin_module(Declares(requires=["laurels"])),
        "laurels": plugin_module(Declares(requires=["cups"])),
    }
    assert refusal(modules) == (
        "plugin 'cups' (module rogue) requires 'laurels', and plugin 'laurels' (module rogue) requires 'cups'; "
        "one of them must do without the other, or start with --without cups --without laurels"
    )


def test_the_name_of_the_core() -> None:
    assert "no plugin may be called 'core'" in refusal({"core": plugin_module()})


def test_a_module_that_cannot_be_imported(install: Install) -> None:
    install("acme-laurels", plugins={"laurels": "import no_such_library"})
    assert refusal(plugins=["laurels"]) == (
        "plugin 'laurels' (acme-laurels 1.0) cannot be imported (ModuleNotFoundError: No module named "
        "'no_such_library'); repair the installation, or start with --without laurels"
    )


def test_declaring_raises() -> None:
    def corekit_declare() -> Any:
        raise KeyError("colour")

    assert refusal({"laurels": plugin_module(corekit_declare=corekit_declare)}) == (
        "plugin 'laurels' (module rogue) raised in corekit_declare: KeyError: 'colour'; "
        "repair it, or start with --without laurels"
    )


def test_declaring_something_else() -> None:
    said = refusal({"laurels": plugin_module(corekit_declare=lambda: {"requires": []})})
    assert "plugin 'laurels' (module rogue) returns {'requires': []} from corekit_declare, which is no Declares" in said


class LaurelsSchema(Schema):
    most = fields.Integer(load_default=3)


def test_settings_are_read_by_the_plugins_own_schema() -> None:
    modules = {"laurels": plugin_module(Declares(settings=LaurelsSchema)), "cups": plugin_module()}
    cups, laurels = discover(Settings.of(sections={"laurels": {"most": 5}}), modules=modules)
    assert laurels.settings == {"most": 5}
    assert cups.settings is None


def test_unknown_setting() -> None:
    modules = {"laurels": plugin_module(Declares(settings=LaurelsSchema))}
    said = refusal(modules, error=SettingsError, sections={"laurels": {"mots": 5}})
    assert said.startswith("corekit.toml: plugins.laurels.mots: ")
    assert "did you mean 'most'?" in said


def test_a_section_where_the_plugin_has_no_settings() -> None:
    said = refusal({"laurels": plugin_module()}, sections={"laurels": {"most": 5}})
    assert said == (
        "corekit.toml has a section [plugins.laurels], but plugin 'laurels' (module rogue) has no settings; "
        "remove the section, or start with --without laurels"
    )


def test_a_section_of_nobody() -> None:
    assert refusal({"laurels": plugin_module()}, sections={"laurles": {"most": 5}}) == (
        "corekit.toml has a section [plugins.laurles], but no plugin of that name is enabled or installed "
        "(did you mean 'laurels'?); remove or rename the section"
    )


def test_the_section_of_a_plugin_that_is_off_may_stay(install: Install) -> None:
    install("acme-laurels", plugins={"laurels": ""})
    assert names(sections={"laurels": {"most": 5}}) == []
