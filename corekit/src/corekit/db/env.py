"""Alembic's environment: it runs whichever lineage it is handed, on the connection it is handed."""

from __future__ import annotations

from alembic import context

from corekit.db.migrate import run

run(context.config.attributes["connection"], context.config.attributes["lineage"])
