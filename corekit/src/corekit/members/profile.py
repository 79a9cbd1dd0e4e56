"""Who a member is: the schemas of a registration and of a change, with the attributes that the settings declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from marshmallow import Schema, fields, post_load, pre_load, validate

from corekit.db.waiting import blocking
from corekit.errors import SettingsError
from corekit.members.opening import BROUGHT, brought
from corekit.members.rules import MemberRules, NumberForm
from corekit.validation import WholeNumber, coded

if TYPE_CHECKING:
    from corekit.settings import AttributeSpec, Settings

ERASED = "erased"
"""The channel of a profile that was erased."""
CHANNELS = ("pos", "call_center", "web", "import", "referral", "api")
"""Where a member can have registered."""

SECTIONS = ("identity", "occupation", "lifestyle", "preferences")
"""The sections of a profile: who the member is, what it does, how it lives, what it likes to buy."""

FIXED = ("external_id", "number", "channel", "kind", "name", "email", "phone", "birthday")
"""The fields that every profile has, sections and further external ids apart."""

TOLD = ("fee_paid", "invited_by")
"""What a registration may tell beside the profile."""

MOST_TEXTS = 50

_TEXT = validate.Regexp(r"[^\x00-\x1f\x7f\ud800-\udfff]+\Z")
"""Neither database keeps NUL, and no name has line breaks; an unknown value is left out, not empty."""


def _text(longest: int = 200) -> fields.String:
    return fields.String(validate=[_TEXT, validate.Length(max=longest)], allow_none=True)


def _texts() -> fields.List[Any]:
    inner = fields.String(validate=[_TEXT, validate.Length(max=200)])
    return fields.List(inner, validate=validate.Length(max=MOST_TEXTS), allow_none=True)


class _Known(fields.Field[str]):
    """A text by which somebody is known; loads in its normal form."""

    code = ""
    message = ""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise coded("TYPE", "This must be of type string.", expected="string")
        found = self.normal(value)
        if found is None:
            raise coded(self.code, self.message)
        return found

    def normal(self, text: str) -> str | None:
        """Return the normal form of a text, or None where it is none."""
        raise NotImplementedError


class Phone(_Known):
    """A telephone number; loads as E.164. ``region`` is the country of one that names none."""

    code = "PHONE"
    message = "This is no telephone number; write it with its country, such as +49 731 1234567."

    def __init__(self, region: str | None = None, **options: Any) -> None:
        cast("Any", super()).__init__(**options)
        self.region = region

    def normal(self, text: str) -> str | None:
        """Return the number in E.164."""
        return normal_phone(text, self.region)


class EmailAddress(_Known):
    """An e-mail address; loads in its normal form, in lower case, so that nobody is known twice."""

    code = "EMAIL"
    message = "This is not an e-mail address."

    def normal(self, text: str) -> str | None:
        """Return the address."""
        return normal_email(text)


class MemberNumber(_Known):
    """A member number with a right check digit."""

    code = "NUMBER_INVALID"
    message = "This is no member number of this program."

    def __init__(self, form: NumberForm, **options: Any) -> None:
        cast("Any", super()).__init__(**options)
        self.form = form

    def normal(self, text: str) -> str | None:
        """Return the number without spaces."""
        bare = text.replace(" ", "")
        return bare if self.form.is_sound(bare) else None


def normal_phone(text: str, region: str | None) -> str | None:
    """Return a telephone number in E.164, or None where it is none; ``region`` where it names no country."""
    blocking()  # the tables of a region are read when they are first needed
    import phonenumbers  # noqa: PLC0415 - its tables are large, and settling does not need them

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normal_email(text: str) -> str | None:
    """Return an e-mail address in its normal form, or None where it is none. Nobody is asked whether it exists."""
    blocking()
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - as above

    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        return None


class _Identity(Schema):
    title = _text(50)
    given_name = _text()
    family_name = _text()
    gender = _text(50)
    language = fields.String(validate=validate.Regexp(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z"), allow_none=True)
    nationality = fields.String(validate=validate.Regexp(r"[A-Z]{2}\Z"), allow_none=True)
    address = _text(500)
    postal_code = _text(20)
    city = _text()
    country = fields.String(validate=validate.Regexp(r"[A-Z]{2}\Z"), allow_none=True)


class _Occupation(Schema):
    employer = _text()
    industry = _text()
    position = _text()
    education = _text()
    income_band = _text(50)


class _Lifestyle(Schema):
    marital_status = _text(50)
    household_size = WholeNumber(validate=validate.Range(1, 100), allow_none=True)
    children = WholeNumber(validate=validate.Range(0, 100), allow_none=True)
    hobbies = _texts()
    pets = _texts()


class _Preferences(Schema):
    categories = _texts()
    brands = _texts()
    stores = _texts()
    visit_times = _texts()
    diet = _texts()


_SECTIONS: Mapping[str, type[Schema]] = {
    "identity": _Identity,
    "occupation": _Occupation,
    "lifestyle": _Lifestyle,
    "preferences": _Preferences,
}


_OF_SECTIONS: Mapping[str, Any] = {
    f"{section}.{name}": field
    for section, schema in _SECTIONS.items()
    for name, field in cast("dict[str, Any]", cast("Any", schema()).fields).items()
}

FIELDS = tuple(_OF_SECTIONS)
"""The fields of the sections, such as ``identity.city``."""

LISTS = frozenset(name for name, field in _OF_SECTIONS.items() if isinstance(field, fields.List))
"""Those that hold several texts."""


class _Base(Schema):
    @pre_load
    def _with_attributes(self, data: Any, **_: Any) -> Any:
        """Let an attribute that is required be missed under its own path, not as the whole object."""
        known: Any = data
        return {"attributes": {}, **known} if isinstance(data, Mapping) else known

    @post_load
    def _as_json(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Keep a date as text."""
        if isinstance(data.get("birthday"), date):
            data["birthday"] = data["birthday"].isoformat()
        return data


class _Attributes(Schema):
    @post_load
    def _as_json(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Keep what JSON cannot hold as text, so that a loaded profile can be stored, and loaded again."""
        return {name: str(each) if isinstance(each, Decimal | date) else each for name, each in data.items()}


def profile_schema(settings: Settings) -> type[Schema]:
    """Return the schema of a registration: the payload of ``member.registered``.

    Custom attributes are validated under ``attributes``. What it loads is JSON (decimals and dates as text), telephone
    and e-mail in their normal form, and loading that again changes nothing. Raises :class:`SettingsError` where a
    declaration contradicts itself.
    """
    rules = settings.members
    declared = {name: _attribute(name, spec) for name, spec in settings.profile.items()}
    first = {
        "channel": fields.String(load_default="api", validate=validate.OneOf(CHANNELS)),
        "fee_paid": WholeNumber(validate=validate.Range(min=0), allow_none=True),
        "invited_by": MemberNumber(rules.number, allow_none=True),
        "reason": fields.String(validate=validate.Length(max=500)),
        **brought(),
    }
    return _derived(_Base, {**_fields(rules, declared), **first}, "MemberProfile")


def update_schema(settings: Settings) -> type[Schema]:
    """Return the schema of a change: the payload of ``member.updated``. Only what is given changes; null removes."""
    declared = {
        name: _attribute(name, spec, required=False, may_be_null=True) for name, spec in settings.profile.items()
    }
    more = {
        "channel": fields.String(validate=validate.OneOf(CHANNELS)),
        "reason": fields.String(validate=validate.Length(max=500)),
    }
    return _derived(_Base, {**_fields(settings.members, declared), **more}, "MemberUpdate")


def identity_schema(settings: Settings) -> type[Schema]:
    """Return the schema of whom an activity names instead of a member: whatever is known, nothing required."""
    declared = {name: _attribute(name, spec, required=False) for name, spec in settings.profile.items()}
    first = {
        "channel": fields.String(validate=validate.OneOf(CHANNELS)),
        "fee_paid": WholeNumber(validate=validate.Range(min=0), allow_none=True),
        "invited_by": MemberNumber(settings.members.number, allow_none=True),
    }
    return _derived(_Base, {**_fields(settings.members, declared), **first}, "MemberIdentity")


def _fields(rules: MemberRules, declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that registration and change share."""
    attributes = _derived(_Attributes, declared, "MemberAttributes")
    name = fields.String(validate=[_TEXT, validate.Length(min=1, max=100)])
    return {
        "external_id": _text(100),
        "external_ids": fields.Dict(keys=name, values=_text(100), validate=validate.Length(max=MOST_TEXTS)),
        "number": MemberNumber(rules.number, allow_none=True),
        "kind": fields.String(validate=validate.OneOf(rules.kinds)),
        "name": _text(),
        "email": EmailAddress(validate=validate.Length(max=254), allow_none=True),
        "phone": Phone(rules.region, allow_none=True, validate=validate.Length(max=40)),
        "birthday": fields.Date(allow_none=True),
        **{section: fields.Nested(schema) for section, schema in _SECTIONS.items()},
        "attributes": fields.Nested(attributes),
    }


def _derived(base: Any, declared: Mapping[str, Any], name: str) -> type[Schema]:
    """Return a schema with the fields of ``base`` and those declared."""
    schema: type[Schema] = base.from_dict(dict(declared), name=name)
    return schema


def _attribute(name: str, spec: AttributeSpec, *, required: bool | None = None, may_be_null: bool = False) -> Any:
    """Return the field of one custom attribute; ``required`` says otherwise than its declaration."""
    if name in (*FIXED, *SECTIONS, *TOLD, *BROUGHT, "external_ids", "attributes", "reason"):
        raise SettingsError(f"corekit.profile.{name}: every profile has this field; choose another name")
    if spec.min is not None and spec.max is not None and spec.min > spec.max:
        raise SettingsError(f"corekit.profile.{name}: min {spec.min} is above max {spec.max}")
    rules: list[Callable[[Any], Any]] = []
    if spec.type == "choice":
        rules.append(validate.OneOf(spec.choices))
    if spec.type == "string":
        rules += [_TEXT, validate.Length(max=spec.max_length or 1000)]
    if spec.min is not None or spec.max is not None:
        rules.append(validate.Range(min=spec.min, max=spec.max))
    wanted = spec.required if required is None else required
    nullable = not spec.required and (may_be_null or not wanted)
    return _KINDS[spec.type](required=wanted, allow_none=nullable, validate=rules)


_KINDS: Mapping[str, Callable[..., Any]] = {
    "string": fields.String,
    "integer": WholeNumber,
    "decimal": fields.Decimal,
    "boolean": fields.Boolean,
    "date": fields.Date,
    "choice": fields.String,
}
"""By type of attribute: the field that loads it."""
