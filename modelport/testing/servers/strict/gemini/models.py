"""Rules of generateContent that depend on the model, kept as tables."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..common import Finding, Findings, Json, as_object, matches_any, objects
from .contents import is_modern, pick

_REQUEST = "docs/protocols/gemini.md#request"
_THINKING = "docs/protocols/gemini.md#thinking"

MODEL_RULES: Mapping[str, str] = {
    "thinking-budget-model": _THINKING,
    "thinking-level-model": _THINKING,
    "json-with-functions-model": _REQUEST,
    "json-image-model": _REQUEST,
    "penalty-model": _REQUEST,
    "builtin-model": _REQUEST,
}

# Lowest and highest budget; -1 (dynamic) is always legal, 0 only where thinking can be off.
# The sources disagree about Flash Lite below 512, so its whole range is let through.
BUDGETS: Mapping[str, tuple[int, int]] = {
    r"gemini-2\.5-pro": (128, 32768),
    r"gemini-2\.5-flash-lite": (0, 24576),
    r"gemini-2\.5-flash": (0, 24576),
    r"gemini-3-pro-image": (0, 32768),
}
# The first row that matches counts.
LEVELS: Mapping[str, tuple[str, ...]] = {
    r"gemini-4-hydrogen": ("low", "medium", "high", "xhigh"),
    r"gemini-3(-|\.0-)pro": ("low", "high"),
    r"gemini-3\.\d+-pro": ("low", "medium", "high"),
    r"gemini-3\.[7-9]-flash(?!-lite)": ("low", "medium", "high"),
    r"gemini-3(\.\d+)?-flash": ("minimal", "low", "medium", "high"),
}
NO_PENALTY = (r"gemini-2\.5",)
NO_JSON_WITH_FUNCTIONS = (r"gemini-2\.",)
IMAGE_MAKERS = (r"-image",)
# The newest models take longer function names; the handbook does not say which, so only 4 and later.
LONG_NAMES = (r"gemini-([4-9]|\d\d)",)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]*")
_BUILT_IN = ("googleSearch", "urlContext", "codeExecution", "fileSearch")


def function_name_ok(name: str, model: str) -> bool:
    """Characters and length of a function name."""
    longest = 128 if matches_any(model, LONG_NAMES) else 64
    return bool(_NAME.fullmatch(name)) and len(name) <= longest


def check_models(body: Mapping[str, Json], model: str) -> Findings:
    """The per-model rules; without a model nothing is known."""
    if not model:
        return
    config = as_object(pick(body, "generationConfig"))
    yield from _thinking(as_object(pick(config, "thinkingConfig")), model)
    yield from _json_mode(body, config, model)
    for name in ("presencePenalty", "frequencyPenalty"):
        if pick(config, name) is not None and matches_any(model, NO_PENALTY):
            yield Finding("penalty-model", f"$.generationConfig.{name}", f"{model} refuses penalties")


def _thinking(thinking: Mapping[str, Json], model: str) -> Findings:
    path = "$.generationConfig.thinkingConfig"
    budget, level = pick(thinking, "thinkingBudget"), pick(thinking, "thinkingLevel")
    limits = next((row for name, row in BUDGETS.items() if matches_any(model, (name,))), None)
    if isinstance(budget, int) and limits and not (budget == -1 or limits[0] <= budget <= limits[1]):
        yield Finding("thinking-budget-model", f"{path}.thinkingBudget", f"{model}: -1 or {limits}")
    if budget is not None and limits is None and is_modern(model):
        yield Finding("thinking-budget-model", f"{path}.thinkingBudget", f"{model} thinks by level")
    if not isinstance(level, str):
        return
    levels = next((row for name, row in LEVELS.items() if matches_any(model, (name,))), None)
    if (levels and level.lower() not in levels) or matches_any(model, (r"gemini-2\.",)):
        yield Finding("thinking-level-model", f"{path}.thinkingLevel", f"{model}: {levels or 'no levels'}")


def _json_mode(body: Mapping[str, Json], config: Mapping[str, Json], model: str) -> Findings:
    tools = [tool for _, tool in objects(body.get("tools"), "")]
    functions = any(pick(tool, "functionDeclarations") for tool in tools)
    built_in = any(pick(tool, name) is not None for tool in tools for name in _BUILT_IN)
    if pick(config, "responseMimeType") == "application/json":
        if functions and matches_any(model, NO_JSON_WITH_FUNCTIONS):
            reason = f"{model} has no JSON mode beside functions"
            yield Finding("json-with-functions-model", "$.generationConfig.responseMimeType", reason)
        if matches_any(model, IMAGE_MAKERS):
            path = "$.generationConfig.responseMimeType"
            yield Finding("json-image-model", path, f"{model} has no JSON mode")
    if functions and built_in and not is_modern(model):
        yield Finding("builtin-model", "$.tools", f"{model} takes built-in tools or functions, not both")
