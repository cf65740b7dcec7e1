"""One connection of OpenAI's realtime protocol, as a state machine.

Facts: docs/protocols/realtime-openai.md#client-events, docs/protocols/realtime-openai.md#limits-errors-ends.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from ....domain.errors import (
    AuthenticationError,
    InvalidRequestError,
    ModelConnectionError,
    ModelError,
    PermissionDeniedError,
    QuotaExceededError,
)
from ....domain.ids import new_id
from ....domain.message.blocks import Base64Source, DataBlock, TextBlock, ToolResultBlock
from ....domain.message.messages import Msg
from ....domain.realtime.signals import (
    CommandRefused,
    SessionReady,
    Signal,
    TurnCommitted,
)
from ....ports.codec.realtime import RealtimeSetup, RealtimeTraits, RespondOptions
from ....ports.websocket import Frame
from ...wire.decoder import Json
from ...wire.errors import error_facts, error_in_stream
from ...wire.realtime import close_error, frame_object, text_frame, text_of
from .decode import SERVER_EVENTS, response_ended
from .items import history_items, history_text, item_text, user_content
from .profile import RealtimeProfile
from .session import choice_of, session_settings, tools_of

__all__ = ["OpenAIRealtimeProtocol"]


class OpenAIRealtimeProtocol:
    """One session. Nothing but the set-up is sent before it is accepted."""

    def __init__(self, setup: RealtimeSetup, profile: RealtimeProfile) -> None:
        self.traits: RealtimeTraits = profile.traits
        self.ready = False
        self.seeded: Sequence[tuple[str, str | None]] = ()
        self._setup = setup
        self._profile = profile
        self._sending: list[Frame] = []
        self._asked = False
        self._silent: set[str] = set()
        self._audio_sent = False
        if not profile.greets:
            self._greeted()

    # -- commands ----------------------------------------------------------------------------------------------------

    def audio(self, pcm: bytes) -> None:
        """Append input audio."""
        self._audio_sent = True
        data = base64.b64encode(pcm).decode("ascii")
        self._sending.append(f'{{"type":"input_audio_buffer.append","audio":"{data}"}}')

    def user_items(self, blocks: Sequence[TextBlock | DataBlock], respond: bool) -> Sequence[tuple[str, str | None]]:
        """Send a message; its answer is asked for by `respond`."""
        if self._profile.images == "buffer":
            images = [block for block in blocks if isinstance(block, DataBlock)]
            blocks = [block for block in blocks if isinstance(block, TextBlock)]
            for image in images:
                self._image(image)
        if not blocks:
            return ()
        content = user_content(blocks, images=self._profile.images == "item")
        return [self._item({"type": "message", "role": "user", "content": content})]

    def _image(self, image: DataBlock) -> None:
        source = image.source
        if not isinstance(source, Base64Source) or source.media_type != "image/jpeg":
            raise InvalidRequestError(f"expected a JPEG image held as base64, got {source.media_type}")
        if not self._audio_sent:
            raise InvalidRequestError("the server takes an image only after some audio; call send_audio() first")
        self._send({"type": "input_image_buffer.append", "image": source.data})

    def _item(self, item: Json) -> tuple[str, str | None]:
        item_id = new_id()
        if self._profile.own_ids:
            item = {"id": item_id, **item}
        self._send({"type": "conversation.item.create", "item": item})
        return item_id, item_text(item)

    def seed(self, messages: Sequence[Msg]) -> Sequence[tuple[str, str | None]]:
        """Past messages as items."""
        return [self._item(item) for item in history_items(messages, self._profile)]

    def commit(self) -> None:
        """End the user's turn."""
        self._send({"type": "input_audio_buffer.commit"})

    def clear(self) -> None:
        """Forget the audio of the turn."""
        self._send({"type": "input_audio_buffer.clear"})

    def respond(self, options: RespondOptions) -> None:
        """Ask for a reply."""
        response: Json = {}
        if options.instructions is not None:
            response["instructions"] = options.instructions
        if options.tools is not None:
            response["tools"] = tools_of(options.tools, self._profile)
        if options.tool_choice is not None:
            response["tool_choice"] = choice_of(options.tool_choice)
        self._send({"type": "response.create", **({"response": response} if response else {})})

    def cancel_response(self, response_id: str | None) -> None:
        """Stop the reply."""
        named = {"response_id": response_id} if response_id and self._profile.names_response else {}
        self._send({"type": "response.cancel", **named})

    def truncate(self, item_id: str, heard_ms: int) -> None:
        """Say how much was heard; an item of which nothing was heard is deleted."""
        if heard_ms <= 0:
            self._send({"type": "conversation.item.delete", "item_id": item_id})
            return
        self._send(
            {"type": "conversation.item.truncate", "item_id": item_id, "content_index": 0, "audio_end_ms": heard_ms}
        )

    def tool_result(self, result: ToolResultBlock, output: str) -> None:
        """Send the result of a call."""
        item = {"type": "function_call_output", "call_id": result.id, "output": output}
        self._send({"type": "conversation.item.create", "item": item})

    def update(self, setup: RealtimeSetup, changed: frozenset[str]) -> None:
        """Change the session."""
        self._setup = setup
        self._send({"type": "session.update", "session": session_settings(setup, self._profile, changed)})

    def cancel(self) -> None:
        """Say goodbye, where the server expects it."""
        if self._profile.finish is not None and self.ready:
            self._send({"type": self._profile.finish})

    def frames_to_send(self) -> list[Frame]:
        """The frames that may go out now, once."""
        frames, self._sending = self._sending, []
        return frames

    def _send(self, event: Json) -> None:
        self._sending.append(text_frame(event))

    # -- the server's frames -----------------------------------------------------------------------------------------

    def receive(self, frame: Frame) -> list[Signal]:
        """What a frame means; raises a `ModelError` for a refused set-up and for an error that ends the session."""
        event = frame_object(frame)
        kind = event.get("type")
        decode = SERVER_EVENTS.get(kind) if isinstance(kind, str) else None
        if decode is not None:
            return decode(event)
        if kind == "response.done":
            return [response_ended(event, usage_on_frame=self._profile.usage_on_frame)]
        if kind == "input_audio_buffer.committed":
            item_id = text_of(event, "item_id")
            previous = text_of(event, "previous_item_id") or None
            silent = item_id in self._silent
            self._silent.discard(item_id)
            return [TurnCommitted(item_id, previous, silent=silent)]
        if kind == "input_audio_buffer.timeout_triggered":
            self._silent.add(text_of(event, "item_id"))
        elif kind == "session.created":
            self._greeted()
        elif kind == "session.updated" and not self.ready:
            return self._accepted(event)
        elif kind == "error":
            return self._error(event)
        return []

    def _greeted(self) -> None:
        if self._asked:
            return
        self._asked = True
        setup, instructions = self._setup, self._setup.instructions
        session = session_settings(setup, self._profile)
        if self._profile.seeds == "instructions" and setup.history:
            past = history_text(setup.history)
            session["instructions"] = "\n\n".join(part for part in (instructions, past) if part)
        self._send({"type": "session.update", "session": session})

    def _accepted(self, event: Json) -> list[Signal]:
        self.ready = True
        if self._profile.seeds == "items":
            self.seeded = self.seed(self._setup.history)
        session = event.get("session")
        expires = session.get("expires_at") if isinstance(session, dict) else None
        at = float(expires) if isinstance(expires, int | float) and expires > 0 else None
        return [SessionReady(text_of(session, "id") or None, text_of(session, "model") or None, at)]

    def _error(self, event: Json) -> list[Signal]:
        facts = error_facts(event)
        error = error_in_stream(facts)
        fatal = next((cls for word in facts.words if (cls := self._profile.fatal.get(word)) is not None), None)
        fatal = fatal or next((cls for word in facts.words if (cls := _FATAL.get(word)) is not None), None)
        if fatal is not None:
            raise fatal(facts.message, code=error.code)
        if not self.ready:
            raise error
        return [CommandRefused(error)]

    def closed(self, code: int, reason: str) -> ModelError:
        """Why the connection ended."""
        return close_error(code, reason)


_FATAL: Mapping[str, type[ModelError]] = {
    "insufficient_quota": QuotaExceededError,
    "billing_hard_limit_reached": QuotaExceededError,
    "invalid_api_key": AuthenticationError,
    "account_deactivated": PermissionDeniedError,
    "session_expired": ModelConnectionError,
}
"""Codes after which the session is over; only that of an expired one is worth another connection."""
