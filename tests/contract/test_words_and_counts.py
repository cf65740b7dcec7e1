"""Finish reasons and counts by their meaning, whatever the server's words and types are.

Facts: docs/protocols/openai-shaped-providers.md#finish-reasons.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from modelport.error import ServerError
from modelport.model import ChatResponse, ChatStream
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.contract.samples import SAMPLES, Sample, question

WORD = re.compile(rb'("(?:finish_reason|stop_reason|finishReason|done_reason)": )"[^"]*"')
WORDED = [sample for sample in SAMPLES if any(WORD.search(event) for event in sample.ending)]
COUNT = re.compile(
    rb'("(?:prompt_tokens|completion_tokens|input_tokens|output_tokens|promptTokenCount|candidatesTokenCount'
    rb"|thoughtsTokenCount|cached_tokens|reasoning_tokens|cache_read_input_tokens|cache_creation_input_tokens"
    rb'|prompt_eval_count|eval_count)": )(\d+)'
)
MEANINGS = {
    "stop": ["stop", "STOP", "eos", "end_turn", "stop_sequence", "COMPLETE", "normal"],
    "length": ["length", "MAX_TOKENS", "max_tokens", "FINISH_REASON_MAX_TOKENS", "max_output_tokens", "model_length"],
    "tool_calls": ["tool_use", "FUNCTION_CALL", "tool_call", "Tool_Calls", "function_call"],
    "content_filter": ["SAFETY", "content_filter", "content-filter", "RECITATION", "sensitive"],
    "other": ["something_new"],
}


async def last_of(sample: Sample, answer: ScriptedAnswer, *, stream: bool = True) -> ChatResponse:
    async with ScriptedServer([answer]) as server:
        given = await sample.model(server.base_url, stream=stream, max_retries=0)(question())
        if isinstance(given, ChatResponse):
            return given
        assert isinstance(given, ChatStream)
        return [response async for response in given][-1]


def changed(
    sample: Sample, pattern: re.Pattern[bytes], replacement: bytes | Callable[[re.Match[bytes]], bytes]
) -> ScriptedAnswer:
    events = [pattern.sub(replacement, event) for event in (*sample.opening, *sample.ending)]
    return sample.stream(b"".join(events))


@pytest.mark.parametrize("meaning", MEANINGS)
@pytest.mark.parametrize("sample", WORDED, ids=str)
async def test_finish_reasons_by_meaning(sample: Sample, meaning: str) -> None:
    for word in MEANINGS[meaning]:
        last = await last_of(sample, changed(sample, WORD, rb'\1"%s"' % word.encode()))
        assert (last.finish_reason, last.raw_finish_reason) == (meaning, word)
        body = json.loads(WORD.sub(rb'\1"%s"' % word.encode(), json.dumps(sample.body).encode()))
        last = await last_of(sample, ScriptedAnswer.json(body), stream=False)
        assert (last.finish_reason, last.raw_finish_reason) == (meaning, word)


@pytest.mark.parametrize("word", ["error", "ERROR", "network_error", "abort"])
@pytest.mark.parametrize("sample", WORDED, ids=str)
async def test_a_reason_that_is_a_failure_is_an_error_with_what_came(sample: Sample, word: str) -> None:
    with pytest.raises(ServerError, match=word) as caught:
        await last_of(sample, changed(sample, WORD, rb'\1"%s"' % word.encode()))
    assert caught.value.partial is not None and caught.value.partial.text == "Hello world"


@pytest.mark.parametrize("form", [rb"\1\2.0", rb'\1"\2"'], ids=["floats", "strings"])
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
async def test_counts_of_another_type_count(sample: Sample, form: bytes) -> None:
    last = await last_of(sample, changed(sample, COUNT, form))
    assert last.usage is not None
    assert (last.usage.input_tokens, last.usage.output_tokens) == (5, 2)
    body = json.loads(COUNT.sub(form, json.dumps(sample.body).encode()))
    last = await last_of(sample, ScriptedAnswer.json(body), stream=False)
    assert last.usage is not None
    assert (last.usage.input_tokens, last.usage.output_tokens) == (5, 2)
    assert type(last.usage.input_tokens) is int


@pytest.mark.parametrize("sample", [sample for sample in SAMPLES if b'"choices"' in sample.opening[-1]], ids=str)
async def test_counts_in_the_words_of_other_apis(sample: Sample) -> None:
    last = await last_of(
        sample, changed(sample, re.compile(rb'"(?:prompt|completion)_tokens"'), lambda found: WORDS[found[0]])
    )
    assert last.usage is not None
    assert (last.usage.input_tokens, last.usage.output_tokens) == (5, 2)


WORDS = {b'"prompt_tokens"': b'"input_tokens"', b'"completion_tokens"': b'"output_tokens"'}
ZEROED = [sample for sample in SAMPLES if sample.name not in ("OllamaChatModel", "OpenAIResponseModel", "XAIChatModel")]
"""Ollama and Responses end with the event that counts."""


@pytest.mark.parametrize("sample", ZEROED, ids=str)
async def test_later_zeros_replace_no_count(sample: Sample) -> None:
    counted = next(event for event in reversed(sample.ending) if COUNT.search(event))
    ending = list(sample.ending)
    ending.insert(ending.index(counted) + 1, COUNT.sub(rb"\g<1>0", counted))
    last = await last_of(sample, sample.stream(*sample.opening, *ending))
    assert last.usage is not None
    assert (last.usage.input_tokens, last.usage.output_tokens) == (5, 2)
    assert last.text == "Hello world"


def test_counts() -> None:
    from modelport.adapters.wire.words.counts import count

    values: list[Any] = [7, 7.0, "7", "7.0"]
    assert [count({"n": value}, "n") for value in values] == [7] * 4
    odd: list[Any] = [None, True, -3, "many", [], {}, float("nan"), float("inf"), "inf"]
    assert [count({"n": value}, "n") for value in odd] == [0] * 9
    assert count(None, "n") == count([], "n") == 0
