"""Stored value in GraphQL."""

from __future__ import annotations

from corekit_schema import Graph, Member, Mutation, Query
from corekit_stored_value.graph_reports import ReportsMember, ReportsMutation, ReportsQuery


def graph() -> Graph:
    """Return what this plugin adds to the schema."""
    return Graph(extends={Member: ReportsMember, Query: ReportsQuery, Mutation: ReportsMutation})
