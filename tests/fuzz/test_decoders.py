"""Whatever bytes a server sends, only our errors leave a call: hypothesis damages recorded answers of each protocol.

Run it for longer with `MODELPORT_FUZZ=20000 pytest tests/fuzz`: that many examples for each test.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelport.credential import DashScopeCredential, GeminiCredential, OllamaCredential, OpenAICredential
from modelport.embedding import (
    DashScopeEmbeddingModel,
    GeminiEmbeddingModel,
    OllamaEmbeddingModel,
    OpenAIEmbeddingModel,
)
from modelport.error import ModelError
from modelport.model import ChatResponse
from modelport.transport import HttpRequest, HttpResponse, RetryPolicy
from modelport.tts import DashScopeTTSModel
from tests.cassettes import CASSETTES
from tests.contract.samples import (
    ANTHROPIC,
    DASHSCOPE,
    DEEPSEEK,
    GEMINI,
    MOONSHOT,
    OLLAMA,
    OPENAI,
    OPENAI_RESPONSES,
    XAI,
    Sample,
    question,
)

EXAMPLES = int(os.environ.get("MODELPORT_FUZZ", "25"))
CHAT = {
    "openai": OPENAI,
    "openai_responses": OPENAI_RESPONSES,
    "anthropic": ANTHROPIC,
    "gemini": GEMINI,
    "dashscope": DASHSCOPE,
    "deepseek": DEEPSEEK,
    "moonshot": MOONSHOT,
    "xai": XAI,
    "ollama": OLLAMA,
}
DEEP = {f"@deep{levels}@": "[" * levels + "]" * levels for levels in (900, 1000, 1020, 5000)}
DEEP |= {f"@deep object {levels}@": '{"a":' * levels + "1" + "}" * levels for levels in (900, 1020)}
RAW = {
    **DEEP,
    "@long@": "9" * 401,
    "@negative@": "-" + "9" * 5000,
    "@infinite@": "1e999",
    "@nan@": "NaN",
    "@half@": '"\\ud800"',
}
"""What no JSON library writes, by what stands for it until then."""
YEARS = [
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00-14:00",
    "Fri, 31 Dec 9999 23:59:59 -0000",
    253402300800,
    -(10**18),
]
SOUNDS = [
    "abc",
    "=",
    "AAAA=AAAA",
    "é",
    "audio/L16;rate=99999999999",
    "audio/L16;rate=0",
    "audio/L16;rate=-1;channels=x",
    "/",
]
VALUES = st.one_of(
    st.sampled_from([*RAW, *YEARS, *SOUNDS, None, True, False, 0, -1, 1.5, 10**30, "", " ", "x", "\x00", [], {}, [[]]]),
    st.sampled_from(
        [[None], ["a", 1], {"": None}, {"type": "x"}, [{"type": 1}], {"text": ["a"]}, "[DONE]", "null", "{}"]
    ),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=2), max_leaves=4
    ),
)
HEADERS = {
    "retry-after": [
        "Fri, 31 Dec 9999 23:59:59 -0000",
        "Mon, 01 Jan 0001 00:00:00 +1400",
        "9" * 400,
        "1e999",
        "nan",
        "-1",
        "",
    ],
    "x-ratelimit-reset-requests": ["9" * 400, "9999999h", "é"],
    "content-type": [
        "",
        "text/event-stream",
        "application/json; charset=utf-16",
        "text/html",
        "application/x-ndjson",
        ";;;",
    ],
    "x-request-id": ["", "\x85"],
}


class Transport:
    """Gives one answer, in pieces."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes, size: int) -> None:
        self.status, self.headers, self._body, self._size = status, headers, body, size

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        return self

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self._body), self._size):
            yield self._body[at : at + self._size]

    async def aclose(self) -> None:
        pass


def bodies(folder: str) -> Iterator[tuple[str, bytes]]:
    """The recorded answers of a provider, with their content types."""
    for path in sorted((CASSETTES / folder).glob("*.yaml")):
        for interaction in yaml.safe_load(path.read_text())["interactions"]:
            response = interaction["response"]
            kind = response["headers"].get("content-type", ["application/json"])
            body = response["body"]["string"]
            yield (kind if isinstance(kind, str) else kind[0]), body.encode() if isinstance(body, str) else body


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # Any: JSON
    """Where a value can be replaced; not below 50 levels: Python 3.13 reads JSON deeper than its own calls may go."""
    if len(path) > 50:
        return
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    yield path
    for name, item in items:
        yield from places(item, (*path, name))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:  # Any: JSON
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def written(value: Any) -> str:  # Any: JSON
    text = json.dumps(value)
    for word, raw in RAW.items():
        text = text.replace(f'"{word}"', raw)
    return text


@st.composite
def damaged(draw: st.DrawFn, answers: list[tuple[str, bytes]]) -> tuple[dict[str, str], bytes]:
    """A recorded answer with one or two of its values replaced, or with broken bytes."""
    kind, body = draw(st.sampled_from(answers))
    lines = [body.decode()] if "stream" not in kind and "ndjson" not in kind else body.decode().splitlines()
    for _ in range(draw(st.integers(1, 2))):
        number = draw(st.integers(0, len(lines) - 1))
        field, payload = re.fullmatch("((?:data: ?)?)(.*)", lines[number], re.DOTALL).groups()  # type: ignore[union-attr]
        if any(raw in payload for raw in DEEP.values()):
            continue  # the first damage: deeper than the standard library writes again
        try:
            value = json.loads(payload)
        except (ValueError, RecursionError):
            continue
        where = draw(st.sampled_from(list(places(value))))
        lines[number] = field + written(replaced(value, where, draw(VALUES)))
    data = "\n".join(lines).encode("utf-8", "surrogatepass") + (b"\n\n" if len(lines) > 1 else b"")
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=4)) + data[at + draw(st.integers(0, 3)) :]
    headers = {"content-type": kind}
    if draw(st.integers(0, 4)) == 0:
        name = draw(st.sampled_from(sorted(HEADERS)))
        headers[name] = draw(st.sampled_from(HEADERS[name]))
    return headers, data


STATUSES = st.sampled_from([200, 200, 200, 200, 400, 429, 503])
SIZES = st.sampled_from([1 << 20, 1 << 20, 997, 16])
fuzz = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


async def call(model: Any, given: Any) -> None:  # Any: a model and its input
    """One call; raises anything but our errors."""
    try:
        answer = await model(given)
        if hasattr(answer, "__aiter__"):
            async for part in answer:
                repr(part)
        else:
            repr(answer)
            if isinstance(answer, ChatResponse):
                assert isinstance(answer.text, str)
    except ModelError as error:
        assert str(error)


@pytest.mark.parametrize("provider", CHAT)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_chat(provider: str, stream: bool) -> None:
    sample: Sample = CHAT[provider]

    @fuzz
    @given(damaged(list(bodies(provider))), STATUSES, SIZES)
    def run(answer: tuple[dict[str, str], bytes], status: int, size: int) -> None:
        transport = Transport(status, *answer, size)
        asyncio.run(
            call(sample.model("http://127.0.0.1:9", stream=stream, max_retries=0, transport=transport), question())
        )

    run()


EMBEDDINGS: dict[str, Callable[..., Any]] = {
    "openai": lambda **more: OpenAIEmbeddingModel(
        OpenAICredential(api_key="k-PlantedWord7"), "text-embedding-3-small", **more
    ),
    "dashscope": lambda **more: DashScopeEmbeddingModel(
        DashScopeCredential(api_key="k-PlantedWord7"), "text-embedding-v4", **more
    ),
    "gemini": lambda **more: GeminiEmbeddingModel(
        GeminiCredential(api_key="k-PlantedWord7"), "gemini-embedding-001", **more
    ),
    "ollama": lambda **more: OllamaEmbeddingModel(OllamaCredential(), "nomic-embed-text", **more),
}


@pytest.mark.parametrize("provider", EMBEDDINGS)
def test_embeddings(provider: str) -> None:
    @fuzz
    @given(damaged(list(bodies(f"{provider}_embedding"))), STATUSES, SIZES)
    def run(answer: tuple[dict[str, str], bytes], status: int, size: int) -> None:
        transport = Transport(status, *answer, size)
        asyncio.run(
            call(EMBEDDINGS[provider](transport=transport, retry_policy=RetryPolicy(max_retries=0)), ["a", "b"])
        )

    run()


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_speech(stream: bool) -> None:
    @fuzz
    @given(damaged(list(bodies("dashscope_tts"))), STATUSES, SIZES)
    def run(answer: tuple[dict[str, str], bytes], status: int, size: int) -> None:
        transport = Transport(status, *answer, size)
        retries = RetryPolicy(max_retries=0)
        credential = DashScopeCredential(api_key="k-PlantedWord7")
        model = DashScopeTTSModel(
            credential, "qwen3-tts-flash", stream=stream, transport=transport, retry_policy=retries
        )
        asyncio.run(call(model.synthesize, "hi"))

    run()


@pytest.mark.parametrize("provider", ["openai", "anthropic", "gemini", "ollama"])
def test_structured_output(provider: str) -> None:
    """The model's own text is damaged: it is JSON within the answer."""
    sample: Sample = CHAT[provider]
    kinds = [{"type": kind} for kind in ("integer", "number", "string", "boolean", "null", "array", "object")]
    schema = {"type": "object", "properties": {"a": {"anyOf": kinds}, "b": kinds[0], "c": {"enum": [1, "a", None]}}}

    @fuzz
    @given(
        st.dictionaries(st.sampled_from("abc"), VALUES, min_size=1),
        st.sampled_from(["{}", "```json\n{}\n```", "{} {}"]),
    )
    def run(value: dict[str, Any], around: str) -> None:
        words = around.replace("{}", written(value))
        body = json.dumps(sample.body).replace(json.dumps("Hello world"), json.dumps(words))
        transport = Transport(200, {"content-type": "application/json"}, body.encode(), 1 << 20)
        model = sample.model("http://127.0.0.1:9", stream=False, max_retries=0, transport=transport)
        asyncio.run(call(partial(model.generate_structured_output, structured_model=schema), question()))

    run()
