"""What the official SDKs read from a server: independent clients for the same bytes. Development dependencies only."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import anthropic
import ollama
import openai
from google import genai
from google.genai import errors

__all__ = ["READERS", "Reading"]

_ASK: list[dict[str, Any]] = [{"role": "user", "content": "Hello"}]  # Any: JSON


@dataclass
class Reading:
    """What a client understood of an answer."""

    text: str = ""
    calls: list[tuple[str, Any]] = field(default_factory=list)
    """Name and parsed arguments (Any: JSON)."""
    usage: tuple[int, int] | None = None
    status: int = 200


Reader = Callable[[str, bool], Awaitable[Reading]]


async def read_chat(url: str, stream: bool) -> Reading:
    """Chat Completions, by the openai package."""
    async with openai.AsyncOpenAI(base_url=url, api_key="x-PlantedWord7", max_retries=0) as client:
        try:
            answer = await client.chat.completions.create(model="m", messages=_ASK, stream=stream)
            return await _chat_stream(answer) if stream else _chat_body(answer)
        except openai.APIStatusError as error:
            return Reading(status=error.status_code)


def _chat_body(answer: Any) -> Reading:  # Any: the SDK's
    message = answer.choices[0].message
    calls = [(call.function.name, json.loads(call.function.arguments or "{}")) for call in message.tool_calls or ()]
    return Reading(message.content or "", calls, (answer.usage.prompt_tokens, answer.usage.completion_tokens))


async def _chat_stream(chunks: AsyncIterator[Any]) -> Reading:  # Any: the SDK's
    reading, names, arguments = Reading(), dict[int, str](), dict[int, str]()
    async for chunk in chunks:
        counted = chunk.usage
        for choice in chunk.choices:
            spoken = choice.delta.to_dict().get("audio") or {}  # speech has its text beside it
            reading.text += choice.delta.content or spoken.get("transcript", "")
            for position, call in enumerate(choice.delta.tool_calls or ()):
                index = call.index if call.index is not None else position
                names[index] = names.get(index) or call.function.name
                arguments[index] = arguments.get(index, "") + (call.function.arguments or "")
            extra = (choice.model_extra or {}).get("usage")  # Moonshot's place for it
            if extra and not counted:
                reading.usage = (extra["prompt_tokens"], extra["completion_tokens"])
        if counted:
            reading.usage = (counted.prompt_tokens, counted.completion_tokens)
    reading.calls = [(names[index], json.loads(arguments[index] or "{}")) for index in sorted(names)]
    return reading


async def read_responses(url: str, stream: bool) -> Reading:
    """Responses, by the openai package."""
    async with openai.AsyncOpenAI(base_url=url, api_key="x-PlantedWord7", max_retries=0) as client:
        try:
            answer = await client.responses.create(model="m", input="Hello", stream=stream)
        except openai.APIStatusError as error:
            return Reading(status=error.status_code)
        if stream:
            events = [event async for event in answer]
            answer = [event.response for event in events if getattr(event, "response", None)][-1]
            deltas = (event.delta for event in events if event.type == "response.output_text.delta")
            assert "".join(deltas) == answer.output_text
    calls = [(item.name, json.loads(item.arguments)) for item in answer.output if item.type == "function_call"]
    return Reading(answer.output_text, calls, (answer.usage.input_tokens, answer.usage.output_tokens))


async def read_anthropic(url: str, stream: bool) -> Reading:
    """Messages, by the anthropic package."""
    fields: dict[str, Any] = {"model": "m", "max_tokens": 100, "messages": _ASK}  # Any: JSON
    async with anthropic.AsyncAnthropic(base_url=url, api_key="x-PlantedWord7", max_retries=0) as client:
        try:
            if stream:
                async with client.messages.stream(**fields) as events:
                    message = await events.get_final_message()
            else:
                message = await client.messages.create(**fields)
        except anthropic.APIStatusError as error:
            return Reading(status=error.status_code)
    counted = message.usage
    cached = (counted.cache_creation_input_tokens or 0) + (counted.cache_read_input_tokens or 0)
    return Reading(
        "".join(block.text for block in message.content if block.type == "text"),
        [(block.name, block.input) for block in message.content if block.type == "tool_use"],
        (counted.input_tokens + cached, counted.output_tokens),
    )


async def read_gemini(url: str, stream: bool) -> Reading:
    """generateContent, by google-genai."""
    client = genai.Client(api_key="x-PlantedWord7", http_options={"base_url": url})
    try:
        ask = {"model": "m", "contents": "Hello"}
        if stream:
            chunks = [chunk async for chunk in await client.aio.models.generate_content_stream(**ask)]
        else:
            chunks = [await client.aio.models.generate_content(**ask)]
    except errors.APIError as error:
        return Reading(status=error.code)
    finally:
        await client.aio.aclose()
    parts = list(_parts(chunks))
    return Reading(
        "".join(part.text for part in parts if part.text and not part.thought),
        [(part.function_call.name, part.function_call.args or {}) for part in parts if part.function_call],
        _gemini_usage([chunk.usage_metadata for chunk in chunks if chunk.usage_metadata][-1]),
    )


def _parts(chunks: Iterable[Any]) -> Iterable[Any]:  # Any: the SDK's
    for chunk in chunks:
        for candidate in chunk.candidates or ():
            yield from (candidate.content and candidate.content.parts) or ()


def _gemini_usage(counted: Any) -> tuple[int, int]:  # Any: the SDK's
    asked = (counted.prompt_token_count or 0) + (counted.tool_use_prompt_token_count or 0)
    return asked, (counted.candidates_token_count or 0) + (counted.thoughts_token_count or 0)


async def read_ollama(url: str, stream: bool) -> Reading:
    """Ollama's own protocol, by its package."""
    client = ollama.AsyncClient(host=url)
    try:
        answer = await client.chat(model="m", messages=_ASK, stream=stream)
        parts = [part async for part in answer] if stream else [answer]
    except ollama.ResponseError as error:
        return Reading(status=error.status_code)
    finally:
        await client.close()
    calls = [call.function for part in parts for call in part.message.tool_calls or ()]
    return Reading(
        "".join(part.message.content or "" for part in parts),
        [(call.name, dict(call.arguments)) for call in calls],
        (parts[-1].prompt_eval_count or 0, parts[-1].eval_count or 0),
    )


READERS: dict[str, Reader] = {
    **dict.fromkeys(("openai", "dashscope", "deepseek", "moonshot"), read_chat),
    **dict.fromkeys(("openai_responses", "xai"), read_responses),
    "anthropic": read_anthropic,
    "gemini": read_gemini,
    "ollama": read_ollama,
}
"""Who reads the cassettes of each folder."""
