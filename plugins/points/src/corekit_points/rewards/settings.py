"""What ``[plugins.points]`` of ``corekit.toml`` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from marshmallow import Schema, fields, post_load, validate

if TYPE_CHECKING:
    from corekit import Kit

SHORTEST_SECRET = 32
"""Characters: a code is worth no more than the secret that it is made with."""


@frozen(kw_only=True)
class PointsSettings:
    """``code_secret`` makes the codes by which redeemed rewards are fetched; None: there are none."""

    code_secret: str | None = field(default=None, repr=False)


class SettingsSchema(Schema):
    """The section."""

    code_secret = fields.String(
        load_default=None,
        validate=validate.Length(min=SHORTEST_SECRET),
        metadata={
            "description": (
                "Makes the codes of redeemed rewards: 32 characters or more, from the environment. Without it there "
                "are none, and rewards are handed over by the id of the redemption."
            )
        },
    )

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> PointsSettings:
        """Make the value."""
        return PointsSettings(**data)


def settings_of(kit: Kit) -> PointsSettings:
    """Return the plugin's settings."""
    found: PointsSettings = next(plugin.settings for plugin in kit.plugins if plugin.name == "points")
    return found
