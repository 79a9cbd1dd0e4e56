"""The archive of a removed plugin: a zip file with every row of its tables as JSON lines, and what it was."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Generator, Mapping
from contextlib import closing
from hashlib import file_digest
from pathlib import Path
from typing import Any

import orjson
from attrs import frozen

from corekit.errors import Invalid, Problem, Unavailable

MANIFEST = "manifest.json"

Rows = Generator[Mapping[str, Any]]


@frozen
class Archive:
    """Where the rows go. Until they are gone from the database, the file is called ``<path>.part``."""

    path: Path

    @property
    def part(self) -> Path:
        """The file while it is written, and until the database has committed that the tables are gone."""
        return self.path.with_name(f"{self.path.name}.part")

    def check(self) -> None:
        """Raise :class:`Invalid` where a file would be overwritten, or has nowhere to stand."""
        if self.path.exists():
            said = f"{self.path} exists already; name another file"
            raise Invalid([Problem(code="ARCHIVE_EXISTS", message=said, path=("archive",))])
        if not self.path.absolute().parent.is_dir():
            said = f"there is no folder {self.path.parent}; make it, or name another file"
            raise Invalid([Problem(code="NOT_FOUND", message=said, path=("archive",))])

    def write(self, files: Mapping[str, Rows], manifest: Mapping[str, Any]) -> str:
        """Write rows by the name of their table; return the SHA-256 of the file, which is on the disk by then."""
        try:
            return self._write(files, manifest)
        except OSError as error:
            said = f"cannot write {self.part}: {error.strerror or error}; nothing was dropped"
            raise Unavailable(said, archive=str(self.path)) from error

    def _write(self, files: Mapping[str, Rows], manifest: Mapping[str, Any]) -> str:
        counts: dict[str, int] = {}
        with zipfile.ZipFile(self.part, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name, rows in files.items():
                counts[name] = 0
                with closing(rows), zipped.open(f"{name}.jsonl", "w", force_zip64=True) as file:
                    for row in rows:
                        file.write(orjson.dumps(row, default=str, option=orjson.OPT_NON_STR_KEYS) + b"\n")
                        counts[name] += 1
            told = orjson.dumps(
                {**manifest, "rows": counts}, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
            )
            zipped.writestr(MANIFEST, told)
        with self.part.open("rb+") as file:
            os.fsync(file.fileno())
            return file_digest(file, "sha256").hexdigest()

    def digest(self) -> str | None:
        """Return the SHA-256 of a file that was left by an interrupted removal; None where there is none."""
        if not self.part.exists():
            return None
        with self.part.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()

    def keep(self) -> None:
        """Give the file its name, once the database has committed."""
        self.part.rename(self.path)
