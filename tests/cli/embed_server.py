"""An embedding server for the command's tests: its vectors tell the text, and it may be slow."""

from __future__ import annotations

import asyncio
from collections import Counter
from threading import Lock

from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer

__all__ = ["CountingServer"]


class CountingServer:
    """Counts how often each text was asked for; every answer after the first `quick` waits for an event."""

    def __init__(self, quick: int = 10**9) -> None:
        self.asked: Counter[str] = Counter()
        self.answers = 0
        self.quick = quick
        self.never = asyncio.Event()
        self._lock = Lock()

    def __call__(self, received: RecordedRequest) -> ScriptedAnswer:
        inputs = received.json()["input"]
        with self._lock:
            self.answers += 1
            self.asked.update(inputs)
            before = [self.never] if self.answers > self.quick else []
        data = [{"index": i, "embedding": [float(text.split()[1]), 1.0]} for i, text in enumerate(inputs)]
        whole = ScriptedAnswer.json({"data": data, "usage": {"total_tokens": len(inputs)}})
        return ScriptedAnswer(whole.status, whole.headers, whole.body, before)
