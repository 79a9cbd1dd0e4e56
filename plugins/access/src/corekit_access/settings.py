"""What ``[plugins.access]`` of ``corekit.toml`` says."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

SHORTEST_SECRET = 32
"""Characters: an HS256 key shorter than its hash can be guessed."""


@frozen
class SigningKey:
    """A secret that signs tokens, and the name by which a token says so."""

    id: str
    secret: str = field(repr=False)


@frozen(kw_only=True)
class AccessSettings:
    """The first of the signing keys signs; all of them are good to read with, so that a new one can take over."""

    signing_keys: tuple[SigningKey, ...] = ()
    audience: str = "corekit"


class _SigningKey(Schema):
    id = fields.String(required=True, validate=validate.Length(1, 100))
    secret = fields.String(required=True, validate=validate.Length(min=SHORTEST_SECRET))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> SigningKey:
        """Make the value."""
        return SigningKey(**data)


class AccessSchema(Schema):
    """The section."""

    signing_keys = fields.Nested(_SigningKey, many=True, load_default=())
    audience = fields.String(load_default="corekit", validate=validate.Length(1, 200))

    @validates_schema
    def once(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse two keys of one name."""
        names = [key.id for key in data["signing_keys"]]
        if len(set(names)) < len(names):
            raise ValidationError("Give each key an id of its own.", "signing_keys")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> AccessSettings:
        """Make the value."""
        return AccessSettings(signing_keys=tuple(data["signing_keys"]), audience=data["audience"])
