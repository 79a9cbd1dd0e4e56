"""Every error a caller of corekit can meet.

An error has a ``code`` that never changes, ``parameters`` that fill its sentence, and a sentence that
says what to do. Codes are upper case with underscores; a plugin's own codes begin with its name
(``POINTS_CLAIM_TOO_LATE``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen

Path = tuple[str | int, ...]

OF_DATABASE = ("sqlalchemy", "psycopg", "sqlite3")
"""The packages whose errors hold SQL and values in their text, which go nowhere."""


def start_without(*plugins: str) -> str:
    """Return how the rest starts without plugins that cannot."""
    return "start with " + " ".join(f"--without {name}" for name in plugins)


def reason_of(error: BaseException) -> str:
    """Return the type of an exception and what it says on one line; of one of the database, only its type."""
    if type(error).__module__.partition(".")[0] in OF_DATABASE:
        return type(getattr(error, "orig", None) or error).__name__
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - what an exception says is code of whoever raised it
        text = ""
    return " ".join(f"{type(error).__name__}: {text}".split()).removesuffix(":")


@frozen(kw_only=True)
class Problem:
    """One thing wrong with an input: where (``path``), what (``code``), and how to say it."""

    code: str
    message: str
    path: Path = ()
    parameters: Mapping[str, Any] = field(factory=dict[str, Any])

    def __str__(self) -> str:
        place = ".".join(str(part) for part in self.path)
        return f"{place}: {self.message} [{self.code}]" if place else f"{self.message} [{self.code}]"


class CorekitError(Exception):
    """The base of every error that corekit raises on purpose."""

    code = "INTERNAL"

    def __init__(self, message: str, *, code: str | None = None, **parameters: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.parameters: dict[str, Any] = parameters


class SettingsError(CorekitError):
    """``corekit.toml`` or the program file cannot be used; the message names the path in the file."""

    code = "SETTINGS"


class PluginError(CorekitError):
    """The enabled plugins do not fit together; the message names both sides and the way out."""

    code = "PLUGIN"


class PluginRaised(CorekitError):
    """A plugin raised in a hook (``plugin``, ``hook``); the cause is what it raised."""

    code = "PLUGIN_RAISED"


class Invalid(CorekitError):
    """The input is not understood or not allowed; nothing was stored."""

    code = "INVALID"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
        self.code = self.problems[0].code
        self.parameters = dict(self.problems[0].parameters)


class NotFound(CorekitError):
    """There is nothing under the given identifier."""

    code = "NOT_FOUND"


class Busy(CorekitError):
    """Others kept changing the same members; nothing was written, the same key may be sent again."""

    code = "BUSY"


class Unavailable(CorekitError):
    """The database cannot answer now; whether the unit was written is told by sending the key again."""

    code = "UNAVAILABLE"


class Integrity(CorekitError):
    """The books contradict themselves: a defect. The unit was not written."""

    code = "INTEGRITY"


class Refusal(Exception):
    """A business answer that is no: raised inside a plan, stored with its key, and replayed."""

    def __init__(self, code: str, /, **parameters: Any) -> None:
        super().__init__(code)
        self.code = code
        self.parameters: dict[str, Any] = parameters
