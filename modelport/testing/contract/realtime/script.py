"""What a recording's client did, in terms of the public API: the model, its set-up, and one command for each frame."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ....domain.message.blocks import TextBlock, ToolCallBlock, ToolResultBlock
from ....domain.message.messages import AssistantMsg, Msg, UserMsg
from ....domain.realtime.settings import TurnDetection
from ...servers.realtime import frame_kind

__all__ = ["Command", "Script", "script_of"]

Json = dict[str, Any]  # Any: a provider's JSON


@dataclass(slots=True)
class Command:
    """What the application does at a frame of the client; `awaited` says whether the client must send that frame."""

    name: str
    value: Any = None  # Any: the command's argument
    awaited: bool = True


@dataclass(slots=True)
class Script:
    """A recording as seen from the application."""

    model_class: str
    model: str
    parameters: Json = field(default_factory=dict)
    instructions: str = ""
    tools: list[Json] = field(default_factory=list)
    detection: TurnDetection = field(default_factory=TurnDetection)
    history: list[Msg] = field(default_factory=list)
    commands: dict[int, Command] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)
    """How many milliseconds of an item were played when the user interrupted it."""
    reconnects: bool = False
    reports_playback: bool = False
    """Whether what is not interrupted counts as played at once; a recording has no times."""
    accepted: int = 0
    """The position of the frame by which the server accepts the set-up."""


_CLASSES = {
    "gemini-live": "GeminiRealtimeModel",
    "xai-realtime": "XAIRealtimeModel",
    "dashscope-omni-realtime": "DashScopeRealtimeModel",
    "dashscope-livetranslate-realtime": "DashScopeRealtimeModel",
}


def script_of(recording: Mapping[str, Any]) -> Script:  # Any: JSON
    """The script of a recording."""
    frames: list[Json] = list(recording["frames"])
    script = Script(_CLASSES.get(recording["api"], "OpenAIRealtimeModel"), _model_name(recording))
    script.reconnects = any("connect" in frame for frame in frames) or _greetings(frames) > 1
    script.reports_playback = recording["api"] != "gemini-live"
    ready = ("session.updated", "setupComplete")
    positions = [index for index, frame in enumerate(frames) if "json" in frame and frame_kind(frame["json"]) in ready]
    script.accepted = positions[0] if positions else len(frames)
    first: Json = next((frame["json"] for frame in frames if frame["dir"] == "client" and "json" in frame), {})
    if recording["api"] == "gemini-live":
        _gemini_setup(script, first.get("setup", {}))
        _gemini_commands(script, frames)
    else:
        _openai_setup(script, first.get("session", {}), recording)
        _openai_commands(script, frames)
    return script


def _greetings(frames: list[Json]) -> int:
    return sum(frame_kind(frame["json"]) in ("session.created", "setup") for frame in frames if "json" in frame)


def _model_name(recording: Mapping[str, Any]) -> str:
    query = parse_qs(urlsplit(recording["connect"]["url"]).query)
    session = recording["expected"].get("session", {})
    return str(session.get("model") or query.get("model", ["m"])[0]).removeprefix("models/")


def _openai_setup(script: Script, session: Json, recording: Mapping[str, Any]) -> None:
    modalities = session.get("output_modalities", session.get("modalities"))
    if modalities == ["text"]:
        script.parameters["output"] = "text"
    script.instructions = session.get("instructions") or ""
    for tool in session.get("tools", []):
        function = tool.get("function") or {key: value for key, value in tool.items() if key != "type"}
        script.tools.append({"type": "function", "function": function})
    audio = session.get("audio", {}).get("input", {})
    detection = session.get("turn_detection", audio.get("turn_detection", {"type": "server_vad"}))
    if not (detection or {}).get("type"):
        script.detection = TurnDetection(mode="manual")
    voice = session.get("voice") or session.get("audio", {}).get("output", {}).get("voice")
    if isinstance(voice, str):
        script.parameters["voice"] = voice
    if recording["api"] == "azure-voice-live":
        script.parameters["wire"] = "beta"
    if recording["api"] == "dashscope-livetranslate-realtime":
        script.parameters["translation"] = {"language": "en"}
    call = parse_qs(urlsplit(recording["connect"]["url"]).query).get("call_id")
    if call:
        script.parameters["call_id"] = call[0]


def _openai_commands(script: Script, frames: list[Json]) -> None:
    """One command for each frame of the client, connection by connection; what a session sends by itself has none."""
    starts = [index for index, frame in enumerate(frames) if "json" in frame and _is_greeting(frame["json"])]
    bounds = [0, *starts[1:], len(frames)]
    for number, (start, end) in enumerate(pairwise(bounds)):
        _connection_commands(script, frames, start, end, first=number == 0)
    _add_closes(script, frames)


def _is_greeting(event: Json) -> bool:
    return event.get("type") == "session.created"


def _connection_commands(script: Script, frames: list[Json], start: int, end: int, *, first: bool) -> None:
    positions = [index for index in range(start, end) if frames[index]["dir"] == "client" and "json" in frames[index]]
    kinds = {index: frame_kind(frames[index]["json"]) for index in positions}
    seeds = _seeds(frames, kinds)
    if first:
        script.history = _messages([frames[index]["json"]["item"] for index in seeds])
    set_up = asking = False
    for number, index in enumerate(positions):
        event, kind = frames[index]["json"], kinds[index]
        following = next((kinds[later] for later in positions[number + 1 :]), "")
        if index in seeds:
            continue
        if kind == "session.update" and not set_up:
            set_up = True
        elif kind == "response.create":
            if not asking:
                script.commands[index] = Command("respond")
            asking = False
        elif kind == "conversation.item.create" and event["item"].get("type") == "function_call_output":
            script.commands[index] = Command("tool_result", (event["item"]["call_id"], event["item"]["output"]))
            asking = True
        else:
            if kind == "conversation.item.truncate":
                script.heard[event["item_id"]] = event["audio_end_ms"]
            script.commands[index] = _openai_command(event, kind, following, frames[:index])
            asking = asking or (kind in _ANSWERED and following == "response.create")


_ANSWERED = ("conversation.item.create", "input_audio_buffer.commit")


def _openai_command(event: Json, kind: str, following: str, before: list[Json]) -> Command:
    respond = following == "response.create"
    if kind == "input_audio_buffer.append":
        return Command("audio", base64.b64decode(event["audio"]))
    if kind == "input_audio_buffer.commit":
        return Command("commit", respond)
    if kind == "input_audio_buffer.clear":
        return Command("clear")
    if kind == "response.cancel":
        return Command("interrupt", awaited=_is_answering(before))
    if kind == "conversation.item.create":
        return Command("message", (_text(event["item"]), respond))
    if kind == "conversation.item.truncate":
        return Command("truncate", event["item_id"])
    if kind == "session.update":
        return Command("update", event["session"].get("instructions"))
    if kind == "session.finish":
        return Command("close")
    return Command("nothing", awaited=False)


def _is_answering(before: list[Json]) -> bool:
    kinds = [frame_kind(frame["json"]) for frame in before if "json" in frame]
    return kinds.count("response.created") > kinds.count("response.done")


def _seeds(frames: list[Json], kinds: Mapping[int, str]) -> list[int]:
    """The items created before the first question, which itself is the last one before the request for a reply."""
    first = next((index for index, kind in kinds.items() if kind == "response.create"), len(frames))
    items = [index for index, kind in kinds.items() if kind == "conversation.item.create" and index < first]
    asks = bool(items) and frames[items[-1]]["json"]["item"].get("role") == "user"
    return items[:-1] if asks else items


def _messages(items: list[Json]) -> list[Msg]:
    """Items as messages; calls and results stand in the assistant's."""
    messages: list[Msg] = []
    for item in items:
        kind = item.get("type")
        if kind in ("function_call", "function_call_output"):
            if not messages or messages[-1].role != "assistant":
                messages.append(AssistantMsg("assistant", []))
            content = messages[-1].content
            if kind == "function_call":
                content.append(ToolCallBlock(id=item["call_id"], name=item["name"], input=item["arguments"]))
            else:
                names = [block.name for block in content if isinstance(block, ToolCallBlock)]
                name = names[-1] if names else "tool"
                content.append(ToolResultBlock(id=item["call_id"], name=name, output=item["output"]))
        elif item.get("role") == "assistant":
            messages.append(AssistantMsg("assistant", _text(item)))
        else:
            messages.append(UserMsg("user", _text(item)))
    return messages


def _text(item: Json) -> str:
    return "".join(part.get("text", "") for part in item.get("content", []))


def _gemini_setup(script: Script, setup: Json) -> None:
    config = setup.get("generationConfig", {})
    if config.get("responseModalities") == ["TEXT"]:
        script.parameters["output"] = "text"
    voice = config.get("speechConfig", {}).get("voiceConfig", {}).get("prebuiltVoiceConfig", {}).get("voiceName")
    if voice:
        script.parameters["voice"] = voice
    parts = setup.get("systemInstruction", {}).get("parts", [])
    script.instructions = "".join(part.get("text", "") for part in parts)
    for group in setup.get("tools", []):
        for function in group.get("functionDeclarations", []):
            tool = {"name": function["name"], "description": function.get("description", "")}
            script.tools.append({"type": "function", "function": tool})
    if setup.get("realtimeInputConfig", {}).get("automaticActivityDetection", {}).get("disabled"):
        script.detection = TurnDetection(mode="manual")


def _gemini_commands(script: Script, frames: list[Json]) -> None:
    seeded = False
    for index, frame in enumerate(frames):
        if frame["dir"] != "client" or "json" not in frame or "setup" in frame["json"]:
            continue
        ((key, value),) = frame["json"].items()
        if key in ("toolResponse", "tool_response"):
            for response in value["functionResponses"]:
                output = next(iter(response["response"].values()), "")
                text = output if isinstance(output, str) else json.dumps(output)
                script.commands[index] = Command("tool_result", (response["id"], text))
        elif key in ("clientContent", "client_content"):
            turns = value.get("turns", [])
            if not value.get("turnComplete"):
                script.history += [_turn(turn) for turn in turns]
                script.commands[index] = Command("nothing", awaited=not seeded)
                seeded = True
            else:
                script.history += [_turn(turn) for turn in turns[:-1]]
                script.commands[index] = Command("message", (_turn(turns[-1]).get_text_content() or "", True))
        else:
            script.commands[index] = _gemini_input(value)
    _add_closes(script, frames)


def _gemini_input(value: Json) -> Command:
    if "audio" in value:
        data = value["audio"]["data"].replace("-", "+").replace("_", "/")
        return Command("audio", base64.b64decode(data))
    if "text" in value:
        return Command("message", (value["text"], True))
    if "activityEnd" in value:
        return Command("commit", True)
    return Command("nothing", awaited=False)


def _turn(turn: Json) -> Msg:
    text = "".join(part.get("text", "") for part in turn["parts"])
    if turn["role"] == "model":
        return AssistantMsg("model", text)
    return UserMsg("user", [TextBlock(text=text)])


def _add_closes(script: Script, frames: list[Json]) -> None:
    """The client closes at the end; in between the session is left to notice, or to rotate by itself."""
    for index, frame in enumerate(frames):
        if "close" in frame and frame["dir"] == "client":
            last = not any("json" in later for later in frames[index + 1 :])
            script.commands[index] = Command("close" if last else "settle")
