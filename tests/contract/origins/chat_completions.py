"""The Chat Completions classes as origins.

Facts: docs/protocols/openai-chat.md#streaming, docs/protocols/openai-chat.md#round-trip-rules,
docs/protocols/deepseek.md#round-trip-rules, docs/protocols/moonshot.md#round-trip-rules,
docs/protocols/dashscope-chat.md#round-trip-rules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modelport.credential import DashScopeCredential, DeepSeekCredential, MoonshotCredential, OpenAICredential
from modelport.formatter import (
    DashScopeMultiAgentFormatter,
    DeepSeekMultiAgentFormatter,
    MoonshotMultiAgentFormatter,
    OpenAIMultiAgentFormatter,
)
from modelport.model import DashScopeChatModel, DeepSeekChatModel, MoonshotChatModel, OpenAIChatModel
from tests.contract.origins.origin import STEPS, Call, Json, Origin, Said, thought
from tests.contract.samples.sample import sse

__all__ = ["DASHSCOPE", "DEEPSEEK", "MOONSHOT", "OPENAI"]

_KEY = "sk-test-PlantedWord7"


def _stream(origin: str, call_id: Callable[[Call], str]) -> Callable[[Said], bytes]:
    """How the server of that origin streams an answer; `call_id` makes the ids that it would."""

    def chunk(delta: Json, **fields: Any) -> bytes:  # Any: fields of the choice
        choice = {"index": 0, "delta": delta, "finish_reason": None, **fields}
        return sse({"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]})

    def answer(said: Said) -> bytes:
        events = [chunk({"role": "assistant", "content": ""})]
        if origin != "openai_chat":  # which hides its thoughts
            events.append(chunk({"reasoning_content": thought(origin, said.number)}))
        events.append(chunk({"content": said.text}))
        for index, call in enumerate(said.calls):
            start = {"index": index, "id": call_id(call), "type": "function"}
            events.append(chunk({"tool_calls": [{**start, "function": {"name": call.name, "arguments": ""}}]}))
            events.append(chunk({"tool_calls": [{"index": index, "function": {"arguments": call.arguments}}]}))
        events.append(chunk({}, finish_reason="tool_calls" if said.calls else "stop"))
        return b"".join([*events, sse("[DONE]")])

    return answer


def _thoughts(origin: str) -> tuple[str, ...]:
    return tuple(thought(origin, said.number) for said in STEPS)


OPENAI = Origin(
    "openai_chat",
    "openai_chat",
    "gpt-5.6",
    lambda url, model, **options: OpenAIChatModel(OpenAICredential(api_key=_KEY, base_url=url), model, **options),
    OpenAIMultiAgentFormatter,
    "text/event-stream",
    _stream("openai_chat", lambda call: f"call_{call.number}{'x' * 24}"),
)
DASHSCOPE = Origin(
    "dashscope",
    "dashscope",
    "qwen3.8-max",
    lambda url, model, **options: DashScopeChatModel(DashScopeCredential(api_key=_KEY, base_url=url), model, **options),
    DashScopeMultiAgentFormatter,
    "text/event-stream",
    _stream("dashscope", lambda call: f"call_{call.number}c1e77"),
    kept=_thoughts("dashscope"),
)
DEEPSEEK = Origin(
    "deepseek",
    "deepseek",
    "deepseek-v4-flash",
    lambda url, model, **options: DeepSeekChatModel(DeepSeekCredential(api_key=_KEY, base_url=url), model, **options),
    DeepSeekMultiAgentFormatter,
    "text/event-stream",
    _stream("deepseek", lambda call: f"call_0{call.number}_{'y' * 20}"),
    kept=_thoughts("deepseek")[:2],
    sees_images=False,
)
# Moonshot counts calls anew in every turn, so that its ids come again.
MOONSHOT = Origin(
    "moonshot",
    "moonshot",
    "kimi-k2.6",
    lambda url, model, **options: MoonshotChatModel(MoonshotCredential(api_key=_KEY, base_url=url), model, **options),
    MoonshotMultiAgentFormatter,
    "text/event-stream",
    _stream("moonshot", lambda call: f"functions.{call.name}:{1 if call.number == 2 else 0}"),
    kept=_thoughts("moonshot")[:2],
)
