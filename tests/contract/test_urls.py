"""Where requests go: base URLs with a query, names of models and hosts that only look like the right ones."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from modelport.credential import (
    AnthropicCredential,
    DashScopeCredential,
    DeepSeekCredential,
    GeminiCredential,
    MoonshotCredential,
    OllamaCredential,
    OpenAICredential,
    XAICredential,
)
from modelport.embedding import (
    DashScopeEmbeddingModel,
    GeminiEmbeddingModel,
    OllamaEmbeddingModel,
    OpenAIEmbeddingModel,
)
from modelport.error import InvalidRequestError, ModelError
from modelport.message import UserMsg
from modelport.model import (
    AnthropicChatModel,
    DashScopeChatModel,
    DeepSeekChatModel,
    GeminiChatModel,
    MoonshotChatModel,
    OllamaChatModel,
    OpenAIChatModel,
    OpenAIResponseModel,
    XAIChatModel,
)
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer

KEY = "sk-0123456789-PlantedWord7"
KEYED = [
    AnthropicCredential,
    DashScopeCredential,
    DeepSeekCredential,
    GeminiCredential,
    MoonshotCredential,
    OpenAICredential,
    XAICredential,
]
CALLS: list[tuple[type[Any], type[Any], str, str]] = [
    (AnthropicChatModel, AnthropicCredential, "/v1", "/v1/messages"),
    (AnthropicChatModel, AnthropicCredential, "/proxy/v1/messages", "/proxy/v1/messages"),
    (DashScopeChatModel, DashScopeCredential, "/compatible-mode/v1", "/compatible-mode/v1/chat/completions"),
    (DashScopeChatModel, DashScopeCredential, "/api/v1", "/compatible-mode/v1/chat/completions"),
    (DeepSeekChatModel, DeepSeekCredential, "", "/chat/completions"),
    (GeminiChatModel, GeminiCredential, "", "/v1beta/models/m:generateContent"),
    (GeminiChatModel, GeminiCredential, "/v1/", "/v1/models/m:generateContent"),
    (MoonshotChatModel, MoonshotCredential, "/v1", "/v1/chat/completions"),
    (OllamaChatModel, OllamaCredential, "/below", "/below/api/chat"),
    (OpenAIChatModel, OpenAICredential, "/openai/deployments/d", "/openai/deployments/d/chat/completions"),
    (OpenAIResponseModel, OpenAICredential, "/v1/", "/v1/responses"),
    (XAIChatModel, XAICredential, "/v1", "/v1/responses"),
    (DashScopeEmbeddingModel, DashScopeCredential, "/compatible-mode/v1", "/api/v1/services/embeddings/"),
    (GeminiEmbeddingModel, GeminiCredential, "/v1beta", "/v1beta/models/m:batchEmbedContents"),
    (OllamaEmbeddingModel, OllamaCredential, "", "/api/embed"),
    (OpenAIEmbeddingModel, OpenAICredential, "/v1", "/v1/embeddings"),
]


def built(model: type[Any], credential: type[Any], url: str, name: str = "m") -> Any:  # Any: a model of any kind
    place = {"host": url} if credential is OllamaCredential else {"base_url": url, "api_key": KEY}
    whole = {"stream": False} if "Chat" in model.__name__ or "Response" in model.__name__ else {"dimensions": None}
    return model(
        credential(**place), name, max_retries=0, **{key: value for key, value in whole.items() if value is False}
    )


async def path_of(model: Any, server: ScriptedServer) -> str:  # Any: as above
    with pytest.raises(ModelError):
        await model(["text"] if "Embedding" in type(model).__name__ else [UserMsg("user", "Hi")])
    return server.requests[0].path


@pytest.mark.parametrize(("model", "credential", "base", "path"), CALLS)
@pytest.mark.parametrize("query", ["?api-version=2026-01-01", "?a=1&b=%2F", ""])
async def test_a_query_of_the_base_url_stays_behind_the_path(
    model: type[Any], credential: type[Any], base: str, path: str, query: str
) -> None:
    async with ScriptedServer([ScriptedAnswer.json({"error": {"message": "no"}}, 400)]) as server:
        sent = await path_of(built(model, credential, server.base_url + base + query), server)
    assert sent.startswith(path) and sent.endswith(query) and sent.count("?") == bool(query)


async def test_a_query_of_the_path_follows_that_of_the_base_url() -> None:
    async with ScriptedServer([ScriptedAnswer.json({"error": {"message": "no"}}, 400)]) as server:
        model = GeminiChatModel(GeminiCredential(api_key=KEY, base_url=server.base_url + "?x=1"), "m", max_retries=0)
        assert await path_of(model, server) == "/v1beta/models/m:streamGenerateContent?x=1&alt=sse"


@pytest.mark.parametrize("credential", KEYED)
@pytest.mark.parametrize(
    "url",
    [
        "http://[::1/v1",
        "http://host:99999/v1",
        "http://host:port/v1",
        "http://host:0",
        "http://",
        "https:///v1",
        "http://host/a b",
        "http://host/\\x",
        "http://host/\n",
        "http://ho\0st",
        "http://host/v1#part",
        "ftp://host/v1",
        "sk-a-key-in-the-wrong-place",
        "",
    ],
)
def test_a_url_that_can_never_work_is_refused_when_the_credential_is_built(credential: type[Any], url: str) -> None:
    if url.endswith("\n"):
        url = "http://ho\nst/v1"
    with pytest.raises(ValidationError, match="URL") as caught:
        credential(api_key=KEY, base_url=url)
    assert "wrong-place" not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "..",
        ".",
        "../x",
        "models/..",
        "models/../../upload/v1beta/files",
        "gemini/../../cachedContents/x",
        "models/./x",
        "models//x",
        "/x",
        "x/",
        "tunedModels/../x",
    ],
)
@pytest.mark.parametrize("model", [GeminiChatModel, GeminiEmbeddingModel])
async def test_the_name_of_a_model_does_not_leave_its_path(model: type[Any], name: str) -> None:
    async with ScriptedServer() as server:
        asked = built(model, GeminiCredential, server.base_url, name)
        with pytest.raises(InvalidRequestError, match="name of a model"):
            await asked(["text"] if model is GeminiEmbeddingModel else [UserMsg("user", "Hi")])
        assert server.requests == []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("%2e%2e/x", "%252e%252e/x"),
        ("a?b=c", "a%3Fb%3Dc"),
        ("a#b", "a%23b"),
        ("a\\..\\b", "a%5C..%5Cb"),
        ("a:b", "a%3Ab"),
        ("a@b", "a%40b"),
        ("..a", "..a"),
    ],
)
async def test_what_is_special_in_a_url_is_encoded(name: str, path: str) -> None:
    async with ScriptedServer([ScriptedAnswer.json({"error": {"message": "no"}}, 400)]) as server:
        sent = await path_of(built(GeminiChatModel, GeminiCredential, server.base_url, name), server)
    assert sent == f"/v1beta/models/{path}:generateContent"


@pytest.mark.parametrize(
    ("host", "goes"),
    [
        ("https://ollama.com", True),
        ("https://OLLAMA.com/", True),
        ("https://ollama.com.", True),
        ("https://api.ollama.com", True),
        ("ollama.com", True),
        ("https://evilollama.com", False),
        ("https://notollama.com", False),
        ("https://ollama.com.evil.example", False),
        ("https://evil.example/ollama.com", False),
        ("https://ollama.com@evil.example", False),
        ("https://evil.example?ollama.com", False),
        ("http://ollama.com", False),
        ("https://ollama.co", False),
    ],
)
def test_ollamas_key_goes_to_its_own_hosts_only(host: str, goes: bool) -> None:
    headers = OllamaCredential(host=host, api_key=KEY).endpoint().headers
    assert ("authorization" in headers) is goes


@pytest.mark.parametrize(
    ("written", "url"),
    [
        (":8080", "http://127.0.0.1:8080"),
        ("http://:8080", "http://127.0.0.1:8080"),
        ("::1", "http://[::1]:11434"),
        ("[::1]", "http://[::1]:11434"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("::", "http://[::1]:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ('"box"', "http://box:11434"),
        ("fe80::1", "http://[fe80::1]:11434"),
        ("gpu", "http://gpu:11434"),
        ("gpu:80/path/", "http://gpu:80/path"),
        ("http://me:word@gpu", "http://me:word@gpu:11434"),
        ("https://gpu/v1", "https://gpu"),
        ("http://gpu?x=1", "http://gpu:11434?x=1"),
    ],
)
def test_what_people_write_into_ollama_host(written: str, url: str) -> None:
    assert OllamaCredential(host=written).host == url


@pytest.mark.parametrize("written", ["", ":99999", "http://[::1", "ftp://gpu", "a b", "http://gpu:x", "https://", ":"])
def test_what_is_no_host(written: str) -> None:
    with pytest.raises(ValidationError, match="http://localhost:11434"):
        OllamaCredential(host=written)
