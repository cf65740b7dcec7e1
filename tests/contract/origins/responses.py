"""The Responses classes as origins.

Facts: docs/protocols/openai-responses.md#round-trip-rules, docs/protocols/xai.md#round-trip-rules.
"""

from __future__ import annotations

from collections.abc import Callable

from modelport.credential import OpenAICredential, XAICredential
from modelport.formatter import OpenAIResponseMultiAgentFormatter, XAIMultiAgentFormatter
from modelport.model import OpenAIResponseModel, XAIChatModel
from tests.adapters.openai_responses.wire import events_of, function_call, message, reasoning, sse
from tests.contract.origins.origin import STEPS, Call, Json, Origin, Said, seal, thought

__all__ = ["OPENAI_RESPONSES", "XAI"]


def _stream(origin: str, call_id: Callable[[Call], str]) -> Callable[[Said], bytes]:
    """How the server of that origin streams an answer; the second thought shows no text."""

    def answer(said: Said) -> bytes:
        shown = [] if said.number == 2 else [thought(origin, said.number)]
        output: list[Json] = [reasoning(*shown, encrypted=seal(origin, said.number), item_id=f"rs_{said.number}")]
        output += [message(said.text, item_id=f"msg_{said.number}")] if said.text else []
        output += [function_call(call.name, call.arguments, call_id(call)) for call in said.calls]
        return sse(events_of(output, size=50))

    return answer


def _seals(origin: str) -> tuple[str, ...]:
    return tuple(seal(origin, said.number) for said in STEPS)


OPENAI_RESPONSES = Origin(
    "openai_responses",
    "openai_responses",
    "gpt-5.6",
    lambda url, model, **options: OpenAIResponseModel(
        OpenAICredential(api_key="sk-test-PlantedWord7", base_url=url), model, **options
    ),
    OpenAIResponseMultiAgentFormatter,
    "text/event-stream; charset=utf-8",
    _stream("openai_responses", lambda call: f"call_{call.number}{'z' * 24}"),
    kept=_seals("openai_responses"),
)
XAI = Origin(
    "xai",
    "xai",
    "grok-4.3",
    lambda url, model, **options: XAIChatModel(
        XAICredential(api_key="xai-test-PlantedWord7", base_url=url), model, **options
    ),
    XAIMultiAgentFormatter,
    "text/event-stream",
    _stream("xai", lambda call: f"call-3f0c7a52-4c1e-4d3f-9b60-5a7d1f0e2b11-{call.number}"),
    kept=_seals("xai"),
)
