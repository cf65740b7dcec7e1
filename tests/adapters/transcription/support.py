"""What the tests of speech-to-text share: audio, answers, and calls at a loopback server."""

from __future__ import annotations

import email
import email.policy
import json
from typing import Any

from modelport.domain.message.wav import streaming_header
from modelport.stt import STTModelBase, Transcript
from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer

__all__ = ["WAV", "Json", "form", "said", "sse", "whole"]

Json = dict[str, Any]  # Any: JSON
WAV = streaming_header(16_000, size=320) + bytes(320)


def sse(*payloads: Json | str) -> ScriptedAnswer:
    texts = [each if isinstance(each, str) else json.dumps(each) for each in payloads]
    data = "".join(f"data: {text}\n\n" for text in texts).encode()
    return ScriptedAnswer(200, {"content-type": "text/event-stream"}, [data])


def form(request: RecordedRequest) -> list[tuple[str, Any]]:
    """The fields of a form upload, read by the standard library: texts, and files as their name, type and bytes."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = email.message_from_bytes(head + request.body, policy=email.policy.HTTP)
    found: list[tuple[str, Any]] = []
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        file = part.get_filename()
        found.append((str(name), (file, part.get_content_type(), data) if file else bytes(data).decode()))
    return found


async def whole(model: STTModelBase, audio: Any = WAV, **options: Any) -> Transcript:
    """The whole transcript."""
    return (await said(model, audio, **options))[-1]


async def said(model: STTModelBase, audio: Any = WAV, **options: Any) -> list[Transcript]:
    """Every step of the answer, the last one being all of it."""
    answer = await model.transcribe(audio, **options)
    steps = [answer] if isinstance(answer, Transcript) else [step async for step in answer]
    assert [step.is_last for step in steps] == [False] * (len(steps) - 1) + [True]
    return steps
