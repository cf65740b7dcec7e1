"""Gemini's speech-to-text. Facts: docs/protocols/speech-to-text.md#gemini-files."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.credential import GeminiCredential
from modelport.error import ContentFilterError, InvalidRequestError, ModelError, ServerError, StreamTruncatedError
from modelport.stt import GeminiTranscriptionModel, TranscriptSegment, TranscriptWord
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.adapters.transcription.support import Json, said, sse, whole

NAME = "gemini-3.5-transcribe"


def turn(text: str, speaker: str, start: str, end: str) -> Json:
    words = [{"word": text, "startOffset": start, "endOffset": end}]
    times = {"startOffset": start, "endOffset": end}
    return {
        "audioTranscription": {"text": text, "languageCode": "en-US", "speakerLabel": speaker, **times, "words": words}
    }


def answer(*parts: Json, finish: str | None = "STOP", **fields: Any) -> Json:
    candidate: Json = {"content": {"parts": list(parts)}}
    if finish:
        candidate["finishReason"] = finish
    used = {"promptTokenCount": 64, "candidatesTokenCount": 12, "thoughtsTokenCount": 2}
    return {"candidates": [candidate], "usageMetadata": used, **fields}


def model_at(server: ScriptedServer, name: str = NAME, stream: bool = False, **given: Any) -> GeminiTranscriptionModel:
    credential = GeminiCredential(api_key="k-PlantedWord7", base_url=server.base_url)
    return GeminiTranscriptionModel(
        credential, name, GeminiTranscriptionModel.Parameters(**given), stream, max_retries=0
    )


TURNS = (turn("Shall we?", "spk_1", "0.200s", "1.100s"), turn("Yes.", "spk_2", "1.300s", "2s"))


async def test_turns_of_speakers_with_times() -> None:
    async with ScriptedServer([ScriptedAnswer.json(answer(*TURNS))]) as server:
        found = await whole(model_at(server, speakers=True, words=True, languages=["en-US"]))
        body = server.requests[0].json()
    assert (found.text, found.language) == ("Shall we? Yes.", "en-US")
    assert list(found.segments) == [
        TranscriptSegment("Shall we?", 200, 1100, "spk_1", "en-US"),
        TranscriptSegment("Yes.", 1300, 2000, "spk_2", "en-US"),
    ]
    assert found.words[1] == TranscriptWord("Yes.", 1300, 2000, "spk_2")
    assert found.usage is not None and (found.usage.input_tokens, found.usage.output_tokens) == (64, 14)
    config = {"languageCodes": ["en-US"], "wordTimestamp": True, "diarization": True}
    assert body["generationConfig"] == {"audioTranscriptionConfig": config}
    (part,) = body["contents"][0]["parts"]
    assert part["inlineData"]["mimeType"] == "audio/wav"


async def test_a_stream_of_turns() -> None:
    events = (answer(TURNS[0], finish=None), answer(TURNS[1], finish=None), answer())
    async with ScriptedServer([sse(*events)]) as server:
        steps = await said(model_at(server, stream=True))
        assert server.requests[0].path.endswith(":streamGenerateContent?alt=sse")
    assert "".join(step.text for step in steps[:-1]) == steps[-1].text == "Shall we? Yes."


async def test_a_model_that_is_not_made_for_it_is_told_what_to_do() -> None:
    thought = {"text": "I listen.", "thought": True}
    async with ScriptedServer(
        [ScriptedAnswer.json(answer(thought, {"text": "The sun."}, {"text": " It sets."}))]
    ) as server:
        model = model_at(server, "gemini-2.5-flash", instruction="Write it down.")
        found = await whole(model)
        parts = server.requests[0].json()["contents"][0]["parts"]
    assert found.text == "The sun. It sets."
    assert [list(part) for part in parts] == [["text"], ["inlineData"]] and parts[0]["text"] == "Write it down."


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ({"promptFeedback": {"blockReason": "SAFETY"}}, ContentFilterError),
        (answer(finish="SAFETY"), ContentFilterError),
        (answer(finish="OTHER"), ServerError),
        ({"error": {"code": 400, "message": "wrong", "status": "INVALID_ARGUMENT"}}, InvalidRequestError),
    ],
)
async def test_refusals_and_errors(sent: Json, kind: type[ModelError]) -> None:
    async with ScriptedServer([ScriptedAnswer.json(sent)]) as server:
        with pytest.raises(kind):
            await whole(model_at(server))


async def test_a_stream_without_an_end_is_cut_short() -> None:
    async with ScriptedServer([sse(answer(TURNS[0], finish=None))]) as server:
        with pytest.raises(StreamTruncatedError):
            await whole(model_at(server, stream=True))
