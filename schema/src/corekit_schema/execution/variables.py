"""Values of variables and of arguments: read as graphql-core reads them, by what is found out once for an operation.

What is plainly right is read here. At the first doubt graphql-core reads all of it, and says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, cast

import graphql
from attrs import frozen
from graphql import (
    FieldNode,
    GraphQLBoolean,
    GraphQLError,
    GraphQLField,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
    VariableNode,
    Visitor,
    get_argument_values,
    get_variable_values,
    visit,
)

Values = Mapping[str, Any]
Read = Callable[[Any], Any]
"""Reads one value that was given; raises :class:`_Doubt`."""

# Whose types are partly unknown to checkers.
_type_from_ast: Any = cast("Any", graphql).type_from_ast
_value_from_ast: Any = cast("Any", graphql).value_from_ast
_AS_THEY_ARE: Mapping[GraphQLNamedType, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}
"""Scalars whose values are taken as they are, where they are of this class."""
_MOST, _LEAST = 2**31 - 1, -(2**31)
"""The bounds of GraphQL's ``Int``."""


class _Doubt(Exception):
    """A value is wrong, or of a form that is seldom sent."""


# Variables


class Variables:
    """Reads the variables of one operation."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._schema = schema
        self._definitions = operation.variable_definitions
        self._declared = [
            (each.variable.name.value, *_declared(_type_from_ast(schema, each.type), each.default_value))
            for each in self._definitions
        ]

    def read(self, given: Values, most: int) -> dict[str, Any] | list[GraphQLError]:
        """Return the values of those that have one, or what is wrong with them, of which ``most`` are listed."""
        try:
            return self._read(given)
        except (_Doubt, RecursionError):
            return get_variable_values(self._schema, self._definitions, dict(given), max_errors=most)

    def _read(self, given: Values) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, read, default in self._declared:
            if name in given:
                values[name] = read(given[name])
            elif default is not None:
                values[name] = default()
        return values


def _declared(type_: Any, default: Any) -> tuple[Read, Callable[[], Any] | None]:
    """Return what reads a variable of a type, and what gives its value where none was sent: None, where none is."""
    if default:
        return _reader(type_), partial(_value_from_ast, default, type_)
    return _reader(type_), _doubt if isinstance(type_, GraphQLNonNull) else None


def _doubt(_value: Any = None) -> Any:
    raise _Doubt


def _reader(type_: Any) -> Read:
    if isinstance(type_, GraphQLNonNull):
        return _there(type_)
    read = _there(type_)
    return lambda value: None if value is None else read(value)


def _there(type_: Any) -> Read:
    """Return what reads values that may not be null."""
    if isinstance(type_, GraphQLNonNull):
        type_ = cast("Any", type_).of_type
    if isinstance(type_, GraphQLList):
        return _items(_reader(cast("Any", type_).of_type))
    if isinstance(type_, GraphQLInputObjectType):
        return _doubt if type_.is_one_of else _Object(type_)
    if type_ is GraphQLInt:
        return _whole
    if type_ in _AS_THEY_ARE:
        return partial(_of_class, _AS_THEY_ARE[type_])
    return partial(_parsed, type_.parse_value)


def _items(read: Read) -> Read:
    def items(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise _Doubt
        return list(map(read, cast("Any", value)))

    return items


def _whole(value: Any) -> int:
    return value if type(value) is int and _LEAST <= value <= _MOST else _doubt()


def _of_class(wanted: type, value: Any) -> Any:
    return value if type(value) is wanted else _doubt()


def _parsed(parse: Read, value: Any) -> Any:
    if value is None or value is Undefined:
        raise _Doubt
    try:
        parsed = parse(value)
    except Exception:  # noqa: BLE001 - graphql-core will meet it again, and tell
        raise _Doubt from None
    return _doubt() if parsed is Undefined else parsed


class _Object:
    """Reads objects of an input type."""

    def __init__(self, type_: GraphQLInputObjectType) -> None:
        self._type = type_

    @cached_property
    def _fields(self) -> Sequence[tuple[str, str, Read, Any, bool]]:
        """What is known of each field: found out when it is first needed, since a type may hold itself."""
        return [
            (
                name,
                each.out_name or name,
                _reader(each.type),
                each.default_value,
                isinstance(each.type, GraphQLNonNull) and each.default_value is Undefined,
            )
            for name, each in self._type.fields.items()
        ]

    def __call__(self, value: Any) -> Any:
        """Read an object."""
        if not isinstance(value, dict):
            raise _Doubt
        given = cast("dict[str, Any]", value)
        found: dict[str, Any] = {}
        known = 0
        for name, out, read, default, is_wanted in self._fields:
            if name in given:
                found[out] = read(given[name])
                known += 1
            elif default is not Undefined:
                found[out] = default
            elif is_wanted:
                raise _Doubt
        if known != len(given):  # there is one that the type does not have
            raise _Doubt
        return cast("Any", self._type).out_type(found)


# Arguments


@frozen(eq=False)
class Arguments:
    """The arguments of a field at one place: ``fixed`` ones, and ``named`` ones, which are a variable each.

    Among the fixed ones every named one has its place already: all come in the order of the definition.
    ``doubtful`` are those that graphql-core has to read each time: a variable is somewhere inside of one, or something
    is wrong with one, which is told when it runs.
    """

    definition: GraphQLField
    node: FieldNode
    fixed: Mapping[str, Any]
    named: Sequence[tuple[str, str, bool]] = ()
    doubtful: bool = False

    @property
    def known(self) -> Mapping[str, Any] | None:
        """All arguments, where they do not depend on variables; else None."""
        return None if self.named or self.doubtful else self.fixed

    def read(self, variables: Values) -> Mapping[str, Any]:
        """Return the arguments; raises what graphql-core raises."""
        if not self.doubtful:
            if not self.named:
                return self.fixed
            found = dict(self.fixed)
            for name, variable, may_be_null in self.named:
                value = variables.get(variable, Undefined)
                if value is Undefined or (value is None and not may_be_null):
                    break
                found[name] = value
            else:
                return found
        return get_argument_values(self.definition, self.node, dict(variables))


def arguments_of(definition: GraphQLField, node: FieldNode) -> Arguments:
    """Return the arguments of a field as it is selected."""
    by_variable = {
        each.name.value: each.value.name.value for each in node.arguments if isinstance(each.value, VariableNode)
    }
    others = [each for each in node.arguments if each.name.value not in by_variable]
    if any(variables_in(each.value) for each in others):
        return Arguments(definition, node, {}, doubtful=True)
    kinds = {name: each for name, each in definition.args.items() if name not in by_variable}
    try:
        fixed = get_argument_values(GraphQLField(cast("Any", definition).type, kinds), FieldNode(arguments=others), {})
    except GraphQLError:
        return Arguments(definition, node, {}, doubtful=True)
    named: list[tuple[str, str, bool]] = []
    placed: dict[str, Any] = {}
    for name, argument in definition.args.items():
        out = argument.out_name or name
        if name in by_variable:
            named.append((out, by_variable[name], not isinstance(cast("Any", argument).type, GraphQLNonNull)))
        if name in by_variable or out in fixed:
            placed[out] = fixed.get(out)
    return Arguments(definition, node, placed, named)


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.names.add(node.name.value)


def variables_in(node: Any) -> frozenset[str]:
    """Return the names of the variables used in a part of a document."""
    found = _Variables()
    visit(node, found)
    return frozenset(found.names)
