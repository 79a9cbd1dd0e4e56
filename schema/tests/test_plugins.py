"""Plugins over GraphQL, health and metrics: which are on, suspending them, and what whoever runs the server is told."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import Declares
from corekit.testing.modules import plugin_module
from corekit_schema import build_app

PLUGINS = "{ plugins { name distribution suspendedAt reason actor } }"
SUSPEND = """
mutation ($input: SuspendPluginInput!) {
  suspendPlugin(input: $input) { plugin { name reason actor suspendedAt } userErrors { path code message } }
}
"""
RESUME = """
mutation ($input: ResumePluginInput!) {
  resumePlugin(input: $input) { plugin { name suspendedAt } userErrors { path code } }
}
"""


def modules() -> dict[str, Any]:
    return {"medals": plugin_module(Declares(), "medals")}


@pytest.fixture
def graph(make_kit: Any, door: Any) -> Any:
    return door(make_kit(modules=modules()))


def test_staff_suspends_a_plugin_and_resumes_it(graph: Any) -> None:
    (medals,) = graph.data(PLUGINS)["plugins"]
    assert (medals["name"], medals["suspendedAt"]) == ("medals", None)
    suspended = graph.data(SUSPEND, input={"name": "medals", "reason": "too many"})["suspendPlugin"]["plugin"]
    assert (suspended["name"], suspended["reason"]) == ("medals", "too many")
    assert suspended["suspendedAt"] is not None
    (medals,) = graph.data(PLUGINS)["plugins"]
    assert medals["actor"] == suspended["actor"] is not None
    assert graph.data(RESUME, input={"name": "medals"})["resumePlugin"]["plugin"]["suspendedAt"] is None


@pytest.mark.parametrize(("text", "field"), [(SUSPEND, "suspendPlugin"), (RESUME, "resumePlugin")])
def test_a_plugin_that_is_not_on_is_a_user_error(graph: Any, text: str, field: str) -> None:
    (error,) = graph.data(text, input={"name": "medal"})[field]["userErrors"]
    assert (error["code"], error["path"]) == ("NOT_FOUND", ["input", "name"])


def test_health_and_metrics_name_who_is_suspended(make_kit: Any, serve: Any) -> None:
    kit = make_kit(modules=modules(), graphql={"metrics": True})
    client = serve(build_app(kit))
    client.post("/graphql", json={"query": "{ __typename }"})
    kit.suspend("medals")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "suspended": ["medals"]})
    shown = client.get("/metrics")
    assert shown.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = shown.text.splitlines()
    assert 'corekit_plugin_suspended{plugin="medals"} 1' in lines
    assert 'corekit_http_operations_total{status="200"} 1' in lines
    assert "# TYPE corekit_activities_total counter" in lines


def test_nothing_is_counted_for_others_where_nobody_says_so(make_kit: Any, serve: Any) -> None:
    assert serve(build_app(make_kit())).get("/metrics").status_code == 404
