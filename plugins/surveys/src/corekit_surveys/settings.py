"""What ``[plugins.surveys]`` of ``corekit.toml`` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen
from marshmallow import Schema, fields, post_load, validate

if TYPE_CHECKING:
    from corekit import Kit


@frozen(kw_only=True)
class SurveysSettings:
    """How many answers count together at least, and how many comments a member writes within 24 hours."""

    smallest_group: int = 5
    comments_per_day: int = 10


class SettingsSchema(Schema):
    """The section."""

    smallest_group = fields.Integer(
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
        return SurveysSettings(**data)


def settings_of(kit: Kit) -> SurveysSettings:
    """Return the plugin's settings."""
    found: SurveysSettings = next(plugin.settings for plugin in kit.plugins if plugin.name == "surveys")
    return found
