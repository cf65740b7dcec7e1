"""Rules of the Messages API that depend on the model, kept as tables."""

from __future__ import annotations

from collections.abc import Mapping

from ..common import Finding, Findings, Json, as_list, as_object, matches_any, objects

_MODELS = "docs/protocols/anthropic-messages.md#thinking-support-per-model"
_BODY = "docs/protocols/anthropic-messages.md#request-body"

MODEL_RULES: Mapping[str, str] = {
    "thinking-model": _MODELS,
    "effort-model": _MODELS,
    "effort-with-thinking": _MODELS,
    "tool-choice-model": _MODELS,
    "sampling-model": _BODY,
    "sampling-pair": _BODY,
    "prefill-model": _BODY,
    "system-role-model": _BODY,
}

# Thinking modes that answer 400, by model. Alias and dated ids share a prefix.
REFUSED_THINKING: Mapping[str, frozenset[str]] = {
    r"claude-fable-5": frozenset({"enabled", "disabled"}),
    r"claude-opus-5-5": frozenset({"enabled", "disabled"}),
    r"claude-sonnet-5-5": frozenset({"enabled", "disabled"}),
    r"claude-haiku-5-5": frozenset({"enabled"}),
    r"claude-(opus|sonnet|haiku)-4-5": frozenset({"adaptive"}),
    r"claude-(opus|sonnet)-4-[01](-|$)": frozenset({"adaptive"}),
    r"claude-(opus|sonnet)-4-\d{8}": frozenset({"adaptive"}),
}
# Modes that go together only with the lower effort levels.
CALM_THINKING: Mapping[str, str] = {
    r"claude-sonnet-5-5": "between_tools",
    r"claude-haiku-5-5": "disabled",
    r"claude-opus-5(?!-5)": "disabled",
}
NO_EFFORT = (
    r"claude-(sonnet|haiku)-4-5",
    r"claude-(opus|sonnet)-4-[01](-|$)",
    r"claude-(opus|sonnet)-4-\d{8}",
)
NO_FORCED_CALL = (r"claude-fable-5-[12]", r"claude-opus-5-5", r"claude-sonnet-5-5")
GENERATION_FIVE = r"claude-(fable|opus|sonnet|haiku)-5"
NO_SAMPLING = (GENERATION_FIVE, r"claude-opus-4-[78]")
ONE_SAMPLING = (r"claude-(opus|sonnet|haiku)-4-[56]",)
NO_PREFILL = (GENERATION_FIVE, r"claude-opus-4-[678]")
NO_SYSTEM_ROLE = (r"claude-3", r"claude-[a-z]+-4")

_HIGH_EFFORTS = ("xhigh", "max")
_SAMPLING = ("temperature", "top_p", "top_k")


def check_models(body: Mapping[str, Json], model: str) -> Findings:
    """The per-model rules."""
    yield from _thinking(body, model)
    yield from _sampling(body, model)
    forced = as_object(body.get("tool_choice")).get("type") in ("any", "tool")
    if forced and matches_any(model, NO_FORCED_CALL):
        yield Finding("tool-choice-model", "$.tool_choice", f"{model} refuses a forced call")
    if matches_any(model, NO_PREFILL) and _is_prefill(body):
        yield Finding("prefill-model", "$.messages", f"{model} refuses a trailing assistant message")
    roles = [message.get("role") for _, message in objects(body.get("messages"), "")]
    if matches_any(model, NO_SYSTEM_ROLE) and "system" in roles:
        yield Finding("system-role-model", "$.messages", f"{model} knows no system message in between")


def _thinking(body: Mapping[str, Json], model: str) -> Findings:
    kind = str(as_object(body.get("thinking")).get("type"))
    effort = as_object(body.get("output_config")).get("effort")
    if any(kind in refused and matches_any(model, (name,)) for name, refused in REFUSED_THINKING.items()):
        yield Finding("thinking-model", "$.thinking.type", f"{model} refuses {kind}")
    calm = any(kind == mode and matches_any(model, (name,)) for name, mode in CALM_THINKING.items())
    if calm and effort in _HIGH_EFFORTS:
        yield Finding("effort-with-thinking", "$.output_config.effort", f"{kind} needs effort up to high")
    if effort is not None and matches_any(model, NO_EFFORT):
        yield Finding("effort-model", "$.output_config.effort", f"{model} has no effort levels")


def _sampling(body: Mapping[str, Json], model: str) -> Findings:
    if matches_any(model, NO_SAMPLING):
        for name in _SAMPLING:
            if name in body:
                yield Finding("sampling-model", f"$.{name}", f"{model} refuses sampling parameters")
    elif matches_any(model, ONE_SAMPLING) and "temperature" in body and "top_p" in body:
        yield Finding("sampling-pair", "$.top_p", f"{model} refuses top_p beside temperature")


def _is_prefill(body: Mapping[str, Json]) -> bool:
    """A trailing assistant message, except a paused server-tool turn that is resent as it came."""
    messages = as_list(body.get("messages"))
    last = as_object(messages[-1]) if messages else {}
    blocks = [str(block.get("type")) for _, block in objects(last.get("content"), "")]
    paused = any(kind == "server_tool_use" or kind.endswith("_tool_result") for kind in blocks)
    return last.get("role") == "assistant" and not paused
