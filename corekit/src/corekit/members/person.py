"""What a plan knows of a person: loaded where something of it changes, changed in memory, written once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from corekit.members.profile import SECTIONS

COLUMNS = (
    "external_id",
    "channel",
    "name",
    "email",
    "phone",
    "attributes",
    "number",
    "kind",
    "birthday",
    "sections",
    "valid_until",
)
"""The columns of a profile after the member's id, in the order of the table."""

UNIQUE = ("external_id", "number", "phone", "email")
"""By what one member at most is known, beside what other systems call it."""

Known = tuple[str, str]
"""By what somebody is known: ``phone``, ``email``, ``number``, ``external_id`` or ``id:<source>``, and the value."""

_ABSENT: Mapping[str, Any] = {}


class Person:
    """A person: the profile by column, and by what else it is known; ``base`` is what the database holds."""

    __slots__ = ("base", "consents", "external_ids", "forgotten", "groups", "history", "profile")

    def __init__(
        self,
        profile: Mapping[str, Any],
        external_ids: Mapping[str, str],
        consents: Mapping[tuple[str, str], Any],
        groups: Mapping[str, tuple[str, str]],
    ) -> None:
        self.profile = profile
        self.external_ids: Mapping[str, str] = external_ids
        # By purpose and channel: the word (None: nothing said), and what gave it where the plan changes it.
        self.consents: dict[tuple[str, str], Any] = dict(consents)
        # By code: kind and role.
        self.groups: dict[str, tuple[str, str]] = dict(groups)
        self.base = (profile, dict(external_ids), dict(consents), dict(groups))
        self.history: list[tuple[Any, Mapping[str, Any]]] = []
        self.forgotten = False

    @classmethod
    def loaded(cls, row: Sequence[Any]) -> Person:
        """Make a person of the database's row, the member's id left out."""
        profile, external_ids, consents, groups = row
        return cls(
            dict(zip(COLUMNS, profile, strict=True)),
            dict(external_ids or ()),
            {(purpose, channel): (bool(granted), None) for purpose, channel, granted in consents or ()},
            {code: (kind, role) for code, kind, role in groups or ()},
        )

    @classmethod
    def joining(cls, told: Mapping[str, Any], number: str, kind: str) -> Person:
        """Make a person of what a registration tells."""
        profile: dict[str, Any] = {name: told.get(name) for name in COLUMNS}
        sections = {section: _given(told.get(section)) for section in SECTIONS}
        profile.update(
            number=told.get("number") or number,
            kind=told.get("kind") or kind,
            channel=told.get("channel") or "api",
            attributes=dict(told.get("attributes") or {}),
            sections={section: known for section, known in sections.items() if known},
            valid_until=None,
        )
        person = cls({}, {}, {}, {})
        person.profile = profile
        person.external_ids = _given(told.get("external_ids"))
        return person

    def values(self) -> tuple[Any, ...]:
        """Return the profile in the order of the table."""
        return tuple(self.profile[name] for name in COLUMNS)


def known_by(told: Mapping[str, Any]) -> Iterator[Known]:
    """Yield by what somebody is known, of a registration, of an identity, or of a change."""
    for name in UNIQUE:
        if told.get(name):
            yield name, told[name]
    external_ids: Mapping[str, str | None] = told.get("external_ids") or {}
    for source, external_id in external_ids.items():
        if external_id:
            yield f"id:{source}", external_id


def changed(
    profile: Mapping[str, Any], external_ids: Mapping[str, str], told: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str], dict[str, tuple[Any, Any]]]:
    """Return profile and external ids with a change made, and by path what was before and is after.

    Only what is given changes; null removes. What is as it was is no change.
    """
    after = dict(profile)
    attributes = dict(profile["attributes"])
    sections = {section: dict(known) for section, known in profile["sections"].items()}
    names = dict(external_ids)
    differences: dict[str, tuple[Any, Any]] = {}
    for name, value in told.items():
        if name not in _NESTED:
            if after.get(name) != value:
                differences[name] = (after.get(name), value)
                after[name] = value
            continue
        within = {"attributes": attributes, "external_ids": names}.get(name)
        if within is None:
            within = sections.setdefault(name, {})
        _merge(within, value, name, differences)
    after["attributes"] = attributes
    after["sections"] = {section: known for section, known in sections.items() if known}
    return after, names, differences


_NESTED = frozenset({"attributes", "external_ids", *SECTIONS})


def _merge(within: dict[str, Any], values: Mapping[str, Any], place: str, differences: dict[str, Any]) -> None:
    for name, value in values.items():
        if within.get(name) != value:
            differences[f"{place}.{name}"] = (within.get(name), value)
            within.pop(name, None)
            if value is not None:
                within[name] = value


def as_change(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by path as the change that sets them."""
    told: dict[str, Any] = {}
    for path, value in values.items():
        outer, dot, inner = path.partition(".")
        if dot:
            told.setdefault(outer, {})[inner] = value
        else:
            told[outer] = value
    return told


def value_at(profile: Mapping[str, Any], external_ids: Mapping[str, str], path: str) -> Any:
    """Return what stands at a path of a profile."""
    outer, dot, inner = path.partition(".")
    if not dot:
        return profile.get(outer)
    if outer == "external_ids":
        return external_ids.get(inner)
    within = profile["attributes"] if outer == "attributes" else profile["sections"].get(outer, _ABSENT)
    return within.get(inner)


def _given(values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (values or {}).items() if value is not None}
