"""Access: the people who work here, their roles, keys for services, and tokens that say who is asking.

What is here answers ``corekit_viewer``; without it a company's own plugin does. Permissions are declared by the core
and by plugins; here is who has which.
"""

from __future__ import annotations

__version__ = "0.1.0"
