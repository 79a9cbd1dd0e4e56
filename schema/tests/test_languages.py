"""What clients are told, in the language that they say they read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from string import Formatter
from typing import Any

import httpx
import pytest
from marshmallow import fields
from starlette.applications import Starlette

from corekit import Declares, ErrorText, Kit
from corekit.testing.modules import plugin_module
from corekit_schema import (
    Graph,
    Input,
    Mutation,
    MutationField,
    Object,
    Payload,
    Viewer,
    build_app,
    invalid,
    public,
    tokens,
)
from corekit_schema.inputs import ERRORS
from corekit_schema.languages import language_of

SECRET = "a secret of more than thirty-two characters"
REGISTER = """mutation ($input: RegisterInput!) { register(input: $input) {
    member { id } userErrors { path code message parameters } } }"""
HOLD = """mutation ($input: PlaceHoldInput!) { placeHold(input: $input) { userErrors { code message } } }"""
UNFREEZE = """mutation ($input: UnfreezeInput!) { unfreeze(input: $input) { userErrors { code message } } }"""
OPEN = """mutation ($input: ShopOpenInput!) { shopOpen(input: $input) { userErrors { code message } } }"""


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("zh-Hans", "zh"),
        ("ZH-hans-SG", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.8, zh-CN;q=0.9", "zh"),
        ("en-US,en;q=0.9,zh;q=0.5", "en"),
        ("de,fr;q=0.9", "en"),
        ("de, zh;q=0.1", "zh"),
        ("en, zh", "en"),  # as many of both: the first
        ("zh, en", "zh"),
        ("zh;q=0", "en"),
        ("zh;q=0.000, *", "en"),
        ("*", "en"),
        ("zh-TW", "en"),
        ("zh-Hant-CN", "en"),
        ("zh-HK, zh-CN;q=0.5", "zh"),
        ("zh; q=0.3 , en;q=0.2", "zh"),
        ("zh;q=2, en;q=0.1", "en"),
        ("zh;q=1.9, en;q=0.1", "en"),
        ("zh;q=nan", "en"),
        ("zhuang", "en"),
        (";;,,q=1", "en"),
    ],
)
def test_the_language_that_a_client_likes_best(header: str | None, language: str) -> None:
    assert language_of(header) == language


class ShopOpenInput(Input):
    """A shop that is to open."""

    why_not = fields.String(required=True, metadata={"description": "The code of the refusal."})


class ShopPayload(Payload, policy=public):
    """A shop."""


def refuse(_info: Any, values: dict[str, Any]) -> None:
    parameters = {"SHOP_CLOSED": {"until": 9}}.get(values["why_not"], {})
    raise invalid(values["why_not"], "The shop stays closed.", **parameters)


class ShopMutation(Object):
    """What a shop does."""

    shop_open = MutationField(ShopOpenInput, refuse, payload=ShopPayload, policy=public, description="Opens it.")


def shop() -> Any:
    """A plugin that refuses, with a sentence for each code, though not with every parameter."""
    texts = [
        ErrorText("SHOP_CLOSED", "The shop is closed until {until}.", "{until} 点开门。"),
        ErrorText("SHOP_SHUT", "The shop is shut until {until}.", "{until} 点开门。"),
    ]
    graph = Graph(extends={Mutation: ShopMutation})
    return plugin_module(Declares(errors=texts), "shop", corekit_graph=lambda: graph)


@pytest.fixture
def ask(make_kit: Any, serve: Callable[[Starlette], httpx.Client]) -> Callable[..., Any]:
    """Asks a server as staff, in a language."""
    kit: Kit = make_kit(["shop"], modules={"shop": shop()}, development=True, secret=SECRET)
    client = serve(build_app(kit))
    token = tokens.issue(kit.settings, Viewer(kind="staff", name="mira"), datetime.now(UTC))

    def ask(query: str, language: str | None, *, anonymous: bool = False, **variables: Any) -> Any:
        headers = {} if anonymous else {"authorization": f"Bearer {token}"}
        headers |= {"accept-language": language} if language else {}
        return client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)

    return ask


def told(response: httpx.Response, mutation: str = "register") -> Any:
    (error,) = response.json()["data"][mutation]["userErrors"]
    return error


def test_a_user_error_is_said_in_the_language_of_the_client_and_is_the_same_else(ask: Any) -> None:
    english, chinese = (told(ask(REGISTER, each, input={"email": "no address"})) for each in (None, "zh-CN,en;q=0.8"))
    assert english["message"] == "This is not an e-mail address."
    assert chinese["message"] == "电子邮件地址无效。"
    assert english | {"message": ""} == chinese | {"message": ""}


def test_its_sentence_is_filled_with_its_parameters(ask: Any) -> None:
    wanted = {"memberId": "TWVtYmVyOjAw", "account": "gold", "amount": "5", "seconds": 60}
    id_ = told(ask(HOLD, "zh", input=wanted), "placeHold")
    assert (id_["code"], id_["message"]) == ("ID_INVALID", "不是 Member 的编号。")
    choice = told(ask(REGISTER, "zh", input={"channel": "pigeon"}))
    assert choice["message"] == "不在可选项之中: pos、call_center、web、import、referral、api。"


def test_a_plugin_is_heard_and_english_stands_where_a_sentence_or_its_parameter_is_missing(ask: Any) -> None:
    said = [told(ask(OPEN, "zh", input={"whyNot": code}), "shopOpen") for code in ("SHOP_CLOSED", "SHOP_SHUT", "SHOP")]
    assert [each["message"] for each in said] == ["9 点开门。", "The shop stays closed.", "The shop stays closed."]


def test_a_refusal_told_again_is_said_in_the_language_of_who_asks_again(ask: Any) -> None:
    member = ask(REGISTER, None, input={"name": "李雷"}).json()["data"]["register"]["member"]["id"]
    wanted = {"memberId": member, "idempotencyKey": "k1"}
    said = [told(ask(UNFREEZE, language, input=wanted), "unfreeze") for language in ("en", "zh", "en")]
    assert {each["code"] for each in said} == {"MEMBER_STATE"}
    english = "A member that is active cannot take the step member.unfrozen."
    assert [each["message"] for each in said] == [english, "状态为 active 的会员不能执行 member.unfrozen。", english]


def test_errors_of_requests_are_said_in_it_as_well(ask: Any) -> None:
    for query, anonymous, english, chinese in (
        ("{ members { nodes { id } } }", True, "Say who you are: send a token.", "请出示有效令牌以说明身份。"),
        (
            "{ members(first: 1001) { nodes { id } } }",
            False,
            "Ask for at most 1000 items of a list.",
            "每页最多 1000 项。",
        ),
        ("{ nothing }", False, "Cannot query field 'nothing' on type 'Query'.", None),
    ):
        said = [ask(query, each, anonymous=anonymous).json()["errors"][0]["message"] for each in ("en", "zh")]
        assert said == [english, chinese or english]


def test_answers_are_kept_apart_by_their_language(ask: Any) -> None:
    assert ask("{ __typename }", "zh").headers["vary"] == "Accept, Accept-Language"


def test_no_chinese_sentence_wants_a_parameter_that_the_english_one_does_not(make_kit: Any) -> None:
    def wanted(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    texts = [*make_kit(["points"]).declared.errors.values(), *ERRORS]
    assert len(texts) > 100
    assert [text.code for text in texts if not wanted(text.zh) <= wanted(text.en)] == []
