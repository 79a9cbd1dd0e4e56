"""Access keeps what every plugin promises."""

from __future__ import annotations

from corekit.testing import PluginContract


class TestAccess(PluginContract):
    """Access keeps all promises."""

    plugin = "access"
