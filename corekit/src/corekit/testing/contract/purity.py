"""The promise of ``react``: it is pure."""

from __future__ import annotations

import copy
from typing import Any

from attrs import asdict, define, field

from corekit.activities.activity import Batch
from corekit.testing.contract.trial import Trial, broken
from corekit.testing.contract.watcher import watching
from corekit.testing.recorder import Call, recording

_WAY = "yield effects from batch and facts alone; read in corekit_prepare, and act outside in corekit_happened"


class Pure:
    """``react`` writes nothing, reads no clock and no chance, and gives the same answer for the same input."""

    def test_pure(self, contract: Trial) -> None:
        """Ask twice, for each batch and for each activity alone, and look at what is called meanwhile."""
        house = contract.house()
        history = contract.history(house)
        examiner = _Examiner(contract.plugin)
        with recording(house.kit, examiner.ask) as recorder:
            house.settle(history, at_once=True)
        for promise, seen, way in examiner.found:
            broken(promise, seen, way)
        if "corekit_react" in house.kit.hooks.names(contract.plugin) and not recorder.effects(contract.plugin):
            broken(
                "the history of the contract makes the plugin act",
                f"{contract.plugin} yielded nothing for {len(history)} activities",
                "override history() in the contract, with activities to which the plugin reacts",
            )


@define
class _Examiner:
    """Lets a plugin react, and react again to the same, looked at closely; notes what is not pure."""

    plugin: str
    found: list[tuple[str, str, str]] = field(factory=list[tuple[str, str, str]])

    def ask(self, call: Call) -> Any:
        """Return the plugin's first answer."""
        if (call.plugin, call.hook) != (self.plugin, "corekit_react"):
            return call.ask()
        before = _picture(call)
        first = call.ask()
        if first is None:
            return None
        called: list[str] = []
        with watching(called.append):
            second = call.ask()
        if called:
            seen = f"it calls {', '.join(sorted(set(called)))}"
            self._note("react is pure: it looks at no clock, takes no chance, reads and writes nothing", seen)
        if second != first:
            self._note("react gives the same answer for the same input", f"first {first}, then {second}")
        for activity in call.arguments["batch"]:
            alone: Any = call.ask(batch=Batch([activity])) or []
            among = [effect for effect in first if effect.activity.id == activity.id]
            if alone != among:
                seen = f"{activity.type} {activity.external_id!r} causes {alone} alone, and {among} among others"
                self._note("what an activity causes does not depend on the batch it is in", seen)
        if _picture(call) != before:
            seen = "an activity, the settings or what corekit_prepare returned is not as it was"
            self._note("react leaves its input as it was", seen, "copy what is to be changed")
        return first

    def _note(self, promise: str, seen: str, way: str = _WAY) -> None:
        self.found.append((f"{self.plugin}: {promise}", seen, way))


def _picture(call: Call) -> Any:
    """Return a copy of everything that a plugin could change."""
    batch, facts = call.arguments["batch"], call.arguments["facts"]
    return copy.deepcopy([(asdict(activity), facts.prepared(activity), facts.settings) for activity in batch])
