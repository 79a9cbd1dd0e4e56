"""What ``[plugins.access]`` of ``corekit.toml`` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from attrs import field, frozen
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

if TYPE_CHECKING:
    from corekit_access.jwks import PublicKeys

_MOST_LEEWAY = 300
_HERE = ("127.0.0.1", "::1", "localhost")
SHORTEST_SECRET = 32
"""Characters: an HS256 key shorter than its hash can be guessed."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""What a provider may sign with: never ``none``, never a secret that both know."""


@frozen
class SigningKey:
    """A secret that signs tokens, and the name by which a token says so."""

    id: str
    secret: str = field(repr=False)


@frozen(kw_only=True)
class Provider:
    """An identity provider that is trusted.

    Its tokens are for ``kind``: the claim ``claim`` holds the name of somebody of staff, or the id by which the system
    ``source`` knows a member.
    """

    issuer: str
    audience: str
    algorithms: tuple[str, ...]
    leeway: int
    kind: Literal["staff", "member"]
    claim: str
    source: str | None
    keys: PublicKeys = field(eq=False, repr=False)


@frozen(kw_only=True)
class AccessSettings:
    """The first of the signing keys signs; all of them are good to read with, so that a new one can take over."""

    signing_keys: tuple[SigningKey, ...] = ()
    audience: str = "corekit"
    providers: tuple[Provider, ...] = ()


class _SigningKey(Schema):
    id = fields.String(
        required=True, validate=validate.Length(1, 100), metadata={"description": "By which a token names the key."}
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


class _Provider(Schema):
    issuer = fields.String(
        required=True, validate=validate.Length(1, 500), metadata={"description": "Who issues: `iss` of its tokens."}
    )
    audience = fields.String(
        required=True, validate=validate.Length(1, 500), metadata={"description": "For whom: `aud` of its tokens."}
    )
    jwks = fields.String(
        required=True, validate=validate.Length(1, 500), metadata={"description": "The address of its public keys."}
    )
    algorithms = fields.List(
        fields.String(validate=validate.OneOf(ALGORITHMS)),
        load_default=("RS256",),
        validate=validate.Length(1),
        metadata={"description": "How its tokens may be signed."},
    )
    leeway = fields.Integer(
        strict=True,
        load_default=30,
        validate=validate.Range(0, _MOST_LEEWAY),
        metadata={"description": "Seconds by which its clock may differ from ours."},
    )
    kind = fields.String(
        required=True,
        data_key="for",
        validate=validate.OneOf(["staff", "member"]),
        metadata={"description": "Whom its tokens are for."},
    )
    claim = fields.String(
        load_default="sub",
        validate=validate.Length(1, 200),
        metadata={"description": "The claim that holds the name of staff, or the external id of a member."},
    )
    source = fields.String(
        load_default=None,
        validate=validate.Length(1, 40),
        metadata={"description": "For members: the system by whose external ids it knows them."},
    )

    @validates_schema
    def fits(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse an address that anybody on the way could answer for, and a source where no member is meant."""
        address = urlsplit(str(data["jwks"]))
        if address.scheme != "https" and not (address.scheme == "http" and address.hostname in _HERE):
            raise ValidationError("Keys are fetched by https, by http from this machine alone.", "jwks")
        if (data["kind"] == "member") != (data["source"] is not None):
            raise ValidationError("Members have a source, as their external ids do; staff have none.", "source")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Provider:
        """Make the value."""
        from corekit_access.jwks import PublicKeys  # noqa: PLC0415 - what reads keys is heavy, and a kit may need none

        address, algorithms = data.pop("jwks"), tuple(data.pop("algorithms"))
        return Provider(**data, algorithms=algorithms, keys=PublicKeys(address))


class AccessSchema(Schema):
    """The section."""

    signing_keys = fields.Nested(
        _SigningKey,
        many=True,
        load_default=(),
        metadata={"description": "Secrets of our own tokens: the first signs, all of them read."},
    )
    audience = fields.String(
        load_default="corekit",
        validate=validate.Length(1, 200),
        metadata={"description": "For whom our own tokens are: their `aud`."},
    )
    providers = fields.Nested(
        _Provider, many=True, load_default=(), metadata={"description": "Identity providers that are trusted."}
    )

    @validates_schema
    def once(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse two keys of one name, and two providers of one issuer."""
        names = [key.id for key in data["signing_keys"]]
        if len(set(names)) < len(names):
            raise ValidationError("Give each key an id of its own.", "signing_keys")
        issuers = [provider.issuer for provider in data["providers"]]
        if len(set(issuers)) < len(issuers):
            raise ValidationError("Name each issuer once.", "providers")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> AccessSettings:
        """Make the value."""
        keys, providers = tuple(data["signing_keys"]), tuple(data["providers"])
        return AccessSettings(signing_keys=keys, audience=data["audience"], providers=providers)
