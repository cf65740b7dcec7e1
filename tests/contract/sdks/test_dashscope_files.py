"""DashScope's SDK and our class at the same server: tasks for long files, their uploads, and short files.

Facts: docs/protocols/speech-to-text.md#dashscope-long-files, docs/protocols/speech-to-text.md#dashscope-uploads.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from modelport.error import InvalidRequestError
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.adapters.transcription.support import WAV, Json, form, whole
from tests.adapters.transcription.test_dashscope import BAD, GOOD, KEY, TRANSCRIPT, URL, model_at, succeeded, task
from tests.adapters.transcription.test_dashscope_uploads import POLICY, STORED, leave

dashscope = pytest.importorskip("dashscope", reason="the SDK is no dependency: install dashscope to compare with it")

# Warnings are the SDK's own: of connections that it leaves.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def _own_settings() -> Iterator[None]:
    kept = dashscope.api_key, dashscope.base_http_api_url
    dashscope.api_key = KEY
    yield
    dashscope.api_key, dashscope.base_http_api_url = kept
    gc.collect()  # warnings about what it left open are raised here, where they do not count


async def theirs(server: ScriptedServer, ask: Callable[[], Any]) -> Any:  # Any: an SDK's
    dashscope.base_http_api_url = f"{server.base_url}/api/v1"
    return await asyncio.to_thread(ask)


def task_class(name: str) -> Any:  # Any: an SDK's
    part, _, cls = name.rpartition(".")
    return getattr(importlib.import_module(f"dashscope.audio.{part}"), cls)


@pytest.mark.parametrize(
    ("name", "model", "files", "asked", "given"),
    [
        (
            "asr.Transcription",
            "paraformer-v2",
            {"file_urls": ["https://files.example/a.mp3"]},
            {"diarization_enabled": True, "language_hints": ["en"]},
            {"speakers": True, "language": "en"},
        ),
        (
            "qwen_asr.QwenTranscription",
            "qwen3-asr-flash-filetrans",
            {"file_url": "https://files.example/a.mp3"},
            {"language": "en", "enable_itn": False, "enable_words": True},
            {"language": "en", "itn": False, "words": True},
        ),
    ],
)
async def test_a_task(name: str, model: str, files: Json, asked: Json, given: Json) -> None:
    script = [task("PENDING"), succeeded(GOOD) if "urls" in str(files) else task("SUCCEEDED", result=GOOD)]
    async with ScriptedServer([*script, *script, TRANSCRIPT]) as server:
        cls = task_class(name)
        started = await theirs(server, lambda: cls.async_call(model=model, **files, **asked))
        found = await theirs(server, lambda: cls.fetch(started))
        ours = await whole(model_at(server, model, parameters=given), URL)
        first, poll, second, our_poll, _ = server.requests
    assert started.output["task_id"] == found.output["task_id"] == (ours.metadata or {})["task_id"]
    assert first.json() == second.json() and first.path == second.path
    assert first.headers["x-dashscope-async"] == second.headers["x-dashscope-async"] == "enable"
    assert poll.path == our_poll.path and poll.method == our_poll.method
    assert ours.text == "Hello, you."


async def test_a_file_that_failed_looks_like_success_to_the_sdk_alone() -> None:
    script = [task("PENDING"), succeeded(BAD)]
    async with ScriptedServer([*script, *script]) as server:
        cls = task_class("asr.Transcription")
        started = await theirs(
            server, lambda: cls.async_call(model="paraformer-v2", file_urls=["https://files.example/a.mp3"])
        )
        found = await theirs(server, lambda: cls.fetch(started))
        with pytest.raises(InvalidRequestError, match="cannot be downloaded"):
            await whole(model_at(server), URL)
    assert (found.status_code, found.output["task_status"]) == (200, "SUCCEEDED")


async def test_an_upload(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(WAV)
    oss = importlib.import_module("dashscope.utils.oss_utils").OssUtils
    async with ScriptedServer(lambda request: leave() if request.method == "GET" else STORED) as server:
        host = {"upload_host": f"{server.base_url}/"}
        url, _ = await theirs(
            server, lambda: oss.upload("paraformer-v2", str(path), api_key=KEY, upload_certificate={**POLICY, **host})
        )
        asked = await theirs(server, lambda: oss.get_upload_certificate("paraformer-v2", api_key=KEY))
    async with ScriptedServer([leave(), STORED, task("PENDING")]) as ours:
        await model_at(ours).submit(path)
        our_leave, our_upload, submit = ours.requests
    their_upload, their_leave = server.requests
    assert asked.output["signature"] == POLICY["signature"] and their_leave.path == our_leave.path
    fields, our_fields = dict(form(their_upload)), dict(form(our_upload))
    assert fields.pop("x-oss-content-type") == "audio/x-wav", "which the storage does not need"
    assert fields.pop("file")[2] == our_fields.pop("file")[2] == WAV
    assert url == f"oss://{fields.pop('key')}" and submit.json()["input"] == {
        "file_urls": [f"oss://{our_fields.pop('key')}"]
    }
    assert fields == our_fields


async def test_a_short_file() -> None:
    """The SDK asks the native service, and we the compatible mode: the text and the annotations are the same."""
    note = [{"type": "audio_info", "language": "en", "emotion": "neutral"}]
    native = {"choices": [{"message": {"role": "assistant", "content": [{"text": "Hello."}], "annotations": note}}]}
    compatible = {"choices": [{"finish_reason": "stop", "message": {"content": "Hello.", "annotations": note}}]}
    answers = [ScriptedAnswer.json({"output": native, "usage": {"seconds": 2}}), ScriptedAnswer.json(compatible)]
    async with ScriptedServer(answers) as server:
        messages = [{"role": "user", "content": [{"audio": "https://files.example/a.mp3"}]}]
        found = await theirs(
            server,
            lambda: dashscope.MultiModalConversation.call(
                model="qwen3-asr-flash", messages=messages, asr_options={"language": "en", "enable_itn": False}
            ),
        )
        ours = await whole(model_at(server, "qwen3-asr-flash", parameters={"language": "en", "itn": False}), URL)
        first, second = server.requests
    message = found.output.choices[0].message
    assert message.content[0]["text"] == ours.text
    assert (message["annotations"][0]["language"], message["annotations"][0]["emotion"]) == (
        ours.language,
        ours.emotion,
    )
    assert first.json()["parameters"]["asr_options"] == second.json()["asr_options"]
    assert (
        first.json()["input"]["messages"][0]["content"][0]["audio"]
        == (second.json()["messages"][0]["content"][0]["input_audio"]["data"])
    )
