"""Jobs over GraphQL: what there is, asking for a run, and what became of it; for staff with the permission."""

from __future__ import annotations

from typing import Any

import pytest

from corekit_schema import Viewer

JOBS = "{ jobs { name description schedule nextAt lastRun { state } } }"
RUNS = "query ($job: String) { jobRuns(job: $job) { id job state isInterrupted isScheduled at found settled code } }"
RUN = """
mutation ($input: RunJobInput!) {
  runJob(input: $input) { run { id job state at } userErrors { path code message } }
}
"""


@pytest.fixture
def graph(make_kit: Any, door: Any) -> Any:
    return door(make_kit())


@pytest.mark.row("X5", way="graphql")
def test_a_job_is_asked_for_run_by_a_scheduler_and_remembered(graph: Any) -> None:
    (expiry,) = [job for job in graph.data(JOBS)["jobs"] if job["name"] == "expiry"]
    assert (expiry["schedule"], expiry["lastRun"]) == ("5 0 * * *", None)
    assert expiry["nextAt"] == "2026-01-16T00:05:00+00:00"
    asked = graph.data(RUN, input={"name": "expiry"})["runJob"]["run"]
    assert asked["state"] == "ASKED"
    graph.kit.jobs.tick()
    (run,) = graph.data(RUNS, job="expiry")["jobRuns"]
    assert (run["id"], run["state"], run["isScheduled"], run["settled"]) == (asked["id"], "DONE", False, 0)


def test_no_number_of_runs_is_no_number(graph: Any) -> None:
    (error,) = graph.ask("{ jobRuns(first: null) { id } }")["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_a_job_that_is_not_there_is_a_user_error(graph: Any) -> None:
    (error,) = graph.data(RUN, input={"name": "expirie"})["runJob"]["userErrors"]
    assert (error["code"], error["path"]) == ("NOT_FOUND", ["input", "name"])
    assert "expiry" in error["message"]
    (error,) = graph.data(RUN, input={"name": "expiry", "at": "tomorrow"})["runJob"]["userErrors"]
    assert error["path"] == ["input", "at"]
    wrong = [RUNS.replace("(job: $job)", f'(job: "{job}", first: {first})').replace("($job: String)", "")
             for job, first in (("expirie", 1), ("expiry", -1), ("expiry", 1_001))]  # fmt: skip
    told = [[error["extensions"]["code"] for error in graph.ask(text)["errors"]] for text in wrong]
    assert told == [["NOT_FOUND"], ["PAGE_SIZE"], ["PAGE_SIZE"]], "what cannot be is said, not mended"


@pytest.mark.parametrize("text", [JOBS, RUNS])
def test_only_staff_with_the_permission_sees_jobs(graph: Any, text: str) -> None:
    nobody = Viewer(kind="staff", name="new", permissions=frozenset({"jobs.run"}))
    assert [error["extensions"]["code"] for error in graph.ask(text, nobody)["errors"]] == ["FORBIDDEN"]


def test_only_staff_with_the_permission_runs_jobs(graph: Any) -> None:
    nobody = Viewer(kind="staff", name="new", permissions=frozenset({"jobs.read"}))
    answer = graph.ask(RUN, nobody, input={"name": "expiry", "go": True})
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert graph.kit.jobs.runs() == []
