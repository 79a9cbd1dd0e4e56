"""Alembic's environment: it runs whichever lineage it is handed, on the connection it is handed."""

from __future__ import annotations

from alembic import context

from corekit.db.migrate import run

attributes = context.config.attributes
run(attributes["connection"], attributes["lineage"], attributes["applied"])
