"""What ``[plugins.surveys]`` of ``corekit.toml`` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from marshmallow import Schema, fields, post_load, validate

if TYPE_CHECKING:
    from corekit import Kit

SHORTEST_KEY = 32
"""Characters."""


@frozen(kw_only=True)
class SurveysSettings:
    """The first of the keys seals what is anonymous; all of them open it, so that a new one can take over.

    ``smallest_group`` anonymous answers are stored together at least; statistics withhold what fewer than
    ``least_shown`` answered. A member writes so many ``comments_per_day`` within 24 hours.
    """

    keys: tuple[str, ...] = field(default=(), repr=False)
    smallest_group: int = 5
    least_shown: int = 5
    comments_per_day: int = 10


class SettingsSchema(Schema):
    """The section."""

    keys = fields.List(
        fields.String(validate=validate.Length(min=SHORTEST_KEY)),
        load_default=(),
        metadata={
            "description": "Secrets of 32 characters or more, from the environment, that seal anonymous answers until "
            "they are stored: the first seals, all of them open. Without one there are no anonymous surveys."
        },
    )
    smallest_group = fields.Integer(
        strict=True,
        load_default=5,
        validate=validate.Range(2, 1_000),
        metadata={"description": "How many anonymous answers are stored together at least."},
    )
    least_shown = fields.Integer(
        strict=True,
        load_default=5,
        validate=validate.Range(1, 1_000),
        metadata={"description": "Statistics withhold what fewer people than this answered; 1 withholds nothing."},
    )
    comments_per_day = fields.Integer(
        strict=True,
        load_default=10,
        validate=validate.Range(0, 1_000),
        metadata={"description": "How many comments a member writes within 24 hours; 0: none."},
    )

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> SurveysSettings:
        """Make the value."""
        return SurveysSettings(keys=tuple(data.pop("keys")), **data)


def settings_of(kit: Kit) -> SurveysSettings:
    """Return the plugin's settings."""
    found: SurveysSettings = next(plugin.settings for plugin in kit.plugins if plugin.name == "surveys")
    return found
