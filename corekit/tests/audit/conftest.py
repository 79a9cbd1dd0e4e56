"""A kit in which staff, a service and an operator change things, and a plugin at which deliveries die."""

from __future__ import annotations

from types import ModuleType

import pytest

from corekit import Declares, Event, Kit, hookimpl
from corekit.testing.plugin import MakeKit


@pytest.fixture
def kit(make_kit: MakeKit) -> Kit:
    @hookimpl
    def corekit_happened(event: Event) -> None:
        raise ConnectionError

    ears = ModuleType("ears")
    vars(ears).update(corekit_declare=hookimpl(Declares), corekit_happened=corekit_happened)
    return make_kit(modules={"ears": ears})
