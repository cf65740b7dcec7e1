"""A provider of the dialect that is nothing but data: a profile in YAML, a card and cassettes."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, ClassVar, Literal

import pytest
import yaml
from pydantic import ValidationError

from modelport.adapters.dialects.openai_chat.profile import MediaRules, OpenAIChatProfile
from modelport.adapters.dialects.openai_chat.profile_data import MediaData, ProfileData
from modelport.application.model.credential import KeyedCredential
from modelport.domain.card.capabilities import ThinkingFacts
from modelport.error import OverloadedError, RateLimitError, ServerError
from modelport.message import AssistantMsg, Base64Source, DataBlock, TextBlock, ThinkingBlock, UserMsg
from modelport.model import OpenAIChatModel
from tests.adapters.openai_chat.playback import answered
from tests.adapters.openai_chat.support import PIXEL, WEATHER, Answer, Scripted, asked, chunk, events, streamed

HARBOUR = yaml.safe_load("""
fields: {max_tokens: max_tokens, top_k: null}
thinking: {switch: enable_thinking, effort: true}
replay_reasoning: tool_calls
reasoning_placeholder: "-"
media: {documents: false, audio_formats: {}}
message_names: false
codes: {harbour_full: OverloadedError, too_many_ships: RateLimitError}
error_finish_reasons: [storm]
""")


class HarbourCredential(KeyedCredential):
    """What a registry generates from the profile."""

    provider: ClassVar[str] = "harbour"
    chat_profile: ClassVar[OpenAIChatProfile] = ProfileData.model_validate(HARBOUR).profile("harbour")

    type: Literal["harbour_credential"] = "harbour_credential"
    base_url: str = "https://llm.harbour.example/v1"


def model(transport: Scripted, *, stream: bool = False, **parameters: Any) -> OpenAIChatModel:  # Any: of the class
    given = OpenAIChatModel.Parameters(**parameters)
    credential = HarbourCredential(api_key="k-test-PlantedWord7")
    return OpenAIChatModel(credential, "tug-7b", given, stream, transport=transport, max_retries=0)


async def test_a_call_follows_the_profile() -> None:
    transport = Scripted()
    picture = DataBlock(source=Base64Source(data=PIXEL, media_type="application/pdf"))
    question = UserMsg(name="Ann", content=[TextBlock(text="See"), picture])
    response = await asked(model(transport, max_tokens=9, thinking_enable=True, reasoning_effort="low"), [question])
    (request,), (body,) = transport.requests, transport.bodies
    assert request.url == "https://llm.harbour.example/v1/chat/completions"
    assert dict(request.headers)["authorization"] == "Bearer k-test-PlantedWord7"
    (message,) = body.pop("messages")
    assert body == {"model": "tug-7b", "max_tokens": 9, "enable_thinking": True, "reasoning_effort": "low"}
    assert message.keys() == {"role", "content"}
    assert "application/pdf" in message["content"]
    assert (response.provider, response.text) == ("harbour", "Hi.")


async def test_its_reasoning_is_its_own() -> None:
    transport = Scripted(
        streamed(
            chunk({"reasoning_content": "Ask."}),
            chunk({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "get_weather", "arguments": "{}"}}]}),
            chunk(finish_reason="tool_calls"),
        )
    )
    asking = model(transport, stream=True)
    question = UserMsg(name="user", content="Rain?")
    first = await asked(asking, [question], tools=[WEATHER])
    foreign = AssistantMsg(name="a", content=[ThinkingBlock(thinking="secret"), TextBlock(text="So.")])
    await asked(asking, [question, answered(first, "dry"), foreign], tools=[WEATHER])
    messages = transport.bodies[1]["messages"]
    assert messages[1]["reasoning_content"] == "Ask."
    assert "reasoning_content" not in messages[3]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(b'{"error":{"message":"m","code":"harbour_full"}}', 400), OverloadedError),
        (Answer(b'{"error":{"message":"m","type":"TOO_MANY_SHIPS"}}', 400), RateLimitError),
        (Answer(events(chunk(finish_reason="storm")), content_type="text/event-stream"), ServerError),
    ],
)
async def test_its_errors_are_read(answer: Answer, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        await asked(model(Scripted(answer)))


def test_an_empty_profile_is_openais_own() -> None:
    assert ProfileData().profile("x").fields == OpenAIChatProfile(provider="x").fields
    assert ProfileData().profile("x").media == MediaRules()
    assert ProfileData().profile("x").codes == OpenAIChatProfile(provider="x").codes


def test_all_that_data_can_say_can_be_said() -> None:
    needs_python = {"provider", "refine_error"}
    assert {each.name for each in fields(OpenAIChatProfile)} - needs_python == ProfileData.model_fields.keys()
    assert {each.name for each in fields(MediaRules)} == MediaData.model_fields.keys()


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_tokens_field": "x"},
        {"media": {"pictures": True}},
        {"thinking": "sometimes"},
        {"codes": {"x": "NoSuchError"}},
        {"codes": {"x": "SettingsError"}},
        {"replay_reasoning": "often"},
    ],
)
def test_what_is_not_understood_is_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        ProfileData.model_validate(wrong)


def test_a_thinking_switch_of_any_shape() -> None:
    data = {"thinking": {"switch": "think", "on": {"type": "enabled"}, "off": {"type": "disabled"}}}
    rule = ProfileData.model_validate(data).profile("x").thinking
    from tests.adapters.openai_chat.test_thinking import request

    facts = ThinkingFacts(modes=["enabled", "disabled"], default="enabled")
    assert rule(request(facts, thinking_enable=False)).fields == {"think": {"type": "disabled"}}
    assert rule(request(facts, reasoning_effort="low")).fields == {}
