"""What plugins' own kinds of effects have in common, when they are applied to a plan and when they are undone."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from attrs import frozen

from corekit.activities.effects import Effect
from corekit.activities.incoming import Key
from corekit.activities.planned import Place
from corekit.calling import is_of_plugin
from corekit.declares import EffectKind
from corekit.errors import PluginRaised, reason_of
from corekit.ledger.state import Member

Guarded = dict[tuple[Key, Place], str]
"""Effects whose guard failed when written: key of the activity and place among its own effects, and the code."""


@frozen
class Lesson:
    """An effect whose guard failed when written, from which its plugin learns for the next reaction."""

    owner: str
    kind: EffectKind
    place: Place
    effect: Effect

    def teach(self, prepared: Any) -> Any:
        """Return the plugin's prepared value with what the failure tells."""
        if self.kind.learn is None:
            return prepared
        with calling(self.owner, self.kind.name):
            return self.kind.learn(prepared, self.effect)


def foresee(member: Member, owner: str, prepared: Any, *, foreseen: bool) -> None:
    """Let the plugin's next reaction to the member see what this effect will have done."""
    if foreseen:
        member.journal.put(member.prepared, owner, prepared)
    else:
        member.journal.set(member, "stale", value=True)


@contextmanager
def calling(plugin: str, what: str) -> Generator[None]:
    """Turn what a plugin raises into an error that names it."""
    try:
        yield
    except BaseException as error:
        if not is_of_plugin(error):
            raise
        message = f"plugin {plugin} raised in the effect kind {what}: {reason_of(error)}"
        raise PluginRaised(message, plugin=plugin, hook=what) from error
