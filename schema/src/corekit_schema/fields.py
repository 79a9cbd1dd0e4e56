"""How types and fields are written: graphene's, with a policy and an owner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import graphene
from attrs import frozen

from corekit_schema.policies import Policy


@frozen
class Access:
    """What a type says of access: its policy, and the attribute of its values that holds the owner's member id."""

    policy: Policy | None = None
    owner: str | None = None


class Object(graphene.ObjectType, abstract=True):
    """The base of every object type.

    ::

        class PointsLot(Object, policy=owner_or_permission("members.read"), owner="member_id"):
            '''Points that were earned together.'''

            expires_at = Field(DateTime, description="When they lapse.")

    The docstring is the type's description. ``policy`` is for every field that has none of its own; and whoever it
    denies sees null in place of the whole object, as if there were none; lists that hold no null leave it out.
    ``owner`` names the attribute of the value that holds the id of the member to whom it belongs. ``possible_types``
    lists the Python classes whose values are of this type, for types that implement an interface.

    A field takes its value from the attribute of its name, or from a batch resolver: a static method
    ``resolve_<name>(parents, info, **arguments)`` that gets all parents of the level and returns a list of as many
    values; a value that is an exception is an error of that parent alone.
    """

    access: Access

    if TYPE_CHECKING:  # graphene says nothing to checkers of what may stand beside the base

        def __init_subclass__(cls, policy: Policy | None = ..., owner: str | None = ..., **options: Any) -> None: ...

    @classmethod
    def __init_subclass_with_meta__(
        cls, policy: Policy | None = None, owner: str | None = None, **options: Any
    ) -> None:
        cls.access = Access(policy, owner)
        super().__init_subclass_with_meta__(**options)


class Interface(graphene.Interface, abstract=True):
    """The base of every interface; ``policy`` is for its fields that have none of their own."""

    access: Access

    if TYPE_CHECKING:

        def __init_subclass__(cls, policy: Policy | None = ..., **options: Any) -> None: ...

    @classmethod
    def __init_subclass_with_meta__(cls, policy: Policy | None = None, **options: Any) -> None:
        cls.access = Access(policy)
        super().__init_subclass_with_meta__(**options)


class Field(graphene.Field):
    """A field: its type, what it means, and who may read it.

    ``policy`` left out is that of the type. ``source`` names the attribute of the parent to read, where it has
    another name than the field (dots lead further down). ``resolve`` is a batch resolver that several fields share,
    in place of a ``resolve_<name>``. ``cost`` says what asking for it costs, where that is not 1 for an object and 0
    for a value. ``reads`` names the attributes of a parent that the batch resolver looks at: where all that is selected
    of an object says so, what else it has need not be read (:meth:`Info.needs`). ``blocking`` left out is what the
    plugin's :class:`Graph` says. Arguments are given as keywords.
    """

    def __init__(  # noqa: PLR0913 - all that a field says
        self,
        type_: Any,
        *,
        description: str | None = None,
        policy: Policy | None = None,
        required: bool = False,
        name: str | None = None,
        source: str | None = None,
        resolve: Callable[..., Sequence[Any]] | None = None,
        deprecation_reason: str | None = None,
        cost: int | None = None,
        reads: Sequence[str] | None = None,
        blocking: bool | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(
            type_,
            args=arguments,
            description=description,
            required=required,
            name=name,
            deprecation_reason=deprecation_reason,
        )
        self.policy = policy
        self.attribute = source
        self.batch = resolve
        self.cost = cost
        self.reads = reads
        self.blocking = blocking

    def around(self, resolve: Callable[..., Sequence[Any]]) -> Callable[..., Sequence[Any]]:
        """Return what is called in place of the field's batch resolver: itself, where a kind of field adds nothing."""
        return resolve


def about(type_: Any) -> Any:
    """Return what graphene knows about a type: name, description, fields, interfaces, possible types."""
    return type_._meta  # noqa: SLF001 - graphene has no other name for it


def listed(type_: Any) -> graphene.NonNull:
    """Return the type of a list that is never null and holds no null."""
    return graphene.NonNull(graphene.List(graphene.NonNull(type_)))
