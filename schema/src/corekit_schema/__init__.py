"""The GraphQL schema of a corekit program: assembly, execution, server.

These are the names for authors of plugins, each loaded when it is first asked for, so that neither a kit nor the
command line pays for GraphQL unless it serves it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from corekit.deprecations import warn_name

if TYPE_CHECKING:
    from corekit_schema.assembly.schema import AssembledSchema, SchemaConflict, assemble_for
    from corekit_schema.connections import ConnectionField
    from corekit_schema.context import Context, Info
    from corekit_schema.core.activity import Activity
    from corekit_schema.core.amounts import Balance
    from corekit_schema.core.member import Member
    from corekit_schema.core.mutation import Mutation
    from corekit_schema.core.payload import ActivityPayload, record
    from corekit_schema.core.program import Program
    from corekit_schema.core.query import Query
    from corekit_schema.fields import Field, Interface, Object, listed
    from corekit_schema.graph import A_MEMBER, Example, Graph
    from corekit_schema.http.app import build_app
    from corekit_schema.ids import global_id, local_id
    from corekit_schema.inputs import AmountDigits, GlobalId, Input, Moment, as_of, idempotency_key
    from corekit_schema.languages import language_of
    from corekit_schema.mutations import MutationField, Payload, invalid
    from corekit_schema.nodes import Node
    from corekit_schema.policies import (
        Policy,
        authenticated,
        internal,
        owner,
        owner_or_permission,
        permission,
        public,
    )
    from corekit_schema.scalars import JSON, Amount, AmountValue, DateTime, Digits
    from corekit_schema.usererrors import Reason, reasons
    from corekit_schema.viewer import ANONYMOUS, Viewer, permissions_of

_HOMES = {
    "assembly.schema": ("AssembledSchema", "SchemaConflict", "assemble_for"),
    "connections": ("ConnectionField",),
    "context": ("Context", "Info"),
    "core.activity": ("Activity",),
    "core.amounts": ("Balance",),
    "core.member": ("Member",),
    "core.mutation": ("Mutation",),
    "core.payload": ("ActivityPayload", "record"),
    "core.program": ("Program",),
    "core.query": ("Query",),
    "fields": ("Field", "Interface", "Object", "listed"),
    "graph": ("A_MEMBER", "Example", "Graph"),
    "http.app": ("build_app",),
    "ids": ("global_id", "local_id"),
    "inputs": ("AmountDigits", "GlobalId", "Input", "Moment", "as_of", "idempotency_key"),
    "languages": ("language_of",),
    "mutations": ("MutationField", "Payload", "invalid"),
    "nodes": ("Node",),
    "policies": ("Policy", "authenticated", "internal", "owner", "owner_or_permission", "permission", "public"),
    "scalars": ("JSON", "Amount", "AmountValue", "DateTime", "Digits"),
    "usererrors": ("Reason", "reasons"),
    "viewer": ("ANONYMOUS", "Viewer", "permissions_of"),
}
PUBLIC_MODULES = (
    "corekit_schema",
    "corekit_schema.http.server",
    "corekit_schema.testing",
    "corekit_schema.tokens",
    "corekit_schema.viewer",
)
"""What others may import: the names that these modules list in ``__all__``. All else may change at any time."""

_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ANONYMOUS",
    "A_MEMBER",
    "JSON",
    "PUBLIC_MODULES",
    "Activity",
    "ActivityPayload",
    "Amount",
    "AmountDigits",
    "AmountValue",
    "AssembledSchema",
    "Balance",
    "ConnectionField",
    "Context",
    "DateTime",
    "Digits",
    "Example",
    "Field",
    "GlobalId",
    "Graph",
    "Info",
    "Input",
    "Interface",
    "Member",
    "Moment",
    "Mutation",
    "MutationField",
    "Node",
    "Object",
    "Payload",
    "Policy",
    "Program",
    "Query",
    "Reason",
    "SchemaConflict",
    "Viewer",
    "as_of",
    "assemble_for",
    "authenticated",
    "build_app",
    "global_id",
    "idempotency_key",
    "internal",
    "invalid",
    "language_of",
    "listed",
    "local_id",
    "owner",
    "owner_or_permission",
    "permission",
    "permissions_of",
    "public",
    "reasons",
    "record",
]


def __getattr__(name: str) -> Any:
    """Load a public name."""
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'corekit_schema' has no attribute {name!r}")
    value = getattr(import_module(f"corekit_schema.{home}"), name)
    if not warn_name(__name__, name):
        globals()[name] = value
    return value
