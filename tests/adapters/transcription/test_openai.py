"""Speech-to-text by `/audio/transcriptions`: the form that is sent, and every form of answer.

Facts: docs/protocols/speech-to-text.md#openai-files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport import Modelport
from modelport.adapters.wire.multipart import multipart
from modelport.credential import OpenAICredential, XAICredential
from modelport.error import (
    AuthenticationError,
    InvalidRequestError,
    ModelConnectionError,
    ModelError,
    ResponseDecodeError,
    ServerError,
    StreamTruncatedError,
)
from modelport.message import DataBlock
from modelport.stt import OpenAITranscriptionModel, TranscriptSegment, TranscriptWord, XAITranscriptionModel
from modelport.testing.servers.http import ABORT, ScriptedAnswer, ScriptedServer
from tests.adapters.transcription.support import WAV, Json, form, said, sse, whole

TEXT = ScriptedAnswer.json({"text": "The sun sets.", "usage": {"type": "duration", "seconds": 6}})
TOKENS: Json = {"type": "tokens", "total_tokens": 45, "input_tokens": 37, "output_tokens": 8}


def model_at(server: ScriptedServer, name: str, stream: bool = False, **parameters: Any) -> OpenAITranscriptionModel:
    credential = OpenAICredential(api_key="k-PlantedWord7", base_url=server.base_url)
    given = OpenAITranscriptionModel.Parameters(**parameters)
    return OpenAITranscriptionModel(credential, name, given, stream, max_retries=0)


async def test_a_file_is_sent_with_its_name_and_type(tmp_path: Path) -> None:
    path = tmp_path / "speech one.wav"
    path.write_bytes(WAV)
    async with ScriptedServer([TEXT]) as server:
        found = await whole(model_at(server, "whisper-1", language="en"), path)
        (request,) = server.requests
    assert (found.text, found.provider, found.model) == ("The sun sets.", "openai", "whisper-1")
    assert found.usage is not None and (found.usage.seconds, found.usage.input_tokens) == (6.0, 0)
    assert request.path == "/audio/transcriptions"
    assert form(request) == [
        ("model", "whisper-1"),
        ("language", "en"),
        ("file", ("speech_one.wav", "audio/wav", WAV)),
    ]


@pytest.mark.parametrize(
    ("name", "parameters", "fields"),
    [
        (
            "whisper-1",
            {"words": True, "segments": True},
            [
                ("response_format", "verbose_json"),
                ("timestamp_granularities[]", "word"),
                ("timestamp_granularities[]", "segment"),
            ],
        ),
        (
            "gpt-4o-transcribe-diarize",
            {},
            [("response_format", "diarized_json"), ("chunking_strategy", "auto")],
        ),
        (
            "gpt-transcribe",
            {"languages": ["en", "de"], "keywords": ["Modelport"]},
            [
                ("languages[]", "en"),
                ("languages[]", "de"),
                ("keywords[]", "Modelport"),
            ],
        ),
    ],
)
async def test_fields_of_each_model(name: str, parameters: Json, fields: list[tuple[str, str]]) -> None:
    async with ScriptedServer([TEXT]) as server:
        await whole(model_at(server, name, **parameters))
        sent = form(server.requests[0])
    assert sent[:-1] == [("model", name), *fields]


async def test_the_callers_fields_win() -> None:
    async with ScriptedServer([TEXT]) as server:
        await whole(model_at(server, "whisper-1", words=True), response_format="srt", temperature=0.5, flag=True)
        sent = dict(form(server.requests[0])[:-1])
    assert (sent["response_format"], sent["temperature"], sent["flag"]) == ("srt", "0.5", "true")


async def test_times_words_and_the_language() -> None:
    answer: Json = {
        "language": "english",
        "duration": 5.49,
        "text": "The sun sets.",
        "segments": [{"id": 0, "start": 0.0, "end": 4.8, "text": " The sun sets."}],
        "words": [{"word": "The", "start": 0.0, "end": 0.2}],
        "usage": {"type": "duration", "seconds": 6},
    }
    async with ScriptedServer([ScriptedAnswer.json(answer)]) as server:
        found = await whole(model_at(server, "whisper-1", words=True))
    assert (found.language, found.duration_ms) == ("en", 5490)
    assert list(found.segments) == [TranscriptSegment("The sun sets.", 0, 4800, id="0")]
    assert list(found.words) == [TranscriptWord("The", 0, 200)]


async def test_speakers() -> None:
    segment = {
        "type": "transcript.text.segment",
        "id": "seg_0",
        "start": 0.0,
        "end": 3.25,
        "text": " Hi.",
        "speaker": "A",
    }
    answer = ScriptedAnswer.json({"text": "Hi.", "segments": [segment], "usage": TOKENS})
    async with ScriptedServer([answer]) as server:
        found = await whole(model_at(server, "gpt-4o-transcribe-diarize"))
    assert list(found.segments) == [TranscriptSegment("Hi.", 0, 3250, "A", id="seg_0")]
    assert found.usage is not None and (found.usage.input_tokens, found.usage.output_tokens) == (37, 8)


DELTAS = [{"type": "transcript.text.delta", "delta": each} for each in ("The", " sun", " sets")]
END: Json = {"type": "transcript.text.done", "text": "The sun sets.", "usage": TOKENS}


async def test_a_stream_whose_end_corrects_it() -> None:
    async with ScriptedServer([sse(*DELTAS, END, "[DONE]")]) as server:
        steps = await said(model_at(server, "gpt-transcribe", stream=True))
        assert ("stream", "true") in form(server.requests[0])
    assert "".join(step.text for step in steps[:-1]) == "The sun sets"
    assert steps[-1].text == "The sun sets."
    assert steps[-1].usage is not None and steps[-1].usage.output_tokens == 8


async def test_a_stream_of_segments_without_deltas() -> None:
    segment = {"type": "transcript.text.segment", "id": "s", "start": 0.5, "end": 1, "text": " Hi.", "speaker": "A"}
    async with ScriptedServer([sse(segment, {**END, "text": "Hi."}, "[DONE]")]) as server:
        steps = await said(model_at(server, "gpt-4o-transcribe-diarize", stream=True))
    assert list(steps[-1].segments) == [TranscriptSegment("Hi.", 500, 1000, "A", id="s")]


async def test_a_model_that_does_not_stream_answers_whole() -> None:
    async with ScriptedServer([TEXT]) as server:
        (only,) = await said(model_at(server, "whisper-1", stream=True))
        assert "stream" not in dict(form(server.requests[0]))
    assert only.text == "The sun sets."


async def test_a_whole_answer_to_a_stream() -> None:
    async with ScriptedServer([TEXT]) as server:
        (only,) = await said(model_at(server, "gpt-transcribe", stream=True))
    assert only.text == "The sun sets."


async def test_plain_text_is_the_transcript() -> None:
    async with ScriptedServer([ScriptedAnswer(200, {"content-type": "text/plain"}, [b"The sun sets.\n"])]) as server:
        assert (await whole(model_at(server, "whisper-1"), response_format="text")).text == "The sun sets."


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (ScriptedAnswer.json({"error": {"message": "[{'type': 'enum'}]"}}, 400), InvalidRequestError, "enum"),
        (ScriptedAnswer.json({"error": {"code": 501, "message": "no audio input"}}, 501), ServerError, "no audio"),
        (ScriptedAnswer.json({"error": {"message": "big"}}, 413), InvalidRequestError, "big"),
        (ScriptedAnswer.json({"error": {"message": "no", "code": "invalid_api_key"}}), AuthenticationError, "no"),
        (ScriptedAnswer.json({"id": 1}), ResponseDecodeError, "JSON with id"),
        (ScriptedAnswer(200, {"content-type": "application/json"}, [b'[{"text": "a"}]']), ResponseDecodeError, "list"),
        (ScriptedAnswer(200, {"content-type": "text/html"}, [b"<html>Hi"]), ResponseDecodeError, "HTML"),
        (sse(*DELTAS), StreamTruncatedError, "last event"),
        (sse(DELTAS[0], {"type": "error", "error": {"message": "it broke"}}), ServerError, "it broke"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_errors(answer: ScriptedAnswer, kind: type[ModelError], says: str, stream: bool) -> None:
    async with ScriptedServer([answer]) as server:
        with pytest.raises(kind, match=says):
            await whole(model_at(server, "gpt-transcribe", stream=stream))


async def test_a_stream_that_breaks_keeps_the_text_so_far() -> None:
    pieces = [f'data: {{"type":"transcript.text.delta","delta":"{word}"}}\n\n'.encode() for word in ("One", " two")]
    broken = ScriptedAnswer(200, {"content-type": "text/event-stream"}, [*pieces, ABORT])
    async with ScriptedServer([broken]) as server:
        with pytest.raises(ModelError) as caught:
            await whole(model_at(server, "gpt-transcribe", stream=True))
    assert caught.value.partial is not None and caught.value.partial.text == "One two"


async def test_an_upload_that_is_cut_is_a_connection_error_and_is_sent_again() -> None:
    async with ScriptedServer([ScriptedAnswer(200, {}, [], before=[ABORT]), TEXT]) as server:
        model = OpenAITranscriptionModel(
            OpenAICredential(api_key="k-PlantedWord7", base_url=server.base_url), "whisper-1", max_retries=1
        )
        model.retry_policy = type(model.retry_policy)(max_retries=1, retry_delay=0)
        found = await whole(model)
    assert [attempt.status_code for attempt in found.attempts] == [None, 200]
    async with ScriptedServer([ScriptedAnswer(200, {}, [], before=[ABORT])]) as server:
        with pytest.raises(ModelConnectionError):
            await whole(model_at(server, "whisper-1"))


async def test_too_large_a_file_is_refused_before_it_is_read_or_sent(tmp_path: Path) -> None:
    path = tmp_path / "large.wav"
    with path.open("wb") as file:
        file.truncate(26_214_401)
    async with ScriptedServer([TEXT]) as server:
        model = model_at(server, "whisper-1")
        for given in (path, path.read_bytes(), DataBlock.from_bytes(path.read_bytes(), "audio/wav")):
            with pytest.raises(InvalidRequestError, match="26,214,400 bytes of audio, got 26,214,401"):
                await model.transcribe(given)
        assert server.requests == []


@pytest.mark.parametrize(("given", "says"), [(b"", "empty"), (5, "is a int"), ("/no/such/file.wav", "cannot be read")])
async def test_what_is_no_audio(given: Any, says: str) -> None:
    model = OpenAITranscriptionModel(OpenAICredential(api_key="k-PlantedWord7"), "whisper-1")
    with pytest.raises(InvalidRequestError, match=says):
        await model.transcribe(given)


async def test_retirement_is_a_warning_with_the_successor() -> None:
    async with ScriptedServer([TEXT]) as server:
        found = await whole(model_at(server, "whisper-1"))
    (warning,) = found.warnings
    assert (warning.kind, "2027-02-26" in warning.message, "gpt-transcribe" in warning.message) == (
        "deprecated",
        True,
        True,
    )


async def test_xai() -> None:
    words = [{"text": "Ruby", "start": 0.121, "end": 0.442, "speaker": 0}]
    answer = ScriptedAnswer.json({"text": "Ruby", "language": "en", "duration": 3.7, "words": words})
    async with ScriptedServer([answer]) as server:
        credential = XAICredential(api_key="k-PlantedWord7", base_url=server.base_url)
        model = XAITranscriptionModel(credential, "grok-stt", XAITranscriptionModel.Parameters(speakers=True))
        found = await whole(model)
        (request,) = server.requests
    assert request.path == "/stt" and form(request)[0] == ("diarize", "true")
    assert list(found.words) == [TranscriptWord("Ruby", 121, 442, "0")] and found.duration_ms == 3700


@pytest.mark.parametrize("provider", ["groq", "openrouter", "mistral", "azure"])
async def test_providers_that_write_down_speech(provider: str) -> None:
    usage = {"prompt_audio_seconds": 3, "prompt_tokens": 3, "completion_tokens": 11}
    async with ScriptedServer([ScriptedAnswer.json({"text": "Hi", "usage": usage, "language": None})]) as server:
        settings: Json = {"credentials": {provider: {"api_key": "k-PlantedWord7", "base_url": server.base_url}}}
        settings["stt"] = {"ear": {"credential": provider, "model": "any-model"}}
        found = await whole(Modelport.from_mapping(settings, {}).stt())
    assert (found.text, found.provider) == ("Hi", provider)
    assert found.usage is not None and (found.usage.seconds, found.usage.output_tokens) == (3.0, 11)


NAMES = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=20)


@given(st.binary(max_size=400), st.text(st.characters(codec="utf-8"), max_size=40), NAMES)
def test_any_bytes_and_texts_come_out_of_the_form_as_they_went_in(data: bytes, text: str, name: str) -> None:
    body, content_type = multipart([("field", text)], [("file", (name, data, "audio/wav"))])
    assert multipart([("field", text)], [("file", (name, data, "audio/wav"))]) == (body, content_type)
    boundary = content_type.partition("boundary=")[2].encode()
    parts = body.split(b"--" + boundary)
    assert len(parts) == 4 and parts[0] == b"" and parts[3] == b"--\r\n"
    assert parts[1].partition(b"\r\n\r\n")[2] == text.encode() + b"\r\n"
    head, _, content = parts[2].partition(b"\r\n\r\n")
    assert content == data + b"\r\n" and head.count(b"\r\n") == 2


def test_a_boundary_is_never_in_the_data() -> None:
    first = multipart([("a", "b")], [])[1].partition("boundary=")[2]
    assert multipart([("a", "b")], [])[1].endswith(first)
    assert first not in multipart([("a", first)], [])[1]
