"""The classes with a protocol of their own as origins.

Facts: docs/protocols/anthropic-messages.md#round-trip-rules, docs/protocols/gemini.md#round-trip-rules,
docs/protocols/ollama.md#round-trip-rules.
"""

from __future__ import annotations

import json
from typing import Any

from modelport.credential import AnthropicCredential, GeminiCredential, OllamaCredential
from modelport.formatter import AnthropicMultiAgentFormatter, GeminiMultiAgentFormatter, OllamaMultiAgentFormatter
from modelport.model import AnthropicChatModel, GeminiChatModel, OllamaChatModel
from tests.contract.origins.origin import STEPS, Json, Origin, Said, seal, thought
from tests.contract.samples.sample import line, sse

__all__ = ["ANTHROPIC", "GEMINI", "OLLAMA"]


def _event(kind: str, **fields: Any) -> bytes:  # Any: fields of the event
    return sse({"type": kind, **fields}, event=kind)


def _block(index: int, block: Json, *deltas: Json) -> bytes:
    pieces = [_event("content_block_delta", index=index, delta=delta) for delta in deltas]
    start = _event("content_block_start", index=index, content_block=block)
    return b"".join([start, *pieces, _event("content_block_stop", index=index)])


def _anthropic(said: Said) -> bytes:
    """The first thought has text, the second is redacted, the third is left out but for its signature."""
    sign = {"type": "signature_delta", "signature": seal("anthropic", said.number)}
    think = {"type": "thinking_delta", "thinking": thought("anthropic", said.number)}
    blocks: list[tuple[Json, list[Json]]]
    if said.number == 2:
        blocks = [({"type": "redacted_thinking", "data": seal("anthropic", 2)}, [])]
    else:
        deltas = [think, sign] if said.number == 1 else [sign]
        blocks = [({"type": "thinking", "thinking": "", "signature": ""}, deltas)]
    if said.text:
        blocks.append(({"type": "text", "text": ""}, [{"type": "text_delta", "text": said.text}]))
    for call in said.calls:
        fragment = {"type": "input_json_delta", "partial_json": call.arguments}
        blocks.append(
            ({"type": "tool_use", "id": f"toolu_01{call.number}", "name": call.name, "input": {}}, [fragment])
        )
    usage = {"input_tokens": 5, "output_tokens": 1}
    head: Json = {"id": f"msg_{said.number}", "type": "message", "role": "assistant", "model": "m", "content": []}
    reason = "tool_use" if said.calls else "end_turn"
    return b"".join(
        [
            _event("message_start", message={**head, "usage": usage}),
            *(_block(index, block, *deltas) for index, (block, deltas) in enumerate(blocks)),
            _event("message_delta", delta={"stop_reason": reason}, usage={"output_tokens": 2}),
            _event("message_stop"),
        ]
    )


def _gemini(said: Said) -> bytes:
    """The first of parallel calls is signed, the second is not; calls of the first step have no ids."""
    signature = {"thoughtSignature": seal("gemini", said.number)}
    parts: list[Json] = [{"text": thought("gemini", said.number), "thought": True}]
    if said.text:
        parts.append({"text": said.text})
    for call in said.calls:
        made: Json = {"name": call.name, "args": json.loads(call.arguments)}
        made |= {"id": f"fc{call.number}"} if said.number == 2 else {}
        parts.append({"functionCall": made, **(signature if call is said.calls[0] else {})})
    if not said.calls:
        parts.append({"text": "", **signature})
    chunks: list[Json] = [{"candidates": [{"content": {"role": "model", "parts": [part]}}]} for part in parts]
    chunks[-1]["candidates"][0]["finishReason"] = "STOP"
    return b"".join(sse({**chunk, "responseId": "r1", "modelVersion": "m"}, line_end="\r\n") for chunk in chunks)


def _ollama(said: Said) -> bytes:
    """Calls come whole and, from an old server, without ids."""
    calls = [{"function": {"name": call.name, "arguments": json.loads(call.arguments)}} for call in said.calls]
    messages: list[Json] = [{"content": "", "thinking": thought("ollama", said.number)}, {"content": said.text}]
    messages += [{"content": "", "tool_calls": [call]} for call in calls]
    lines = [{"model": "m", "message": {"role": "assistant", **each}, "done": False} for each in messages]
    end = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}
    return b"".join(map(line, [*lines, {"model": "m", **end}]))


ANTHROPIC = Origin(
    "anthropic",
    "anthropic",
    "claude-opus-5-5",
    lambda url, model, **options: AnthropicChatModel(
        AnthropicCredential(api_key="sk-test-PlantedWord7", base_url=url), model, **options
    ),
    AnthropicMultiAgentFormatter,
    "text/event-stream; charset=utf-8",
    _anthropic,
    kept=tuple(seal("anthropic", said.number) for said in STEPS),
)
GEMINI = Origin(
    "gemini",
    "gemini",
    "gemini-3.5-flash",
    lambda url, model, **options: GeminiChatModel(
        GeminiCredential(api_key="test-PlantedWord7", base_url=url), model, **options
    ),
    GeminiMultiAgentFormatter,
    "text/event-stream",
    _gemini,
    kept=tuple(seal("gemini", said.number) for said in STEPS),
)
OLLAMA = Origin(
    "ollama",
    "ollama",
    "gemma4",
    lambda url, model, **options: OllamaChatModel(OllamaCredential(host=url), model, **options),
    OllamaMultiAgentFormatter,
    "application/x-ndjson",
    _ollama,
    kept=tuple(thought("ollama", said.number) for said in STEPS[:2]),
)
