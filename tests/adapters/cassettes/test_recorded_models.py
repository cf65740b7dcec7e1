"""Every way of recording, with every class of models that can be recorded: no cassette holds the key of the call."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelport import credential as credentials
from modelport.composition.defaults import build_runtime
from modelport.credential import CredentialBase
from modelport.error import ModelportError
from modelport.message import TextBlock, UserMsg
from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer
from modelport.transport import RecordTransport, RecordWebSockets
from tests.adapters.cassettes.test_planted_secrets import KEYS, Connector, Talk, found
from tests.adapters.http.servers import BUILD
from tests.adapters.transcription.support import WAV
from tests.planted import KEY

Call = Callable[[Any], Any]
"""Uses a model, and reads all that it answers."""


async def read(answer: Any) -> None:  # Any: an answer or a stream of them
    if hasattr(answer, "__aiter__"):
        async for _ in answer:
            pass


async def chat(model: Any) -> None:
    await read(await model([UserMsg("user", [TextBlock(text="Hello")])]))


async def embed(model: Any) -> None:
    await model(["one", "two"])


async def speak(model: Any) -> None:
    await read(await model.synthesize("Hello."))


async def write_down(model: Any) -> None:
    await read(await model.transcribe(WAV))


async def talk(model: Any) -> None:
    async with model.connect() as session:
        await session.push_text("Hello")
        async for _ in session.events():
            pass


def classes() -> dict[str, tuple[type[CredentialBase], type[Any], Call]]:
    """Every model class with its credential and its use."""
    kinds = [getattr(credentials, name) for name in credentials.__all__]
    found_classes: dict[str, tuple[type[CredentialBase], type[Any], Call]] = {}
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, CredentialBase) and "api_key" in kind.model_fields):
            continue
        embedding = kind.get_embedding_model_class()
        of_kinds: list[tuple[list[type[Any]], Call]] = [
            (kind.get_chat_model_classes(), chat),
            ([embedding] if embedding else [], embed),
            (kind.get_tts_model_classes(), speak),
            (kind.get_stt_model_classes(), write_down),
            (kind.get_realtime_model_classes(), talk),
        ]
        found_classes |= {cls.__name__: (kind, cls, use) for models, use in of_kinds for cls in models}
    return found_classes


MODELS = classes()
SOCKETS = sorted(name for name in MODELS if "Realtime" in name)
OVER_HTTP = sorted(set(MODELS) - set(SOCKETS))
ANSWERS: dict[str, Callable[[str], ScriptedAnswer]] = {
    "json": lambda key: ScriptedAnswer.json({"text": f"the key is {key}", "id": key, "data": [{"embedding": key}]}),
    "refused": lambda key: ScriptedAnswer.json({"error": {"message": f"wrong key {key}", "code": key}}, 401),
    "headers": lambda key: ScriptedAnswer.json({}, 400, {"x-request-id": key, "server": key, "x-tenant": key}),
    "sse": lambda key: ScriptedAnswer.sse(
        *(json.dumps({"choices": [{"delta": {"content": part}}]}) for part in ("Your ", key[:4], key[4:9], key[9:]))
    ),
    "ndjson": lambda key: ScriptedAnswer.whole(
        b"".join(json.dumps({"message": {"content": part}}).encode() + b"\n" for part in (key[:5], key[5:], key)),
        "application/x-ndjson",
    ),
    "base64": lambda key: ScriptedAnswer.json({"audio": base64.b64encode(f"{key}".encode()).decode()}),
    "html": lambda key: ScriptedAnswer.whole(f'<a href="/?k={quote(key, safe="")}">'.encode(), "text/html", 502),
    "bytes": lambda key: ScriptedAnswer.whole(b"\xff\xfb" + key.encode() + b"\0" * 9, "audio/mpeg"),
}


def written(folder: str) -> str:
    return "".join(path.read_text() for path in Path(folder).rglob("*") if path.is_file())


async def recorded(name: str, answer: str, transport: str, key: str, folder: str) -> str:
    """What the cassette says of one call, whether it succeeds or fails."""
    kind, cls, use = MODELS[name]
    sent: list[RecordedRequest] = []

    def handle(request: RecordedRequest) -> ScriptedAnswer:
        sent.append(request)
        known = any(key in value for value in request.headers.values())  # Ollama's key goes to its cloud only
        return ANSWERS[answer](key if known else "no-key-was-sent")

    async with ScriptedServer(handle) as server:
        recorder = RecordTransport(BUILD[transport](), folder)
        where = {"host": server.base_url} if "host" in kind.model_fields else {"base_url": server.base_url}
        credential = kind.model_validate({"api_key": key, **where})
        model: Any = cls(credential, "m", max_retries=0, transport=recorder)
        with suppress(ModelportError):
            await use(model)
        await recorder.aclose()
    assert sent, f"{name} sent nothing"
    return written(folder)


number = count()
PAIRS = [(name, answer, sorted(BUILD)[next(number) % len(BUILD)]) for name in OVER_HTTP for answer in ANSWERS]


@pytest.mark.parametrize(("name", "answer", "transport"), PAIRS)
async def test_over_http(name: str, answer: str, transport: str, tmp_path: Path) -> None:
    text = await recorded(name, answer, transport, KEY, str(tmp_path))
    assert "interactions" in text and found(text, KEY) == []


@settings(max_examples=20)
@given(st.sampled_from(OVER_HTTP), st.sampled_from(sorted(ANSWERS)), st.sampled_from(sorted(BUILD)), KEYS)
def test_any_key_over_http(name: str, answer: str, transport: str, key: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert found(asyncio.run(recorded(name, answer, transport, key, folder)), key) == []


def frames(key: str) -> list[str | bytes]:
    """What a server may say of the key, whichever protocol it is."""
    messages: list[Any] = [
        {"type": "error", "error": {"message": f"wrong key {key}", "code": key}},
        {"header": {"event": "task-failed", "error_message": f"Bearer {key}", "task_id": key}, "payload": {}},
        {"type": "response.text.delta", "delta": key[:6]},
        {"type": "response.text.delta", "delta": key[6:]},
        {"serverContent": {"modelTurn": {"parts": [{"text": json.dumps({"api_key": key})}]}}},
        {"type": "session.created", "session": {"client_secret": {"value": key}}},
    ]
    return [*map(json.dumps, messages), key.encode(), f"https://x.test/?token={quote(key, safe='')}"]


async def conversation(name: str, key: str, folder: str) -> str:
    kind, cls, use = MODELS[name]
    line = Talk(*frames(key))
    line.reason = key
    recorder = RecordWebSockets(Connector(line), folder)
    runtime = dataclasses.replace(build_runtime(), websockets=recorder)
    with suppress(ModelportError):
        async with asyncio.timeout(20):
            await use(cls(kind.model_validate({"api_key": key}), "m", runtime=runtime))
    await recorder.aclose()
    return written(folder)


@pytest.mark.parametrize("name", SOCKETS)
async def test_over_websockets(name: str, tmp_path: Path) -> None:
    text = await conversation(name, KEY, str(tmp_path))
    assert "conversations" in text and found(text, KEY) == []


@settings(max_examples=10)
@given(st.sampled_from(SOCKETS), KEYS)
def test_any_key_over_websockets(name: str, key: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert found(asyncio.run(conversation(name, key, folder)), key) == []


def test_no_kind_of_model_is_missing() -> None:
    uses = {use for _, _, use in MODELS.values()}
    assert uses == {chat, embed, speak, write_down, talk}
    assert len([name for name in SOCKETS if MODELS[name][2] is talk]) >= 4 and len(OVER_HTTP) > 20
