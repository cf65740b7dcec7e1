"""Groq's SDK and our classes at the same server: speech and speech-to-text, both ways.

Facts: docs/protocols/openai-tts.md#compatible-servers, docs/protocols/speech-to-text.md#openai-files.
"""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.message.wav import streaming_header
from modelport.error import AuthenticationError, ModelError, QuotaExceededError, RateLimitError
from modelport.testing.servers.http import ScriptedAnswer
from tests.contract.sdks.support import FILE, KEY, PCM, TEXT, Json, fields_of, listen, played_twice, speak

groq = pytest.importorskip("groq", reason="the SDK is not installed: it is in the extra `test`")

FULL: Json = {
    "task": "transcribe",
    "language": "English",
    "duration": 5.49,
    "text": " The train leaves at nine.",
    "segments": [{"id": 0, "start": 0.0, "end": 4.8, "text": " The train leaves", "avg_logprob": -0.3}],
    "words": [{"word": "The", "start": 0.0, "end": 0.2}, {"word": "train", "start": 0.2, "end": 0.5}],
    "x_groq": {"id": "req_1"},
}


def client_at(url: str) -> Any:  # Any: an SDK's
    return groq.AsyncGroq(api_key=KEY, base_url=url, max_retries=0)


@pytest.mark.parametrize("stream", [False, True])
async def test_speech(stream: bool) -> None:
    answer = ScriptedAnswer(200, {"content-type": "audio/wav"}, [streaming_header(24_000), PCM[:333], PCM[333:]])
    async with played_twice(answer) as server:
        async with client_at(server.base_url) as client:
            theirs = await client.audio.speech.create(
                model="orpheus", input=TEXT, voice="hannah", response_format="wav", speed=1.5
            )
            file = await theirs.read()
        ours = await speak("groq", server, "orpheus", stream, voice="hannah", speed=1.5)
        first, second = server.requests
    assert file.endswith(PCM) and ours.samples == PCM
    assert first.json() == second.json() and first.path == second.path
    assert first.headers["authorization"] == second.headers["authorization"]


async def test_a_transcript_with_times() -> None:
    asked: Json = {"response_format": "verbose_json", "timestamp_granularities": ["word", "segment"]}
    async with played_twice(ScriptedAnswer.json(FULL)) as server:
        async with client_at(server.base_url) as client:
            theirs = await client.audio.transcriptions.create(
                model="whisper-large-v3-turbo", file=FILE, language="en", prompt="Trains.", temperature=0.5, **asked
            )
        ours = await listen(
            "groq",
            server,
            "whisper-large-v3-turbo",
            language="en",
            prompt="Trains.",
            temperature=0.5,
            words=True,
            segments=True,
        )
        first, second = server.requests
    assert theirs.text.strip() == ours.text.strip()
    assert [(each["start"], each["text"].strip()) for each in theirs.segments] == [
        ((each.start_ms or 0) / 1000, each.text) for each in ours.segments
    ]
    assert [each["word"] for each in theirs.words] == [each.text for each in ours.words] == ["The", "train"]
    assert (ours.language, ours.duration_ms) == ("en", 5490)
    assert fields_of(first) == fields_of(second) and first.path == second.path


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (
            401,
            {"message": "Invalid API Key", "type": "invalid_request_error", "code": "invalid_api_key"},
            AuthenticationError,
        ),
        (429, {"message": "Rate limit reached", "type": "tokens", "code": "rate_limit_exceeded"}, RateLimitError),
        (402, {"message": "No credit", "type": "billing", "code": "insufficient_quota"}, QuotaExceededError),
    ],
)
async def test_errors(status: int, error: Json, kind: type[ModelError]) -> None:
    async with played_twice(ScriptedAnswer.json({"error": error}, status)) as server:
        async with client_at(server.base_url) as client:
            with pytest.raises(groq.APIStatusError) as theirs:
                await client.audio.transcriptions.create(model="whisper-large-v3", file=FILE)
        with pytest.raises(kind) as ours:
            await listen("groq", server, "whisper-large-v3")
    assert ours.value.status_code == theirs.value.status_code == status
    assert theirs.value.body["error"]["message"] in str(ours.value)
