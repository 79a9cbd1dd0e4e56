"""The examples of the core and the plugins: each must be what the schema can answer, so that none is out of date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen
from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode, parse, validate
from graphql.execution.values import get_variable_values

from corekit_schema.assembly.owners import CORE, begins_with
from corekit_schema.graph import Example


@frozen
class OwnedExample:
    """An example, who brings it, and the name of its operation, which no other example has."""

    owner: str
    name: str
    example: Example


@frozen(kw_only=True)
class Examples:
    """The examples in the order of their owners, and everything that is wrong with them."""

    listed: tuple[OwnedExample, ...]
    problems: tuple[tuple[str, str], ...]
    """Who has to mend something, and what."""


def examples_of(schema: GraphQLSchema, brought: Mapping[str, Sequence[Example]]) -> Examples:
    """Check what each owner brings against the schema."""
    listed: dict[str, OwnedExample] = {}
    problems: list[tuple[str, str]] = []
    for owner, examples in brought.items():
        for example in examples:
            place = f"example {example.en!r} of {owner}"
            name, found = _checked(schema, example)
            problems += [(owner, f"{place}: {problem}") for problem in found]
            if name is None:
                continue
            if owner != CORE and not begins_with(name, owner):
                problems.append((owner, f"{place}: the name of its operation, {name}, must begin with {owner!r}"))
            if name in listed:
                also = listed[name].owner
                problems.append((owner, f"{place}: {name} is the operation of an example of {also} already"))
            listed.setdefault(name, OwnedExample(owner, name, example))
    return Examples(listed=tuple(listed.values()), problems=tuple(problems))


def _checked(schema: GraphQLSchema, example: Example) -> tuple[str | None, list[str]]:
    """Return the name of an example's operation, where it has one, and what is wrong with it."""
    try:
        document = parse(example.text)
    except GraphQLError as error:
        return None, [error.message]
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) != 1 or operations[0].name is None:
        return None, ["it must be one operation, with a name"]
    errors = validate(schema, document) or _of_variables(schema, operations[0], example)
    return operations[0].name.value, [*_of_titles(example), *(error.message for error in errors)]


def _of_variables(schema: GraphQLSchema, operation: OperationDefinitionNode, example: Example) -> list[GraphQLError]:
    variables = operation.variable_definitions
    known = {variable.variable.name.value for variable in variables}
    unknown = [GraphQLError(f"there is no variable ${name}") for name in example.variables if name not in known]
    coerced = get_variable_values(schema, variables, dict(example.variables))
    return unknown + (coerced if isinstance(coerced, list) else [])


def _of_titles(example: Example) -> Iterator[str]:
    for language, title in (("English", example.en), ("Chinese", example.zh)):
        if not title.strip():
            yield f"it has no title in {language}"
