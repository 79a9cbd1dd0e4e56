"""GraphQL over real HTTP: a server on a free port, asked by a client."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from types import ModuleType
from typing import Any

import graphene
import httpx
import pytest
from attrs import evolve
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from structlog.testing import capture_logs

from corekit import Kit, PluginError, Settings, Unavailable, hookimpl
from corekit_schema import Context, Field, Graph, Object, Query, Viewer, build_app, public, scalars, tokens
from corekit_schema.execution.limits import Limits
from corekit_schema.http import pages
from corekit_schema.http.server import listen
from corekit_schema.testing import serving

SECRET = "a secret of more than thirty-two characters"
JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
Serve = Callable[[Starlette], httpx.Client]


@pytest.fixture
def make_client(make_kit: Any, serve: Serve) -> Callable[..., httpx.Client]:
    def make(limits: Limits | None = None, **settings: Any) -> httpx.Client:
        return serve(build_app(make_kit(**{"development": True, "secret": SECRET, **settings}), limits=limits))

    return make


def token(settings: Settings, viewer: Viewer, **after: float) -> dict[str, str]:
    text = tokens.issue(settings, viewer, datetime.now(UTC), timedelta(**after) if after else tokens.LIFETIME)
    return {"authorization": f"Bearer {text}"}


SETTINGS = Settings.of(database="sqlite://", development=True, secret=SECRET)
STAFF = Viewer(kind="staff", name="mira")


def post(client: httpx.Client, query: str, headers: Any = None, **more: Any) -> httpx.Response:
    return client.post("/graphql", json={"query": query, **more}, headers=headers)


def code_of(response: httpx.Response) -> str:
    code: str = response.json()["errors"][0]["extensions"]["code"]
    return code


def test_members_are_registered_and_read_over_http(make_client: Any) -> None:
    client, headers = make_client(), token(SETTINGS, STAFF)
    text = "mutation ($input: RegisterInput!) { register(input: $input) { member { id name } userErrors { code } } }"
    made = post(client, text, headers, variables={"input": {"name": "李雷"}}).json()["data"]["register"]
    assert made["userErrors"] == []
    found = post(
        client, "query ($id: ID!) { member(id: $id) { name } }", headers, variables={"id": made["member"]["id"]}
    )
    assert found.json()["data"] == {"member": {"name": "李雷"}}


def test_no_answer_waits_until_its_headers_are_acknowledged() -> None:
    with (
        listen("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname()),
        listening.accept()[0] as taken,
    ):
        assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


# How requests and answers look (GraphQL over HTTP)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server for all that depends on no data: what HTTP says is the same on both databases."""
    database = f"sqlite:///{tmp_path_factory.mktemp('http') / 'test.db'}"
    kit = Kit(Settings.of(database=database, development=True, secret=SECRET))
    kit.upgrade()
    with serving(build_app(kit)) as client:
        yield client
    kit.close()


on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])
VIEWER = "{ viewer { kind } }"
ANSWER = {
    "data": {"viewer": {"kind": "ANONYMOUS"}},
    "extensions": {"cost": {"requested": 1, "limit": Limits().cost}},
}


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (None, JSON),
        ("*/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL),
        (f"text/html, {JSON};q=0.9", JSON),
    ],
)
def test_the_answer_comes_in_a_type_that_the_client_accepts(client: httpx.Client, accept: str, answered: str) -> None:
    request = client.build_request("POST", "/graphql", json={"query": VIEWER})
    del request.headers["accept"]
    request.headers.update({"accept": accept} if accept else {})
    response = client.send(request)
    assert (response.status_code, response.json()) == (200, ANSWER)
    assert response.headers["content-type"] == f"{answered}; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "query", "status"),
    [
        (JSON, "{", 200),
        (GRAPHQL, "{", 400),
        (JSON, "{ nothing }", 200),
        (GRAPHQL, "{ nothing }", 400),
        (GRAPHQL, "query ($id: ID!) { member(id: $id) { name } }", 400),
        (GRAPHQL, "{ members { nodes { name } } }", 200),
        ("text/html", VIEWER, 406),
    ],
)
def test_the_status_says_whether_the_operation_ran(client: httpx.Client, accept: str, query: str, status: int) -> None:
    response = post(client, query, {"accept": accept})
    assert response.status_code == status
    if status == 400:
        assert "data" not in response.json()


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("text/plain", b'{"query": "{ viewer { kind } }"}', 415, "UNSUPPORTED_MEDIA_TYPE"),
        (JSON, b"{", 400, "BAD_REQUEST"),
        (JSON, b"[]", 400, "BAD_REQUEST"),
        (JSON, b"{}", 400, "BAD_REQUEST"),
        (JSON, b'{"query": 1}', 400, "BAD_REQUEST"),
        (JSON, b'{"query": "{ a }", "variables": []}', 400, "BAD_REQUEST"),
        (JSON, b'{"query": "{ a }", "operationName": 5}', 400, "BAD_REQUEST"),
        (JSON, b'{"query": "{ a }", "extensions": "x"}', 400, "BAD_REQUEST"),
        (JSON, b'{"query": "\xff"}', 400, "BAD_REQUEST"),
    ],
)
def test_what_is_no_graphql_request_is_told_so(
    client: httpx.Client, content_type: str, body: bytes, status: int, code: str
) -> None:
    response = client.post("/graphql", content=body, headers={"content-type": content_type})
    assert (response.status_code, code_of(response)) == (status, code)


def test_queries_can_be_asked_by_get_and_mutations_cannot(client: httpx.Client) -> None:
    text = "query ($id: ID!) { node(id: $id) { id } }"
    found = client.get("/graphql", params={"query": text, "variables": '{"id": "x"}', "operationName": ""})
    assert found.status_code == 200
    assert client.get("/graphql", params={"query": VIEWER}).json() == ANSWER
    response = client.get("/graphql", params={"query": 'mutation { register(input: {name: "x"}) { outcome } }'})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert client.put("/graphql", json={}).status_code == 405


@on_sqlite
def test_a_body_or_document_that_is_too_large_is_refused(make_client: Any) -> None:
    client = make_client(limits=Limits(body=2_000, depth=3))
    response = post(client, VIEWER, variables={"x": "y" * 2_000})
    assert (response.status_code, code_of(response)) == (413, "TOO_LARGE")
    deep = "{ program { ladders { tiers { criteria { metric } } } } }"
    assert code_of(post(client, deep)) == "TOO_DEEP"
    assert post(client, VIEWER).json() == ANSWER


# Who is asking


def test_tokens_say_who_is_asking(client: httpx.Client) -> None:
    kind = "{ viewer { kind name permissions } }"
    staff = post(client, kind, token(SETTINGS, STAFF)).json()["data"]["viewer"]
    assert (staff["kind"], staff["name"]) == ("STAFF", "mira")
    assert "activities.record" in staff["permissions"]
    member = post(client, kind, token(SETTINGS, Viewer(kind="member", member="0" * 32))).json()["data"]["viewer"]
    assert (member["kind"], member["permissions"]) == ("MEMBER", [])


@pytest.mark.parametrize(
    "header",
    [
        "Bearer nonsense",
        "Bearer",
        "Basic bWlyYTpwYXNz",
        token(SETTINGS, STAFF, seconds=-1)["authorization"],
        token(Settings.of(database="sqlite://", development=True, secret="x" * 40), STAFF)["authorization"],
        "Bearer eyJhbGciOiJub25lIn0.eyJhdWQiOiJjb3Jla2l0LWRldmVsb3BtZW50Iiwic3ViIjoibWlyYSIsImtpbmQiOiJzdGFmZiJ9.",
    ],
)
def test_a_token_that_is_not_good_is_401(client: httpx.Client, header: str) -> None:
    response = post(client, VIEWER, {"authorization": header})
    assert (response.status_code, code_of(response)) == (401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"] == "Bearer"


@on_sqlite
def test_development_tokens_are_worth_nothing_where_development_is_off(make_client: Any) -> None:
    client = make_client(development=False)
    assert post(client, VIEWER).json() == ANSWER
    assert post(client, VIEWER, token(SETTINGS, STAFF)).status_code == 401


@on_sqlite
def test_a_plugin_says_who_is_asking_first(make_client: Any) -> None:
    client = make_client(modules={"badges": badges()}, development=False)
    kind = "{ viewer { kind name } }"
    found = post(client, kind, {"authorization": "Badge 7"}).json()["data"]["viewer"]
    assert found == {"kind": "SERVICE", "name": "badge 7"}
    assert post(client, kind, {"authorization": "Badge broken"}).status_code == 401
    assert post(client, kind, {"authorization": "Other 7"}).status_code == 401
    assert post(client, kind).json()["data"]["viewer"]["kind"] == "ANONYMOUS"


def badges(failure: Exception | None = None) -> ModuleType:
    """Return a plugin that knows badges, and has a field that fails."""

    class BadgesQuery(Object):
        """What badges adds."""

        badges_fail = Field(graphene.String, policy=public, description="Fails.")
        badges_odd = Field(scalars.JSON, policy=public, description="Is no JSON.")

        @staticmethod
        def resolve_badges_odd(parents: Any, info: Any) -> Any:
            return [2**70]  # more than any reader of JSON takes

        @staticmethod
        def resolve_badges_fail(parents: Any, info: Any) -> Any:
            raise failure or RuntimeError("SELECT secret FROM core_member")

    @hookimpl
    def corekit_graph() -> Graph:
        return Graph(extends={Query: BadgesQuery})

    @hookimpl
    def corekit_viewer(request: Any) -> Viewer | None:
        scheme, _, number = request.headers.get("authorization", "").partition(" ")
        if scheme != "Badge":
            return None
        return Viewer(kind="service", name=f"badge {int(number)}")

    module = ModuleType("badges")
    module.corekit_graph = corekit_graph  # type: ignore[attr-defined]
    module.corekit_viewer = corekit_viewer  # type: ignore[attr-defined]
    return module


# What plugins answer themselves


def posters(answer: Any) -> ModuleType:
    """A plugin that brings a route."""

    @hookimpl
    def corekit_routes(kit: Kit) -> Any:
        return [Route("/wall", answer)]

    module = ModuleType("posters")
    module.corekit_routes = corekit_routes  # type: ignore[attr-defined]
    return module


def _says(text: str) -> Callable[[Any], PlainTextResponse]:
    return lambda _: PlainTextResponse(text)


@on_sqlite
def test_what_a_plugin_answers_stands_below_its_name(make_client: Any) -> None:
    client = make_client(modules={"posters": posters(_says("Tea at five."))})
    assert client.get("/posters/wall").text == "Tea at five."
    assert client.get("/wall").status_code == 404
    assert client.post("/posters/wall").status_code == 405
    assert client.get("/healthz").status_code == 200


@on_sqlite
def test_a_route_that_raises_is_an_error_of_ours_and_the_log_names_the_plugin(make_client: Any) -> None:
    def raises(_: Any) -> Any:
        raise RuntimeError("SELECT secret FROM core_member")

    client = make_client(modules={"posters": posters(raises)})
    with capture_logs() as logs:
        response = client.get("/posters/wall")
    assert (response.status_code, response.json()["code"]) == (500, "INTERNAL_SERVER_ERROR")
    assert "SELECT" not in response.text + str(logs)
    (line,) = logs
    assert (line["event"], line["plugin"], line["error"]) == ("plugin failed", "posters", "RuntimeError")


@on_sqlite
def test_no_plugin_answers_in_place_of_the_server(make_kit: Any) -> None:
    with pytest.raises(PluginError, match="the server answers /healthz itself"):
        build_app(make_kit(modules={"healthz": posters(_says("fine"))}))


# Errors, logs, health, pages


@on_sqlite
def test_an_error_of_ours_is_masked_and_its_id_stands_in_the_log(make_client: Any) -> None:
    client = make_client(modules={"badges": badges()})
    with capture_logs() as logs:
        response = post(client, "query Failing { badgesFail }")
    (error,) = response.json()["errors"]
    assert "SELECT" not in response.text
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    internal, line = logs
    assert internal["error_id"] == error["extensions"]["id"]
    assert internal["error"] == "RuntimeError"
    assert "SELECT" not in str(logs)
    assert (line["operation"], line["status"], line["codes"]) == ("Failing", 200, ["INTERNAL_SERVER_ERROR"])


@on_sqlite
def test_what_is_no_json_is_an_error_of_ours(make_client: Any) -> None:
    client = make_client(modules={"badges": badges()})
    with capture_logs() as logs:
        response = post(client, "{ badgesOdd }")
    assert response.status_code == 500
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    internal, line = logs
    assert internal["error_id"] == error["extensions"]["id"]
    assert line["status"] == 500


@on_sqlite
def test_what_the_server_has_to_say_is_a_line_of_our_log(make_client: Any) -> None:
    client = make_client()
    address = (client.base_url.host, client.base_url.port or 0)
    with capture_logs() as logs, socket.create_connection(address) as wire:
        wire.sendall(b"hello\r\n\r\n")
        assert b" 400 " in wire.recv(1_000).split(b"\r\n")[0]
    assert logs == [{"event": "server", "log_level": "warning", "said": "Invalid HTTP request received."}]


@on_sqlite
def test_who_goes_away_while_sending_leaves_a_line_and_no_error(make_client: Any) -> None:
    client = make_client()
    address = (client.base_url.host, client.base_url.port or 0)
    with capture_logs() as logs:
        with socket.create_connection(address) as wire:
            head = "POST /graphql HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: 100"
            wire.sendall(head.encode() + b"\r\n\r\n" + b'{"query"')
        while not logs:
            client.get("/healthz")
    assert [(line["log_level"], line["status"], line["codes"]) for line in logs] == [("info", 400, ["BAD_REQUEST"])]


@on_sqlite
def test_where_the_database_is_stands_in_the_log_alone(make_client: Any) -> None:
    said = "the database postgresql://till@10.0.0.7/shop does not answer (no password)"
    client = make_client(modules={"badges": badges(Unavailable(said, database="postgresql://till@10.0.0.7/shop"))})
    with capture_logs() as logs:
        response = post(client, "{ badgesFail }")
    (error,) = response.json()["errors"]
    assert error["message"] == "The database does not answer; send it again."
    assert error["extensions"] == {"code": "UNAVAILABLE", "parameters": {}}
    assert "10.0.0.7" not in response.text
    assert logs[0]["reason"] == said


def test_each_request_leaves_one_line_without_what_was_sent(client: httpx.Client) -> None:
    text = "query Find($filter: MemberFilter) { members(filter: $filter) { nodes { name } } }"
    headers = token(SETTINGS, STAFF)
    with capture_logs() as logs:
        post(client, text, headers, variables={"filter": {"name": "Confidential"}})
    (line,) = logs
    assert (line["event"], line["operation"], line["viewer"], line["codes"]) == ("graphql", "Find", "staff", [])
    assert line["milliseconds"] > 0
    assert "Confidential" not in str(line)
    assert headers["authorization"].removeprefix("Bearer ") not in str(line)


@on_sqlite
def test_a_client_does_not_wait_for_the_end_of_its_snapshot(make_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client, is_answered = make_client(), Event()

    def end(*_: object) -> None:
        assert is_answered.wait(30)
        message = "the connection is lost"
        raise Unavailable(message, database="here")

    with capture_logs() as logs:
        monkeypatch.setattr(Context, "__exit__", end)
        assert post(client, "{ __typename }").json()["data"] == {"__typename": "Query"}
        is_answered.set()
        while len(logs) < 2:
            client.get("/healthz")
    assert [(line["event"], line["log_level"]) for line in logs] == [("graphql", "info"), ("graphql_end", "warning")]
    assert logs[1]["error"] == "Unavailable"


def test_a_token_that_was_read_before_expires_all_the_same() -> None:
    now = datetime.now(UTC)
    text = tokens.issue(SETTINGS, STAFF, now)
    assert tokens.read(SETTINGS, text, now, ()) == STAFF
    for wrong, then in ((text, now + tokens.LIFETIME), (f"{text[:-3]}AAA", now)):
        with pytest.raises(tokens.BadToken):
            tokens.read(SETTINGS, wrong, then, ())
    with pytest.raises(tokens.BadToken):
        tokens.read(evolve(SETTINGS, secret=SECRET[::-1]), text, now, ())


def test_health_says_whether_the_database_answers(make_client: Any) -> None:
    client = make_client()
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok", "suspended": []}


@on_sqlite
def test_readiness_ends_with_the_database(make_kit: Any, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    kit: Kit = make_kit()
    client = serve(build_app(kit))
    monkeypatch.setattr(kit, "read", lambda: (_ for _ in ()).throw(ConnectionError("gone")))
    assert client.get("/healthz").status_code == 200
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"status": "no database"})


def built(folder: Any, monkeypatch: Any) -> None:
    """Let a folder be what was built of GraphiQL."""
    (folder / "index.html").write_text("<title>GraphiQL</title>")
    (folder / "assets").mkdir()
    (folder / "assets/main.js").write_text("1")
    monkeypatch.setattr(pages.graphiql, "__defaults__", (folder,))


@on_sqlite
def test_graphiql_comes_from_files_of_the_package(make_kit: Any, serve: Serve, tmp_path: Any, monkeypatch: Any) -> None:
    built(tmp_path, monkeypatch)
    client = serve(build_app(make_kit()))
    page, script = client.get("/", follow_redirects=True), client.get("/graphiql/assets/main.js")
    assert (page.text, script.text) == ("<title>GraphiQL</title>", "1")
    for response in (page, script):
        assert "default-src 'self'" in response.headers["content-security-policy"]


@on_sqlite
def test_graphiql_is_told_the_examples_in_the_language_of_the_browser(
    make_client: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    built(tmp_path, monkeypatch)
    client = make_client()
    told = client.get("/graphiql/config.json").json()
    assert (told["endpoint"], told["language"]) == ("/graphql", "en")
    first = told["examples"][0]
    assert (first["owner"], first["name"], first["title"]) == ("core", "Members", "Members, page by page")
    assert first["query"].startswith("query Members(")
    assert first["variables"] == {"first": 10}
    chinese = client.get("/graphiql/config.json", headers={"accept-language": "zh-CN,zh;q=0.9"}).json()
    assert (chinese["language"], chinese["examples"][0]["title"]) == ("zh", "会员列表（分页）")


@on_sqlite
@pytest.mark.parametrize(
    ("introspection", "headers", "shown"),
    [
        ("public", {}, True),
        ("authenticated", {}, False),
        ("authenticated", token(SETTINGS, STAFF), True),
        ("authenticated", {"authorization": "Bearer forged"}, False),
        ("off", token(SETTINGS, STAFF), False),
    ],
)
def test_who_may_not_see_the_schema_is_shown_no_examples_of_it(
    make_client: Any, tmp_path: Any, monkeypatch: Any, introspection: str, headers: Any, *, shown: bool
) -> None:
    built(tmp_path, monkeypatch)
    client = make_client(graphql={"introspection": introspection})
    response = client.get("/graphiql/config.json", headers=headers)
    assert response.status_code == 200
    assert bool(response.json()["examples"]) is shown


@on_sqlite
def test_graphiql_that_is_not_built_says_how_to_build_it(
    make_kit: Any, serve: Serve, tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(pages.graphiql, "__defaults__", (tmp_path,))
    response = serve(build_app(make_kit())).get("/graphiql/")
    assert response.status_code == 503
    assert "make dev" in response.text


def test_requests_at_the_same_time_each_get_their_own_answer(make_client: Any) -> None:
    client, headers = make_client(), token(SETTINGS, STAFF)
    text = "mutation ($name: String) { register(input: {name: $name}) { outcome member { name } } }"
    answers: dict[str, Any] = {}

    def ask(name: str) -> None:
        answers[name] = post(client, text, headers, variables={"name": name}).json()["data"]["register"]

    threads = [Thread(target=ask, args=(f"member {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {
        f"member {number}": {"outcome": "SETTLED", "member": {"name": f"member {number}"}} for number in range(8)
    }
