"""DashScope's tasks of speech-to-text, and the storage that they read from and write to.

Facts: docs/protocols/speech-to-text.md#dashscope-long-files, docs/protocols/speech-to-text.md#dashscope-uploads.
"""

from __future__ import annotations

from ..servers.http import RecordedRequest, ScriptedAnswer
from .transcription import HEARD

__all__ = ["RESULT", "STORAGE", "TASK", "policy", "result", "state", "stored", "submitted"]

TASK, STORAGE, RESULT = "/tasks/offline-task", "/offline-storage", "/offline-result.json"
_HOST = "https://offline.oss-cn-beijing.aliyuncs.com"


def policy(request: RecordedRequest) -> ScriptedAnswer:
    """Leave to upload one file."""
    words = dict.fromkeys(("policy", "signature", "oss_access_key_id"), "offline")
    rules = {"x_oss_object_acl": "private", "x_oss_forbid_overwrite": "true", "max_file_size_mb": 100}
    return ScriptedAnswer.json({"data": {**words, **rules, "upload_dir": "offline", "upload_host": _HOST + STORAGE}})


def stored(request: RecordedRequest) -> ScriptedAnswer:
    """A file that came as a form."""
    if b'name="file"' not in request.body:
        raise ValueError("the form has no file")
    return ScriptedAnswer(200, {}, [])


def submitted(request: RecordedRequest) -> ScriptedAnswer:
    """A task for one file, which must be asked for as one."""
    if request.headers.get("x-dashscope-async") != "enable":
        raise ValueError("the header X-DashScope-Async is missing")
    given = request.json()["input"]
    urls = given.get("file_urls") or [given["file_url"]]
    if not all(url.startswith(("https://", "http://", "oss://")) for url in urls):
        raise ValueError(f"expected URLs, got {urls}")
    return ScriptedAnswer.json({"output": {"task_id": "offline-task", "task_status": "PENDING"}})


def state(request: RecordedRequest) -> ScriptedAnswer:
    """The task is over at the first question."""
    found = {"transcription_url": _HOST + RESULT, "subtask_status": "SUCCEEDED"}
    output = {"task_id": "offline-task", "task_status": "SUCCEEDED", "results": [found]}
    return ScriptedAnswer.json({"output": output, "usage": {"duration": 2}})


def result(request: RecordedRequest) -> ScriptedAnswer:
    """The transcript, which is read without a key."""
    if "authorization" in request.headers:
        raise ValueError("the storage got a key")
    sentence = {"begin_time": 0, "end_time": 1500, "text": HEARD, "sentence_id": 1}
    transcripts = [{"channel_id": 0, "text": HEARD, "sentences": [sentence]}]
    properties = {"original_duration_in_milliseconds": 1500}
    return ScriptedAnswer.json({"properties": properties, "transcripts": transcripts})
