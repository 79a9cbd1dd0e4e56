"""What ``[plugins.documents]`` of ``corekit.toml`` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from attrs import field, frozen
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

if TYPE_CHECKING:
    from corekit import Kit

SHORTEST_SECRET = 32
"""Characters: a key shorter than its hash can be guessed."""
MEGABYTE = 1_000_000
S3 = ("s3://", "s3a://")
_OFFICE = "application/vnd.openxmlformats-officedocument"
TYPES = (
    "application/pdf",
    f"{_OFFICE}.presentationml.presentation",
    f"{_OFFICE}.spreadsheetml.sheet",
    f"{_OFFICE}.wordprocessingml.document",
    "image/jpeg",
    "image/png",
    "text/csv",
    "text/plain",
)
"""The media types that can be uploaded where nothing is said."""


@frozen
class SigningKey:
    """A secret that signs links, and the name by which a link says so."""

    id: str
    secret: str = field(repr=False)


@frozen(kw_only=True)
class DocumentsSettings:
    """The first of the signing keys signs; all of them are good to read with, so that a new one can take over."""

    store: str = "documents"
    store_options: dict[str, str] = field(factory=dict[str, str], repr=False)
    signing_keys: tuple[SigningKey, ...] = ()
    base_url: str = ""
    offload: str | None = None
    links: Literal["own", "store"] = "own"
    store_seconds: int = 60
    largest: int = 100 * MEGABYTE
    types: tuple[str, ...] = TYPES
    link_minutes: int = 60
    upload_minutes: int = 60

    @property
    def is_local(self) -> bool:
        """Whether the store is a folder of this machine."""
        return "://" not in self.store

    @property
    def is_s3(self) -> bool:
        """Whether the store is a bucket of S3, or of what speaks like it."""
        return self.store.startswith(S3)


class _SigningKey(Schema):
    id = fields.String(
        required=True,
        validate=validate.Regexp(r"[A-Za-z0-9_-]{1,40}\Z", error="Use letters, digits, _ and -."),
        metadata={"description": "By which a link names the key."},
    )
    secret = fields.String(
        required=True,
        validate=validate.Length(min=SHORTEST_SECRET),
        metadata={"description": "32 characters or more, from the environment."},
    )

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> SigningKey:
        """Make the value."""
        return SigningKey(**data)


class SettingsSchema(Schema):
    """The section."""

    store = fields.String(
        load_default="documents",
        validate=validate.Length(1, 500),
        metadata={"description": "Where files lie: a folder, or a bucket such as `s3://bucket/prefix`."},
    )
    store_options = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        load_default=dict,
        metadata={"description": "What obstore wants to know of a bucket, such as `endpoint` and `region`."},
    )
    signing_keys = fields.Nested(
        _SigningKey,
        many=True,
        load_default=(),
        metadata={
            "description": "Secrets of links: the first signs, all of them read. Without one there are no links."
        },
    )
    base_url = fields.String(
        load_default="",
        validate=validate.Length(max=500),
        metadata={"description": "What links begin with, such as `https://shop.example`; a path alone where unsaid."},
    )
    offload = fields.String(
        load_default=None,
        validate=validate.Regexp(r"/(.*/)?\Z", error="Begin and end it with a slash."),
        metadata={"description": "The internal location by which nginx sends files itself (`X-Accel-Redirect`)."},
    )
    links = fields.String(
        load_default="own",
        validate=validate.OneOf(["own", "store"]),
        metadata={
            "description": "Whether a link sends the file itself (`own`), or leads on to an address that the bucket "
            "signed (`store`)."
        },
    )
    store_seconds = fields.Integer(
        strict=True,
        load_default=60,
        validate=validate.Range(1, 3_600),
        metadata={"description": "How many seconds an address that the bucket signed is good."},
    )
    largest = fields.Integer(
        strict=True,
        load_default=100 * MEGABYTE,
        validate=validate.Range(1, 1_000_000 * MEGABYTE),
        metadata={"description": "Bytes of the largest file that can be uploaded."},
    )
    types = fields.List(
        fields.String(validate=validate.Regexp(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*\Z")),
        load_default=TYPES,
        validate=validate.Length(1),
        metadata={"description": "The media types that can be uploaded."},
    )
    link_minutes = fields.Integer(
        strict=True,
        load_default=60,
        validate=validate.Range(1, 10_080),
        metadata={"description": "How long a link to download is good."},
    )
    upload_minutes = fields.Integer(
        strict=True,
        load_default=60,
        validate=validate.Range(1, 10_080),
        metadata={"description": "How long a link to upload is good."},
    )

    @validates_schema
    def fits(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse two keys of one name, an address that is none, and what the store cannot do."""
        names = [key.id for key in data["signing_keys"]]
        if len(set(names)) < len(names):
            raise ValidationError("Give each key an id of its own.", "signing_keys")
        if data["base_url"] and urlsplit(str(data["base_url"])).scheme not in ("http", "https"):
            raise ValidationError("Write it with https://.", "base_url")
        if data["offload"] is not None and "://" in data["store"]:
            raise ValidationError("nginx sends files of a folder alone; leave it out for a bucket.", "offload")
        if data["links"] == "store" and not str(data["store"]).startswith(S3):
            reason = "Only a bucket of S3 signs addresses: let store be one, such as s3://bucket/prefix, or write own."
            raise ValidationError(reason, "links")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> DocumentsSettings:
        """Make the value."""
        keys, types = tuple(data.pop("signing_keys")), tuple(data.pop("types"))
        return DocumentsSettings(**data, signing_keys=keys, types=types)


def settings_of(kit: Kit) -> DocumentsSettings:
    """Return the plugin's settings."""
    found: DocumentsSettings = next(plugin.settings for plugin in kit.plugins if plugin.name == "documents")
    return found
