"""The contract of realtime models on the four providers, and on models that break it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from modelport.domain.realtime.signals import AudioDelta, ResponseEnded, Signal, TextDelta, Transcript
from modelport.ports.codec.realtime import RealtimeProtocol, RealtimeSetup
from modelport.ports.websocket import Frame, WebSocketConnector
from modelport.realtime import RealtimeModelBase
from modelport.testing import RealtimeContract, Status
from modelport.testing.contract.realtime.recordings import builtin_model
from modelport.testing.contract.realtime.script import Script
from tests.application.realtime.test_recordings import (
    cancelled_without_done,
    failed,
    late_transcript_of_a_second_turn,
    limit_then_silence,
    live_turns,
    reconnected_with_items,
    tools_in_the_past,
)


def as_xai(recording: dict[str, Any]) -> dict[str, Any]:
    """The same conversation with xAI, whose counts stand beside the response."""
    moved = json.loads(json.dumps(recording))
    for frame in moved["frames"]:
        event = frame.get("json", {})
        if event.get("type") == "response.done":
            event["usage"] = event["response"].pop("usage")
    return {**moved, "id": f"xai-{moved['id']}", "api": "xai-realtime"}


class TestOpenAI(RealtimeContract):
    recordings = (
        failed(),
        limit_then_silence(),
        late_transcript_of_a_second_turn(),
        tools_in_the_past(),
    )
    most_cuts = 3


class TestReconnection(RealtimeContract):
    recordings = (reconnected_with_items(),)
    most_cuts = 2


class TestXAI(RealtimeContract):
    recordings = (as_xai(late_transcript_of_a_second_turn()),)
    most_cuts = 3


class TestDashScope(RealtimeContract):
    recordings = (cancelled_without_done(),)
    most_cuts = 3


class TestGemini(RealtimeContract):
    recordings = (live_turns(),)
    most_cuts = 3


class Faulty:
    """A protocol that is right but for what `change` does to its signals."""

    def __init__(self, inner: RealtimeProtocol, change: Callable[[list[Signal]], list[Signal]]) -> None:
        self._inner = inner
        self._change = change

    def receive(self, frame: Frame) -> list[Signal]:
        return self._change(self._inner.receive(frame))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Deaf(Faulty):
    """It takes the end of a connection for the end of the conversation, without a reason."""

    def closed(self, code: int, reason: str) -> Exception:
        from modelport.error import ModelConnectionError

        return ModelConnectionError("closed", retryable=False)


class Strict(Faulty):
    """It knows every event there is, or so it believes."""

    def receive(self, frame: Frame) -> list[Signal]:
        from modelport.error import ResponseDecodeError

        if "tomorrow" in str(frame):
            raise ResponseDecodeError("unknown event")
        return self._inner.receive(frame)


def without(kind: type) -> Callable[[list[Signal]], list[Signal]]:
    return lambda signals: [signal for signal in signals if not isinstance(signal, kind)]


def doubled(signals: list[Signal]) -> list[Signal]:
    return [each for signal in signals for each in ([signal] * (2 if isinstance(signal, AudioDelta) else 1))]


def without_usage(signals: list[Signal]) -> list[Signal]:
    return [ResponseEnded(each.response_id) if isinstance(each, ResponseEnded) else each for each in signals]


def same(signals: list[Signal]) -> list[Signal]:
    return signals


@pytest.mark.parametrize(
    ("fault", "change", "case"),
    [
        (Faulty, without(TextDelta), "as_recorded"),
        (Faulty, without(Transcript), "as_recorded"),
        (Faulty, without(ResponseEnded), "as_recorded"),
        (Faulty, doubled, "as_recorded"),
        (Faulty, without_usage, "as_recorded"),
        (Deaf, same, "cut_off"),
        (Strict, same, "strange_frames"),
    ],
)
async def test_a_model_that_breaks_the_contract_is_found(
    fault: type[Faulty], change: Callable[[list[Signal]], list[Signal]], case: str
) -> None:
    class Broken(RealtimeContract):
        recordings: ClassVar[Any] = [late_transcript_of_a_second_turn()]
        most_cuts = 1

        def build(self, script: Script, url: str, connector: WebSocketConnector) -> RealtimeModelBase:
            model = builtin_model(script, url, connector)
            right = type(model).codec

            class Codec:
                def new_protocol(self, setup: RealtimeSetup) -> Any:
                    return fault(right.new_protocol(setup), change)

                def __getattr__(self, name: str) -> Any:
                    return getattr(right, name)

            vars(model)["codec"] = Codec()
            return model

    report = await Broken().run(case)
    assert [outcome.status for outcome in report.outcomes] == [Status.BROKEN]


async def test_a_contract_without_recordings_says_what_is_missing() -> None:
    class Empty(RealtimeContract):
        pass

    with pytest.raises(TypeError, match="recordings"):
        await Empty().run()
