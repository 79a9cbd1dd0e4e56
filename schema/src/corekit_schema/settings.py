"""What ``[graphql]`` in ``corekit.toml`` says of the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from attrs import field, fields_dict, frozen
from marshmallow import Schema, fields, post_load, validate, validates_schema
from marshmallow import ValidationError as Wrong

from corekit.paging import MOST_ITEMS
from corekit.settings import Settings, read_section
from corekit_schema.execution.limits import Introspection, Limits
from corekit_schema.http.trusted import Mode

_DEFAULTS = Limits()
_RANGES: dict[str, tuple[int, int, str]] = {
    "body": (1_000, 100_000_000, "Bytes of a request's body."),
    "tokens": (100, 1_000_000, "Words and signs of a document."),
    "depth": (1, 1_000, "Levels of fields."),
    "fields": (1, 1_000_000, "Fields selected, an item of a list counted once."),
    "aliases": (0, 1_000_000, "Fields with another name than their own."),
    "repeats": (1, 1_000_000, "How often one name is selected in one place."),
    "directives": (0, 1_000_000, "Directives."),
    "root_fields": (1, 10_000, "Fields of the query itself."),
    "mutations": (1, 1_000, "Mutations of one operation."),
    "page": (1, MOST_ITEMS, "Items of one page."),
    "cost": (1, 1_000_000_000, "Units of cost of one operation."),
    "seconds": (1, 3_600, "Seconds from the last byte of a request to its answer, and of sending it."),
    "errors": (1, 1_000, "How many faults of a document are told."),
    "documents": (1, 1_000_000, "How many documents are remembered."),
    "plans": (1, 1_000_000, "How many plans are remembered."),
}


@frozen(kw_only=True)
class ServerSettings:
    """How the server treats requests.

    ``metrics`` serves counts to whoever reaches the server. ``rate`` is how many units of cost a viewer may spend per
    minute, None as many as it likes. ``introspection`` None is ``public`` in development, else ``authenticated``.
    """

    limits: Limits = field(factory=Limits)
    rate: int | None = None
    introspection: Introspection | None = None
    trusted: Mode = "off"
    manifest: Path | None = None
    metrics: bool = False

    @classmethod
    def of(cls, settings: Settings) -> ServerSettings:
        """Read ``[graphql]``; :class:`SettingsError` with every path and reason."""
        read: ServerSettings = read_section(GraphQLSettings(), settings.graphql, ("graphql",))
        return read


def _limit(name: str) -> fields.Integer:
    least, most, meaning = _RANGES[name]
    return fields.Integer(
        strict=True,
        load_default=getattr(_DEFAULTS, name),
        validate=validate.Range(least, most),
        metadata={"description": meaning},
    )


class _Limits(Schema):
    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Limits:
        """Make the value."""
        return Limits(**data)


LimitSettings: type[Schema] = cast("Any", _Limits).from_dict(
    {name: _limit(name) for name in fields_dict(Limits)}, name="LimitSettings"
)
"""The schema of ``[graphql.limits]``."""


class GraphQLSettings(Schema):
    """The schema of ``[graphql]``."""

    limits = fields.Nested(
        LimitSettings, load_default=Limits(), metadata={"description": "How large a request may be."}
    )
    rate = fields.Integer(
        strict=True,
        load_default=None,
        validate=validate.Range(min=1),
        metadata={
            "description": "Units of cost that one viewer may spend per minute; as many as it likes where unsaid."
        },
    )
    introspection = fields.String(
        load_default=None,
        validate=validate.OneOf(["public", "authenticated", "off"]),
        metadata={
            "description": "Who may ask for the schema: `public`, `authenticated` or `off`. `public` in development, "
            "else `authenticated`."
        },
    )
    trusted = fields.String(
        load_default="off",
        validate=validate.OneOf(["off", "allow", "only"]),
        metadata={
            "description": "Documents of the manifest, named by their ids: `off`, `allow`, or `only` they are executed."
        },
    )
    manifest = fields.String(
        load_default=None,
        metadata={"description": "The file of trusted documents that the client's build writes: JSON, `{id: text}`."},
    )

    metrics = fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        metadata={"description": "Serve counts at `/metrics`, in the text form of Prometheus, to whoever reaches it."},
    )

    @validates_schema
    def fits(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse trusted documents without a manifest."""
        if data["trusted"] != "off" and not data["manifest"]:
            raise Wrong("Say which file holds the trusted documents.", "manifest")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> ServerSettings:
        """Make the value."""
        manifest = data.pop("manifest")
        return ServerSettings(**data, manifest=Path(manifest) if manifest else None)
