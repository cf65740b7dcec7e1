"""Formatters that are broken in one place: the strict cases refuse what they send, each for its reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from modelport.adapters.anthropic import request as anthropic_request
from modelport.adapters.dialects.openai_chat import request as chat_request
from modelport.adapters.dialects.openai_responses import request as responses_request
from modelport.adapters.gemini import request as gemini_request
from modelport.adapters.ollama import request as ollama_request
from modelport.domain.structured.tool_parameters import ToolParameters
from modelport.testing import ChatContract, Contract, FormatterContract, Status
from modelport.testing.contract.chat.conversations import History
from modelport.testing.contract.strict import cases
from modelport.testing.contract.strict.conversations import conversation
from tests.contract.test_contract_suite import contracts

Json = dict[str, Any]  # Any: a provider's JSON
Break = Callable[[list[Json]], object]
CHATS = {found().subject: found for found in contracts() if issubclass(found, ChatContract)}
SVG = "data:image/svg+xml;base64,aGk="
FORM = {
    "OpenAIChatModel": "chat",
    "DashScopeChatModel": "chat",
    "DeepSeekChatModel": "chat",
    "MoonshotChatModel": "chat",
    "OpenAIResponseModel": "responses",
    "XAIChatModel": "responses",
    "AnthropicChatModel": "anthropic",
    "GeminiChatModel": "gemini",
    "OllamaChatModel": "ollama",
}
"""Which messages each class sends."""


def calls_of(messages: list[Json]) -> Iterator[Json]:
    """The calls of Chat Completions and of Ollama."""
    for message in messages:
        yield from (call["function"] for call in message.get("tool_calls") or ())


def blocks_of(messages: list[Json], kind: str) -> Iterator[tuple[list[Json], Json]]:
    """The blocks of Anthropic of one type, with the list that holds them."""
    for message in messages:
        held = message["content"] if isinstance(message["content"], list) else []
        yield from ((held, block) for block in list(held) if block.get("type") == kind)


def parts_of(messages: list[Json], kind: str) -> Iterator[tuple[list[Json], Json]]:
    """The parts of Gemini that hold that field, with the list that holds them."""
    for message in messages:
        yield from ((message["parts"], part) for part in list(message["parts"]) if kind in part)


def set_in(holders: Iterator[Json], **fields: Any) -> None:  # Any: JSON values
    for holder in holders:
        holder.update(fields)


def drop_first(messages: list[Json], wanted: Callable[[Json], bool]) -> None:
    messages.remove(next(message for message in messages if wanted(message)))


def drop_one(found: Iterator[tuple[list[Json], Json]]) -> None:
    held, block = next(found)
    held.remove(block)


def user(messages: list[Json]) -> Json:
    return next(message for message in messages if message.get("role") == "user")


def is_output(item: Json) -> bool:
    return item.get("type") == "function_call_output"


BROKEN: dict[str, dict[str, tuple[Break, str]]] = {
    "chat": {
        "arguments": (lambda sent: set_in(calls_of(sent), arguments='{"place": "Br'), "tool-call-arguments-json"),
        "an answer is lost": (lambda sent: drop_first(sent, lambda one: one["role"] == "tool"), "tool-call-unanswered"),
        "an answer to nobody": (
            lambda sent: sent.append({"role": "tool", "tool_call_id": "x", "content": "y"}),
            "tool-result-after-call",
        ),
        "a role": (lambda sent: user(sent).update(role="human"), "role-legal"),
        "empty text": (lambda sent: sent.append({"role": "user", "content": ""}), "empty-content"),
        "media": (
            lambda sent: sent.append(
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": SVG.replace("image", "x", 1)}}]}
            ),
            "image-url",
        ),
    },
    "responses": {
        "arguments": (
            lambda sent: set_in((one for one in sent if one.get("type") == "function_call"), arguments="null"),
            "tool-call-arguments-json",
        ),
        "an answer is lost": (lambda sent: drop_first(sent, is_output), "tool-call-unanswered"),
        "an answer to nobody": (
            lambda sent: sent.append({"type": "function_call_output", "call_id": "x", "output": "y"}),
            "tool-result-after-call",
        ),
        "a role": (lambda sent: user(sent).update(role="human"), "role-legal"),
        "empty text": (lambda sent: sent.append({"role": "user", "content": []}), "empty-content"),
        "media": (
            lambda sent: sent.append({"role": "user", "content": [{"type": "input_image", "image_url": SVG}]}),
            "image-url",
        ),
    },
    "anthropic": {
        "arguments": (
            lambda sent: set_in((one for _, one in blocks_of(sent, "tool_use")), input='{"place": "Brest"}'),
            "tool-use-shape",
        ),
        "an answer is lost": (lambda sent: drop_one(blocks_of(sent, "tool_result")), "tool-call-unanswered"),
        "an answer to nobody": (
            lambda sent: sent.append(
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "x", "content": "y"}]}
            ),
            "tool-result-after-call",
        ),
        "a role": (lambda sent: user(sent).update(role="tool"), "role-legal"),
        "empty text": (
            lambda sent: sent.append({"role": "user", "content": [{"type": "text", "text": ""}]}),
            "empty-text",
        ),
        "media": (
            lambda sent: sent.append(
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "image",
                            "source": {"type": "base64", "media_type": "image/svg+xml", "data": "aGk="},
                        }
                    ],
                }
            ),
            "image-source",
        ),
    },
    "gemini": {
        "arguments": (
            lambda sent: set_in((part["functionCall"] for _, part in parts_of(sent, "functionCall")), args=["x"]),
            "function-call-shape",
        ),
        "an answer is lost": (lambda sent: drop_one(parts_of(sent, "functionResponse")), "tool-result-count"),
        "an answer to nobody": (
            lambda sent: sent.append(
                {"role": "user", "parts": [{"functionResponse": {"name": "gauge", "response": {"output": "y"}}}]}
            ),
            "tool-result-after-call",
        ),
        "a role": (lambda sent: user(sent).update(role="assistant"), "role-legal"),
        "empty text": (lambda sent: sent.append({"role": "user", "parts": [{"text": ""}]}), "empty-content"),
        "media": (
            lambda sent: sent.append(
                {"role": "user", "parts": [{"inlineData": {"mimeType": "application/zip", "data": "aGk="}}]}
            ),
            "inline-data",
        ),
    },
    "ollama": {
        "arguments": (
            lambda sent: set_in(calls_of(sent), arguments='{"place": "Brest"}'),
            "tool-call-arguments-object",
        ),
        "an answer to nobody": (
            lambda sent: sent.append({"role": "tool", "tool_name": "x", "tool_call_id": "x", "content": "y"}),
            "tool-result-after-call",
        ),
        "a role": (lambda sent: user(sent).update(role="developer"), "role-legal"),
        "media": (lambda sent: user(sent).update(images=[SVG]), "images-base64"),
    },
}
"""By the messages that are sent: what a formatter does wrong, and the rule that names it."""
FAULTS = [(model, fault) for model, form in FORM.items() for fault in BROKEN[form]]


def formatter_contract(model: str) -> type[FormatterContract]:
    """The contract of the formatter that the model uses."""
    held = (found for found in contracts() if issubclass(found, FormatterContract))
    return next(found for found in held if found.chat is not None and found.chat().subject == model)


def contract_of(model: str, damage: Break) -> Contract:
    """The contract of a formatter that is like the model's own, and then damages what it made."""
    own: Any = formatter_contract(model)().formatter_class

    class Broken(own):  # type: ignore[misc]  # a class that is found out here
        def render(self, *given: Any) -> Any:
            rendered = super().render(*given)
            messages = [*rendered.messages]
            damage(messages)
            return replace(rendered, messages=messages)

    class BrokenContract(FormatterContract):
        chat = CHATS[model]
        formatter = Broken

    return BrokenContract()


ONE = History("one conversation", lambda: conversation(0).make())
"""One that has text, answered calls and media."""


@pytest.mark.parametrize(("model", "fault"), FAULTS)
def test_a_broken_formatter_is_refused_for_its_reason(model: str, fault: str) -> None:
    damage, rule = BROKEN[FORM[model]][fault]
    with patch.object(cases, "CONVERSATIONS", 4), patch.object(cases, "conversation", lambda seed: ONE):
        (outcome,) = asyncio.run(contract_of(model, damage).run("strict_conversations")).outcomes
        (whole,) = asyncio.run(contract_of(model, lambda sent: None).run("strict_conversations")).outcomes
    assert whole.status is Status.HELD, whole.detail
    assert outcome.status is Status.BROKEN
    assert rule in outcome.detail and "docs/protocols/" in outcome.detail


@pytest.mark.parametrize("model", FORM)
def test_schemas_that_are_sent_as_they_came_are_refused(model: str) -> None:
    """A codec that leaves tools as they are."""

    def unchanged(tool: Any, rules: Any) -> ToolParameters:
        return ToolParameters(tool["function"].get("parameters") or {})

    def unchanged_function(tool: Any, rules: Any, warnings: Any, **options: Any) -> tuple[Any, bool | None]:
        return tool["function"].get("parameters") or {}, None

    with ExitStack() as stack:
        stack.enter_context(patch.object(cases, "CONVERSATIONS", 24))
        for module in (anthropic_request, gemini_request, ollama_request):
            stack.enter_context(patch.object(module, "legal_parameters", unchanged))
        for module in (chat_request, responses_request):
            stack.enter_context(patch.object(module, "function_parameters", unchanged_function))
        outcomes = asyncio.run(formatter_contract(model)().run("strict_conversations")).outcomes
        over_a_socket = asyncio.run(CHATS[model]().run("strict_server")).outcomes
    assert all(outcome.status is Status.BROKEN and "(tool-s" in outcome.detail for outcome in outcomes)
    assert [outcome.status for outcome in over_a_socket] == [Status.BROKEN]
    assert "(tool-s" in over_a_socket[0].detail, "the server's words are in the failure"
