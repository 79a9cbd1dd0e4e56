"""Runs operations at once on one event loop, and compares what comes out with what each answers by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from attrs import define, field
from sqlalchemy import literal, select

from corekit_differential.comparing import Comparison, Difference, shown
from corekit_schema.http.on_loop import OnLoop

Asked = tuple[str, dict[str, Any]]


@define
class Crowd:
    """What was compared: so many were ``answered`` on the loop, and so many ``left``, since they would have blocked."""

    comparison: Comparison
    answered: int = 0
    left: int = 0
    _is_open: bool = field(default=False, init=False)

    def compare(self, operations: Sequence[tuple[str, Sequence[dict[str, Any]]]]) -> None:
        """Run operations one by one, and all at once. Raises :class:`Difference` where the two differ."""
        asked = [(text, variables) for text, values in operations for variables in values[:1] if self._is_valid(text)]
        alone = [self._answer(each) for each in asked]
        if not self._is_open:
            self._open(len(operations))
        for each, one, other in zip(asked, alone, asyncio.run(self._at_once(asked)), strict=True):
            if other is None:
                self.left += 1
            elif one != other:
                raise Difference(f"{each[0]}\n{each[1]}\n\nalone:\n{one}\n\namong others:\n{other}")
            else:
                self.answered += 1

    def _is_valid(self, text: str) -> bool:
        return self.comparison.executor.operation(text) is not None

    def _answer(self, asked: Asked) -> str:
        with self.comparison.context() as context:
            answer = self.comparison.executor.execute(asked[0], context, variables=asked[1])
        return shown(answer.data, answer.errors)

    async def _at_once(self, asked: Sequence[Asked]) -> list[str | None]:
        here, found = OnLoop(), dict[int, str]()

        def work(number: int, _tell: object) -> None:
            found[number] = self._answer(asked[number])

        await asyncio.gather(*(here.run(partial(work, number)) for number in range(len(asked))))
        return [found.get(number) for number in range(len(asked))]

    def _open(self, number: int) -> None:
        """Let so many connections wait for whoever reads: to open one blocks."""
        self._is_open = True
        with ExitStack() as stack:
            for _ in range(number):
                context = stack.enter_context(self.comparison.context())
                context.read.all(select(literal(1)))
