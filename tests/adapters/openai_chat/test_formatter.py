"""Messages to Chat Completions messages, by what a profile says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from modelport.adapters.dialects.openai_chat.formatter import DialectChatFormatter
from modelport.adapters.dialects.openai_chat.profile import MediaRules, OpenAIChatProfile
from modelport.domain.message.blocks import ProviderData
from modelport.error import InvalidRequestError
from modelport.message import (
    AssistantMsg,
    Base64Source,
    DataBlock,
    HintBlock,
    Msg,
    SystemMsg,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
    URLSource,
    UserMsg,
)
from modelport.ports.codec.rendering import RenderContext, Rendered
from tests.adapters.openai_chat.support import PIXEL, Json

PROFILE = OpenAIChatProfile(provider="somebody")
OWNER = ProviderData(provider="somebody")


def render(profile: OpenAIChatProfile, *msgs: Msg, **context: Any) -> Rendered:  # Any: of the context
    formatter: DialectChatFormatter = type("Formatter", (DialectChatFormatter,), {"profile": profile})()
    return formatter.render(msgs, RenderContext(**context))


def messages(*msgs: Msg, profile: OpenAIChatProfile = PROFILE, **context: Any) -> list[Json]:  # Any: of the context
    return render(profile, *msgs, **context).messages


def settings(rendered: Rendered) -> list[str]:
    return [warning.setting for warning in rendered.warnings]


def image(url: str | None = None, media_type: str = "image/png", **fields: Any) -> DataBlock:  # Any: of the block
    source = URLSource(url=url, media_type=media_type) if url else Base64Source(data=PIXEL, media_type=media_type)
    return DataBlock(source=source, **fields)


def called(*ids: str, text: str = "", thinking: ThinkingBlock | None = None) -> Msg:
    """An assistant message with calls and their results."""
    blocks: list[Any] = [thinking] if thinking else []
    blocks += [TextBlock(text=text)] if text else []
    blocks += [ToolCallBlock(id=each, name="look", input='{"a": 1}') for each in ids]
    blocks += [ToolResultBlock(id=each, name="look", output=f"saw {each}") for each in ids]
    return AssistantMsg(name="bot", content=blocks)


def test_roles_and_names() -> None:
    assert messages(
        SystemMsg(name="system", content="Be kind."),
        UserMsg(name="user", content="Hi"),
        UserMsg(name="Ann Lee", content="Hello"),
        AssistantMsg(name="bot", content="Yes?"),
    ) == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
        {
            "role": "user",
            "content": "Hello",
            "name": "Ann_Lee_" + messages(UserMsg(name="Ann Lee", content="x"))[0]["name"][-8:],
        },
        {"role": "assistant", "content": "Yes?", "name": "bot"},
    ]
    assert "name" not in messages(UserMsg(name="Ann", content="x"), profile=replace(PROFILE, message_names=False))[0]


def test_text_is_a_string_and_media_make_a_list() -> None:
    both = [TextBlock(text="Look:"), TextBlock(text="here")]
    assert messages(UserMsg(name="user", content=both))[0]["content"] == "Look:\nhere"
    parts = messages(UserMsg(name="user", content=[*both, image()]))[0]["content"]
    assert [part["type"] for part in parts] == ["text", "text", "image_url"]
    as_parts = messages(UserMsg(name="user", content="x"), profile=replace(PROFILE, text_only_as_string=False))
    assert as_parts[0]["content"] == [{"type": "text", "text": "x"}]


def test_calls_are_followed_by_their_results() -> None:
    assert messages(UserMsg(name="user", content="Go"), called("a", "b"), UserMsg(name="user", content="Well?")) == [
        {"role": "user", "content": "Go"},
        {
            "role": "assistant",
            "content": None,
            "name": "bot",
            "tool_calls": [
                {"id": each, "type": "function", "function": {"name": "look", "arguments": '{"a": 1}'}}
                for each in ("a", "b")
            ],
        },
        {"role": "tool", "tool_call_id": "a", "content": "saw a"},
        {"role": "tool", "tool_call_id": "b", "content": "saw b"},
        {"role": "user", "content": "Well?"},
    ]
    assert messages(called("a"), profile=replace(PROFILE, empty_content=""))[0]["content"] == ""


def test_arguments_go_back_exactly_as_they_came() -> None:
    call = ToolCallBlock(id="a", name="f", input='{"b" :  [1,\n2 ]}')
    result = ToolResultBlock(id="a", name="f", output="")
    sent = messages(AssistantMsg(name="bot", content=[call, result]))
    assert sent[0]["tool_calls"][0]["function"]["arguments"] == '{"b" :  [1,\n2 ]}'
    assert sent[1]["content"], "an empty result is said in words"


def test_long_ids_are_shortened_alike_in_call_and_result() -> None:
    sent = messages(called("x" * 100), profile=replace(PROFILE, max_id_length=40))
    assert sent[0]["tool_calls"][0]["id"] == sent[1]["tool_call_id"]
    assert len(sent[1]["tool_call_id"]) <= 40
    assert messages(called("functions.look:0"))[1]["tool_call_id"] == "functions.look:0"


def test_unpaired_calls_and_results_are_left_out() -> None:
    lone_call = AssistantMsg(name="bot", content=[ToolCallBlock(id="a", name="f", input="{}")])
    lone_result = AssistantMsg(name="bot", content=[ToolResultBlock(id="b", name="f", output="x")])
    rendered = render(PROFILE, UserMsg(name="user", content="Hi"), lone_call, lone_result)
    assert rendered.messages == [{"role": "user", "content": "Hi"}]
    assert settings(rendered) == ["tool_call", "tool_result"]


def test_empty_text_never_leaves() -> None:
    blank = AssistantMsg(name="bot", content=[TextBlock(text=" \n"), ThinkingBlock(thinking="hm", provider_data=OWNER)])
    assert messages(UserMsg(name="user", content=[TextBlock(text="")]), blank, UserMsg(name="user", content="Hi")) == [
        {"role": "user", "content": "Hi"}
    ]


def test_hints_are_user_messages() -> None:
    hint = AssistantMsg(name="bot", content=[TextBlock(text="Done."), HintBlock(hint="Be brief.")])
    assert messages(hint) == [
        {"role": "assistant", "content": "Done.", "name": "bot"},
        {"role": "user", "content": "Be brief."},
    ]


def test_media_of_a_tool_follow_its_results() -> None:
    picture = image(id="pic")
    results: list[Any] = [
        ToolCallBlock(id="a", name="f", input="{}"),
        ToolCallBlock(id="b", name="f", input="{}"),
        ToolResultBlock(id="a", name="f", output=[TextBlock(text="See"), picture]),
        ToolResultBlock(id="b", name="f", output="plain"),
    ]
    sent = messages(AssistantMsg(name="bot", content=results))
    assert [message["role"] for message in sent] == ["assistant", "tool", "tool", "user"]
    assert "pic" in sent[1]["content"]
    assert [part["type"] for part in sent[3]["content"]] == ["text", "image_url"]
    inside = messages(
        AssistantMsg(name="bot", content=results), profile=replace(PROFILE, media=MediaRules(in_tool_results=True))
    )
    assert [message["role"] for message in inside] == ["assistant", "tool", "tool"]
    assert [part["type"] for part in inside[1]["content"]] == ["text", "image_url"]


@pytest.mark.parametrize(
    ("rules", "block", "part"),
    [
        (MediaRules(), image(), {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}),
        (
            MediaRules(),
            image("https://x.example/a.png"),
            {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
        ),
        (
            MediaRules(),
            image(media_type="audio/mpeg"),
            {"type": "input_audio", "input_audio": {"data": PIXEL, "format": "mp3"}},
        ),
        (
            MediaRules(audio_data_uri=True),
            image(media_type="audio/wav"),
            {"type": "input_audio", "input_audio": {"data": f"data:;base64,{PIXEL}", "format": "wav"}},
        ),
        (
            MediaRules(audio_urls=True),
            image("https://x.example/a.wav", "audio/wav"),
            {"type": "input_audio", "input_audio": {"data": "https://x.example/a.wav", "format": "wav"}},
        ),
        (
            MediaRules(),
            image(media_type="application/pdf", name="a.pdf"),
            {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PIXEL}"}},
        ),
        (
            MediaRules(video=True),
            image(media_type="video/mp4"),
            {"type": "video_url", "video_url": {"url": f"data:video/mp4;base64,{PIXEL}"}},
        ),
        (
            MediaRules(image_urls=False, own_schemes=frozenset({"ms"})),
            image("ms://file-7"),
            {"type": "image_url", "image_url": {"url": "ms://file-7"}},
        ),
    ],
)
def test_parts(rules: MediaRules, block: DataBlock, part: Json) -> None:
    rendered = render(replace(PROFILE, media=rules), UserMsg(name="user", content=[block]))
    assert rendered.messages[0]["content"] == [part]
    assert rendered.warnings == []


@pytest.mark.parametrize(
    ("rules", "block"),
    [
        (MediaRules(images=False), image()),
        (MediaRules(audio_formats={}), image(media_type="audio/wav")),
        (MediaRules(), image(media_type="audio/ogg")),
        (MediaRules(), image(media_type="video/mp4")),
        (MediaRules(documents=False), image(media_type="application/pdf")),
        (MediaRules(), image(media_type="application/zip")),
    ],
)
def test_media_that_are_not_taken_are_announced(rules: MediaRules, block: DataBlock) -> None:
    rendered = render(replace(PROFILE, media=rules), UserMsg(name="user", content=[TextBlock(text="See"), block]))
    assert block.source.media_type in rendered.messages[0]["content"]
    assert PIXEL not in rendered.messages[0]["content"]
    assert settings(rendered) == ["data"]


def test_media_that_this_model_does_not_take_are_announced() -> None:
    msg = UserMsg(name="user", content=[image(), image(media_type="audio/mpeg"), image(media_type="image/jpg")])
    assert settings(render(PROFILE, msg, input_types=["text/plain"])) == ["data"] * 3
    assert settings(render(PROFILE, msg, input_types=["image/*", "audio/mp3"])) == []
    assert settings(render(PROFILE, msg, input_types=["image/png", "image/jpeg", "audio/mpeg"])) == []


@pytest.mark.parametrize(
    ("rules", "block", "fetched"),
    [
        (MediaRules(), image("https://x.example/a.png"), False),
        (MediaRules(image_urls=False), image("https://x.example/a.png"), True),
        (MediaRules(image_urls=False), image(), False),
        (MediaRules(), image("file:///tmp/a.png"), True),
        (MediaRules(images=False), image("file:///tmp/a.png"), False),
        (MediaRules(), image("https://x.example/a.wav", "audio/wav"), True),
        (MediaRules(), image("https://x.example/a.mp4", "video/mp4"), False),
        (MediaRules(), image("https://x.example/a.pdf", "application/pdf"), True),
        (MediaRules(image_urls=False, own_schemes=frozenset({"ms"})), image("ms://file-7"), False),
        (MediaRules(max_url_length=40), image("https://x.example/" + "a" * 40), True),
    ],
)
def test_which_urls_we_fetch(rules: MediaRules, block: DataBlock, fetched: bool) -> None:
    formatter: DialectChatFormatter = type("F", (DialectChatFormatter,), {"profile": replace(PROFILE, media=rules)})()
    assert formatter.needs_download(block) is fetched


def test_fetched_media_go_inline() -> None:
    url = "https://x.example/a.png"
    media = {url: Base64Source(data=PIXEL, media_type="image/png")}
    profile = replace(PROFILE, media=MediaRules(image_urls=False))
    sent = messages(UserMsg(name="user", content=[image(url)]), profile=profile, media=media)
    assert sent[0]["content"][0]["image_url"]["url"] == f"data:image/png;base64,{PIXEL}"
    assert settings(render(profile, UserMsg(name="user", content=[image(url)]))) == ["data"]


OWN = ThinkingBlock(thinking="I recall…", provider_data=OWNER)
FOREIGN = ThinkingBlock(thinking="secret", provider_data=ProviderData(provider="other"))
BARE = ThinkingBlock(thinking="unsigned")


@pytest.mark.parametrize(
    ("mode", "calls", "thought", "sent"),
    [
        ("never", True, OWN, None),
        ("tool_calls", True, OWN, "I recall…"),
        ("tool_calls", False, OWN, None),
        ("tool_calls", True, FOREIGN, "-"),
        ("tool_calls", True, None, "-"),
        ("always", False, OWN, "I recall…"),
        ("always", False, FOREIGN, None),
        ("always", True, BARE, "-"),
    ],
)
def test_reasoning_goes_back_to_its_owner(
    mode: Any, calls: bool, thought: ThinkingBlock | None, sent: str | None
) -> None:
    profile = replace(PROFILE, replay_reasoning=mode, reasoning_placeholder="-")
    said: list[Any] = [thought, TextBlock(text="t")]
    plain = AssistantMsg(name="bot", content=[block for block in said if block])
    msg = called("a", text="t", thinking=thought) if calls else plain
    rendered = render(profile, msg)
    assert rendered.messages[0].get("reasoning_content") == sent
    dropped = thought is not None and sent != thought.thinking
    assert settings(rendered) == (["thinking"] if dropped else [])
    assert "secret" not in str(rendered.messages)


def test_reasoning_goes_only_to_models_that_take_it() -> None:
    profile = replace(PROFILE, replay_reasoning="always", reasoning_placeholder="-")
    takes, refuses = ["text/plain", "application/x-thinking"], ["text/plain"]
    msg = called("a", thinking=OWN)
    assert messages(msg, profile=profile, input_types=takes)[0]["reasoning_content"] == "I recall…"
    assert "reasoning_content" not in messages(msg, profile=profile, input_types=refuses)[0]
    assert "reasoning_content" in messages(msg, profile=profile)[0]
    assert "reasoning_content" not in messages(msg, profile=replace(profile, replay_unknown=False))[0]


def test_an_empty_placeholder_is_sent_too() -> None:
    profile = replace(PROFILE, replay_reasoning="tool_calls", reasoning_placeholder="")
    assert messages(called("a"), profile=profile)[0]["reasoning_content"] == ""


def spoken() -> Msg:
    facts = {"id": "audio_1", "expires_at": 100}
    sound = DataBlock(
        source=Base64Source(data=PIXEL, media_type="audio/wav"),
        provider_data=ProviderData(provider="somebody", data={"audio": facts}),
    )
    words = TextBlock(text="Hi.", provider_data=ProviderData(provider="somebody", data={"transcript": True}))
    return AssistantMsg(name="assistant", content=[sound, words])


def test_kept_sound_is_named_by_its_id_until_it_expires() -> None:
    assert messages(spoken(), now=99) == [{"role": "assistant", "content": None, "audio": {"id": "audio_1"}}]
    assert messages(spoken(), now=101) == [{"role": "assistant", "content": "Hi."}]
    assert messages(spoken(), now=99, profile=replace(PROFILE, keeps_audio=False)) == [
        {"role": "assistant", "content": "Hi."}
    ]
    other = messages(spoken(), now=99, profile=OpenAIChatProfile(provider="other"))
    assert "audio" not in other[0]
    assert other[0]["content"].startswith("Hi.")


def test_a_refusal_goes_back_as_one() -> None:
    refused = TextBlock(text="No.", provider_data=ProviderData(provider="somebody", data={"refusal": True}))
    msg = AssistantMsg(name="assistant", content=[refused])
    assert messages(msg) == [{"role": "assistant", "content": None, "refusal": "No."}]
    assert messages(msg, profile=OpenAIChatProfile(provider="other")) == [{"role": "assistant", "content": "No."}]


def test_rendering_is_the_same_every_time() -> None:
    msgs = [UserMsg(name="Zoë", content=[TextBlock(text="x"), image(id="i")]), called("y" * 99)]
    assert render(PROFILE, *msgs) == render(PROFILE, *msgs)


@pytest.mark.parametrize("wrong", [[], "text", UserMsg(name="u", content="x"), [{"role": "user"}]])
async def test_only_a_list_of_messages_is_formatted(wrong: Any) -> None:
    formatter: DialectChatFormatter = type("F", (DialectChatFormatter,), {"profile": PROFILE})()
    with pytest.raises(InvalidRequestError):
        await formatter.format(wrong)
