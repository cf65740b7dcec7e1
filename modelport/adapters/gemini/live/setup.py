"""The first frame of a session, and past messages as turns. Facts: docs/protocols/realtime-gemini.md#setup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ....domain.chat.turns import AssistantTurn, SystemTurn, ToolTurn, to_turns
from ....domain.message.blocks import Base64Source, DataBlock, TextBlock, ToolCallBlock
from ....domain.message.media import announcement
from ....domain.message.messages import Msg
from ....domain.realtime.settings import Transcription
from ....ports.codec.realtime import RealtimeSetup
from ...wire.decoder import Json
from ..request import function_declaration
from .kinds import kind_of

__all__ = ["context_update", "parts_of", "past_turns", "setup_frame", "to_send"]

_GENERATION = {
    "temperature": "temperature",
    "max_tokens": "maxOutputTokens",
    "top_p": "topP",
    "top_k": "topK",
    "seed": "seed",
    "affective_dialog": "enableAffectiveDialog",
}


def setup_frame(setup: RealtimeSetup) -> Json:
    """The set-up. Nothing of it can change while the connection lasts."""
    values = setup.parameters
    body: Json = {"model": setup.model if "/" in setup.model else f"models/{setup.model}"}
    body["generationConfig"] = _generation(setup)
    if setup.instructions:
        body["systemInstruction"] = {"parts": [{"text": setup.instructions}]}
    if setup.tools:
        body["tools"] = _tools(setup)
    listening = _activity(setup)
    if listening:
        body["realtimeInputConfig"] = {"automaticActivityDetection": listening}
    wanted = values.get("transcription", True)
    if wanted is not False:
        body["inputAudioTranscription"] = _transcription(wanted)
    if not setup.text_only:
        body["outputAudioTranscription"] = {}
    body["sessionResumption"] = {"handle": setup.handle} if setup.handle is not None else {}
    if values.get("context_compression", True):
        body["contextWindowCompression"] = {"slidingWindow": {}}
    if setup.history and setup.handle is None and kind_of(setup.model).history_in_setup:
        body["historyConfig"] = {"initialHistoryInClientContent": True}
    body.update(setup.overrides)
    return {"setup": body}


def context_update(setup: RealtimeSetup, changed: frozenset[str]) -> Json:
    """New instructions and tools for a connection that is open."""
    body: Json = {}
    if "instructions" in changed:
        body["systemInstruction"] = {"parts": [{"text": setup.instructions}]}
    if "tools" in changed:
        body["tools"] = {"tools": _tools(setup) if setup.tools else []}
    return {"contextUpdate": body}


def _tools(setup: RealtimeSetup) -> list[Json]:
    behavior = kind_of(setup.model).behavior
    waits = {"behavior": behavior} if behavior else {}
    return [{"functionDeclarations": [{**function_declaration(tool, []), **waits} for tool in setup.tools]}]


def _generation(setup: RealtimeSetup) -> Json:
    values = setup.parameters
    config: Json = {"responseModalities": ["TEXT" if setup.text_only else "AUDIO"]}
    config.update({wire: values[name] for name, wire in _GENERATION.items() if values.get(name) is not None})
    speech: Json = {}
    if values.get("voice"):
        speech["voiceConfig"] = {"prebuiltVoiceConfig": {"voiceName": values["voice"]}}
    if values.get("language"):
        speech["languageCode"] = values["language"]
    if speech and not setup.text_only:
        config["speechConfig"] = speech
    thinking = {
        "includeThoughts": values.get("include_thoughts"),
        "thinkingBudget": values.get("thinking_budget"),
        "thinkingLevel": values.get("thinking_level"),
    }
    thinking = {name: value for name, value in thinking.items() if value is not None}
    return {**config, "thinkingConfig": thinking} if thinking else config


def _activity(setup: RealtimeSetup) -> Json:
    detection = setup.turn_detection
    if detection.manual:
        return {"disabled": True}
    values = {"prefixPaddingMs": detection.prefix_ms, "silenceDurationMs": detection.silence_ms}
    return {name: value for name, value in values.items() if value is not None}


def _transcription(wanted: Any) -> Json:  # Any: `True` or a Transcription
    language = wanted.language if isinstance(wanted, Transcription) else None
    return {"languageCodes": [language]} if language else {}


def past_turns(messages: Sequence[Msg]) -> Iterator[Json]:
    """Past messages as turns. Calls and results are written as text, since the server takes no parts for them here."""
    for turn in to_turns(messages).turns:
        if isinstance(turn, AssistantTurn):
            lines = [block.text for block in turn.blocks if isinstance(block, TextBlock)]
            lines += [
                f"[called {block.name} {block.input}]" for block in turn.blocks if isinstance(block, ToolCallBlock)
            ]
            if lines:
                yield {"role": "model", "parts": [{"text": "\n".join(lines)}]}
        elif isinstance(turn, ToolTurn):
            lines = [f"[{result.name} returned {to_send(result.output)}]" for result in turn.results]
            yield {"role": "user", "parts": [{"text": "\n".join(lines)}]}
        elif isinstance(turn, SystemTurn):
            yield {"role": "user", "parts": [{"text": f"[system] {block.text}"} for block in turn.texts]}
        else:
            yield {"role": "user", "parts": parts_of(turn.blocks)}


def to_send(output: str | list[TextBlock | DataBlock]) -> str:
    """The text of a tool's output."""
    if isinstance(output, str):
        return output
    return "\n".join(block.text if isinstance(block, TextBlock) else announcement(block) for block in output)


def parts_of(blocks: Sequence[TextBlock | DataBlock]) -> list[Json]:
    """The parts of a user's turn; media that are not held as base64 are announced in their places."""
    parts: list[Json] = []
    for block in blocks:
        if isinstance(block, TextBlock):
            parts.append({"text": block.text})
        elif isinstance(block.source, Base64Source) and block.source.media_type.startswith("image/"):
            parts.append({"inlineData": {"mimeType": block.source.media_type, "data": block.source.data}})
        else:
            parts.append({"text": announcement(block)})
    return parts
