"""The printed schema of the core is kept, so that a change of it is seen. `COREKIT_SNAPSHOTS=write` writes it anew."""

from __future__ import annotations

import os
from pathlib import Path

from corekit.core import ERRORS
from corekit_schema.assembly.schema import assemble
from corekit_schema.core import Mutation, Query
from corekit_schema.core.permissions import PERMISSIONS
from corekit_schema.inputs import ERRORS as OWN

SNAPSHOT = Path(__file__).parent / "snapshots/core.graphql"


def test_the_schema_of_the_core_is_the_one_that_was_kept() -> None:
    sdl = assemble(
        {},
        query=Query,
        mutation=Mutation,
        permissions={each.name for each in PERMISSIONS},
        codes={text.code: text.en for text in (*ERRORS, *OWN)},
    ).sdl()
    if os.environ.get("COREKIT_SNAPSHOTS") == "write":
        SNAPSHOT.write_text(sdl, encoding="utf-8")
    assert sdl == SNAPSHOT.read_text(encoding="utf-8")
