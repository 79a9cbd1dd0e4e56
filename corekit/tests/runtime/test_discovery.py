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
    install("acme-medals", plugins={"medals": ""})
    assert names() == []
    assert names(plugins=["medals"]) == ["medals"]


def test_a_plugin_knows_its_distribution_and_version(install: Install) -> None:
    install("acme-medals", "2.3", plugins={"medals": ""})
    (plugin,) = discover(Settings.of(plugins=["medals"]))
    assert plugin.label == "plugin 'medals' (acme-medals 2.3)"


def test_plugins_come_after_those_they_require_then_by_name() -> None:
    modules = {
        "zebra": plugin_module(),
        "coupons": plugin_module(Declares(requires=["zebra"])),
        "apples": plugin_module(Declares(requires=["coupons"])),
        "medals": plugin_module(),
    }
    assert names(modules) == ["medals", "zebra", "coupons", "apples"]


def test_not_installed_did_you_mean(install: Install) -> None:
    install("acme-medals", plugins={"medals": ""})
    assert refusal(plugins=["medlas"]) == (
        "plugin 'medlas' is enabled but not installed (did you mean 'medals'?); "
        "install its distribution, take 'medlas' off the list of plugins in corekit.toml, "
        "or start with --without medlas"
    )


def test_offered_twice(install: Install) -> None:
    install("acme-medals", "1.0", plugins={"medals": ""})
    install("other-medals", "2.0", plugins={"medals": ""})
    assert refusal(plugins=["medals"]) == (
        "plugin 'medals' is offered by acme-medals 1.0 and by other-medals 2.0; "
        "uninstall all but one, or start with --without medals"
    )


def test_needs_another_corekit(install: Install) -> None:
    install("acme-medals", plugins={"medals": ""}, requires=["corekit>=7,<8"])
    said = refusal(plugins=["medals"])
    assert said.startswith("plugin 'medals' (acme-medals 1.0) needs corekit<8,>=7, but corekit 0.")
    assert "install a version of one of them that fits the other" in said


def test_needs_another_version_of_the_distribution_of_a_plugin(install: Install) -> None:
    install("acme-medals", "1.0", plugins={"medals": ""})
    install("acme-cups", plugins={"cups": ""}, requires=["acme-medals>=2"])
    assert "plugin 'cups' (acme-cups 1.0) needs acme-medals>=2, but acme-medals 1.0 runs" in refusal(plugins=["cups"])


def test_an_extra_counts_where_what_it_asks_for_is_installed(install: Install) -> None:
    extra = "corekit-schema>=7; extra == 'graphql'"
    install("acme-medals", plugins={"medals": ""}, requires=[extra, "never-heard-of-it>=3; extra == 'x'"])
    assert "needs corekit-schema>=7, but corekit-schema 0." in refusal(plugins=["medals"])


def test_what_other_distributions_are_in_is_not_our_business(install: Install) -> None:
    install("acme-medals", plugins={"medals": ""}, requires=["attrs<1"])
    assert names(plugins=["medals"]) == ["medals"]


def test_requirement_not_enabled() -> None:
    modules = {"cups": plugin_module(Declares(requires=["medals"]))}
    assert refusal(modules) == (
        "plugin 'cups' (module rogue) requires plugin 'medals', which is not enabled; "
        "add 'medals' to the plugins in corekit.toml, take 'cups' off, or start with --without cups"
    )


def test_requirement_misspelt() -> None:
    modules = {"cups": plugin_module(Declares(requires=["medlas"])), "medals": plugin_module()}
    assert "requires plugin 'medlas', which is not enabled (did you mean 'medals'?)" in refusal(modules)


def test_requirement_left_out_by_hand() -> None:
    modules = {"cups": plugin_module(Declares(requires=["medals"])), "medals": plugin_module()}
    assert "requires plugin 'medals', which is left out by --without" in refusal(modules, without=["medals"])
    assert names(modules, without=["cups"]) == ["medals"]


def test_leaving_out_what_is_not_on() -> None:
    said = refusal({"medals": plugin_module()}, without=["medlas"])
    assert said == "--without medlas: no such plugin is enabled (did you mean 'medals'?)"


def test_requirements_in_a_circle() -> None:
    modules = {
        "before": plugin_module(Declares(requires=["cups"])),
        "cups": plugin_module(Declares(requires=["medals"])),
        "medals": plugin_module(Declares(requires=["cups"])),
    }
    assert refusal(modules) == (
        "plugin 'cups' (module rogue) requires 'medals', and plugin 'medals' (module rogue) requires 'cups'; "
        "one of them must do without the other, or start with --without cups --without medals"
    )


def test_the_name_of_the_core() -> None:
    assert "no plugin may be called 'core'" in refusal({"core": plugin_module()})


def test_a_module_that_cannot_be_imported(install: Install) -> None:
    install("acme-medals", plugins={"medals": "import no_such_library"})
    assert refusal(plugins=["medals"]) == (
        "plugin 'medals' (acme-medals 1.0) cannot be imported (ModuleNotFoundError: No module named "
        "'no_such_library'); repair the installation, or start with --without medals"
    )


def test_declaring_raises() -> None:
    def corekit_declare() -> Any:
        raise KeyError("colour")

    assert refusal({"medals": plugin_module(corekit_declare=corekit_declare)}) == (
        "plugin 'medals' (module rogue) raised in corekit_declare: KeyError: 'colour'; "
        "repair it, or start with --without medals"
    )


def test_declaring_something_else() -> None:
    said = refusal({"medals": plugin_module(corekit_declare=lambda: {"requires": []})})
    assert "plugin 'medals' (module rogue) returns {'requires': []} from corekit_declare, which is no Declares" in said


class MedalsSchema(Schema):
    most = fields.Integer(load_default=3)


def test_settings_are_read_by_the_plugins_own_schema() -> None:
    modules = {"medals": plugin_module(Declares(settings=MedalsSchema)), "cups": plugin_module()}
    cups, medals = discover(Settings.of(sections={"medals": {"most": 5}}), modules=modules)
    assert medals.settings == {"most": 5}
    assert cups.settings is None


def test_unknown_setting() -> None:
    modules = {"medals": plugin_module(Declares(settings=MedalsSchema))}
    said = refusal(modules, error=SettingsError, sections={"medals": {"mots": 5}})
    assert said.startswith("corekit.toml: plugins.medals.mots: ")
    assert "did you mean 'most'?" in said


def test_a_section_where_the_plugin_has_no_settings() -> None:
    said = refusal({"medals": plugin_module()}, sections={"medals": {"most": 5}})
    assert said == (
        "corekit.toml has a section [plugins.medals], but plugin 'medals' (module rogue) has no settings; "
        "remove the section, or start with --without medals"
    )


def test_a_section_of_nobody() -> None:
    assert refusal({"medals": plugin_module()}, sections={"medlas": {"most": 5}}) == (
        "corekit.toml has a section [plugins.medlas], but no plugin of that name is enabled or installed "
        "(did you mean 'medals'?); remove or rename the section"
    )


def test_the_section_of_a_plugin_that_is_off_may_stay(install: Install) -> None:
    install("acme-medals", plugins={"medals": ""})
    assert names(sections={"medals": {"most": 5}}) == []
