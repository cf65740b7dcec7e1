"""Rules of Chat Completions servers that depend on the model or on its thinking mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..common import (
    Finding,
    Findings,
    Json,
    as_list,
    as_object,
    check_fields,
    matches_any,
    number,
    objects,
    one_of,
)
from ..schemas import subschemas
from .dialects import Dialect

# OpenAI: every model that reasons, and those of them that reason even when no effort is given.
REASONING = (r"^o[134](-|$)", r"^gpt-5(?!-(chat|search))", r"^gpt-6")
ALWAYS_REASONING = (r"^o[134](-|$)", r"^gpt-5(-mini|-nano|-pro)?(-\d{4}-\d\d-\d\d)?$")
NO_STOP = (r"^o3(-|$)", r"^o4-mini", *REASONING[1:])
HEARING = (r"audio",)

# DashScope.
QWEN_ALWAYS_THINKING = (r"-thinking-2507", r"^qwq", r"^qvq")
QWEN_OPEN_HYBRID = (r"^qwen3-\d(?!.*(instruct|thinking))",)
QWEN_THINKING_BY_DEFAULT = (*QWEN_ALWAYS_THINKING, *QWEN_OPEN_HYBRID, r"^qwen3\.[5-9]")
QWEN_PRESERVES_THINKING = (
    r"^qwen3\.6-plus",
    r"^qwen3\.6-max-preview",
    r"^qwen3\.[78]-",
    r"^kimi-k2\.7-code",
)
QWEN_JSON_SCHEMA = (r"^qwen3\.7-(plus|flash|max)", r"^qwen3\.8-(max|flash)")
QWEN_VISION = (r"vl",)

# DeepSeek.
DEEPSEEK_V4 = (r"deepseek-v4", r"^deepseek-(flash|pro)", r"^deepseek-reasoner$")
DEEPSEEK_SEEING = (r"vision", r"^deepseek-flash$")  # the alias of V4.1, by the model catalogue

# Moonshot: what the thinking field may hold, and whose tool turns have to carry their reasoning.
KIMI_THINKING: Mapping[str, tuple[str, ...]] = {
    r"^kimi-k3": (),
    r"^kimi-k2\.7": ("enabled",),
    r"^kimi-k2\.[56]": ("enabled", "disabled"),
    r"^moonshot-v1": (),
}
KIMI_KEEPS_THINKING = (r"^kimi-k2\.6",)
KIMI_EFFORT = (r"^kimi-k3",)
KIMI_REASONING = (r"^kimi-k3", r"^kimi-k2\.[5-7]")
KIMI_NO_REQUIRED_CHOICE = (r"^kimi-k2\.[67]",)

# xAI.
GROK_NO_EFFORT = (r"^grok-code-fast-1", r"^grok-4\.20-(0309-)?(non-)?reasoning")
GROK_REASONING = (r"^grok-3-mini", r"^grok-code", r"^grok-4(?!.*non-reasoning)")

_SAMPLING = ("temperature", "top_p", "presence_penalty", "frequency_penalty")
_DEFAULTS: Mapping[str, Json] = {
    "temperature": 1,
    "top_p": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "logprobs": False,
}
_FOREIGN = ("reasoning_content", "reasoning", "reasoning_details")


def check_models(body: Mapping[str, Json], dialect: Dialect, model: str) -> Findings:
    """The per-model rules of one server."""
    checks = _CHECKS.get(dialect.name)
    if checks:
        yield from checks(body, model)


def _assistants(body: Mapping[str, Json]) -> Iterator[tuple[str, dict[str, Json]]]:
    found = objects(body.get("messages"), "$.messages")
    return ((path, message) for path, message in found if message.get("role") == "assistant")


def _parts(body: Mapping[str, Json]) -> Iterator[tuple[str, dict[str, Json]]]:
    for path, message in objects(body.get("messages"), "$.messages"):
        yield from objects(message.get("content"), f"{path}.content")


def _foreign_reasoning(body: Mapping[str, Json], keys: tuple[str, ...] = _FOREIGN) -> Findings:
    for path, message in _assistants(body):
        for key in keys:
            if key in message:
                yield Finding("foreign-reasoning", f"{path}.{key}", "this server takes no reasoning back")


def _choice_forces(choice: Json) -> bool:
    return choice == "required" or isinstance(choice, dict)


def refused_sampling(body: Mapping[str, Json], model: str, effort: Json, names: tuple[str, ...]) -> Findings:
    """OpenAI models that reason take no sampling parameter, unless it says what they do anyway."""
    reasons = matches_any(model, ALWAYS_REASONING) or (matches_any(model, REASONING) and effort is not None)
    if not reasons or effort == "none":
        return
    for name in names:
        if name in body and body[name] != _DEFAULTS.get(name):
            yield Finding("sampling-reasoning-model", f"$.{name}", "refused by models that reason")


def _openai(body: Mapping[str, Json], model: str) -> Findings:
    yield from _foreign_reasoning(body)
    if matches_any(model, REASONING) and "max_tokens" in body:
        yield Finding("max-tokens-reasoning-model", "$.max_tokens", "use max_completion_tokens")
    yield from refused_sampling(body, model, body.get("reasoning_effort"), (*_SAMPLING, "logprobs"))
    if matches_any(model, NO_STOP) and "stop" in body:
        yield Finding("stop-reasoning-model", "$.stop", "refused by models that reason")
    for path, part in _parts(body):
        if part.get("type") == "input_audio" and model and not matches_any(model, HEARING):
            yield Finding("audio-model", path, f"{model} does not accept audio")


def _qwen_thinks(body: Mapping[str, Json], model: str) -> bool:
    explicit = body.get("enable_thinking")
    return explicit if isinstance(explicit, bool) else matches_any(model, QWEN_THINKING_BY_DEFAULT)


def _dashscope(body: Mapping[str, Json], model: str) -> Findings:
    yield from _qwen_thinking(body, model)
    if _qwen_thinks(body, model) and _choice_forces(body.get("tool_choice")):
        yield Finding("tool-choice-thinking", "$.tool_choice", "a thinking model cannot be forced to call")
    wanted = as_object(body.get("response_format")).get("type")
    if wanted == "json_schema" and model and not matches_any(model, QWEN_JSON_SCHEMA):
        yield Finding("json-schema-model", "$.response_format", f"{model} knows only json_object")
    roles = {str(message.get("role")) for _, message in objects(body.get("messages"), "")}
    if matches_any(model, QWEN_VISION) and roles and "user" not in roles:
        yield Finding("user-message-model", "$.messages", "a vision model needs a user message")


def _qwen_thinking(body: Mapping[str, Json], model: str) -> Findings:
    preserved = body.get("preserve_thinking") is True
    if preserved and model and not matches_any(model, QWEN_PRESERVES_THINKING):
        yield Finding("preserve-thinking-model", "$.preserve_thinking", f"{model} replays no reasoning")
    if not preserved:
        yield from _foreign_reasoning(body, ("reasoning_content",))
    if matches_any(model, QWEN_ALWAYS_THINKING) and body.get("enable_thinking") is False:
        yield Finding("thinking-switch-model", "$.enable_thinking", f"{model} cannot stop thinking")
    blocking = body.get("stream") is not True
    if matches_any(model, QWEN_OPEN_HYBRID) and _qwen_thinks(body, model) and blocking:
        yield Finding("thinking-needs-stream", "$.enable_thinking", "has to be false without a stream")


def _deepseek_thinks(body: Mapping[str, Json], model: str) -> bool:
    explicit = as_object(body.get("thinking")).get("type")
    return explicit == "enabled" if explicit else matches_any(model, DEEPSEEK_V4)


def _deepseek(body: Mapping[str, Json], model: str) -> Findings:
    thinks = _deepseek_thinks(body, model)
    if "max_completion_tokens" in body:
        yield Finding("token-cap-field", "$.max_completion_tokens", "the cap of this server is max_tokens")
    if "thinking" in body:
        kinds = {"type": one_of("enabled", "disabled")}
        if not isinstance(body["thinking"], dict) or "type" not in body["thinking"]:
            yield Finding("thinking-shape", "$.thinking", "thinking is an object with a type")
        yield from check_fields(as_object(body["thinking"]), kinds, "thinking-shape", "$.thinking")
    if as_object(body.get("thinking")).get("type") == "disabled" and "reasoning_effort" in body:
        yield Finding("effort-thinking-off", "$.reasoning_effort", "no effort while thinking is disabled")
    if thinks and _choice_forces(body.get("tool_choice")):
        yield Finding("tool-choice-thinking", "$.tool_choice", "a thinking model cannot be forced to call")
    yield from _prefix(body, "prefix", "prefix-place")
    for path, message in _assistants(body):
        if thinks and message.get("tool_calls") and not isinstance(message.get("reasoning_content"), str):
            yield Finding("reasoning-required", path, "a tool turn carries reasoning_content, if only empty")
    for path, part in _parts(body):
        if part.get("type") in ("image_url", "file") and model and not matches_any(model, DEEPSEEK_SEEING):
            yield Finding("part-type-model", path, f"{model} reads only text")


def _prefix(body: Mapping[str, Json], key: str, rule: str) -> Findings:
    last = len(as_list(body.get("messages"))) - 1
    for index, message in enumerate(as_list(body.get("messages"))):
        begun = as_object(message).get(key) is True
        if begun and (index != last or message.get("role") != "assistant"):
            yield Finding(rule, f"$.messages[{index}].{key}", "only the last assistant message is continued")


def _moonshot(body: Mapping[str, Json], model: str) -> Findings:
    yield from _kimi_sampling(body, model)
    yield from _kimi_thinking(body, model)
    if matches_any(model, KIMI_NO_REQUIRED_CHOICE) and body.get("tool_choice") == "required":
        yield Finding("tool-choice-model", "$.tool_choice", f"{model} refuses required")
    yield from _prefix(body, "partial", "partial-place")
    begun = any(message.get("partial") for _, message in _assistants(body))
    if begun and as_object(body.get("response_format")).get("type") == "json_object":
        yield Finding("partial-json", "$.response_format", "no JSON mode while a message is continued")
    for path, tool in objects(body.get("tools"), "$.tools"):
        schema = as_object(tool.get("function")).get("parameters")
        if schema is not None:
            yield from _kimi_schema(schema, f"{path}.function.parameters")


def _kimi_sampling(body: Mapping[str, Json], model: str) -> Findings:
    if model.startswith("kimi-"):
        for name in _SAMPLING:
            if name in body and not (name == "temperature" and body[name] == 1):
                yield Finding("sampling-model", f"$.{name}", f"fixed on {model}, leave it out")
    if model.startswith("moonshot-v1"):
        yield from check_fields(body, {"temperature": number(0, 1)}, "sampling-model", "$")


def _kimi_thinking(body: Mapping[str, Json], model: str) -> Findings:
    thinking = as_object(body.get("thinking"))
    accepted = next((kinds for pattern, kinds in KIMI_THINKING.items() if matches_any(model, (pattern,))), None)
    if accepted is not None and "thinking" in body and thinking.get("type") not in accepted:
        yield Finding("thinking-model", "$.thinking", f"{model} accepts {accepted or 'no thinking field'}")
    keeps = matches_any(model, KIMI_KEEPS_THINKING)
    if accepted is not None and "keep" in thinking and not (keeps and thinking["keep"] == "all"):
        yield Finding("thinking-model", "$.thinking.keep", f"{model} has no such value of keep")
    if accepted is not None and "reasoning_effort" in body and not matches_any(model, KIMI_EFFORT):
        yield Finding("thinking-model", "$.reasoning_effort", f"{model} has no effort levels")
    if not matches_any(model, KIMI_REASONING) or thinking.get("type") == "disabled":
        return
    for path, message in _assistants(body):
        if message.get("tool_calls") and not message.get("reasoning_content"):
            yield Finding("reasoning-required", path, "a tool turn carries non-empty reasoning_content")


def _kimi_schema(schema: Json, path: str) -> Findings:
    if as_object(schema).get("type") != "object":
        yield Finding("tool-schema", path, "the root of a tool schema is an object")
    for where, part in subschemas(schema, path):
        if isinstance(part.get("items"), list):
            yield Finding("tool-schema", f"{where}.items", "a list of items is written as prefixItems")
        if "anyOf" in part and "type" in part:
            yield Finding("tool-schema", where, "type moves into the branches of anyOf")


def _grok(body: Mapping[str, Json], model: str) -> Findings:
    yield from _foreign_reasoning(body)
    if matches_any(model, GROK_NO_EFFORT) and "reasoning_effort" in body:
        yield Finding("effort-model", "$.reasoning_effort", f"{model} has no effort levels")
    for name in ("presence_penalty", "frequency_penalty", "stop"):
        if matches_any(model, GROK_REASONING) and name in body:
            yield Finding("penalty-reasoning-model", f"$.{name}", "refused by models that reason")


_CHECKS: Mapping[str, Callable[[Mapping[str, Json], str], Findings]] = {
    "openai_chat": _openai,
    "dashscope": _dashscope,
    "deepseek": _deepseek,
    "moonshot": _moonshot,
    "xai_chat": _grok,
}
