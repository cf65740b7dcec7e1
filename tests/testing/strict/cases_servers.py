"""Illegal bodies for the rules that only some Chat Completions servers have."""

from __future__ import annotations

from modelport.testing.servers.strict.common import Json
from tests.testing.strict.case import Case
from tests.testing.strict.cases_chat import PIXEL, TOOL, USER, answer, asks, chat, shows, wants

_OBJECT: Json = {"type": "object", "properties": {"a": {"type": "integer"}}}
_SOUND: Json = {"data": "aGk=", "format": "wav"}
_PDF = "data:application/pdf;base64,aGk="


def _tool(schema: Json, **fields: Json) -> Json:
    return {"type": "function", "function": {"name": "look", "parameters": schema, **fields}}


def _image(url: str = PIXEL) -> Json:
    return {"type": "image_url", "image_url": {"url": url}}


def _one(target: str, rule: str, body: Json, model: str | None = None, *also: str) -> Case:
    return Case(rule, body, (target,), model, frozenset(also))


_HEARD = shows({"type": "input_audio", "input_audio": _SOUND})
_MARKED = [{"type": "text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit"}}] * 5
_THOUGHT: Json = {"role": "assistant", "content": "x", "reasoning_content": "hm"}
_SPOKEN: Json = {"modalities": ["text", "audio"], "audio": {"format": "wav", "voice": "alloy"}}

SHAPED_CASES = tuple(
    _one("chat_completions", *row)
    for row in (
        ("audio-part", chat(shows({"type": "input_audio", "input_audio": {"data": "@", "format": "wav"}}))),
        ("file-part", chat(shows({"type": "file", "file": {"file_data": "aGk="}}))),
        ("video-part", chat(shows({"type": "video_url", "video_url": "https://host/a.mp4"}))),
        ("part-fields", chat(USER, {"role": "assistant", "content": [{"type": "thinking", "thinking": None}]})),
    )
)

OPENAI_CASES = tuple(
    _one("openai_chat", *row)
    for row in (
        ("response-format", chat(response_format=wants({}, name="no spaces"))),
        (
            "audio-part",
            chat(shows({"type": "input_audio", "input_audio": {**_SOUND, "data": "data:audio/wav;base64,aGk="}})),
            "gpt-audio",
        ),
        (
            "audio-part",
            chat(shows({"type": "input_audio", "input_audio": {**_SOUND, "format": "ogg"}})),
            "gpt-audio",
        ),
        ("audio-model", chat(_HEARD), "gpt-4o-mini"),
        ("file-part", chat(shows({"type": "file", "file": {"file_data": "aGk=", "filename": "a.pdf"}}))),
        ("image-url", chat(shows(_image("data:image/bmp;base64,aGk=")))),
        ("tool-content", chat(USER, asks("a"), answer("a", [_image()]))),
        ("assistant-audio", chat(USER, {"role": "assistant", "audio": {"id": "x", "data": "aGk="}}, USER)),
        ("audio-output", chat(modalities=["text", "audio"])),
        ("audio-output", chat(stream=True, **_SPOKEN)),
        ("parallel-without-tools", chat(parallel_tool_calls=True)),
        ("cache-breakpoint-limit", chat(shows(*_MARKED))),
        ("max-tokens-reasoning-model", chat(max_tokens=9), "gpt-5-mini"),
        ("sampling-reasoning-model", chat(temperature=0), "o4-mini"),
        ("sampling-reasoning-model", chat(logprobs=True), "gpt-5"),
        ("sampling-reasoning-model", chat(top_p=0.5, reasoning_effort="low"), "gpt-5.6-sol"),
        ("stop-reasoning-model", chat(stop="x"), "o3"),
        ("strict-schema", chat(tools=[_tool(_OBJECT, strict=True)])),
        (
            "strict-schema",
            chat(response_format=wants({**_OBJECT, "additionalProperties": False}, strict=True)),
        ),
        ("strict-schema", chat(response_format=wants({"anyOf": [{"type": "null"}]}, strict=True))),
        ("foreign-reasoning", chat(USER, _THOUGHT, USER)),
    )
)

DASHSCOPE_CASES = tuple(
    _one("dashscope", *row)
    for row in (
        ("field-value", chat(temperature=2)),
        ("field-value", chat(top_p=0)),
        ("field-value", chat(enable_thinking="on")),
        ("part-type", chat(shows({"type": "file", "file": {"file_id": "x"}}))),
        ("audio-part", chat(_HEARD)),
        ("video-part", chat(shows({"type": "video", "video": "https://host/a.mp4"}))),
        ("video-part", chat(shows({"type": "video_url", "video_url": "https://host/a.mp4"}))),
        ("audio-output", chat(**_SPOKEN)),
        ("unsupported-field", chat(frequency_penalty=0)),
        ("parallel-without-tools", chat(parallel_tool_calls=True)),
        ("json-schema-model", chat(response_format=wants(_OBJECT)), "qwen-plus"),
        ("foreign-reasoning", chat(USER, _THOUGHT, USER)),
        ("preserve-thinking-model", chat(USER, _THOUGHT, USER, preserve_thinking=True), "qwen-plus"),
        ("thinking-switch-model", chat(enable_thinking=False, stream=True), "qwen3-8b-thinking-2507"),
        ("thinking-needs-stream", chat(), "qwen3-8b"),
        ("thinking-needs-stream", chat(enable_thinking=True), "qwen3-32b"),
        ("tool-choice-thinking", chat(tools=[TOOL], tool_choice="required", enable_thinking=True)),
        (
            "tool-choice-thinking",
            chat(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "look"}}),
            "qwen3.6-plus",
        ),
        ("user-message-model", chat({"role": "system", "content": "x"}), "qwen-vl-max"),
    )
)

_SEEING = "deepseek-v4-flash-vision-exp"

DEEPSEEK_CASES = tuple(
    _one("deepseek", *row)
    for row in (
        ("part-type", chat(_HEARD)),
        ("part-type", chat(shows({"type": "video_url", "video_url": {"url": "https://host/a.mp4"}}))),
        ("part-type-model", chat(shows(_image())), "deepseek-v4-flash"),
        ("image-url", chat(shows(_image("https://host/" + "a" * 8192))), _SEEING),
        ("file-part", chat(shows({"type": "file", "file": {"file_data": _PDF, "filename": "a"}})), _SEEING),
        (
            "tool-content",
            chat(USER, asks("a", reasoning_content=""), answer("a", [{"type": "file", "file_id": "x"}])),
            _SEEING,
            "part-type-model",
        ),
        ("unsupported-field", chat(seed=1)),
        ("unsupported-field", chat(user="me")),
        ("field-value", chat(user_id="not legal")),
        ("json-schema-unsupported", chat(response_format=wants(_OBJECT))),
        ("tools-limit", chat(tools=[TOOL] * 129)),
        ("token-cap-field", chat(max_completion_tokens=9)),
        ("tool-choice-thinking", chat(tools=[TOOL], tool_choice="required"), "deepseek-v4-pro"),
        ("thinking-shape", chat(thinking={"type": "adaptive"})),
        ("thinking-shape", chat(thinking=True)),
        ("effort-thinking-off", chat(thinking={"type": "disabled"}, reasoning_effort="low")),
        ("prefix-place", chat({"role": "assistant", "content": "x", "prefix": True}, USER)),
        ("reasoning-required", chat(USER, asks("a"), answer("a")), "deepseek-reasoner"),
        (
            "reasoning-required",
            chat(USER, asks("a"), answer("a"), thinking={"type": "enabled"}),
            "deepseek-chat",
        ),
    )
)

_BEGUN: Json = {"role": "assistant", "content": "x", "partial": True}
_UNION: Json = {"type": "object", "properties": {"a": {"type": "string", "anyOf": [{"type": "null"}]}}}
_PAIR: Json = {"type": "object", "properties": {"a": {"type": "array", "items": [{"type": "string"}]}}}

MOONSHOT_CASES = tuple(
    _one("moonshot", *row)
    for row in (
        ("part-type", chat(_HEARD)),
        ("image-url", chat(shows(_image("data:image/tiff;base64,aGk=")))),
        ("media-inline", chat(shows(_image("https://host/a.png")))),
        ("media-inline", chat(shows({"type": "video_url", "video_url": {"url": "https://host/a.mp4"}}))),
        (
            "video-part",
            chat(shows({"type": "video_url", "video_url": {"url": "data:image/png;base64,aGk="}})),
        ),
        ("tool-content", chat(USER, asks("a"), answer("a", [{"type": "text", "text": "42"}]))),
        ("tool-choice-without-tools", chat(tool_choice="required")),
        ("tool-choice-model", chat(tools=[TOOL], tool_choice="required"), "kimi-k2.6"),
        ("tool-schema", chat(tools=[_tool({"type": "array"})])),
        ("tool-schema", chat(tools=[_tool(_UNION)])),
        ("tool-schema", chat(tools=[_tool(_PAIR)])),
        ("schema-dollar-key", chat(response_format=wants({**_OBJECT, "$schema": "x"}))),
        ("unsupported-field", chat(seed=1)),
        ("sampling-model", chat(temperature=0.3), "kimi-k3"),
        ("sampling-model", chat(top_p=0.9), "kimi-k2.6"),
        ("sampling-model", chat(temperature=1.5), "moonshot-v1-8k"),
        ("field-value", chat(reasoning_effort="medium"), "kimi-k3"),
        ("thinking-model", chat(thinking={"type": "enabled"}), "kimi-k3"),
        ("thinking-model", chat(thinking={"type": "disabled"}), "kimi-k2.7-code"),
        ("thinking-model", chat(thinking={"type": "enabled", "keep": "all"}), "kimi-k2.5"),
        ("thinking-model", chat(reasoning_effort="low"), "kimi-k2.6"),
        ("partial-place", chat(_BEGUN, USER)),
        ("partial-json", chat(USER, _BEGUN, response_format={"type": "json_object"})),
        ("empty-assistant", chat(USER, asks("a", content=""), answer("a"))),
        ("reasoning-required", chat(USER, asks("a"), answer("a")), "kimi-k3"),
        ("reasoning-required", chat(USER, asks("a", reasoning_content=""), answer("a")), "kimi-k2.6"),
    )
)

XAI_CHAT_CASES = tuple(
    _one("xai_chat", *row)
    for row in (
        ("tool-choice-shape", chat(tools=[TOOL], tool_choice={"type": "tool"})),
        ("image-url", chat(shows(_image("data:image/webp;base64,aGk=")))),
        ("penalty-reasoning-model", chat(stop="x"), "grok-4-fast-reasoning"),
        ("effort-model", chat(reasoning_effort="low"), "grok-code-fast-1"),
        ("foreign-reasoning", chat(USER, _THOUGHT, USER)),
    )
)

CASES: tuple[Case, ...] = (
    *SHAPED_CASES,
    *OPENAI_CASES,
    *DASHSCOPE_CASES,
    *DEEPSEEK_CASES,
    *MOONSHOT_CASES,
    *XAI_CHAT_CASES,
)
