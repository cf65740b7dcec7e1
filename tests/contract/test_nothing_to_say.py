"""Messages of which nothing can be sent are refused before any request, and a turn of thinking alone breaks none."""

from __future__ import annotations

import json

import pytest
from pydantic import BaseModel

from modelport.error import InvalidRequestError
from modelport.message import (
    AssistantMsg,
    ContentBlock,
    HintBlock,
    Msg,
    ProviderData,
    SystemMsg,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
    UserMsg,
)
from modelport.testing.servers.http import ScriptedServer
from tests.cassettes import ask
from tests.contract.origins import ORIGINS, Origin
from tests.contract.sdk_types import sdk_refusals
from tests.contract.wandering import conversation, go_on, stored, violations

CALL = ToolCallBlock(id="c1", name="gauge", input="{}")
RESULT = ToolResultBlock(id="c9", name="gauge", output="high")
THOUGHT = ThinkingBlock(thinking="They say nothing.")


def bot(*blocks: ContentBlock) -> Msg:
    return AssistantMsg("pilot", blocks)


NOTHING: dict[str, list[Msg]] = {
    "no messages": [],
    "an empty text": [UserMsg("user", "")],
    "only white space": [UserMsg("user", " \n\t\u3000")],
    "no blocks": [UserMsg("user", [])],
    "a blank instruction": [SystemMsg("system", " ")],
    "a blank text after an instruction": [SystemMsg("system", "Be brief."), UserMsg("user", "")],
    "a blank text before an instruction": [UserMsg("user", ""), SystemMsg("system", "Be brief.")],
    "a blank text of the model": [bot(TextBlock(text=" "))],
    "a blank hint": [bot(HintBlock(hint=" "))],
    "a call without its result": [UserMsg("user", " "), bot(CALL)],
    "a result without its call": [bot(RESULT)],
    "a result before its call": [bot(ToolResultBlock(id="c1", name="gauge", output="high"), CALL)],
    "only thinking": [bot(THOUGHT)],
    "thinking after an instruction": [SystemMsg("system", "Be brief."), bot(THOUGHT, CALL)],
}

every_target = pytest.mark.parametrize("target", ORIGINS, ids=str)
grouped_or_not = pytest.mark.parametrize("grouped", [False, True], ids=["chat", "multi-agent"])


class Height(BaseModel):
    metres: float


@every_target
@grouped_or_not
@pytest.mark.parametrize("messages", NOTHING.values(), ids=list(NOTHING))
async def test_nothing_to_say_is_refused_before_any_request(target: Origin, messages: list[Msg], grouped: bool) -> None:
    async with ScriptedServer([]) as server:
        model = target.model(server.base_url, formatter=target.multi_agent() if grouped else None)
        for attempt in (
            ask(model, messages),
            model.generate_structured_output(messages, Height),
        ):
            with pytest.raises(InvalidRequestError, match=r"messages (is empty|holds nothing to send).*UserMsg"):
                await attempt
        assert server.requests == []


@every_target
@grouped_or_not
async def test_an_instruction_alone_is_sent(target: Origin, grouped: bool) -> None:
    formatter = target.multi_agent() if grouped else None
    body, response = await go_on(target, [SystemMsg("system", "Say hello.")], [], formatter=formatter)
    assert violations(target, body) == [] and sdk_refusals(target.name, body) == []
    texts = [text for text in _texts(body) if text not in (target.model_name, "user", "system", "developer")]
    assert {text for text in texts if " " in text} == {"Say hello."}, "no sentence that the caller did not write"
    changed = [warning.setting for warning in response.warnings if warning.kind == "changed"]
    assert changed == (["messages"] if target.name in ("anthropic", "gemini") else [])


@every_target
async def test_a_turn_of_own_thinking_alone_is_kept_or_left_out_with_a_warning(target: Origin) -> None:
    said = await conversation(target)
    own = next((b for b in reversed(said[-1].content) if isinstance(b, ThinkingBlock)), THOUGHT)
    history = stored([UserMsg("user", "Hello"), AssistantMsg("pilot", [own]), UserMsg("user", "Well?")])
    body, response = await go_on(target, history)
    assert violations(target, body) == [] and sdk_refusals(target.name, body) == []
    sent = json.dumps(body)
    kept = any(fact in sent for fact in target.kept) or bool(own.thinking and own.thinking in sent)
    assert kept is (target.name in ("gemini", "ollama"))
    assert ("thinking" in [warning.setting for warning in response.warnings]) is not kept


@every_target
async def test_thinking_at_the_end_of_a_turn_breaks_no_request(target: Origin) -> None:
    signed = ProviderData(provider="anthropic", data={"signature": "c2ln"})
    late = ThinkingBlock(thinking="More.", provider_data=signed)
    history = [UserMsg("user", "Hello"), bot(TextBlock(text="Yes."), late), UserMsg("user", "Well?")]
    body, response = await go_on(target, history)
    assert violations(target, body) == [] and "More." not in json.dumps(body)
    assert [warning.setting for warning in response.warnings if warning.kind == "dropped"] == ["thinking"]


def _texts(value: object) -> list[str]:
    """Every string of a body, besides those of tools."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    return [text for item in value for text in _texts(item)] if isinstance(value, list) else []
