"""No error of any chat class repeats its key, in whatever form and place a server sends it back."""

from __future__ import annotations

import base64
import json
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from modelport.credential import (
    AnthropicCredential,
    DashScopeCredential,
    GeminiCredential,
    OllamaCredential,
    OpenAICredential,
)
from modelport.error import AuthenticationError, ModelError
from modelport.message import UserMsg
from modelport.model import ChatResponse, OllamaChatModel, OpenAIChatModel
from modelport.ports.websocket import WebSocketRequest
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.transport import AiohttpTransport, HttpRequest, HttpxTransport
from tests.contract.samples import OLLAMA, SAMPLES, Sample, question

KEY = "sk-Secret/key+01=23"
FORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "json in json": lambda key: json.dumps(json.dumps({"k": key})),
    "escaped": lambda key: "".join(f"\\u{ord(sign):04x}" for sign in key),
    "url": lambda key: quote(key, safe=""),
    "base64": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "split": lambda key: f"{key[:6]}\n {key[6:]}",
    "masked": lambda key: key[:12] + "****",
}
KEYED = [sample for sample in SAMPLES if sample is not OLLAMA]


def model_of(sample: Sample, url: str, **options: Any) -> Any:  # Any: options, and the class
    model: Any = sample.model(url, max_retries=0, **options)
    model.credential.api_key = type(model.credential.api_key)(KEY)
    return model


async def error_of(model: Any, **fields: Any) -> ModelError:  # Any: a chat model
    with pytest.raises(ModelError) as caught:
        answer = await model(question(), **fields)
        if not isinstance(answer, ChatResponse):
            async for _ in answer:
                pass
    return caught.value


def all_of(error: ModelError) -> str:
    """All that a program may show of it, its causes included."""
    shown = [str(error), repr(error), error.message, error.body, error.code, error.request_id, error.attempts]
    return "\n".join([*map(str, shown), *traceback.format_exception(error)])


def leaked(error: ModelError, written: str) -> list[str]:
    shown = all_of(error)
    pieces = {KEY, KEY[:8], KEY[-8:], written, written[4:-4], *(piece.strip() for piece in written.split("\n"))}
    return sorted(piece for piece in pieces if piece in shown)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sample", KEYED, ids=str)
class TestWhatServersRepeat:
    async def test_in_an_error_body(self, sample: Sample, form: str) -> None:
        written = FORMS[form](KEY)
        body = {"error": {"message": f"wrong key {written}!", "code": written, "type": written}, "request_id": written}
        headers = {"x-request-id": FORMS["url"](KEY)} if form == "url" else {}
        async with ScriptedServer([ScriptedAnswer.json(body, 401, headers)]) as server:
            error = await error_of(model_of(sample, server.base_url))
        assert isinstance(error, AuthenticationError)
        assert leaked(error, written) == []

    async def test_in_text_instead_of_json(self, sample: Sample, form: str) -> None:
        written = FORMS[form](KEY)
        answer = ScriptedAnswer.whole(f"<html>{'x' * 1900} {written} {'y' * 200}".encode(), "text/html", 500)
        async with ScriptedServer([answer]) as server:
            error = await error_of(model_of(sample, server.base_url))
        assert leaked(error, written) == []

    @pytest.mark.parametrize("stream", [True, False])
    async def test_in_an_answer_of_the_wrong_shape(self, sample: Sample, form: str, stream: bool) -> None:
        written = FORMS[form](KEY)
        value = {name: written for name in ("candidates", "choices", "content", "output", "type", "error", "message")}
        answer = sample.stream(f"data: {json.dumps(value)}\n\n".encode()) if stream else ScriptedAnswer.json(value)
        async with ScriptedServer([answer]) as server:
            error = await error_of(model_of(sample, server.base_url, stream=stream))
        assert leaked(error, written) == []


@pytest.mark.parametrize("transport", [HttpxTransport, AiohttpTransport])
@pytest.mark.parametrize(
    "head",
    ["HTTP/1.1 200 OK\r\nbroken {}\r\n\r\n", "HTTP/9 {}\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n"],
)
@pytest.mark.parametrize("sample", KEYED[:3], ids=str)
async def test_in_a_broken_head(sample: Sample, head: str, transport: Any) -> None:
    async with ScriptedServer([ScriptedAnswer(body=[head.format(KEY).encode()], raw=True)]) as server:
        used = transport()
        error = await error_of(model_of(sample, server.base_url, transport=used))
        await used.aclose()
    assert KEY not in all_of(error).replace("\\", "")


async def test_secrets_of_the_url_and_of_extra_headers() -> None:
    words = [f"{name}-0123456789" for name in ("password", "signature", "header")]
    answer = ScriptedAnswer.json({"error": {"message": " ".join(words)}}, 400)
    async with ScriptedServer([answer]) as server:
        url = server.base_url.replace("//", f"//user:{words[0]}@") + f"/v1?sig={words[1]}"
        model = OpenAIChatModel(OpenAICredential(api_key="", base_url=url), "m", max_retries=0)
        error = await error_of(model, extra_headers={"x-api-key": words[2]})
    assert not [word for word in words if word in all_of(error)]


SECRET_URLS = [
    "https://user:password-01@host.test/v1",
    "https://token-password-01@host.test/v1",
    "https://host.test/v1?api_key=password-01&a=1",
]


@pytest.mark.parametrize("url", SECRET_URLS)
def test_no_repr_has_the_secrets_of_a_url(url: str) -> None:
    socket = WebSocketRequest(url.replace("http", "ws"), {"authorization": "password-01-PlantedWord7"})
    shown = [
        OllamaCredential(host=url),
        HttpRequest("GET", url, {"x": "password-01-PlantedWord7"}, b"password-01-PlantedWord7"),
        socket,
    ]
    for cls in (OpenAICredential, AnthropicCredential, GeminiCredential, DashScopeCredential):
        credential = cls(api_key="password-01-PlantedWord7", base_url=url)
        shown += [credential, credential.endpoint()]
    for value in shown:
        assert "password-01-PlantedWord7" not in f"{value!r} {value}" and "host.test" in repr(value)


UNUSABLE = [
    "line\nbreak-in-key",
    "carriage\rreturn-key",
    "umlaut-kéy-0123",
    "nul\x00key-0123",
    "two words-0123",
    "\x9bkey",
]


@pytest.mark.parametrize("key", UNUSABLE, ids=ascii)
@pytest.mark.parametrize("sample", KEYED, ids=str)
async def test_a_key_that_cannot_be_sent_costs_no_request(sample: Sample, key: str) -> None:
    async with ScriptedServer([sample.whole_stream]) as server:
        model = sample.model(server.base_url)
        model.credential.api_key = type(model.credential.api_key)(key)  # type: ignore[attr-defined]
        error = await error_of(model)
        assert server.requests == []
    assert isinstance(error, AuthenticationError)
    assert key not in all_of(error) and repr(key)[1:-1] not in all_of(error)
    assert error.attempts == ()


@pytest.mark.shows_secrets("an organization, which is not secret, has the words of a key here")
@pytest.mark.parametrize("key", UNUSABLE, ids=ascii)
def test_neither_are_other_values_of_a_credential(key: str) -> None:
    with pytest.raises(AuthenticationError) as caught:
        OllamaCredential(host="https://ollama.com", api_key=key).endpoint()
    assert key not in str(caught.value)
    if " " in key:
        return  # which an organization may have
    for field in ("organization", "project"):
        with pytest.raises(AuthenticationError) as caught:
            OpenAICredential(api_key="k-PlantedWord7", **{field: key}).endpoint()
        assert key not in str(caught.value) and field in str(caught.value)


@pytest.mark.parametrize(
    "credential", [OpenAICredential, AnthropicCredential, GeminiCredential, DashScopeCredential, OllamaCredential]
)
def test_line_breaks_around_a_key_do_not_matter(credential: Any) -> None:
    where = {"host": "https://ollama.com"} if credential is OllamaCredential else {}
    values = credential(api_key=" sk-0123\r\n", **where).endpoint().headers.values()
    assert [value.split()[-1] for value in values] == ["sk-0123"]


async def test_an_unusable_key_of_ollama_costs_no_request() -> None:
    model = OllamaChatModel(OllamaCredential(host="https://ollama.com", api_key="a\nb"), "m", max_retries=2)
    with pytest.raises(AuthenticationError):
        await model([UserMsg("user", "hi")])
