"""The command tree, read from entry points: a command's module is imported when it is called or its help is shown."""

from __future__ import annotations

from importlib import metadata
from typing import Any, NoReturn, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command

from corekit.cli.output import fail
from corekit.errors import PluginError, reason_of
from corekit.installed import points

GROUP = "corekit.commands"
"""Entry points of commands: name = module:app, where ``app`` is a ``typer.Typer``."""

_COMPLETION = ("install_completion", "show_completion")


class Tree(TyperGroup):
    """The commands of all installed distributions; what they raise becomes one line and an exit code."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._points: dict[str, list[metadata.EntryPoint]] = {}
        for point, _ in points(GROUP):
            same = self._points.setdefault(point.name, [])
            if all(other.value != point.value for other in same):
                same.append(point)
        self.commands = cast("Any", dict.fromkeys(sorted(self._points)))  # for "did you mean"

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer's signature
        """Return the names of all commands."""
        return sorted(self._points)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - typer's signature
        """Import a command; one that fails to import stays in the tree and says so when it is called."""
        points = self._points.get(cmd_name)
        if points is None:
            return None
        try:
            if len(points) > 1:
                sides = " and by ".join(str(point.dist.name if point.dist else point.value) for point in points)
                raise PluginError(f"command {cmd_name!r} is offered by {sides}; uninstall all but one")  # noqa: TRY301
            command = get_command(points[0].load())
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - one broken plugin must not take the others along
            command = get_command(_broken(cmd_name, points[0], error))
        command.name = cmd_name
        # Completion is not offered: it would have to import every command at each key.
        command.params = [param for param in command.params if param.name not in _COMPLETION]
        return command

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Let ``--json`` stand anywhere: it belongs to the whole tree."""
        end = args.index("--") if "--" in args else len(args)
        if "--json" in args[:end]:
            args = ["--json", *(word for word in args[:end] if word != "--json"), *args[end:]]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; no exception of ours, and no stack, gets past here."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise
        except Exception as error:  # noqa: BLE001 - the last one to know
            fail(ctx, error)


def _broken(name: str, point: metadata.EntryPoint, error: BaseException) -> typer.Typer:
    side = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
    reason = error.message if isinstance(error, PluginError) else reason_of(error)
    broken = typer.Typer()

    @broken.command(
        name,
        help=f"Cannot be used: {reason}",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )
    def say() -> NoReturn:
        raise PluginError(f"command {name!r} of {side} cannot be used ({reason}); repair or uninstall it") from error

    assert say is not None
    return broken
