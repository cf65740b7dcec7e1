"""Whatever a realtime speech server sends, its protocol raises our errors only."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.cassettes.websocket_file import read_conversations
from modelport.adapters.dashscope.speech.cosyvoice_protocol import CosyVoiceProtocol
from modelport.adapters.dashscope.speech.qwen_protocol import QwenRealtimeProtocol
from modelport.adapters.dashscope.speech.sambert_protocol import SambertProtocol
from modelport.error import ModelError
from modelport.ports.websocket import Frame
from tests.cassettes import CASSETTES
from tests.fuzz.test_decoders import VALUES, fuzz, places, replaced, written

PROTOCOLS: dict[str, Any] = {  # Any: protocols of one utterance
    "dashscope_realtime": QwenRealtimeProtocol,
    "dashscope_cosyvoice": CosyVoiceProtocol,
    "dashscope_sambert": SambertProtocol,
}


def frames(folder: Path) -> list[Frame]:
    """All that servers sent."""
    return [
        step.does for one in read_conversations(folder) for step in one.server if isinstance(step.does, str | bytes)
    ]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_frames(name: str) -> None:
    @fuzz
    @given(st.data())
    def run(data: st.DataObject) -> None:
        protocol: Any = PROTOCOLS[name]()
        for frame in data.draw(st.lists(st.sampled_from(sent), min_size=1, max_size=4)):
            try:
                protocol.receive(damaged(data, frame))
            except ModelError as error:
                assert str(error)

    sent = frames(CASSETTES.with_name("websocket") / name)
    run()


def damaged(data: st.DataObject, frame: Frame) -> Frame:
    """The frame with one value replaced, or of another kind."""
    if isinstance(frame, bytes) or data.draw(st.integers(0, 9)) == 0:
        return data.draw(st.binary(max_size=8) | st.text(max_size=8))
    value = json.loads(frame)
    return written(replaced(value, data.draw(st.sampled_from(list(places(value)))), data.draw(VALUES)))


@pytest.mark.parametrize("name", PROTOCOLS)
def test_events_that_nothing_asked_for(name: str) -> None:
    """A spare connection may be told anything before its first text."""
    for frame in frames(CASSETTES.with_name("websocket") / name):
        with suppress(ModelError):
            PROTOCOLS[name]().receive(frame)
        if isinstance(frame, str) and "task_id" in frame:
            event = json.loads(frame)
            event["header"]["task_id"] = ""
            with suppress(ModelError):
                PROTOCOLS[name]().receive(json.dumps(event))
