"""DashScope's speech-to-text: short files by a chat request, long ones by a task.

Facts: docs/protocols/speech-to-text.md#dashscope-short-files, docs/protocols/speech-to-text.md#dashscope-long-files.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from modelport.composition.defaults import build_runtime
from modelport.credential import DashScopeCredential
from modelport.error import (
    InvalidRequestError,
    ModelError,
    ModelTimeoutError,
    NotFoundError,
    OverloadedError,
    ResponseDecodeError,
    ServerError,
)
from modelport.message import DataBlock
from modelport.stt import DashScopeTranscriptionModel, TranscriptSegment, TranscriptWord
from modelport.testing.clock import VirtualClock
from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer
from modelport.transport import HttpRequest, HttpResponse, HttpxTransport, Timeouts
from tests.adapters.transcription.support import Json, said, sse, whole

URL = DataBlock.from_url("https://files.example/a.mp3", "audio/mpeg")
RESULT = "https://dashscope-result-bj.oss-cn-beijing.aliyuncs.com/prod/a.json?Expires=1&Signature=s3cretOfTheStorage"
KEY = "sk-test-key-PlantedWord7"


class Local:
    """Sends everything to one server, whatever its host, and notes the hosts and keys."""

    def __init__(self, base_url: str) -> None:
        self._base, self._inner = base_url, HttpxTransport()
        self.sent: list[tuple[str, bool]] = []

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        host, _, path = request.url.partition("://")[2].partition("/")
        self.sent.append((host, KEY in str(request.headers)))
        moved = HttpRequest(request.method, f"{self._base}/{path}", request.headers, request.body)
        return await self._inner.send(moved, on_connected)

    async def aclose(self) -> None:
        await self._inner.aclose()


def model_at(server: ScriptedServer, name: str = "paraformer-v2", **options: Any) -> DashScopeTranscriptionModel:
    parameters = DashScopeTranscriptionModel.Parameters(**options.pop("parameters", {}))
    options.setdefault("runtime", build_runtime(clock=VirtualClock(skip_sleeps=True)))
    return DashScopeTranscriptionModel(
        DashScopeCredential(api_key=KEY), name, parameters, transport=Local(server.base_url), max_retries=0, **options
    )


def task(status: str, **output: Any) -> ScriptedAnswer:
    return ScriptedAnswer.json({"request_id": "r", "output": {"task_id": "t-1", "task_status": status, **output}})


def succeeded(*results: Json) -> ScriptedAnswer:
    return task("SUCCEEDED", results=list(results))


GOOD: Json = {"file_url": "u", "transcription_url": RESULT, "subtask_status": "SUCCEEDED"}
BAD: Json = {
    "file_url": "u",
    "code": "InvalidFile.DownloadFailed",
    "message": "cannot be downloaded",
    "subtask_status": "FAILED",
}
TRANSCRIPT = ScriptedAnswer.json(
    {
        "properties": {"original_duration_in_milliseconds": 5680},
        "transcripts": [
            {
                "channel_id": 0,
                "text": "Hello, you.",
                "sentences": [
                    {
                        "begin_time": 40,
                        "end_time": 900,
                        "text": "Hello, you.",
                        "sentence_id": 1,
                        "speaker_id": 0,
                        "words": [{"begin_time": 40, "end_time": 480, "text": "Hello", "punctuation": ","}],
                    }
                ],
            }
        ],
    }
)


async def test_a_task_is_waited_for_and_its_result_fetched_without_the_key() -> None:
    answers = [task("PENDING"), task("RUNNING"), succeeded(GOOD), TRANSCRIPT]
    async with ScriptedServer(answers) as server:
        model = model_at(server, parameters={"speakers": True, "language": "en"})
        found = await whole(model, URL)
        first, *_, last = server.requests
        hosts = model._transport.sent  # type: ignore[union-attr]  # the transport above
    assert (found.text, found.duration_ms, found.metadata) == ("Hello, you.", 5680, {"task_id": "t-1"})
    assert list(found.segments) == [TranscriptSegment("Hello, you.", 40, 900, "0", id="1")]
    assert list(found.words) == [TranscriptWord("Hello,", 40, 480, "0")]
    assert first.headers["x-dashscope-async"] == "enable"
    assert first.json() == {
        "model": "paraformer-v2",
        "input": {"file_urls": ["https://files.example/a.mp3"]},
        "parameters": {"diarization_enabled": True, "language_hints": ["en"]},
    }
    assert "authorization" not in last.headers and last.path.endswith("?Expires=1&Signature=s3cretOfTheStorage")
    assert [keyed for host, keyed in hosts if host.endswith("oss-cn-beijing.aliyuncs.com")] == [False]


async def test_the_model_for_one_file_has_fields_of_its_own() -> None:
    one = task("SUCCEEDED", result={"transcription_url": RESULT})
    async with ScriptedServer([task("PENDING"), one, TRANSCRIPT]) as server:
        await whole(model_at(server, "qwen3-asr-flash-filetrans", parameters={"words": True, "itn": False}), URL)
        sent = server.requests[0].json()
    assert sent["input"] == {"file_url": "https://files.example/a.mp3"}
    assert sent["parameters"] == {"enable_words": True, "enable_itn": False}


@pytest.mark.parametrize(
    ("state", "kind", "says"),
    [
        (succeeded(BAD), InvalidRequestError, "cannot be downloaded"),
        (task("FAILED", code="InternalError", message="it broke"), ServerError, "it broke"),
        (task("CANCELED"), ServerError, "CANCELED"),
        (task("UNKNOWN"), NotFoundError, "24 hours"),
        (succeeded({**GOOD, "transcription_url": "https://evil.example/a.json"}), ResponseDecodeError, "evil.example"),
        (ScriptedAnswer.json({"code": "InvalidParameter", "message": "no"}), InvalidRequestError, "no"),
    ],
)
async def test_a_task_or_a_file_that_failed(state: ScriptedAnswer, kind: type[ModelError], says: str) -> None:
    async with ScriptedServer([task("PENDING"), state]) as server:
        with pytest.raises(kind, match=says) as caught:
            await whole(model_at(server), URL)
    assert not caught.value.retryable or kind is ResponseDecodeError


async def test_an_interrupted_wait_names_the_task_which_another_model_takes_up() -> None:
    gone = ScriptedAnswer.json({"code": "ServiceUnavailable", "message": "busy"}, 503)
    async with ScriptedServer([task("PENDING"), gone, succeeded(GOOD), TRANSCRIPT]) as server:
        with pytest.raises(OverloadedError, match=r"model\.task\('t-1'\)\.result\(\)"):
            await whole(model_at(server), URL)
        found = await model_at(server).task("t-1").result()
    assert found.text == "Hello, you."


async def test_a_wait_that_was_cancelled_can_be_taken_up_by_its_handle() -> None:
    asked, left = asyncio.Event(), iter([task("PENDING"), task("RUNNING"), succeeded(GOOD), TRANSCRIPT])

    def answer(request: RecordedRequest) -> ScriptedAnswer:
        if request.path.endswith("/tasks/t-1"):
            asked.set()
        return next(left)

    async with ScriptedServer(answer) as server:
        handle = await model_at(server, runtime=build_runtime(clock=VirtualClock())).submit(URL)
        waiting = asyncio.ensure_future(handle.result())
        await asked.wait()
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        assert (await model_at(server).task(handle.id).result()).text == "Hello, you."


async def test_a_wait_ends_with_the_time_of_the_call() -> None:
    def answer(request: RecordedRequest) -> ScriptedAnswer:
        return task("RUNNING")

    async with ScriptedServer(answer) as server:
        model = model_at(server, timeouts=Timeouts(total=0.5))
        with pytest.raises(ModelTimeoutError, match="the task goes on") as caught:
            await whole(model, URL)
    assert caught.value.clock == "total"


async def test_errors_do_not_repeat_the_signature_of_a_result() -> None:
    refused = ScriptedAnswer(
        403, {"content-type": "application/xml"}, [b"<Error>Signature=s3cretOfTheStorage s3cretOfTheStorage</Error>"]
    )
    async with ScriptedServer([task("PENDING"), succeeded(GOOD), refused]) as server:
        with pytest.raises(ModelError) as caught:
            await whole(model_at(server), URL)
    assert "s3cretOfTheStorage" not in f"{caught.value} {caught.value.body}"


INFO = [{"type": "audio_info", "language": "en", "emotion": "neutral"}]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_short_file_by_a_chat_request(stream: bool) -> None:
    used = {"prompt_tokens": 42, "completion_tokens": 6, "seconds": 2}
    events: list[Json] = [
        {"choices": [{"index": 0, "delta": {"content": "", "role": "assistant"}}]},
        {"choices": [{"index": 0, "delta": {"content": "Wel", "annotations": INFO}}]},
        {"choices": [{"index": 0, "delta": {"content": "come.", "annotations": INFO}, "finish_reason": "stop"}]},
        {"choices": [], "usage": used},
    ]
    message = {"role": "assistant", "content": "Welcome.", "annotations": INFO}
    body = ScriptedAnswer.json({"choices": [{"message": message, "finish_reason": "stop"}], "usage": used})
    async with ScriptedServer([sse(*events, "[DONE]") if stream else body]) as server:
        model = model_at(server, "qwen3-asr-flash", stream=stream, parameters={"prompt": "Modelport", "language": "en"})
        steps = await said(model)
        request = server.requests[0]
    assert (steps[-1].text, steps[-1].language, steps[-1].emotion) == ("Welcome.", "en", "neutral")
    assert steps[-1].usage is not None
    assert (steps[-1].usage.input_tokens, steps[-1].usage.output_tokens, steps[-1].usage.seconds) == (42, 6, 2.0)
    assert [step.text for step in steps[:-1]] == (
        ["Welcome."] if stream and len(steps) == 2 else ["Wel", "come."] if stream else []
    )
    sent = request.json()
    assert request.path == "/compatible-mode/v1/chat/completions" and sent["asr_options"] == {"language": "en"}
    assert sent["messages"][0] == {"role": "system", "content": [{"type": "text", "text": "Modelport"}]}
    audio = sent["messages"][1]["content"][0]["input_audio"]["data"]
    assert audio.startswith("data:audio/wav;base64,")


async def test_silence_is_an_empty_text() -> None:
    answer = {"choices": [{"message": {"content": ""}, "finish_reason": "stop"}]}
    async with ScriptedServer([ScriptedAnswer.json(answer)]) as server:
        assert (await whole(model_at(server, "qwen3-asr-flash"))).text == ""


async def test_an_answer_of_the_native_service() -> None:
    """A proxy may ask it in our place."""
    message = {"role": "assistant", "content": [{"text": "Hello."}], "annotations": INFO}
    output = {"choices": [{"finish_reason": "stop", "message": message}]}
    usage = {"input_tokens_details": {"text_tokens": 5}, "output_tokens_details": {"text_tokens": 2}, "seconds": 2}
    answer = ScriptedAnswer.json({"output": output, "usage": usage, "request_id": "r"})
    async with ScriptedServer([answer]) as server:
        found = await whole(model_at(server, "qwen3-asr-flash"), URL)
    assert (found.text, found.language, found.emotion) == ("Hello.", "en", "neutral")
    assert found.usage is not None and found.usage.seconds == 2.0


async def test_the_warnings_of_a_request_are_on_the_transcript_of_its_task() -> None:
    async with ScriptedServer([task("PENDING"), succeeded(GOOD), TRANSCRIPT]) as server:
        found = await whole(model_at(server, parameters={"itn": True}), URL)
    assert [warning.setting for warning in found.warnings] == ["itn"]


async def test_results_of_a_task_for_one_file_by_either_name() -> None:
    for named in ({"result": GOOD}, {"results": [GOOD]}):
        async with ScriptedServer([task("PENDING"), task("SUCCEEDED", **named), TRANSCRIPT]) as server:
            assert (await whole(model_at(server, "qwen3-asr-flash-filetrans"), URL)).text == "Hello, you."


async def test_a_task_of_another_program_may_have_several_files() -> None:
    async with ScriptedServer([succeeded(GOOD, BAD), TRANSCRIPT]) as server:
        found = await model_at(server).task("t-1").result()
    assert found.text == "Hello, you."
    assert [warning.message for warning in found.warnings] == [
        "the task has 2 files, and this is the transcript of the first"
    ]
