"""The settings of a session as the wire has them: one function of the set-up and the profile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....domain.chat.tools import ToolChoice, ToolSchema, tool_name
from ....domain.errors import UnsupportedFeatureError
from ....domain.realtime.settings import Transcription, TurnDetection
from ....ports.codec.realtime import RealtimeSetup
from ...wire.decoder import Json
from .profile import RealtimeProfile

__all__ = ["choice_of", "session_settings", "tools_of"]

_ALL = frozenset({"instructions", "tools", "turn_detection"})
_COMMON = frozenset(
    {"voice", "output", "transcription", "input_sample_rate", "output_sample_rate", "speed", "noise_reduction"}
)
"""Parameters that are not simply renamed."""


def session_settings(setup: RealtimeSetup, profile: RealtimeProfile, changed: frozenset[str] | None = None) -> Json:
    """The `session` of a `session.update`: everything, or what was changed."""
    wanted = _ALL if changed is None else changed
    session: Json = {"type": "realtime"} if profile.layout == "nested" else {}
    if "instructions" in wanted and (setup.instructions or changed is not None):
        session["instructions"] = setup.instructions
    if "tools" in wanted and (setup.tools or changed is not None):
        session["tools"] = tools_of(setup.tools, profile)
        if setup.tools and profile.layout == "nested":
            session["tool_choice"] = "auto"
    if changed is not None:
        if "turn_detection" in changed:
            _put_input(session, profile, {"turn_detection": _detection(setup.turn_detection, profile)})
        return session
    _put_parameters(session, setup, profile)
    session.update(setup.overrides)
    return session


def _put_parameters(session: Json, setup: RealtimeSetup, profile: RealtimeProfile) -> None:
    values = setup.parameters
    if profile.modalities is not None:
        name, speech, text = profile.modalities
        session[name] = list(text if setup.text_only else speech)
    listening: Json = {"turn_detection": _detection(setup.turn_detection, profile)}
    transcription = _transcription(values.get("transcription", True), profile)
    listening.update(transcription)
    if values.get("noise_reduction"):
        listening["noise_reduction"] = {"type": values["noise_reduction"]}
    _put_input(session, profile, listening)
    speaking: Json = {name: values[name] for name in ("voice", "speed") if values.get(name) is not None}
    _put_output(session, profile, speaking)
    for name, value in values.items():
        if name in _COMMON or value is None:
            continue
        if name not in profile.fields:
            raise UnsupportedFeatureError(f"{profile.provider} realtime sessions take no {name!r}; leave it out")
        session[profile.fields[name]] = {"effort": value} if profile.fields[name] == "reasoning" else value


def _put_input(session: Json, profile: RealtimeProfile, listening: Json) -> None:
    """Settings of the input, in the places where the layout has them."""
    if profile.layout == "flat":
        names = {"transcription": "input_audio_transcription", "noise_reduction": "input_audio_noise_reduction"}
        session.update({names.get(name, name): value for name, value in listening.items()})
        if profile.pcm is not None:
            session["input_audio_format"], session["output_audio_format"] = profile.pcm
        return
    if profile.layout == "mixed" and "turn_detection" in listening:
        session["turn_detection"] = listening.pop("turn_detection")
    if "turn_detection" in listening and len(listening) == 1:
        session.setdefault("audio", {})["input"] = listening
        return
    wire = {"type": "audio/pcm", "rate": profile.traits.input_rate}
    session.setdefault("audio", {})["input"] = {"format": wire, **listening}


def _put_output(session: Json, profile: RealtimeProfile, speaking: Json) -> None:
    if profile.layout == "flat":
        session.update(speaking)
        return
    if profile.layout == "mixed" and "voice" in speaking:
        session["voice"] = speaking.pop("voice")
    wire = {"type": "audio/pcm", "rate": profile.traits.output_rate}
    session.setdefault("audio", {})["output"] = {"format": wire, **speaking}


def _detection(detection: TurnDetection, profile: RealtimeProfile) -> Json | None:
    if detection.manual:
        return {"type": None} if profile.manual_is_object else None
    values = {
        "type": detection.mode,
        "threshold": detection.threshold if detection.mode == "server_vad" else None,
        "prefix_padding_ms": detection.prefix_ms,
        "silence_duration_ms": detection.silence_ms,
        "idle_timeout_ms": detection.idle_timeout_ms,
        "eagerness": detection.eagerness if detection.mode == "semantic_vad" else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def _transcription(wanted: Any, profile: RealtimeProfile) -> Json:  # Any: `bool | Transcription`, or its fields
    """How the user's speech is transcribed; the fixed model of a provider is not named."""
    if wanted is False:
        return {"transcription": None}
    chosen = wanted if isinstance(wanted, Transcription) else Transcription()
    values = {
        "model": chosen.model or profile.transcription_model,
        "language": chosen.language,
        "prompt": chosen.prompt,
    }
    settings = {name: value for name, value in values.items() if value is not None}
    return {"transcription": settings} if settings else {}


def tools_of(tools: Sequence[ToolSchema], profile: RealtimeProfile) -> list[Json]:
    """The tools."""
    functions = []
    for tool in tools:
        function = tool["function"]
        kept: Json = {"name": tool_name(tool)}
        if function.get("description"):
            kept["description"] = function["description"]
        kept["parameters"] = function.get("parameters") or {"type": "object", "properties": {}}
        functions.append(kept)
    if profile.nested_tools:
        return [{"type": "function", "function": function} for function in functions]
    return [{"type": "function", **function} for function in functions]


def choice_of(choice: ToolChoice) -> Any:  # Any: a word or an object of the wire
    """Which tools one reply may, or must, call."""
    named = choice.named_tool
    return choice.mode if named is None else {"type": "function", "name": named}
