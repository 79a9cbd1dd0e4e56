"""What a program says of its members, as values: how long a membership holds, who may join, what numbers look like."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any, Literal, cast

from attrs import frozen

from corekit.declares import ErrorText

ERRORS = (
    ErrorText("NUMBER_INVALID", "This is no member number of this program.", "会员号无效。"),
    ErrorText(
        "PHONE", "This is no telephone number; write it with its country, such as +49 731 1234567.", "电话无效。"
    ),
)
"""The codes of numbers that cannot be."""


_TAG = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff,]{1,100}")


def is_tag(text: str) -> bool:
    """Whether a text can be a tag: up to a hundred characters, none of them a comma or a control character."""
    return _TAG.fullmatch(text) is not None


@frozen(kw_only=True)
class NumberForm:
    """What a member number looks like: ``prefix``, random digits, and a check digit; ``length`` counts them all."""

    prefix: str = ""
    length: int = 12
    check: Literal["luhn", "iso7064"] = "luhn"

    def draw(self) -> str:
        """Return a number by chance: nobody has to count, so nobody has to wait for a counter."""
        wanted = self.length - len(self.prefix) - 1
        body = self.prefix + f"{secrets.randbelow(10**wanted):0{wanted}}"
        return body + self._digit(body)

    def is_sound(self, number: str) -> bool:
        """Whether a number has this form and its check digit is right."""
        if len(number) != self.length or not number.startswith(self.prefix):
            return False
        return number.isascii() and number.isdigit() and self._digit(number[:-1]) == number[-1]

    def _digit(self, body: str) -> str:
        return luhn_digit(body) if self.check == "luhn" else mod_11_10_digit(body)


def luhn_digit(body: str) -> str:
    """Return the check digit of ISO/IEC 7812-1 annex B: it finds every wrong digit and nearly every swapped pair."""
    doubled, single = body[::-2].translate(_DOUBLED), body[-2::-2]
    return str(-sum(map(int, doubled + single)) % 10)


_DOUBLED = str.maketrans("0123456789", "0246813579")
"""The sum of the digits of twice a digit."""


def mod_11_10_digit(body: str) -> str:
    """Return the check digit of ISO/IEC 7064 MOD 11,10: it finds every wrong digit and nearly every swapped pair."""
    product = 10
    for digit in body:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


@frozen(kw_only=True)
class EnrolmentPolicy:
    """Who becomes a member, and how.

    ``approval`` ``manual`` lets everybody begin as pending. An activity of one of the types ``automatic`` that names
    somebody unknown registers that person. ``minimum`` is what such an activity must amount to, ``fee`` what must have
    been paid for joining (``fee_paid`` of the registration), both in minor units of the currency; ``required`` the
    fields of the profile that must be given; ``invited`` says that a member must have invited. Who comes through a
    channel of ``exempt`` owes no fee and needs no invitation.
    """

    approval: Literal["automatic", "manual"] = "automatic"
    automatic: tuple[str, ...] = ()
    minimum: int = 0
    fee: int = 0
    required: tuple[str, ...] = ()
    invited: bool = False
    exempt: tuple[str, ...] = ("import",)

    def reasons(self, profile: Mapping[str, Any], *, amount: int | None) -> list[tuple[str, dict[str, Any]]]:
        """Return each reason against a registration, as code and parameters; ``amount`` is that of its activity."""
        found: list[tuple[str, dict[str, Any]]] = [
            ("ENROL_FIELD_MISSING", {"field": name}) for name in self.required if not _told(profile, name)
        ]
        if amount is not None and amount < self.minimum:
            found.append(("ENROL_BELOW_MINIMUM", {"minimum": str(self.minimum), "amount": str(amount)}))
        if profile.get("channel") not in self.exempt:
            paid = profile.get("fee_paid") or 0
            if paid < self.fee:
                found.append(("ENROL_FEE", {"fee": str(self.fee), "paid": str(paid)}))
            if self.invited and not profile.get("invited_by"):
                found.append(("ENROL_NOT_INVITED", {}))
        return found


def _told(profile: Mapping[str, Any], name: str) -> bool:
    """Say whether a profile has a field, written ``phone``, ``identity.family_name`` or ``attributes.city``."""
    value: Any = profile
    for part in name.split("."):
        value = cast("Mapping[str, Any]", value).get(part) if isinstance(value, Mapping) else None
    return value not in (None, "", [], {})


@frozen(kw_only=True)
class MemberRules:
    """``[corekit.members]``: everything that a program says of its members.

    ``region`` is the country of telephone numbers that name none; ``kinds`` what a member can be, the first where
    nothing is said; ``validity_months`` how long a membership holds (None: for ever), ``grace_days`` how long after
    that it lapses; ``purposes`` and ``consent_channels`` what consent can be given for.
    """

    region: str | None = None
    kinds: tuple[str, ...] = ("consumer",)
    number: NumberForm = NumberForm()
    validity_months: int | None = None
    grace_days: int = 0
    enrolment: EnrolmentPolicy = EnrolmentPolicy()
    purposes: tuple[str, ...] = ("service", "marketing", "profiling")
    consent_channels: tuple[str, ...] = ("any", "email", "sms", "phone", "push", "mail")
