"""What the log says of an exception: its type and where it was raised, never its text, its stack or a value."""

from __future__ import annotations

from pathlib import Path
from traceback import extract_tb


def raised_at(error: BaseException) -> dict[str, str]:
    """Return the type of an exception (or of its cause) and the place in the code that raised it."""
    error = error.__cause__ or error
    frames = extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name}" if frames else "unknown"
    return {"error": type(error).__name__, "where": place}
