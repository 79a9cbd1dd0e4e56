"""The promises about what a plugin declares: its names and its settings."""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING

from sqlalchemy import inspect

from corekit.testing.contract.trial import Trial, broken, refusal

if TYPE_CHECKING:
    from corekit.kit import Kit

_UNKNOWN = "surely_unknown"
_COMMANDS = "corekit.commands"


class Names:
    """Everything that a plugin leaves outside itself carries exactly its name."""

    def test_names(self, contract: Trial) -> None:
        """Open a kit, which refuses what is declared under other names; look at tables and commands."""
        name = contract.plugin
        made = _tables(contract.kit()) - _tables(contract.kit(bare=True))
        if strange := sorted(table for table in made if not table.startswith(f"{name}_")):
            way = f"begin the names of tables and views with {name}_, in the declaration and in the migration"
            broken(f"{name}: its tables carry its name", f"its migrations make {', '.join(strange)}", way)
        offered = metadata.entry_points(group=_COMMANDS)
        own = [point.name for point in offered if point.dist and point.dist.name == contract.found.distribution]
        command = name.replace("_", "-")
        if strange := sorted(each for each in own if not f"{each}-".startswith(f"{command}-")):
            way = f"call the entry point in {_COMMANDS} {command}, and let the rest be commands below it"
            broken(f"{name}: its commands carry its name", f"it offers corekit {', corekit '.join(strange)}", way)


class SettingsRead:
    """Settings have defaults that are valid, and a key that does not exist is refused with its path."""

    def test_settings(self, contract: Trial) -> None:
        """Open a kit with the settings of the contract, or with none, and with a key too many."""
        name, given = contract.plugin, contract.contract.sections
        if (refused := refusal(contract.kit)) is not None:
            way = "give every setting a default, or the contract those that must be given: sections = {...}"
            broken(f"{name}: it starts with the settings of its contract, by default with none", refused, way)
        path = f"plugins.{name}.{_UNKNOWN}" if contract.found.declares.settings is not None else f"plugins.{name}"
        more = {**given, name: {**given.get(name, {}), _UNKNOWN: 1}}
        seen = refusal(lambda: contract.kit(sections=more)) or f"{_UNKNOWN} = 1 is taken"
        if path not in seen:
            way = "let Meta.unknown of the schema be, and drop no key before it is checked"
            broken(f"{name}: an unknown setting is refused with its path", seen, way)


def _tables(kit: Kit) -> set[str]:
    """Return the names of the tables and views in a kit's database."""
    with kit.database.connect() as connection:
        found = inspect(connection)
        return {*found.get_table_names(), *found.get_view_names()}
