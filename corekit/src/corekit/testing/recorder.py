"""What plugins were asked and what they answered, written down while a test uses a kit."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from attrs import define, field

from corekit.activities.plugin_write import PluginWrite

if TYPE_CHECKING:
    from corekit.kit import Kit
    from corekit.plugins import Plugin

Answering = Callable[["Call"], Any]
"""Gives the answer to a call; ``call.ask()`` is the plugin's own."""


@define
class Call:
    """A hook that corekit called: of which plugin, with what, what it answered, and how many statements it sent.

    ``answer`` is None while the plugin works, and where it raised.
    """

    plugin: str
    hook: str
    arguments: Mapping[str, Any]
    asking: Callable[[Mapping[str, Any]], Any] = field(repr=False)
    answer: Any = None
    statements: int = 0

    def ask(self, **arguments: Any) -> Any:
        """Ask the plugin, perhaps with other arguments; what a generator yields is listed."""
        answer: Any = self.asking({**self.arguments, **arguments})
        return [*answer] if isinstance(answer, Iterator) else answer


@define
class Recorder:
    """Everything that the plugins of a kit were asked, and how many statements they sent.

    ``statements`` counts by plugin what prepare hooks, ``apply`` and ``undo`` of own effects sent.
    """

    calls: list[Call] = field(factory=list[Call])
    statements: dict[str, int] = field(factory=dict[str, int])

    def of(self, plugin: str, hook: str) -> list[Call]:
        """Return the calls of a hook of a plugin, in their order."""
        return [call for call in self.calls if (call.plugin, call.hook) == (plugin, hook)]

    def effects(self, plugin: str) -> list[Any]:
        """Return what a plugin yielded, in its order; what was simulated or planned again stands there again."""
        return [effect for call in self.of(plugin, "corekit_react") for effect in call.answer or ()]

    def clear(self) -> None:
        """Forget everything."""
        self.calls.clear()
        self.statements.clear()

    def count(self, plugin: str, statements: int) -> None:
        """Note that a plugin sent statements."""
        self.statements[plugin] = self.statements.get(plugin, 0) + statements


@contextmanager
def recording(kit: Kit, answering: Answering | None = None) -> Generator[Recorder]:
    """Write down what the plugins of a kit are asked; ``answering`` may come between, and ask twice or not at all."""
    recorder = Recorder()
    original = kit.hooks.call

    def call(hook: str, plugin: Plugin, arguments: Mapping[str, Any]) -> Any:
        made = Call(plugin.name, hook, arguments, lambda told: original(hook, plugin, told))
        read = arguments.get("read")
        before = read.statements if read is not None else 0
        recorder.calls.append(made)
        try:
            made.answer = made.ask() if answering is None else answering(made)
        finally:
            if read is not None:
                made.statements = read.statements - before
                recorder.count(plugin.name, made.statements)
        return made.answer

    kit.hooks.call = call  # type: ignore[method-assign]
    try:
        with _writes(lambda owner: recorder.count(owner, 1)):
            yield recorder
    finally:
        del kit.hooks.call


@contextmanager
def _writes(note: Callable[[str], None]) -> Generator[None]:
    """Call with the plugin's name for each statement that a plugin sends to its own tables."""
    original = PluginWrite.execute

    def execute(self: PluginWrite, *arguments: Any, **options: Any) -> Any:
        note(self.owner)
        return original(self, *arguments, **options)

    PluginWrite.execute = execute  # type: ignore[method-assign]
    try:
        yield
    finally:
        PluginWrite.execute = original  # type: ignore[method-assign]
