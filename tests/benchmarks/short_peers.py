"""Who makes the short calls of `short_call`: the bare libraries, the models, and the vendors' SDKs.

Each is a function that makes one call and returns the text of the answer, and one that closes its connections. An SDK
that is not installed raises `ImportError`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import orjson

from modelport import credential, model
from modelport.message import UserMsg
from modelport.transport import AiohttpTransport, HttpxTransport

One = Callable[[], Awaitable[str]]
Close = Callable[[], Awaitable[object]]
Peer = tuple[One, Close]
Json = dict[str, Any]  # Any: a provider's JSON
_HEADERS = {"content-type": "application/json", "authorization": "Bearer planted-word"}
_KEY = "planted-word"


@dataclass(frozen=True)
class Api:
    """One protocol: how a bare client asks and reads, and which model class speaks it.

    `whole` and `piece` give the text of an answer and of an event; `start` is what stands before an event's JSON.
    """

    path: str
    whole: Callable[[Json], str]
    piece: Callable[[Json], str]
    model: Callable[[str, Json], Any]  # Any: a chat model
    stream_path: str = ""
    end: bytes = b"\n\n"
    start: bytes = b"data: "
    ask: str = "messages"


def _made(cls: str, of: str, name: str, below: str = "", **given: str) -> Callable[[str, Json], Any]:
    def make(url: str, options: Json) -> Any:
        where = {"host": url} if of == "Ollama" else {"base_url": url + below, "api_key": _KEY}
        return getattr(model, cls)(getattr(credential, f"{of}Credential")(**where), name, **options)

    return make


def _chat_whole(answer: Json) -> str:
    return str(answer["choices"][0]["message"]["content"])


def _chat_piece(event: Json) -> str:
    return str(event["choices"][0]["delta"].get("content") or "") if event["choices"] else ""


def _gemini_text(answer: Json) -> str:
    return str(answer["candidates"][0]["content"]["parts"][0]["text"])


def _ollama_text(answer: Json) -> str:
    return str(answer["message"]["content"])


def _chat(cls: str, of: str, name: str) -> Api:
    return Api("/v1/chat/completions", _chat_whole, _chat_piece, _made(cls, of, name, "/v1"))


_GEMINI = "/v1beta/models/gemini-2.5-flash:"
APIS = {
    "OpenAI chat": _chat("OpenAIChatModel", "OpenAI", "gpt-4.1"),
    "Responses": Api(
        "/v1/responses",
        lambda answer: str(answer["output"][0]["content"][0]["text"]),
        lambda event: str(event["delta"]) if event["type"] == "response.output_text.delta" else "",
        _made("OpenAIResponseModel", "OpenAI", "gpt-4.1", "/v1"),
        ask="input",
    ),
    "Anthropic": Api(
        "/v1/messages",
        lambda answer: str(answer["content"][0]["text"]),
        lambda event: str(event["delta"]["text"]) if event["type"] == "content_block_delta" else "",
        _made("AnthropicChatModel", "Anthropic", "claude-sonnet-4-6"),
    ),
    "Gemini": Api(
        _GEMINI + "generateContent",
        _gemini_text,
        _gemini_text,
        _made("GeminiChatModel", "Gemini", "gemini-2.5-flash"),
        _GEMINI + "streamGenerateContent?alt=sse",
        ask="contents",
    ),
    "Ollama": Api(
        "/api/chat",
        _ollama_text,
        _ollama_text,
        _made("OllamaChatModel", "Ollama", "qwen3:8b"),
        end=b"\n",
        start=b"",
    ),
    "DashScope": _chat("DashScopeChatModel", "DashScope", "qwen-plus"),
    "DeepSeek": _chat("DeepSeekChatModel", "DeepSeek", "deepseek-chat"),
}


def _asked(api: Api, url: str, stream: bool) -> tuple[str, Callable[[], bytes]]:
    """The URL, and what makes the body, which a bare client writes for each call too."""
    body = {"model": "m", api.ask: [{"role": "user", "content": "hi"}], "stream": stream}
    return url + ((stream and api.stream_path) or api.path), lambda: orjson.dumps(body)


def _texts(api: Api, events: list[bytes]) -> Iterator[str]:
    """The texts of events, read with the least that is needed."""
    for event in events:
        data = event[event.find(api.start) + len(api.start) :]
        if data and data != b"[DONE]":
            yield api.piece(orjson.loads(data))


def bare_httpx(api: Api, url: str, stream: bool) -> Peer:
    """Httpx alone."""
    import httpx

    client = httpx.AsyncClient(timeout=60, verify=False)  # nothing here is encrypted, and certificates load slowly
    target, body = _asked(api, url, stream)

    async def whole() -> str:
        response = await client.post(target, content=body(), headers=_HEADERS)
        return api.whole(orjson.loads(response.content))

    async def streamed() -> str:
        texts: list[str] = []
        rest = b""
        async with client.stream("POST", target, content=body(), headers=_HEADERS) as response:
            async for data in response.aiter_bytes():
                *events, rest = (rest + data).split(api.end)
                texts += _texts(api, events)
        return "".join(texts)

    return streamed if stream else whole, client.aclose


def bare_aiohttp(api: Api, url: str, stream: bool) -> Peer:
    """Aiohttp alone."""
    import aiohttp

    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
    target, body = _asked(api, url, stream)

    async def whole() -> str:
        async with session.post(target, data=body(), headers=_HEADERS) as response:
            return api.whole(orjson.loads(await response.read()))

    async def streamed() -> str:
        texts: list[str] = []
        rest = b""
        async with session.post(target, data=body(), headers=_HEADERS) as response:
            async for data in response.content.iter_any():
                *events, rest = (rest + data).split(api.end)
                texts += _texts(api, events)
        return "".join(texts)

    return streamed if stream else whole, session.close


def _ours(api: Api, url: str, stream: bool, transport: Any) -> Peer:  # Any: an HttpTransport
    asked = api.model(url, {"stream": stream, "transport": transport})

    async def whole() -> str:
        answer = await asked([UserMsg(name="user", content="hi")])
        return str(answer.text)

    async def streamed() -> str:
        texts = []
        async for response in await asked([UserMsg(name="user", content="hi")]):
            if not response.is_last:
                texts.append(response.text)
        return "".join(texts)

    return streamed if stream else whole, asked.aclose


def ours_httpx(api: Api, url: str, stream: bool) -> Peer:
    """A model over httpx."""
    return _ours(api, url, stream, HttpxTransport())


def ours_aiohttp(api: Api, url: str, stream: bool) -> Peer:
    """A model over aiohttp."""
    return _ours(api, url, stream, AiohttpTransport())


def _openai(url: str, stream: bool) -> Peer:
    client = import_module("openai").AsyncOpenAI(base_url=url + "/v1", api_key=_KEY)
    ask: Json = {"model": "gpt-4.1", "messages": [{"role": "user", "content": "hi"}]}

    async def whole() -> str:
        answer = await client.chat.completions.create(**ask)
        return str(answer.choices[0].message.content)

    async def streamed() -> str:
        events = await client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True})
        return "".join([event.choices[0].delta.content or "" async for event in events if event.choices])

    return streamed if stream else whole, client.close


def _openai_responses(url: str, stream: bool) -> Peer:
    client = import_module("openai").AsyncOpenAI(base_url=url + "/v1", api_key=_KEY)

    async def whole() -> str:
        return str((await client.responses.create(model="gpt-4.1", input="hi")).output_text)

    async def streamed() -> str:
        events = await client.responses.create(model="gpt-4.1", input="hi", stream=True)
        return "".join([event.delta async for event in events if event.type == "response.output_text.delta"])

    return streamed if stream else whole, client.close


def _anthropic(url: str, stream: bool) -> Peer:
    client = import_module("anthropic").AsyncAnthropic(base_url=url, api_key=_KEY)
    ask: Json = {"model": "claude-sonnet-4-6", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]}

    async def whole() -> str:
        return str((await client.messages.create(**ask)).content[0].text)

    async def streamed() -> str:
        async with client.messages.stream(**ask) as stream:
            return "".join([text async for text in stream.text_stream])

    return streamed if stream else whole, client.close


def _gemini(url: str, stream: bool) -> Peer:
    client = import_module("google.genai").Client(api_key=_KEY, http_options={"base_url": url}).aio

    async def whole() -> str:
        return str((await client.models.generate_content(model="gemini-2.5-flash", contents="hi")).text)

    async def streamed() -> str:
        events = await client.models.generate_content_stream(model="gemini-2.5-flash", contents="hi")
        return "".join([event.text or "" async for event in events])

    return streamed if stream else whole, client.aclose


def _ollama(url: str, stream: bool) -> Peer:
    client = import_module("ollama").AsyncClient(host=url)
    ask: Json = {"model": "qwen3:8b", "messages": [{"role": "user", "content": "hi"}]}

    async def whole() -> str:
        return str((await client.chat(**ask)).message.content)

    async def streamed() -> str:
        return "".join([event.message.content or "" async for event in await client.chat(**ask, stream=True)])

    return streamed if stream else whole, client.close


SDKS: dict[str, tuple[str, Callable[[str, bool], Peer], str]] = {
    "OpenAI chat": ("openai SDK", _openai, "httpx"),
    "Responses": ("openai SDK", _openai_responses, "httpx"),
    "Anthropic": ("anthropic SDK", _anthropic, "httpx"),
    "Gemini": ("google-genai SDK", _gemini, "aiohttp"),
    "Ollama": ("ollama SDK", _ollama, "httpx"),
}
"""Name, function, and the library below: google-genai takes aiohttp where it is installed."""
