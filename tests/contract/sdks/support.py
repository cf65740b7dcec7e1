"""What the tests with official SDKs of speech and speech-to-text share: one script for both clients, and our side."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from modelport.composition.providers.registry import ProviderRegistry
from modelport.credential import CredentialBase
from modelport.domain.message.wav import pcm_of_wav
from modelport.stt import Transcript
from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer
from modelport.tts import TTSResponse, join_audio
from tests.adapters.transcription.support import WAV, Json, form, said, sse

__all__ = [
    "FILE",
    "KEY",
    "PCM",
    "TEXT",
    "WAV",
    "Json",
    "Spoken",
    "credential_of",
    "fields_of",
    "listen",
    "named",
    "played_twice",
    "said",
    "speak",
    "sse",
]

KEY = "sk-test-key-PlantedWord7"
TEXT = "The train leaves at nine."
PCM = bytes(range(250)) * 4
FILE = ("audio.wav", WAV, "audio/wav")


@asynccontextmanager
async def played_twice(answer: ScriptedAnswer) -> AsyncIterator[ScriptedServer]:
    """A server that answers the SDK and then our class the same way, and no more often."""
    async with ScriptedServer([answer, answer]) as server:
        yield server
        assert len(server.requests) == 2, "one request of each client"


def credential_of(provider: str, server: ScriptedServer) -> CredentialBase:
    """The credential of a provider that is data, at the server and with the path of the provider's own base URL."""
    found = ProviderRegistry().get(provider)
    fields = {"api_key": KEY, "base_url": server.base_url + urlsplit(found.base_url).path}
    return found.credential_class().model_validate(fields)


async def listen(
    provider: str, server: ScriptedServer, name: str, stream: bool = False, **parameters: Any
) -> Transcript:
    """The transcript, by our class."""
    credential = credential_of(provider, server)
    (cls,) = credential.get_stt_model_classes()
    model = cls(credential, name, cls.Parameters(**parameters), stream, max_retries=0)
    return (await said(model))[-1]


class Spoken:
    """The audio of an answer and its last response."""

    def __init__(self, steps: list[TTSResponse]) -> None:
        self.audio = join_audio(steps).to_bytes()
        self.last = steps[-1]

    @property
    def samples(self) -> bytes:
        return pcm_of_wav(self.audio)


async def speak(provider: str, server: ScriptedServer, name: str, stream: bool = False, **parameters: Any) -> Spoken:
    """The speech of `TEXT`, by our class."""
    credential = credential_of(provider, server)
    (cls,) = credential.get_tts_model_classes()
    model = cls(credential, name, cls.Parameters(**parameters), stream, max_retries=0)
    answer = await model.synthesize(TEXT)
    return Spoken([answer] if isinstance(answer, TTSResponse) else [step async for step in answer])


def named(*events: Json) -> ScriptedAnswer:
    """Events with their type as the name, too."""
    data = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()
    return ScriptedAnswer(200, {"content-type": "text/event-stream"}, [data])


def fields_of(request: RecordedRequest) -> Json:
    """The fields of a form by name; those that repeat as sorted lists."""
    found: dict[str, list[Any]] = {}
    for name, value in form(request):
        found.setdefault(name, []).append(value)
    return {
        name: values[0] if len(values) == 1 and not name.endswith("[]") else sorted(values)
        for name, values in found.items()
    }
