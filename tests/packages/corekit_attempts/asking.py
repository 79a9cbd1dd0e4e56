"""A kit behind a server: what is asked, what is stored, and how the values of arguments are written."""

from __future__ import annotations

from typing import Any, cast

import httpx
from attrs import frozen
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    is_composite_type,
    is_required_argument,
    is_required_input_field,
)
from sqlalchemy import MetaData, select

from corekit import Kit
from corekit_schema import assemble_for

Rows = dict[str, list[dict[str, Any]]]


@frozen(kw_only=True)
class House:
    """A kit behind a server, and somebody about whom is asked, with one of their activities, by their global ids."""

    kit: Kit
    client: httpx.Client
    member: str
    activity: str

    def ask(self, operation: str, bearer: str | None, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {bearer}"} if bearer is not None else {}
        body = {"query": operation, "variables": variables or {}}
        answer: dict[str, Any] = self.client.post("/graphql", json=body, headers=headers).json()
        return answer

    def operation(self, root: str, name: str, field: Any) -> str:
        """Ask for a root field, about somebody else, with just what it requires."""
        given = [(arg, self.literal(each.type, name)) for arg, each in field.args.items() if is_required_argument(each)]
        arguments = f"({', '.join(f'{arg}: {text}' for arg, text in given)})" if given else ""
        below = " { __typename }" if is_composite_type(get_named_type(field.type)) else ""
        return f"{root.lower()} {{ {name}{arguments}{below} }}"

    def literal(self, type_: Any, name: str) -> str:
        """Write a value of a type."""
        if isinstance(type_, GraphQLNonNull):
            return self.literal(cast("Any", type_).of_type, name)
        if isinstance(type_, GraphQLList):
            return f"[{self.literal(cast('Any', type_).of_type, name)}]"
        if isinstance(type_, GraphQLEnumType):
            return next(iter(type_.values))
        if isinstance(type_, GraphQLInputObjectType):
            needed = {key: each for key, each in type_.fields.items() if is_required_input_field(each)}
            return "{" + ", ".join(f"{key}: {self.literal(each.type, name)}" for key, each in needed.items()) + "}"
        texts = {"Int": "1", "Boolean": "true", "Digits": '"1"', "JSON": "{}", "DateTime": '"2026-01-01T00:00:00Z"'}
        if type_.name == "ID":
            return f'"{self.activity if name == "activity" else self.member}"'
        return texts.get(type_.name, '"x"')


def reflected(kit: Kit) -> MetaData:
    """Return the tables of a kit's database, whoever brought them."""
    metadata = MetaData()
    with kit.database.connect() as connection:
        metadata.reflect(connection)
    return metadata


def stored(kit: Kit, tables: MetaData | None = None) -> Rows:
    """Return the rows of all tables; when a key was used last is apart."""
    found: Rows = {}
    with kit.database.connect() as connection:
        for table in (tables or reflected(kit)).sorted_tables:
            columns = [column for column in table.columns if column.name != "last_used_at"]
            rows = connection.execute(select(*columns)).mappings()
            found[table.name] = sorted(map(dict, rows), key=str)
    return found


def roots(kit: Kit) -> dict[str, dict[str, Any]]:
    """Return the root fields of queries and mutations, by name."""
    schema = assemble_for(kit).graphql
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    return {"Query": schema.query_type.fields, "Mutation": schema.mutation_type.fields}


def outcome(answer: dict[str, Any]) -> str:
    """Say in a word how the only root field was answered: by the code of an error, ``null`` or ``answered``."""
    if errors := answer.get("errors"):
        code: str = errors[0]["extensions"]["code"]
        return code
    return "null" if all(value in (None, [None]) for value in answer["data"].values()) else "answered"
