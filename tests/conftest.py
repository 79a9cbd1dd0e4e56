"""What the tests of the whole share: the packages in which the larger ones are told."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "packages"), str(HERE.parent / "schema/tests/packages")]
