"""Local files for DashScope's tasks: the leave, the upload to the storage, and the task that reads from there.

Facts: docs/protocols/speech-to-text.md#dashscope-uploads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modelport.error import (
    AuthenticationError,
    InvalidRequestError,
    ModelConnectionError,
    ModelError,
    PermissionDeniedError,
    ResponseDecodeError,
)
from modelport.stt import DashScopeTranscriptionModel
from modelport.testing.servers.http import ABORT, ScriptedAnswer, ScriptedServer
from modelport.transport import RetryPolicy
from tests.adapters.transcription.support import WAV, Json, form, whole
from tests.adapters.transcription.test_dashscope import BAD, GOOD, KEY, TRANSCRIPT, model_at, succeeded, task

POLICY: Json = {
    "policy": "cG9saWN5LW9mLXRoZS1zdG9yYWdl",
    "signature": "signature-of-the-storage=",
    "upload_dir": "dashscope-instant/abc/2026-11-29",
    "upload_host": "https://dashscope-file-mgr.oss-cn-beijing.aliyuncs.com",
    "oss_access_key_id": "LTAIofTheStorage",
    "x_oss_object_acl": "private",
    "x_oss_forbid_overwrite": "true",
    "max_file_size_mb": 25,
    "expire_in_seconds": 300,
}
STORED = ScriptedAnswer(200, {}, [])
XML = {"content-type": "application/xml"}


def leave(**changes: Any) -> ScriptedAnswer:
    return ScriptedAnswer.json({"data": {**POLICY, **changes}, "request_id": "r"})


def refusal(code: str, status: int) -> ScriptedAnswer:
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>No: {POLICY['signature']}</Message></Error>"
    return ScriptedAnswer(status, XML, [text.encode()])


def retrying(server: ScriptedServer) -> DashScopeTranscriptionModel:
    model = model_at(server)
    model.retry_policy = RetryPolicy(max_retries=1, retry_delay=0)
    return model


async def test_a_file_is_uploaded_without_the_key_and_named_to_the_task(tmp_path: Path) -> None:
    path = tmp_path / "a talk.wav"
    path.write_bytes(WAV)
    answers = [leave(), STORED, task("PENDING"), succeeded(GOOD), TRANSCRIPT]
    async with ScriptedServer(answers) as server:
        model = model_at(server)
        found = await whole(model, path)
        asked, upload, submit, *_ = server.requests
        sent = model._transport.sent  # type: ignore[union-attr]  # the transport of these tests
    assert found.text == "Hello, you." and len(found.attempts) == 5
    assert asked.path.endswith("/api/v1/uploads?action=getPolicy&model=paraformer-v2")
    fields = dict(form(upload))
    key = fields.pop("key")
    assert key.startswith(f"{POLICY['upload_dir']}/") and key.endswith("a_talk.wav")
    assert fields == {
        "OSSAccessKeyId": POLICY["oss_access_key_id"],
        "Signature": POLICY["signature"],
        "policy": POLICY["policy"],
        "x-oss-object-acl": "private",
        "x-oss-forbid-overwrite": "true",
        "success_action_status": "200",
        "file": ("a_talk.wav", "audio/wav", WAV),
    }
    assert form(upload)[-1][0] == "file", "the storage ignores what comes after the file"
    assert submit.json()["input"] == {"file_urls": [f"oss://{key}"]}
    assert submit.headers["x-dashscope-ossresourceresolve"] == "enable"
    assert [keyed for host, keyed in sent if host.endswith(".aliyuncs.com") and "dashscope.ali" not in host] == [
        False
    ] * 2
    assert sent[1] == ("dashscope-file-mgr.oss-cn-beijing.aliyuncs.com", False)


async def test_an_upload_that_is_cut_is_sent_again_and_else_starts_no_task() -> None:
    cut = ScriptedAnswer(200, {}, [], before=[ABORT])
    async with ScriptedServer([leave(), cut, STORED, task("PENDING"), succeeded(GOOD), TRANSCRIPT]) as server:
        found = await whole(retrying(server), WAV)
        first, second = (dict(form(each)) for each in server.requests[1:3])
    assert first == second and [each.status_code for each in found.attempts] == [200, None, 200, 200, 200, 200]
    async with ScriptedServer([leave(), cut]) as server:
        with pytest.raises(ModelConnectionError) as caught:
            await model_at(server).submit(WAV)
        assert len(server.requests) == 2
    assert POLICY["signature"] not in str(caught.value)


async def test_an_upload_whose_answer_was_lost_is_there() -> None:
    cut, there = ScriptedAnswer(200, {}, [], before=[ABORT]), refusal("FileAlreadyExists", 409)
    async with ScriptedServer([leave(), cut, there, task("PENDING"), succeeded(GOOD), TRANSCRIPT]) as server:
        assert (await whole(retrying(server), WAV)).text == "Hello, you."
    async with ScriptedServer([leave(), there]) as server:
        with pytest.raises(ModelError, match="No"):
            await model_at(server).submit(WAV)


async def test_a_file_above_the_limit_is_not_uploaded() -> None:
    large = WAV + bytes(25 * 1024 * 1024 - len(WAV))
    async with ScriptedServer([leave(), STORED, task("PENDING")]) as server:
        await model_at(server).submit(large)
    async with ScriptedServer([leave()]) as server:
        with pytest.raises(
            InvalidRequestError, match="at most 26,214,400 bytes of audio for an upload, got 26,214,401"
        ):
            await model_at(server).submit(large + b"\0")
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answers", "kind", "says"),
    [
        ([ScriptedAnswer.json({"code": "InvalidApiKey", "message": "bad key"}, 401)], AuthenticationError, "bad key"),
        ([ScriptedAnswer.json({"code": "InvalidParameter", "message": "no"})], InvalidRequestError, "no"),
        ([ScriptedAnswer.json({"data": {"policy": 1}})], ResponseDecodeError, "policy"),
        ([leave(upload_host="https://evil.example")], ResponseDecodeError, "evil.example"),
        ([leave(upload_host="https://aliyuncs.com.evil.example")], ResponseDecodeError, "evil.example"),
        ([leave(max_file_size_mb="many"), refusal("EntityTooLarge", 400)], InvalidRequestError, "No"),
        ([leave(), refusal("AccessDenied", 403)], PermissionDeniedError, "No"),
    ],
)
async def test_refusals(answers: list[ScriptedAnswer], kind: type[ModelError], says: str) -> None:
    async with ScriptedServer(answers) as server:
        with pytest.raises(kind, match=says) as caught:
            await model_at(server).submit(WAV)
        assert len(server.requests) == len(answers)
    shown = f"{caught.value} {caught.value.body}"
    assert POLICY["signature"] not in shown and KEY not in shown


async def test_an_uploaded_file_that_failed_and_a_poll_that_was_interrupted() -> None:
    async with ScriptedServer([leave(), STORED, task("PENDING"), succeeded(BAD)]) as server:
        with pytest.raises(InvalidRequestError, match="cannot be downloaded"):
            await whole(model_at(server), WAV)
    cut = ScriptedAnswer(200, {}, [], before=[ABORT])
    async with ScriptedServer([leave(), STORED, task("PENDING"), cut, succeeded(GOOD), TRANSCRIPT]) as server:
        with pytest.raises(ModelConnectionError, match=r"model\.task\('t-1'\)\.result\(\)"):
            await whole(model_at(server), WAV)
        assert (await model_at(server).task("t-1").result()).text == "Hello, you."
        assert len(server.requests) == 6, "the file is uploaded once"
