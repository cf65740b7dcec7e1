"""A conversation with microphone and loudspeaker, until it is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..domain.errors import ModelError
from ..domain.message.events import ReplyEndEvent, TextBlockDeltaEvent
from ..domain.realtime.events import InputTranscriptEvent, SessionErrorEvent
from .console.terminal import complain, note, write_json

if TYPE_CHECKING:
    from ..application.realtime.model import RealtimeModelBase
    from ..composition.hub import Modelport
    from ..domain.realtime.events import RealtimeEvent

__all__ = ["converse"]


async def converse(hub: Modelport, model: RealtimeModelBase, system: str | None, as_json: bool) -> None:
    """Talk until the session ends; raises its error."""
    from ..adapters.sound.devices import SoundDevices
    from ..application.agent.voice import RealtimeAgent

    rates = model.connect(system)
    async with hub, SoundDevices(rates.input_sample_rate, rates.output_sample_rate) as devices:
        agent = RealtimeAgent("modelport", model, system_prompt=system or "")
        async with agent.session(devices) as session:
            note("speak; Ctrl-C ends it (with a loudspeaker near the microphone, use headphones)")
            shown = _Shown(as_json)
            async for event in session:
                shown.take(event)
    raise ModelError("the session ended")


class _Shown:
    """Prints each turn once it is complete."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._answer = ""

    def take(self, event: RealtimeEvent) -> None:
        """Print what an event completes."""
        if isinstance(event, InputTranscriptEvent) and event.is_final and event.text:
            self._line("you", event.text)
        elif isinstance(event, TextBlockDeltaEvent):
            self._answer += event.delta
        elif isinstance(event, ReplyEndEvent):
            self._line("model", self._answer)
            self._answer = ""
            if event.error and event.error != "interrupted":
                complain(event.error)
        elif isinstance(event, SessionErrorEvent):
            complain(event.error)

    def _line(self, who: str, text: str) -> None:
        if not text.strip():
            return
        if self._as_json:
            write_json({"type": "said", "by": who, "text": text.strip()})
        else:
            click.echo(f"{who}: {text.strip()}")
