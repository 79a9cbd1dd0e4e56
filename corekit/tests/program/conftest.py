"""Programs read with a plugin whose section is as small as can be."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from marshmallow import Schema, fields

from corekit import AccountKind, Declares, Exact, Metric, Program, Section, Settings, SettingsError, Unit, hookimpl
from corekit.core import declares
from corekit.plugins import discover
from corekit.program import load
from corekit.registry import Registry

HEAD = '[program]\nname = "Corner shop"\n'


class StampsSchema(Schema):
    """How many stamps fill a card."""

    size = fields.Integer(strict=True, load_default=10)
    worth = Exact(load_default=None)


@pytest.fixture
def stamps() -> ModuleType:
    module = ModuleType("stamps")

    @hookimpl
    def corekit_declare() -> Declares:
        unit = Unit("stamps", 1, "counter")
        return Declares(
            program=Section(
                schema=StampsSchema,
                accounts=lambda section: [AccountKind(code="stamps", unit=unit)],
                metrics=lambda section: [Metric(name="stamps.collected", credits="stamps")],
            )
        )

    vars(module)["corekit_declare"] = corekit_declare
    return module


Reads = Callable[..., Program]


@pytest.fixture
def reads(stamps: ModuleType) -> Reads:
    """Read the text of a program after its head; ``on`` is whether the plugin is."""

    def read(text: str = "", *, head: str = HEAD, on: bool = True, lenient: bool = False) -> Program:
        settings = Settings.of(database="sqlite:///unused.db", time_zone="America/New_York", currency="USD")
        plugins = discover(settings, modules={"stamps": stamps} if on else {})
        return load(head + text, Registry.of(declares(settings), plugins), settings, lenient=lenient)[0]

    return read


@pytest.fixture
def problems(reads: Reads) -> Callable[..., dict[str, Any]]:
    """Read a program that is refused, and give what was said by path."""

    def read(text: str, **options: Any) -> dict[str, Any]:
        with pytest.raises(SettingsError) as refused:
            reads(text, **options)
        assert refused.value.code == "PROGRAM_INVALID"
        said = refused.value.parameters["problems"]
        for problem in said:
            assert problem["message"] in refused.value.message
        return {".".join(map(str, problem["path"])): (problem["code"], problem["message"]) for problem in said}

    return read
