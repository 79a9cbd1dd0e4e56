"""The settings of one running instance: ``corekit.toml``."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import evolve, field, frozen
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from corekit.declares import Unit
from corekit.errors import Invalid, SettingsError
from corekit.errors import Path as KeyPath
from corekit.jobs.declared import Limits
from corekit.members.rules import MemberRules
from corekit.members.settings import MemberSettings
from corekit.validation import load

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NAME = validate.Regexp(r"^[a-z][a-z0-9_]{0,39}$", error="Use lower case letters, digits and underscores.")
_SECRET = ("corekit", "secret")


@frozen
class Source:
    """Where activities come from. A ``historical`` source settles each at the time it occurred."""

    historical: bool = False


@frozen(kw_only=True)
class JobSettings:
    """What the operator says of a job. ``schedule`` "" takes it off its schedule; None is what the job declares."""

    schedule: str | None = None
    most_members: int | None = None
    most_value: int | None = None
    least: int | None = None

    def limits(self, declared: Limits) -> Limits:
        """Return the limits of a sweep where these differ from what it declares."""
        given = {"members": self.most_members, "value": self.most_value, "least": self.least}
        return evolve(declared, **{name: value for name, value in given.items() if value is not None})


@frozen(kw_only=True)
class AttributeSpec:
    """A custom attribute of members. ``min`` and ``max`` bound numbers, ``max_length`` a string."""

    type: str
    required: bool = False
    choices: tuple[str, ...] = ()
    min: int | None = None
    max: int | None = None
    max_length: int | None = None


@frozen(kw_only=True)
class Settings:
    """What ``corekit.toml`` says.

    ``currency`` is the unit of money; ``secret`` is None where no environment variable gives it; ``sections`` holds the
    raw ``[plugins.<name>]`` tables, which each plugin's own schema reads when the kit starts, and ``graphql`` the raw
    ``[graphql]`` table, which the server reads.
    """

    database: str
    plugins: tuple[str, ...]
    time_zone: ZoneInfo
    currency: Unit
    development: bool
    secret: str | None = field(repr=False)
    sources: Mapping[str, Source]
    profile: Mapping[str, AttributeSpec]
    jobs: Mapping[str, JobSettings]
    members: MemberRules = field(factory=MemberRules)
    sections: Mapping[str, Mapping[str, Any]]
    graphql: Mapping[str, Any] = field(factory=dict[str, Any])

    @classmethod
    def load(cls, path: str | os.PathLike[str], env: Mapping[str, str] = os.environ) -> Settings:
        """Read a settings file; ``${NAME}`` in a string stands for a variable of ``env``.

        Raises :class:`SettingsError` that names the file and the path in it.
        """
        try:
            data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except FileNotFoundError:
            message = f"there is no settings file {path}; write one, or name another with --config"
            raise SettingsError(message, path=str(path)) from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"{path} cannot be read: {error}", path=str(path)) from None
        return _read(expand(data, env), str(path))

    @classmethod
    def of(
        cls, *, sections: Mapping[str, Any] | None = None, graphql: Mapping[str, Any] | None = None, **keys: Any
    ) -> Settings:
        """Make settings of the keys of ``[corekit]``, as a test does; ``sections`` are those of the plugins."""
        return _read({"corekit": keys, "plugins": dict(sections or {}), "graphql": dict(graphql or {})}, "Settings.of")


def expand(data: Any, env: Mapping[str, str], path: KeyPath = ()) -> Any:
    """Return ``data`` with ``${NAME}`` in its strings replaced; SettingsError where a variable is not set.

    The secret alone may be unset: it is asked for where a token is made or checked.
    """
    if isinstance(data, dict):
        table = cast("dict[str, object]", data)
        return {key: expand(value, env, (*path, key)) for key, value in table.items()}
    if isinstance(data, list):
        items = cast("list[object]", data)
        return [expand(value, env, (*path, index)) for index, value in enumerate(items)]
    if not isinstance(data, str):
        return data
    missing = [name for name in _VARIABLE.findall(data) if name not in env]
    if missing and path == _SECRET:
        return None
    if missing:
        place = ".".join(str(part) for part in path)
        raise SettingsError(f"{place} needs the environment variable {missing[0]}; set it", variable=missing[0])
    return _VARIABLE.sub(lambda match: env[match[1]], data)


def read_section(schema: Schema, data: Any, path: KeyPath, file: str = "corekit.toml") -> Any:
    """Return what ``schema`` makes of a part of a settings file; SettingsError with every path and reason."""
    try:
        return load(schema, data, path=path)
    except Invalid as invalid:
        reasons = "; ".join(_sentence(problem.path, problem.message) for problem in invalid.problems)
        raise SettingsError(f"{file}: {reasons}", problems=[str(problem) for problem in invalid.problems]) from None


def _sentence(path: KeyPath, message: str) -> str:
    place = ".".join(str(part) for part in path)
    return f"{place}: {message.rstrip('.')}" if place else message.rstrip(".")


def _read(data: Mapping[str, Any], file: str) -> Settings:
    return cast("Settings", read_section(_File(), data, (), file))


class _Zone(fields.Field[ZoneInfo]):
    """The name of a time zone of the IANA database."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> ZoneInfo:
        try:
            return value if isinstance(value, ZoneInfo) else ZoneInfo(value)
        except (ZoneInfoNotFoundError, TypeError, ValueError, OSError):
            raise ValidationError(f"{value!r} is no time zone; write for example 'Europe/Berlin'.") from None


class _Source(Schema):
    historical = fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        metadata={"description": "What comes from this source settles as of the time it occurred, not as of now."},
    )

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Source:
        """Make the value."""
        return Source(**data)


class _Job(Schema):
    schedule = fields.String(
        load_default=None,
        metadata={"description": "A cron expression on the program's clock; empty: by hand alone."},
    )
    most_members = fields.Integer(
        strict=True,
        load_default=None,
        validate=validate.Range(0, 100),
        metadata={"description": "A sweep over more of all members, in percent, waits for a go."},
    )
    most_value = fields.Integer(
        strict=True,
        load_default=None,
        validate=validate.Range(0, 100),
        metadata={"description": "A sweep that moves more of all value, in percent, waits for a go."},
    )
    least = fields.Integer(
        strict=True,
        load_default=None,
        validate=validate.Range(min=0),
        metadata={"description": "A sweep over fewer members never waits."},
    )

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> JobSettings:
        """Make the value."""
        return JobSettings(**data)


class _Attribute(Schema):
    type = fields.String(
        required=True,
        validate=validate.OneOf(["string", "integer", "decimal", "boolean", "date", "choice"]),
        metadata={"description": "`string`, `integer`, `decimal`, `boolean`, `date` or `choice`."},
    )
    required = fields.Boolean(
        load_default=False, truthy={True}, falsy={False}, metadata={"description": "A registration must give it."}
    )
    choices = fields.List(fields.String(), load_default=(), metadata={"description": "What a `choice` may be."})
    min = fields.Integer(strict=True, load_default=None, metadata={"description": "The least that a number may be."})
    max = fields.Integer(strict=True, load_default=None, metadata={"description": "The most that a number may be."})
    max_length = fields.Integer(
        strict=True,
        load_default=None,
        validate=validate.Range(min=1),
        metadata={"description": "How many characters a `string` may have; 1,000 where nothing is said."},
    )

    @validates_schema
    def fits(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse limits that mean nothing for the type."""
        if (data["type"] == "choice") != bool(data["choices"]):
            raise ValidationError("A choice needs choices, and nothing else has them.", "choices")
        for key in ("min", "max"):
            if data[key] is not None and data["type"] not in ("integer", "decimal"):
                raise ValidationError("Only numbers have it.", key)
        if data["max_length"] is not None and data["type"] != "string":
            raise ValidationError("Only strings have it.", "max_length")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> AttributeSpec:
        """Make the value."""
        choices = tuple(data.pop("choices"))
        return AttributeSpec(**data, choices=choices)


class _Core(Schema):
    database = fields.String(
        load_default="sqlite:///corekit.db",
        validate=validate.Length(min=1),
        metadata={"description": "Where the books are: `sqlite:///file.db` or `postgresql://user@host/name`."},
    )
    plugins = fields.List(
        fields.String(validate=_NAME),
        load_default=(),
        metadata={"description": "The plugins that are on, each by its name."},
    )
    time_zone = _Zone(
        load_default=ZoneInfo("UTC"),
        metadata={"description": "The calendar of the program: its days, months and years turn here."},
    )
    currency = fields.String(
        load_default="USD",
        validate=validate.Regexp("^[A-Z]{3}$", error="Write a code like USD."),
        metadata={"description": "The unit of money."},
    )
    currency_scale = fields.Integer(
        strict=True,
        load_default=2,
        validate=validate.Range(0, 6),
        metadata={
            "description": "Decimal places of the currency, 0 to 6: amounts are whole numbers of its smallest part."
        },
    )
    development = fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        metadata={"description": "Accept development tokens (`corekit token`). Never where others can reach it."},
    )
    secret = fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": "Signs development tokens; its variable may be unset."},
    )
    sources = fields.Dict(
        fields.String(validate=validate.Length(1, 40)),
        fields.Nested(_Source),
        load_default=dict,
        metadata={"description": "Where activities come from: a table per source, by its name."},
    )
    profile = fields.Dict(
        fields.String(validate=_NAME),
        fields.Nested(_Attribute),
        load_default=dict,
        metadata={"description": "Custom attributes of members: a table per attribute, by its name."},
    )
    jobs = fields.Dict(
        fields.String(),
        fields.Nested(_Job),
        load_default=dict,
        metadata={"description": "What differs from what jobs declare: a table per job, by its name."},
    )
    members = fields.Nested(
        MemberSettings,
        load_default=MemberRules(),
        metadata={"description": "What the program says of its members."},
    )

    @validates_schema
    def once(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a plugin that is listed twice."""
        twice = sorted({name for name in data["plugins"] if list(data["plugins"]).count(name) > 1})
        if twice:
            raise ValidationError(f"{twice[0]!r} is listed twice; name each plugin once.", "plugins")


class _File(Schema):
    corekit = fields.Nested(_Core, required=True, metadata={"description": "The program."})
    plugins = fields.Dict(
        fields.String(validate=_NAME),
        fields.Dict(fields.String()),
        load_default=dict,
        metadata={"description": "A table per plugin, by its name, read by the schema that the plugin declares."},
    )

    graphql = fields.Dict(
        fields.String(), load_default=dict, metadata={"description": "The server of GraphQL, which reads it."}
    )

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Settings:
        """Make the value."""
        core: dict[str, Any] = data["corekit"]
        unit = Unit(core.pop("currency"), core.pop("currency_scale"), "money")
        plugins = tuple(core.pop("plugins"))
        return Settings(**core, plugins=plugins, currency=unit, sections=data["plugins"], graphql=data["graphql"])
