"""Legal bodies near the edges of the rules: what a validator must not be too strict about."""

from __future__ import annotations

from typing import NamedTuple

from modelport.testing.servers.strict.common import Json
from tests.testing.strict import cases_anthropic as anthropic
from tests.testing.strict import cases_gemini as gemini
from tests.testing.strict import cases_ollama as ollama
from tests.testing.strict import cases_responses as responses
from tests.testing.strict.cases_chat import PIXEL, TOOL, USER, answer, asks, chat, shows, wants


class Legal(NamedTuple):
    """A body that has to be accepted."""

    target: str
    body: Json
    model: str | None = None


_IMAGE: Json = {"type": "image_url", "image_url": {"url": PIXEL}}
_CLOSED: Json = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
_DIALOGUE = (USER, asks("a", "b", reasoning_content="hm"), answer("b"), answer("a"), USER)

CHAT = (
    Legal("openai_chat", chat(USER, asks("a", "b"), answer("b"), answer("a"), tools=[TOOL], tool_choice="auto")),
    Legal("openai_chat", chat(USER, {"role": "assistant", "refusal": "no"}, shows(_IMAGE))),
    Legal("openai_chat", chat(USER, {"role": "assistant", "audio": {"id": "x"}}, USER)),
    Legal("openai_chat", chat(response_format=wants(_CLOSED, strict=True))),
    Legal("openai_chat", chat(temperature=0, reasoning_effort="none"), "gpt-5"),
    Legal("openai_chat", chat(temperature=1), "gpt-5"),
    Legal("openai_chat", chat(temperature=0), "gpt-5.4-nano"),
    Legal("openai_chat", chat(max_tokens=5, stop=["a"]), "gpt-4o"),
    Legal("dashscope", chat(USER, asks("a", content=""), answer("a"), enable_thinking=False)),
    Legal("dashscope", chat(*_DIALOGUE, preserve_thinking=True), "qwen3.7-max"),
    Legal("dashscope", chat(stream=True), "qwen3-8b"),
    Legal("dashscope", chat(shows({"type": "input_audio", "input_audio": {"data": "data:;base64,aGk="}}))),
    Legal(
        "deepseek",
        chat(USER, asks("a", reasoning_content=""), answer("a"), tool_choice=None),
        "deepseek-v4-pro",
    ),
    Legal("deepseek", chat(USER, asks("a"), answer("a")), "deepseek-chat"),
    Legal("deepseek", chat(shows(_IMAGE)), "deepseek-v4-flash-vision-exp"),
    Legal("moonshot", chat(*_DIALOGUE, tool_choice="auto"), "kimi-k3"),
    Legal("moonshot", chat(USER, {"role": "system", "tools": [TOOL]}, USER), "kimi-k3"),
    Legal("moonshot", chat(USER, asks("a"), answer("a"), thinking={"type": "disabled"}), "kimi-k2.6"),
    Legal("moonshot", chat({"role": "user", "content": "x"}, response_format={"type": "json_object"})),
    Legal("xai_chat", chat(tools=[TOOL], tool_choice={"type": "tool", "name": "look"})),
)

_STORED: Json = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]}
_SEEN: Json = {**responses.OUTPUT, "output": [{"type": "input_image", "image_url": PIXEL}]}

RESPONSES = (
    Legal("openai_responses", responses.stateless(responses.USER, responses.THOUGHT, responses.CALL, _SEEN)),
    Legal("openai_responses", responses.ask(responses.USER, _STORED, responses.CALL, responses.OUTPUT)),
    Legal("openai_responses", responses.ask(responses.OUTPUT, previous_response_id="resp_1")),
    Legal("openai_responses", {"prompt": {"id": "p"}}),
    Legal("xai", responses.stateless(responses.USER, responses.THOUGHT, responses.CALL, responses.OUTPUT)),
    Legal("xai", responses.ask({"type": "custom_tool_call", "call_id": "c", "name": "x_search", "input": ""})),
)

_TWO = anthropic.assistant(anthropic.THOUGHT, anthropic.CALL, {**anthropic.CALL, "id": "b"})
_LOOP = (
    anthropic.USER,
    anthropic.assistant(anthropic.THOUGHT, anthropic.CALL),
    anthropic.user(anthropic.RESULT),
    anthropic.assistant({**anthropic.CALL, "id": "b"}),
    anthropic.user({**anthropic.RESULT, "tool_use_id": "b"}, anthropic.TEXT),
)
_PAUSED = anthropic.assistant({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}})

ANTHROPIC = (
    Legal("anthropic", anthropic.ask(*_LOOP, thinking=anthropic.MANUAL, temperature=1, top_p=0.95)),
    Legal(
        "anthropic",
        anthropic.ask(
            anthropic.USER,
            _TWO,
            anthropic.user(anthropic.RESULT),
            anthropic.user({**anthropic.RESULT, "tool_use_id": "b", "content": [anthropic.TEXT], "is_error": True}),
        ),
    ),
    Legal("anthropic", anthropic.ask(anthropic.USER, _PAUSED), "claude-opus-5-5"),
    Legal("anthropic", anthropic.ask(anthropic.USER, anthropic.assistant(anthropic.TEXT)), "claude-sonnet-4-5"),
    Legal("anthropic", anthropic.ask(thinking={"type": "between_tools"}), "claude-sonnet-5-5"),
    Legal("anthropic", anthropic.ask(thinking={"type": "disabled"}), "claude-opus-5"),
    Legal("anthropic", anthropic.ask(output_config={"effort": "max"}), "claude-opus-4-5"),
    Legal("anthropic", anthropic.ask(max_tokens=0)),
)

_SENTINEL: Json = {**gemini.CALL, "thoughtSignature": "skip_thought_signature_validator"}
_ANONYMOUS: Json = {"functionCall": {"name": "look"}}
_ANONYMOUS_RESPONSE: Json = {"functionResponse": {"name": "look", "response": {}}}

GEMINI = (
    Legal(
        "gemini",
        gemini.ask(
            gemini.user(),
            gemini.model(_ANONYMOUS),
            gemini.user(_ANONYMOUS_RESPONSE),
            gemini.model(),
            gemini.user(),
        ),
        "gemini-3-pro-preview",
    ),
    Legal(
        "gemini",
        gemini.ask(
            gemini.user(),
            gemini.model(_SENTINEL, gemini.CALL),
            gemini.user(gemini.RESPONSE, gemini.RESPONSE),
        ),
        "gemini-3.5-flash",
    ),
    Legal(
        "gemini",
        gemini.ask(gemini.user(), gemini.model(gemini.CALL), gemini.user(gemini.RESPONSE)),
        "gemini-2.5-flash",
    ),
    Legal(
        "gemini",
        gemini.ask(toolConfig=None, safetySettings=None, system_instruction={"parts": {"text": "x"}}),
    ),
    Legal("gemini", gemini.configured(thinkingConfig={"thinkingLevel": "HIGH"}), "models/gemini-3-pro-preview"),
    Legal("gemini", gemini.configured(thinkingConfig={"thinkingBudget": -1}), "gemini-2.5-pro"),
    Legal("gemini", gemini.declares(name="a" * 128), "gemini-4-hydrogen"),
)

OLLAMA = (
    Legal(
        "ollama",
        ollama.ask(ollama.USER, ollama.ASKS, ollama.RESULT, think="high", keep_alive="1h30m", tools=[]),
    ),
    Legal("ollama", {"model": "m", "messages": [], "keep_alive": 0, "format": ""}),
    Legal("ollama", ollama.ask({**ollama.USER, "images": ["aGk="]}, format={"type": "object"}, keep_alive=-1)),
)

LEGAL: tuple[Legal, ...] = (*CHAT, *RESPONSES, *ANTHROPIC, *GEMINI, *OLLAMA)
